-- Who is on duty when, and who answers for a patient at every instant: weeks, exceptions, routes, the baton, hand-overs.
-- `responsibility` is the one truth of who answers. It is laid out ahead from routes and weeks, what is past is never
-- rewritten, and while a stay lasts its periods leave no gap and do not overlap.
alter table staff add column phone text;

-- Schedules are kept by revision, the newest is in force.
create table duty_schedule (
    team_id bigint not null references team,
    rev int not null check (rev > 0),
    week jsonb not null,
    saved_by bigint references staff,
    saved_at timestamptz not null,
    primary key (team_id, rev)
);
-- An exception: this crew instead of what the week says; null is nobody.
create table duty_override (
    override_id bigint generated always as identity primary key,
    team_id bigint not null references team,
    period tstzrange not null
        check (not isempty(period) and lower(period) > '-infinity' and upper(period) < 'infinity'),
    crew bigint[],
    reason text not null,
    made_by bigint references staff,
    made_at timestamptz not null,
    withdrawn_by bigint references staff,
    withdrawn_at timestamptz,
    exclude using gist (int8range(team_id, team_id, '[]') with &&, period with &&) where (withdrawn_at is null)
);
-- A unit's routes. It always has a team that answers round the clock.
create table duty_policy (
    policy_id bigint generated always as identity primary key,
    organisation_id bigint not null references organisation,
    name text not null,
    base_team_id bigint not null references team,
    routes jsonb not null default '[]',
    rev int not null default 1,
    unique (organisation_id, name)
);
-- What routes a stay: its unit, what the patient needs (never a diagnosis), and who is named. Without a unit the last
-- of its periods says whose it is.
create table duty_care (
    stay_id bigint primary key references stay,
    policy_id bigint references duty_policy,
    nurse_id bigint references staff,
    doctor_id bigint references staff,
    needs text[] not null default '{}',
    laid_until timestamptz,
    rev int not null default 1
);
create index duty_care_policy on duty_care (policy_id);
create index duty_care_laid on duty_care (laid_until);

create table baton (
    baton_id bigint generated always as identity primary key,
    stay_id bigint not null references stay,
    rev int not null default 1,
    to_team bigint not null references team,
    to_staff bigint references staff,
    offered_by bigint not null references staff,
    offered_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > offered_at),
    held_until timestamptz not null check (held_until > offered_at),
    note text not null default '',
    answer text check (answer in ('accepted', 'declined', 'withdrawn', 'timed_out')),
    answered_by bigint references staff,
    answered_at timestamptz,
    returned_at timestamptz,
    check ((answer is null) = (answered_at is null)),
    check ((answered_by is null) = (answer is null or answer = 'timed_out')),
    check (returned_at is null or answer = 'accepted')
);
create unique index baton_open on baton (stay_id) where answer is null;
create index baton_stay on baton (stay_id, held_until) where answer = 'accepted';
create index baton_due on baton (expires_at) where answer is null;

-- A hand-over between two shifts of a team: who gave, who took which patient, and when.
create table duty_handover (
    handover_id bigint generated always as identity primary key,
    team_id bigint not null references team,
    note text not null default '',
    given_by bigint not null references staff,
    given_at timestamptz not null,
    lapses_at timestamptz not null,
    closed_at timestamptz,
    outcome text check (outcome in ('taken', 'lapsed')),
    check ((closed_at is null) = (outcome is null))
);
create unique index duty_handover_open on duty_handover (team_id) where closed_at is null;
create table duty_handover_patient (
    handover_id bigint not null references duty_handover,
    stay_id bigint not null references stay,
    alerts bigint[] not null,
    note text not null default '',
    taken_by bigint references staff,
    taken_at timestamptz,
    primary key (handover_id, stay_id),
    check ((taken_by is null) = (taken_at is null))
);

alter table responsibility
    add column staff_id bigint references staff,
    add column ground text not null default 'assigned' check (ground in ('assigned', 'route', 'baton', 'base'));

-- Stays that were left without anybody for a time get the team that alerts went to.
insert into responsibility (stay_id, team_id, period)
select s.stay_id, team.team_id, gap.period
from stay s
join patient p using (patient_id)
cross join lateral (
    select tstzmultirange(s.period) - coalesce((
        select range_agg(r.period) from responsibility r where r.stay_id = s.stay_id
    ), '{}') as open
) left_open
cross join lateral unnest(left_open.open) as gap (period)
cross join lateral (
    select t.team_id from team t
    order by (select min(lower(r.period)) from responsibility r where r.stay_id = s.stay_id and r.team_id = t.team_id)
        nulls last, t.organisation_id <> p.organisation_id, t.team_id
    limit 1
) team;

-- Exactly one team answers for a stay at every instant: that none does twice at once is the exclusion above, that none
-- is missing is proved here at the commit. Two transactions that each leave half a gap wait for each other at the stay.
create function responsibility_is_whole() returns trigger language plpgsql as $$
declare
    touched bigint;
    lasting tstzrange;
    held tstzmultirange;
begin
    foreach touched in array case tg_op
        when 'INSERT' then array[new.stay_id]
        when 'DELETE' then array[old.stay_id]
        when 'UPDATE' then array[new.stay_id, old.stay_id]
    end loop
        select period into lasting from stay where stay_id = touched for no key update;
        if lasting is null then
            continue;
        end if;
        select coalesce(range_agg(period), '{}') into held from responsibility where stay_id = touched;
        if not held @> lasting then
            raise exception 'nobody answers for stay % in %', touched, tstzmultirange(lasting) - held
                using errcode = 'check_violation', constraint = 'responsibility_is_whole', table = tg_table_name;
        end if;
    end loop;
    return null;
end $$;
create constraint trigger responsibility_is_whole after update or delete on responsibility
    deferrable initially deferred for each row execute function responsibility_is_whole();
create constraint trigger responsibility_is_whole after insert or update of period on stay
    deferrable initially deferred for each row execute function responsibility_is_whole();
