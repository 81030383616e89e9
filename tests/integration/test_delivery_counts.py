"""Who counts as told, on a real store: not who has left, nor a dead telephone, nor what a wrong clock put off."""

import asyncio
from datetime import timedelta

import pytest

from alerting.letters import MOST_ATTEMPTS, Refused
from tests.delivery_scene import NOON, Scene, add_doctor, scene
from tests.fix_ward import Ward
from tests.integration.test_delivery import NUMBER, SECOND, webhook
from ward.alerts import Priority
from ward.store.pool import connect

pytestmark = pytest.mark.integration


def test_h04_telephone_that_fails_after_its_step_was_skipped_goes_to_the_next_at_once(ward: Ward) -> None:
    """No screen listens and the only telephone is dead: the doctor is told at once, not after the usual minutes.

    The second step passes by the telephone, which the first has used just before, so nothing of it can fail any more.
    """

    async def run() -> None:
        doctor = await add_doctor(ward)
        async with scene(ward) as here:
            here.sms.dead.add(NUMBER)
            await here.telephone(ward.nurse_id, NUMBER)
            await here.telephone(doctor, "+46701740606")
            await here.alarm(ward.beds[0], Priority.MEDIUM)
            await here.until(NOON + 30 * SECOND, SECOND)

            assert [letter.to for letter in here.sms.letters if letter.to != NUMBER] == ["+46701740606"]

    asyncio.run(run())


@pytest.mark.parametrize("left_at", ["before it was sent", "before the step"])
def test_h04_person_who_has_left_is_not_told_and_counts_as_nobody(ward: Ward, left_at: str) -> None:
    """Who cannot log in any more is sent nothing, and the next level is told instead of waiting for them."""

    async def leave(here: Scene) -> None:
        async with await connect(ward.database_url, "test") as conn:
            await conn.execute(
                "update staff set disabled_at = %s where staff_id = %s", (here.clock.now(), ward.nurse_id)
            )

    async def run() -> None:
        doctor = await add_doctor(ward)
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            await here.telephone(doctor, "+46701740606")
            await here.listen(doctor)
            if left_at == "before it was sent":
                await here.alarm(ward.beds[0])
                await leave(here)
            else:
                await here.alarm(ward.beds[0])
                await here.pass_()
                await leave(here)
                here.sms.letters.clear()
            await here.until(NOON + timedelta(minutes=2, seconds=10), 10 * SECOND)

            assert {letter.to for letter in here.sms.letters} == {"+46701740606"}

    asyncio.run(run())


def test_h04_what_joins_a_group_at_its_last_attempt_is_not_given_up_with_it(ward: Ward) -> None:
    """A provider that was away for long gives up the first alert; one that came a moment ago is tried again."""

    async def run() -> None:
        async with scene(ward) as here:
            await webhook(here)
            here.webhook.fates = [Refused(reason="HTTP 500")]
            old = await here.alarm(ward.beds[0], Priority.MEDIUM)
            new = await here.alarm(ward.beds[1], Priority.MEDIUM)
            async with await connect(ward.database_url, "test") as conn:
                await conn.execute(
                    "update outbox set attempts = %s where channel = 'webhook' and alert_id = %s",
                    (MOST_ATTEMPTS - 1, old.alert_id),
                )
            here.clock.advance(timedelta(seconds=6))
            await here.pass_()
            failed = {row["alert_id"]: row["due_at"] for row in await here.outbox("webhook")}
            here.clock.advance(timedelta(seconds=6))
            await here.pass_()
            told = {row["alert_id"]: row["state"] for row in await here.outbox("webhook")}

            assert len(here.webhook.letters[0].alert_ids) == 2
            assert failed[old.alert_id] is None
            assert failed[new.alert_id] is not None
            assert told == {old.alert_id: "failed", new.alert_id: "sent"}

    asyncio.run(run())


def test_h08_what_a_fast_clock_put_off_is_due_when_the_clock_is_right(ward: Ward) -> None:
    """A clock that was a day ahead is put right: steps and notifications do not wait for tomorrow."""

    async def run() -> None:
        doctor = await add_doctor(ward)
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            await here.telephone(doctor, "+46701740606")
            here.clock.advance(timedelta(days=1))
            await here.alarm(ward.beds[0])
            here.clock.set(NOON)
            await here.pass_()
            await here.pass_()

            assert {letter.to for letter in here.sms.letters} == {NUMBER, "+46701740606"}

    asyncio.run(run())
