-- A second factor for local accounts (RFC 6238): without it a stolen password is a stolen account.

-- `sealed` is the secret in force, under a key that the store does not have; `pending` one that its person has still to
-- prove. `last_step` is the newest period of which a code was used: none is good twice.
create table second_factor (
    account_id bigint primary key references account,
    sealed bytea,
    confirmed_at timestamptz,
    last_step bigint not null default 0,
    pending bytea,
    pending_at timestamptz,
    check ((sealed is null) = (confirmed_at is null)),
    check ((pending is null) = (pending_at is null))
);

-- For who has lost the telephone: 80 random bits each, kept as SHA-256, good once.
create table recovery_code (
    account_id bigint not null references second_factor on delete cascade,
    code_sha256 bytea not null check (length(code_sha256) = 32),
    primary key (account_id, code_sha256)
);
