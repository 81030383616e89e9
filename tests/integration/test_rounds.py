"""The round before free days over HTTP: sorted by risk with reasons, who covers, and signed by revision."""

from datetime import timedelta

import psycopg
import pytest

from tests.builders_duty import NOON
from tests.fix_api import Served
from tests.fix_duty import Unit
from tests.resource_visits import evaluate, get, put, someone, store, visit
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration


def path_of(unit: Unit) -> str:
    """Where the day team's round is."""
    return f"/api/teams/{unit.day}/round"


def test_round_is_sorted_by_risk_and_says_why_and_who_covers(unit: Unit) -> None:
    """Who has a poor value, an empty battery and expiring limits comes first; the base covers."""
    second = unit.ward.beds[1]
    store(unit, VitalKind.SPO2, [(NOON - timedelta(minutes=1), 82.0)], bed=1)
    with psycopg.connect(unit.url, autocommit=True) as conn:
        conn.execute(
            "insert into device_status (device_no, online, battery_pct, reported_at, changed_at)"
            " values (%s, true, 12, %s, %s)",
            (second.device_no, NOON, NOON),
        )
        conn.execute("update stay set next_step = 'Hembesök' where stay_id = %s", (second.stay_id,))
        conn.execute(
            "insert into plan (stay_id, version, rules, reason, valid_from, valid_until)"
            " values (%s, 2, '{}', 'tillfälligt', %s, %s)",
            (second.stay_id, NOON, NOON + timedelta(days=3)),
        )
    evaluate(unit)

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna:
            page = await get(anna, path_of(unit))
            first = page["items"][0]

            assert (page["from"], page["until"]) == ("2026-11-20T15:00:00Z", "2026-11-23T07:00:00Z")
            assert (page["unsigned"], len(page["items"])) == (3, 3)
            assert first["patient_id"] == second.patient_id
            assert [each["risk"] for each in page["items"]] == sorted(
                (each["risk"] for each in page["items"]), reverse=True
            )
            named = {each["reason"] for each in first["reasons"]}
            assert {"battery_empty", "plan_expires", "inputs_missing", "alert_high"} <= named
            assert {"no_device", "no_next_step"}.isdisjoint(named)
            teams = [each["team_id"] for each in first["cover"]]
            assert (set(teams[:-1]), teams[-1]) == ({unit.base}, unit.day)  # back at seven on Monday
            assert (first["cover"][0]["from_at"], first["cover"][-1]["until"]) == (page["from"], page["until"])
            assert "no_next_step" in {each["reason"] for each in page["items"][1]["reasons"]}

    visit(unit, guest)


def test_patient_is_signed_for_once_over_what_was_seen(unit: Unit) -> None:
    """A plan is signed over revision 0; a stale one is refused with the other's; another week has its own."""
    patient = unit.ward.beds[0].patient_id

    async def guest(served: Served) -> None:
        async with someone(served, "anna") as anna:
            path = f"{path_of(unit)}/{patient}"
            blind = await put(anna, path, None, {"plan": "Ring lördag kl 10"})
            signed = await put(anna, path, 0, {"plan": "Ring lördag kl 10"})
            stale = await put(anna, path, 0, {"plan": "Annat"})
            again = await put(anna, path, 1, {"plan": "Ring lördag och söndag kl 10"})
            page = await get(anna, path_of(unit))
            christmas = await get(anna, path_of(unit), until="2026-12-28")

            assert (blind.status_code, signed.status_code, stale.status_code) == (428, 200, 409)
            assert signed.headers["ETag"] == '"1"'
            assert stale.json()["item"]["signed"]["plan"] == "Ring lördag kl 10"
            assert again.json()["signed"]["name"] == "Anna Provsson"
            assert page["unsigned"] == 2
            assert (christmas["last_working_day"], christmas["unsigned"]) == ("2026-12-23", 3)
            assert (await anna.get(path_of(unit), params={"until": "2026-11-25"})).status_code == 422
            assert (await put(anna, f"{path_of(unit)}/999", 0, {"plan": "x"})).status_code == 404

    visit(unit, guest)
    with psycopg.connect(unit.url) as conn:
        plans = conn.execute("select rev, plan from weekend_round order by rev").fetchall()
        audited = conn.execute("select count(*) from audit where action = 'round.signed'").fetchone()
    assert plans == [(1, "Ring lördag kl 10"), (2, "Ring lördag och söndag kl 10")]
    assert audited == (2,)


def test_round_is_for_members_of_the_team(unit: Unit) -> None:
    """For who is not in the team there is no round, also where they may see the patients; an operator is refused."""

    async def guest(served: Served) -> None:
        async with someone(served, "natt") as natt, someone(served, "oskar") as oskar:
            assert (await natt.get(path_of(unit))).status_code == 404
            assert (await oskar.get(path_of(unit))).status_code == 403

    visit(unit, guest)
