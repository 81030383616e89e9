"""What the pages of rounds and shifts read: coverage of every patient, the shift, a replay of the past."""

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.builders_duty import NOON
from tests.fix_api import Served
from tests.fix_duty import Unit
from tests.resource_visits import evaluate, get, join_day_team, post, put, someone, store, visit
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration
HOUR = timedelta(hours=1)
NIGHT: dict[str, Any] = {"from": (NOON - 4 * HOUR).isoformat(), "to": NOON.isoformat()}


def _late(unit: Unit, at: datetime, came: datetime, value: float) -> None:
    """Store a reading of oxygen saturation that came later than it was measured."""
    store(unit, VitalKind.SPO2, [(at, value)])
    with psycopg.connect(unit.url, autocommit=True) as conn:
        conn.execute("update reading set received_at = %s where measured_at = %s", (came, at))


def test_coverage_names_who_answers_for_each_patient_and_every_day(unit: Unit) -> None:
    """Each patient's cells join over fourteen days; nights fall to the base; a patient elsewhere is not in it."""

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "lunga") as lunga:
            page = await get(anna, "/api/coverage")
            own = await get(anna, "/api/coverage", team=unit.day)
            strange = await get(lunga, "/api/coverage", team=unit.day)

            assert [each["patient_id"] for each in page["items"]] == [bed.patient_id for bed in unit.ward.beds]
            assert len(own["items"]) == 3
            assert strange["items"] == []
            assert [each["hours"] for each in page["days"]] == [24] * 15
            for item in page["items"]:
                cells = item["cells"]
                assert (cells[0]["from_at"], cells[-1]["until"]) == (page["from"], page["until"])
                assert [each["until"] for each in cells[:-1]] == [each["from_at"] for each in cells[1:]]
                assert {each["colour"] for each in cells} == {"covered", "fallback"}
                assert item["red_from"] is None

    visit(unit, guest)


def test_shift_tells_what_happened_and_what_the_reader_has_not_read(unit: Unit) -> None:
    """A note is unread for the colleague until they read it; the alert is there, and owed until somebody sees it."""
    join_day_team(unit)
    patient = unit.ward.beds[0].patient_id
    store(unit, VitalKind.SPO2, [(NOON - timedelta(minutes=1), 82.0)])
    evaluate(unit)

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "natt") as natt:
            path = f"/api/teams/{unit.day}/shift"
            note = await post(anna, f"/api/patients/{patient}/events", {"kind": "note", "words": "Sov illa"})
            hers, theirs = await get(anna, path), await get(natt, path)

            first = theirs["patients"][0]
            assert [each["patient_id"] for each in theirs["patients"]] == [bed.patient_id for bed in unit.ward.beds]
            assert [(each["words"], each["read_by_me"]) for each in first["entries"]] == [("Sov illa", False)]
            assert hers["patients"][0]["entries"][0]["read_by_me"] is True
            rules = {each["rule"] for each in first["alerts"]}
            assert "limit.spo2.low" in rules
            owed = {each["kind"]: each for each in theirs["owed"]}
            assert owed["unseen"]["count"] == len(owed["unseen"]["alerts"])
            assert "limit.spo2.low" in {each["rule"] for each in owed["unseen"]["alerts"]}

            read = await natt.post(f"/api/patients/{patient}/events/read", json={"event_ids": [note["event_id"]]})
            assert read.status_code < 300, read.text
            assert (await get(natt, path))["patients"][0]["entries"][0]["read_by_me"] is True

    visit(unit, guest)


def test_shift_is_for_members_and_bounded(unit: Unit) -> None:
    """For who is not in the team there is none; a shift of two days, or one that has not begun, is refused."""

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "natt") as natt:
            path = f"/api/teams/{unit.day}/shift"
            assert (await natt.get(path)).status_code == 404
            for since in (NOON - 48 * HOUR, NOON + HOUR):
                assert (await anna.get(path, params={"from": since.isoformat()})).status_code == 422

    visit(unit, guest)


def test_h02_replay_shows_a_reading_from_when_it_came(unit: Unit) -> None:
    """A value that came two hours late is not shown before; one that is older than the shown one never."""
    store(unit, VitalKind.SPO2, [(NOON - 4 * HOUR - timedelta(minutes=2), 97.0), (NOON - HOUR, 95.0)])
    _late(unit, NOON - 3 * HOUR, NOON - 90 * timedelta(minutes=1), 88.0)
    _late(unit, NOON - 2 * HOUR, NOON - timedelta(minutes=30), 90.0)

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna:
            page = await get(anna, "/api/replay", **NIGHT)
            column = page["items"][0]["vitals"]["spo2"]

            assert (column["minute"], column["value"]) == ([0, 150, 180], [97.0, 88.0, 95.0])
            assert column["measured_s"] == [-120.0, 3600.0, 10800.0]
            assert column["usable"] == [True, True, True]
            assert [each["name"] for each in page["items"][0]["teams"]] == ["Testteamet"]

    visit(unit, guest)


def test_replay_shows_who_had_an_alert_when(unit: Unit) -> None:
    """An alert is open from when it was raised, and with whoever had seen it from when they did."""
    store(unit, VitalKind.SPO2, [(NOON - timedelta(minutes=31), 82.0)])
    evaluate(unit, NOON - timedelta(minutes=30))

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna:
            alert = (await get(anna, "/api/alerts"))["items"][-1]
            done = await anna.post(
                f"/api/alerts/{alert['alert_id']}/claim", json={}, headers={"If-Match": f'"{alert["rev"]}"'}
            )
            assert done.status_code == 200, done.text

    visit(unit, guest)

    async def later(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "lunga") as lunga:
            night: dict[str, Any] = {"from": NIGHT["from"], "to": (NOON + HOUR).isoformat()}
            page = await get(anna, "/api/replay", **night)
            found = next(each for item in page["items"] for each in item["alerts"] if each["moments"][-1]["held_by"])
            first, last = found["moments"][0], found["moments"][-1]

            assert (first["state"], first["held_by"], bool(first["text_sv"])) == ("open", None, True)
            assert (last["state"], last["held_by"]) == ("acknowledged", "Anna Provsson")
            assert first["at"] < last["at"]
            assert (await get(lunga, "/api/replay", **night))["items"] == []

    visit(unit, later, NOON + HOUR)


@pytest.mark.parametrize(("start", "end"), [(-30, 0), (1, 2), (-1, -2)])
def test_replay_is_a_day_of_the_past_at_most(unit: Unit, start: int, end: int) -> None:
    """Longer than a day, not begun yet, or backwards is refused."""
    asked = {"from": (NOON + start * HOUR).isoformat(), "to": (NOON + end * HOUR).isoformat()}

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna:
            assert (await anna.get("/api/replay", params=asked)).status_code == 422

    visit(unit, guest)


def test_round_names_everybody_who_signed_the_plan(unit: Unit) -> None:
    """Two who sign the same plan are both named; who changes it signs alone."""
    join_day_team(unit)
    patient = unit.ward.beds[0].patient_id

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "natt") as natt:
            path = f"/api/teams/{unit.day}/round/{patient}"
            await put(anna, path, 0, {"plan": "Ring lördag kl 10"})
            both = (await put(natt, path, 1, {"plan": "Ring lördag kl 10"})).json()
            changed = (await put(natt, path, 2, {"plan": "Besök söndag"})).json()

            assert both["signed"]["name"] == "Natt Provsson"
            assert [each["name"] for each in both["also"]] == ["Anna Provsson"]
            assert (changed["signed"]["plan"], changed["also"]) == ("Besök söndag", [])

    visit(unit, guest)
