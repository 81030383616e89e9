"""A plan finds the library of deteriorations before it is in force, whichever way it comes to be in force."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.fix_api import House
from tests.fix_plans import WHY, Round, on_round
from tests.integration.test_api_http import assert_problem
from ward.plans import template

pytestmark = pytest.mark.integration
_NONE: dict[str, Any] = {"alert_low": None, "warn_low": None, "warn_high": None, "alert_high": None}
_KINDS = ("spo2", "heart_rate", "resp_rate", "temperature", "systolic")
# Each finds the library by itself; together they do not.
FEW_LIMITS: dict[str, Any] = {
    "news2_medium": 20,
    "news2_high": 20,
    "news2_rise": 0,
    "limits": dict.fromkeys(_KINDS, _NONE),
}
NO_TRENDS: dict[str, Any] = {
    "slopes": [],
    "deviations": [],
    "combinations": {each.name: None for each in template("hospital_at_home").combinations},
}


def _all_oddities(overlay: dict[str, Any]) -> list[str]:
    """Name every field that may be odd, as meant."""
    usual = template("hospital_at_home")
    found = [f"limits.{kind}.{name}" for kind in overlay.get("limits", {}) for name in _NONE]
    found += [name for name in overlay if name.startswith("news2")]
    found += [f"combinations.{each.name}" for each in usual.combinations]
    found += [f"slopes.{each.kind}.{way}" for each in usual.slopes for way in ("rise", "fall")]
    return found + [f"deviations.{each.kind}.{way}" for each in usual.deviations for way in ("rise", "fall")]


def test_h12_plan_that_a_temporary_change_covers_is_tried_as_it_will_be_without_it(house: House) -> None:
    """What would find nothing once the temporary change ends by itself, at night, is not put in force before."""
    whole = {"news2_medium": 5, "news2_high": 7}
    blind = {**FEW_LIMITS, **NO_TRENDS}

    async def visit(rounds: Round) -> None:
        until = rounds.clock.now() + timedelta(hours=6)
        await rounds.put(whole, until=until.isoformat())
        seen = {"If-Match": f'"{(await rounds.plan())["rev"]}"'}
        body = {"overlay": blind, **WHY, "meant": _all_oddities(blind)}
        refused = assert_problem(await rounds.nurse.put(rounds.path, json=body, headers=seen), 422)

        assert "does not find in time" in refused["detail"]

    on_round(house, visit)


def test_h12_team_s_change_leaves_no_patient_of_its_without_what_finds_a_deterioration(house: House) -> None:
    """Tried with the patient's own plan over it, and refused with whose it is, though either plan alone finds all."""

    async def visit(rounds: Round) -> None:
        await rounds.put(FEW_LIMITS, meant=_all_oddities(FEW_LIMITS))
        team = f"/api/teams/{house.ward.team_id}/plan?programme=hospital_at_home"
        body = {"overlay": NO_TRENDS, **WHY, "meant": _all_oddities(NO_TRENDS)}
        refused = assert_problem(await rounds.nurse.put(team, json=body, headers={"If-Match": '"0"'}), 422)

        assert {each["path"] for each in refused["faults"]} == {"stays.1"}
        assert rounds.ask("select count(*) from team_plan") == [(0,)]

    on_round(house, visit)


def test_h12_plan_over_another_team_s_is_tried(house: House) -> None:
    """Who gets another team's plan below their own is watched by something that finds the library, or stays."""

    async def visit(rounds: Round) -> None:
        with psycopg.connect(house.database_url, autocommit=True) as conn:
            conn.execute("insert into team (organisation_id, name, phone) values (1, 'Andra', '0')")
            conn.execute(
                "insert into team_plan (team_id, programme, version, rules, valid_from)"
                " select team_id, 'hospital_at_home', 1, %s, 'epoch' from team where name = 'Andra'",
                (psycopg.types.json.Jsonb(NO_TRENDS),),
            )
        [(second,)] = rounds.ask("select team_id from team where phone = '0'")
        await rounds.put(FEW_LIMITS, meant=_all_oddities(FEW_LIMITS))
        seen = {"If-Match": f'"{(await rounds.plan())["rev"]}"'}
        answer = await rounds.nurse.put(f"{rounds.path}/team", json={"team_id": second, **WHY}, headers=seen)

        assert "does not find in time" in assert_problem(answer, 422)["detail"]

    on_round(house, visit)
