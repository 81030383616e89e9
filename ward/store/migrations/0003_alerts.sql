-- Scores and alerts. At most one open alert per stay and rule is an index, not a hope.
create table score (
    stay_id bigint not null,
    scored_at timestamptz not null,
    total_min smallint not null,
    total_max smallint not null,
    risk text not null check (risk in ('low', 'low_medium', 'medium', 'high')),
    spo2_scale smallint not null,
    detail jsonb not null,
    check (total_min <= total_max),
    primary key (stay_id, scored_at)
);
create sequence alert_id_seq;
create table alert (
    stay_id bigint not null references stay,
    alert_id bigint not null default nextval('alert_id_seq'),
    rule text not null,
    family text not null check (family in ('clinical', 'technical', 'request')),
    priority smallint not null check (priority between 1 and 3),
    state text not null check (state in ('open', 'acknowledged', 'resolved')),
    condition text not null check (condition in ('present', 'cleared')),
    rev int not null,
    team_id bigint not null references team,
    began_at timestamptz not null,
    opened_at timestamptz not null,
    changed_at timestamptz not null,
    cleared_at timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by bigint references staff,
    acknowledged_until timestamptz,
    resolved_at timestamptz,
    resolved_by bigint references staff,
    outcome text check (outcome in ('true_alarm', 'false_alarm', 'self_resolved', 'technical')),
    recurrences int not null default 0,
    evidence jsonb not null,
    primary key (stay_id, alert_id),
    check ((state = 'resolved') = (resolved_at is not null)),
    check (state <> 'acknowledged' or acknowledged_by is not null)
);
create unique index alert_one_open on alert (stay_id, rule) where state <> 'resolved';
create index alert_by_id on alert (alert_id);
create index alert_team on alert (team_id, opened_at);
create table alert_event (
    stay_id bigint not null,
    alert_id bigint not null,
    rev int not null,
    at timestamptz not null,
    kind text not null,
    staff_id bigint references staff,
    note text,
    primary key (stay_id, alert_id, rev),
    foreign key (stay_id, alert_id) references alert
);
create table service_heartbeat (
    service text not null,
    instance text not null,
    beat_at timestamptz not null,
    detail jsonb not null default '{}',
    primary key (service, instance)
);
