"""What cannot wait: a reading that is announced and reaches further beyond a limit is evaluated without a pass."""

import asyncio
from datetime import datetime, timedelta

import pytest

from alerting.due import evaluate_due
from alerting.rush import Rush
from tests.fix_api import House, measure
from ward.clock import SystemClock
from ward.people import StayId
from ward.store import bus, evaluation
from ward.store.bus import Channel, Hint
from ward.store.pool import Connection, connect, pool
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration


async def ready(conn: Connection, rush: Rush) -> None:
    """Put every stay on the list, and let a pass tell the rush of the plans."""
    now = SystemClock().now()
    await evaluation.enrol(conn, now)
    rush.learn((await evaluate_due(conn, now)).plans)
    await conn.commit()


async def heard(conn: Connection) -> Hint:
    """Return the next announcement."""
    found = [Hint(Channel(note.channel), note.payload) async for note in conn.notifies(timeout=20, stop_after=1)]
    assert found, "nothing was announced"
    return found[0]


async def until_raised(conn: Connection, stay_id: StayId) -> datetime:
    """Wait for the announcement of an alert, and return when the stay's was opened."""
    while True:
        await heard(conn)
        rows = await conn.execute(
            "select opened_at from alert where stay_id = %s and rule = 'limit.spo2.low' and priority = 3", (stay_id,)
        )
        if row := await rows.fetchone():
            return row[0]  # type: ignore[no-any-return] # a column


def test_reading_beyond_the_hard_bound_rings_without_a_pass(house: House) -> None:
    """Nobody makes a pass here; what is announced is heard, evaluated and told all the same."""

    async def story() -> None:
        bed = house.ward.beds[0]
        rush = Rush(SystemClock())
        async with (
            await connect(house.database_url, "test") as conn,
            await connect(house.database_url, "ears", autocommit=True) as ears,
            pool(house.database_url, "rush", size=1) as store,
        ):
            await ready(conn, rush)
            await bus.subscribe(ears, [Channel.READINGS])
            await measure(house, bed, VitalKind.SPO2, 70)
            hint = await heard(ears)
            await ears.execute(f"unlisten {Channel.READINGS.value}".encode())
            await bus.subscribe(ears, [Channel.ALERTS])
            working = asyncio.create_task(rush.work(store))
            rush.hear(hint)
            opened_at = await until_raised(ears, bed.stay_id)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

        assert SystemClock().now() - opened_at < timedelta(seconds=20)
        assert rush.evaluated == 1

    asyncio.run(story())


def test_stay_that_somebody_holds_is_asked_for_again_until_it_is_free(house: House) -> None:
    """While a pass has the stay in its hands the rush waits; then it evaluates it."""

    async def story() -> None:
        bed = house.ward.beds[0]
        rush = Rush(SystemClock())
        async with (
            await connect(house.database_url, "test") as conn,
            await connect(house.database_url, "ears", autocommit=True) as ears,
            pool(house.database_url, "rush", size=1) as store,
        ):
            await ready(conn, rush)
            await bus.subscribe(ears, [Channel.READINGS, Channel.ALERTS])
            claimed = await evaluation.claim_these(conn, [bed.stay_id])
            assert [row.stay_id for row in claimed] == [bed.stay_id]
            await measure(house, bed, VitalKind.SPO2, 70)
            rush.hear(await heard(ears))
            working = asyncio.create_task(rush.work(store))
            async with asyncio.timeout(20):
                while not rush.refused:
                    await asyncio.sleep(0.005)
            await conn.commit()
            await until_raised(ears, bed.stay_id)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    asyncio.run(story())
