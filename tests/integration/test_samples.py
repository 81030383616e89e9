"""A batch of readings into the store: the three ways of storing it have one result."""

import asyncio
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
import pytest

from ingest.clocks import WHILE
from tests.fix_ward import Bed, Ward
from ward.clock import SystemClock, from_us, to_us
from ward.store import device_clocks, registry, samples
from ward.store.device_clocks import Estimate
from ward.store.pool import connect


def rows(database_url: str, query: str) -> list[tuple[Any, ...]]:
    """Ask the store."""
    with psycopg.connect(database_url) as conn:
        return conn.execute(query.encode()).fetchall()


def readings_from(bed: Bed, began_us: int, count: int, value: float) -> samples.Rows:
    """Return readings of one bed, a millisecond apart; every other one says nothing of quality."""
    number = np.arange(count)
    return samples.Rows(
        stay_id=np.full(count, bed.stay_id),
        kind=np.full(count, 3),
        measured_us=began_us + number * 1000,
        device_no=np.full(count, bed.device_no),
        value=np.full(count, value),
        received_us=began_us + number * 1000 + 500,
        validity=np.zeros(count, dtype=np.int64),
        quality=np.where(number % 2, 97, -1),
    )


@pytest.mark.parametrize("count", [1, samples.COPY_FROM, 3 * samples.COPY_FROM])
def test_h19_repeats_are_harmless_however_many_come_at_once(ward: Ward, count: int) -> None:
    """A batch that was stored already, wholly or in part, adds only what is new, and a contradiction is told."""
    began_us = to_us(SystemClock().now()) - 3_600_000_000

    async def story() -> list[samples.Inserted | None]:
        async with await connect(ward.database_url, "test", autocommit=True) as conn:
            await samples.prepare(conn)
            version = await registry.version(conn)
            first = readings_from(ward.beds[0], began_us, count, 96.0)
            more = readings_from(ward.beds[0], began_us, count + 5, 96.0)
            other = readings_from(ward.beds[0], began_us, count, 95.0)
            return [await samples.insert_batch(conn, each, version) for each in (first, first, more, other)]

    found = [each for each in asyncio.run(story()) if each is not None]

    assert [each.stored for each in found] == [count, 0, 5, 0]
    assert [each.conflicts for each in found] == [(), (), (), tuple(range(count))]
    assert rows(ward.database_url, "select count(*), min(value) from reading") == [(count + 5, 96.0)]
    newest = from_us(began_us + (count + 4) * 1000)
    assert rows(ward.database_url, "select measured_at from latest_reading") == [(newest,)]


def test_h08_clock_estimates_of_all_workers_are_kept_together(ward: Ward) -> None:
    """The most that any worker heard stands for a while and the next one; a clock far ahead has its stay evaluated."""
    bed = ward.beds[0]
    now = SystemClock().now()

    def heard(ahead_s: float, began_at: datetime) -> Estimate:
        return Estimate(device_no=bed.device_no, began_at=began_at, ahead_us=round(ahead_s * 1e6), messages=3)

    async def story() -> None:
        async with await connect(ward.database_url, "test", autocommit=True) as conn:
            for each in (heard(40, now), heard(10, now), heard(-1, now + WHILE), heard(50, now)):
                await device_clocks.save(conn, [each], now)

    asyncio.run(story())

    kept = rows(ward.database_url, "select ahead_us, messages, before_us, before_messages from device_clock")
    assert kept == [(-1_000_000, 3, 40_000_000, 3)]
    assert set(rows(ward.database_url, "select stay_id from evaluation_request")) == {(bed.stay_id,)}
