-- An alert's four dimensions, each kept by itself: condition, signal, responsibility, closure. What the machine never
-- reaches the table refuses too (docs/alert-lifecycle.md lists it). `state`, the one word that lists show, follows from
-- the others. Beside them: the last act of a person, while it may be taken back, and what keeps a closed alert closed.
drop index alert_one_open;
alter table alert
    drop constraint alert_check,
    drop constraint alert_check1,
    drop constraint alert_condition_check,
    add column worst smallint,
    add column signal text,
    add column signal_until timestamptz,
    add column pause_reason text,
    add column responsibility text not null default 'unassigned',
    add column holder_id bigint references staff,
    add column held_since timestamptz,
    add column offered_team_id bigint references team,
    add column offered_staff_id bigint references staff,
    add column offered_by bigint references staff,
    add column offered_until timestamptz,
    add column cause text,
    add column action text,
    add column undo jsonb;

update alert set
    worst = priority,
    signal = case state when 'open' then 'ringing' when 'acknowledged' then 'acknowledged' else 'silent' end,
    signal_until = case when state = 'acknowledged' then coalesce(acknowledged_until, changed_at) end,
    cleared_at = case when condition = 'cleared' then coalesce(cleared_at, resolved_at, changed_at) end,
    outcome = case when state = 'resolved' then coalesce(outcome, 'self_resolved') end;

alter table alert
    drop column state,
    drop column acknowledged_until,
    alter column worst set not null,
    alter column signal set not null,
    add column state text not null generated always as (case
        when resolved_at is not null then 'resolved'
        when signal = 'ringing' or (signal = 'silent' and holder_id is null) then 'open'
        else 'acknowledged' end) stored,
    add constraint alert_words check (
        condition in ('present', 'clearing', 'cleared')
        and signal in ('ringing', 'acknowledged', 'paused', 'silent')
        and responsibility in ('unassigned', 'offered', 'accepted', 'declined')
    ),
    add constraint alert_cause_check check (
        cause in ('deterioration', 'activity', 'artefact', 'equipment', 'limits', 'mistake', 'unknown')
    ),
    add constraint alert_action_check check (
        action in ('none', 'called', 'visited', 'treated', 'sent_in', 'plan_changed', 'equipment_fixed')
    ),
    add constraint alert_worst_is_worst check (worst between priority and 3),
    add constraint alert_gone_since check ((condition = 'present') = (cleared_at is null)),
    add constraint alert_request_stays check (family <> 'request' or condition = 'present'),
    add constraint alert_quiet_ends check (case signal
        when 'ringing' then signal_until is null and acknowledged_by is null
        when 'silent' then resolved_at is not null
            or (condition = 'cleared' and (holder_id is not null) = (signal_until is not null))
        else signal_until is not null and acknowledged_by is not null and condition <> 'cleared' end),
    add constraint alert_pause_has_reason check ((signal = 'paused') = (pause_reason is not null)),
    add constraint alert_high_rests_shortly check (
        signal <> 'paused' or priority < 3 or signal_until <= acknowledged_at + interval '15 minutes'
    ),
    add constraint alert_one_holder check (case responsibility
        when 'accepted' then holder_id is not null
        when 'offered' then true
        else holder_id is null end and (holder_id is null) = (held_since is null)),
    add constraint alert_offer_is_whole check (case responsibility
        when 'offered' then offered_team_id is not null and offered_by is not null and offered_until is not null
        else num_nonnulls(offered_team_id, offered_staff_id, offered_by, offered_until) = 0 end),
    add constraint alert_closed_is_over check (
        resolved_at is null or (signal = 'silent' and signal_until is null and responsibility <> 'offered')
    ),
    add constraint alert_closed_has_outcome check ((resolved_at is null) = (outcome is null)),
    add constraint alert_only_closed_explained check (resolved_at is not null or num_nonnulls(cause, action) = 0);
create unique index alert_one_open on alert (stay_id, rule) where resolved_at is null;
create index alert_held on alert (holder_id) where resolved_at is null;
create index alert_episode on alert (stay_id, rule, began_at);

alter table alert_event
    add column priority smallint,
    add column evidence jsonb,
    add column until timestamptz,
    add column to_team_id bigint references team,
    add column to_staff_id bigint references staff,
    add column outcome text,
    add column cause text,
    add column action text;

-- Closed by a person while its condition was still there: the same episode opens no other alert for a while.
create table alert_hold (
    stay_id bigint not null,
    rule text not null,
    alert_id bigint not null,
    priority smallint not null check (priority between 1 and 3),
    until timestamptz not null,
    quiet_since timestamptz,
    primary key (stay_id, rule),
    foreign key (stay_id, alert_id) references alert
);
