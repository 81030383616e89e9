"""The ledger of a team over HTTP: what was said of alerts and stays, counted by month, without any patient."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from tests.fix_api import Served
from tests.fix_duty import Unit
from tests.resource_visits import as_one, get, put, someone, visit

pytestmark = pytest.mark.integration
SEPTEMBER = datetime(2026, 9, 10, 12, tzinfo=UTC)


def past_stay(conn: psycopg.Connection[Any], unit: Unit, bed: int, start: datetime, end: datetime) -> int:
    """Add a stay of a patient that the day team answered for."""
    with conn.transaction():
        row = conn.execute(
            "insert into stay (patient_id, programme, period) values (%s, 'hospital_at_home', tstzrange(%s, %s))"
            " returning stay_id",
            (unit.ward.beds[bed].patient_id, start, end),
        ).fetchone()
        assert row is not None
        conn.execute(
            "insert into responsibility (stay_id, team_id, period) values (%s, %s, tstzrange(%s, null))",
            (row[0], unit.day, start),
        )
    return int(row[0])


def closed_alert(conn: psycopg.Connection[Any], unit: Unit, stay: int, at: datetime, outcome: str) -> int:
    """Add an alert of the day team that was closed then."""
    row = conn.execute(
        "insert into alert (stay_id, rule, family, priority, worst, condition, signal, rev, team_id, began_at,"
        " opened_at, changed_at, cleared_at, resolved_at, resolved_by, outcome, evidence) values (%s, 'limit.spo2.low',"
        " 'clinical', 2, 2, 'cleared', 'silent', 3, %s, %s, %s, %s, %s, %s, %s, %s,"
        """ '{"rule_version": 1, "text_key": "limit.low", "params": {}, "inputs": []}') returning alert_id""",
        (stay, unit.day, at, at, at, at, at, unit.anna, outcome),
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_consequence_is_said_of_a_closed_alert_over_what_was_seen(unit: Unit) -> None:
    """What a closed alert led to is said once over each revision; an open one is refused; a stranger sees nothing."""
    with psycopg.connect(unit.url, autocommit=True) as conn:
        alert = closed_alert(conn, unit, unit.stay, SEPTEMBER, "true_alarm")
        conn.execute(
            "insert into alert (stay_id, rule, family, priority, worst, condition, signal, rev, team_id, began_at,"
            " opened_at, changed_at, evidence) select stay_id, 'open', family, 2, 2, 'present', 'ringing', 1, team_id,"
            " began_at, opened_at, changed_at, evidence from alert"
        )

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna, someone(served, "lunga") as lunga:
            path = f"/api/alerts/{alert}/consequence"
            before = await anna.get(path)
            said = await put(anna, path, 0, {"consequence": "avoided_emergency"})
            stale = await put(anna, path, 0, {"consequence": "admission"})
            changed = await put(anna, path, 1, {"consequence": "home_visit"})

            assert (before.json()["value"], before.headers["ETag"]) == (None, '"0"')
            assert (said.status_code, said.json()["by"], stale.status_code) == (200, "Anna Provsson", 409)
            assert stale.json()["now"]["value"] == "avoided_emergency"
            assert (changed.json()["value"], changed.headers["ETag"]) == ("home_visit", '"2"')
            assert (await put(anna, path, None, {"consequence": "none"})).status_code == 428
            assert (await put(anna, path, 2, {"consequence": "magic"})).status_code == 422
            assert (
                await put(anna, f"/api/alerts/{alert + 1}/consequence", 0, {"consequence": "none"})
            ).status_code == 409
            assert (await put(lunga, path, 2, {"consequence": "none"})).status_code == 404

    visit(unit, guest)
    with psycopg.connect(unit.url) as conn:
        kept = conn.execute("select rev, consequence from alert_consequence order by rev").fetchall()
        noted = conn.execute("select count(*) from access_entry where patient_ids <> '{}'").fetchone()
    assert kept == [(1, "avoided_emergency"), (2, "home_visit")]
    assert noted is not None
    assert noted[0] >= 3


def test_ledger_counts_what_was_said_by_month(unit: Unit) -> None:
    """Alerts by what they led to, stays by how they ended, and who came back within thirty days, month by month."""
    day = timedelta(days=1)
    with psycopg.connect(unit.url, autocommit=True) as conn:
        back = past_stay(conn, unit, 0, SEPTEMBER - 20 * day, SEPTEMBER)
        past_stay(conn, unit, 0, SEPTEMBER + 29 * day, SEPTEMBER + 31 * day)
        well = past_stay(conn, unit, 1, SEPTEMBER - 20 * day, SEPTEMBER)
        past_stay(conn, unit, 1, SEPTEMBER + 31 * day, SEPTEMBER + 32 * day)
        taken_in = past_stay(conn, unit, 2, SEPTEMBER - 20 * day, SEPTEMBER)
        alerts = [
            closed_alert(conn, unit, well, SEPTEMBER - day, outcome)
            for outcome in ("true_alarm", "true_alarm", "true_alarm", "false_alarm")
        ]

    async def guest(anna: httpx.AsyncClient) -> None:
        for alert, said in zip(alerts[:2], ("avoided_emergency", "admission"), strict=True):
            assert (await put(anna, f"/api/alerts/{alert}/consequence", 0, {"consequence": said})).status_code == 200
        for stay, said in ((back, "home"), (well, "home"), (taken_in, "hospital")):
            assert (await put(anna, f"/api/stays/{stay}/outcome", 0, {"disposition": said})).status_code == 200
        page = await get(anna, f"/api/teams/{unit.day}/outcomes", months=3)
        september, october, november = page["months"]

        assert september == {
            "month": "2026-09-01",
            "complete": True,
            "closed": 4,
            "true_alarms": 3,
            "false_alarms": 1,
            "avoided_emergency": 1,
            "home_visits": 0,
            "emergency_visits": 0,
            "admissions": 1,
            "unmarked": 1,
            "stays_begun": 0,
            "stays_ended": 3,
            "ended_in_hospital": 1,
            "ended_at_home": 2,
            "readmitted": 1,
        }
        assert (october["complete"], october["stays_begun"], october["stays_ended"]) == (False, 2, 2)
        assert (november["month"], november["stays_begun"]) == ("2026-11-01", 3)
        assert page["charts"]["admissions"] == {"median": 1, "shift": 0}
        assert page["debt"] == f"/api/teams/{unit.day}"

    as_one(unit, "anna", guest)


def test_stay_is_judged_when_it_is_over(unit: Unit) -> None:
    """How a stay ended is not said while it goes on, and only by who may see it; the ledger is for its own house."""

    async def guest(served: Served) -> None:
        async with (
            someone(served, "anna") as anna,
            someone(served, "lunga") as lunga,
            someone(served, "oskar") as oskar,
        ):
            path = f"/api/stays/{unit.stay}/outcome"
            body = {"disposition": "home"}

            assert (await put(anna, path, 0, body)).status_code == 409
            assert (await put(lunga, path, 0, body)).status_code == 404
            assert (await put(oskar, path, 0, body)).status_code == 403
            assert (await anna.get("/api/stays/999/outcome")).status_code == 404
            assert (await oskar.get(f"/api/teams/{unit.day}/outcomes")).status_code == 200
            assert (await lunga.get(f"/api/teams/{unit.day}/outcomes")).status_code == 404
            assert (await anna.get("/api/teams/999/outcomes")).status_code == 404
            assert (await anna.get(f"/api/teams/{unit.day}/outcomes?months=0")).status_code == 422

    visit(unit, guest)
