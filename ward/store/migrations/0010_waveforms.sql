-- Waveforms: blocks of samples as devices sent them, and stretches, which hold the blocks of some minutes in fewer bytes.
-- What identifies a block is (stay, kind, lead, measured_at, device); a block lies in one of the two tables, never in
-- both: whoever adds blocks holds the advisory lock 4200012 shared, whoever moves them holds it alone.
-- Samples are compressed before they come here, so the store shall not try (storage external).
do $$
declare
    hyper constant boolean := exists (select from pg_extension where extname = 'timescaledb');
    by_day constant text := case when hyper then '' else ' partition by range (measured_at)' end;
    name text;
begin
    execute $sql$ create table waveform_block (
        stay_id bigint not null,
        kind smallint not null,
        lead text not null,
        measured_at timestamptz not null,
        device_no bigint not null,
        ends_at timestamptz not null,
        fs_hz double precision not null check (fs_hz > 0),
        unit text not null,
        scale double precision not null,
        "offset" double precision not null,
        samples int not null check (samples > 0),
        codec smallint not null,
        received_at timestamptz not null,
        data bytea not null,
        primary key (stay_id, kind, lead, measured_at, device_no)
    ) $sql$ || by_day;
    -- `parts` says of each block in it: microseconds since measured_at, samples, microseconds until it was received.
    execute $sql$ create table waveform_stretch (
        stay_id bigint not null,
        kind smallint not null,
        lead text not null,
        measured_at timestamptz not null,
        device_no bigint not null,
        ends_at timestamptz not null,
        fs_hz double precision not null check (fs_hz > 0),
        unit text not null,
        scale double precision not null,
        "offset" double precision not null,
        samples int not null check (samples > 0),
        codec smallint not null,
        parts bytea not null,
        data bytea not null,
        primary key (stay_id, kind, lead, measured_at, device_no)
    ) $sql$ || by_day;
    foreach name in array array['waveform_block', 'waveform_stretch'] loop
        execute format('alter table %I alter column data set storage external', name);
        if hyper then
            perform create_hypertable(name::regclass, 'measured_at', chunk_time_interval => interval '1 day',
                                      create_default_indexes => false);
        end if;
    end loop;
end $$;
