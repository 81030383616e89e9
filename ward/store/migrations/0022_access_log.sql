-- Who looked at whose data, beside the audit of what was done, and the seals that chain both. A look is written before
-- its answer is sent. Nothing here is ever altered or taken away.
create table access_entry (
    access_id bigint generated always as identity primary key,
    at timestamptz not null,
    account_id bigint not null references account,
    staff_id bigint references staff,
    role text not null,
    organisation_id bigint references organisation,
    team_ids bigint[] not null,
    permission text not null,
    method text not null,
    path text not null,
    why text not null,
    patient_ids bigint[] not null check (patient_ids <> '{}')
);
create index access_entry_patients on access_entry using gin (patient_ids);
create index access_entry_account on access_entry (account_id, at);
create index access_entry_at on access_entry (at);
create trigger audit_is_kept before update or delete or truncate on access_entry
    for each statement execute function audit_is_kept();

-- A seal covers entries of both tables by their ids and names the seal before it, so that none can be altered, taken
-- out or put in between without every later seal telling.
create table audit_seal (
    seal_id bigint primary key check (seal_id > 0),
    deeds int8multirange not null,
    accesses int8multirange not null,
    entries bigint not null check (entries > 0),
    previous_sha256 bytea not null check (length(previous_sha256) = 32),
    sha256 bytea not null unique check (length(sha256) = 32),
    sealed_at timestamptz not null
);
create index audit_seal_deeds on audit_seal using gist (deeds);
create index audit_seal_accesses on audit_seal using gist (accesses);
create trigger audit_is_kept before update or delete or truncate on audit_seal
    for each statement execute function audit_is_kept();

-- A unit has looked through a period of its log, and what it found.
create table access_review (
    review_id bigint generated always as identity primary key,
    organisation_id bigint not null references organisation,
    period tstzrange not null check (not isempty(period) and not lower_inf(period) and not upper_inf(period)),
    reviewed_at timestamptz not null,
    reviewed_by bigint not null references account,
    entries bigint not null,
    anomalies int not null,
    conclusion text not null
);
create index access_review_organisation on access_review (organisation_id, review_id);
create trigger audit_is_kept before update or delete or truncate on access_review
    for each statement execute function audit_is_kept();
