-- Who logs in is no longer staff alone: patients, relatives and systems have accounts as well. What is said of a member
-- of staff (name, language, whether they still work here) stays in `staff`; whoever acts is named by their account.
create table account (
    account_id bigint generated always as identity primary key,
    kind text not null check (kind in ('staff', 'patient', 'relative', 'system')),
    username text unique check (username = lower(username)),
    password_hash text,
    staff_id bigint unique references staff,
    patient_id bigint unique references patient,
    organisation_id bigint references organisation,
    permissions text[] not null default '{}',
    name text,
    language text check (language in ('sv', 'en')),
    disabled_at timestamptz,
    check ((kind = 'staff') = (staff_id is not null)),
    check ((kind = 'patient') = (patient_id is not null)),
    check ((kind = 'system') = (organisation_id is not null)),
    check (kind = 'system' or permissions = '{}'),
    check (kind <> 'staff' or (name is null and language is null and disabled_at is null)),
    check (kind = 'staff' or name is not null),
    check (password_hash is null or username is not null)
);
insert into account (kind, username, password_hash, staff_id)
select 'staff', username, password_hash, staff_id from staff where password_hash <> '!';

-- What a patient has opened to a relative. Closing it is a time, not a deletion.
create table relative_access (
    relative_access_id bigint generated always as identity primary key,
    account_id bigint not null references account,
    patient_id bigint not null references patient,
    opens text[] not null check (opens <@ '{values,trends,alerts,plan,contacts}' and opens <> '{}'),
    given_at timestamptz not null,
    given_by bigint not null references account,
    ended_at timestamptz check (ended_at >= given_at),
    ended_by bigint references account,
    check ((ended_at is null) = (ended_by is null))
);
create unique index relative_access_open on relative_access (account_id, patient_id) where ended_at is null;
create index relative_access_patient on relative_access (patient_id);

-- Everybody logs in anew.
delete from session;
alter table session drop column staff_id, add column account_id bigint not null references account;
create index session_account on session (account_id);

delete from idempotency;
alter table idempotency drop constraint idempotency_pkey, drop column staff_id,
    add column account_id bigint not null references account;
alter table idempotency add primary key (account_id, key);

-- The audit names the account; `staff_id` stays where it was a member of staff.
alter table audit disable trigger audit_is_kept;
alter table audit add column account_id bigint references account,
    alter column staff_id drop not null, alter column organisation_id drop not null;
update audit a set account_id = c.account_id from account c where c.staff_id = a.staff_id;
alter table audit alter column account_id set not null;
alter table audit enable trigger audit_is_kept;

alter table staff drop constraint staff_role_check, drop column username, drop column password_hash;
alter table staff add constraint staff_role_check check (role in ('nurse', 'doctor', 'clinician', 'operator'));
