-- The last revision at which an alert got worse or rang anew: who saw it since may acknowledge it, whatever else has changed.
alter table alert add column worse_rev int;
update alert set worse_rev = rev;
alter table alert
    alter column worse_rev set not null,
    alter column worse_rev set default 1,
    add constraint alert_worse_rev_check check (worse_rev between 1 and rev);

-- Alerts that the platform closes when their stay ends.
alter table alert
    drop constraint alert_outcome_check,
    drop constraint alert_cause_check,
    add constraint alert_outcome_check check (
        outcome in ('true_alarm', 'false_alarm', 'self_resolved', 'technical', 'stay_ended')
    ),
    add constraint alert_cause_check check (
        cause in ('deterioration', 'activity', 'artefact', 'equipment', 'limits', 'mistake', 'stay_ended', 'unknown')
    ),
    add constraint alert_ended_by_nobody check (outcome <> 'stay_ended' or resolved_by is null);

-- A route of a unit to a team of another organisation counts once that organisation has said yes. Those of before do:
-- nobody was asked then, and patients are on their way by them.
create table route_consent (
    policy_id bigint not null references duty_policy,
    team_id bigint not null references team,
    given_by bigint references staff,
    given_at timestamptz not null,
    primary key (policy_id, team_id)
);
insert into route_consent (policy_id, team_id, given_at)
select distinct p.policy_id, t.team_id, now()
from duty_policy p, jsonb_array_elements(p.routes) r join team t on t.team_id = (r ->> 'team_id')::bigint
where t.organisation_id <> p.organisation_id;

-- A stay on its way from a hospital's team to one at home; while it is open the hospital's team answers.
create table stay_transfer (
    transfer_id bigint generated always as identity primary key,
    stay_id bigint not null references stay,
    rev int not null default 1,
    from_team bigint not null references team,
    to_team bigint not null references team,
    arranged_by bigint not null references staff,
    arranged_at timestamptz not null,
    accepted_by bigint references staff,
    accepted_at timestamptz,
    good_since timestamptz,
    closed text check (closed in ('complete', 'declined', 'cancelled')),
    closed_by bigint references staff,
    closed_at timestamptz,
    check (from_team <> to_team),
    check ((accepted_by is null) = (accepted_at is null)),
    check ((closed is null) = (closed_at is null)),
    check (closed <> 'complete' or (accepted_at is not null and good_since <= closed_at - interval '2 hours'))
);
create unique index stay_transfer_open on stay_transfer (stay_id) where closed is null;
