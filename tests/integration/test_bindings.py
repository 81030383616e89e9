"""The two steps by which somebody comes to wear a device, and how it ends, over the api on a real store."""

import asyncio
from datetime import datetime, timedelta

import psycopg
import pytest

from tests.fix_api import House, measure
from tests.fix_kit import BORN, WHY, Desk, at_desk
from tests.integration.test_api_http import assert_problem
from ward.clock import FakeClock, SystemClock
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration
PATH = "/api/devices/{}/bindings"


def test_h06_proposal_says_what_to_check_and_binds_nobody(house: House) -> None:
    """The first step names device, model, patient and date of birth, and attributes nothing."""

    async def visit(desk: Desk) -> None:
        await desk.add("kit-1", model="Provkit 2")
        bed = house.ward.beds[0]
        proposal = await desk.propose("kit-1", bed)

        assert proposal["association"] == "pre"
        assert proposal["holds_s"] == 900
        assert proposal["check"] == {
            "device_id": "kit-1", "model": "Provkit 2", "given_name": "Testa", "family_name": "Testsson 1",
            "birth_date": "1940-01-01",
        }  # fmt: skip
        assert (await desk.nurse.get("/api/devices/kit-1")).json()["worn"] is False
        assert desk.ask("select count(*) from binding where device_no = 5") == [(0,)]

    asyncio.run(at_desk(house, visit))


def test_h06_second_identifier_makes_it_a_binding_from_then(house: House) -> None:
    """Confirmed, by the date of birth or by the last four, the device is the patient's from that moment."""
    clock = FakeClock(SystemClock().now())

    async def visit(desk: Desk) -> None:
        for device_id, identifier in (("kit-1", BORN), ("kit-2", {"last_four": "9801"})):
            await desk.add(device_id)
            number = (await desk.propose(device_id, house.ward.beds[0]))["binding_id"]
            confirmed_at = clock.advance(timedelta(minutes=14))
            answer = await desk.nurse.post(f"{PATH.format(device_id)}/{number}/confirm", json=identifier)

            assert answer.status_code == 200, answer.text
            bound = answer.json()
            assert (bound["association"], bound["to"]) == ("assoc", None)
            assert datetime.fromisoformat(bound["from"]) == confirmed_at
            assert bound["binding_id"] == number
        assert desk.audited()[-2:] == ["binding.proposed", "binding.confirmed"]

    asyncio.run(at_desk(house, visit, clock))


def test_h06_third_wrong_identifier_ends_the_proposal(house: House) -> None:
    """A wrong identifier is refused, counted and audited; after three the right one does not help either."""

    async def visit(desk: Desk) -> None:
        await desk.add("kit-1")
        number = (await desk.propose("kit-1", house.ward.beds[0]))["binding_id"]
        confirm = f"{PATH.format('kit-1')}/{number}/confirm"
        for left, wrong in ((2, {"birth_date": "1940-01-02"}), (1, {"last_four": "9811"}), (0, {"last_four": "0000"})):
            refused = assert_problem(await desk.nurse.post(confirm, json=wrong), 422)
            assert (refused["reason"], refused["attempts_left"]) == ("wrong_identifier", left)
        over = assert_problem(await desk.nurse.post(confirm, json=BORN), 409)

        assert over["binding"]["association"] == "no"
        assert desk.audited()[-3:] == ["binding.identifier_wrong"] * 3
        assert desk.ask("select count(*) from binding where device_no = 5") == [(0,)]

    asyncio.run(at_desk(house, visit))


def test_proposal_holds_for_fifteen_minutes(house: House) -> None:
    """What nobody confirmed in time is no longer to be confirmed."""
    clock = FakeClock(SystemClock().now())

    async def visit(desk: Desk) -> None:
        await desk.add("kit-1")
        number = (await desk.propose("kit-1", house.ward.beds[0]))["binding_id"]
        clock.advance(timedelta(minutes=15))

        over = assert_problem(await desk.nurse.post(f"{PATH.format('kit-1')}/{number}/confirm", json=BORN), 409)
        assert (over["reason"], over["binding"]["association"]) == ("over", "no")

    asyncio.run(at_desk(house, visit, clock))


def test_withdrawn_proposal_cannot_be_confirmed(house: House) -> None:
    """A proposal that is ended before it is confirmed comes to nothing."""

    async def visit(desk: Desk) -> None:
        await desk.add("kit-1")
        number = (await desk.propose("kit-1", house.ward.beds[0]))["binding_id"]
        ended = await desk.end("kit-1", number)

        assert (ended["association"], ended["reason"]) == ("no", "withdrawn")
        assert_problem(await desk.nurse.post(f"{PATH.format('kit-1')}/{number}/confirm", json=BORN), 409)
        assert desk.audited()[-1] == "binding.withdrawn"

    asyncio.run(at_desk(house, visit))


def test_h06_device_that_is_worn_is_not_given_to_another(house: House) -> None:
    """A confirmation that overlaps is refused, and says who wears it only to those who may see that patient."""

    async def visit(desk: Desk) -> None:
        own, strange = house.ward.beds[0].device_id, house.stranger.device_id
        for device_id, wearer in ((own, house.ward.beds[0].patient_id), (strange, None)):
            number = (await desk.propose(device_id, house.ward.beds[1]))["binding_id"]
            answer = await desk.nurse.post(f"{PATH.format(device_id)}/{number}/confirm", json=BORN)
            refused = assert_problem(answer, 409)

            assert refused["reason"] == "worn"
            assert (refused["wearer"] or {}).get("patient_id") == wearer
        assert "binding.confirmed" not in desk.audited()

    asyncio.run(at_desk(house, visit))


def test_h06_one_of_two_confirmations_wins(house: House) -> None:
    """When one device is confirmed for two patients at once, one wears it and the other is refused."""

    async def visit(desk: Desk) -> None:
        await desk.add("kit-1")
        numbers = [(await desk.propose("kit-1", bed))["binding_id"] for bed in house.ward.beds]
        answers = await asyncio.gather(
            *(desk.nurse.post(f"{PATH.format('kit-1')}/{number}/confirm", json=BORN) for number in numbers)
        )

        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
        assert [row["association"] for row in await desk.worn("kit-1")].count("assoc") == 1

    asyncio.run(at_desk(house, visit))


def test_kit_moves_to_another_home(house: House) -> None:
    """End, propose, confirm: the history shows both wearers one after the other, and why the first one ended."""
    clock = FakeClock(SystemClock().now())

    async def visit(desk: Desk) -> None:
        first, second = house.ward.beds[:2]
        [held] = await desk.worn(first.device_id)
        clock.advance(timedelta(minutes=1))
        await desk.end(first.device_id, held["binding_id"])
        clock.advance(timedelta(minutes=1))
        await desk.bind(first.device_id, second)
        clock.advance(timedelta(minutes=1))
        now, before = await desk.worn(first.device_id)

        assert (now["association"], now["wearer"]["patient_id"]) == ("assoc", second.patient_id)
        assert (before["association"], before["wearer"]["patient_id"]) == ("dis", first.patient_id)
        assert before["reason"] == WHY["reason"]
        assert datetime.fromisoformat(now["from"]) - datetime.fromisoformat(before["to"]) == timedelta(minutes=1)
        again = await desk.nurse.post(f"{PATH.format(first.device_id)}/{held['binding_id']}/end", json=WHY)
        assert assert_problem(again, 409)["reason"] == "over"

    asyncio.run(at_desk(house, visit, clock))


def test_binding_may_begin_in_the_last_day_when_free(house: House) -> None:
    """A binding may be entered afterwards, up to a day back and never before the stay or over another's time."""

    async def visit(desk: Desk) -> None:
        now = SystemClock().now()
        await desk.add("kit-1")
        bed = house.ward.beds[0]
        for since, reason in (
            (now + timedelta(hours=1), "ahead"),
            (now - timedelta(hours=25), "too_long_ago"),
        ):
            body = {"patient_id": bed.patient_id, "from": since.isoformat()}
            answer = await desk.nurse.post(PATH.format("kit-1"), json=body)
            assert assert_problem(answer, 422)["reason"] == reason
        since = now - timedelta(hours=23)
        bound = await desk.bind("kit-1", bed, **{"from": since.isoformat()})
        assert datetime.fromisoformat(bound["from"]) == since
        await desk.end("kit-1", bound["binding_id"], at=(now - timedelta(hours=20)).isoformat())
        overlapping = await desk.propose(
            "kit-1", house.ward.beds[1], **{"from": (now - timedelta(hours=21)).isoformat()}
        )
        answer = await desk.nurse.post(f"{PATH.format('kit-1')}/{overlapping['binding_id']}/confirm", json=BORN)
        assert assert_problem(answer, 409)["reason"] == "worn"

    asyncio.run(at_desk(house, visit))


def test_h06_end_never_comes_before_what_is_stored(house: House) -> None:
    """A binding cannot end before its last stored reading; ended now, it lasts until a reading dated ahead."""

    async def visit(desk: Desk) -> None:
        bed = house.ward.beds[0]
        ahead = SystemClock().now() + timedelta(minutes=4)
        await measure(house, bed, VitalKind.SPO2, 93, ahead)
        [held] = await desk.worn(bed.device_id)
        path = f"{PATH.format(bed.device_id)}/{held['binding_id']}/end"
        early = (SystemClock().now() - timedelta(minutes=1)).isoformat()
        assert assert_problem(await desk.nurse.post(path, json={**WHY, "at": early}), 409)["reason"] == "measured_since"
        ended = await desk.end(bed.device_id, held["binding_id"])
        bound = await desk.bind(bed.device_id, house.ward.beds[1])

        assert datetime.fromisoformat(ended["to"]) == ahead + timedelta(microseconds=1)
        assert bound["from"] == ended["to"]

    asyncio.run(at_desk(house, visit))


def test_binding_does_not_end_before_it_begins(house: House) -> None:
    """An end before the beginning, or in the future, is refused."""

    async def visit(desk: Desk) -> None:
        [held] = await desk.worn("hv-1")
        path = f"{PATH.format('hv-1')}/{held['binding_id']}/end"
        for at, reason in ((timedelta(days=-3), "not_after_start"), (timedelta(hours=1), "ahead")):
            body = {**WHY, "at": (SystemClock().now() + at).isoformat()}
            assert assert_problem(await desk.nurse.post(path, json=body), 422)["reason"] == reason

    asyncio.run(at_desk(house, visit))


def test_device_of_a_stay_that_is_over_is_free(house: House) -> None:
    """When a patient's stay ends, what they wore may be given to another without ending it first."""
    ended_at = SystemClock().now() - timedelta(hours=1)
    with psycopg.connect(house.database_url, autocommit=True) as conn:
        conn.execute("update stay set period = tstzrange(lower(period), %s) where stay_id = 1", (ended_at,))

    async def visit(desk: Desk) -> None:
        await desk.bind("hv-1", house.ward.beds[1])
        _, before = await desk.worn("hv-1")

        assert datetime.fromisoformat(before["to"]) == ended_at
        assert before["reason"] == "the stay is over"

    asyncio.run(at_desk(house, visit))


@pytest.mark.parametrize(("device", "stay"), [("test", "real"), ("demo", "real"), ("real", "demo"), ("test", "demo")])
def test_h28_modes_never_meet(house: House, device: str, stay: str) -> None:
    """A device of one mode is never worn in a stay of another, and the refusal says why."""
    with psycopg.connect(house.database_url, autocommit=True) as conn:
        conn.execute("delete from binding where stay_id = 1")
        conn.execute("update stay set mode = %s where stay_id = 1", (stay,))

    async def visit(desk: Desk) -> None:
        await desk.add("kit-1", mode=device)
        answer = await desk.nurse.post(PATH.format("kit-1"), json={"patient_id": house.ward.beds[0].patient_id})

        refused = assert_problem(answer, 409)
        assert refused["reason"] == "other_mode"
        assert "never worn by a real patient" in refused["detail"]

    asyncio.run(at_desk(house, visit))


def test_stranger_s_bindings_are_as_unknown_as_none(house: House) -> None:
    """Nobody proposes for, confirms or ends what concerns a patient whom they may not see."""

    async def visit(desk: Desk) -> None:
        await desk.add("kit-1")
        number = (await desk.propose("kit-1", house.ward.beds[0]))["binding_id"]
        path = PATH.format("kit-1")
        for binding_id in (number, 99_999):
            assert_problem(await desk.stranger.post(f"{path}/{binding_id}/confirm", json=BORN), 404)
            assert_problem(await desk.stranger.post(f"{path}/{binding_id}/end", json=WHY), 404)
        for patient_id in (house.stranger.patient_id, 99_999):
            assert_problem(await desk.nurse.post(path, json={"patient_id": patient_id}), 404)
        elsewhere = await desk.nurse.post(f"{PATH.format('hv-1')}/{number}/confirm", json=BORN)
        assert_problem(elsewhere, 404)

    asyncio.run(at_desk(house, visit))


def test_repeat_of_a_proposal_proposes_nothing_more(house: House) -> None:
    """The same proposal with the same key is the same proposal."""

    async def visit(desk: Desk) -> None:
        await desk.add("kit-1")
        key, body = {"Idempotency-Key": "b7"}, {"patient_id": house.ward.beds[0].patient_id}
        first = await desk.nurse.post(PATH.format("kit-1"), json=body, headers=key)
        again = await desk.nurse.post(PATH.format("kit-1"), json=body, headers=key)
        other = await desk.nurse.post(PATH.format("hv-2"), json=body, headers=key)

        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json() == again.json()
        assert_problem(other, 422)
        assert len(await desk.worn("kit-1")) == 1

    asyncio.run(at_desk(house, visit))


@pytest.mark.parametrize("body", [{}, {"birth_date": "1940-01-01", "last_four": "9801"}, {"last_four": "98"}])
def test_confirmation_takes_one_identifier(house: House, body: dict[str, str]) -> None:
    """None, both, or half a number is not understood, and not counted as wrong."""

    async def visit(desk: Desk) -> None:
        await desk.add("kit-1")
        number = (await desk.propose("kit-1", house.ward.beds[0]))["binding_id"]
        assert_problem(await desk.nurse.post(f"{PATH.format('kit-1')}/{number}/confirm", json=body), 422)

        assert desk.ask("select wrong_identifiers from binding_proposal") == [(0,)]

    asyncio.run(at_desk(house, visit))
