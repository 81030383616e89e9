"""What one ring of an alert leaves to the next: where it begins, and that nothing of before goes on beside it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from alerting import apply
from alerting.events import Acknowledge
from tests.delivery_scene import NOON, Scene, a_finding, add_doctor, scene
from tests.fix_ward import Ward, admit
from ward.alerts import Alert, Family, Priority
from ward.store.pool import connect

pytestmark = pytest.mark.integration
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ward(database_url: str) -> Ward:
    """A ward whose patients were admitted before the scene's own time, whatever the calendar says."""
    return asyncio.run(admit(database_url, 3, NOON))


async def _press(here: Scene, number: int) -> Alert:
    """Let the first patient press the help button, on the screen of a team that listens."""
    await here.listen()
    async with await connect(here.ward.database_url, "test") as conn:
        called = a_finding(here.ward.beds[0], Priority.HIGH, "help_button", Family.REQUEST, here.clock.now())
        pressed = replace(called.evidence, params={"occurred_at": str(number)})
        alert = await apply.raise_or_update(conn, replace(called, evidence=pressed), here.clock.now())
    assert alert is not None
    return alert


async def _answer(here: Scene, alert: Alert) -> None:
    """Let a nurse see the alert."""
    async with await connect(here.ward.database_url, "test") as conn:
        seen = Acknowledge(by=here.ward.nurse_id, rev=alert.rev)
        await apply.apply_event(conn, alert.alert_id, seen, here.clock.now())


async def _levels(here: Scene, ring: int) -> list[tuple[int, str]]:
    found = await here.rows("select level, state from escalation_step where ring = %(ring)s order by step", ring=ring)
    return [(row["level"], row["state"]) for row in found]


def test_h05_what_had_been_answered_and_is_there_again_begins_with_the_first(ward: Ward) -> None:
    """Who pressed, was seen and presses again is told to those who are nearest, and not to the level of before."""

    async def run() -> None:
        await add_doctor(ward)
        async with scene(ward) as here:
            alert = await _press(here, 1)
            await here.until(NOON + MINUTE / 2, MINUTE / 4)
            await _answer(here, alert)
            before = await _levels(here, 1)
            await _press(here, 2)

            assert before == [(1, "fired"), (2, "fired"), (3, "cancelled")]
            assert await _levels(here, 2) == [(1, "fired"), (2, "pending"), (3, "pending")]

    asyncio.run(run())


def test_h23_ring_takes_back_what_was_to_come_of_the_one_before(ward: Ward) -> None:
    """Pressed again while it rings, nobody is told twice: only the newest ring has steps and messages to come."""

    async def run() -> None:
        await add_doctor(ward)
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, "+46701740605")
            await _press(here, 1)
            here.clock.advance(MINUTE / 2)
            await _press(here, 2)
            steps = await here.rows("select distinct ring from escalation_step where state = 'pending'")
            waiting = [row["ring"] for row in await here.outbox() if row["state"] == "queued"]

            assert [row["ring"] for row in steps] == [2]
            assert set(waiting) == {2}
            assert await _levels(here, 1) == [(1, "fired"), (2, "cancelled"), (3, "cancelled")]

    asyncio.run(run())


def test_step_of_what_does_not_ring_tells_nobody(ward: Ward) -> None:
    """A step that is left of an alert somebody has seen is taken back when it is due, with its reason."""

    async def run() -> None:
        await add_doctor(ward)
        async with scene(ward) as here:
            await _answer(here, await _press(here, 1))
            left = "update escalation_step set state = 'pending', done_at = null, reason = null where level = 2"
            async with await connect(ward.database_url, "test") as conn:
                await conn.execute(left)
            told = len(await here.outbox())
            await here.until(NOON + 3 * MINUTE, MINUTE)
            steps = await here.rows("select state, reason from escalation_step where level = 2")

            assert [(row["state"], row["reason"]) for row in steps] == [("cancelled", "not_ringing")]
            assert len(await here.outbox()) == told

    asyncio.run(run())
