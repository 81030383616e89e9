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
from ward.duty.onramp import GOOD_FOR
from ward.people import TeamId
from ward.store import duty, migrate
from ward.store.pool import Connection

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
    return unit.within(lambda conn: onramp.look(conn, at))


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
