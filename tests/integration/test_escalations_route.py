"""What the alert lane shows beside alerts, on a real store: who is told next, and what an alert speaks for."""

import asyncio

import pytest

from tests.fix_api import House, alarm, serving
from ward.clock import SystemClock
from ward.people import StayId
from ward.store import suppressions
from ward.store.pool import connect
from ward.store.suppressions import Held

pytestmark = pytest.mark.integration


async def _held(house: House, stay_id: StayId) -> None:
    """Let an alert of a stay speak for a silent signal."""
    held = Held(
        stay_id=stay_id, rule="nodata.spo2", family="technical", priority=2, by_rule="offline", reason="devices_offline"
    )
    async with await connect(house.database_url, "test") as conn:
        await suppressions.record(conn, [stay_id], [held], SystemClock().now())


async def _seen(house: House, alert_id: int) -> int:
    """Count the notifications of an alert that count as seen."""
    async with await connect(house.database_url, "test") as conn:
        row = await (
            await conn.execute("select count(*) from outbox where alert_id = %s and state = 'seen'", (alert_id,))
        ).fetchone()
    return int(row[0]) if row else -1


def test_h05_next_step_of_an_unanswered_alert_is_told_until_somebody_answers(house: House) -> None:
    """A ringing alert says who is told next and when; seen by somebody, nobody is; the look itself answers nothing."""

    async def run() -> None:
        alert_id = await alarm(house, house.ward.beds[0])
        async with serving(house.database_url) as served, served.logged_in("anna") as anna:
            items = (await anna.get("/api/escalations")).json()["items"]
            assert [each["alert_id"] for each in items] == [alert_id]
            assert items[0]["next"]["to"]
            assert items[0]["next"]["level"] == 2  # the first is told as it opens
            assert await _seen(house, alert_id) == 0

            await anna.post(f"/api/alerts/{alert_id}/acknowledge", headers={"If-Match": '"1"'}, json={})
            items = (await anna.get("/api/escalations")).json()["items"]

            assert [each for each in items if each["next"] is not None] == []

    asyncio.run(run())


def test_h11_what_an_alert_speaks_for_is_named_to_those_who_may_see_it(house: House) -> None:
    """A held finding stands with the alert that speaks for it; another organisation is told of neither."""

    async def run() -> None:
        bed = house.ward.beds[0]
        alert_id = await alarm(house, bed, rule="offline")
        await _held(house, bed.stay_id)
        async with serving(house.database_url) as served:
            async with served.logged_in("anna") as anna:
                items = (await anna.get("/api/escalations")).json()["items"]
            async with served.logged_in("elsa") as elsa:
                others = (await elsa.get("/api/escalations")).json()["items"]

        assert [(each["alert_id"], each["speaks_for"]) for each in items] == [(alert_id, ["nodata.spo2"])]
        assert others == []

    asyncio.run(run())
