"""Duty over HTTP: weeks and exceptions that are refused, coverage, and who answers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import psycopg
import pytest

from tests.builders_duty import NOON
from tests.fix_api import TRUSTED, Served, serving
from tests.fix_duty import Unit, token
from ward.clock import FakeClock
from ward.store import duty_care, people
from ward.store.pool import Connection

pytestmark = pytest.mark.integration
WORKDAYS = ["mon", "tue", "wed", "thu", "fri"]
NIGHT_ONLY = {"name": "Natt", "days": [*WORKDAYS, "sat", "sun"], "starts": "21:00", "ends": "07:00"}
DAY = {"name": "Dag", "days": WORKDAYS, "starts": "07:00", "ends": "21:00"}


def serve(unit: Unit, visit: Callable[[Served], Awaitable[None]]) -> None:
    """Run a visit to the api at noon."""

    async def run() -> None:
        async with serving(unit.url, FakeClock(NOON)) as served:
            await visit(served)

    asyncio.run(run())


def someone(served: Served, username: str) -> httpx.AsyncClient:
    """Return a client of somebody of the unit, who has logged in."""
    return httpx.AsyncClient(
        base_url=served.url, headers={"Authorization": f"Bearer {token(username)}"}, verify=TRUSTED, timeout=60
    )


async def put(client: httpx.AsyncClient, path: str, rev: int | None, body: dict[str, Any]) -> httpx.Response:
    """Change something, naming the revision that was seen."""
    headers = {} if rev is None else {"If-Match": f'"{rev}"'}
    return await client.put(path, json=body, headers=headers)


async def offer(client: httpx.AsyncClient, path: str, team: int) -> dict[str, Any]:
    """Offer a patient to a team."""
    answer = await client.post(f"{path}/offer", json={"team_id": team, "note": "tar ni över?"})
    assert answer.status_code == 201, answer.text
    baton: dict[str, Any] = answer.json()["batons"][0]
    return baton


def test_teams_show_who_is_on_duty_and_whose_base_they_are(unit: Unit) -> None:
    """The list names who is on call now; the round-the-clock team names its units; an operator may look too."""

    async def visit(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "oskar") as oskar:
            listed = (await anna.get("/api/teams")).json()
            teams = {each["team_id"]: each for each in listed["items"]}
            detail = (await oskar.get(f"/api/teams/{unit.base}")).json()

            assert listed["mine"] == [unit.day]
            assert teams[unit.day]["on_duty"]["on_call"] == {"staff_id": unit.anna, "name": "Anna Provsson"}
            assert teams[unit.base]["round_the_clock"] == ["Närsjukvård"]
            assert [each["name"] for each in detail["members"]] == ["Natt Provsson"]
            assert (await oskar.get("/api/teams/99")).status_code == 404

    serve(unit, visit)


def test_base_that_leaves_a_gap_is_refused_by_name(unit: Unit) -> None:
    """A round-the-clock week without weekends is refused with the hours in words, and the old one stays in force."""

    async def visit(served: Served) -> None:
        async with someone(served, "natt") as natt:
            path = f"/api/teams/{unit.base}/schedule"
            refused = await put(natt, path, 1, {"shifts": [NIGHT_ONLY, DAY]})
            gaps = [each["sv"] for each in refused.json()["faults"]]
            after = await natt.get(path)

            assert refused.status_code == 422
            assert "lördag 07:00\N{EN DASH}21:00 saknar team varje vecka" in gaps
            assert any("2026-12-25 (Juldagen)" in each for each in gaps)
            assert (after.headers["ETag"], after.json()["faults"]) == ('"1"', [])
            assert [each["name"] for each in after.json()["shifts"]] == ["Dag", "Natt"]

    serve(unit, visit)


def test_week_is_saved_by_its_team_over_the_revision_seen(unit: Unit) -> None:
    """A member or an operator of the house saves a week once; a stale revision, none, and strangers are refused."""

    async def visit(served: Served) -> None:
        async with (
            someone(served, "anna") as anna,
            someone(served, "natt") as natt,
            someone(served, "oskar") as oskar,
        ):
            path, body = f"/api/teams/{unit.day}/schedule", {"shifts": [{**DAY, "crews": [[unit.anna]]}]}
            saved = await put(anna, path, 1, body)

            assert saved.status_code == 200
            assert saved.json()["rev"] == 2
            assert (await put(anna, path, 1, body)).status_code == 409
            assert (await put(anna, path, None, body)).status_code == 428
            assert (await put(natt, path, 2, body)).status_code == 403
            stranger = await put(anna, path, 2, {"shifts": [{**DAY, "crews": [[unit.natt]]}]})
            assert [each["what"] for each in stranger.json()["faults"]] == ["stranger"]
            page = (await anna.get(f"/api/patients/{unit.ward.beds[0].patient_id}/responsibility")).json()
            assert page["now"]["until"] == "2026-11-18T20:00:00Z"
            assert (await put(oskar, path, 2, body)).json()["rev"] == 3
            assert (await put(oskar, f"/api/teams/{unit.lungs}/schedule", 1, body)).status_code == 403

    serve(unit, visit)


def test_exception_is_added_once_and_taken_back(unit: Unit) -> None:
    """An exception that is sent twice with one key exists once; taken back, the week counts again."""

    async def visit(served: Served) -> None:
        async with someone(served, "anna") as anna:
            body = {"from_at": "2026-11-18T11:30:00Z", "until": "2026-11-18T12:30:00Z", "reason": "utbildning"}
            path, key = f"/api/teams/{unit.day}/overrides", {"Idempotency-Key": "en"}
            first = await anna.post(path, json=body, headers=key)
            again = await anna.post(path, json=body, headers=key)
            clash = await anna.post(path, json=body)
            patient = f"/api/patients/{unit.ward.beds[0].patient_id}/responsibility"
            closed = (await anna.get(patient)).json()
            number = first.json()["override_id"]
            back = await anna.post(f"{path}/{number}/withdraw", json={"reason": "inställd"})

            assert (first.status_code, again.status_code, clash.status_code) == (201, 200, 409)
            assert again.json()["override_id"] == number
            assert [each["team_id"] for each in closed["ahead"][:3]] == [unit.day, unit.base, unit.day]
            assert back.json()["overrides"] == []
            assert (await anna.get(patient)).json()["now"]["until"] == "2026-11-18T15:00:00Z"

    serve(unit, visit)


def test_base_is_not_closed_for_an_hour(unit: Unit) -> None:
    """An exception that would leave the round-the-clock team without anybody is refused, one with a crew is not."""

    async def visit(served: Served) -> None:
        async with someone(served, "natt") as natt:
            path = f"/api/teams/{unit.base}/overrides"
            hour = {"from_at": "2026-11-18T22:00:00Z", "until": "2026-11-18T23:00:00Z", "reason": "ledig"}
            refused = await natt.post(path, json=hour)

            assert refused.status_code == 422
            assert [each["sv"] for each in refused.json()["faults"]] == [
                "onsdag 23:00\N{EN DASH}torsdag 00:00 saknar team 2026-11-18"
            ]
            assert (await natt.post(path, json={**hour, "crew": [unit.natt]})).status_code == 201
            assert (await natt.post(path, json={**hour, "until": hour["from_at"]})).status_code == 422

    serve(unit, visit)


def test_coverage_of_fourteen_days_is_red_where_nobody_is_reached(unit: Unit) -> None:
    """Coverage runs fourteen days; without a telephone the round-the-clock team is red from its first hour."""

    async def visit(served: Served) -> None:
        async with someone(served, "anna") as anna:
            path = f"/api/patients/{unit.ward.beds[0].patient_id}/responsibility"
            before = (await anna.get(path)).json()
            with psycopg.connect(unit.url, autocommit=True) as conn:
                conn.execute("update team set phone = '' where team_id = %s", (unit.base,))
            after = (await anna.get(path)).json()
            team = (await anna.get(f"/api/teams/{unit.base}/coverage")).json()

            assert {each["colour"] for each in before["ahead"]} == {"covered", "fallback"}
            assert before["ahead"][-1]["until"] == "2026-12-02T11:00:00Z"
            assert before["red_from"] is None
            assert after["red_from"] == "2026-11-18T15:00:00Z"
            assert after["now"]["watched"] is True
            assert team["red_from"] == "2026-11-18T11:00:00Z"

    serve(unit, visit)


def test_unit_is_saved_with_a_base_that_covers_everything(unit: Unit) -> None:
    """A unit whose round-the-clock team keeps office hours is refused; routes that lead nowhere are named."""

    async def visit(served: Served) -> None:
        async with someone(served, "oskar") as oskar, someone(served, "anna") as anna:
            body = {"base_team_id": unit.day, "routes": [{"competence": "magic"}]}
            refused = await put(oskar, f"/api/routing/{unit.unit_id}", 1, body)
            whats = {each["what"] for each in refused.json()["faults"]}
            good = {"base_team_id": unit.base, "routes": [{"team_id": unit.lungs}]}
            saved = await put(oskar, f"/api/routing/{unit.unit_id}", 1, good)
            added = await oskar.post("/api/routing", json={**good, "name": "Ny enhet"})

            assert (refused.status_code, whats) == (422, {"route", "gap"})
            assert (saved.status_code, saved.json()["rev"], added.status_code) == (200, 2, 201)
            assert (await put(oskar, f"/api/routing/{unit.unit_id}", 1, good)).status_code == 409
            assert (await put(anna, f"/api/routing/{unit.unit_id}", 2, good)).status_code == 403
            assert (await oskar.post("/api/routing", json={**good, "name": "Ny enhet"})).status_code == 409
            assert len((await anna.get("/api/routing")).json()["items"]) == 2
            page = f"/api/patients/{unit.ward.beds[0].patient_id}/responsibility"
            assert (await anna.get(page)).status_code == 200  # theirs until the other organisation has consented

    serve(unit, visit)


def test_h25_patient_is_not_put_into_another_organisation_s_unit(unit: Unit) -> None:
    """Who has a patient cannot route them to another organisation; its own staff, who took the patient, can."""

    async def add(conn: Connection) -> int | None:
        region = await people.organisation_of(conn, unit.lungs)
        assert region is not None
        return await duty_care.add_policy(conn, organisation_id=region, name="Andning", base_team_id=unit.base)

    other = unit.within(add)

    async def visit(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "lunga") as lunga:
            path = f"/api/patients/{unit.ward.beds[0].patient_id}/responsibility"
            pushed = await put(anna, path, 1, {"unit_id": other})
            baton = await offer(anna, path, unit.lungs)
            await lunga.post(f"{path}/accept", json={"baton_id": baton["baton_id"]}, headers={"If-Match": '"1"'})
            pulled = await put(lunga, path, 1, {"unit_id": other})

            assert pushed.status_code == 403
            assert (await put(anna, path, 1, {"unit_id": 99})).status_code == 422
            assert (pulled.status_code, pulled.json()["unit_id"]) == (200, other)

    serve(unit, visit)


def test_care_names_people_by_their_role(unit: Unit) -> None:
    """Needs and named people are saved over the revision seen; a nurse is no doctor."""

    async def visit(served: Served) -> None:
        async with someone(served, "anna") as anna:
            path = f"/api/patients/{unit.ward.beds[1].patient_id}/responsibility"
            body = {"unit_id": unit.unit_id, "needs": ["respiratory"], "nurse_id": unit.anna, "doctor_id": unit.lunga}
            saved = await put(anna, path, 1, body)

            assert saved.json()["now"]["team"] == "Andningsteamet"
            assert saved.json()["rev"] == 2
            assert (await put(anna, path, 1, body)).status_code in {404, 409}
            assert (await put(anna, path, 2, {**body, "doctor_id": unit.natt})).status_code in {404, 422}

    serve(unit, visit)
