"""A store with something in every table that matters, and its whole contents as one digest a table."""

import re

import psycopg
from psycopg import sql

from tests.fix_ward import Ward

FILL = """
insert into reading (stay_id, kind, measured_at, device_no, value, received_at, validity, quality)
select b.stay_id, k, date_trunc('second', now()) - n * interval '10 seconds', b.device_no, 90 + n % 7 + 0.1 * k,
    now() - n * interval '9 seconds', n % 2, nullif(n % 5, 0) * 20
from binding b, generate_series(1, 3) as k, generate_series(1, 200) as n;
insert into latest_reading (stay_id, kind, measured_at, device_no, value, received_at, validity, quality)
select distinct on (stay_id, kind) stay_id, kind, measured_at, device_no, value, received_at, validity, quality
from reading order by stay_id, kind, measured_at desc, device_no desc;
insert into evaluation_due (stay_id, due_at) select stay_id, now() + interval '1 minute' from stay
on conflict (stay_id) do update set due_at = excluded.due_at;
insert into evaluation_request (stay_id, since) select stay_id, now() from stay;
insert into score (stay_id, scored_at, total_min, total_max, risk, spo2_scale, detail)
select stay_id, now() - n * interval '1 minute', n % 3, n % 3 + 4, 'low_medium', 1,
    '{"parts":{"spo2":{"min":2,"max":2},"consciousness":{"min":0,"max":3}},"missing":["consciousness"],'
    '"stale":[],"settles":"consciousness","single_three":false}' from stay, generate_series(1, 20) as n;
insert into alert (stay_id, rule, family, priority, worst, signal, condition, rev, team_id, began_at, opened_at,
    changed_at, acknowledged_at, acknowledged_by, signal_until, evidence)
select s.stay_id, 'limit.spo2.low', 'clinical', 3, 3, 'acknowledged', 'present', 2, r.team_id,
    now() - interval '9 minutes', now() - interval '8 minutes', now() - interval '5 minutes',
    now() - interval '5 minutes', %(nurse)s, now() + interval '10 minutes',
    '{"rule_version":1,"text_key":"limit.low","params":{"kind":"spo2","value":84,"limit":88,"unit":"%%","duration_s":60},'
    '"inputs":[{"kind":"spo2","value":84,"unit":"%%","measured_at":"2026-11-22T01:00:00Z","quality":0.9}]}'
from stay s join responsibility r using (stay_id);
insert into alert_event (stay_id, alert_id, rev, at, kind, staff_id, note)
select stay_id, alert_id, 1, opened_at, 'opened', null, null from alert
union all select stay_id, alert_id, 2, acknowledged_at, 'acknowledged', %(nurse)s,
    '=ringer hem, "åter" kl 10;' from alert;
insert into escalation_step (stay_id, alert_id, ring, step, level, priority, contacts, due_at, state, done_at)
select stay_id, alert_id, 1, 1, 1, 3, '[]', opened_at, 'fired', opened_at from alert;
insert into outbox (stay_id, alert_id, ring, step, priority, family, mode, team_id, staff_id, channel, state,
    queued_at, sent_at, seen_at)
select stay_id, alert_id, 1, 1, 3, 'clinical', 'real', team_id, %(nurse)s, 'sms', 'seen', opened_at,
    opened_at + interval '1 second', acknowledged_at from alert;
insert into quarantine (received_at, device_id, topic, reason, detail, item_index, payload,
    payload_sha256, payload_bytes)
select now(), device_id, 'hemvakt/1/' || device_id || '/vitals', 'implausible', 'spo2 20', 0,
    '\\x7b7d', sha256('\\x7b7d'), 2 from device;
insert into device_status (device_no, online, battery_pct, firmware, reported_at, changed_at)
select device_no, true, 83, '1.2.0', now(), now() from device;
insert into device_event (stay_id, device_no, kind, occurred_at, received_at, detail)
select stay_id, device_no, 'check_in', now() - interval '1 hour', now(),
    '{"answers":[{"question":"breathing","answer":"worse"}]}' from binding;
insert into care_event (stay_id, kind, occurred_at, written_at, author, words)
    select stay_id, 'note', now(), now(), 'patient', 'x' from stay;
insert into session (token_sha256, secret_sha256, account_id, way, created_at, seen_at, confirmed_at, expires_at)
select sha256('a'), sha256('a'), account_id, 'password', now(), now(), now(), now() + interval '1 day' from account;
insert into service_heartbeat (service, instance, beat_at) values ('ingest', 'a', now()),
    ('alerting', 'b', now()), ('api', 'c', now());
insert into login_failure (subject, failures, last_at) values ('nora', 1, now());
"""


FILLED = frozenset(re.findall(r"^insert into (\w+) ", FILL, re.MULTILINE))


def fill(ward: Ward) -> None:
    """Put something into every table that people, readings and alerts are kept in."""
    with psycopg.connect(ward.database_url) as conn:
        for statement in FILL.split(";\n"):
            if statement.strip():
                conn.execute(statement.encode(), {"nurse": ward.nurse_id} if "%(nurse)s" in statement else None)


def digests(database_url: str) -> dict[str, tuple[int, str]]:
    """Return the number of rows of every table, and a digest of all of them, whatever their order."""
    with psycopg.connect(database_url) as conn:
        names = conn.execute(
            "select relname from pg_class where relnamespace = 'public'::regnamespace"
            " and relkind in ('r', 'p') and not relispartition order by relname"
        ).fetchall()
        found = {}
        for (name,) in names:
            query = sql.SQL(
                "select count(*), coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') from {} t"
            ).format(sql.Identifier(name))
            row = conn.execute(query).fetchone()
            assert row is not None
            found[name] = (row[0], row[1])
    return found
