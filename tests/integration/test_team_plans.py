"""Plans of teams over the api on a real store: what lies under patients' own, who may see it; programmes and cards."""

import asyncio

import psycopg
import pytest

from alerting.backtest_worker import Worker
from api.plan_desk import card_of
from tests.fix_api import House
from tests.fix_plans import WHY, Round, on_round
from tests.integration.test_api_http import assert_problem
from tests.integration.test_duty_batons import WAITS
from ward import overlays
from ward.plan_versions import State
from ward.plans import template
from ward.store import plan_versions
from ward.store.plan_versions import Change, Owner
from ward.store.pool import connect, pool

pytestmark = pytest.mark.integration
SEEN = {"If-Match": '"1"'}


def test_stranger_sees_no_plan(house: House) -> None:
    """Somebody who may not see the patient or the team is told that there is none."""

    async def visit(rounds: Round) -> None:
        team = f"/api/teams/{house.ward.team_id}/plan?programme=copd"
        for answer in (
            await rounds.stranger.get(rounds.path),
            await rounds.stranger.put(rounds.path, json={"overlay": {}, **WHY}, headers=SEEN),
            await rounds.stranger.get(team),
            await rounds.stranger.put(team, json={"overlay": {}, **WHY}, headers={"If-Match": '"0"'}),
        ):
            assert_problem(answer, 404)

    on_round(house, visit)


def test_team_s_overlay_lies_under_its_patients(house: House) -> None:
    """A team's change holds for all its patients of the programme, but for what a patient's own plan says."""

    async def visit(rounds: Round) -> None:
        await rounds.put({"limits": {"spo2": {"warn_low": 92}}})
        team = f"/api/teams/{house.ward.team_id}/plan?programme=hospital_at_home"
        body = {"overlay": {"limits": {"spo2": {"warn_low": 90, "delay_s": 45}}}, **WHY}
        answer = await rounds.nurse.put(team, json=body, headers={"If-Match": '"0"'})
        assert answer.status_code == 200, answer.text
        own = await rounds.plan()
        other = (await rounds.nurse.get(f"/api/patients/{house.ward.beds[1].patient_id}/plan")).json()
        shown = (await rounds.nurse.get(team)).json()

        assert {each["path"]: each["origin"] for each in own["fields"]} == {
            "limits.spo2.delay_s": "team", "limits.spo2.warn_low": "patient",
        }  # fmt: skip
        assert [other["plan"]["limits"]["spo2"][name] for name in ("warn_low", "delay_s")] == [90, 45]
        assert {each["author"] for each in other["fields"]} == {"Anna Provsson"}
        assert (shown["rev"], len(shown["fields"])) == (1, 2)
        assert rounds.ask("select distinct stay_id from evaluation_request order by 1") == [(1,), (2,), (3,)]

    on_round(house, visit)


def test_patient_s_plan_is_laid_over_another_team_s(house: House) -> None:
    """Who moves to another team gets that team's plan below their own, if their own fits over it."""

    async def visit(rounds: Round) -> None:
        with psycopg.connect(house.database_url, autocommit=True) as conn:
            conn.execute("insert into team (organisation_id, name, phone) values (1, 'Andra', '0'), (1, 'Tredje', '0')")
            insert = (
                "insert into team_plan (team_id, programme, version, rules, valid_from)"
                " select team_id, 'hospital_at_home', 1, %s, 'epoch' from team where name = %s"
            )
            conn.execute(insert, ('{"limits": {"spo2": {"delay_s": 45}}}', "Andra"))
            conn.execute(insert, ('{"limits": {"spo2": {"warn_low": 89}}}', "Tredje"))
        second, third = (row[0] for row in rounds.ask("select team_id from team where phone = '0' order by team_id"))
        await rounds.put({"limits": {"spo2": {"alert_low": 90}}})
        seen = {"If-Match": f'"{(await rounds.plan())["rev"]}"'}
        spoilt = await rounds.nurse.put(f"{rounds.path}/team", json={"team_id": third, **WHY}, headers=seen)
        strange = {"team_id": house.other_team, **WHY}
        unknown = await rounds.nurse.put(f"{rounds.path}/team", json=strange, headers=seen)
        moved = await rounds.nurse.put(f"{rounds.path}/team", json={"team_id": second, **WHY}, headers=seen)
        again = await rounds.nurse.put(f"{rounds.path}/team", json={"team_id": second, **WHY}, headers=seen)

        assert [each["path"] for each in assert_problem(spoilt, 422)["faults"]] == ["limits.spo2.alert_low"]
        assert_problem(unknown, 404)
        assert_problem(again, 409)
        assert (moved.status_code, moved.json()["team_id"]) == (200, second)
        assert {each["path"]: each["origin"] for each in moved.json()["fields"]} == {
            "limits.spo2.alert_low": "patient", "limits.spo2.delay_s": "team",
        }  # fmt: skip

    on_round(house, visit)


def test_h12_team_s_change_spoils_nobody_s_plan(house: House) -> None:
    """A team's change over which a patient's plan would be unusable is refused, and says whose it is."""

    async def visit(rounds: Round) -> None:
        await rounds.put({"limits": {"spo2": {"alert_low": 90}}})
        team = f"/api/teams/{house.ward.team_id}/plan?programme=hospital_at_home"
        body = {"overlay": {"limits": {"spo2": {"warn_low": 89}}}, **WHY}
        refused = assert_problem(await rounds.nurse.put(team, json=body, headers={"If-Match": '"0"'}), 422)

        assert [each["path"] for each in refused["faults"]] == ["stays.1.limits.spo2.alert_low"]
        assert rounds.ask("select count(*) from team_plan") == [(0,)]

    on_round(house, visit)


def test_h12_team_s_change_waits_for_a_patient_s_that_is_being_saved(house: House) -> None:
    """Neither was looked at over the other, and together they are unusable: the second is refused."""

    async def visit(rounds: Round) -> None:
        async with await connect(house.database_url, "test") as saving:
            owner = Owner(stay_id=house.ward.beds[0].stay_id)
            await plan_versions.lock(saving, owner)
            overlay = overlays.decode('{"limits": {"spo2": {"alert_low": 90}}}')
            at = rounds.clock.now()
            change = Change(overlay=overlay, state=State.IN_FORCE, author_id=None, reason="", at=at)
            await plan_versions.add(saving, owner, change)
            team = f"/api/teams/{house.ward.team_id}/plan?programme=hospital_at_home"
            body = {"overlay": {"limits": {"spo2": {"warn_low": 89}}}, **WHY}
            asked = asyncio.create_task(rounds.nurse.put(team, json=body, headers={"If-Match": '"0"'}))
            async with await psycopg.AsyncConnection.connect(house.database_url, autocommit=True) as watch:
                while not asked.done() and (await (await watch.execute(WAITS.encode())).fetchone()) != (True,):
                    await asyncio.sleep(0.01)
            await saving.commit()

        assert [each["path"] for each in assert_problem(await asked, 422)["faults"]] == [
            "stays.1.limits.spo2.alert_low"
        ]

    on_round(house, visit)


def test_h33_team_does_not_turn_to_comfort_care(house: House) -> None:
    """What care is for, and the scale of SpO2, are decided for a person."""

    async def visit(rounds: Round) -> None:
        team = f"/api/teams/{house.ward.team_id}/plan?programme=palliative"
        body = {"overlay": {"goals": "comfort", "spo2_scale": 2}, **WHY}
        refused = assert_problem(await rounds.nurse.put(team, json=body, headers={"If-Match": '"0"'}), 422)

        assert [each["path"] for each in refused["faults"]] == ["goals", "spo2_scale"]

    on_round(house, visit)


def test_h12_draft_of_a_team_runs_in_silence_and_is_promoted_with_two_names(house: House) -> None:
    """It is judged under its patients' own plans and rings for nobody; a looser floor waits for a doctor."""

    async def visit(rounds: Round) -> None:
        rounds.change("""update plan set rules = '{"limits": {"spo2": {"warn_low": 92}}}' where stay_id = 1""")
        under = {"programme": "hospital_at_home"}
        team = f"/api/teams/{house.ward.team_id}/plan"
        body = {"overlay": {"limits": {"spo2": {"delay_s": 90, "warn_low": 90, "floor": 78}}}, **WHY}
        key = {"Idempotency-Key": "team-draft"}
        made = [await rounds.nurse.post(f"{team}/drafts", params=under, json=body, headers=key) for _ in range(2)]
        number = made[0].json()["version"]
        begun = [await rounds.nurse.post(f"{team}/versions/{number}/silent", params=under, json={}) for _ in range(2)]
        trial = begun[0].json()
        shown = (await rounds.nurse.get(team, params=under)).json()
        lying = [(await each.get("/api/team-plans")).json()["items"] for each in (rounds.nurse, rounds.stranger)]
        spoilt = {"overlay": {"limits": {"spo2": {"alert_low": 92.5, "warn_low": 93}}}, **WHY}
        refused = assert_problem(await rounds.nurse.post(f"{team}/drafts", params=under, json=spoilt), 422)

        assert lying[0] == [{"team_id": house.ward.team_id, **under, "patients": [1, 2, 3]}]
        assert house.ward.team_id not in {each["team_id"] for each in lying[1]}
        assert [each.status_code for each in (*made, *begun)] == [201, 200, 202, 202]
        assert begun[1].json()["backtest_id"] == trial["backtest_id"]
        assert (trial["origin"], trial["layer"], trial["draft"], trial["patients"]) == ("silent", "team", number, 3)
        assert (shown["fields"], [each["version"] for each in shown["drafts"]]) == ([], [number])
        assert [each["path"] for each in refused["faults"]] == ["stays.1.limits.spo2.alert_low"]

        # Whoever comes takes part from then on, but for those whom the asker may not see.
        rounds.change("update backtest set stays = '{1}'")
        async with pool(house.database_url, "test", size=2) as store:
            assert await Worker(store=store, clock=rounds.clock).once()
        judged = (await rounds.nurse.get(f"/api/backtests/{trial['backtest_id']}")).json()
        assert (judged["patients"], judged["report"]["candidate"]["alerts"]) == (3, 0)
        assert rounds.ask("select count(*) from alert") == [(0,)]

        seen = {"If-Match": f'"{shown["rev"]}"'}
        promoted = await rounds.nurse.post(
            f"{team}/versions/{number}/promote", params=under, json={**WHY, "meant": []}, headers=seen
        )
        waiting = promoted.json()
        assert (promoted.status_code, waiting["state"], waiting["asks"]) == (202, "awaiting", ["limits.spo2.floor"])
        ended = (await rounds.nurse.get(f"/api/backtests/{trial['backtest_id']}")).json()
        assert (ended["state"], ended["report"] is not None) == ("cancelled", True)
        signing = f"{team}/versions/{waiting['version']}/approve"
        seen = {"If-Match": f'"{(await rounds.nurse.get(team, params=under)).json()["rev"]}"'}
        signed = await rounds.doctor.post(signing, params=under, json=WHY, headers=seen)
        own = (await rounds.plan())["plan"]["limits"]["spo2"]
        assert (signed.status_code, own["floor"], own["delay_s"], own["warn_low"]) == (200, 78, 90, 92)

    on_round(house, visit)


def test_card_of_a_rule_is_that_of_the_plan_in_force(house: House) -> None:
    """Whoever is called is told what applies by the patient's own card, else by the programme's."""

    async def visit(rounds: Round) -> None:
        await rounds.put({"cards": {"limit.spo2": {"sv": "Ring Eva", "en": "Call Eva"}}})
        async with await connect(house.database_url, "test") as conn:
            own, other = [
                await card_of(conn, bed.stay_id, "limit.spo2.low", rounds.clock.now()) for bed in house.ward.beds[:2]
            ]

        assert own == {"sv": "Ring Eva", "en": "Call Eva"}
        assert other is not None
        assert other["en"] == template().cards["limit.spo2"].en

    on_round(house, visit)


def test_programmes_are_listed_with_their_templates(house: House) -> None:
    """Every programme has its name in both languages, and the plan that the others differ from."""

    async def visit(rounds: Round) -> None:
        items = (await rounds.nurse.get("/api/programmes")).json()["items"]

        assert {"hospital_at_home", "heart_failure", "copd", "frail_elderly", "palliative", "post_discharge"} <= {
            each["programme"] for each in items
        }
        weights = {each["programme"]: each["plan"]["gain"] for each in items}
        assert weights["heart_failure"]["kg"] == 2

    on_round(house, visit)
