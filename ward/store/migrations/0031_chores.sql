-- What ends, or must be done again, so that somebody is told before it is too late: certificates, backups, rehearsals.

-- When the certificates end that our processes use or see, and those that devices have come with. `holder` is the
-- process, or the device.
create table certificate_seen (
    kind text not null check (kind in (
        'endpoint', 'devices_authority', 'device', 'broker', 'broker_authority', 'ingest', 'page')),
    holder text not null,
    ends_at timestamptz not null,
    seen_at timestamptz not null,
    primary key (kind, holder)
);

-- Each backup that was made, and each restore that was tried beside the store, however it ended. `as_of` is the instant
-- that the file is of; of a rehearsal, when the newest reading in it came.
create table backup_run (
    backup_run_id bigint generated always as identity primary key,
    kind text not null check (kind in ('backup', 'rehearsal')),
    began_at timestamptz not null,
    ended_at timestamptz not null check (ended_at >= began_at),
    as_of timestamptz,
    size_bytes bigint check (size_bytes >= 0),
    readings bigint check (readings >= 0),
    fault text check (length(fault) between 1 and 300)
);
