-- What happened at the patient's: a pressed help button, a fall, answers to the day's questions.
-- The key makes a repeat harmless, as with readings. `alert_id` is the alert that an event has led to: what has one is
-- never asked about again, so an alert that somebody has resolved does not come back from the same press.
create table device_event (
    stay_id bigint not null references stay,
    device_no bigint not null references device,
    kind text not null check (kind in ('help_button', 'fall', 'check_in')),
    occurred_at timestamptz not null,
    received_at timestamptz not null,
    detail jsonb not null default '{}',
    alert_id bigint,
    primary key (stay_id, kind, occurred_at, device_no),
    foreign key (stay_id, alert_id) references alert
);
-- What alerting asks at every evaluation: nearly always nothing.
create index device_event_unhandled on device_event (stay_id) where alert_id is null and kind <> 'check_in';
