"""Migrating a store that others use: nobody waits long for it, and it waits long for everybody."""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from ward.clock import SystemClock
from ward.errors import StoreBusy
from ward.store import migrate
from ward.store.pool import connect

pytestmark = pytest.mark.integration
NEXT = "9001_next"
WAITS = (
    "select exists (select from pg_locks join pg_stat_activity a using (pid)"
    " where a.application_name = 'hemvakt-migrate' and not granted and a.datname = current_database())"
)


@pytest.fixture(autouse=True)
def _next_version() -> Iterator[None]:
    """A program that is newer than the store, by a migration of two tables."""
    text = "alter table team add column next int; alter table device add column next int"
    known = migrate.migrations()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "migrations", lambda: [*known, (9001, NEXT, text)])
        yield


async def _migrate(url: str, *, tries: int = 500) -> list[str]:
    return await migrate.migrate(url, SystemClock().now(), pauses_s=(0.01,) * (tries - 1))


async def _until_it_waits(url: str) -> None:
    """Wait until migrating waits for somebody."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as watch, asyncio.timeout(30):
        while (await (await watch.execute(WAITS.encode())).fetchone()) != (True,):
            await asyncio.sleep(0.01)


def _migrated(url: str) -> bool:
    """Tell whether the store has had the newest migration."""
    with psycopg.connect(url) as conn:
        found = conn.execute("select exists (select from migration where name = %s)", (NEXT,)).fetchone()
        there = conn.execute("select count(*) from pg_attribute where attname = 'next' and attnum > 0").fetchone()
    assert (found, there) in {((True,), (2,)), ((False,), (0,))}
    return found == (True,)


def test_h21_migration_that_met_a_deadlock_is_tried_again(database_url: str) -> None:
    """A service holds what migrating needs and asks for what it has: migrating lets go, and comes again."""

    async def run() -> list[str]:
        async with await connect(database_url, "api") as service:
            # Who finds a deadlock is ended, and it must not be the service.
            await service.execute("set local deadlock_timeout = '1h'; set local lock_timeout = 0")
            await service.execute("lock table device in row exclusive mode")
            migrating = asyncio.create_task(_migrate(database_url))
            await _until_it_waits(database_url)
            await service.execute("lock table team in row exclusive mode")
            await service.commit()
            return await migrating

    assert asyncio.run(run()) == [NEXT]
    assert _migrated(database_url)


def test_h21_migration_that_waits_keeps_ingest_going(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a backup reads a table for as long as it takes, ingest writes to it, and then it is migrated."""
    monkeypatch.setattr(migrate, "_LOCK_S", 0.3)

    async def run() -> list[str]:
        async with await connect(database_url, "backup") as backup, await connect(database_url, "ingest") as ingest:
            await backup.execute("select count(*) from device")
            migrating = asyncio.create_task(_migrate(database_url))
            await _until_it_waits(database_url)
            for _ in range(3):
                await ingest.execute("update device set model = model")
                await ingest.commit()
            assert not migrating.done()
            await backup.rollback()
            return await migrating

    assert asyncio.run(run()) == [NEXT]
    assert _migrated(database_url)


def test_migration_that_is_never_let_in_changes_nothing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where others never let go, it says so and what to look at, and the store is as it was."""
    monkeypatch.setattr(migrate, "_LOCK_S", 0.1)

    async def run() -> None:
        async with await connect(database_url, "backup") as backup:
            await backup.execute("select count(*) from device")
            with pytest.raises(StoreBusy, match=r"at each of 3 tries, and nothing has changed.*pg_stat_activity"):
                await _migrate(database_url, tries=3)
            assert backup.info.transaction_status is psycopg.pq.TransactionStatus.INTRANS

    asyncio.run(run())

    assert not _migrated(database_url)
