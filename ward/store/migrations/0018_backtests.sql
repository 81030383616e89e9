-- Back-tests: what a plan would have raised over stored readings. A row is the job, its progress and its report.
-- A worker holds a job by a lease that it renews; a job whose worker died is taken again and begins anew.
-- A shadow has no end: its plan runs in silence, and it is judged again and again until somebody ends it.
create table backtest (
    backtest_id bigint generated always as identity primary key,
    organisation_id bigint not null references organisation,
    staff_id bigint not null references staff,
    asked_at timestamptz not null,
    name text not null default '',
    stays bigint[] not null check (cardinality(stays) > 0),
    from_at timestamptz not null,
    until_at timestamptz check (until_at > from_at),
    plan jsonb not null,
    suggest boolean not null default false,
    state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
    due_at timestamptz not null,
    lease_until timestamptz,
    worker text,
    started_at timestamptz,
    ended_at timestamptz,
    stays_done int not null default 0,
    report jsonb,
    fault text,
    check ((state = 'running') = (lease_until is not null)),
    check (state <> 'done' or report is not null)
);
create index backtest_waiting on backtest (due_at) where state in ('queued', 'running');
create index backtest_by_organisation on backtest (organisation_id, backtest_id);
