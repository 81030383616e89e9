-- What waveforms tell, ten seconds at a time, and the work list of finding it out.
-- `at` is the end of the ten seconds: event time, so what comes late is written where it belongs. A row is replaced when
-- a later block changes what it rests on. NaN is "cannot be read".
do $$
declare
    hyper constant boolean := exists (select from pg_extension where extname = 'timescaledb');
begin
    execute $sql$ create table wave_feature (
        stay_id bigint not null,
        feature smallint not null,
        at timestamptz not null,
        value double precision not null,
        quality real not null check (quality between 0 and 1),
        reasons int not null,
        lead text not null,
        strip jsonb,
        primary key (stay_id, feature, at)
    ) $sql$ || case when hyper then '' else ' partition by range (at)' end;
    if hyper then
        perform create_hypertable('wave_feature', 'at', chunk_time_interval => interval '1 day',
                                  create_default_indexes => false);
    end if;
end $$;
-- Ingest adds a row for each stay of a batch with new ECG or PPG, from when until when: an insert that waits for nobody.
create table wave_request (
    stay_id bigint not null,
    since timestamptz not null,
    until timestamptz not null,
    check (since < until)
);
create index wave_request_stay on wave_request (stay_id);
-- One row for each stay that ever had a waveform; who holds it works on the stay. `waiting` are the times that wait for
-- what follows on them, at most until `due_at`; `backlog` what was too much for one pass. Who was looked at longest ago
-- is looked at first.
create table wave_due (
    stay_id bigint primary key,
    looked_at timestamptz not null default '-infinity',
    due_at timestamptz not null default 'infinity',
    waiting tstzmultirange not null default '{}',
    backlog tstzmultirange not null default '{}'
);
create index wave_due_at on wave_due (due_at);
