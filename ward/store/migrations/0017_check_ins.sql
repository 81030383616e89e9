-- Check-ins are judged once: most of them worry nobody and lead to no alert, and must not be looked at for ever.
-- What came more than a day ago is not news any more.
alter table device_event add column judged_at timestamptz;
update device_event set judged_at = received_at where kind = 'check_in' and received_at < now() - interval '1 day';
drop index device_event_unhandled;
create index device_event_unhandled on device_event (stay_id) where alert_id is null and judged_at is null;
