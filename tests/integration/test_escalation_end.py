"""The end of an escalation, which comes again and again: to somebody, or it goes back to all."""

import asyncio
from datetime import timedelta

import pytest

from alerting import apply
from alerting.events import Escalate
from tests.delivery_scene import NOON, Scene, add_doctor, scene
from tests.fix_ward import Ward, admit
from tests.integration.test_delivery import SECOND, webhook
from ward.store.pool import connect

pytestmark = pytest.mark.integration
MINUTE = timedelta(minutes=1)
NURSE, DOCTOR = "+46701740605", "+46701740606"


@pytest.fixture
def ward(database_url: str) -> Ward:
    """A ward whose patients were admitted before the scene's own time, whatever the calendar says."""
    return asyncio.run(admit(database_url, 3, NOON))


async def _rang(here: Scene, until_min: float) -> list[tuple[str, int]]:
    """Let an urgent alert ring unanswered, and return who was sent how many messages by then."""
    await here.alarm(here.ward.beds[0])
    await here.until(NOON + until_min * MINUTE)
    sent = [letter.to for letter in here.sms.letters if letter.to not in here.sms.dead]
    return [(to, sent.count(to)) for to in sorted(set(sent))]


def test_h05_end_that_nobody_can_be_reached_by_tells_everybody_once_more(ward: Ward) -> None:
    """A doctor without any way ends no escalation: whoever was told before is told each time that it comes again."""

    async def run() -> None:
        await add_doctor(ward)
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NURSE)

            assert await _rang(here, 10.1) == [(NURSE, 3)]

    asyncio.run(run())


def test_h05_end_that_a_system_alone_hears_of_has_reached_nobody(ward: Ward) -> None:
    """Another system that follows the team keeps nobody from being told, nor does that they were told a moment ago."""

    async def run() -> None:
        await add_doctor(ward)
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NURSE)
            await webhook(here, 1)
            alert = await here.alarm(ward.beds[0])
            async with await connect(ward.database_url, "test") as conn:
                await apply.apply_event(conn, alert.alert_id, Escalate(by=ward.nurse_id, rev=alert.rev), NOON)
            await here.until(NOON + 20 * SECOND)
            early = [letter.to for letter in here.sms.letters]
            await here.until(NOON + 5.5 * MINUTE)

            assert early == [NURSE]
            assert [letter.to for letter in here.sms.letters] == [NURSE, NURSE]

    asyncio.run(run())


def test_h05_end_that_reached_nobody_the_last_time_tells_everybody_once_more(ward: Ward) -> None:
    """A doctor whose telephone takes nothing is not the only one to be called for ever."""

    async def run() -> None:
        doctor = await add_doctor(ward)
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NURSE)
            await here.telephone(doctor, DOCTOR)
            here.sms.dead.add(DOCTOR)

            assert await _rang(here, 5.1) == [(NURSE, 1)]
            await here.until(NOON + 10.1 * MINUTE)
            assert [letter.to for letter in here.sms.letters].count(NURSE) == 2

    asyncio.run(run())


def test_h05_end_that_reaches_somebody_is_theirs_alone(ward: Ward) -> None:
    """Where the doctor is reached it comes again to the doctor, and rings for nobody else."""

    async def run() -> None:
        doctor = await add_doctor(ward)
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NURSE)
            await here.telephone(doctor, DOCTOR)

            assert await _rang(here, 15.1) == [(NURSE, 1), (DOCTOR, 3)]

    asyncio.run(run())
