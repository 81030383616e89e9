"""The on-ramp home on a real store: the hospital answers at every hour until the team is there and data was good."""

import asyncio
from datetime import datetime, timedelta

import psycopg
import pytest

from alerting import onramp
from tests.builders_duty import NOON
from tests.fix_api import Served, serving
from tests.fix_duty import Unit
from tests.integration.test_duty_http import someone
from ward.clock import FakeClock
from ward.duty.baton import Accept, Baton, Person
from ward.duty.onramp import GOOD_FOR
from ward.people import TeamId
from ward.store import duty, duty_batons, migrate
from ward.store.pool import Connection, pool

pytestmark = pytest.mark.integration
NIGHT = NOON + timedelta(hours=10)
MINUTE = timedelta(minutes=1)


def holder(unit: Unit, at: datetime) -> TeamId:
    """Who answers for the first patient."""
    return unit.within(lambda conn: duty.holder(conn, unit.stay, at)).team_id


def measure(unit: Unit, since: datetime, until: datetime) -> None:
    """Let the kit at home send what is expected, once a minute."""

    async def prepare(conn: Connection) -> None:
        await migrate.ensure_partitions(conn, [since.date(), until.date()])

    unit.within(prepare)
    with psycopg.connect(unit.url) as conn:
        conn.execute(
            "insert into reading (stay_id, kind, measured_at, device_no, value, received_at, validity, quality)"
            " select %s, k, at, %s, 80, at, 0, 95 from unnest(array[1, 2, 3]) k,"
            " generate_series(%s::timestamptz, %s, interval '1 minute') at",
            (unit.stay, unit.ward.beds[0].device_no, since, until),
        )


def look(unit: Unit, at: datetime) -> int:
    """Let the minute's look be at an instant."""

    async def run() -> int:
        async with pool(unit.url, "test", size=2) as store:
            return await onramp.look(store, FakeClock(at))

    return asyncio.run(run())


def said(unit: Unit, username: str, word: str, rev: int | None, at: datetime = NOON) -> tuple[int, dict[str, object]]:
    """Let somebody say something of the transfer; return the status and what is shown then."""

    async def run() -> tuple[int, dict[str, object]]:
        async with serving(unit.url, FakeClock(at)) as served:
            return await _say(served)

    async def _say(served: Served) -> tuple[int, dict[str, object]]:
        path = f"/api/patients/{unit.ward.beds[0].patient_id}/transfer"
        async with someone(served, username) as client:
            if word == "show":
                answer = await client.get(path)
            elif rev is None:
                answer = await client.post(path, json={"to_team": unit.base})
            else:
                answer = await client.post(f"{path}/{word}", json={}, headers={"If-Match": f'"{rev}"'})
        return answer.status_code, answer.json()

    return asyncio.run(run())


def test_h25_hospital_answers_at_night_too_until_the_transfer_is_complete(unit: Unit) -> None:
    """Accepted and with two hours of good data, the patient goes by the routes; before, by nobody but the hospital."""
    assert holder(unit, NIGHT) == unit.base
    assert said(unit, "anna", "arrange", None)[0] == 201
    assert holder(unit, NIGHT) == unit.day
    status, accepted = said(unit, "natt", "accept", 1)
    assert (status, accepted["waits_for"]) == (200, ["data"])

    measure(unit, NOON, NOON + GOOD_FOR)
    assert look(unit, NOON + timedelta(hours=1)) == 1
    assert holder(unit, NIGHT) == unit.day
    assert look(unit, NOON + GOOD_FOR - MINUTE) == 0
    assert look(unit, NOON + GOOD_FOR) == 1
    assert holder(unit, NIGHT) == unit.base
    assert look(unit, NOON + GOOD_FOR + MINUTE) == 0


def test_h25_gap_in_the_data_begins_the_two_hours_anew(unit: Unit) -> None:
    """Ten silent minutes are a gap: two hours from the return of the signal, and the hospital until then."""
    said(unit, "anna", "arrange", None)
    said(unit, "natt", "accept", 1)
    measure(unit, NOON, NOON + timedelta(minutes=50))
    measure(unit, NOON + timedelta(minutes=65), NOON + timedelta(hours=4))
    assert look(unit, NOON + timedelta(minutes=40)) == 1
    assert look(unit, NOON + timedelta(minutes=70)) == 1

    assert look(unit, NOON + GOOD_FOR + MINUTE) == 0
    assert holder(unit, NIGHT) == unit.day
    assert look(unit, NOON + timedelta(minutes=185)) == 1
    assert holder(unit, NIGHT) == unit.base


def test_h25_patient_whose_data_stopped_while_nobody_looked_is_not_handed_over_by_an_acceptance(unit: Unit) -> None:
    """Good for two hours and then silent, with alerting down: accepted hours later, the hospital goes on answering."""
    said(unit, "anna", "arrange", None)
    measure(unit, NOON, NOON + GOOD_FOR)
    assert look(unit, NOON + GOOD_FOR) == 1

    late = NOON + timedelta(hours=5)
    status, accepted = said(unit, "natt", "accept", 2, late)
    assert (status, accepted["closed"]) == (200, None)
    assert look(unit, late) == 1
    assert said(unit, "natt", "show", None, late)[1]["waits_for"] == ["data"]
    assert holder(unit, NIGHT) == unit.day


def test_h25_declined_patient_stays_and_may_be_arranged_anew(unit: Unit) -> None:
    """Who is not taken on goes by the routes of before, shown as declined; nobody else's word counts."""
    said(unit, "anna", "arrange", None)
    assert said(unit, "anna", "arrange", None)[0] == 409
    assert said(unit, "anna", "accept", 1)[0] == 409
    assert said(unit, "lunga", "accept", 1)[0] == 404
    status, declined = said(unit, "natt", "decline", 1)

    assert (status, declined["closed"]) == (200, "declined")
    assert said(unit, "anna", "show", None)[1]["closed"] == "declined"
    assert said(unit, "anna", "arrange", None)[0] == 201


def test_h25_baton_of_before_does_not_take_the_patient_back_from_who_took_them_home(unit: Unit) -> None:
    """The hospital's hold ends with the transfer, though it was agreed for longer; a cancelled one leaves it."""

    async def take(conn: Connection) -> None:
        baton = Baton(
            stay_id=unit.stay, rev=1, to_team=unit.day, to_staff=None, offered_by=unit.natt, offered_at=NOON - MINUTE,
            expires_at=NOON + MINUTE, held_until=NOON + timedelta(days=2), note="",
        )  # fmt: skip
        number = await duty_batons.offer(conn, baton)
        assert number is not None
        person = Person(staff_id=unit.anna, team_ids=frozenset({unit.day}))
        await duty_batons.apply_event(conn, unit.stay, number, Accept(by=person, rev=1), NOON - MINUTE / 2)

    unit.within(take)
    said(unit, "anna", "arrange", None)
    assert said(unit, "anna", "cancel", 1)[0] == 200
    assert holder(unit, NIGHT) == unit.day
    said(unit, "anna", "arrange", None)
    said(unit, "natt", "accept", 1)
    measure(unit, NOON, NOON + GOOD_FOR)
    assert look(unit, NOON + GOOD_FOR) == 1

    assert holder(unit, NIGHT) == unit.base
    assert holder(unit, NOON + timedelta(hours=1)) == unit.day


def test_h04_receiving_team_is_not_blocked_and_no_blocked_team_receives(unit: Unit) -> None:
    """Who is about to answer cannot be blocked, nor can a patient be sent to who is blocked."""
    path = f"/api/patients/{unit.ward.beds[0].patient_id}"

    async def run() -> tuple[int, int, int, int]:
        async with serving(unit.url, FakeClock(NOON)) as served, someone(served, "anna") as anna:
            body = {"team_id": unit.lungs}
            arranged = await anna.post(f"{path}/transfer", json={"to_team": unit.lungs})
            during = await anna.post(f"{path}/blocks", json=body)
            await anna.post(f"{path}/transfer/cancel", json={}, headers={"If-Match": '"1"'})
            after = await anna.post(f"{path}/blocks", json=body)
            again = await anna.post(f"{path}/transfer", json={"to_team": unit.lungs})
        return arranged.status_code, during.status_code, after.status_code, again.status_code

    assert asyncio.run(run()) == (201, 409, 201, 422)
