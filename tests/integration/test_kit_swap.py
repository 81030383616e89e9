"""A kit that changes homes, from the device to the store: each reading is its wearer's, and nobody's is nobody's."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from tests.fix_api import House
from tests.fix_kit import BORN, REASON, WHY, Desk, a_reading, at_desk, ingesting, swapping
from tests.fix_ward import Ward
from tests.integration.test_api_http import assert_problem
from tests.writer_bench import Bench
from ward.clock import SystemClock

pytestmark = pytest.mark.integration


def test_h06_late_readings_go_to_the_former_wearer_and_those_between_to_nobody(house: House) -> None:
    """What is delivered after the swap is sorted by when it was measured; in between it is kept, with its reason."""

    async def visit(desk: Desk, bench: Bench, now: datetime) -> None:
        array = [a_reading(now - timedelta(minutes=ago), 70 + ago) for ago in (5, 15, 19, 21, 10, 20)]
        bench.put("hemvakt/1/hv-1/vitals", array)
        await bench.settled()

        first, second = house.ward.beds[:2]
        stored = desk.ask("select stay_id, value from reading order by value")
        assert stored == [(second.stay_id, 75), (second.stay_id, 80), (first.stay_id, 91)]
        kept = desk.ask("select reason, convert_from(payload, 'utf8')::json ->> 'value' from quarantine order by 2")
        assert kept == [("no_binding", "85.0"), ("no_binding", "89.0"), ("no_binding", "90.0")]

    swapping(house, visit)


def test_h06_reading_between_two_wearers_is_given_to_its_patient_once(house: House) -> None:
    """Given by a nurse with a second identifier, it is stored as every other, evaluated, audited, and settled."""

    async def visit(desk: Desk, bench: Bench, now: datetime) -> None:
        at = now - timedelta(minutes=15)
        bench.put("hemvakt/1/hv-1/vitals", [a_reading(at, 91, quality=0.9, seq=7), a_reading(now, 96)])
        await bench.settled()
        second = house.ward.beds[1]
        [entry] = (await desk.nurse.get("/api/quarantine", params={"reason": "no_binding"})).json()["items"]
        path = f"/api/quarantine/{entry['quarantine_id']}/assign"
        body = {"patient_id": second.patient_id, **BORN, **REASON}
        wrong = await desk.nurse.post(path, json={**body, "birth_date": "1941-01-01"})
        answers = await asyncio.gather(*(desk.nurse.post(path, json=body) for _ in range(3)))

        assert json.loads(entry["payload"])["value"] == 91
        assert assert_problem(wrong, 422)["reason"] == "wrong_identifier"
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
        done = next(answer.json() for answer in answers if answer.status_code == 200)
        assert (done["resolution"], done["resolved_by"]) == ("assigned", house.anna)
        stored = desk.ask("select stay_id, measured_at, value, quality from reading order by measured_at")
        assert stored == [(second.stay_id, at, 91.0, 90), (second.stay_id, now, 96.0, None)]
        assert desk.ask("select value from latest_reading") == [(96.0,)]
        assert (second.stay_id, at) in desk.ask("select stay_id, since from evaluation_request")
        assert desk.audited()[-2:] == ["quarantine.identifier_wrong", "quarantine.assigned"]

    swapping(house, visit)


def test_h06_reading_is_never_two_patients(house: House) -> None:
    """A reading that came twice is given to one patient; the other one is refused, and so is a binding over it."""

    async def visit(desk: Desk, bench: Bench, now: datetime) -> None:
        first, second, third = house.ward.beds
        at = now - timedelta(minutes=15)
        for _ in range(2):
            bench.put("hemvakt/1/hv-1/vitals", a_reading(at, 91))
            await bench.settled()
        one, two = (await desk.nurse.get("/api/quarantine")).json()["items"]

        async def give(entry: dict[str, Any], patient_id: int) -> Any:
            body = {"patient_id": patient_id, **BORN, **REASON}
            return await desk.nurse.post(f"/api/quarantine/{entry['quarantine_id']}/assign", json=body)

        assert (await give(one, first.patient_id)).status_code == 200
        assert assert_problem(await give(two, third.patient_id), 409)["reason"] == "given_to_another"
        [held, _] = await desk.worn("hv-1")
        ended = await desk.nurse.post(f"/api/devices/hv-1/bindings/{held['binding_id']}/end", json=WHY)
        assert ended.status_code == 200
        proposal = await desk.nurse.post(
            "/api/devices/hv-1/bindings",
            json={"patient_id": second.patient_id, "from": (now - timedelta(minutes=16)).isoformat()},
        )
        confirm = f"/api/devices/hv-1/bindings/{proposal.json()['binding_id']}/confirm"
        assert assert_problem(await desk.nurse.post(confirm, json=BORN), 409)["reason"] == "worn"
        assert (await give(two, first.patient_id)).status_code == 200
        assert desk.ask("select stay_id, value from reading") == [(first.stay_id, 91.0)]

    swapping(house, visit)


def test_h06_binding_never_covers_what_was_given_to_another(house: House) -> None:
    """A binding that is entered afterwards is refused where a reading of that time is another patient's already."""
    now = SystemClock().now()

    async def visit(desk: Desk) -> None:
        first, second = house.ward.beds[:2]
        await desk.add("kit-1")
        at = now - timedelta(hours=2)
        bound = await desk.bind("kit-1", first, **{"from": (now - timedelta(hours=3)).isoformat()})
        await desk.end("kit-1", bound["binding_id"], at=(now - timedelta(hours=2, minutes=30)).isoformat())
        async with ingesting(house.database_url) as bench:
            bench.put("hemvakt/1/kit-1/vitals", a_reading(at, 91))
            await bench.settled()
        [entry] = (await desk.nurse.get("/api/quarantine")).json()["items"]
        body = {"patient_id": first.patient_id, **BORN, **REASON}
        assert (await desk.nurse.post(f"/api/quarantine/{entry['quarantine_id']}/assign", json=body)).status_code == 200
        proposal = await desk.propose("kit-1", second, **{"from": (at - timedelta(minutes=1)).isoformat()})
        answer = await desk.nurse.post(f"/api/devices/kit-1/bindings/{proposal['binding_id']}/confirm", json=BORN)

        assert assert_problem(answer, 409)["reason"] == "given_to_another"
        assert desk.ask("select count(*) from binding where stay_id = 2 and device_no = 5") == [(0,)]

    asyncio.run(at_desk(house, visit))


def test_h06_reading_of_a_worn_device_is_not_given_away(house: House) -> None:
    """When the time has been bound to somebody since, the reading is theirs and nobody else's."""

    async def visit(desk: Desk) -> None:
        now = SystemClock().now()
        await desk.add("kit-1")
        first, second = house.ward.beds[:2]
        async with ingesting(house.database_url) as bench:
            bench.put("hemvakt/1/kit-1/vitals", a_reading(now - timedelta(minutes=5), 91))
            await bench.settled()
        await desk.bind("kit-1", first, **{"from": (now - timedelta(minutes=9)).isoformat()})
        [entry] = (await desk.nurse.get("/api/quarantine")).json()["items"]
        path = f"/api/quarantine/{entry['quarantine_id']}/assign"
        other = await desk.nurse.post(path, json={"patient_id": second.patient_id, **BORN, **REASON})
        own = await desk.nurse.post(path, json={"patient_id": first.patient_id, **BORN, **REASON})

        assert assert_problem(other, 409)["reason"] == "worn"
        assert own.status_code == 200, own.text

    asyncio.run(at_desk(house, visit))


@pytest.mark.parametrize(
    "statement",
    [
        "update device set mode = 'test' where device_no = 1",
        "update stay set mode = 'demo' where stay_id = 1",
        "insert into binding (device_no, stay_id, period) values (4, 1, tstzrange(now(), null))",
        "insert into binding (device_no, stay_id, period, mode) values (4, 1, tstzrange(now(), null), 'test')",
    ],
)
def test_h28_schema_keeps_test_devices_from_real_patients(ward: Ward, statement: str) -> None:
    """Whoever writes it, a binding never joins a device and a stay of two generation modes."""
    with psycopg.connect(ward.database_url, autocommit=True) as conn:
        conn.execute("insert into device (device_id, secret_sha256, mode) values ('t-1', sha256('x'), 'test')")

        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            conn.execute(statement.encode())


def test_h28_test_device_s_readings_reach_nobody(ward: Ward) -> None:
    """What a device in test mode measures is nobody's."""
    with psycopg.connect(ward.database_url, autocommit=True) as conn:
        conn.execute("insert into device (device_id, secret_sha256, mode) values ('t-1', sha256('x'), 'test')")

    async def whole() -> None:
        async with ingesting(ward.database_url) as bench:
            bench.put("hemvakt/1/t-1/vitals", a_reading(SystemClock().now(), 96))
            await bench.settled()

    asyncio.run(whole())

    with psycopg.connect(ward.database_url) as conn:
        assert conn.execute("select reason from quarantine").fetchall() == [("no_binding",)]


def test_h06_kit_moves_while_it_sends(house: House) -> None:
    """While readings stream in and the kit moves from home to home, each one is stored with its wearer or kept."""
    sent: list[list[datetime]] = []

    async def visit(desk: Desk) -> None:
        await desk.add("kit-1")
        moving = asyncio.create_task(move(desk))
        async with ingesting(house.database_url) as bench:
            while not moving.done():
                now = SystemClock().now()
                sent.append([now - timedelta(milliseconds=ago) for ago in range(40)])
                bench.put("hemvakt/1/kit-1/vitals", [a_reading(at, 90) for at in sent[-1]])
                await asyncio.sleep(0.002)
            await bench.settled()
        await moving

    async def move(desk: Desk) -> None:
        for turn in range(6):
            bound = await desk.bind("kit-1", house.ward.beds[turn % 3])
            batches = len(sent)
            while len(sent) < batches + 2:
                await asyncio.sleep(0.002)
            await desk.end("kit-1", bound["binding_id"])

    asyncio.run(at_desk(house, visit))

    with psycopg.connect(house.database_url) as conn:
        stored = conn.execute(
            "select r.measured_at, r.stay_id, b.stay_id from reading r"
            " left join binding b on b.device_no = r.device_no and b.period @> r.measured_at"
        ).fetchall()
        kept = conn.execute(
            "select (convert_from(payload, 'utf8')::json ->> 'measured_at')::timestamptz from quarantine"
            " where reason = 'no_binding'"
        ).fetchall()
    assert [at for at, stay_id, wearer in stored if stay_id != wearer] == []
    assert {stay_id for _, stay_id, _ in stored} == {bed.stay_id for bed in house.ward.beds}
    assert {row[0] for row in stored + kept} == {at for batch in sent for at in batch}
