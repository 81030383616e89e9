"""A stay that ends takes its alerts with it: they are closed by the platform, in words, and nothing pends for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from alerting import apply, duty
from tests.delivery_scene import NOON, Scene, scene
from tests.fix_ward import Ward, admit
from ward.alerts import Priority
from ward.people import TeamId
from ward.store import duty_debt, people
from ward.store.duty_debt import Debt
from ward.store.pool import connect

pytestmark = pytest.mark.integration
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ward(database_url: str) -> Ward:
    """A ward of three beds, admitted two days before the scene's noon."""
    return asyncio.run(admit(database_url, 3, NOON))


def staged(ward: Ward, act: Callable[[Scene], Awaitable[None]]) -> None:
    """Do something in a ward whose team can be told."""

    async def run() -> None:
        async with scene(ward) as stage:
            await act(stage)

    asyncio.run(run())


async def _end(stage: Scene) -> None:
    """End the first patient's stay now, and let duty look."""
    async with await connect(stage.ward.database_url, "test") as conn:
        await conn.execute(
            "update stay set period = tstzrange(lower(period), %s) where stay_id = %s",
            (stage.clock.now(), stage.ward.beds[0].stay_id),
        )
    await duty.sweep(stage.courier.store, stage.clock)


async def _debts(stage: Scene, team_id: TeamId | None = None) -> list[Debt]:
    async with await connect(stage.ward.database_url, "test") as conn:
        return await duty_debt.debt(conn, team_id or stage.ward.team_id, stage.clock.now())


def test_alerts_end_with_their_stay(ward: Ward) -> None:
    """Ringing or seen, every alert of the stay is closed with a word of its own; another patient's goes on."""

    async def act(stage: Scene) -> None:
        first, other = stage.ward.beds[:2]
        await stage.alarm(first)
        await stage.alarm(first, Priority.MEDIUM, rule="limit.heart_rate.high")
        await stage.alarm(other)
        await _end(stage)

        found = await stage.rows("select rule, outcome, cause, signal, stay_id from alert order by alert_id")
        assert [(row["outcome"], row["cause"], row["signal"]) for row in found] == [
            ("stay_ended", "stay_ended", "silent"),
            ("stay_ended", "stay_ended", "silent"),
            (None, None, "ringing"),
        ]
        lines = await stage.rows("select kind, outcome from alert_event where rev = 2")
        assert [(row["kind"], row["outcome"]) for row in lines] == [("ended", "stay_ended")] * 2

    staged(ward, act)


def test_nothing_further_is_told_of_an_ended_stay(ward: Ward) -> None:
    """No step and no notification of its alerts is left to come, and an hour later none has come."""

    async def act(stage: Scene) -> None:
        await stage.alarm(stage.ward.beds[0])
        await _end(stage)
        told = len(await stage.outbox())
        await stage.until(stage.clock.now() + timedelta(hours=1), every=timedelta(minutes=5))

        assert len(await stage.outbox()) == told
        assert [state for _, _, state, _ in await stage.steps() if state == "pending"] == []
        assert await stage.rows("select from outbox where due_at is not null") == []

    staged(ward, act)


def test_h05_high_alert_that_ended_unseen_is_a_debt(ward: Ward) -> None:
    """That nobody had seen a high alert when its stay ended is told to the team the next day; a seen one is not."""

    async def act(stage: Scene) -> None:
        unseen = await stage.alarm(stage.ward.beds[0])
        seen = await stage.alarm(stage.ward.beds[0], rule="limit.heart_rate.low")
        async with await connect(stage.ward.database_url, "test") as conn:
            event = apply.Acknowledge(by=stage.ward.nurse_id, rev=1)
            await apply.apply_event(conn, seen.alert_id, event, stage.clock.now())
        await _end(stage)

        assert await _debts(stage) == [Debt(kind="ended_unseen", count=1, alerts=[unseen.alert_id])]
        stage.clock.advance(timedelta(days=2))
        assert await _debts(stage) == []

    staged(ward, act)


def test_h05_debt_of_an_ended_stay_is_of_the_team_that_answered_at_its_end(ward: Ward) -> None:
    """The team for which the alert opened has handed the patient on: who had them when care ended owes the look."""

    async def act(stage: Scene) -> None:
        unseen = await stage.alarm(stage.ward.beds[0])
        stay = stage.ward.beds[0].stay_id
        async with await connect(stage.ward.database_url, "test") as conn:
            home = await people.find_organisation(conn, "Testkommunen")
            assert home is not None
            later = await people.add_team(conn, organisation_id=home, name="Kvällen", phone="112")
            now = stage.clock.now()
            await conn.execute(
                "update responsibility set period = tstzrange(lower(period), %s) where stay_id = %s", (now, stay)
            )
            for team, start, end in ((later, now, now + MINUTE), (stage.ward.team_id, now + MINUTE, None)):
                await conn.execute(
                    "insert into responsibility (stay_id, team_id, period) values (%s, %s, tstzrange(%s, %s))",
                    (stay, team, start, end),
                )
        stage.clock.advance(MINUTE)
        await _end(stage)

        assert await _debts(stage) == []
        assert await _debts(stage, later) == [Debt(kind="ended_unseen", count=1, alerts=[unseen.alert_id])]

    staged(ward, act)
