-- Log-ins: passwords that must be changed, PINs for shared screens, one-time secrets, another provider's log-ins, tokens
-- of systems. Secrets are kept as SHA-256 where they are random, as argon2id where a person has made them up.
-- `kept_by` is the organisation whose operators look after a relative's account.
alter table account
    add column must_change boolean not null default false,
    add column password_published boolean not null default false,
    add column password_at timestamptz,
    add column pin_hash text,
    add column pin_failures integer not null default 0 check (pin_failures >= 0),
    add column kept_by bigint references organisation check (kept_by is null or kind = 'relative'),
    add unique (account_id, kind);

-- `token_sha256` names a session for as long as it lasts; `secret_sha256` is of the token that opens it now, and changes
-- when its person proves anew who they are. Sockets follow the name.
delete from session;
alter table session
    add column session_id bigint generated always as identity unique,
    add column secret_sha256 bytea not null unique,
    add column way text not null check (way in ('password', 'oidc')),
    add column shared boolean not null default false,
    add column confirmed_at timestamptz not null,
    add column browser text not null default '',
    add column issuer text,
    add column provider_subject text,
    add column provider_session text,
    add check ((way = 'oidc') = (issuer is not null and provider_subject is not null));
create index session_provider on session (issuer, provider_subject) where issuer is not null;

-- Attempts are counted by name, by address and by both.
alter table login_failure rename column username to subject;

create table password_reset (
    secret_sha256 bytea primary key,
    account_id bigint not null references account,
    made_at timestamptz not null,
    made_by bigint not null references account,
    expires_at timestamptz not null check (expires_at > made_at)
);
create index password_reset_account on password_reset (account_id);

create table access_token (
    token_id bigint generated always as identity primary key,
    account_id bigint not null,
    kind text not null default 'system' check (kind = 'system'),
    token_sha256 bytea not null unique,
    prefix text not null,
    name text not null,
    made_at timestamptz not null,
    made_by bigint not null references account,
    expires_at timestamptz not null check (expires_at > made_at),
    last_used_at timestamptz,
    revoked_at timestamptz,
    revoked_by bigint references account,
    foreign key (account_id, kind) references account (account_id, kind),
    check ((revoked_at is null) = (revoked_by is null))
);
create index access_token_account on access_token (account_id);

-- Who an OpenID provider says that somebody is: the value of a claim, for one account.
create table account_identity (
    issuer text not null,
    claim text not null,
    subject text not null check (subject <> ''),
    account_id bigint not null references account,
    linked_at timestamptz not null,
    linked_by bigint not null references account,
    primary key (issuer, claim, subject)
);
create index account_identity_account on account_identity (account_id);

-- A log-in at a provider that has begun and not come back yet; taken away when it does.
create table oidc_login (
    state_sha256 bytea primary key,
    browser_sha256 bytea not null,
    nonce text not null,
    verifier text not null,
    shared boolean not null,
    expires_at timestamptz not null
);
