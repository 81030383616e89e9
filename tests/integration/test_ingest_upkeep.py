"""The upkeep that runs inside ingest: at once when it starts, again after a failure, and never the end of ingest."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import structlog

from ingest import service
from tests.integration.test_rollups import columns, prepared, store
from ward import settings
from ward.people import StayId
from ward.store import embedded, registry
from ward.vitals import Validity

pytestmark = pytest.mark.integration
_START = datetime(2026, 3, 1, tzinfo=UTC)


class _Fixed:
    """A clock that stands still."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return always the same."""
        return self._now


async def _lines(url: str, event: str, monkeypatch: pytest.MonkeyPatch, times: int) -> list[dict[str, object]]:
    """Run the task until it has said something so often, and end it."""
    monkeypatch.setattr(service, "_UPKEEP_S", 0.01)
    loaded = settings.load(database_url=url, keep_readings_days=32)
    with structlog.testing.capture_logs() as said:
        task = asyncio.create_task(service._upkeep(loaded, _Fixed(_START + timedelta(days=40))))
        while len(found := [dict(line) for line in said if line["event"] == event]) < times:
            assert not task.done()
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return found


def test_ingest_keeps_its_store_in_order(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the settings it was given, ingest rolls up what has settled and drops what is too old."""

    async def scene() -> None:
        async with await prepared(database_url, _START, 3) as conn:
            rows = columns(StayId(1), _START, [(60 * n, 1, 70.0, Validity.VLD) for n in range(100)])
            await store(conn, rows, await registry.version(conn))
        await _lines(database_url, "upkeep_done", monkeypatch, 1)

    asyncio.run(scene())
    with psycopg.connect(database_url) as conn:
        assert conn.execute("select count(*) from reading").fetchone() == (0,)
        assert conn.execute("select sum(n)::int from rollup_1d").fetchone() == (100,)


def test_h01_upkeep_that_fails_does_not_end_ingest(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the store is away, upkeep says so, again and again, and goes on."""
    url = f"postgresql://nobody@127.0.0.1:{embedded.free_port()}/none"

    found = asyncio.run(_lines(url, "upkeep_failed", monkeypatch, 3))

    assert all("refused" in str(line["error"]) for line in found)
