"""Delivery on a real store: every notification ends sent, failed with its reason, or cancelled; none is lost."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from alerting import deliver
from alerting.apply import Acknowledge, Resolve, apply_event
from alerting.deliver import URGENT, send_due
from alerting.letters import MOST_ATTEMPTS, Fate, Letter, Message, Refused
from tests.delivery_scene import NOON, Scene, add_doctor, scene
from tests.fix_ward import Ward
from ward.alerts import Alert, Outcome, Priority
from ward.people import StayId
from ward.store import contact_channels
from ward.store.pool import Connection, connect
from ward.vitals import Mode

pytestmark = pytest.mark.integration
SECOND = timedelta(seconds=1)
NUMBER = "+46701740605"


async def webhook(here: Scene, number: int = 0) -> int:
    """Let another system follow the ward's team."""
    async with await connect(here.ward.database_url, "test") as conn:
        return await contact_channels.add(
            conn, kind="webhook", address=f"https://other.example/hook/{number}", now=NOON, team_id=here.ward.team_id
        )


async def _acknowledge(here: Scene, alert: Alert) -> None:
    async with await connect(here.ward.database_url, "test") as conn:
        event = Acknowledge(by=here.ward.nurse_id, rev=alert.rev)
        await apply_event(conn, alert.alert_id, event, here.clock.now())


def test_notification_carries_nothing_personal(ward: Ward) -> None:
    """What is sent says the priority, the team and where to log in, and nothing of the patient or of the rule."""

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            alert = await here.alarm(ward.beds[0])
            await here.pass_()
            letter = here.sms.letters[0]

            link = f"https://board.example/?alert={alert.alert_id}"
            assert letter.title == "Larm hög – logga in"
            assert letter.text == f"Larm hög – logga in. Testteamet. {link}"

    asyncio.run(run())


def test_h04_failed_delivery_goes_to_the_next_at_once_and_is_tried_again(ward: Ward) -> None:
    """A telephone that does not answer counts as not told: the doctor is, long before the time; it is tried again."""

    async def run() -> None:
        doctor = await add_doctor(ward)
        async with scene(ward) as here:
            here.sms.dead.add(NUMBER)
            await here.telephone(ward.nurse_id, NUMBER)
            await here.telephone(doctor, "+46701740606")
            await here.listen()
            await here.alarm(ward.beds[0])
            await here.pass_()
            failed = (await here.outbox("sms"))[0]
            await here.until(NOON + 32 * SECOND, SECOND)
            first = (await here.outbox("sms"))[0]

            assert (failed["state"], failed["reason"], failed["due_at"]) == ("failed", "no answer", NOON + 5 * SECOND)
            assert (first["attempts"], first["due_at"]) == (3, NOON + 35 * SECOND)
            assert [row["state"] for row in await here.outbox("sms") if row["staff_id"] == doctor] == ["sent"]

    asyncio.run(run())


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


def test_h04_person_without_any_way_is_recorded_and_passed_by(ward: Ward) -> None:
    """Somebody whose ways have all been taken away is a failed notification, and the next level is told at once."""

    async def run() -> None:
        await add_doctor(ward)
        async with scene(ward) as here:
            channel_id = await here.telephone(ward.nurse_id, NUMBER)
            async with await connect(ward.database_url, "test") as conn:
                assert await contact_channels.remove(conn, channel_id, staff_id=ward.nurse_id)
            await here.alarm(ward.beds[0])
            await here.pass_()

            nobody = (await here.outbox("none"))[0]
            assert (nobody["state"], nobody["reason"], nobody["staff_id"]) == ("failed", "no_channel", ward.nurse_id)
            assert [state for _, _, state, _ in await here.steps()][:2] == ["skipped", "fired"]

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


def test_h04_address_that_is_gone_is_not_used_again(ward: Ward) -> None:
    """When a provider says that an address is gone for ever, it is marked and the next alert takes another way."""

    async def run() -> None:
        async with scene(ward) as here:
            here.sms.fates = [Refused(reason="HTTP 410", gone=True)]
            await here.telephone(ward.nurse_id, NUMBER)
            await here.alarm(ward.beds[0])
            await here.pass_()
            await here.alarm(ward.beds[1])
            await here.pass_()

            assert [letter.to for letter in here.sms.letters] == [NUMBER]
            broken = (await here.rows("select broken_reason from contact_channel"))[0]
            assert broken["broken_reason"] == "HTTP 410"
            assert {row["stay_id"] for row in await here.outbox("none")} >= {ward.beds[1].stay_id}

    asyncio.run(run())


def test_way_that_never_works_is_given_up_with_its_reason(ward: Ward) -> None:
    """A notification that fails every time is tried a bounded number of times, and stays as failed."""

    async def run() -> None:
        async with scene(ward) as here:
            await webhook(here)
            here.webhook.fates = [Refused(reason="HTTP 500")] * 1000
            alert = await here.alarm(ward.beds[0], Priority.MEDIUM)
            await here.until(NOON + timedelta(minutes=9), 10 * SECOND)
            async with await connect(ward.database_url, "test") as conn:
                await conn.execute(
                    "update escalation_step set state = 'cancelled', done_at = now() where state = 'pending'"
                )
            await here.until(NOON + timedelta(minutes=60), 30 * SECOND)

            ends = [(row["state"], row["attempts"], row["due_at"]) for row in await here.outbox("webhook")]
            assert alert.alert_id == 1
            assert ends[0] == ("failed", MOST_ATTEMPTS, None)

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


def test_acknowledgement_cancels_what_has_not_been_sent(ward: Ward) -> None:
    """What waits when somebody acknowledges is cancelled, and what that person was sent is marked as seen."""

    async def run() -> None:
        doctor = await add_doctor(ward)
        async with scene(ward) as here:
            here.sms.fates = [Refused(reason="no answer")]
            await here.telephone(ward.nurse_id, NUMBER)
            await here.telephone(doctor, "+46701740606")
            await here.listen()
            alert = await here.alarm(ward.beds[0])
            await here.pass_()
            await _acknowledge(here, alert)
            here.clock.advance(timedelta(hours=1))
            await here.pass_()

            assert len(here.sms.letters) == 1
            assert [row["state"] for row in await here.outbox()] == ["seen", "cancelled"]
            assert "pending" not in [state for _, _, state, _ in await here.steps()]

    asyncio.run(run())


def test_h28_test_data_never_reaches_a_real_way(ward: Ward) -> None:
    """An alert of a test stay goes to the board and the console, whatever ways the people have."""

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            await here.telephone(ward.nurse_id, "+46701740607", Mode.DEMO)
            await webhook(here)
            await here.mode(Mode.TEST)
            await here.alarm(ward.beds[0])
            await here.pass_()

            assert {row["channel"] for row in await here.outbox()} == {"board", "console"}
            assert here.sms.letters == []
            assert here.webhook.letters == []
            assert here.console.letters != []

    asyncio.run(run())


def test_h28_demo_reaches_only_what_is_marked_as_the_demo_s(ward: Ward) -> None:
    """An alert of a demo stay uses a way that is marked for it, and no real one."""

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            await here.telephone(ward.nurse_id, "+46701740607", Mode.DEMO)
            await here.mode(Mode.DEMO)
            await here.alarm(ward.beds[0])
            await here.pass_()

            assert {letter.to for letter in here.sms.letters} == {"+46701740607"}

    asyncio.run(run())


class Killed(BaseException):
    """The process dies here."""


def test_h21_worker_killed_after_sending_sends_again_under_the_same_id(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies between sending and recording leaves the notification to be sent once more, recognisably."""

    async def dies(_conn: Connection, _message: Message, _fate: Fate, _now: object) -> None:
        raise Killed

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            await here.listen()
            await here.alarm(ward.beds[0])
            with monkeypatch.context() as patch:
                patch.setattr(deliver, "record", dies)
                with pytest.raises(Killed):
                    await send_due(here.courier, URGENT)
            leased = await send_due(here.courier, URGENT)
            here.clock.advance(deliver.LEASE)
            await send_due(here.courier, URGENT)

            assert leased.sent == 0
            assert len({letter.letter_id for letter in here.sms.letters}) == 1
            assert len(here.sms.letters) == 2
            assert [row["state"] for row in await here.outbox("sms")] == ["sent"]

    asyncio.run(run())


def test_h21_worker_killed_before_sending_loses_nothing(ward: Ward) -> None:
    """A worker that dies with a notification in its hands leaves it to the next."""

    def dies(_letter: Letter) -> Fate:
        raise Killed

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            await here.listen()
            await here.alarm(ward.beds[0])
            with pytest.raises(Killed):
                await send_due(replace(here.courier, senders={"sms": dies}), URGENT)
            here.clock.advance(deliver.LEASE)
            await send_due(here.courier, URGENT)

            assert [letter.to for letter in here.sms.letters] == [NUMBER]

    asyncio.run(run())


def test_h21_alert_and_its_notifications_are_written_together(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies while it writes the notifications has raised no alert either; the next one does both."""

    async def dies(*_: object) -> None:
        raise Killed

    async def run() -> None:
        async with scene(ward) as here:
            with monkeypatch.context() as patch:
                patch.setattr("alerting.telling.outbox.queue", dies)
                with pytest.raises(Killed):
                    await here.alarm(ward.beds[0])
            half = await here.rows("select count(*) from alert union all select count(*) from escalation_step")
            await here.alarm(ward.beds[0])

            assert [row["count"] for row in half] == [0, 0]
            assert [row["channel"] for row in await here.outbox("board")] == ["board"]

    asyncio.run(run())


def test_h21_step_whose_worker_dies_is_taken_by_another(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that dies while it takes a step has done nothing: the step and all its notifications come once."""

    async def dies(*_: object) -> None:
        raise Killed

    async def run() -> None:
        await add_doctor(ward)
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            await here.alarm(ward.beds[0])
            with monkeypatch.context() as patch:
                patch.setattr("alerting.telling.outbox.queue", dies)
                with pytest.raises(Killed):
                    await deliver.take_steps(here.courier.store, here.clock)
            between = await here.steps()
            await here.pass_()

            assert [state for _, _, state, _ in between][:2] == ["skipped", "pending"]
            assert [row["step"] for row in await here.outbox("board")] == [1, 2]
            assert [letter.to for letter in here.sms.letters] == [NUMBER]

    asyncio.run(run())


def test_closed_alert_tells_nobody_further(ward: Ward) -> None:
    """After an alert is closed no step and no notification of it is left to come."""

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            await here.listen()
            alert = await here.alarm(ward.beds[0])
            async with await connect(ward.database_url, "test") as conn:
                event = Resolve(by=ward.nurse_id, rev=alert.rev, outcome=Outcome.FALSE_ALARM)
                await apply_event(conn, alert.alert_id, event, NOON)
            await here.until(NOON + timedelta(minutes=30), timedelta(minutes=1))

            assert here.sms.letters == []
            assert StayId(ward.beds[0].stay_id) in {row["stay_id"] for row in await here.outbox()}

    asyncio.run(run())
