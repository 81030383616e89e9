"""A patient's own page over HTTP: a call for help, what was entered and is sent late, less opened to a relative."""

import psycopg
import pytest

from tests.builders_duty import NOON
from tests.fix_api import Served
from tests.fix_duty import Unit
from tests.resource_visits import admit_account, evaluate, get, post, someone, visit

pytestmark = pytest.mark.integration
PRESSED = "2026-11-18T10:58:00Z"


def path_of(unit: Unit) -> str:
    """Where the first patient is."""
    return f"/api/patients/{unit.ward.beds[0].patient_id}"


def test_h05_call_is_told_received_then_with_the_team_then_seen(unit: Unit) -> None:
    """A call says first that it is received, with its alert that the team has it, and who has seen it by name."""
    patient = admit_account(unit, "patient")
    said = []

    async def press(served: Served) -> None:
        async with someone(served, patient) as own:
            before = await get(own, f"{path_of(unit)}/help")
            said.append(await post(own, f"{path_of(unit)}/help", {"occurred_at": PRESSED}))

            assert before["called_at"] is None

    async def take_up(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, patient) as own:
            said.append(await get(own, f"{path_of(unit)}/help"))
            alerts = (await get(anna, "/api/alerts", state="open"))["items"]
            alert = next(each for each in alerts if each["rule"] == "help_button")
            assert alert["priority"] == "high"
            seen = await anna.post(
                f"/api/alerts/{alert['alert_id']}/acknowledge", json={}, headers={"If-Match": f'"{alert["rev"]}"'}
            )
            assert seen.status_code == 200
            said.append(await get(own, f"{path_of(unit)}/help"))

    visit(unit, press)
    evaluate(unit)
    visit(unit, take_up)

    assert [each["called_at"] for each in said] == [PRESSED] * 3
    assert [each["team_at"] is not None for each in said] == [False, True, True]
    assert [each["seen_by"] for each in said] == [None, None, "Anna Provsson"]


def test_h19_call_sent_twice_with_its_key_is_one(unit: Unit) -> None:
    """What a page sends again after a lost answer rings once."""
    patient = admit_account(unit, "patient")

    async def guest(served: Served) -> None:
        async with someone(served, patient) as own:
            key = {"Idempotency-Key": "prov-1"}
            answers = [await own.post(f"{path_of(unit)}/help", json={}, headers=key) for _ in range(2)]

            assert [each.status_code for each in answers] == [201, 200]
            assert answers[0].json() == answers[1].json()

    visit(unit, guest)
    with psycopg.connect(unit.url) as conn:
        found = conn.execute("select count(*) from device_event where kind = 'help_button'").fetchone()
    assert found == (1,)


def test_h06_what_one_account_wrote_is_not_taken_from_another(unit: Unit) -> None:
    """An entry that says whose it is is refused when somebody else sends it, staff who see the patient among them."""
    patient = admit_account(unit, "patient")

    async def guest(served: Served) -> None:
        async with someone(served, patient) as own, someone(served, "anna") as anna:
            account = (await get(own, "/api/session"))["account"]["account_id"]
            whose = {"For-Account": str(account)}
            readings = {"values": [{"kind": "weight", "value": 71.5}]}
            answers = {"answers": [{"question": "wellbeing", "answer": "same"}]}
            refused = [
                (await anna.post(f"{path_of(unit)}/readings", json=readings, headers=whose)).status_code,
                (await anna.post(f"{path_of(unit)}/check-ins", json=answers, headers=whose)).status_code,
            ]
            taken = await own.post(f"{path_of(unit)}/readings", json=readings, headers=whose)

            assert refused == [412, 412]
            assert taken.status_code == 201

    visit(unit, guest)


def test_patient_is_told_what_may_be_typed_and_when_to_measure(unit: Unit) -> None:
    """Kinds come with unit and plausible range, without what staff alone judge; the schedule is open to the patient."""
    patient = admit_account(unit, "patient")

    async def guest(served: Served) -> None:
        async with someone(served, patient) as own:
            kinds = {each["kind"]: each for each in (await get(own, f"{path_of(unit)}/readings/kinds"))["items"]}
            due = await get(own, f"{path_of(unit)}/measuring")

            assert (kinds["spo2"]["unit"], kinds["spo2"]["high"]) == ("%", 100)
            assert "consciousness" not in kinds
            assert due["due"] == sorted(due["due"], key=lambda each: each["due_at"])

    visit(unit, guest)


def test_h27_relative_finds_whose_page_is_open_and_may_not_call_for_them(unit: Unit) -> None:
    """A relative is told whose page is open to them, and what of it; when it is closed there is none."""
    relative = admit_account(unit, "relative", opens=("values",))

    async def guest(served: Served) -> None:
        async with someone(served, relative) as client:
            first = await get(client, "/api/session/openings")
            refused = await client.post(f"{path_of(unit)}/help", json={})
            with psycopg.connect(unit.url, autocommit=True) as conn:
                conn.execute("update relative_access set ended_at = given_at, ended_by = account_id")
            after = await get(client, "/api/session/openings")

            assert [each["opens"] for each in first["items"]] == [["values"]]
            assert refused.status_code == 403
            assert after["items"] == []

    visit(unit, guest)


def test_access_log_can_leave_out_own_looks(unit: Unit) -> None:
    """A patient who asks for the looks of others does not read past their own."""
    patient = admit_account(unit, "patient")

    async def guest(served: Served) -> None:
        async with someone(served, patient) as own, someone(served, "anna") as anna:
            await get(own, f"{path_of(unit)}/home")
            await get(anna, path_of(unit))
            everything = await get(own, f"{path_of(unit)}/access-log")
            others = await get(own, f"{path_of(unit)}/access-log", whose="others")

            assert {each["why"] for each in everything["items"]} == {"own", "care"}
            assert {each["why"] for each in others["items"]} == {"care"}

    visit(unit, guest, NOON)


def test_h27_patient_opens_less_to_a_relative_and_it_holds_at_once(unit: Unit) -> None:
    """What is taken from an opening is gone with the relative's next request; one that is closed cannot be changed."""
    patient = admit_account(unit, "patient")
    relative = admit_account(unit, "relative", opens=("values", "contacts"))

    async def guest(served: Served) -> None:
        async with someone(served, patient) as own, someone(served, relative) as client:
            path = f"{path_of(unit)}/relatives"
            first = (await get(own, path))["items"][0]["access_id"]
            before = await get(client, f"{path_of(unit)}/home")
            changed = await own.put(f"{path}/{first}", json={"opens": ["contacts"]})
            after = await get(client, f"{path_of(unit)}/home")

            assert before["vitals"] is not None
            assert after["vitals"] is None
            assert [each["opens"] for each in changed.json()["items"] if each["ended_at"] is None] == [["contacts"]]
            assert (await own.put(f"{path}/{first}", json={"opens": ["values"]})).status_code == 404

    visit(unit, guest)
