-- Whom an alert is told to, when, by which way, and what became of it. Every timer of escalation and delivery is a row
-- here, written in the transaction of the alert, so that a restart loses none and any worker can go on.

-- The ways to a person or to a whole team, beside their screens. `mode` marks those of the demo.
create table contact_channel (
    channel_id bigint generated always as identity primary key,
    staff_id bigint references staff,
    team_id bigint references team,
    kind text not null check (kind in ('push', 'email', 'sms', 'chat', 'webhook')),
    address text not null check (length(address) between 1 and 2000),
    mode text not null default 'real' check (mode in ('real', 'demo')),
    added_at timestamptz not null,
    broken_at timestamptz,
    broken_reason text,
    check ((staff_id is null) <> (team_id is null))
);
create unique index contact_channel_staff on contact_channel (staff_id, kind, md5(address));
create unique index contact_channel_team on contact_channel (team_id, kind, md5(address));

-- A step of an escalation, frozen when the alert rings: who (`contacts`) and when. A ring counts up each time that
-- people must be told anew; `again` lets a step come back until somebody answers.
create table escalation_step (
    stay_id bigint not null,
    alert_id bigint not null,
    ring int not null check (ring > 0),
    step int not null check (step > 0),
    level int not null check (level > 0),
    priority smallint not null check (priority between 1 and 3),
    contacts jsonb not null,
    due_at timestamptz not null,
    again interval check (again > interval '0'),
    state text not null default 'pending' check (state in ('pending', 'fired', 'skipped', 'cancelled')),
    done_at timestamptz,
    reason text,
    primary key (stay_id, alert_id, ring, step),
    foreign key (stay_id, alert_id) references alert,
    check ((state = 'pending') = (done_at is null))
);
create index escalation_step_due on escalation_step (due_at) where state = 'pending';

-- One notification: one alert, one person or team, one way. `due_at` is when somebody must look at it next: to send it,
-- to try again, or to see whether it was shown; null when nothing is left to do. It is also the lease of who sends it.
create table outbox (
    stay_id bigint not null,
    notification_id uuid not null default gen_random_uuid(),
    alert_id bigint not null,
    ring int not null,
    step int not null,
    priority smallint not null check (priority between 1 and 3),
    family text not null,
    mode text not null check (mode in ('real', 'test', 'demo')),
    team_id bigint not null references team,
    staff_id bigint references staff,
    channel text not null check (channel in ('board', 'console', 'push', 'email', 'sms', 'chat', 'webhook', 'none')),
    channel_id bigint,  -- of contact_channel; it may have been taken out since
    state text not null default 'queued'
        check (state in ('queued', 'sent', 'delivered', 'seen', 'failed', 'cancelled')),
    attempts int not null default 0,
    due_at timestamptz,
    queued_at timestamptz not null,
    sent_at timestamptz,
    delivered_at timestamptz,
    seen_at timestamptz,
    failed_at timestamptz,
    cancelled_at timestamptz,
    reason text,
    group_id uuid,
    primary key (stay_id, notification_id),
    foreign key (stay_id, alert_id, ring, step) references escalation_step,
    check (mode = 'real' or channel_id is null or mode = 'demo'),
    check (state <> 'sent' or sent_at is not null),
    check (state <> 'failed' or reason is not null)
);
create unique index outbox_once on outbox
    (stay_id, alert_id, ring, step, channel, team_id, coalesce(staff_id, 0), coalesce(channel_id, 0));
create index outbox_due on outbox (due_at) where due_at is not null;
create index outbox_sent on outbox (sent_at, channel);
create index outbox_queued on outbox (queued_at);
create index outbox_group on outbox (group_id) where group_id is not null;

-- A screen that shows alerts and can be heard, as its own page says every few seconds.
create table listener (
    listener_id uuid primary key,
    staff_id bigint not null references staff,
    began_at timestamptz not null,
    heard_at timestamptz not null,
    echoed int
);
create index listener_staff on listener (staff_id, heard_at);

-- What was held back, by which rule, and why: one row from when it began until it was told or was over.
create table suppression (
    stay_id bigint not null references stay,
    rule text not null,
    began_at timestamptz not null,
    ended_at timestamptz,
    family text not null,
    priority smallint not null check (priority between 1 and 3),
    by_rule text not null,
    reason text not null,
    primary key (stay_id, rule, began_at)
);
create unique index suppression_one_open on suppression (stay_id, rule) where ended_at is null;
create index suppression_top on suppression (began_at) where priority = 3 or family <> 'technical';

-- The walks of the synthetic alert, and the time of each leg.
create table selfcheck (
    walk int generated always as identity primary key,
    stay_id bigint not null references stay,
    started_at timestamptz not null,
    alert_id bigint,
    alerted_at timestamptz,
    queued_at timestamptz,
    sent_at timestamptz,
    screened_at timestamptz,
    ended_at timestamptz,
    fault text check (fault in ('alerting', 'outbox', 'delivery', 'screen'))
);
create index selfcheck_started on selfcheck (started_at desc);
