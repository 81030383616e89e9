"""What the rows of delivery say after each turn, on a real store: sent once, in order, and as people want it."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerting import deliver, telling
from alerting.apply import Acknowledge, apply_event
from alerting.channels import webhook as webhooks
from alerting.deliver import ORDINARY, URGENT, send_due
from alerting.letters import TIMEOUT_S, Fate, Letter, Refused, Sent
from tests.delivery_scene import scene
from tests.fix_ward import Ward
from tests.integration.test_delivery import NUMBER, SECOND, webhook
from ward.alerts import Alert, Priority
from ward.store import outbox
from ward.store.escalations import FrozenStep
from ward.store.pool import Connection, connect

pytestmark = pytest.mark.integration


def test_what_was_sent_is_not_sent_again(ward: Ward) -> None:
    """When a lease would have run out, what was recorded as sent stays where it is."""

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            await here.alarm(ward.beds[0])
            await here.alarm(ward.beds[1], Priority.MEDIUM)
            here.clock.advance(6 * SECOND)
            for _ in range(3):
                await send_due(here.courier, URGENT)
                await send_due(here.courier, ORDINARY)
                here.clock.advance(2 * deliver.LEASE)

            assert [letter.priority for letter in here.sms.letters] == [Priority.HIGH, Priority.MEDIUM]
            assert [(row["state"], row["due_at"], row["attempts"]) for row in await here.outbox("sms")] == [
                ("sent", None, 1),
                ("sent", None, 1),
            ]

    asyncio.run(run())


def test_what_was_taken_back_while_it_was_out_stays_taken_back(ward: Ward) -> None:
    """Somebody acknowledges while a message is on its way: that it went out is kept, and nobody is waited for."""

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            alert = await here.alarm(ward.beds[0])
            loop = asyncio.get_running_loop()

            async def acknowledge() -> None:
                async with await connect(ward.database_url, "test") as conn:
                    event = Acknowledge(by=ward.nurse_id, rev=alert.rev)
                    await apply_event(conn, alert.alert_id, event, here.clock.now())

            def slow(_letter: Letter) -> Fate:
                asyncio.run_coroutine_threadsafe(acknowledge(), loop).result(30)
                return Sent()

            await send_due(replace(here.courier, senders={"sms": slow}), URGENT)

            [row] = await here.outbox("sms")
            assert (row["state"], row["sent_at"], row["due_at"]) == ("cancelled", here.clock.now(), None)

    asyncio.run(run())


def test_more_urgent_is_taken_first_however_long_the_rest_has_waited(ward: Ward) -> None:
    """With a backlog of what is of low priority, medium comes before it, though it came last."""

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            await here.listen()
            await here.alarms([f"rule.{number}" for number in range(3)], Priority.LOW)
            here.clock.advance(6 * SECOND)
            await here.alarm(ward.beds[1], Priority.MEDIUM)
            here.clock.advance(20 * SECOND)
            async with await connect(ward.database_url, "test") as conn:
                now, lane = here.clock.now(), [each.value for each in ORDINARY]
                rows = [await outbox.claim(conn, now, deliver.LEASE, 1, lane) for _ in range(5)]

            assert [each.priority for row in rows for each in row] == [2, 2, 1, 1, 1]

    asyncio.run(run())


def test_lease_outlasts_a_message_that_is_out() -> None:
    """Nobody else sends what a worker still waits for: a way's own time, then the worker's, then the lease."""
    assert timedelta(seconds=TIMEOUT_S + webhooks.CONNECT_S) < timedelta(seconds=deliver.HANGS_S) < deliver.LEASE


def test_h04_what_waits_for_an_address_that_is_gone_is_not_sent_to_it(ward: Ward) -> None:
    """Of two alerts of one way the first finds it gone: it says so for good, and the second counts as not told."""

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            await here.listen()
            await here.alarm(ward.beds[0])
            await here.alarm(ward.beds[1], Priority.MEDIUM)
            here.sms.fates = [Refused(reason="HTTP 410", gone=True)]
            here.clock.advance(6 * SECOND)
            for _ in range(3):
                await send_due(here.courier, URGENT)
                await send_due(here.courier, ORDINARY)
                here.clock.advance(deliver.LEASE)

            assert len(here.sms.letters) == 1
            assert [(row["state"], row["reason"], row["due_at"]) for row in await here.outbox("sms")] == [
                ("failed", "HTTP 410", None),
                ("failed", "no_channel", None),
            ]

    asyncio.run(run())


def test_h23_what_a_provider_cannot_bear_waits_without_being_tried(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of six messages three go out this minute; that the others had to wait is none of their ten attempts."""
    monkeypatch.setattr(deliver, "PER_MINUTE", {"webhook": 3})

    async def run() -> None:
        async with scene(ward) as here:
            for number in range(6):
                await webhook(here, number)
            await here.listen()
            await here.alarm(ward.beds[0], Priority.MEDIUM)
            here.clock.advance(6 * SECOND)
            first = await send_due(here.courier, ORDINARY)
            waiting = [row for row in await here.outbox("webhook") if row["state"] == "queued"]
            for _ in range(12):
                here.clock.advance(10 * SECOND)
                await send_due(here.courier, ORDINARY)

            assert (first.sent, first.paced) == (3, 3)
            assert [row["attempts"] for row in waiting] == [0, 0, 0]
            assert [(row["state"], row["attempts"]) for row in await here.outbox("webhook")] == [("sent", 1)] * 6

    asyncio.run(run())


def test_h05_step_that_cannot_be_taken_stops_no_other(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong with one alert's step, the others' come; it is tried again after ten seconds."""
    fire = telling.fire

    async def run() -> None:
        async with scene(ward) as here:
            await here.listen()
            broken, whole = await here.alarm(ward.beds[0]), await here.alarm(ward.beds[1])

            async def fires(conn: Connection, alert: Alert, step: FrozenStep, now: datetime) -> None:
                if alert.alert_id == broken.alert_id:
                    raise KeyError("contacts")
                await fire(conn, alert, step, now)

            here.clock.advance(timedelta(minutes=10))
            with monkeypatch.context() as patch:
                patch.setattr(telling, "fire", fires)
                await deliver.take_steps(here.courier.store, here.clock)
            due = await here.rows(
                "select alert_id, min(due_at) from escalation_step where state = 'pending' group by 1"
            )
            assert {row["alert_id"]: row["min"] for row in due}[broken.alert_id] == here.clock.now() + 10 * SECOND
            told = await here.rows("select distinct alert_id from outbox where step > 1")
            assert [row["alert_id"] for row in told] == [whole.alert_id]

    asyncio.run(run())


def test_step_of_an_alert_that_no_longer_rings_tells_nobody(ward: Ward) -> None:
    """A step that is left over is taken back by whoever comes upon it."""

    async def run() -> None:
        async with scene(ward) as here:
            alert = await here.alarm(ward.beds[0])
            async with await connect(ward.database_url, "test") as conn:
                event = Acknowledge(by=ward.nurse_id, rev=alert.rev)
                await apply_event(conn, alert.alert_id, event, here.clock.now())
                await conn.execute(
                    "update escalation_step set state = 'pending', done_at = null where state <> 'fired'"
                )
            before = len(await here.outbox())
            here.clock.advance(timedelta(minutes=10))
            await deliver.take_steps(here.courier.store, here.clock)

            assert len(await here.outbox()) == before
            assert "pending" not in [state for _, _, state, _ in await here.steps()]

    asyncio.run(run())
