"""Plans over the api on a real store: layers, checks, two names, what ends by itself."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from websockets.asyncio.client import connect as connect_socket

from tests.fix_api import House, hear
from tests.fix_plans import WHY, Round, on_round
from tests.integration.test_api_http import assert_problem
from ward import overlays
from ward.store import plan_versions, plans, pool
from ward.store.plan_versions import Owner
from ward.store.pool import connect
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration
LOOSE = {"limits": {"spo2": {"floor": 75}}}
SEEN = {"If-Match": '"1"'}


def test_plan_says_whose_each_field_is(house: House) -> None:
    """A change is in force at once, shows the template's value, who, why and since when, and asks for evaluation."""

    async def visit(rounds: Round) -> None:
        before = await rounds.plan()
        saved = await rounds.put({"limits": {"spo2": {"alert_low": 86, "delay_s": 30}}})
        after = await rounds.plan()

        assert (before["version"], before["fields"], before["rev"]) == (1, [], 1)
        assert (saved["version"], saved["state"], saved["in_force"]) == (2, "in_force", True)
        assert after["plan"]["limits"]["spo2"]["alert_low"] == 86
        shown = [(each["path"], each["value"], each["template"], each["origin"]) for each in after["fields"]]
        assert shown == [("limits.spo2.alert_low", 86, 88, "patient"), ("limits.spo2.delay_s", 30, 60, "patient")]
        assert (after["fields"][0]["author"], after["fields"][0]["reason"]) == ("Anna Provsson", WHY["reason"])
        assert datetime.fromisoformat(after["fields"][0]["from"]) == rounds.clock.now()
        assert after["overlay"] == {"limits": {"spo2": {"alert_low": 86, "delay_s": 30}}}
        assert rounds.ask("select stay_id from evaluation_request") == [(1,)]
        assert rounds.ask("select action, reason, detail ->> 'version' from audit") == [
            ("plan.saved", WHY["reason"], "2")
        ]
        assert rounds.ask("select version, state from plan where stay_id = 1") == [
            (1, "superseded"), (2, "in_force"),
        ]  # fmt: skip

    on_round(house, visit)


def test_h12_all_faults_are_listed_at_once_and_nothing_is_saved(house: House) -> None:
    """A change with faults is refused with every one of them, in both languages, by field."""
    wrong = {
        "limits": {"spo2": {"warn_low": 9}, "heart_rate": {"k": 3, "n": 2, "warn_high": 135}},
        "news2_medium": 8,
        "night": {"begins": 1500},
    }

    async def visit(rounds: Round) -> None:
        answer = await rounds.nurse.put(rounds.path, json={"overlay": wrong, **WHY}, headers=SEEN)
        refused = assert_problem(answer, 422)

        assert {each["path"] for each in refused["faults"]} == {
            "limits.spo2.warn_low", "limits.spo2.alert_low", "limits.heart_rate.k", "limits.heart_rate.warn_high",
            "night.limits.heart_rate.k", "night.limits.heart_rate.warn_high", "night.begins", "news2_high",
        }  # fmt: skip
        assert all(each["sv"] and each["en"] for each in refused["faults"])
        assert rounds.ask("select max(version) from plan where stay_id = 1") == [(1,)]

    on_round(house, visit)


def test_h12_what_is_no_overlay_is_refused(house: House) -> None:
    """A misspelt kind or field is refused by name: it must not be saved as no change."""
    misspelt: list[dict[str, Any]] = [
        {"limits": {"spo3": {"floor": 75}}},
        {"limit": {}},
        {"spo2_scale": "2"},
        {"slopes": [{"kind": "spo2"}]},
    ]

    async def visit(rounds: Round) -> None:
        for overlay in misspelt:
            answer = await rounds.nurse.put(rounds.path, json={"overlay": overlay, **WHY}, headers=SEEN)

            assert "cannot be read" in assert_problem(answer, 422)["detail"]

    on_round(house, visit)


def test_text_that_the_store_cannot_keep_is_refused(house: House) -> None:
    """NUL in a card, a name of one or an order is a fault of the request, in a draft as well."""

    async def visit(rounds: Round) -> None:
        unkept: list[dict[str, Any]] = [
            {"cards": {"": {"sv": "a\0b", "en": "ab"}}},
            {"cards": {"a\0": {"sv": "ab", "en": "ab"}}},
            {"scale_2_order": {"doctor": "\0", "ordered_at": "2026-01-01T00:00:00Z"}},
        ]
        for overlay in unkept:
            body = {"overlay": overlay, **WHY}
            assert_problem(await rounds.nurse.put(rounds.path, json=body, headers=SEEN), 422)
            assert_problem(await rounds.nurse.post(f"{rounds.path}/drafts", json=body), 422)

    on_round(house, visit)


def test_h12_limit_far_from_the_template_must_be_meant(house: House) -> None:
    """Nine for ninety is asked about, and is saved when whoever writes it says that it is meant."""
    odd = {"limits": {"heart_rate": {"alert_low": 9, "floor": 9}}}

    async def visit(rounds: Round) -> None:
        answer = await rounds.nurse.put(rounds.path, json={"overlay": odd, **WHY}, headers=SEEN)
        refused = assert_problem(answer, 422)

        assert refused["faults"] == []
        assert sorted(each["path"] for each in refused["oddities"]) == [
            "limits.heart_rate.alert_low", "limits.heart_rate.floor",
        ]  # fmt: skip
        saved = await rounds.put(odd, status=202, meant=[each["path"] for each in refused["oddities"]])
        assert saved["asks"] == ["limits.heart_rate.floor"]

    on_round(house, visit)


def test_two_changes_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who did not say what they saw, or saw something older, is refused."""
    monkeypatch.setattr(pool, "_LOCK_S", 240)  # the second waits while the first one's plan is tried

    async def visit(rounds: Round) -> None:
        body = {"overlay": {"news2_rise": 2}, **WHY}
        assert_problem(await rounds.nurse.put(rounds.path, json=body), 428)
        answers = await asyncio.gather(
            *(each.put(rounds.path, json=body, headers=SEEN) for each in (rounds.nurse, rounds.doctor))
        )

        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert rounds.ask("select count(*) from plan where stay_id = 1 and state = 'in_force'") == [(1,)]

    on_round(house, visit)


def test_h12_hard_limit_is_loosened_by_two_people(house: House) -> None:
    """A lower floor waits, and is in force when a doctor who did not write it signs; nobody else's signature counts."""

    async def visit(rounds: Round) -> None:
        saved = await rounds.put(LOOSE, by=rounds.doctor, status=202)
        waiting = await rounds.plan()
        own = await rounds.step(saved["version"], "approve", rounds.doctor)
        nurse = await rounds.step(saved["version"], "approve", rounds.nurse)
        rounds.clock.advance(timedelta(minutes=20))
        signed = await rounds.step(saved["version"], "approve", rounds.second)
        again = await rounds.step(saved["version"], "approve", rounds.second)
        after = await rounds.plan()

        assert (saved["state"], saved["asks"]) == ("awaiting", ["limits.spo2.floor"])
        assert waiting["plan"]["limits"]["spo2"]["floor"] == 80
        assert [each["version"] for each in waiting["awaiting"]] == [2]
        assert assert_problem(own, 403)["reason"] == "own"
        assert assert_problem(nurse, 403)["reason"] == "not_doctor"
        assert signed.status_code == 200, signed.text
        assert assert_problem(again, 409)["reason"] == "over"
        assert after["plan"]["limits"]["spo2"]["floor"] == 75
        [field] = after["fields"]
        assert (field["author"], field["approver"]) == ("Dora Provläkare", "David Provläkare")
        assert datetime.fromisoformat(field["from"]) == rounds.clock.now()
        assert rounds.ask("select action from audit order by audit_id")[-1] == ("plan.approved",)

    on_round(house, visit)


def test_h12_store_refuses_one_person_twice(house: House) -> None:
    """Nobody, not even by SQL, signs their own change or puts an unsigned one in force."""
    with psycopg.connect(house.database_url, autocommit=True) as conn:
        insert = (
            "insert into plan (stay_id, version, rules, author_id, valid_from, asks, approved_by, approved_at)"
            " values (1, 2, '{}', 1, now(), '{goals}', %s, %s)"
        )
        for approver, at in ((1, datetime.fromisoformat("2026-01-01T00:00:00Z")), (None, None)):
            with pytest.raises(psycopg.errors.CheckViolation):
                conn.execute(insert, (approver, at))


def test_change_that_was_overtaken_is_not_signed(house: House) -> None:
    """A version that waits is no longer what was meant once another has come in force."""

    async def visit(rounds: Round) -> None:
        waiting = await rounds.put(LOOSE, by=rounds.doctor, status=202)
        await rounds.put({"news2_rise": 2})
        late = await rounds.step(waiting["version"], "approve", rounds.second)

        assert assert_problem(late, 409)["reason"] == "overtaken"
        assert (await rounds.plan())["plan"]["limits"]["spo2"]["floor"] == 80

    on_round(house, visit)


def test_signed_limit_may_be_kept_and_tightened_by_one(house: House) -> None:
    """What two people have loosened can be changed towards the template by one, and not beyond."""

    async def visit(rounds: Round) -> None:
        waiting = await rounds.put(LOOSE, by=rounds.doctor, status=202)
        assert (await rounds.step(waiting["version"], "approve", rounds.second)).status_code == 200

        assert (await rounds.put({"limits": {"spo2": {"floor": 78}}}))["state"] == "in_force"
        assert (await rounds.put({"limits": {"spo2": {"floor": 74}}}, status=202))["state"] == "awaiting"

    on_round(house, visit)


def test_h12_temporary_change_ends_by_itself(house: House) -> None:
    """A change with an end lies over the standing one, is seen with its end, and is gone then, whatever nobody does."""

    async def visit(rounds: Round) -> None:
        patient = rounds.path.removesuffix("/plan")
        until = rounds.clock.now() + timedelta(hours=6)
        await rounds.put({"limits": {"heart_rate": {"warn_high": 115}}}, until=until.isoformat())
        seen = (await rounds.nurse.get(patient)).json()["eased"]
        await rounds.put({"limits": {"spo2": {"warn_low": 90}}})
        await rounds.put({"limits": {"spo2": {"delay_s": 300}}}, until=until.isoformat())
        during = await rounds.plan()
        rounds.clock.set(until - timedelta(microseconds=1))
        last = await rounds.plan()
        rounds.clock.set(until)
        after = await rounds.plan()

        assert seen == {"kinds": ["heart_rate"], "until": seen["until"]}
        assert {datetime.fromisoformat(at) for at in (seen["until"], during["next_change_at"])} == {until}
        assert (await rounds.nurse.get(patient)).json()["eased"] == {"kinds": ["spo2"], "until": None}
        assert [each["until"] is None for each in during["fields"]] == [False, False, True]
        assert [plan["plan"]["limits"]["spo2"]["delay_s"] for plan in (during, last, after)] == [300, 300, 60]
        assert {plan["plan"]["limits"]["spo2"]["warn_low"] for plan in (during, last, after)} == {90}
        assert (after["next_change_at"], after["temporary"]) == (None, [])

    on_round(house, visit)


def test_temporary_change_ends_in_days_to_come(house: House) -> None:
    """An end that has passed, or lies too far ahead, is a fault."""

    async def visit(rounds: Round) -> None:
        for hours in (-1, 0, 31 * 24):
            until = rounds.clock.now() + timedelta(hours=hours)
            body = {"overlay": {}, **WHY, "until": until.isoformat()}
            refused = assert_problem(await rounds.nurse.put(rounds.path, json=body, headers=SEEN), 422)

            assert [each["path"] for each in refused["faults"]] == ["until"]

    on_round(house, visit)


def test_h33_comfort_care_takes_two_names_and_is_seen(house: House) -> None:
    """Comfort care waits for a doctor's second name, is then on the board; back to full care is one person's to say."""

    async def visit(rounds: Round) -> None:
        waiting = await rounds.put({"goals": "comfort"}, status=202)
        patient = rounds.path.removesuffix("/plan")
        before = (await rounds.nurse.get(patient)).json()["goals"]
        assert (await rounds.step(waiting["version"], "approve", rounds.doctor)).status_code == 200
        seen = (await rounds.nurse.get(patient)).json()["goals"]
        [field] = (await rounds.plan())["fields"]
        await rounds.put({"goals": "full"})

        assert (waiting["asks"], before, seen) == (["goals"], "full", "comfort")
        assert (field["author"], field["approver"]) == ("Anna Provsson", "Dora Provläkare")
        assert (await rounds.plan())["goals"] == "full"
        assert len(rounds.ask("select from audit where action like 'plan.%'")) == 3

    on_round(house, visit)


def test_h33_board_hears_of_comfort_care(house: House) -> None:
    """An open board gets a snapshot in which the patient's care is for comfort, without anybody loading it anew."""

    async def visit(rounds: Round) -> None:
        address = f"ws://{rounds.nurse.base_url.netloc.decode()}/api/live"
        headers = {"Authorization": rounds.nurse.headers["Authorization"]}
        async with connect_socket(address, additional_headers=headers) as socket:
            await hear(socket)
            waiting = await rounds.put({"goals": "comfort"}, status=202)
            await rounds.step(waiting["version"], "approve", rounds.doctor)
            message = await hear(socket)
            while message["type"] != "snapshot":
                message = await hear(socket)

            goals = {each["patient_id"]: each["goals"] for each in message["patients"]}
            assert goals[house.ward.beds[0].patient_id] == "comfort"

    on_round(house, visit)


def test_draft_watches_nobody_until_it_is_promoted(house: House) -> None:
    """A draft is kept beside the plan, the same request keeps it once, and promoted it is a change like any other."""

    async def visit(rounds: Round) -> None:
        body = {"overlay": {"limits": {"spo2": {"delay_s": 15}}}, **WHY}
        key = {"Idempotency-Key": "draft-1"}
        first = await rounds.nurse.post(f"{rounds.path}/drafts", json=body, headers=key)
        again = await rounds.nurse.post(f"{rounds.path}/drafts", json=body, headers=key)
        beside = await rounds.plan()
        promoted = await rounds.step(2, "promote", rounds.nurse)
        after = await rounds.plan()

        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()
        assert (beside["fields"], [each["version"] for each in beside["drafts"]]) == ([], [2])
        assert (promoted.status_code, promoted.json()["version"]) == (200, 3)
        assert (after["plan"]["limits"]["spo2"]["delay_s"], after["drafts"]) == (15, [])
        assert assert_problem(await rounds.step(2, "promote", rounds.nurse), 409)["reason"] == "over"

    on_round(house, visit)


def test_withdrawn_change_gives_way_to_what_is_below(house: House) -> None:
    """A version that is taken back is in force no more, and what was in force before it does not return."""

    async def visit(rounds: Round) -> None:
        await rounds.put({"limits": {"spo2": {"warn_low": 90}}})
        await rounds.put({"limits": {"spo2": {"warn_low": 92}}})
        answer = await rounds.step(3, "withdraw", rounds.nurse)
        after = await rounds.plan()
        listed = (await rounds.nurse.get(f"{rounds.path}/versions")).json()

        assert answer.json()["state"] == "withdrawn"
        assert (after["fields"], after["version"]) == ([], 0)
        assert [(each["version"], each["state"]) for each in listed["items"]] == [
            (3, "withdrawn"), (2, "superseded"), (1, "superseded"),
        ]  # fmt: skip

    on_round(house, visit)


def test_what_was_in_force_can_be_told_afterwards(house: House) -> None:
    """The layers of an instant in the past are those of then, whatever has been done since."""

    async def visit(rounds: Round) -> None:
        times = []
        for delay_s in (15, 30, 45):
            rounds.clock.advance(timedelta(minutes=1))
            times.append(rounds.clock.now())
            await rounds.put({"limits": {"spo2": {"delay_s": delay_s}}})
        rounds.clock.advance(timedelta(minutes=1))
        await rounds.step(4, "withdraw", rounds.nurse)
        stay_id = house.ward.beds[0].stay_id
        async with await connect(house.database_url, "test") as conn:
            rows = await plan_versions.versions(conn, Owner(stay_id=stay_id))
            then = [(await plans.effective(conn, [stay_id], at))[0].plan_layers for at in times]

            assert [[row.version for row in rows if row.in_force(at)] for at in times] == [[2], [3], [4]]
            delays = [overlays.folded("hospital_at_home", each).plan.limits[VitalKind.SPO2].delay_s for each in then]
            assert delays == [15, 30, 45]

    on_round(house, visit)


def test_review_says_what_a_change_would_be(house: House) -> None:
    """A review lists faults, oddities and signatures, shows the plan as it would be, and saves nothing."""

    async def visit(rounds: Round) -> None:
        said = (await rounds.nurse.post(f"{rounds.path}/review", json={"overlay": LOOSE, **WHY})).json()

        assert (said["faults"], said["asks"]) == ([], ["limits.spo2.floor"])
        assert said["plan"]["limits"]["spo2"]["floor"] == 75
        assert rounds.ask("select count(*) from plan where stay_id = 1") == [(1,)]

    on_round(house, visit)
