-- What was measured, the latest of it, what was refused, and which stays have something new to evaluate.
-- The key of a reading is (device, kind, measured_at); the stay leads it so that one patient's history lies
-- together and the table can be distributed by stay. The binding makes stay a function of device and time.
do $$
begin
    if exists (select from pg_extension where extname = 'timescaledb') then
        create table reading (
            stay_id bigint not null,
            kind smallint not null,
            measured_at timestamptz not null,
            device_no bigint not null,
            value double precision not null,
            received_at timestamptz not null,
            validity smallint not null,
            quality smallint,
            primary key (stay_id, kind, measured_at, device_no)
        );
        perform create_hypertable('reading', 'measured_at', chunk_time_interval => interval '1 day',
                                  create_default_indexes => false);
    else
        create table reading (
            stay_id bigint not null,
            kind smallint not null,
            measured_at timestamptz not null,
            device_no bigint not null,
            value double precision not null,
            received_at timestamptz not null,
            validity smallint not null,
            quality smallint,
            primary key (stay_id, kind, measured_at, device_no)
        ) partition by range (measured_at);
    end if;
end $$;

-- The newest reading by measured time, one row a stay and kind, written in the transaction of the readings.
create table latest_reading (
    stay_id bigint not null,
    kind smallint not null,
    measured_at timestamptz not null,
    device_no bigint not null,
    value double precision not null,
    received_at timestamptz not null,
    validity smallint not null,
    quality smallint,
    primary key (stay_id, kind)
) with (fillfactor = 50);

create table quarantine (
    quarantine_id bigint generated always as identity primary key,
    received_at timestamptz not null,
    device_id text,
    topic text not null,
    reason text not null,
    detail text not null,
    item_index int,
    payload bytea not null,
    payload_sha256 bytea not null,
    payload_bytes int not null
);
create index quarantine_received on quarantine (received_at);
create index quarantine_device on quarantine (device_id, received_at);

-- Ingest only adds rows here, so its commit never waits for an evaluation that holds a stay.
create table evaluation_request (
    stay_id bigint not null,
    since timestamptz not null
);
create index evaluation_request_stay on evaluation_request (stay_id);
-- One row a stay that is being watched; a worker holds it while it evaluates.
create table evaluation_due (
    stay_id bigint primary key references stay,
    due_at timestamptz not null
) with (fillfactor = 50);
create index evaluation_due_at on evaluation_due (due_at);
