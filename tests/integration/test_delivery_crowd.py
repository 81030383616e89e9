"""Delivery when there is much of it: many become one message, and nothing holds up what is urgent."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from alerting import deliver
from alerting.deliver import AT_ONCE, OF_ONE_WAY, ORDINARY, PER_MINUTE, URGENT, Courier, send_due
from alerting.letters import HANGS, Fate, Letter, Refused, Sent
from tests.delivery_scene import NOON, Scene, scene
from tests.fix_ward import Ward, admit
from tests.integration.test_delivery import NUMBER, SECOND, webhook
from ward.alerts import Priority
from ward.store.pool import Connection, connect

pytestmark = pytest.mark.integration


def test_h23_many_patients_of_one_failure_are_one_message(database_url: str) -> None:
    """When 217 patients lose their data at once, a team's telephone rings once, and every notification is recorded."""

    async def run() -> None:
        ward = await admit(database_url, 2, NOON)
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            await here.listen()
            await here.alarms([f"nodata.{number}" for number in range(217)], Priority.MEDIUM)
            async with await connect(database_url, "test") as conn:
                await _spread(conn)
            here.clock.advance(6 * SECOND)
            await here.pass_()

            assert [letter.title for letter in here.sms.letters] == ["217 patienter: larm medel – logga in"]
            found = await here.rows(
                "select count(*), count(distinct group_id) as groups, bool_and(state = 'sent') as sent"
                " from outbox where channel = 'sms'"
            )
            assert (found[0]["count"], found[0]["groups"], found[0]["sent"]) == (217, 1, True)

    asyncio.run(run())


def test_h23_five_hundred_patients_by_several_ways_are_one_message_each(ward: Ward) -> None:
    """Three silent signals each of 500 patients, by five ways: five messages, however many rows that is."""

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            for number in range(4):
                await webhook(here, number)
            await here.listen()
            await here.alarms(["nodata.spo2"], Priority.MEDIUM)
            async with await connect(ward.database_url, "test") as conn:
                await _spread(conn)
                await conn.execute(_MANY)
            here.clock.advance(6 * SECOND)
            while (await send_due(here.courier, ORDINARY)).more:
                pass

            assert [letter.title for letter in here.sms.letters] == ["500 patienter: larm medel – logga in"]
            assert [letter.patients for letter in here.webhook.letters] == [500] * 4
            assert {row["state"] for row in await here.outbox() if row["channel"] != "board"} == {"sent"}

    asyncio.run(run())


# 499 more patients like the one there is, three alerts each.
_MANY = """
    insert into outbox (stay_id, alert_id, ring, step, priority, family, mode, team_id, staff_id, channel, channel_id,
        state, due_at, queued_at)
    select stay_id + patient, alert_id + signal, ring, step, priority, family, mode, team_id, staff_id, channel,
        channel_id, state, due_at, queued_at
    from outbox, generate_series(0, 499) patient, generate_series(0, 2) signal
    where channel <> 'board' and (patient, signal) <> (0, 0)
"""


def test_h23_failure_that_comes_over_a_minute_is_told_at_once_and_then_together(ward: Ward) -> None:
    """Signals fall due one by one: the first is told, then the rest of the minute together; nothing else waits."""

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            await here.listen()
            for number in range(10):
                await here.alarms([f"nodata.{number}"], Priority.MEDIUM)
                if number == 7:
                    await here.alarm(ward.beds[1], Priority.MEDIUM)
                    await here.alarm(ward.beds[2], Priority.HIGH)
                here.clock.advance(5 * SECOND)
                await here.pass_()
            within = [(each.priority, len(each.alert_ids)) for each in here.sms.letters]
            await here.until(here.clock.now() + 15 * SECOND)

            assert within == [(Priority.MEDIUM, 1), (Priority.HIGH, 1), (Priority.MEDIUM, 1)]
            assert [len(each.alert_ids) for each in here.sms.letters] == [1, 1, 1, 9]
            assert {(row["state"], row["attempts"]) for row in await here.outbox("sms")} == {("sent", 1)}

    asyncio.run(run())


def test_h23_slow_provider_is_not_given_the_same_failure_again_and_again(ward: Ward) -> None:
    """What comes while its like is still on its way waits for it, as after it was told."""
    receiver = _Hangs()

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            await here.listen()
            slow = replace(here.courier, senders={**here.courier.senders, "sms": receiver.send})
            for number in range(4):
                await here.alarms([f"nodata.{number}"], Priority.MEDIUM)
                here.clock.advance(5 * SECOND)
                await send_due(slow, ORDINARY, 0.01)
            while_out = len(receiver.begun)
            receiver.may_answer.set()
            await asyncio.wait(slow.out)
            for _ in range(14):
                here.clock.advance(5 * SECOND)
                await send_due(slow, ORDINARY)

            assert while_out == 1
            assert [len(each.alert_ids) for each in receiver.begun] == [1, 3]
            assert {(row["state"], row["attempts"]) for row in await here.outbox("sms")} == {("sent", 1)}

    asyncio.run(run())


async def _spread(conn: Connection) -> None:
    """Give each alert a stay of its own, as if 217 patients had been admitted."""
    await conn.execute("alter table outbox drop constraint outbox_stay_id_alert_id_ring_step_fkey")
    await conn.execute("update outbox set stay_id = 1000 + alert_id")


def test_h23_high_priority_passes_every_limit(ward: Ward) -> None:
    """A provider that has carried all that it may this minute still gets what is of high priority, each alone."""

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            await here.listen()
            await here.alarms([f"rule.{number}" for number in range(PER_MINUTE["sms"] + 5)], Priority.HIGH)
            await here.alarm(ward.beds[1], Priority.MEDIUM, rule="other")
            here.clock.advance(6 * SECOND)
            while (await send_due(here.courier, URGENT)).sent:
                pass
            held = await send_due(here.courier, ORDINARY)
            here.clock.advance(61 * SECOND)
            await send_due(here.courier, ORDINARY)

            assert len(here.sms.letters) == PER_MINUTE["sms"] + 5 + 1
            assert (held.sent, held.paced) == (0, 1)
            assert here.sms.letters[-1].priority is Priority.MEDIUM

    asyncio.run(run())


def test_urgent_notifications_do_not_wait_behind_others(ward: Ward) -> None:
    """The lane of high priority takes only what is of high priority, and takes it before anything else is due."""

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            await here.alarm(ward.beds[0], Priority.MEDIUM)
            await here.alarm(ward.beds[1], Priority.HIGH)
            await send_due(here.courier, URGENT)

            assert [letter.priority for letter in here.sms.letters] == [Priority.HIGH]

    asyncio.run(run())


def test_h23_gateway_that_hangs_holds_up_nothing_urgent(ward: Ward) -> None:
    """While the ordinary lane waits with all that it has for a gateway that hangs, what is urgent goes out."""
    may_answer = threading.Event()

    def hangs(_letter: Letter) -> Fate:
        may_answer.wait(30)
        return Refused(reason="too late")

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            for number in range(AT_ONCE):
                await here.alarm(ward.beds[0], Priority.MEDIUM, rule=f"rule.{number}")
                await webhook(here, number)
            here.clock.advance(6 * SECOND)
            slow = replace(here.courier, senders={"sms": hangs, "webhook": hangs})
            ordinary = asyncio.create_task(send_due(slow, ORDINARY))
            await here.alarm(ward.beds[1], Priority.HIGH)
            urgent = await send_due(here.courier, URGENT)
            held_up = not ordinary.done()
            may_answer.set()
            await ordinary

            assert urgent.sent >= 1
            assert held_up
            assert [letter.priority for letter in here.sms.letters] == [Priority.HIGH]

    asyncio.run(run())


def test_many_workers_send_each_notification_once(ward: Ward) -> None:
    """Eight workers at once share what is due: each notification is sent by one of them."""

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, NUMBER)
            await here.alarms([f"rule.{number}" for number in range(40)], Priority.HIGH)
            for _ in range(8):
                await asyncio.gather(*(here.pass_() for _ in range(3)))

            ids = [letter.letter_id for letter in here.sms.letters]
            assert len(ids) == len(set(ids))
            assert {row["state"] for row in await here.outbox("sms")} == {"sent"}

    asyncio.run(run())


@dataclass
class _Hangs:
    """A receiver that takes a letter and does not answer until it may."""

    may_answer: threading.Event = field(default_factory=threading.Event)
    begun: list[Letter] = field(default_factory=list)

    def send(self, letter: Letter) -> Fate:
        """Take a letter."""
        self.begun.append(letter)
        self.may_answer.wait(30)
        return Sent()


@asynccontextmanager
async def _hanging(ward: Ward) -> AsyncIterator[tuple[Scene, Courier, _Hangs]]:
    """Urgent alerts for a telephone and a webhook that hangs, more than one way may have out at once."""
    receiver = _Hangs()
    async with scene(ward) as here:
        await here.telephone(ward.nurse_id, NUMBER)
        await webhook(here, 1)
        courier = replace(here.courier, senders={**here.courier.senders, "webhook": receiver.send})
        await here.alarms([f"rule.{number}" for number in range(3 * OF_ONE_WAY)], Priority.HIGH)
        yield here, courier, receiver


def test_h23_way_that_hangs_holds_up_nothing_urgent_of_another(ward: Ward) -> None:
    """Of two urgent alerts' messages a webhook hangs; both telephones ring, without any answer of it."""

    async def run() -> None:
        async with _hanging(ward) as (here, courier, receiver):
            while (await send_due(courier, URGENT, 1.0)).more or not courier.out:
                pass
            rang, out = len(here.sms.letters), len(courier.out)
            waiting = [row for row in await here.outbox("webhook") if row["attempts"] == 0]
            receiver.may_answer.set()
            await asyncio.wait(courier.out)

            assert rang == 3 * OF_ONE_WAY
            assert out == OF_ONE_WAY
            assert len(waiting) == 2 * OF_ONE_WAY
            assert {row["due_at"] - here.clock.now() for row in waiting} == {SECOND}
            here.clock.advance(SECOND)
            for _ in range(3):
                await send_due(courier, URGENT)
            assert {row["state"] for row in await here.outbox("webhook")} == {"sent"}

    asyncio.run(run())


def test_h04_way_that_never_comes_back_is_given_up_and_takes_nobody_s_place(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that does not return is a refusal that is tried again; when many of a way hang, no more are begun."""
    monkeypatch.setattr(deliver, "HANGS_S", 0.05)

    async def run() -> None:
        async with _hanging(ward) as (here, courier, receiver):
            while (await send_due(courier, URGENT)).more:
                pass
            rows = await here.outbox("webhook")
            receiver.may_answer.set()
            while courier.hanging.total():
                await asyncio.sleep(0)

            assert len(receiver.begun) == OF_ONE_WAY
            assert {(row["state"], row["reason"]) for row in rows} == {("failed", HANGS)}
            assert all(row["due_at"] > here.clock.now() for row in rows)
            assert len(here.sms.letters) == 3 * OF_ONE_WAY

    asyncio.run(run())
