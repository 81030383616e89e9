"""An alert that has come to nobody is told to whoever operates: by their own line, at `/readyz`, in the figures."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from alerting import apply, selfcheck
from alerting.events import Lapse
from alerting.letters import Refused
from tests.delivery_scene import NOON, Scene, scene
from tests.fix_api import serving
from tests.fix_ward import Ward
from ward.alerts import Priority
from ward.guard import UNTOLD_AFTER, WATCHED, Part
from ward.store import heartbeats
from ward.store.pool import connect
from ward.vitals import Mode

pytestmark = pytest.mark.integration
Before = Callable[[Scene], Awaitable[None]]
SECOND = timedelta(seconds=1)
HIGH, MEDIUM = (UNTOLD_AFTER[each] for each in (Priority.HIGH, Priority.MEDIUM))


async def _nothing(_here: Scene) -> None:
    """Nobody has a telephone, and no screen listens."""


async def _refused(here: Scene) -> None:
    await here.telephone(here.ward.nurse_id, "+46701740605")
    here.sms.fates += [Refused(reason="no credit")] * 100


async def _told(here: Scene) -> None:
    await here.telephone(here.ward.nurse_id, "+46701740605")


async def _deaf(here: Scene) -> None:
    """A screen listens, and does not show the alert."""
    await here.listen()


async def _test(here: Scene) -> None:
    await here.mode(Mode.TEST)


async def _strain(here: Scene) -> str | None:
    async with await connect(here.ward.database_url, "test") as conn:
        for service in WATCHED:
            await heartbeats.beat(conn, service, "test", here.clock.now(), {})
    return (await selfcheck.strained(here.courier.store, here.clock)).get(Part.UNTOLD)


@pytest.mark.parametrize(
    ("before", "priority", "after", "said"),
    [
        (_nothing, Priority.HIGH, HIGH, None),
        (_nothing, Priority.HIGH, HIGH + SECOND, "1 alert has reached nobody, by screen or telephone, for 2 min"),
        (_refused, Priority.HIGH, HIGH + SECOND, "1 alert has reached nobody, by screen or telephone, for 2 min"),
        (_deaf, Priority.HIGH, HIGH + SECOND, "1 alert has reached nobody, by screen or telephone, for 2 min"),
        (_told, Priority.HIGH, HIGH + SECOND, None),
        (_test, Priority.HIGH, HIGH + SECOND, None),
        (_nothing, Priority.MEDIUM, MEDIUM, None),
        (_nothing, Priority.MEDIUM, MEDIUM + SECOND, "1 alert has reached nobody, by screen or telephone, for 30 min"),
        (_nothing, Priority.LOW, MEDIUM + SECOND, None),
    ],
)
def test_h04_alert_that_has_come_to_nobody_strains_the_platform(
    ward: Ward, before: Before, priority: Priority, after: timedelta, said: str | None
) -> None:
    """After its time an alert of which nothing went out, or was shown, is told; a test is not, nor what is low."""

    async def run() -> None:
        async with scene(ward) as here:
            await before(here)
            await here.alarm(ward.beds[0], priority)
            await here.until(NOON + after, every=timedelta(seconds=10) if priority is Priority.HIGH else after / 30)
            assert await _strain(here) == said

    asyncio.run(run())


def test_h04_it_is_over_when_somebody_is_told_or_answers(ward: Ward) -> None:
    """A screen that shows the alert ends it, and so does whoever answers; when it rings anew its own time counts."""

    async def run() -> None:
        async with scene(ward) as here:
            alert = await here.alarm(ward.beds[0])
            await here.until(NOON + HIGH + SECOND, every=timedelta(seconds=30))
            assert await _strain(here) is not None
            async with await connect(ward.database_url, "test") as conn:
                answered = await apply.apply_event(
                    conn, alert.alert_id, apply.Acknowledge(by=ward.nurse_id, rev=alert.rev), here.clock.now()
                )
            assert await _strain(here) is None
            assert answered.signal_until is not None
            here.clock.set(answered.signal_until)
            async with await connect(ward.database_url, "test") as conn:
                await apply.apply_event(conn, alert.alert_id, Lapse(), here.clock.now())
            assert await _strain(here) is None
            here.clock.advance(HIGH + SECOND)
            assert await _strain(here) is not None

    asyncio.run(run())


def test_h04_board_is_not_taken_away_because_nobody_looks_at_it(ward: Ward) -> None:
    """Readiness says that alerts have reached nobody and stays ready; the figures count them."""

    async def run() -> None:
        async with scene(ward) as here:
            await here.alarm(ward.beds[0])
            await here.until(NOON + HIGH + SECOND, every=timedelta(seconds=30))
            await _strain(here)
            async with serving(ward.database_url, here.clock) as served, served.client() as client:
                checks = (await client.get("/readyz")).json()["checks"]
                figures = (await client.get("/metrics")).text

            assert "ok, but 1 alert has reached nobody" in checks["delivery"]
            assert "hemvakt_alerts_untold 1.0" in figures

    asyncio.run(run())
