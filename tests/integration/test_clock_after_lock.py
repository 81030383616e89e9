"""Whoever waited for somebody else acts at the time at which they could: what was waited for lies before it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from alerting import apply
from tests.builders_duty import NOON
from tests.fix_api import House, Served, serving
from tests.fix_duty import Unit
from tests.fix_kit import BORN, REASON, Desk, at_desk
from tests.fix_plans import WHY, Round, on_round
from tests.integration.test_duty_http import offer, someone
from tests.integration.test_gone_over import alarm
from tests.turns import in_turn
from ward.clock import FakeClock, SystemClock
from ward.people import TeamId
from ward.store import duty_layout, plan_versions, quarantine, registry
from ward.store.plan_versions import Owner
from ward.store.pool import Connection, connect
from ward.store.quarantine import Refused

pytestmark = pytest.mark.integration
WAITED = timedelta(seconds=4)
TIGHT = {"news2_high": 6}


async def after_a_plan_s(rounds: Round, owner: Owner, then: Any) -> httpx.Response:
    """Have somebody hold a plan while a request is made, and four seconds go by."""

    async def hold(conn: Connection) -> None:
        await plan_versions.lock(conn, owner)

    answer = await in_turn(rounds.house.database_url, hold, then, lambda: rounds.clock.advance(WAITED))
    assert isinstance(answer, httpx.Response), answer
    assert answer.status_code in {200, 202}, answer.text
    return answer


def times(rounds: Round, column: str, table: str = "plan") -> list[datetime | None]:
    """The times of every version of the first patient's plan, or of a team's, in their order."""
    mine = f"where stay_id = {rounds.house.ward.beds[0].stay_id}" if table == "plan" else ""
    return [row[0] for row in rounds.ask(f"select {column} from {table} {mine} order by version")]  # noqa: S608


def test_h12_version_that_waited_is_in_force_from_when_it_no_longer_did(house: House) -> None:
    """Saved, signed, promoted and withdrawn after a wait: each at its end, so versions stand in their order in time."""

    async def visit(rounds: Round) -> None:
        owner = Owner(stay_id=house.ward.beds[0].stay_id)
        body = {"overlay": TIGHT, **WHY}
        seen = {"If-Match": f'"{(await rounds.plan())["rev"]}"'}
        saved = await after_a_plan_s(rounds, owner, rounds.nurse.put(rounds.path, json=body, headers=seen))
        assert times(rounds, "valid_from")[-1] == rounds.clock.now()
        assert times(rounds, "ended_at")[-2] == rounds.clock.now()

        waits = await rounds.put({"limits": {"spo2": {"floor": 75}}}, by=rounds.second, status=202)
        await after_a_plan_s(rounds, owner, rounds.step(waits["version"], "approve", rounds.doctor))
        assert times(rounds, "approved_at")[-1] == rounds.clock.now()

        await after_a_plan_s(rounds, owner, rounds.step(waits["version"], "withdraw", rounds.nurse))
        assert times(rounds, "ended_at")[-1] == rounds.clock.now()
        assert saved.json()["version"] < waits["version"]

    on_round(house, visit)


def test_h12_team_s_version_and_another_team_s_plan_wait_likewise(house: House) -> None:
    """A team's version is in force from when it could be saved; so is a team's plan that is laid under a patient's."""

    async def visit(rounds: Round) -> None:
        team = Owner(team_id=house.ward.team_id, programme="hospital_at_home")
        path = f"/api/teams/{house.ward.team_id}/plan?programme=hospital_at_home"
        body = {"overlay": TIGHT, **WHY}
        await after_a_plan_s(rounds, team, rounds.nurse.put(path, json=body, headers={"If-Match": '"0"'}))
        assert times(rounds, "valid_from", "team_plan") == [rounds.clock.now()]

        with psycopg.connect(house.database_url, autocommit=True) as conn:
            row = conn.execute(
                "insert into team (organisation_id, name, phone) values (1, 'Andra', '0') returning team_id"
            ).fetchone()
        assert row is not None
        other = Owner(team_id=TeamId(row[0]), programme="hospital_at_home")
        seen = {"If-Match": f'"{(await rounds.plan())["rev"]}"'}
        wanted = rounds.nurse.put(f"{rounds.path}/team", json={"team_id": row[0], **WHY}, headers=seen)
        await after_a_plan_s(rounds, other, wanted)
        [(since,)] = rounds.ask("select max(since) from evaluation_request")
        assert since == rounds.clock.now()

    on_round(house, visit)


def test_h06_plan_of_a_stay_that_ended_while_it_was_waited_for_is_not_changed(house: House) -> None:
    """Discharged meanwhile: nobody is told that a change is in force that holds for nobody."""

    async def visit(rounds: Round) -> None:
        seen = {"If-Match": f'"{(await rounds.plan())["rev"]}"'}

        async def discharge(conn: Connection) -> None:
            await plan_versions.lock(conn, Owner(stay_id=house.ward.beds[0].stay_id))
            await conn.execute(
                "update stay set period = tstzrange(lower(period), %s) where stay_id = %s",
                (rounds.clock.now(), house.ward.beds[0].stay_id),
            )

        wanted = rounds.nurse.put(rounds.path, json={"overlay": TIGHT, **WHY}, headers=seen)
        answer = await in_turn(house.database_url, discharge, wanted)
        assert answer.status_code == 404
        assert len(times(rounds, "valid_from")) == 1

    on_round(house, visit)


def with_unit(unit: Unit, visit: Callable[[Served, FakeClock], Awaitable[None]]) -> None:
    """Run a visit to the api at noon."""

    async def run() -> None:
        clock = FakeClock(NOON)
        async with serving(unit.url, clock) as served:
            await visit(served, clock)

    asyncio.run(run())


def one(unit: Unit, query: bytes) -> Any:
    """Ask the store for one value."""
    with psycopg.connect(unit.url) as conn:
        row = conn.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_h24_who_answers_by_a_baton_or_a_transfer_that_waited_does_so_from_then_on(unit: Unit) -> None:
    """Offered, taken and on the way at the time when the stay was to be had, not when somebody else had it."""
    path = f"/api/patients/{unit.ward.beds[0].patient_id}"

    async def visit(served: Served, clock: FakeClock) -> None:
        async def hold(conn: Connection) -> None:
            await duty_layout.hold(conn, [unit.stay])

        async def waited(then: Any) -> httpx.Response:
            answer = await in_turn(unit.url, hold, then, lambda: clock.advance(WAITED))
            assert isinstance(answer, httpx.Response), answer
            assert answer.status_code in {200, 201}, answer.text
            return answer

        async with someone(served, "anna") as anna, someone(served, "lunga") as lunga:
            baton = {"baton_id": 1}
            await waited(offer_of(anna, f"{path}/responsibility", unit.lungs))
            assert one(unit, b"select offered_at from baton") == clock.now()
            taken = lunga.post(f"{path}/responsibility/accept", json=baton, headers={"If-Match": '"1"'})
            await waited(taken)
            assert one(unit, b"select answered_at from baton") == clock.now()
            assert one(unit, b"select lower(period) from responsibility where ground = 'baton'") == clock.now()
            back = lunga.post(f"{path}/responsibility/return", json=baton, headers={"If-Match": '"2"'})
            await waited(back)
            assert one(unit, b"select returned_at from baton") == clock.now()
            await waited(anna.post(f"{path}/transfer", json={"to_team": unit.base}))
            assert one(unit, b"select arranged_at from stay_transfer") == clock.now()
            await waited(anna.post(f"{path}/transfer/cancel", json={}, headers={"If-Match": '"1"'}))
            assert one(unit, b"select closed_at from stay_transfer") == clock.now()

    with_unit(unit, visit)


async def offer_of(client: httpx.AsyncClient, path: str, team: int) -> httpx.Response:
    """Offer a patient to a team."""
    return await client.post(f"{path}/offer", json={"team_id": team})


def test_h25_offer_that_ran_out_while_it_was_waited_for_is_not_taken(unit: Unit) -> None:
    """Within its time when the button was touched, over it when the stay was to be had."""
    path = f"/api/patients/{unit.ward.beds[0].patient_id}/responsibility"

    async def visit(served: Served, clock: FakeClock) -> None:
        async with someone(served, "anna") as anna, someone(served, "lunga") as lunga:
            baton = await offer(anna, path, unit.lungs)
            clock.set(datetime.fromisoformat(baton["expires_at"]) - WAITED)
            wanted = lunga.post(f"{path}/accept", json={"baton_id": baton["baton_id"]}, headers={"If-Match": '"1"'})

            async def hold(conn: Connection) -> None:
                await duty_layout.hold(conn, [unit.stay])

            answer = await in_turn(unit.url, hold, wanted, lambda: clock.advance(WAITED))
            assert answer.status_code == 409
            assert "time is over" in answer.json()["detail"]

    with_unit(unit, visit)


def test_h21_act_on_an_alert_counts_from_when_the_alert_was_to_be_had(unit: Unit) -> None:
    """Acknowledged after a wait: the quiet lasts from its end, and the lines of the alert stand in order of time."""
    number = alarm(unit, NOON)

    async def visit(served: Served, clock: FakeClock) -> None:
        async def hold(conn: Connection) -> None:
            await apply.hold(conn, number)

        async with someone(served, "anna") as anna:
            wanted = anna.post(f"/api/alerts/{number}/acknowledge", json={}, headers={"If-Match": '"1"'})
            answer = await in_turn(unit.url, hold, wanted, lambda: clock.advance(WAITED))
            assert answer.status_code == 200
            assert one(unit, b"select acknowledged_at from alert") == clock.now()

    with_unit(unit, visit)


def test_h06_second_of_two_who_end_a_binding_at_once_is_told_that_it_is_over(unit: Unit) -> None:
    """The one who waited neither moves the end nor takes the first one's name and reason away."""
    bed = unit.ward.beds[0]

    async def visit(served: Served, clock: FakeClock) -> None:
        async def end(conn: Connection) -> None:
            await registry.freeze(conn)
            await conn.execute(
                "update binding set period = tstzrange(lower(period), %s), end_reason = 'först' where device_no = %s",
                (clock.now(), bed.device_no),
            )

        async with someone(served, "anna") as anna:
            binding = one(unit, b"select binding_id from binding order by 1 limit 1")
            path = f"/api/devices/{bed.device_id}/bindings/{binding}/end"
            wanted = anna.post(path, json={"reason": "Prövning"})
            answer = await in_turn(unit.url, end, wanted, lambda: clock.advance(WAITED))
            assert (answer.status_code, answer.json()["reason"]) == (409, "over")
            assert one(unit, b"select end_reason from binding order by binding_id limit 1") == "först"

    with_unit(unit, visit)


def at_a_desk(house: House, visit: Callable[[Desk, FakeClock], Awaitable[None]]) -> None:
    """Run a visit of a nurse and an operator to the api by a clock."""
    clock = FakeClock(SystemClock().now())
    asyncio.run(at_desk(house, lambda desk: visit(desk, clock), clock))


def test_h06_what_is_done_about_a_refused_reading_counts_from_when_it_was_to_be_had(house: House) -> None:
    """Given to a patient, or put aside, after a wait: settled, and audited, at its end."""

    async def visit(desk: Desk, clock: FakeClock) -> None:
        reading = {"kind": "spo2", "value": 92, "measured_at": (clock.now() - timedelta(minutes=2)).isoformat()}
        entry = Refused(
            received_at=clock.now(), device_id="hv-1", topic="hemvakt/1/hv-1/vitals", reason="no_binding", detail="",
            index=None, payload=json.dumps(reading).encode(),
        )  # fmt: skip
        async with await connect(house.database_url, "test") as conn:
            await quarantine.insert(conn, [entry, entry])
        given, aside = (number for (number,) in desk.ask("select quarantine_id from quarantine order by 1"))

        async def hold(conn: Connection) -> None:
            await conn.execute("select from quarantine for update")

        patient = {"patient_id": house.ward.beds[0].patient_id, **BORN, **REASON}
        for wanted in (
            desk.nurse.post(f"/api/quarantine/{given}/assign", json=patient),
            desk.nurse.post(f"/api/quarantine/{aside}/dismiss", json=REASON),
        ):
            answer = await in_turn(house.database_url, hold, wanted, lambda: clock.advance(WAITED))
            assert answer.status_code == 200, answer.text
            assert desk.ask("select max(resolved_at), (select max(at) from audit) from quarantine") == [
                (clock.now(), clock.now())
            ]

    at_a_desk(house, visit)


def test_h06_device_that_was_waited_for_is_shut_out_from_when_it_was_to_be_had(house: House) -> None:
    """Revoked after a wait: at its end, and the stay in which it is worn by then is looked at."""

    async def visit(desk: Desk, clock: FakeClock) -> None:
        async def hold(conn: Connection) -> None:
            await conn.execute("select from device where device_id = 'hv-1' for update")

        wanted = desk.operator.post("/api/devices/hv-1/revoke", json=WHY)
        answer = await in_turn(house.database_url, hold, wanted, lambda: clock.advance(WAITED))
        assert answer.status_code == 200, answer.text
        assert desk.ask("select revoked_at, (select max(at) from audit) from device where device_id = 'hv-1'") == [
            (clock.now(), clock.now())
        ]

    at_a_desk(house, visit)
