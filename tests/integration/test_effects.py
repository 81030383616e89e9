"""The effect of a change of medication over HTTP: computed from stored readings, reported, seen and answered."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from tests.builders_duty import NOON
from tests.fix_api import Served
from tests.fix_duty import Unit
from tests.resource_visits import as_one, get, post, someone, store, visit
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration
CHANGED = NOON - timedelta(hours=24)
PILL = {
    "kind": "medication",
    "drug": "Metoprolol",
    "drug_class": "beta_blocker",
    "change": "increased",
    "from_dose": "50 mg",
    "to_dose": "100 mg",
    "occurred_at": (CHANGED - timedelta(minutes=7)).isoformat(),
}


def path_of(unit: Unit) -> str:
    """Where the first patient is."""
    return f"/api/patients/{unit.ward.beds[0].patient_id}"


def pulse(unit: Unit) -> None:
    """A pulse every five minutes: 96 until four hours after the change, 80 from then on."""
    start = NOON - timedelta(hours=48)
    times = [start + timedelta(minutes=5 * each) for each in range(48 * 12)]
    store(unit, VitalKind.HEART_RATE, [(at, 80.0 if at >= CHANGED + timedelta(hours=4) else 96.0) for at in times])


async def prescribed(client: httpx.AsyncClient, unit: Unit, **more: Any) -> int:
    """Write the change of medication, ordered by the doctor of the lung team; return its number."""
    body = {**PILL, "prescriber_id": unit.lunga, **more}
    number: int = (await post(client, f"{path_of(unit)}/events", body))["event_id"]
    return number


def test_effect_is_that_of_the_readings(unit: Unit) -> None:
    """Medians before and after, the time to the effect, and what was not measured, from what devices sent."""
    pulse(unit)

    async def guest(anna: httpx.AsyncClient) -> None:
        number = await prescribed(anna, unit)
        page = await get(anna, f"{path_of(unit)}/effect", event=number)
        found = {each["kind"]: each for each in page["effects"]}

        rate = found["heart_rate"]
        assert (rate["before"]["median"], rate["after"]["median"], rate["verdict"]) == (96, 80, "as_wanted")
        assert 4 * 3600 <= rate["after_s"] <= 4.25 * 3600
        assert found["systolic"]["verdict"] == "too_little"
        assert "systoliskt blodtryck: för få värden (0 före, 0 efter)" in page["sv"]
        assert page["windows"]["over"] is False
        assert datetime.fromisoformat(page["windows"]["start"]) == unit.ward.admitted_at
        assert (page["also"], page["reports"]) == ([], [])

    as_one(unit, "anna", guest)


def test_other_changes_in_the_same_time_are_named(unit: Unit) -> None:
    """A second change within the windows is named; one in error is not, and has no effect itself."""

    async def guest(anna: httpx.AsyncClient) -> None:
        path = path_of(unit)
        number = await prescribed(anna, unit)
        second = await prescribed(anna, unit, drug="Furosemid", occurred_at=(NOON - timedelta(hours=3)).isoformat())
        page = await get(anna, f"{path}/effect", event=number)
        await post(anna, f"{path}/events/{second}/error", {"reason": "fel patient"}, 200)
        after = await get(anna, f"{path}/effect", event=number)
        note = await post(anna, f"{path}/events", {"kind": "note", "words": "x"})

        assert (page["also"], after["also"]) == ([second], [])
        assert (await anna.get(f"{path}/effect", params={"event": second})).status_code == 409
        assert (await anna.get(f"{path}/effect", params={"event": note["event_id"]})).status_code == 422
        assert (await anna.get(f"{path}/effect", params={"event": 999})).status_code == 404
        assert (await anna.get(f"{path}/effect")).status_code == 422

    as_one(unit, "anna", guest)


def hired(unit: Unit) -> None:
    """Have `lunga` work where the patient belongs, and be named for nobody."""
    with psycopg.connect(unit.url, autocommit=True) as conn:
        conn.execute("update duty_care set doctor_id = null")
        conn.execute(
            "update staff f set organisation_id = t.organisation_id from team t"
            " where f.staff_id = %s and t.team_id = %s",
            (unit.lunga, unit.day),
        )


def test_report_goes_to_the_prescriber_who_sees_and_answers_it_once(unit: Unit) -> None:
    """The prescriber, who has no other access, gets one line, says seen and then adjust; the team sees both."""
    pulse(unit)
    hired(unit)

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "lunga") as lunga, someone(served, "natt") as natt:
            number = await prescribed(anna, unit)
            path = f"{path_of(unit)}/effect?event={number}"
            key = {"Idempotency-Key": "rapport"}
            sent = await anna.post(path, json={}, headers=key)
            again = await anna.post(path, json={}, headers=key)
            inbox = await get(lunga, "/api/effect-reports", answered=False)
            report = f"/api/effect-reports/{sent.json()['report_id']}"
            seen = await lunga.post(f"{report}/seen", json={})
            stale = await lunga.post(f"{report}/answer", json={"answer": "ok"}, headers={"If-Match": '"1"'})
            body = {"answer": "adjust", "note": "Sänk till 75 mg"}
            blind = await lunga.post(f"{report}/answer", json=body)
            done = await lunga.post(f"{report}/answer", json=body, headers={"If-Match": seen.headers["ETag"]})
            twice = await lunga.post(f"{report}/answer", json=body, headers={"If-Match": done.headers["ETag"]})
            page = await get(anna, path)

            assert (sent.status_code, again.status_code) == (201, 200)
            assert [each["report_id"] for each in inbox["items"]] == [sent.json()["report_id"]]
            assert inbox["items"][0]["sv"].startswith("Metoprolol 50 mg → 100 mg")
            assert (stale.status_code, blind.status_code, done.status_code, twice.status_code) == (409, 428, 200, 409)
            assert page["reports"][0]["answer"] == "adjust"
            assert page["reports"][0]["seen_at"] == seen.json()["seen_at"]
            assert (await get(lunga, "/api/effect-reports", answered=False))["items"] == []
            assert (await natt.post(f"{report}/seen", json={})).status_code == 404
            assert (await lunga.get(path)).status_code == 404

    visit(unit, guest)
    with psycopg.connect(unit.url) as conn:
        kept = [row[0] for row in conn.execute("select action from audit where action like 'effect%' order by 1")]
    assert kept == ["effect.answered", "effect.answered", "effect.reported"]


def test_report_needs_a_doctor(unit: Unit) -> None:
    """Without a prescriber, or with a nurse for one, nothing is reported and the answer says what is missing."""
    hired(unit)

    async def guest(anna: httpx.AsyncClient) -> None:
        number = (await post(anna, f"{path_of(unit)}/events", PILL))["event_id"]
        path = f"{path_of(unit)}/effect?event={number}"

        assert (await anna.post(path, json={})).status_code == 422
        assert (await anna.post(path, json={"prescriber_id": unit.natt})).status_code == 422
        assert (await anna.post(path, json={"prescriber_id": unit.lunga})).status_code == 201

    as_one(unit, "anna", guest)
