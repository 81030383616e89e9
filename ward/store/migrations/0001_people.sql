-- Who works, who is in care, which device is whose and when. Overlaps are refused here, not in code:
-- a patient has one stay at a time, a stay one responsible team at a time, a device one wearer at a time.
create table organisation (
    organisation_id bigint generated always as identity primary key,
    name text not null unique,
    kind text not null check (kind in ('region', 'municipality')),
    hsa_id text unique
);
create table team (
    team_id bigint generated always as identity primary key,
    organisation_id bigint not null references organisation,
    name text not null,
    phone text not null,
    competences text[] not null default '{}',
    unique (organisation_id, name)
);
create table staff (
    staff_id bigint generated always as identity primary key,
    organisation_id bigint not null references organisation,
    username text not null unique,
    name text not null,
    title text not null,
    role text not null check (role in ('nurse', 'doctor', 'operator')),
    password_hash text not null,
    language text not null default 'sv' check (language in ('sv', 'en')),
    disabled_at timestamptz
);
create table team_member (
    team_id bigint not null references team,
    staff_id bigint not null references staff,
    primary key (team_id, staff_id)
);
create index team_member_staff on team_member (staff_id);
create table patient (
    patient_id bigint generated always as identity primary key,
    organisation_id bigint not null references organisation,
    personal_number text not null unique check (personal_number ~ '^[0-9]{8}[0-9A-Z]{2}[0-9]{2}$'),
    given_name text not null,
    family_name text not null,
    birth_date date not null,
    sex text not null check (sex in ('female', 'male', 'other', 'unknown')),
    phone text
);
create table stay (
    stay_id bigint generated always as identity primary key,
    patient_id bigint not null references patient,
    programme text not null,
    reason text not null default '',
    next_step text not null default '',
    period tstzrange not null check (not isempty(period) and not lower_inf(period)),
    mode text not null default 'real' check (mode in ('real', 'test', 'demo')),
    exclude using gist (int8range(patient_id, patient_id, '[]') with &&, period with &&)
);
create index stay_patient on stay (patient_id);
create table responsibility (
    stay_id bigint not null references stay,
    team_id bigint not null references team,
    period tstzrange not null check (not isempty(period)),
    exclude using gist (int8range(stay_id, stay_id, '[]') with &&, period with &&)
);
create index responsibility_stay on responsibility (stay_id);
create index responsibility_team on responsibility (team_id);
create table device (
    device_no bigint generated always as identity primary key,
    device_id text not null unique check (device_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    secret_sha256 bytea not null check (length(secret_sha256) = 32),
    model text not null default '',
    mode text not null default 'real' check (mode in ('real', 'test', 'demo')),
    config jsonb not null default '{}',
    revoked_at timestamptz
);
create table binding (
    binding_id bigint generated always as identity primary key,
    device_no bigint not null references device,
    stay_id bigint not null references stay,
    period tstzrange not null check (not isempty(period) and not lower_inf(period)),
    exclude using gist (int8range(device_no, device_no, '[]') with &&, period with &&)
);
create index binding_stay on binding (stay_id);
create table device_status (
    device_no bigint primary key references device,
    online boolean not null,
    battery_pct real,
    firmware text,
    reported_at timestamptz not null,
    changed_at timestamptz not null
);
create table plan (
    stay_id bigint not null references stay,
    version int not null,
    rules jsonb not null,
    author_id bigint references staff,
    reason text not null default '',
    valid_from timestamptz not null,
    primary key (stay_id, version)
);
create table session (
    token_sha256 bytea primary key check (length(token_sha256) = 32),
    staff_id bigint not null references staff,
    created_at timestamptz not null,
    seen_at timestamptz not null,
    expires_at timestamptz not null
);
create index session_staff on session (staff_id);
create table login_failure (
    username text primary key,
    failures int not null,
    last_at timestamptz not null
);

-- Ingest keeps devices and bindings in memory. A change takes this row's number up while no batch is being
-- written, so a batch that was sorted by the old bindings can never be committed after the new ones.
create table registry_version (
    only_one boolean primary key default true check (only_one),
    version bigint not null
);
insert into registry_version (version) values (1);
create function registry_changed() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock(4200001);
    update registry_version set version = version + 1;
    perform pg_notify('hv_registry', '');
    return null;
end $$;
create trigger device_changed after insert or update or delete on device
    for each statement execute function registry_changed();
create trigger binding_changed after insert or update or delete on binding
    for each statement execute function registry_changed();
create trigger stay_changed after insert or update or delete on stay
    for each statement execute function registry_changed();
