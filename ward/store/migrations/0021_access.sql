-- Who may see a patient beside the teams that care for them: consents to share between organisations, blocks (spärrar)
-- against a team or an organisation, and emergency openings. All three keep their history: an end is a time.
alter table patient add column protected_since timestamptz;

create table patient_consent (
    consent_id bigint generated always as identity primary key,
    patient_id bigint not null references patient,
    organisation_id bigint not null references organisation,
    given_at timestamptz not null,
    given_by bigint not null references account,
    withdrawn_at timestamptz check (withdrawn_at >= given_at),
    withdrawn_by bigint references account,
    check ((withdrawn_at is null) = (withdrawn_by is null))
);
create unique index patient_consent_open on patient_consent (patient_id, organisation_id) where withdrawn_at is null;
create index patient_consent_patient on patient_consent (patient_id);

create table patient_block (
    block_id bigint generated always as identity primary key,
    patient_id bigint not null references patient,
    team_id bigint references team,
    organisation_id bigint references organisation,
    set_at timestamptz not null,
    set_by bigint not null references account,
    lifted_at timestamptz check (lifted_at >= set_at),
    lifted_by bigint references account,
    check (num_nonnulls(team_id, organisation_id) = 1),
    check ((lifted_at is null) = (lifted_by is null))
);
create unique index patient_block_open on patient_block (patient_id, team_id, organisation_id) nulls not distinct
    where lifted_at is null;
create index patient_block_patient on patient_block (patient_id);

-- Who opened a patient in an emergency, why, until when, and who of the team that answered then has seen that.
create table emergency_opening (
    opening_id bigint generated always as identity primary key,
    patient_id bigint not null references patient,
    account_id bigint not null references account,
    team_id bigint not null references team,
    reason text not null,
    opened_at timestamptz not null,
    until timestamptz not null check (until > opened_at),
    ended_at timestamptz check (ended_at >= opened_at),
    ended_by bigint references account,
    seen_at timestamptz check (seen_at >= opened_at),
    seen_by bigint references account,
    check ((ended_at is null) = (ended_by is null)),
    check ((seen_at is null) = (seen_by is null))
);
create index emergency_opening_account on emergency_opening (account_id, until) where ended_at is null;
create index emergency_opening_team on emergency_opening (team_id, opening_id);
create index emergency_opening_patient on emergency_opening (patient_id);

-- By whom a person is found at each request: those they are named for, and the alerts that they hold or are offered.
create index duty_care_nurse on duty_care (nurse_id);
create index duty_care_doctor on duty_care (doctor_id);
create index alert_offered_staff on alert (offered_staff_id) where resolved_at is null;
create index alert_unresolved_stay on alert (stay_id) where resolved_at is null;

-- Every process that holds a board or a session hears at the commit that somebody may see more or less than before.
create function access_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('hv_access', '');
    return null;
end $$;
create trigger access_changed after insert or update or delete on patient_consent
    for each statement execute function access_changed();
create trigger access_changed after insert or update or delete on patient_block
    for each statement execute function access_changed();
create trigger access_changed after insert or update of ended_at or delete on emergency_opening
    for each statement execute function access_changed();
create trigger access_changed after insert or update of nurse_id, doctor_id or delete on duty_care
    for each statement execute function access_changed();
