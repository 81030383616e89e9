"""A plan finds the library of deteriorations before it is in force, whichever way it comes to be in force."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from api import plan_trial
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


SCORES = {"news2_medium": 5, "news2_high": 7}


def _lies_under(rounds: Round, table: str, overlay: dict[str, Any], until: str | None = None) -> None:
    """Put a version in force behind the desk's back, as an older library let it be."""
    key = "stay_id" if table == "plan" else "team_id, programme"
    whose = f"{rounds.house.ward.beds[0].stay_id}" if table == "plan" else "1, 'hospital_at_home'"
    with psycopg.connect(rounds.house.database_url, autocommit=True) as conn:
        conn.execute(
            f"insert into {table} ({key}, version, rules, author_id, valid_from, valid_until)"  # noqa: S608
            f" select {whose}, coalesce(max(version), 0) + 1, %s, 1, %s, %s from {table}"
            f" where {'stay_id = ' + whose if table == 'plan' else 'team_id = 1'}".encode(),
            (psycopg.types.json.Jsonb(overlay), rounds.clock.now(), until),
        )


def _audited(rounds: Round) -> list[Any]:
    """What is written of withdrawals: what was found no more."""
    return [
        row[0] for row in rounds.ask("select detail -> 'lost' from audit where action = 'plan.withdrawn' order by 1")
    ]


def test_h12_withdrawal_says_what_is_found_no_more_and_is_done_when_it_is_meant(house: House) -> None:
    """What lies below has become blind: to take back what covered it is asked about once, and never impossible."""

    async def visit(rounds: Round) -> None:
        blind = {**FEW_LIMITS, **NO_TRENDS}
        _lies_under(rounds, "team_plan", blind)
        saved = await rounds.put(SCORES, meant=_all_oddities(blind))
        asked = assert_problem(await rounds.step(saved["version"], "withdraw", rounds.nurse), 422)
        assert "without the version this is not found in time" in asked["detail"]
        assert "Withdraw what lies over it as well, or save a change" in asked["detail"]
        assert all(each["sv"].startswith("utan versionen hittas inte i tid") for each in asked["oddities"])
        assert (await rounds.plan())["version"] == saved["version"]

        named = [each["path"] for each in asked["oddities"]]
        again = await rounds.step(saved["version"], "withdraw", rounds.nurse, meant=named[1:])
        assert [each["path"] for each in assert_problem(again, 422)["oddities"]] == named[:1]
        done = await rounds.step(saved["version"], "withdraw", rounds.nurse, meant=named)
        assert (done.status_code, done.json()["state"]) == (200, "withdrawn")
        assert _audited(rounds) == [named]

    on_round(house, visit)


def test_h12_bad_change_is_taken_back_whatever_else_is_the_matter(house: House) -> None:
    """What the plan misses with the version as well is not what speaks against taking the version back."""

    async def visit(rounds: Round) -> None:
        _lies_under(rounds, "team_plan", {**FEW_LIMITS, **NO_TRENDS})
        until = (rounds.clock.now() + timedelta(hours=6)).isoformat()
        _lies_under(rounds, "plan", {"limits": {"spo2": {"delay_s": 120}}}, until)
        answer = await rounds.step(2, "withdraw", rounds.nurse)

        assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn")
        assert _audited(rounds) == [[]]

    on_round(house, visit)


def test_h12_team_s_version_is_not_taken_from_under_a_patient_unasked(house: House) -> None:
    """A patient whose own plan finds everything only with the team's version is named, before it is withdrawn."""

    async def visit(rounds: Round) -> None:
        _lies_under(rounds, "team_plan", FEW_LIMITS)
        _lies_under(rounds, "team_plan", SCORES, (rounds.clock.now() + timedelta(hours=6)).isoformat())
        _lies_under(rounds, "plan", NO_TRENDS)
        path = f"/api/teams/{house.ward.team_id}/plan/versions/2/withdraw?programme=hospital_at_home"
        rev = (await rounds.nurse.get(f"/api/teams/{house.ward.team_id}/plan?programme=hospital_at_home")).json()["rev"]
        seen = {"If-Match": f'"{rev}"'}
        asked = assert_problem(await rounds.nurse.post(path, json=WHY, headers=seen), 422)
        named = [each["path"] for each in asked["oddities"]]
        assert {each.rpartition("library.")[0] for each in named} == {"stays.1."}
        done = await rounds.nurse.post(path, json={**WHY, "meant": named}, headers=seen)
        assert done.status_code == 200, done.text

    on_round(house, visit)


def test_h12_withdrawal_that_cannot_be_tried_is_asked_about_and_can_be_done(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trial that does not answer keeps nobody from taking a bad version back at night."""

    async def visit(rounds: Round) -> None:
        saved = await rounds.put(SCORES)
        monkeypatch.setattr(plan_trial, "_LONGEST_S", 0.0)
        asked = assert_problem(await rounds.step(saved["version"], "withdraw", rounds.nurse), 422)
        assert [each["path"] for each in asked["oddities"]] == ["library"]
        done = await rounds.step(saved["version"], "withdraw", rounds.nurse, meant=["library"])

        assert done.status_code == 200
        assert _audited(rounds) == [["library"]]

    on_round(house, visit)


def test_h12_draft_is_thrown_away_without_a_trial(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What watches nobody is found by nobody, and missed by nobody."""

    async def visit(rounds: Round) -> None:
        kept = await rounds.nurse.post(f"{rounds.path}/drafts", json={"overlay": SCORES, **WHY})
        monkeypatch.setattr(plan_trial, "_LONGEST_S", 0.0)
        done = await rounds.step(kept.json()["version"], "withdraw", rounds.nurse)

        assert done.status_code == 200

    on_round(house, visit)
