-- What was left of who sees what: invitations of relatives, attempts that were refused, and what tells live pages that
-- something new is written of a patient.

-- A one-time code by which somebody becomes a relative with a log-in. What it opens is the patient's word, so one that
-- staff made opens nothing. The code is kept as its SHA-256 only; an end is a time.
create table relative_invitation (
    invitation_id bigint generated always as identity primary key,
    patient_id bigint not null references patient,
    code_sha256 bytea not null unique check (length(code_sha256) = 32),
    name text not null,
    language text not null check (language in ('sv', 'en')),
    opens text[] not null check (opens <@ '{values,trends,alerts,plan,contacts}'),
    made_by bigint not null references account,
    made_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > made_at),
    revoked_at timestamptz check (revoked_at >= made_at),
    revoked_by bigint references account,
    used_at timestamptz check (used_at >= made_at),
    account_id bigint references account,
    check ((revoked_at is null) = (revoked_by is null)),
    check ((used_at is null) = (account_id is null)),
    check (revoked_at is null or used_at is null)
);
create index relative_invitation_patient on relative_invitation (patient_id, invitation_id);

-- Attempts that were refused stand in the same log: `attempts` says how many of one person within one minute, and is
-- null for what was shown. A refusal may name no patient that there is.
alter table access_entry add column attempts int check (attempts > 0),
    drop constraint access_entry_patient_ids_check,
    add constraint access_entry_patient_ids_check check (patient_ids <> '{}' or attempts is not null);
create index access_entry_refused on access_entry (organisation_id, at) where attempts is not null;

-- How often something was written of a stay, by what shows it. Pages compare; a number that rises says: look again.
create table stay_news (
    stay_id bigint primary key references stay,
    events bigint not null default 0,
    effects bigint not null default 0,
    rounds bigint not null default 0,
    home bigint not null default 0
) with (fillfactor = 50);

create function news_written() returns trigger language plpgsql as $$
declare
    stays bigint[];
begin
    select array_agg(distinct stay_id order by stay_id) into stays from changed;
    if stays is null then
        return null;
    end if;
    insert into stay_news as n (stay_id, events, effects, rounds, home)
        select each, ('events' = any(tg_argv))::int, ('effects' = any(tg_argv))::int, ('rounds' = any(tg_argv))::int,
            ('home' = any(tg_argv))::int
        from unnest(stays) each
        on conflict (stay_id) do update set events = n.events + excluded.events,
            effects = n.effects + excluded.effects, rounds = n.rounds + excluded.rounds, home = n.home + excluded.home;
    -- Too many to be named in one notification: whoever listens compares everything.
    perform pg_notify('hv_news', case when cardinality(stays) <= 300 then array_to_string(stays, ',') else '' end);
    return null;
end $$;
create trigger news_written after insert on care_event referencing new table as changed
    for each statement execute function news_written('events', 'home');
create trigger news_written after insert on care_event_error referencing new table as changed
    for each statement execute function news_written('events', 'home');
create trigger news_written after insert on care_event_receipt referencing new table as changed
    for each statement execute function news_written('events');
create trigger news_written after insert on device_event referencing new table as changed
    for each statement execute function news_written('events', 'home');
create trigger news_written after insert on effect_report referencing new table as changed
    for each statement execute function news_written('effects');
create trigger news_answered after update on effect_report referencing new table as changed
    for each statement execute function news_written('effects');
create trigger news_written after insert on weekend_round referencing new table as changed
    for each statement execute function news_written('rounds');
create trigger news_written after insert on next_step referencing new table as changed
    for each statement execute function news_written('home');
create trigger news_written after insert on care_look referencing new table as changed
    for each statement execute function news_written('home');
