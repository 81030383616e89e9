"""A patient's own page over HTTP: watched or not, the next step, who has looked, and what a relative gets."""

from datetime import timedelta

import httpx
import psycopg
import pytest

from tests.builders_duty import NOON
from tests.fix_api import Served
from tests.fix_duty import Unit
from tests.resource_visits import admit_account, as_one, get, join_day_team, post, put, someone, store, visit
from ward.guard import NEEDED
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration
STEP = {
    "what": "Vi sänker syrgasen",
    "at": "2026-11-19T09:00:00Z",
    "who": "Anna kommer hem till dig",
    "turn_to": "Dagteamet",
    "check_at": "2026-11-18T17:00:00Z",
}


def path_of(unit: Unit) -> str:
    """Where the first patient is."""
    return f"/api/patients/{unit.ward.beds[0].patient_id}"


def services_live(unit: Unit) -> None:
    """Let ingest and alerting have been heard a moment ago."""
    with psycopg.connect(unit.url, autocommit=True) as conn:
        conn.execute(
            "insert into service_heartbeat (service, instance, beat_at) "
            "select each, 'test', %s from unnest(%s::text[]) each",
            (NOON, list(NEEDED)),
        )


def test_h09_page_says_not_watched_until_values_come_and_somebody_is_reached(unit: Unit) -> None:
    """Without values not watched; with them watched; when nobody can be reached not watched again, with a number."""
    patient = admit_account(unit, "patient")
    services_live(unit)

    async def lamp(served: Served) -> None:
        async with someone(served, patient) as client:
            found.append((await get(client, f"{path_of(unit)}/home"))["lamp"])

    found: list[dict[str, object]] = []
    visit(unit, lamp)
    store(unit, VitalKind.SPO2, [(NOON - timedelta(minutes=1), 96.0)])
    visit(unit, lamp)
    with psycopg.connect(unit.url, autocommit=True) as conn:
        conn.execute("update team set phone = ''")
    visit(unit, lamp)

    assert [each["light"] for each in found] == ["not_watched", "watched", "not_watched"]
    assert found[2]["why"] == ["nobody_on_duty"]
    assert "112" in str(found[2]["sv"])


def test_h36_page_says_not_watched_while_alerting_is_silent(unit: Unit) -> None:
    """Values come and somebody is on duty, and yet nobody would hear of them: the lamp says so."""
    patient = admit_account(unit, "patient")
    store(unit, VitalKind.SPO2, [(NOON + timedelta(minutes=1), 96.0)])
    services_live(unit)

    async def lamp(served: Served) -> None:
        async with someone(served, patient) as client:
            found.append((await get(client, f"{path_of(unit)}/home"))["lamp"])

    found: list[dict[str, object]] = []
    visit(unit, lamp)
    visit(unit, lamp, NOON + timedelta(seconds=90))

    assert [each["why"] for each in found] == [[], ["alarms_in_doubt"]]
    assert str(found[1]["sv"]).startswith("Dina värden övervakas inte just nu. Larm till teamet kan utebli just nu.")


def test_patient_reads_the_next_step_and_who_has_looked(unit: Unit) -> None:
    """What staff write is on the patient's page and on the board; "seen" names who looked last and when."""
    join_day_team(unit)
    patient = admit_account(unit, "patient")

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "natt") as natt, someone(served, patient) as own:
            path = path_of(unit)
            before = await get(own, f"{path}/home")
            saved = await put(anna, f"{path}/next-step", 0, STEP)
            stale = await put(natt, f"{path}/next-step", 0, {**STEP, "what": "Annat"})
            await post(natt, f"{path}/seen", {}, 200)
            visit_at = {"kind": "visit", "words": "Provtagning", "occurred_at": "2026-11-19T08:00:00Z"}
            await post(anna, f"{path}/events", visit_at)
            after = await get(own, f"{path}/home")

            assert (before["next_step"]["rev"], before["seen"]) == (0, None)
            assert (saved.status_code, saved.headers["ETag"], stale.status_code) == (200, '"1"', 409)
            assert stale.json()["next_step"]["what"] == STEP["what"]
            assert {key: after["next_step"][key] for key in STEP} == STEP
            assert after["seen"] == {"at": "2026-11-18T11:00:00Z", "name": "Natt Provsson", "title": "Prov"}
            assert after["visits"] == [{"at": "2026-11-19T08:00:00Z", "words": "Provtagning"}]
            assert [each["role"] for each in after["contacts"]] == ["team", "nurse", "doctor", "advice", "emergency"]
            assert (await get(anna, path))["next_step"] == STEP["what"]
            assert (await put(anna, f"{path}/next-step", None, STEP)).status_code == 428
            assert (await put(own, f"{path}/next-step", 1, STEP)).status_code == 403
            assert (await own.post(f"{path}/seen", json={})).status_code == 403

    visit(unit, guest)


def test_questions_are_asked_until_they_are_answered(unit: Unit) -> None:
    """The day's questions come with the page, and when they were answered today; yesterday's answers do not count."""
    patient = admit_account(unit, "patient")

    async def guest(own: httpx.AsyncClient) -> None:
        path = path_of(unit)
        answers = {"answers": [{"question": "wellbeing", "answer": "same"}]}
        await post(own, f"{path}/check-ins", {**answers, "occurred_at": "2026-11-17T22:59:00Z"})
        before = await get(own, f"{path}/home")
        await post(own, f"{path}/check-ins", {**answers, "occurred_at": "2026-11-17T23:01:00Z"})
        after = await get(own, f"{path}/home")

        assert "breath" in [each["question"] for each in before["questions"]]
        assert (before["answered_at"], after["answered_at"]) == (None, "2026-11-17T23:01:00Z")

    as_one(unit, patient, guest)


def test_h02_summary_tells_when_each_of_its_values_was_measured(unit: Unit) -> None:
    """What a score rests on has its own time: no poor reading makes it younger, nor one that nobody has judged."""
    old, poor, new = (NOON - timedelta(minutes=ago) for ago in (470, 2, 1))
    patient, bed = admit_account(unit, "patient"), unit.ward.beds[0]
    store(unit, VitalKind.TEMPERATURE, [(old, 37.0)])
    store(unit, VitalKind.SPO2, [(old, 96.0), (poor, 97.0), (new, 98.0)])
    detail = '{"parts": {}, "missing": ["consciousness"], "stale": [], "settles": null, "single_three": false}'
    with psycopg.connect(unit.url, autocommit=True) as conn:
        conn.execute(
            "insert into score (stay_id, scored_at, total_min, total_max, risk, spo2_scale, detail)"
            " values (%s, %s, 0, 3, 'low', 1, %s)",
            (bed.stay_id, NOON, detail),
        )
        conn.execute("delete from evaluation_request")
        conn.execute("update reading set quality = 5 where measured_at = %s", (poor,))
        conn.execute("insert into evaluation_request (stay_id, since) values (%s, %s)", (bed.stay_id, new))

    async def guest(own: httpx.AsyncClient) -> None:
        told = (await get(own, f"{path_of(unit)}/opened"))["values"]["score"]
        rests = {each["part"]: (each["measured_at"], each["counted"]) for each in told["rests_on"]}

        assert list(rests)[:3] == ["resp_rate", "spo2", "oxygen"]
        assert rests["temperature"] == rests["spo2"] == ("2026-11-18T03:10:00Z", True)
        assert rests["consciousness"] == (None, False)

    as_one(unit, patient, guest)


def test_h27_relative_gets_what_was_opened_and_no_more(unit: Unit) -> None:
    """A relative sees lamp and numbers to call always, values where opened, never the questions; no opening is 404."""
    store(unit, VitalKind.SPO2, [(NOON - timedelta(minutes=1), 96.0)])
    services_live(unit)
    relative = admit_account(unit, "relative", opens=("values",))

    async def guest(served: Served) -> None:
        async with someone(served, relative) as client:
            home = await get(client, f"{path_of(unit)}/home")
            other = f"/api/patients/{unit.ward.beds[1].patient_id}/home"

            assert home["lamp"]["light"] == "watched"
            assert home["week"]["lines"]
            assert home["vitals"]["spo2"]["value"] == 96
            assert (home["next_step"], home["questions"]) == (None, [])
            assert [each["role"] for each in home["contacts"]] == ["team", "advice", "emergency"]
            assert (await client.get(other)).status_code == 404
            with psycopg.connect(unit.url, autocommit=True) as conn:
                conn.execute("update relative_access set ended_at = given_at, ended_by = account_id")
            assert (await client.get(f"{path_of(unit)}/home")).status_code == 404

    visit(unit, guest)
