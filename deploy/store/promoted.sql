-- After the promotion of a standby that had not got every commit: numbers that were given on the lost primary (of alerts,
-- of the registry) are never given again, so that nobody acts upon another thing than the one they saw.
-- psql -h store-b -U hemvakt hemvakt -f deploy/store/promoted.sql
select setval(format('%I.%I', schemaname, sequencename)::regclass, coalesce(last_value, start_value) + 100000)
from pg_sequences where schemaname = 'public';
update registry_version set version = version + 100000;
