"""The baton and hand-overs over HTTP: offers, races, both names, and who sees none of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import psycopg
import pytest

from alerting import apply
from tests.builders_duty import NOON
from tests.fix_api import Served
from tests.fix_duty import Unit
from tests.integration.test_duty_batons import WAITS
from tests.integration.test_duty_http import offer, serve, someone
from ward.alerts import Evidence, Family, Finding, Priority
from ward.clock import FakeClock
from ward.duty.routing import Policy, Route
from ward.duty.schedule import Schedule
from ward.people import OrganisationId, StayId, TeamId
from ward.store import duty_care, duty_layout, duty_schedules, sessions, sharing
from ward.store.pool import Connection, connect

pytestmark = pytest.mark.integration


def test_h25_patient_is_passed_to_another_organisation_and_back(unit: Unit) -> None:
    """Until the offer the other team knows nothing of the patient; it sees the offer, takes it, and gives it back."""

    async def visit(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "lunga") as lunga:
            patient = unit.ward.beds[0].patient_id
            path = f"/api/patients/{patient}/responsibility"
            assert (await lunga.get(path)).status_code == 404
            baton = await offer(anna, path, unit.lungs)
            assert (await lunga.get(f"/api/patients/{patient}")).status_code == 404
            assert (await lunga.get(path)).json()["batons"][0]["state"] == "waiting"
            (waiting,) = (await lunga.get("/api/offers")).json()["items"]
            assert (waiting["patient_id"], waiting["note"], waiting["from_team"]) == (
                patient,
                "tar ni över?",
                "Testteamet",
            )
            assert "Testsson" not in str(waiting)
            assert (await anna.get("/api/offers")).json()["items"] == []
            answer = {"baton_id": baton["baton_id"]}
            wrong = await anna.post(f"{path}/accept", json=answer, headers={"If-Match": '"1"'})
            taken = await lunga.post(f"{path}/accept", json=answer, headers={"If-Match": '"1"'})
            seen = await lunga.get(f"/api/patients/{patient}")
            given = await anna.get(path)
            assert (await lunga.get("/api/offers")).json()["items"] == []
            back = await lunga.post(f"{path}/return", json=answer, headers={"If-Match": '"2"'})

            assert wrong.status_code == 409
            assert taken.json()["now"]["staff"] == {"staff_id": unit.lunga, "name": "Lunga Provsson"}
            assert taken.json()["batons"][0]["state"] == "held"
            assert seen.status_code == 200
            assert given.json()["now"]["team"] == "Andningsteamet"
            assert back.json()["now"]["team_id"] == unit.day
            assert (await lunga.get(f"/api/patients/{patient}")).status_code == 404

    serve(unit, visit)


def test_h24_second_acceptance_is_told_who_has_the_patient(unit: Unit) -> None:
    """Two requests of one revision at once: one is done, the other is refused with how it is now."""

    async def visit(served: Served) -> None:
        with psycopg.connect(unit.url, autocommit=True) as conn:
            conn.execute("insert into team_member values (%s, %s)", (unit.lungs, unit.natt))
        async with (
            someone(served, "anna") as anna,
            someone(served, "lunga") as lunga,
            someone(served, "natt") as natt,
        ):
            path = f"/api/patients/{unit.ward.beds[0].patient_id}/responsibility"
            answer = {"baton_id": (await offer(anna, path, unit.lungs))["baton_id"]}
            done = await asyncio.gather(
                *(each.post(f"{path}/accept", json=answer, headers={"If-Match": '"1"'}) for each in (lunga, natt))
            )
            won, lost = sorted(done, key=lambda each: each.status_code)

            assert (won.status_code, lost.status_code) == (200, 409)
            assert lost.json()["responsibility"]["now"]["staff"] == won.json()["now"]["staff"]

    serve(unit, visit)


def test_second_offer_waits_for_the_first(unit: Unit) -> None:
    """A patient is offered to one at a time; declined or withdrawn, they stay, and may be offered again."""

    async def visit(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "lunga") as lunga:
            path = f"/api/patients/{unit.ward.beds[0].patient_id}/responsibility"
            seen = {"If-Match": '"1"'}
            first = await offer(anna, path, unit.lungs)
            clash = await anna.post(f"{path}/offer", json={"team_id": unit.base})
            declined = await lunga.post(f"{path}/decline", json={"baton_id": first["baton_id"]}, headers=seen)
            second = await offer(anna, path, unit.lungs)
            withdrawn = await anna.post(f"{path}/withdraw", json={"baton_id": second["baton_id"]}, headers=seen)

            assert clash.status_code == 409
            assert declined.status_code == 200
            assert [each["state"] for each in withdrawn.json()["batons"]] == ["withdrawn", "declined"]
            assert withdrawn.json()["now"]["team_id"] == unit.day
            stranger = {"team_id": unit.lungs, "staff_id": unit.anna}
            for_ever = {"team_id": unit.lungs, "held_until": "2027-01-01T00:00:00Z"}
            for body in ({"team_id": 99}, stranger, for_ever):
                assert (await anna.post(f"{path}/offer", json=body)).status_code == 422

    serve(unit, visit)


def _alarm(unit: Unit, stay_id: StayId) -> None:
    finding = Finding(
        stay_id=stay_id,
        rule="limit.spo2.low",
        family=Family.CLINICAL,
        priority=Priority.HIGH,
        began_at=NOON,
        due_at=NOON,
        evidence=Evidence(rule_version=1, text_key="limit.low", params={}, inputs=()),
    )
    assert unit.within(lambda conn: apply.raise_or_update(conn, finding, NOON)) is not None


def test_h25_hand_over_names_who_gave_and_who_took(unit: Unit) -> None:
    """The next shift takes one patient, then the rest; the giver cannot take, and both names stand with their times."""
    _alarm(unit, unit.ward.beds[0].stay_id)
    with psycopg.connect(unit.url, autocommit=True) as conn:
        conn.execute("insert into team_member values (%s, %s)", (unit.day, unit.natt))
    first, second = (bed.patient_id for bed in unit.ward.beds[:2])

    async def visit(served: Served) -> None:
        async with (
            someone(served, "anna") as anna,
            someone(served, "natt") as natt,
            someone(served, "lunga") as lunga,
        ):
            path = f"/api/teams/{unit.day}/handover"
            preview = (await anna.get(path)).json()
            body = {"note": "lugn dag", "patients": [{"patient_id": second, "note": "ring dottern"}]}
            given = await anna.post(path, json=body, headers={"Idempotency-Key": "k"})
            repeated = await anna.post(path, json=body, headers={"Idempotency-Key": "k"})
            accept = f"{path}/{given.json()['handover_id']}/accept"
            own = await anna.post(accept, json={})
            one = await natt.post(accept, json={"patient_ids": [second]})
            twice = await natt.post(accept, json={"patient_ids": [second]})
            rest = (await natt.post(accept, json={})).json()

            assert [each["patient_id"] for each in preview["unresolved"]] == [first]
            assert (given.status_code, repeated.status_code) == (201, 200)
            assert (own.status_code, twice.status_code) == (409, 409)
            assert [each["taken_by"] and each["taken_by"]["name"] for each in one.json()["patients"]] == [
                None,
                "Natt Provsson",
            ]
            assert rest["given_by"]["name"] == "Anna Provsson"
            assert {each["taken_by"]["name"] for each in rest["patients"]} == {"Natt Provsson"}
            assert (rest["outcome"], rest["closed_at"]) == ("taken", "2026-11-18T11:00:00Z")
            assert (await natt.post(accept, json={})).status_code == 409
            assert (await lunga.get(path)).status_code == 404

    serve(unit, visit)


def test_team_owes_what_it_has_not_answered(unit: Unit) -> None:
    """An alert that nobody has seen and an offer that ran out are a team's debt, shown to those who may see them."""
    _alarm(unit, unit.ward.beds[0].stay_id)

    async def visit(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "lunga") as lunga:
            own = (await anna.get(f"/api/teams/{unit.day}")).json()["debt"]
            other = (await lunga.get(f"/api/teams/{unit.day}")).json()["debt"]

            assert [(each["kind"], each["count"]) for each in own] == [("unseen", 1)]
            assert other == []

    serve(unit, visit)


def test_operator_sees_no_patient_s_responsibility(unit: Unit) -> None:
    """What is about one patient is for nurses and doctors."""

    async def visit(served: Served) -> None:
        async with someone(served, "oskar") as oskar:
            path = f"/api/patients/{unit.ward.beds[0].patient_id}/responsibility"

            assert (await oskar.get(path)).status_code == 403
            assert (await oskar.get(f"/api/teams/{unit.day}/handover")).status_code == 403

    serve(unit, visit)


def test_h04_patient_is_not_offered_to_who_is_blocked_in_the_same_moment(unit: Unit) -> None:
    """An offer that comes while a block is being set waits for it, and is refused."""

    async def visit(served: Served) -> None:
        path = f"/api/patients/{unit.ward.beds[0].patient_id}/responsibility/offer"
        async with someone(served, "anna") as anna, await connect(unit.url, "test") as blocking:
            account = await sessions.find_account(blocking, "anna")
            assert account is not None
            await duty_layout.hold(blocking, [unit.stay])
            against = sharing.Against(team_id=unit.lungs)
            await sharing.block(blocking, unit.ward.beds[0].patient_id, against, account.account_id, NOON)
            offering = asyncio.create_task(anna.post(path, json={"team_id": unit.lungs}))
            async with await psycopg.AsyncConnection.connect(unit.url, autocommit=True) as watch, asyncio.timeout(30):
                while not offering.done() and (await (await watch.execute(WAITS.encode())).fetchone()) != (True,):
                    await asyncio.sleep(0.01)
            await blocking.commit()
            assert (await offering).status_code == 422

    serve(unit, visit)


async def _routes(unit: Unit, saving: Connection, made: int) -> TeamId:
    """Save routes that lead to the day team."""
    routes = Policy(base_team_id=unit.base, routes=(Route(team_id=unit.day),))
    assert await duty_care.save_policy(saving, made, 1, routes)
    await duty_layout.lay_or_leave(saving, await duty_care.stays_of(saving, made, NOON), FakeClock(NOON))
    return unit.day


async def _week(unit: Unit, saving: Connection, _made: int) -> TeamId:
    """Save that the day team keeps no hours any more."""
    await duty_schedules.save_week(saving, unit.day, 2, Schedule(), None, NOON)
    await duty_layout.lay_or_leave(saving, await duty_care.stays_routed(saving, unit.day, NOON), FakeClock(NOON))
    return unit.base


@pytest.mark.parametrize("save", [_routes, _week])
def test_h25_who_comes_into_a_unit_while_what_routes_it_is_saved_goes_by_the_new(
    unit: Unit, save: Callable[[Unit, Connection, int], Awaitable[TeamId]]
) -> None:
    """What is being saved is waited for: whom it did not know yet is not laid out by the routes and weeks of before."""

    async def visit(served: Served) -> None:
        path = f"/api/patients/{unit.ward.beds[0].patient_id}/responsibility"
        async with someone(served, "anna") as anna, await connect(unit.url, "test") as saving:
            before = () if save is _routes else (Route(team_id=unit.day),)
            made = await duty_care.add_policy(
                saving, organisation_id=OrganisationId(1), name="Ny", base_team_id=unit.base, routes=before
            )
            assert made is not None
            await saving.commit()
            rev = (await anna.get(path)).headers["ETag"]
            nobody = replace(duty_care.unsaid(unit.stay), rev=int(rev.strip('"')))
            assert await duty_care.save_care(saving, nobody)
            await saving.commit()
            rev = (await anna.get(path)).headers["ETag"]
            expected = await save(unit, saving, made)
            moving = asyncio.create_task(anna.put(path, json={"unit_id": made}, headers={"If-Match": rev}))
            async with await psycopg.AsyncConnection.connect(unit.url, autocommit=True) as watch, asyncio.timeout(30):
                while not moving.done() and (await (await watch.execute(WAITS.encode())).fetchone()) != (True,):
                    await asyncio.sleep(0.01)
            await saving.commit()
            answer = await moving
            assert answer.status_code == 200, answer.text
            assert answer.json()["now"]["team_id"] == expected

    serve(unit, visit)
