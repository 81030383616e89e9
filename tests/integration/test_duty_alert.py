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
from ward.store.duty import chain, holder
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


def test_stay_at_fault_keeps_no_other_from_being_laid_out(unit: Unit) -> None:
    """Where one stay cannot be laid out, the others are, and it keeps who answered for it last."""
    with psycopg.connect(unit.url, autocommit=True) as conn:
        conn.execute(
            "create function broken() returns trigger language plpgsql as"
            " $$ begin raise exception 'no'; end $$;"
            " create trigger broken before insert on responsibility for each row when (new.stay_id = 1)"
            " execute function broken()"
        )
    later = NOON + timedelta(days=2)

    assert unit.within(lambda conn: duty._layouts(conn, FakeClock(later))) == 2
    assert unit.within(lambda conn: holder(conn, unit.stay, later + timedelta(days=30))).team_id == unit.base


def test_unreadable_week_and_routes_leave_the_base(unit: Unit) -> None:
    """What another program wrote of a week or of routes keeps nobody from answering: the base does."""
    with psycopg.connect(unit.url, autocommit=True) as conn:
        conn.execute("insert into duty_schedule values (%s, 2, '{\"shifts\": 7}', null, now())", (unit.day,))
        conn.execute('update duty_policy set routes = \'[{"team_id": "x"}]\'')
    later = NOON + timedelta(days=2)

    assert unit.within(lambda conn: duty._layouts(conn, FakeClock(later))) == 3
    assert unit.within(lambda conn: holder(conn, unit.stay, later)).team_id == unit.base
    assert len(unit.within(lambda conn: chain(conn, unit.stay, later, ()))) >= 3


async def _alerts(store: Pool) -> int:
    async with store.connection() as conn:
        row = await (await conn.execute("select count(*) from alert where rule = 'coverage'")).fetchone()
    return 0 if row is None else int(row[0])
