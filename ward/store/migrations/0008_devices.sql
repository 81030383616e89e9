-- Devices are provisioned, bound in two steps and given back; what was refused is settled; every such act is kept.
-- The registration as an operator sees it has a revision; a new secret has a new number, so that the old one's
-- connections can be told from the new one's.
alter table device
    add column rev int not null default 1,
    add column secret_no int not null default 1,
    add column revoked_reason text,
    add unique (device_no, mode);
alter table stay add unique (stay_id, mode);

-- Device and stay are of one generation mode for as long as the binding is kept: test and demo data never reach a
-- real team. A binding across modes has never counted for anything.
delete from binding using device, stay
    where device.device_no = binding.device_no and stay.stay_id = binding.stay_id and device.mode <> stay.mode;
alter table binding
    add column mode text,
    add column confirmed_at timestamptz,
    add column confirmed_by bigint references staff,
    add column ended_by bigint references staff,
    add column end_reason text;
update binding set mode = stay.mode from stay where stay.stay_id = binding.stay_id;
alter table binding
    alter column mode set not null,
    add constraint binding_mode_of_device foreign key (device_no, mode) references device (device_no, mode),
    add constraint binding_mode_of_stay foreign key (stay_id, mode) references stay (stay_id, mode);
create function binding_mode() returns trigger language plpgsql as $$
begin
    new.mode := coalesce(new.mode, (select mode from stay where stay_id = new.stay_id));
    return new;
end $$;
create trigger binding_mode before insert on binding for each row execute function binding_mode();

-- The first step of a binding. It attributes nothing: what counts is in `binding`, under the same id.
create table binding_proposal (
    binding_id bigint primary key default nextval('binding_binding_id_seq'),
    device_no bigint not null references device,
    stay_id bigint not null references stay,
    from_at timestamptz,
    proposed_at timestamptz not null,
    proposed_by bigint not null references staff,
    expires_at timestamptz not null,
    wrong_identifiers smallint not null default 0,
    outcome text check (outcome in ('confirmed', 'wrong_identifier', 'withdrawn')),
    settled_at timestamptz,
    check ((outcome is null) = (settled_at is null))
);
create index binding_proposal_device on binding_proposal (device_no);

-- A refused entry is settled once: its reading goes to a stay, or it is put aside.
alter table quarantine
    add column resolution text check (resolution in ('assigned', 'dismissed')),
    add column resolved_at timestamptz,
    add column resolved_by bigint references staff,
    add column stay_id bigint references stay,
    add check ((resolution is null) = (resolved_at is null)),
    add check ((resolution is not distinct from 'assigned') = (stay_id is not null));
create index quarantine_assigned on quarantine (device_id) where resolution = 'assigned';

-- Who did what to whom, when and why. Nothing here is ever altered or taken away.
create table audit (
    audit_id bigint generated always as identity primary key,
    at timestamptz not null,
    staff_id bigint not null references staff,
    role text not null,
    organisation_id bigint not null references organisation,
    action text not null,
    device_id text,
    patient_id bigint references patient,
    stay_id bigint references stay,
    reason text,
    detail jsonb not null default '{}'
);
create index audit_device on audit (device_id, audit_id) where device_id is not null;
create index audit_patient on audit (patient_id, audit_id) where patient_id is not null;
create function audit_is_kept() returns trigger language plpgsql as $$
begin
    raise exception 'the audit is only ever added to' using errcode = 'insufficient_privilege';
end $$;
create trigger audit_is_kept before update or delete or truncate on audit
    for each statement execute function audit_is_kept();

-- What a creating request came to, so that sending it again creates nothing again. Kept for a day.
create table idempotency (
    staff_id bigint not null references staff,
    key text not null,
    request_sha256 bytea not null,
    made_at timestamptz not null,
    made_id bigint,
    primary key (staff_id, key)
);
create index idempotency_made on idempotency (made_at);
