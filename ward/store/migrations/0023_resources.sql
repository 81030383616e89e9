-- What people write about a stay beside what is measured: timeline, effect reports, rounds, next steps, cards, outcomes.
-- Nothing of it is altered: who was mistaken adds that, and a later revision stands beside the one before.

-- Not a device: what people enter by hand bears its number, so that a reading has one key wherever it comes from. It
-- is out for good and nobody knows its secret.
insert into device (device_no, device_id, secret_sha256, model, revoked_at, revoked_reason)
    overriding system value
    values (0, 'by-hand', sha256(gen_random_uuid()::text::bytea), 'entered by people', 'epoch', 'not a device');

create sequence care_event_id_seq;
create table care_event (
    stay_id bigint not null references stay,
    event_id bigint not null default nextval('care_event_id_seq'),
    kind text not null check (kind in ('note', 'visit', 'medication', 'mark', 'readings')),
    occurred_at timestamptz not null,
    written_at timestamptz not null,
    author text not null check (author in ('staff', 'patient', 'relative')),
    staff_id bigint references staff,
    words text not null default '',
    detail jsonb not null default '{}',
    remind_at timestamptz,
    corrects bigint,
    primary key (stay_id, event_id),
    foreign key (stay_id, corrects) references care_event,
    check ((author = 'staff') = (staff_id is not null))
);
create index care_event_occurred on care_event (stay_id, occurred_at);
create index care_event_corrects on care_event (stay_id, corrects) where corrects is not null;
-- Entered in error: by whom, when and why. The entry stays.
create table care_event_error (
    stay_id bigint not null,
    event_id bigint not null,
    staff_id bigint not null references staff,
    at timestamptz not null,
    reason text not null,
    primary key (stay_id, event_id),
    foreign key (stay_id, event_id) references care_event
);
create table care_event_receipt (
    stay_id bigint not null,
    event_id bigint not null,
    staff_id bigint not null references staff,
    at timestamptz not null,
    primary key (stay_id, event_id, staff_id),
    foreign key (stay_id, event_id) references care_event
);
-- Somebody of the team has looked at the values: what the patient is told as "seen".
create table care_look (
    stay_id bigint not null references stay,
    at timestamptz not null,
    staff_id bigint not null references staff,
    primary key (stay_id, at, staff_id)
);
-- What comes next, in the patient's own words (patientkontrakt), by revision.
create table next_step (
    stay_id bigint not null references stay,
    rev int not null check (rev > 0),
    what text not null,
    at timestamptz,
    who text not null default '',
    turn_to text not null default '',
    check_at timestamptz,
    staff_id bigint not null references staff,
    written_at timestamptz not null,
    primary key (stay_id, rev)
);
-- The round before free days: signed for each stay and each stretch of free days, by revision.
create table weekend_round (
    stay_id bigint not null references stay,
    ends_at timestamptz not null,
    rev int not null check (rev > 0),
    team_id bigint not null references team,
    staff_id bigint not null references staff,
    signed_at timestamptz not null,
    plan text not null,
    risk int not null,
    primary key (stay_id, ends_at, rev)
);
-- What a closed alert led to, and how a stay ended; by revision.
create table alert_consequence (
    stay_id bigint not null,
    alert_id bigint not null,
    rev int not null check (rev > 0),
    consequence text not null
        check (consequence in ('none', 'avoided_emergency', 'home_visit', 'emergency_visit', 'admission')),
    staff_id bigint not null references staff,
    at timestamptz not null,
    primary key (stay_id, alert_id, rev),
    foreign key (stay_id, alert_id) references alert
);
create table stay_outcome (
    stay_id bigint not null references stay,
    rev int not null check (rev > 0),
    disposition text not null check (disposition in ('home', 'hospital', 'care_home', 'died', 'other')),
    staff_id bigint not null references staff,
    at timestamptz not null,
    primary key (stay_id, rev)
);

create function is_kept() returns trigger language plpgsql as $$
begin
    raise exception '% is only ever added to', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger care_event_is_kept before update or delete or truncate on care_event
    for each statement execute function is_kept();
create trigger care_event_error_is_kept before update or delete or truncate on care_event_error
    for each statement execute function is_kept();
create trigger care_event_receipt_is_kept before update or delete or truncate on care_event_receipt
    for each statement execute function is_kept();
create trigger next_step_is_kept before update or delete or truncate on next_step
    for each statement execute function is_kept();
create trigger weekend_round_is_kept before update or delete or truncate on weekend_round
    for each statement execute function is_kept();
create trigger alert_consequence_is_kept before update or delete or truncate on alert_consequence
    for each statement execute function is_kept();
create trigger stay_outcome_is_kept before update or delete or truncate on stay_outcome
    for each statement execute function is_kept();
create trigger care_look_is_kept before update or delete or truncate on care_look
    for each statement execute function is_kept();

-- What a change of medication did, as it was told to who prescribed it; and what they answered.
create table effect_report (
    report_id bigint generated always as identity primary key,
    stay_id bigint not null,
    event_id bigint not null,
    prescriber_id bigint not null references staff,
    sent_by bigint not null references staff,
    sent_at timestamptz not null,
    line_sv text not null,
    line_en text not null,
    report jsonb not null,
    rev int not null default 1,
    seen_at timestamptz,
    answer text check (answer in ('ok', 'adjust')),
    answer_note text not null default '',
    answered_at timestamptz,
    foreign key (stay_id, event_id) references care_event,
    check ((answer is null) = (answered_at is null)),
    check (answered_at is null or seen_at is not null)
);
create index effect_report_prescriber on effect_report (prescriber_id, report_id);
create index effect_report_event on effect_report (stay_id, event_id);

-- A link for an ambulance crew: the token is kept as its SHA-256 only, every opening is a row.
create table ambulance_card (
    card_id bigint generated always as identity primary key,
    stay_id bigint not null references stay,
    token_sha256 bytea not null unique check (length(token_sha256) = 32),
    made_by bigint not null references staff,
    made_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > made_at),
    reason text not null,
    revoked_at timestamptz,
    revoked_by bigint references staff,
    check ((revoked_at is null) = (revoked_by is null))
);
create index ambulance_card_stay on ambulance_card (stay_id);
create table ambulance_opening (
    opening_id bigint generated always as identity primary key,
    card_id bigint not null references ambulance_card,
    at timestamptz not null
);
create index ambulance_opening_card on ambulance_opening (card_id);
create trigger ambulance_opening_is_kept before update or delete or truncate on ambulance_opening
    for each statement execute function is_kept();
