"""What came late and was closed is looked for when it was there, and not when it was told, on a real store."""

import asyncio
from datetime import datetime, timedelta

import pytest

from alerting import apply
from tests.fix_api import House, serving
from tests.integration.test_backtest import BEGAN, NOW, a_body, asked, breathe, done
from ward.alerts import Evidence, Family, Finding, Outcome, Priority
from ward.clock import FakeClock
from ward.store.pool import connect

pytestmark = pytest.mark.integration


async def told_late(house: House, minutes: tuple[int, int], outcome: Outcome) -> None:
    """Record an alert of what was there between two minutes, told and closed by the nurse hours after."""
    finding = Finding(
        stay_id=house.ward.beds[0].stay_id,
        rule="limit.spo2.low",
        family=Family.CLINICAL,
        priority=Priority.HIGH,
        began_at=BEGAN + timedelta(minutes=minutes[0]),
        due_at=BEGAN + timedelta(minutes=minutes[0]),
        ended_at=BEGAN + timedelta(minutes=minutes[1]),
        evidence=Evidence(rule_version=1, text_key="limit.low", params={}, inputs=()),
    )
    async with await connect(house.database_url, "test") as conn:
        alert = await apply.raise_or_update(conn, finding, NOW - timedelta(minutes=9))
        assert alert is not None
        closing = apply.Resolve(by=house.anna, rev=alert.rev, outcome=outcome)
        await apply.apply_event(conn, alert.alert_id, closing, NOW - timedelta(minutes=8))


def test_alerts_that_were_told_late_are_found_when_they_were_there(house: House) -> None:
    """A false one is still raised, a true one is found at its own time: not hours earlier, and not by another."""

    async def visit() -> None:
        await breathe(house, 97, range(20))
        await breathe(house, 86, range(20, 24))
        await breathe(house, 97, range(24, 60))
        await breathe(house, 86, range(60, 70))
        await breathe(house, 97, range(70, 170))
        await told_late(house, (20, 24), Outcome.FALSE_ALARM)
        await told_late(house, (60, 70), Outcome.TRUE_ALARM)
        plan = {"limits": {"spo2": {"alert_low": 88, "warn_low": 91, "delay_s": 60, "clear_by": 1, "floor": 80}}}
        async with serving(house.database_url, FakeClock(NOW)) as served, served.logged_in("anna") as anna:
            job = await asked(anna, a_body(house, plan=plan, suggest=True))
            assert await done(house)
            report = (await anna.get(f"/api/backtests/{job['backtest_id']}")).json()["report"]

        assert report["false_alarms"] == {"recorded": 1, "candidate": 1, "in_force": 1}
        (known,) = report["deteriorations"]
        assert datetime.fromisoformat(known["opened_at"]) == BEGAN + timedelta(minutes=60)
        waits = {each["after"]: each for each in report["suggestions"] if each["setting"] == "delay_s"}
        assert (waits[300]["false_removed"], waits[300]["alerts_after"]) == (1, 1)

    asyncio.run(visit())
