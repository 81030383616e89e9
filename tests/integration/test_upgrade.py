"""An upgrade as it happens: an older store with people, readings and an open alert, while readings come in."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from tests.writer_bench import Bench, a_reading, rows
from ward.clock import SystemClock
from ward.store import migrate

pytestmark = pytest.mark.integration
OLDER = 18  # what a store is migrated to before; everything later is the upgrade
# What every ingest writes, an older one too while its store is brought up to date.
OF_INGEST = (
    "reading", "latest_reading", "evaluation_request", "waveform_block", "device_event", "device_status", "quarantine",
    "mqtt_session", "service_heartbeat",
)  # fmt: skip
# In the words of the older schema.
_OLDER_WARD = """
    insert into organisation (name, kind) values ('Testkommunen', 'municipality');
    insert into team (organisation_id, name, phone) values (1, 'Testteamet', '000');
    insert into patient (organisation_id, personal_number, given_name, family_name, birth_date, sex)
        values (1, '191212121212', 'Tolvan', 'Testsson', '1912-12-12', 'male');
    insert into stay (patient_id, programme, period)
        select max(patient_id), 'copd', tstzrange(now() - interval '2 days', null) from patient;
    insert into responsibility (stay_id, team_id, period) select stay_id, 1, period from stay;
    insert into device (device_id, secret_sha256) values ('hv-1', sha256('secret'));
    insert into binding (device_no, stay_id, period)
        select device_no, stay_id, period from device cross join stay where device_id = 'hv-1';
    insert into alert (stay_id, team_id, alert_id, rule, family, priority, condition, rev, worst, signal, evidence,
            began_at, opened_at, changed_at)
        select stay_id, 1, 7, 'limit.spo2.low', 'clinical', 1, 'present', 1, 1, 'ringing', '{}', now(), now(), now()
        from stay;
    insert into escalation_step (stay_id, alert_id, ring, step, level, priority, contacts, due_at)
        select stay_id, 7, 1, 1, 1, 1, '[]', now() + interval '5 minutes' from stay;
"""
_COLUMNS = """
    select table_name || '.' || column_name, data_type, is_nullable = 'NO' and column_default is null
    and is_identity = 'NO' from information_schema.columns where table_schema = 'public' and table_name = any(%s)
"""


@pytest.fixture
def older_url(server_url: str) -> Iterator[str]:
    """A store as it was at an older version; who owns it may nothing else at the server."""
    name = f"older_{secrets.token_hex(4)}"
    role = sql.Identifier(name)
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(sql.SQL("create role {} login password 'of-a-test'").format(role))
        admin.execute(sql.SQL("create database {} owner {}").format(role, role))
    where = urlsplit(server_url)
    url = where._replace(netloc=f"{name}:of-a-test@{where.hostname}:{where.port}", path=f"/{name}").geturl()
    with pytest.MonkeyPatch.context() as patch:
        all_of_them = migrate.migrations()
        patch.setattr(migrate, "migrations", lambda: [each for each in all_of_them if each[0] <= OLDER])
        asyncio.run(migrate.migrate(url, SystemClock().now()))
    yield url
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(sql.SQL("drop database {} with (force)").format(role))
        admin.execute(sql.SQL("drop role {}").format(role))


def _fill(url: str) -> None:
    """Fill the older store: a patient with a device, an alert that nobody has seen, its next step in five minutes."""
    with psycopg.connect(url) as conn:
        conn.execute(_OLDER_WARD)


def _columns(url: str) -> dict[str, tuple[str, bool]]:
    """Return the columns that ingest writes: their types, and whether they must be given."""
    with psycopg.connect(url) as conn:
        return {name: (kind, needed) for name, kind, needed in conn.execute(_COLUMNS, (list(OF_INGEST),))}


async def _publish(bench: Bench, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        bench.put("hemvakt/1/hv-1/vitals", [a_reading(90, ago_s=0), a_reading(80, kind="heart_rate", ago_s=0)])
        await bench.until(lambda: bench.inbox.held < 20)
        await asyncio.sleep(0.001)


async def _upgrade_beside_ingest(url: str) -> int:
    """Migrate while a writer stores what comes in; return how many messages it has acknowledged."""
    bench, stopping = Bench(url), asyncio.Event()
    working = [asyncio.create_task(bench.writer.run()), asyncio.create_task(_publish(bench, stopping))]
    await bench.until(lambda: len(bench.door.acknowledged) > 20)
    await migrate.migrate(url, SystemClock().now())
    after = len(bench.door.acknowledged)
    await bench.until(lambda: len(bench.door.acknowledged) > after + 20)
    stopping.set()
    await bench.settled()
    for task in working:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return len(bench.door.acknowledged)


def test_h21_upgrade_loses_no_reading_and_no_alert(older_url: str) -> None:
    """While a store is brought up to date each reading is stored once; the open alert waits for the same next step."""
    _fill(older_url)
    before = _columns(older_url)
    steps = "select alert_id, ring, step, state, due_at from escalation_step order by 1, 2, 3"
    waiting = rows(older_url, steps)

    acknowledged = asyncio.run(_upgrade_beside_ingest(older_url))

    assert rows(older_url, "select stay_id, count(*) from reading group by 1") == [(1, 2 * acknowledged)]
    alerts = "select stay_id, alert_id, rule, rev from alert where resolved_at is null"
    assert rows(older_url, alerts) == [(1, 7, "limit.spo2.low", 1)]
    assert rows(older_url, steps) == waiting
    after = _columns(older_url)
    assert {name: after.get(name, (None,))[0] for name in before} == {name: kind for name, (kind, _) in before.items()}
    assert {name for name, (_, needed) in after.items() if needed} <= set(before)
