-- A back-test says at which layer its plan is tried, which draft it runs in silence, and who or what asked for it.
-- The stays of a team's trial are those over which the team's plan lies, also those that come while it runs.
alter table backtest
    add column layer text not null default 'patient' check (layer in ('team', 'patient')),
    add column origin text not null default 'person' check (origin in ('person', 'editor', 'suggestions', 'silent')),
    add column team_id bigint references team,
    add column programme text,
    add column draft int,
    add constraint backtest_of_team check ((team_id is null) = (programme is null)),
    add constraint backtest_draft check (draft is null or until_at is null);
update backtest set origin = case when until_at is null then 'silent' when suggest then 'suggestions' else 'person' end;
