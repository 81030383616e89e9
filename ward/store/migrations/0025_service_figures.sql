-- What each process of ours has counted, told every few seconds, so that any api can tell a monitoring system of all.
-- Unlogged: after a crash of the store the processes tell it anew, and nothing else needs it.
create unlogged table service_figures (
    service text not null,
    process text not null,
    told_at timestamptz not null,
    families bytea not null,
    primary key (service, process)
);

-- Where the store's disk is, for services that may not ask for settings; null where its owner may not either.
create function store_folder() returns text language plpgsql security definer set search_path = pg_catalog as $$
begin
    return current_setting('data_directory');
exception when insufficient_privilege then
    return null;
end $$;
