-- Plans in layers: a team's and a patient's overlays hold only what differs from the layer below, in versions that are
-- only added. What is in force at an instant is told by state and times, so a plan that ends goes by itself.
alter table plan
    add column state text not null default 'in_force'
        check (state in ('draft', 'awaiting', 'in_force', 'superseded', 'withdrawn')),
    add column valid_until timestamptz check (valid_until > valid_from and valid_until < '9999-01-01 00:00+00'),
    add column asks text[] not null default '{}',
    add column approved_by bigint references staff,
    add column approved_at timestamptz,
    add column ended_by bigint references staff,
    add column ended_at timestamptz,
    add column rev int not null default 1,
    -- A second signature is another person's.
    add constraint plan_signatures check (approved_by <> author_id and (approved_by is null) = (approved_at is null)),
    add constraint plan_signed check (asks = '{}' or approved_by is not null or state <> all('{in_force,superseded}')),
    -- What was in force says when it ceased to be; what never was does not.
    add constraint plan_ended check (case state when 'withdrawn' then true when 'superseded' then ended_at is not null
                                     else ended_at is null end);

create table team_plan (
    team_id bigint not null references team,
    programme text not null,
    version int not null,
    rules jsonb not null,
    author_id bigint references staff,
    reason text not null default '',
    valid_from timestamptz not null,
    state text not null default 'in_force' check (state in ('draft', 'awaiting', 'in_force', 'superseded', 'withdrawn')),
    valid_until timestamptz check (valid_until > valid_from and valid_until < '9999-01-01 00:00+00'),
    asks text[] not null default '{}',
    approved_by bigint references staff,
    approved_at timestamptz,
    ended_by bigint references staff,
    ended_at timestamptz,
    rev int not null default 1,
    primary key (team_id, programme, version),
    constraint team_plan_signatures check (approved_by <> author_id and (approved_by is null) = (approved_at is null)),
    constraint team_plan_signed check (asks = '{}' or approved_by is not null
                                       or state <> all('{in_force,superseded}')),
    constraint team_plan_ended check (case state when 'withdrawn' then true when 'superseded' then ended_at is not null
                                      else ended_at is null end)
);

-- The team whose overlay lies under a patient's, where it is not the one that answered first.
create table plan_team (
    stay_id bigint primary key references stay,
    team_id bigint not null references team,
    rev int not null default 1
);
create index plan_team_team on plan_team (team_id);

-- Plans that were kept whole keep what differs from the template of then; what is not an object stays as it is, and is
-- told as unusable.
with template (limits, expected) as (values (
    '{"spo2": {"alert_low": 88, "warn_low": 91, "delay_s": 60, "clear_by": 1, "floor": 80},
      "heart_rate": {"alert_low": 40, "warn_low": 45, "warn_high": 110, "alert_high": 130, "delay_s": 60,
                     "clear_by": 3, "floor": 35, "ceiling": 170},
      "resp_rate": {"alert_low": 8, "warn_low": 10, "warn_high": 22, "alert_high": 25, "delay_s": 120,
                    "clear_by": 1, "floor": 6, "ceiling": 35},
      "temperature": {"alert_low": 35, "warn_low": 35.5, "warn_high": 38.5, "alert_high": 39.5, "clear_by": 0.2,
                      "floor": 34, "ceiling": 41},
      "systolic": {"alert_low": 90, "warn_low": 100, "warn_high": 180, "alert_high": 220, "clear_by": 3,
                   "floor": 75}}'::jsonb,
    '{"spo2": 60, "heart_rate": 60, "resp_rate": 300}'::jsonb
)), differing as (
    select p.stay_id, p.version,
        (select jsonb_object_agg(kind, differs) from (
            select k.key as kind, (
                select jsonb_object_agg(f.key, f.value)
                from jsonb_each(case jsonb_typeof(k.value) when 'object' then k.value else '{}' end) f
                where f.value is distinct from coalesce(t.limits -> k.key -> f.key, case f.key
                    when 'k' then '1' when 'n' then '1' when 'delay_s' then '0' when 'clear_by' then '0'
                    when 'median_s' then '0' else 'null' end::jsonb)
            ) as differs
            from jsonb_each(p.rules -> 'limits') k
        ) each_kind where differs is not null) as limits,
        (select jsonb_object_agg(e.key, e.value) from jsonb_each(p.rules -> 'expected') e
         where e.value is distinct from t.expected -> e.key) as expected
    from plan p cross join template t
    where jsonb_typeof(p.rules) = 'object' and coalesce(jsonb_typeof(p.rules -> 'limits'), 'object') = 'object'
      and coalesce(jsonb_typeof(p.rules -> 'expected'), 'object') = 'object'
)
update plan p
set rules = (p.rules - 'limits' - 'expected')
    || case when d.limits is null then '{}' else jsonb_build_object('limits', d.limits) end
    || case when d.expected is null then '{}' else jsonb_build_object('expected', d.expected) end
from differing d where d.stay_id = p.stay_id and d.version = p.version;
