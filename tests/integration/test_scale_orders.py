"""Orders of SpO2 scale 2 over the api on a real store: whose they are, who makes them whole, how they end."""

import json
from datetime import datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from tests.fix_api import House, password_hash
from tests.fix_kit import seated
from tests.fix_plans import WHY, Round, on_round
from tests.integration.test_api_http import assert_problem
from ward import overlays
from ward.people import OrganisationId, Role, StaffId, TeamId
from ward.store import people, rounds
from ward.store.pool import connect
from ward.weekend import Reason, reasons

pytestmark = pytest.mark.integration
LUNGS = {"clinic": "Lungmottagningen, Provsjukhuset", "way": "telephone"}
ASK = "scale_2_order"


async def doctors(rounds: Round, by: httpx.AsyncClient | None = None) -> dict[str, int]:
    """Return the doctors who may order, by the first of their names."""
    answer = await (by or rounds.nurse).get(f"{rounds.path}/doctors")
    assert answer.status_code == 200, answer.text
    return {each["name"].split()[0]: each["staff_id"] for each in answer.json()["items"]}


def order(rounds: Round, hours: float = 24 * 7, **whose: object) -> dict[str, Any]:
    """Return an overlay that asks for scale 2 by somebody's order from now."""
    now = rounds.clock.now()
    times = {"ordered_at": now.isoformat(), "expires_at": (now + timedelta(hours=hours)).isoformat()}
    return {"spo2_scale": 2, ASK: {**times, **whose}}


async def refused(rounds: Round, overlay: dict[str, Any], by: httpx.AsyncClient | None = None) -> list[str]:
    """Try to save, and return the paths of all that speaks against it; review and draft say the same."""
    seen = {"If-Match": f'"{(await rounds.plan())["rev"]}"'}
    who = by or rounds.nurse
    body = {"overlay": overlay, **WHY}
    answers = [
        await who.put(rounds.path, json=body, headers=seen),
        await who.post(f"{rounds.path}/drafts", json=body),
    ]
    paths = [[each["path"] for each in assert_problem(answer, 422)["faults"]] for answer in answers]
    said = (await who.post(f"{rounds.path}/review", json=body)).json()
    assert paths[0] == paths[1] == [each["path"] for each in said["faults"]]
    return paths[0]


async def add_doctor(rounds: Round, username: str, home: OrganisationId, team: TeamId, role: Role) -> StaffId:
    """Add somebody to a team."""
    async with await connect(rounds.house.database_url, "test") as conn:
        staff_id = await people.add_staff(
            conn,
            organisation_id=home,
            username=username,
            name=f"{username.title()} Provsson",
            title="Läkare",
            role=role,
            password_hash=password_hash(),
        )
        await people.add_member(conn, team_id=team, staff_id=staff_id)
    return staff_id


async def elsewhere(rounds: Round) -> StaffId:
    """Add a doctor of another organisation, which does not care for the patient."""
    rows = rounds.ask("select organisation_id from team where team_id = %s", rounds.house.other_team)
    return await add_doctor(rounds, "edith", OrganisationId(rows[0][0]), rounds.house.other_team, Role.DOCTOR)


def test_h15_order_that_a_nurse_writes_waits_for_its_doctor(house: House) -> None:
    """Scale 1 is used until the doctor whose order it is has confirmed it; no other doctor does, nor who wrote it."""

    async def visit(rounds: Round) -> None:
        who = await doctors(rounds)
        saved = await rounds.put(order(rounds, doctor_id=who["Dora"], doctor="Omar Exempeldoktor"), status=202)
        waiting = await rounds.plan()
        others = [await rounds.step(saved["version"], "approve", each) for each in (rounds.nurse, rounds.second)]
        rounds.clock.advance(timedelta(minutes=20))
        signed = await rounds.step(saved["version"], "approve", rounds.doctor)
        after = await rounds.plan()

        assert sorted(who) == ["David", "Dora"]
        assert (saved["state"], saved["asks"]) == ("awaiting", [ASK])
        assert saved["overlay"][ASK]["doctor"] == "Dora Provläkare"
        assert (waiting["spo2_scale"], waiting["order"], waiting["scale_2_lapsed"]) == (1, None, False)
        assert [each["version"] for each in waiting["awaiting"]] == [saved["version"]]
        assert [assert_problem(each, 403)["reason"] for each in others] == ["own", "not_ordering"]
        assert signed.status_code == 200, signed.text
        assert (after["spo2_scale"], after["order"]["standing"]) == (2, "holds")
        assert (after["order"]["written_by"], after["order"]["confirmed_by"]) == ("Anna Provsson", "Dora Provläkare")
        assert datetime.fromisoformat(after["order"]["confirmed_at"]) == rounds.clock.now()
        assert rounds.ask("select action, detail ->> 'asks' from audit order by audit_id") == [
            ("plan.saved", f'["{ASK}"]'), ("plan.approved", f'["{ASK}"]'),
        ]  # fmt: skip

    on_round(house, visit)


def test_h15_doctor_orders_with_their_own_log_in(house: House) -> None:
    """What a doctor orders in their own name is in force at once; in a colleague's name it waits for the colleague."""

    async def visit(rounds: Round) -> None:
        who = await doctors(rounds, rounds.doctor)
        await rounds.put(order(rounds, doctor_id=who["Dora"]), by=rounds.doctor)
        own = await rounds.plan()
        other = await rounds.put(order(rounds, doctor_id=who["David"]), by=rounds.doctor, status=202)

        assert (own["spo2_scale"], own["order"]["confirmed_by"]) == (2, "Dora Provläkare")
        assert other["asks"] == [ASK]
        assert (await rounds.step(other["version"], "approve", rounds.second)).status_code == 200
        assert (await rounds.plan())["order"]["confirmed_by"] == "David Provläkare"

    on_round(house, visit)


def test_h15_order_from_outside_is_answered_for_by_a_doctor_of_the_staff(house: House) -> None:
    """What a clinic ordered by telephone says who took it, from whom, where and how, and waits for a doctor here."""

    async def visit(rounds: Round) -> None:
        whose: dict[str, Any] = {"doctor": "Lova Lungläkare", "outside": LUNGS}
        saved = await rounds.put(order(rounds, **whose), status=202)
        assert (await rounds.plan())["spo2_scale"] == 1
        assert (await rounds.step(saved["version"], "approve", rounds.second)).status_code == 200
        found = (await rounds.plan())["order"]

        assert (found["doctor"], found["doctor_id"]) == ("Lova Lungläkare", None)
        assert (found["clinic"], found["way"]) == (LUNGS["clinic"], "telephone")
        assert (found["written_by"], found["confirmed_by"]) == ("Anna Provsson", "David Provläkare")

        await rounds.put({})
        await rounds.put(order(rounds, **whose), by=rounds.doctor)
        assert (await rounds.plan())["order"]["confirmed_by"] == "Dora Provläkare"

    on_round(house, visit)


def test_h15_order_in_a_name_that_cannot_be_asked_is_refused(house: House) -> None:
    """A free name, a nurse, a doctor of another organisation, one who has left, and half an outside are refused."""

    async def visit(rounds: Round) -> None:
        stranger = await elsewhere(rounds)
        who = await doctors(rounds)
        rounds.change("update staff set disabled_at = now() where staff_id = %s", who["David"])

        assert sorted(await doctors(rounds)) == ["Dora"]
        assert await refused(rounds, order(rounds)) == [f"{ASK}.doctor", ASK]
        strangers = (house.anna, stranger, who["David"])
        named: list[dict[str, Any]] = [{"doctor": "Omar"}, *({"doctor_id": each} for each in strangers)]
        for whose in named:
            assert await refused(rounds, order(rounds, **whose)) == [f"{ASK}.doctor_id"]
        half: dict[str, Any] = {"doctor": "Lova Lungläkare", "outside": {"clinic": "", "way": "letter"}}
        assert await refused(rounds, order(rounds, **half)) == [f"{ASK}.outside.clinic"]
        both: dict[str, Any] = {"doctor_id": who["Dora"], "outside": LUNGS}
        assert await refused(rounds, order(rounds, **both)) == [f"{ASK}.outside"]
        slip: dict[str, Any]
        for slip in ({"doctor": 7}, {"doctr_id": 1}, {"doctor": "Lova", "outside": {**LUNGS, "way": "pigeon"}}):
            body = {"overlay": order(rounds, **slip), **WHY}
            answer = await rounds.nurse.put(rounds.path, json=body, headers={"If-Match": '"1"'})
            assert "cannot be read" in assert_problem(answer, 422)["detail"]
        assert (await rounds.plan())["version"] == 1

    on_round(house, visit)


def test_h15_doctor_of_another_organisation_neither_sees_nor_signs(house: House) -> None:
    """Who does not care for the patient is told of no plan; who has broken the glass signs no order either."""

    async def visit(rounds: Round) -> None:
        await elsewhere(rounds)
        saved = await rounds.put(order(rounds, doctor="Lova Lungläkare", outside=LUNGS), status=202)
        patient = house.ward.beds[0].patient_id
        async with seated(house, rounds.served, "edith") as edith:
            unseen = await rounds.step(saved["version"], "approve", edith)
            opened = await edith.post(f"/api/patients/{patient}/emergency", json={"reason": "Hittad medvetslös"})
            assert opened.status_code < 300, opened.text
            refusal = await rounds.step(saved["version"], "approve", edith)
            own = await edith.get(f"{rounds.path}/doctors")

        assert unseen.status_code == 404
        assert assert_problem(refusal, 403)["reason"] == "not_caring"
        assert [each["name"] for each in own.json()["items"]] == ["David Provläkare", "Dora Provläkare"]
        assert (await rounds.plan())["spo2_scale"] == 1

    on_round(house, visit)


def test_h15_named_doctor_orders_without_being_of_the_team(house: House) -> None:
    """The doctor who is named for the patient may order, until the patient blocks their organisation."""

    async def visit(rounds: Round) -> None:
        stranger = await elsewhere(rounds)
        bed = house.ward.beds[0]
        rounds.change("insert into duty_care (stay_id, doctor_id) values (%s, %s)", bed.stay_id, stranger)
        without = await doctors(rounds)
        rounds.change(
            "insert into patient_consent (patient_id, organisation_id, given_by, given_at)"
            " select %s, organisation_id, 1, now() from staff where staff_id = %s",
            bed.patient_id,
            stranger,
        )

        assert sorted(without) == ["David", "Dora"]
        assert sorted(await doctors(rounds)) == ["David", "Dora", "Edith"]

    on_round(house, visit)


def test_h15_order_ends_by_itself_and_says_so_before(house: House) -> None:
    """The plan says when its order ends, that it ends soon, and that it is over; scale 1 is used from that instant."""

    async def visit(rounds: Round) -> None:
        who = await doctors(rounds)
        await rounds.put(order(rounds, hours=80, doctor_id=who["Dora"]), by=rounds.doctor)
        long = (await rounds.plan())["order"]["standing"]
        await rounds.put(order(rounds, hours=6, doctor_id=who["Dora"]), by=rounds.doctor)
        until = rounds.clock.now() + timedelta(hours=6)
        patient = rounds.path.removesuffix("/plan")
        seen = []
        for hours in (6, 0):
            rounds.clock.set(until - timedelta(hours=hours))
            plan = await rounds.plan()
            seen.append((plan["spo2_scale"], plan["scale_2_lapsed"], plan["order"]["standing"]))
        head = (await rounds.nurse.get(patient)).json()["scale_2"]
        # An unrelated change is not kept from being made by the order that has run out, and does not renew it.
        kept = (await rounds.plan())["overlay"]
        await rounds.put({**kept, "news2_rise": 2})
        after = await rounds.plan()
        prolonged = {**kept[ASK], "expires_at": (until + timedelta(days=7)).isoformat()}
        again = await rounds.put({**kept, ASK: prolonged}, status=202)

        assert (long, seen) == ("holds", [(2, False, "ending"), (1, True, "over")])
        assert (datetime.fromisoformat(head["until"]), head["named"]) == (until, True)
        assert (after["spo2_scale"], after["order"]["confirmed_by"]) == (1, "Dora Provläkare")
        assert again["asks"] == [ASK]

    on_round(house, visit)


def test_h15_scale_2_needs_an_order_of_a_year_at_most(house: House) -> None:
    """Scale 2 without an order, or with one that has run out or lasts for years, is refused; so is one without zone."""

    async def visit(rounds: Round) -> None:
        dora = (await doctors(rounds))["Dora"]
        ended = {"ordered_at": "2020-01-01T00:00:00Z", "expires_at": "2020-02-01T00:00:00Z", "doctor_id": dora}
        for wrong in (None, ended, order(rounds, hours=24 * 400, doctor_id=dora)[ASK]):
            assert await refused(rounds, {"spo2_scale": 2, ASK: wrong}) == [ASK]
        waits = {"spo2_scale": 1, ASK: order(rounds, hours=24 * 4000, doctor_id=dora)[ASK]}
        assert await refused(rounds, waits) == [ASK]
        bare = {**ended, "ordered_at": "2026-01-01T00:00:00"}
        body = {"overlay": {"spo2_scale": 1, ASK: bare}, **WHY}
        answer = await rounds.nurse.put(rounds.path, json=body, headers={"If-Match": '"1"'})
        assert len(assert_problem(answer, 422)["faults"]) == 1
        assert (await rounds.plan())["version"] == 1

    on_round(house, visit)


def test_h15_order_of_before_goes_on_to_its_end_and_is_shown_as_nobody_s(house: House) -> None:
    """An order under a free name stays, is told of as unconfirmed, and is not prolonged: a doctor orders anew."""

    async def visit(rounds: Round) -> None:
        stay_id = house.ward.beds[0].stay_id
        kept = order(rounds, hours=6, doctor="Omar Exempeldoktor")
        rounds.change("update plan set state = 'superseded', ended_at = now() where stay_id = %s", stay_id)
        rounds.change(
            "insert into plan (stay_id, version, rules, author_id, reason, valid_from)"
            " values (%s, 2, %s::jsonb, %s, 'Telefon', now() - interval '1 hour')",
            stay_id,
            json.dumps(kept),
            house.anna,
        )
        before = await rounds.plan()
        await rounds.put({**before["overlay"], "news2_rise": 2})
        beside = await rounds.plan()
        later = (rounds.clock.now() + timedelta(days=9)).isoformat()
        longer = {**before["overlay"], ASK: {**before["overlay"][ASK], "expires_at": later}}

        for plan in (before, beside):
            assert (plan["spo2_scale"], plan["order"]["doctor"]) == (2, "Omar Exempeldoktor")
            assert (plan["order"]["confirmed_by"], plan["order"]["doctor_id"]) == (None, None)
        assert beside["order"]["written_by"] == "Anna Provsson"
        assert await refused(rounds, longer) == [f"{ASK}.doctor_id"]
        tile = (await rounds.nurse.get(rounds.path.removesuffix("/plan"))).json()
        assert tile["scale_2"]["named"] is False
        assert Reason.ORDER_UNNAMED in await on_the_list(rounds)
        rounds.clock.advance(timedelta(hours=6))
        assert (await rounds.plan())["spo2_scale"] == 1
        assert Reason.ORDER_OVER in await on_the_list(rounds)

    on_round(house, visit)


def test_round_tells_of_orders_that_end_or_wait(house: House) -> None:
    """The round before free days sees an order that runs out over them, and a change that waits for a doctor."""

    async def visit(rounds: Round) -> None:
        dora = (await doctors(rounds))["Dora"]
        await rounds.put(order(rounds, hours=24, doctor_id=dora), by=rounds.doctor)
        assert {Reason.ORDER_EXPIRES} == {each for each in await on_the_list(rounds) if "order" in each}
        waits = await rounds.put(order(rounds, hours=48, doctor_id=dora), status=202)
        assert Reason.PLAN_WAITS in await on_the_list(rounds)
        await rounds.step(waits["version"], "approve", rounds.doctor)
        assert Reason.PLAN_WAITS not in await on_the_list(rounds)

    on_round(house, visit)


async def on_the_list(one: Round) -> set[Reason]:
    """Return why the patient is on the round's list, for the two days to come."""
    now = one.clock.now()
    async with await connect(one.house.database_url, "test") as conn:
        found = await rounds.facts(conn, one.house.ward.team_id, now)
    row = next(each for each in found if each.stay_id == one.house.ward.beds[0].stay_id)
    return {each.reason for each in reasons(row.facts(), (), now + timedelta(days=2), now)}


def test_h15_waiting_version_is_not_signed_over_an_order_that_has_gone(house: House) -> None:
    """A change that kept a confirmed order does not bring it back once its doctor has withdrawn it."""

    async def visit(rounds: Round) -> None:
        dora = (await doctors(rounds))["Dora"]
        ordered = await rounds.put(order(rounds, doctor_id=dora), by=rounds.doctor)
        kept = (await rounds.plan())["overlay"]
        waits = await rounds.put({**kept, "limits": {"spo2": {"floor": 75}}}, status=202)
        assert waits["asks"] == ["limits.spo2.floor"]
        assert (await rounds.step(ordered["version"], "withdraw", rounds.doctor)).status_code == 200
        late = await rounds.step(waits["version"], "approve", rounds.second)

        assert assert_problem(late, 409)["reason"] == "overtaken"
        assert (await rounds.plan())["spo2_scale"] == 1

    on_round(house, visit)


def test_h15_doctor_who_has_left_meanwhile_confirms_nothing(house: House) -> None:
    """An order whose doctor no longer cares for the patient stays unsigned, and can be written anew by another."""

    async def visit(rounds: Round) -> None:
        dora = (await doctors(rounds))["Dora"]
        waits = await rounds.put(order(rounds, doctor_id=dora), status=202)
        rounds.change("update staff set disabled_at = now() where staff_id = %s", dora)
        late = await rounds.step(waits["version"], "approve", rounds.doctor)

        assert late.status_code == 401
        assert assert_problem(await rounds.step(waits["version"], "approve", rounds.second), 403)["reason"] == (
            "not_ordering"
        )
        david = (await doctors(rounds))["David"]
        assert (await rounds.put(order(rounds, doctor_id=david), by=rounds.second))["state"] == "in_force"

    on_round(house, visit)


def test_h15_draft_of_an_order_is_promoted_by_who_may(house: House) -> None:
    """A draft with an order waits for its doctor when a nurse promotes it, like any other change."""

    async def visit(rounds: Round) -> None:
        dora = (await doctors(rounds))["Dora"]
        body = {"overlay": order(rounds, doctor_id=dora), **WHY}
        kept = await rounds.nurse.post(f"{rounds.path}/drafts", json=body)
        promoted = await rounds.step(kept.json()["version"], "promote", rounds.nurse)

        assert (kept.status_code, promoted.status_code, promoted.json()["asks"]) == (201, 202, [ASK])

    on_round(house, visit)


def test_h15_store_takes_no_other_doctor_s_signature(house: House) -> None:
    """Nobody, not even by SQL, confirms an order in another doctor's name; an order from outside any doctor may."""
    named = '{"scale_2_order": {"doctor": "Dora", "doctor_id": 2}}'
    insert = (
        "insert into plan (stay_id, version, rules, author_id, valid_from, asks, approved_by, approved_at)"
        " values (1, %s, %s::jsonb, 1, now(), '{scale_2_order}', %s, now())"
    )
    with psycopg.connect(house.database_url, autocommit=True) as conn:
        with pytest.raises(psycopg.errors.CheckViolation, match="plan_ordered"):
            conn.execute(insert, (2, named, 3))
        conn.execute(insert, (2, named, 2))
        conn.execute(insert, (3, overlays.encode(overlays.decode("{}")), 3))
