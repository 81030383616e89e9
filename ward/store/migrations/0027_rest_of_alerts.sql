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
