"""What cannot wait: a reading that is announced and reaches further beyond a limit is evaluated without a pass."""

import asyncio
import os
import subprocess
import sys
from datetime import datetime, timedelta

import psutil
import pytest

from alerting.apply import settle
from alerting.due import evaluate_due
from alerting.observed import Quiet
from alerting.rush import Rush, ring
from tests.fix_api import House, measure
from ward.alerts import Condition, Finding, Priority
from ward.clock import SystemClock
from ward.people import StayId
from ward.plans import Side, template
from ward.store import alerts, bus, evaluation
from ward.store.bus import Channel, Hint
from ward.store.pool import Connection, connect, pool
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration
LOW = (VitalKind.SPO2, Side.LOW)


async def ready(conn: Connection, rush: Rush) -> None:
    """Put every stay on the list, and let the rush learn their limits."""
    await evaluation.enrol(conn, SystemClock().now())
    await rush.learn_some(conn, StayId(0))
    await conn.commit()


async def heard(conn: Connection) -> Hint:
    """Return the next announcement."""
    found = [Hint(Channel(note.channel), note.payload) async for note in conn.notifies(timeout=60, stop_after=1)]
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


async def stopped(working: asyncio.Task[None]) -> None:
    """Let what is being done come to its end, then stop."""
    await asyncio.sleep(0)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


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
            began = SystemClock().now()
            await bus.subscribe(ears, [Channel.READINGS])
            await measure(house, bed, VitalKind.SPO2, 70)
            hint = await heard(ears)
            await ears.execute(f"unlisten {Channel.READINGS.value}".encode())
            await bus.subscribe(ears, [Channel.ALERTS])
            working = asyncio.create_task(rush.work(store))
            rush.hear(hint)
            opened_at = await until_raised(ears, bed.stay_id)
            await stopped(working)

        assert began <= opened_at <= SystemClock().now()

    asyncio.run(story())


def test_stay_that_a_pass_has_in_its_hands_rings_all_the_same(house: House) -> None:
    """A pass that takes long holds the stay; what cannot wait does not wait for it."""

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
            held = await evaluation.claim(conn, SystemClock().now(), 100)
            assert bed.stay_id in {row.stay_id for row in held}
            await measure(house, bed, VitalKind.SPO2, 70)
            rush.hear(await heard(ears))
            working = asyncio.create_task(rush.work(store))
            await until_raised(ears, bed.stay_id)
            await stopped(working)

    asyncio.run(story())


def test_pass_after_the_rush_agrees_and_rings_no_second_time(house: House) -> None:
    """The pass that follows finds the same: one alert, one line of its life, one ring."""

    async def story() -> tuple[int, list[tuple[object, ...]]]:
        bed = house.ward.beds[0]
        async with await connect(house.database_url, "test") as conn:
            await evaluation.enrol(conn, SystemClock().now())
            await evaluate_due(conn, SystemClock().now())
            await conn.commit()
            await measure(house, bed, VitalKind.SPO2, 70)
            rang = await ring(conn, {bed.stay_id: {LOW}}, {bed.stay_id: template()}, SystemClock().now())
            await conn.commit()
            await evaluate_due(conn, SystemClock().now())
            await conn.commit()
            rows = await conn.execute(
                "select a.rev, (select count(*) from alert_event e where e.alert_id = a.alert_id),"
                " (select max(ring) from escalation_step s where s.alert_id = a.alert_id)"
                " from alert a where stay_id = %s and rule = 'limit.spo2.low'",
                (bed.stay_id,),
            )
            return rang, await rows.fetchall()

    assert asyncio.run(story()) == (1, [(1, 1, 1)])


def test_pass_that_began_before_the_reading_does_not_undo_what_rang(house: House) -> None:
    """What was found by older readings says nothing of an alert that has changed since; its stay is looked at again."""

    async def story() -> tuple[set[StayId], list[str]]:
        bed = house.ward.beds[0]
        async with await connect(house.database_url, "test") as conn:
            await measure(house, bed, VitalKind.SPO2, 70)
            now = SystemClock().now()
            await ring(conn, {bed.stay_id: {LOW}}, {bed.stay_id: template()}, now)
            await conn.commit()
            (before,) = await alerts.in_force(conn, [bed.stay_id])
            cleared = await settle(conn, [before], [Quiet(stay_id=bed.stay_id, rule=before.rule)], now)
            await conn.commit()
            assert [alert.condition for alert in cleared.changed] == [Condition.CLEARING]
            back = await ring(conn, {bed.stay_id: {LOW}}, {bed.stay_id: template()}, now)
            await conn.commit()
            assert back == 1
            late = await settle(conn, [before], [Quiet(stay_id=bed.stay_id, rule=before.rule)], now)
            await conn.commit()
            known = await alerts.in_force(conn, [bed.stay_id])
            just_before = now - timedelta(milliseconds=10)
            early = await settle(conn, known, [Quiet(stay_id=bed.stay_id, rule=before.rule)], just_before)
            await conn.commit()
            found = await alerts.in_force(conn, [bed.stay_id])
        assert early.overtaken == late.overtaken
        return set(late.overtaken), [alert.condition.value for alert in found]

    overtaken, conditions = asyncio.run(story())

    assert overtaken == {house.ward.beds[0].stay_id}
    assert conditions == ["present"]


def test_pass_that_began_before_the_reading_does_not_make_less_of_it(house: House) -> None:
    """A pass that looked a moment before it got worse cannot know that it is milder: its stay is looked at again."""

    async def story() -> tuple[set[StayId], list[int], int]:
        bed = house.ward.beds[0]
        async with await connect(house.database_url, "test") as conn:
            await measure(house, bed, VitalKind.SPO2, 70)
            now = SystemClock().now()
            await ring(conn, {bed.stay_id: {LOW}}, {bed.stay_id: template()}, now)
            await conn.commit()
            known = await alerts.in_force(conn, [bed.stay_id])
            milder = Finding(
                stay_id=bed.stay_id,
                rule=known[0].rule,
                family=known[0].family,
                priority=Priority.MEDIUM,
                began_at=known[0].began_at,
                due_at=known[0].began_at,
                evidence=known[0].evidence,
            )
            early = await settle(conn, known, [milder], now - timedelta(milliseconds=10))
            found = await alerts.in_force(conn, [bed.stay_id])
            later = await settle(conn, known, [milder], now)
            await conn.commit()
        return set(early.overtaken), [alert.priority.value for alert in found], len(later.changed)

    assert asyncio.run(story()) == ({house.ward.beds[0].stay_id}, [3], 1)


# At the commit all who announce something stand in a queue: nobody may be impatient there.
_QUEUE = """
create function in_queue() returns trigger language plpgsql as $$ begin
    if current_setting('lock_timeout') <> '0' then raise lock_not_available; end if; return null;
end $$;
create constraint trigger in_queue after insert on alert deferrable initially deferred
    for each row execute function in_queue();
"""


def test_alert_that_has_to_queue_for_its_commit_is_not_given_up(house: House) -> None:
    """The short patience is for rows that a pass holds; at the commit the rush waits its turn."""

    async def story() -> int:
        bed = house.ward.beds[0]
        rush = Rush(SystemClock())
        async with (
            await connect(house.database_url, "test") as conn,
            pool(house.database_url, "rush", size=1) as store,
        ):
            await conn.execute(_QUEUE.encode())
            await ready(conn, rush)
            await measure(house, bed, VitalKind.SPO2, 70)
            await rush.ring({bed.stay_id: {LOW}}, store)
        return rush.rang

    assert asyncio.run(story()) == 1


def test_alert_rings_though_the_store_refuses_to_say_whom_to_tell(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong with a schedule, in the store itself, holds no alert up: its team is told."""

    async def broken(conn: Connection, *_: object) -> None:
        await (await conn.execute("select 1 / 0")).fetchone()

    async def story() -> list[tuple[object, ...]]:
        monkeypatch.setattr("alerting.telling.duty.chain", broken)
        bed = house.ward.beds[0]
        rush = Rush(SystemClock())
        async with (
            await connect(house.database_url, "test") as conn,
            await connect(house.database_url, "ears", autocommit=True) as ears,
            pool(house.database_url, "rush", size=1) as store,
        ):
            await ready(conn, rush)
            await bus.subscribe(ears, [Channel.READINGS, Channel.ALERTS])
            await measure(house, bed, VitalKind.SPO2, 70)
            rush.hear(await heard(ears))
            working = asyncio.create_task(rush.work(store))
            await until_raised(ears, bed.stay_id)
            await stopped(working)
            rows = await conn.execute("select contacts -> 0 ->> 'why', state from escalation_step order by step")
            return await rows.fetchall()

    assert asyncio.run(story()) == [("team", "skipped"), ("team", "pending")]


# Starts the process beside the passes and is killed before that has come so far as to ask for its parent's end.
_KILLED = """
import os, signal
from alerting.beside import Rushing
from ward.settings import Settings
print(Rushing(Settings(database_url="postgresql://nobody@127.0.0.1:1/none")).child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_process_whose_parent_was_killed_while_it_started_ends_too() -> None:
    """However early alerting is killed, nothing of it is left: two that ring at once would be one too many."""
    told = subprocess.run([sys.executable, "-c", _KILLED], capture_output=True, check=False, timeout=60)
    try:
        psutil.Process(int(told.stdout)).wait(60)
    except psutil.NoSuchProcess:
        return


_GIVES_WAY = """
import asyncio, os
from alerting.beside import Rushing
from ward.settings import Settings

async def main():
    rushing = Rushing(Settings(database_url="postgresql://nobody@127.0.0.1:1/none"))
    os.nice(7)
    keeping = asyncio.create_task(rushing.keep())
    first = rushing.child
    print("nice", os.getpriority(os.PRIO_PROCESS, first.pid), flush=True)
    first.kill()
    while rushing.child is first:
        await asyncio.sleep(0.01)
    for pid in (rushing.child.pid, 0):
        print("nice", os.getpriority(os.PRIO_PROCESS, pid), flush=True)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)

asyncio.run(main())
"""


def test_process_that_is_started_again_does_not_give_way_either() -> None:
    """Passes give way to others; what rings at once never does, not even after it was killed."""
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    told = subprocess.run([sys.executable, "-c", _GIVES_WAY], capture_output=True, text=True, check=True, timeout=60)
    lines = [line.split() for line in told.stdout.splitlines()]

    assert [int(line[1]) for line in lines if line[:1] == ["nice"]] == [usual, usual, usual + 7]
