-- Who has the board open now, for presence; and whatever changes who may see whom is announced the moment it is written.
-- Presence outlives no crash of the store, so it is not written to its log.
create unlogged table viewer_process (
    process_id uuid primary key,
    heard_at timestamptz not null
);
create unlogged table viewer (
    viewer_id uuid primary key,
    process_id uuid not null references viewer_process on delete cascade,
    staff_id bigint not null references staff,
    patient_id bigint references patient
);
create index viewer_of_process on viewer (process_id);

-- Sockets are looked through again at once when somebody's session, membership or account changes.
create function sessions_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('hv_sessions', '');
    return null;
end $$;
create function session_ended() returns trigger language plpgsql as $$
begin
    perform pg_notify('hv_sessions', encode(old.token_sha256, 'hex'));
    return null;
end $$;
create trigger session_ended after delete on session for each row execute function session_ended();
create trigger member_changed after insert or update or delete on team_member
    for each statement execute function sessions_changed();
create trigger staff_changed after update or delete on staff
    for each statement execute function sessions_changed();
do $$
declare each text;
begin
    foreach each in array array['account', 'relative_access'] loop
        if to_regclass(each) is not null then
            execute format('create trigger %I after update or delete on %I'
                ' for each statement execute function sessions_changed()', each || '_changed', each);
        end if;
    end loop;
end $$;

-- Boards are looked through again at once when somebody else answers for a patient, or when who they are changes.
create function seats_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('hv_seats', '');
    return null;
end $$;
create trigger responsibility_changed after insert or update or delete on responsibility
    for each statement execute function seats_changed();
create trigger patient_changed after update or delete on patient
    for each statement execute function seats_changed();
create trigger team_changed after update or delete on team
    for each statement execute function seats_changed();
