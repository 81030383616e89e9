"""The alert that nobody will be on duty, and the loop that keeps the timers of who answers."""

import asyncio
from datetime import datetime, timedelta

import psycopg
import pytest

from alerting import duty
from tests.builders_duty import NOON
from tests.fix_duty import Unit
from ward.clock import FakeClock
from ward.duty.schedule import Override
from ward.store import duty_schedules
from ward.store.pool import Connection, Pool, pool

pytestmark = pytest.mark.integration
MIDNIGHT = NOON + timedelta(hours=12)


def _close(unit: Unit) -> None:
    async def close(conn: Connection) -> None:
        away = Override(from_at=MIDNIGHT, until=MIDNIGHT + timedelta(hours=2), crew=None)
        assert await duty_schedules.add_override(conn, unit.base, away, "sjukdom", unit.natt, NOON)

    unit.within(close)


def _warn(unit: Unit, at: datetime) -> list[tuple[int, str, str]]:
    changed = unit.within(lambda conn: duty.warn(conn, at))
    return [(alert.stay_id, alert.priority.name, alert.condition.value) for alert in changed]


def test_h25_alert_comes_before_nobody_is_on_duty(unit: Unit) -> None:
    """Half a day ahead each patient has one medium alert, high when the hours come, clearing when they are over."""
    _close(unit)
    stays = [bed.stay_id for bed in unit.ward.beds]

    assert _warn(unit, NOON - timedelta(minutes=1)) == []
    assert _warn(unit, NOON + timedelta(minutes=1)) == [(stay, "MEDIUM", "present") for stay in stays]
    assert _warn(unit, NOON + timedelta(minutes=2)) == []
    assert _warn(unit, MIDNIGHT) == [(stay, "HIGH", "present") for stay in stays]
    assert [each[2] for each in _warn(unit, MIDNIGHT + timedelta(hours=2))] == ["clearing"] * 3


def test_h25_alert_says_which_hours(unit: Unit) -> None:
    """The alert's evidence names the hours by the clock on the wall."""
    _close(unit)
    _warn(unit, NOON + timedelta(minutes=1))

    with psycopg.connect(unit.url) as conn:
        row = conn.execute("select evidence -> 'params' from alert limit 1").fetchone()
    assert row == ({"starts": "2026-11-19 00:00", "ends": "2026-11-19 02:00"},)


def test_h21_loop_keeps_the_timers_of_another_process(unit: Unit) -> None:
    """A process that starts finds what has become due: it extends what is laid out and warns of the hours ahead."""
    _close(unit)
    clock = FakeClock(NOON + timedelta(minutes=1))

    async def until_warned() -> int:
        async with pool(unit.url, "test", size=2) as store:
            loop = asyncio.create_task(duty.run(store, clock))
            try:
                async with asyncio.timeout(20):
                    while not (found := await _alerts(store)):
                        await asyncio.sleep(0.02)
            finally:
                loop.cancel()
                await asyncio.gather(loop, return_exceptions=True)
        return found

    assert asyncio.run(until_warned()) == 3


async def _alerts(store: Pool) -> int:
    async with store.connection() as conn:
        row = await (await conn.execute("select count(*) from alert where rule = 'coverage'")).fetchone()
    return 0 if row is None else int(row[0])
