-- Aggregates of readings over 1 min, 15 min, 1 h and 1 d, what of them is still to be (re)computed, and compression.
-- An hour before `rolled_until` without a mark in `rollup_pending` is right in every aggregate; whatever else is asked
-- for is computed from `reading` (ward/store/buckets.py). A reading that comes later than its hour was rolled leaves a
-- mark in its own transaction. Marks are only added, never shared, so a commit never waits for a roll-up and no mark is
-- lost to one.
create table rollup_state (
    the_one boolean primary key default true check (the_one),
    rolled_until timestamptz not null,
    dropped_until timestamptz not null
);
insert into rollup_state (rolled_until, dropped_until) values ('1970-01-01 00:00+00', '1970-01-01 00:00+00');

-- Without a stay: every stay's.
create table rollup_pending (
    pending_id bigint generated always as identity primary key,
    stay_id bigint,
    hour timestamptz not null,
    marked_at timestamptz not null default now()
);
create index rollup_pending_hour on rollup_pending (hour, stay_id);

-- Called with what is being stored, in the transaction that stores it; nearly always nothing of it is late. The lock is
-- held until the commit: `rolled_until` moves under the exclusive one, so no reading slips behind it. No trigger: one
-- with a transition table has COPY write row by row, a quarter more to the log and a tenth more work.
create function mark_late(stays bigint[], measured timestamptz[]) returns void language plpgsql as $$
declare
    until timestamptz;
begin
    perform pg_advisory_xact_lock_shared(4200009);
    select rolled_until into until from rollup_state;
    insert into rollup_pending (stay_id, hour)
    select distinct late.stay_id, date_bin('1 hour', late.at, 'epoch')
    from unnest(stays, measured) as late (stay_id, at) where late.at < until;
end $$;

-- Seldom: a correction by hand, or everything of one patient erased. One mark a transaction and hour is enough.
create function reading_changed() returns trigger language plpgsql as $$
declare
    changed_hour constant timestamptz := date_bin('1 hour', old.measured_at, 'epoch');
begin
    perform pg_advisory_xact_lock_shared(4200009);
    insert into rollup_pending (stay_id, hour)
    select old.stay_id, changed_hour from rollup_state
    where changed_hour < rolled_until and not exists (
        select from rollup_pending p
        where p.stay_id = old.stay_id and p.hour = changed_hour and p.xmin = pg_current_xact_id()::xid
    );
    return null;
end $$;
create trigger reading_changed after update or delete on reading for each row execute function reading_changed();

-- Which validities count is said once in ward/vitals.py (USABLE) and here, and a test compares the two.
-- Minutes are as many as readings often are. Without TimescaleDB, which compresses them, a row of `rollup_minutes` holds
-- those of an hour; the view `rollup_1min` has the same columns on both. Queries of the program ask
-- `rollup_minutes_of`, in which the hours are looked up by their key.
do $$
declare
    level record;
    source text := 'rollup_1min';
begin
    if not exists (select from pg_extension where extname = 'timescaledb')
       or current_setting('timescaledb.license') <> 'timescale' then
        create table rollup_minutes (
            stay_id bigint not null,
            hour timestamptz not null,
            kind smallint not null,
            minute smallint[] not null,
            n int[] not null,
            total double precision[] not null,
            low double precision[] not null,
            high double precision[] not null,
            primary key (stay_id, kind, hour)
        ) partition by range (hour);
        create view rollup_1min as
            select h.stay_id, h.kind, h.hour + m.minute * interval '1 minute' as bucket, m.n, m.total, m.low, m.high
            from rollup_minutes h
            cross join unnest(h.minute, h.n, h.total, h.low, h.high) as m (minute, n, total, low, high);
        create function rollup_minutes_of(of_stay bigint, of_kinds smallint[], starts timestamptz, ends timestamptz)
            returns table (kind smallint, bucket timestamptz, n bigint, total float8, low float8, high float8)
            language sql stable begin atomic
                select h.kind, h.hour + m.minute * interval '1 minute', m.n::bigint, m.total, m.low, m.high
                from rollup_minutes h
                cross join unnest(h.minute, h.n, h.total, h.low, h.high) as m (minute, n, total, low, high)
                where h.stay_id = of_stay and h.kind = any(of_kinds)
                  and h.hour >= date_bin('1 hour', starts, 'epoch') and h.hour < ends
                  and h.hour + m.minute * interval '1 minute' >= starts
                  and h.hour + m.minute * interval '1 minute' < ends;
            end;
        for level in select unnest(array['rollup_15min', 'rollup_1h', 'rollup_1d']) as name loop
            execute format('create table %I (
                stay_id bigint not null,
                bucket timestamptz not null,
                total double precision not null,
                low double precision not null,
                high double precision not null,
                n int not null,
                kind smallint not null,
                primary key (stay_id, kind, bucket)
            ) partition by range (bucket)', level.name);
        end loop;
        return;
    end if;
    alter table reading set (timescaledb.compress, timescaledb.compress_segmentby = 'stay_id, kind',
                             timescaledb.compress_orderby = 'measured_at, device_no');
    create materialized view rollup_1min
        with (timescaledb.continuous, timescaledb.materialized_only = false, timescaledb.create_group_indexes = false)
        as select stay_id, kind, time_bucket(interval '1 minute', measured_at) as bucket,
                  count(*) as n, sum(value) as total, min(value) as low, max(value) as high
        from reading where validity in (0, 1, 8)
        group by stay_id, kind, time_bucket(interval '1 minute', measured_at) with no data;
    for level in select * from (values ('rollup_15min', '15 minutes'), ('rollup_1h', '1 hour'),
                                       ('rollup_1d', '1 day')) as v (name, step) loop
        execute format('create materialized view %I
            with (timescaledb.continuous, timescaledb.materialized_only = false,
                  timescaledb.create_group_indexes = false)
            as select stay_id, kind, time_bucket(interval %L, bucket) as bucket,
                      sum(n)::bigint as n, sum(total) as total, min(low) as low, max(high) as high
            from %I group by stay_id, kind, time_bucket(interval %L, bucket) with no data',
            level.name, level.step, source, level.step);
        source := level.name;
    end loop;
    for level in select materialization_hypertable_schema as place, materialization_hypertable_name as name, view_name
        from timescaledb_information.continuous_aggregates where view_name like 'rollup\_%' loop
        execute format('create index on %I.%I (stay_id, kind, bucket)', level.place, level.name);
        execute format('alter materialized view %I set (timescaledb.compress,
            timescaledb.compress_segmentby = ''stay_id, kind'', timescaledb.compress_orderby = ''bucket'')',
            level.view_name);
    end loop;
    create function rollup_minutes_of(of_stay bigint, of_kinds smallint[], starts timestamptz, ends timestamptz)
        returns table (kind smallint, bucket timestamptz, n bigint, total float8, low float8, high float8)
        language sql stable begin atomic
            select m.kind, m.bucket, m.n, m.total, m.low, m.high from rollup_1min m
            where m.stay_id = of_stay and m.kind = any(of_kinds) and m.bucket >= starts and m.bucket < ends;
        end;
end $$;
