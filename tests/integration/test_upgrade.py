"""An upgrade as it happens: an older store with people, readings and an open alert, while readings come in."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from tests.fix_ward import Bed, admit_bed
from tests.writer_bench import Bench, a_reading, rows
from ward.clock import SystemClock
from ward.store import migrate, people
from ward.store.pool import connect

pytestmark = pytest.mark.integration
OLDER = 18  # what a store is migrated to before; everything later is the upgrade
# What every ingest writes, an older one too while its store is brought up to date.
OF_INGEST = (
    "reading", "latest_reading", "evaluation_request", "waveform_block", "device_event", "device_status", "quarantine",
    "mqtt_session", "service_heartbeat",
)  # fmt: skip
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


async def _fill(url: str) -> Bed:
    """Admit a patient with a device, who has an alert that nobody has seen and whose next step is in five minutes."""
    async with await connect(url, "test") as conn:
        organisation_id = await people.add_organisation(conn, name="Testkommunen", kind="municipality")
        team_id = await people.add_team(conn, organisation_id=organisation_id, name="Testteamet", phone="000")
        bed = await admit_bed(conn, organisation_id, team_id, 1, SystemClock().now() - timedelta(days=2))
        await conn.execute(
            "insert into alert (stay_id, team_id, alert_id, rule, family, priority, condition, rev, worst, signal,"
            " evidence, began_at, opened_at, changed_at) values (%s, %s, 7, 'limit.spo2.low', 'clinical', 1, 'present',"
            " 1, 1, 'ringing', '{}', now(), now(), now())",
            (bed.stay_id, team_id),
        )
        await conn.execute(
            "insert into escalation_step (stay_id, alert_id, ring, step, level, priority, contacts, due_at)"
            " values (%s, 7, 1, 1, 1, 1, '[]', now() + interval '5 minutes')",
            (bed.stay_id,),
        )
    return bed


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
    bed = asyncio.run(_fill(older_url))
    before = _columns(older_url)
    steps = "select alert_id, ring, step, state, due_at from escalation_step order by 1, 2, 3"
    waiting = rows(older_url, steps)

    acknowledged = asyncio.run(_upgrade_beside_ingest(older_url))

    assert rows(older_url, "select stay_id, count(*) from reading group by 1") == [(bed.stay_id, 2 * acknowledged)]
    alerts = "select stay_id, alert_id, rule, rev from alert where resolved_at is null"
    assert rows(older_url, alerts) == [(bed.stay_id, 7, "limit.spo2.low", 1)]
    assert rows(older_url, steps) == waiting
    after = _columns(older_url)
    assert {name: after.get(name, (None,))[0] for name in before} == {name: kind for name, (kind, _) in before.items()}
    assert {name for name, (_, needed) in after.items() if needed} <= set(before)
