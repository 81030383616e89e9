"""Readings and answers that people enter over HTTP: counted as a device's, refused whole, taken out when in error."""

from typing import Any

import httpx
import psycopg
import pytest

from alerting import due
from alerting.windows import Windows
from tests.builders_duty import NOON
from tests.fix_duty import Unit
from tests.resource_visits import admit_account, as_one, evaluate, get, post
from ward.store.checks import readings
from ward.store.checks.finding import Finding, Level
from ward.store.pool import Connection

pytestmark = pytest.mark.integration
AT = "2026-11-18T10:55:00Z"
WHOLE = [
    {"kind": "resp_rate", "value": 26},
    {"kind": "spo2", "value": 90},
    {"kind": "oxygen_flow", "value": 2},
    {"kind": "systolic", "value": 13.33223684, "unit": "kPa"},
    {"kind": "heart_rate", "value": 112},
    {"kind": "consciousness", "value": "A"},
    {"kind": "temperature", "value": 102.2, "unit": "[degF]"},
]


def path_of(unit: Unit) -> str:
    """Where the first patient is."""
    return f"/api/patients/{unit.ward.beds[0].patient_id}"


def test_news2_counts_what_was_entered_by_hand(unit: Unit) -> None:
    """Seven values typed in, some in other units, give the NEWS2 of the chart: 3 + 3 + 2 + 2 + 2 + 0 + 1."""

    async def enter(anna: httpx.AsyncClient) -> None:
        entered = await post(anna, f"{path_of(unit)}/readings", {"values": WHOLE, "occurred_at": AT})
        assert entered["kind"] == "readings"
        assert {each["kind"]: each["value"] for each in entered["values"]}["consciousness"] == "A"

    async def look(anna: httpx.AsyncClient) -> None:
        tile = await get(anna, path_of(unit))
        raw = await get(anna, f"{path_of(unit)}/vitals", kind="temperature", resolution="raw")

        assert (tile["score"]["min"], tile["score"]["max"]) == (13, 13)
        assert tile["vitals"]["temperature"]["value"] == pytest.approx(39.0)
        assert tile["vitals"]["temperature"]["validity"] == "vldated"
        assert raw["series"][0]["by_hand"] == [0]

    as_one(unit, "anna", enter)
    evaluate(unit)
    as_one(unit, "anna", look)


def test_value_in_error_counts_no_more_and_the_right_one_may_follow(unit: Unit) -> None:
    """After an entry in error the tile shows what was newest before; the right value can be entered."""

    async def guest(anna: httpx.AsyncClient) -> None:
        path = path_of(unit)
        before = {"values": [{"kind": "weight", "value": 80.2}], "occurred_at": "2026-11-18T06:00:00Z"}
        await post(anna, f"{path}/readings", before)
        wrong = await post(anna, f"{path}/readings", {"values": [{"kind": "weight", "value": 8.2}], "occurred_at": AT})
        right = {"values": [{"kind": "weight", "value": 82.0}], "occurred_at": AT}
        clash = await anna.post(f"{path}/readings", json=right)
        marked = await post(anna, f"{path}/events/{wrong['event_id']}/error", {"reason": "tappad siffra"}, 200)
        shown = (await get(anna, path))["vitals"]["weight"]["value"]
        await post(anna, f"{path}/readings", right)
        now = (await get(anna, path))["vitals"]["weight"]["value"]

        assert clash.status_code == 409
        assert marked["values"] == [{"kind": "weight", "value": 8.2, "unit": "kg"}]
        assert (shown, now) == (80.2, 82.0)

    as_one(unit, "anna", guest)


def test_score_forgets_what_was_in_error(unit: Unit) -> None:
    """A worker that has counted a value typed in wrongly counts it no more once it is said to be in error."""
    windows = Windows()

    async def look(conn: Connection) -> None:
        await conn.execute("update evaluation_due set due_at = %s", (NOON,))
        await due.evaluate_due(conn, NOON, windows=windows)

    async def enter(anna: httpx.AsyncClient) -> None:
        values = [{"kind": "consciousness", "value": "U"}, {"kind": "resp_rate", "value": 40}]
        await post(anna, f"{path_of(unit)}/readings", {"values": values, "occurred_at": AT})

    async def take_back(anna: httpx.AsyncClient) -> None:
        items = (await get(anna, f"{path_of(unit)}/events"))["items"]
        await post(anna, f"{path_of(unit)}/events/{items[0]['event_id']}/error", {"reason": "fel patient"}, 200)

    async def least(anna: httpx.AsyncClient) -> None:
        found.append((await get(anna, path_of(unit)))["score"]["min"])

    found: list[int] = []
    for step in (enter, take_back):
        as_one(unit, "anna", step)
        unit.within(look)
        as_one(unit, "anna", least)

    assert found == [6, 0]


def test_check_finds_nothing_wrong_with_what_was_typed(unit: Unit) -> None:
    """Readings by hand belong where they are as long as they are on the timeline, and what was taken out is gone."""

    async def guest(anna: httpx.AsyncClient) -> None:
        kept = await post(anna, f"{path_of(unit)}/readings", {"values": WHOLE, "occurred_at": AT})
        await post(anna, f"{path_of(unit)}/readings", {"values": [{"kind": "pain", "value": 2}]})
        await post(anna, f"{path_of(unit)}/events/{kept['event_id']}/error", {"reason": "fel patient"}, 200)

    as_one(unit, "anna", guest)

    async def look(conn: Connection) -> list[Finding]:
        return [*await readings.sampled(conn, NOON), *await readings.newest(conn, NOON)]

    found = unit.within(look)
    assert [each.level for each in found] == [Level.OK, Level.OK], found


WRONG: tuple[dict[str, Any], ...] = (
    {"kind": "spo2", "value": True},
    {"kind": "spo2", "value": None},
    {"kind": "spo2", "value": "96"},
    {"kind": "spo2"},
    {"kind": "spo2", "value": 300},
    {"kind": "temperature", "value": 98.6, "unit": "Cel"},
    {"kind": "temperature", "value": 37, "unit": "kg"},
    {"kind": "consciousness", "value": 0},
    {"kind": "consciousness", "value": "A", "unit": "1"},
    {"kind": "steps", "value": 10},
    {"kind": "oxygen", "value": 1},
)


def test_h18_nothing_missing_or_doubtful_becomes_a_value(unit: Unit) -> None:
    """A yes, a null, a text, a wrong unit or an implausible number is refused, and its good neighbour is not kept."""

    async def guest(anna: httpx.AsyncClient) -> None:
        for wrong in WRONG:
            values = [{"kind": "pain", "value": 0}, wrong]
            answer = await anna.post(f"{path_of(unit)}/readings", json={"values": values})

            assert answer.status_code == 422, wrong
        assert (await get(anna, path_of(unit)))["vitals"] == {}

    as_one(unit, "anna", guest)


def test_h18_zero_is_a_value(unit: Unit) -> None:
    """A pain of nought and no oxygen are measurements, not missing ones."""

    async def guest(anna: httpx.AsyncClient) -> None:
        values = [{"kind": "pain", "value": 0}, {"kind": "oxygen_flow", "value": 0}]
        await post(anna, f"{path_of(unit)}/readings", {"values": values})
        vitals = (await get(anna, path_of(unit)))["vitals"]

        assert (vitals["pain"]["value"], vitals["oxygen_flow"]["value"]) == (0, 0)

    as_one(unit, "anna", guest)


def test_worrying_answers_over_http_call_the_team(unit: Unit) -> None:
    """Answers posted over HTTP raise the same request as a device's, once; the same again changes nothing."""

    async def answer(anna: httpx.AsyncClient) -> None:
        body = {"answers": [{"question": "chest_pain", "answer": True}], "occurred_at": AT}
        await post(anna, f"{path_of(unit)}/check-ins", body)
        await post(anna, f"{path_of(unit)}/check-ins", body)
        other = {**body, "answers": [{"question": "chest_pain", "answer": False}]}
        assert (await anna.post(f"{path_of(unit)}/check-ins", json=other)).status_code == 409

    as_one(unit, "anna", answer)
    evaluate(unit)
    with psycopg.connect(unit.url) as conn:
        raised = conn.execute("select rule, priority from alert where rule = 'check_in'").fetchall()
        audited = conn.execute("select detail::text from audit where action = 'check_in.answered'").fetchall()
    assert raised == [("check_in", 3)]
    assert all("chest" not in row[0] for row in audited)


def test_what_was_entered_is_no_device(unit: Unit) -> None:
    """Entering by hand adds no device to the patient, to the list, or to what ingest lets in."""

    async def guest(anna: httpx.AsyncClient) -> None:
        await post(anna, f"{path_of(unit)}/readings", {"values": WHOLE})
        page = await get(anna, path_of(unit))
        listed = await get(anna, "/api/devices")

        assert [each["device_id"] for each in page["devices"]] == ["hv-1"]
        assert "by-hand" not in [each["device_id"] for each in listed["items"]]

    as_one(unit, "anna", guest)
    with psycopg.connect(unit.url) as conn:
        row = conn.execute(
            "select device_admits(d, d.secret_sha256, null, true) from device d where device_no = 0"
        ).fetchone()
    assert row == (False,)


def test_patient_enters_own_values_and_answers_and_nobody_else_s(unit: Unit) -> None:
    """A patient enters weight and answers, not their own level of consciousness, and nothing of another patient's."""
    username = admit_account(unit, "patient")

    async def guest(patient: httpx.AsyncClient) -> None:
        path = path_of(unit)
        entered = await post(patient, f"{path}/readings", {"values": [{"kind": "weight", "value": 80.5}]})
        answers = {"answers": [{"question": "slept", "answer": True}]}
        await post(patient, f"{path}/check-ins", answers)
        alert = await patient.post(f"{path}/readings", json={"values": [{"kind": "consciousness", "value": "A"}]})
        other = path.replace(str(unit.ward.beds[0].patient_id), str(unit.ward.beds[1].patient_id))

        assert (entered["author"], entered["by"]) == ("patient", None)
        assert (alert.status_code, alert.json()["faults"][0]["fault"]) == (422, "kind")
        assert (await patient.post(f"{other}/check-ins", json=answers)).status_code == 404
        assert (await patient.get(f"{path}/events")).status_code == 403
        assert (await patient.post(f"{path}/events", json={"kind": "note", "words": "x"})).status_code == 403

    as_one(unit, username, guest)
    with psycopg.connect(unit.url) as conn:
        roles = conn.execute("select distinct role from audit").fetchall()
        validity = conn.execute("select validity from reading where device_no = 0").fetchall()
    assert (roles, validity) == ([("patient",)], [(0,)])
