"""What devices that are away explain is said once, on a real store, and told as loudly as it would have been."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from alerting import apply
from alerting.due import evaluate_due
from tests.builders_alerts import a_finding
from tests.delivery_scene import NOON, Scene, scene
from tests.fix_ward import Ward, admit
from ward import credentials
from ward.alerts import Condition, Outcome, Priority, Signal
from ward.store import evaluation, people, suppressions
from ward.store.pool import connect
from ward.vitals import Mode

pytestmark = pytest.mark.integration
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ward(database_url: str) -> Ward:
    """A ward whose patients were admitted before the scene's own time, whatever the calendar says."""
    return asyncio.run(admit(database_url, 3, NOON))


async def _look(here: Scene) -> dict[str, int]:
    """Evaluate every stay now; return the open alerts of the first bed by rule."""
    bed = here.ward.beds[0]
    async with await connect(here.ward.database_url, "test") as conn:
        await conn.execute("update evaluation_due set due_at = %s", (here.clock.now(),))
        await evaluation.enrol(conn, here.clock.now())
        await evaluate_due(conn, here.clock.now())
    rows = await here.rows(
        "select rule, priority from alert where stay_id = %(stay)s and resolved_at is null", stay=bed.stay_id
    )
    return {row["rule"]: row["priority"] for row in rows}


async def _status(here: Scene, *, online: bool) -> None:
    """Let the first bed's device say whether it is connected, and have been heard until then."""
    now = here.clock.now()
    async with await connect(here.ward.database_url, "test") as conn:
        await conn.execute(
            "insert into device_status (device_no, online, reported_at, changed_at) values (%(device)s, %(online)s,"
            " %(now)s, %(now)s) on conflict (device_no) do update set online = %(online)s, changed_at = %(now)s",
            {"device": here.ward.beds[0].device_no, "online": online, "now": now},
        )
        await conn.execute(
            "insert into latest_reading (stay_id, kind, measured_at, received_at, value, validity, device_no)"
            " select %(stay)s, kind, %(now)s, %(now)s, 80, 0, %(device)s from generate_series(1, 17) kind"
            " on conflict do nothing",
            {"stay": here.ward.beds[0].stay_id, "device": here.ward.beds[0].device_no, "now": now},
        )


def test_h11_silence_of_a_device_that_is_away_is_one_alert_and_a_record_of_the_rest(ward: Ward) -> None:
    """An offline device is one alert as urgent as the silence it explains; each signal is recorded, none is urgent."""

    async def run() -> None:
        async with scene(ward) as here:
            await _status(here, online=True)
            await _status(here, online=False)
            here.clock.set(NOON + 25 * MINUTE)
            found = await _look(here)
            async with await connect(ward.database_url, "test") as conn:
                held = await suppressions.held_by(conn, ward.beds[0].stay_id, "offline", NOON)
                wrongly = await suppressions.wrongly_held(conn)

            assert found.get("offline") == 2, found
            assert not [rule for rule in found if rule.startswith("nodata")]
            assert "nodata.spo2" in {each.rule for each in held}
            assert {each.reason for each in held} == {"devices_offline"}
            assert wrongly == 0

    asyncio.run(run())


def test_silence_speaks_for_itself_when_the_device_is_back(ward: Ward) -> None:
    """When the device is back and a signal still does not come, its own alert is raised and the hold ends."""

    async def run() -> None:
        async with scene(ward) as here:
            await _status(here, online=True)
            await _status(here, online=False)
            here.clock.set(NOON + 25 * MINUTE)
            await _look(here)
            await _status(here, online=True)
            here.clock.advance(MINUTE)
            found = await _look(here)
            open_holds = await here.rows("select rule from suppression where ended_at is null")

            assert "nodata.spo2" in found
            assert open_holds == []

    asyncio.run(run())


def test_h11_device_that_says_nothing_of_itself_is_not_taken_for_one_that_is_away(ward: Ward) -> None:
    """Of two devices one is offline, the other has never said whether it is connected: silence speaks for itself."""

    async def run() -> None:
        async with scene(ward) as here:
            async with await connect(ward.database_url, "test") as conn:
                other = await people.add_device(
                    conn, device_id="hv-quiet", secret_sha256=credentials.digest("secret-hv-quiet"), mode=Mode.REAL
                )
                await people.add_binding(conn, device_no=other, stay_id=ward.beds[0].stay_id, from_at=NOON)
            await _status(here, online=False)
            here.clock.set(NOON + 25 * MINUTE)
            found = await _look(here)

            assert "nodata.spo2" in found
            assert await here.rows("select rule from suppression") == []

    asyncio.run(run())


def test_h11_late_and_worse_than_what_somebody_closed_is_told(ward: Ward) -> None:
    """What was closed while it was there keeps its like closed; what a late reading tells beyond that is to be seen."""

    async def run() -> None:
        there = replace(a_finding(priority=Priority.MEDIUM, began_at=NOON), stay_id=ward.beds[0].stay_id)
        async with await connect(ward.database_url, "test") as conn:
            closed = await apply.raise_or_update(conn, there, NOON)
            assert closed is not None
            answer = apply.Resolve(by=ward.nurse_id, rev=1, outcome=Outcome.FALSE_ALARM)
            await apply.apply_event(conn, closed.alert_id, answer, NOON + MINUTE)
            for began_at in (NOON, NOON + 2 * MINUTE):
                over = replace(there, began_at=began_at, ended_at=NOON + 4 * MINUTE)
                assert await apply.raise_or_update(conn, over, NOON + 9 * MINUTE) is None
            over = replace(over, priority=Priority.HIGH, began_at=NOON)
            told = await apply.raise_or_update(conn, over, NOON + 9 * MINUTE)
            assert await apply.raise_or_update(conn, over, NOON + 9 * MINUTE) is None

        assert told is not None
        assert (told.priority, told.condition, told.signal) == (Priority.HIGH, Condition.CLEARED, Signal.SILENT)

    asyncio.run(run())
