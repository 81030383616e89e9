"""What was refused, over the api: shown to each role as it needs, given to a patient or put aside, and audited."""

import asyncio
import json
from datetime import datetime, timedelta

import httpx
import psycopg
import pytest

from tests.fix_api import House
from tests.fix_kit import BORN, REASON, WHY, Desk, a_reading, at_desk, swapping
from tests.integration.test_api_http import assert_problem
from tests.writer_bench import Bench
from ward.clock import SystemClock

pytestmark = pytest.mark.integration


def test_reading_of_nobody_s_is_given_whatever_it_came_in(house: House) -> None:
    """A record of a SenML pack and an entry of a FHIR Bundle are stored with the values and times that they meant."""

    async def visit(desk: Desk, bench: Bench, now: datetime) -> None:
        at = (now - timedelta(minutes=15)).replace(microsecond=0)
        pack = [{"bn": "kit:", "bt": at.timestamp(), "n": "spo2", "v": 91}, {"n": "temperature", "u": "Cel", "v": 38.5}]
        observation = {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
            "effectiveDateTime": at.isoformat(),
            "valueQuantity": {"value": 110, "system": "http://unitsofmeasure.org", "code": "/min"},
        }
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": observation}]}
        bench.put("hemvakt/1/hv-1/senml", pack)
        bench.put("hemvakt/1/hv-1/fhir", bundle)
        await bench.settled()
        entries = (await desk.nurse.get("/api/quarantine")).json()["items"]
        body = {"patient_id": house.ward.beds[1].patient_id, **BORN, **REASON}
        answers = [
            await desk.nurse.post(f"/api/quarantine/{entry['quarantine_id']}/assign", json=body) for entry in entries
        ]

        assert [answer.status_code for answer in answers] == [200, 200, 200]
        stored = desk.ask("select kind, value, measured_at from reading order by kind")
        assert stored == [(1, 110.0, at), (3, 91.0, at), (4, 38.5, at)]

    swapping(house, visit)


def test_only_nobody_s_readings_are_assigned(house: House) -> None:
    """An implausible value, or a reading of a time before the stay, is given to nobody."""

    async def visit(desk: Desk, bench: Bench, now: datetime) -> None:
        old = house.ward.admitted_at - timedelta(hours=1)
        bench.put("hemvakt/1/hv-1/vitals", [a_reading(now, 10), a_reading(old, 91)])
        await bench.settled()
        entries = (await desk.nurse.get("/api/quarantine")).json()["items"]
        reasons = {}
        for entry in entries:
            body = {"patient_id": house.ward.beds[1].patient_id, **BORN, **REASON}
            answer = await desk.nurse.post(f"/api/quarantine/{entry['quarantine_id']}/assign", json=body)
            reasons[entry["reason"]] = answer.json()["reason"]

        assert reasons == {"implausible": "no_reading", "no_binding": "before_stay"}
        assert desk.ask("select count(*) from reading where value = 91") == [(0,)]

    swapping(house, visit)


def test_quarantine_shows_each_role_what_it_needs(house: House) -> None:
    """A nurse sees what her patients' devices sent; an operator every entry and no value; a stranger nothing."""

    async def visit(desk: Desk, bench: Bench, now: datetime) -> None:
        bench.put("hemvakt/1/hv-1/vitals", a_reading(now, 17))
        bench.put("hemvakt/1/hv-9/vitals", a_reading(now, 18))
        bench.put("hemvakt/1/hv-77/vitals", b"\xff\x00")
        await bench.settled()
        [own] = (await desk.nurse.get("/api/quarantine")).json()["items"]
        [theirs] = (await desk.stranger.get("/api/quarantine")).json()["items"]
        operated = await desk.operator.get("/api/quarantine")
        counts = (await desk.operator.get("/api/quarantine/counts")).json()["items"]

        assert (own["device_id"], json.loads(own["payload"])["value"]) == ("hv-1", 17)
        assert (theirs["device_id"], json.loads(theirs["payload"])["value"]) == ("hv-9", 18)
        entries = {each["device_id"]: each for each in operated.json()["items"]}
        assert sorted(entries) == ["hv-1", "hv-77", "hv-9"]
        assert {each["payload"] for each in entries.values()} == {None}
        assert [name for name, each in entries.items() if each["detail"] is not None] == ["hv-77"]
        assert counts == [
            {"reason": "implausible", "entries": 2, "unsettled": 2},
            {"reason": "unknown_device", "entries": 1, "unsettled": 1},
        ]
        dismissed = await desk.operator.post(f"/api/quarantine/{entries['hv-77']['quarantine_id']}/dismiss", json=WHY)
        assert dismissed.json()["resolution"] == "dismissed"
        stranger = await desk.stranger.post(f"/api/quarantine/{own['quarantine_id']}/dismiss", json=WHY)
        assert_problem(stranger, 404)
        filtered = await desk.operator.get("/api/quarantine", params={"settled": False, "limit": 1, "device": "hv-9"})
        assert [each["device_id"] for each in filtered.json()["items"]] == ["hv-9"]

    swapping(house, visit)


def test_entry_between_two_wearers_is_seen_by_both_sides_and_no_further(house: House) -> None:
    """What came while nobody wore the kit concerns who wore it before and who did after, and nobody later."""
    start = SystemClock().now() - timedelta(hours=6)
    wearers = [house.ward.beds[0].stay_id, house.stranger.stay_id, house.ward.beds[1].stay_id]
    with psycopg.connect(house.database_url, autocommit=True) as conn:
        conn.execute("insert into device (device_id, secret_sha256) values ('kit-1', sha256('x'))")
        for hour, stay_id in enumerate(wearers):
            conn.execute(
                "insert into binding (device_no, stay_id, period) values (5, %s, tstzrange(%s, %s))",
                (stay_id, start + timedelta(hours=hour), start + timedelta(hours=hour, minutes=30)),
            )
        for minutes in (-1, 1, 31, 61, 91, 121, 151):
            conn.execute(
                "insert into quarantine (received_at, device_id, topic, reason, detail, payload, payload_sha256,"
                " payload_bytes) values (%s, 'kit-1', %s, 'malformed', '', 'x', sha256('x'), 1)",
                (start + timedelta(minutes=minutes), str(minutes)),
            )

    async def visit(desk: Desk) -> None:
        async def seen(client: httpx.AsyncClient) -> list[int]:
            items = (await client.get("/api/quarantine", params={"device": "kit-1"})).json()["items"]
            return sorted(int(each["topic"]) for each in items)

        assert await seen(desk.nurse) == [-1, 1, 31, 91, 121, 151]
        assert await seen(desk.stranger) == [31, 61, 91]
        assert await seen(desk.operator) == [-1, 1, 31, 61, 91, 121, 151]

    asyncio.run(at_desk(house, visit))


def test_nobody_s_reading_is_put_aside_by_clinical_staff_once(house: House) -> None:
    """An operator may not put aside what may be a patient's; a nurse may, once, and then it is not assigned."""

    async def visit(desk: Desk, bench: Bench, now: datetime) -> None:
        bench.put("hemvakt/1/hv-1/vitals", a_reading(now - timedelta(minutes=15), 91))
        await bench.settled()
        [entry] = (await desk.nurse.get("/api/quarantine")).json()["items"]
        path = f"/api/quarantine/{entry['quarantine_id']}"
        assert_problem(await desk.operator.post(f"{path}/dismiss", json=WHY), 403)
        assert (await desk.nurse.post(f"{path}/dismiss", json=WHY)).json()["resolution"] == "dismissed"
        again = await desk.nurse.post(f"{path}/dismiss", json=WHY)
        body = {"patient_id": house.ward.beds[1].patient_id, **BORN, **REASON}
        given = await desk.nurse.post(f"{path}/assign", json=body)

        assert [assert_problem(each, 409)["reason"] for each in (again, given)] == ["settled", "settled"]
        assert desk.ask("select count(*) from reading") == [(0,)]
        assert desk.audited()[-1] == "quarantine.dismissed"

    swapping(house, visit)


def test_audit_tells_who_did_what_and_is_only_added_to(house: House) -> None:
    """Operators read it by device or by patient; nobody alters it, not even by SQL."""

    async def visit(desk: Desk, _bench: Bench, _now: datetime) -> None:
        second = house.ward.beds[1]
        whole = (await desk.operator.get("/api/audit", params={"device": "hv-1"})).json()["items"]
        about = (await desk.operator.get("/api/audit", params={"patient": second.patient_id})).json()["items"]
        first_page = (await desk.operator.get("/api/audit", params={"limit": 2})).json()
        second_page = (await desk.operator.get("/api/audit", params={"cursor": first_page["next"]})).json()

        assert [each["action"] for each in whole] == ["binding.confirmed", "binding.proposed", "binding.ended"]
        assert whole[2]["who"] == {
            "staff_id": house.anna, "name": "Anna Provsson", "role": "nurse",
            "account_id": whole[0]["who"]["account_id"], "organisation_id": whole[0]["who"]["organisation_id"],
        }  # fmt: skip
        assert whole[2]["reason"] == WHY["reason"]
        assert [each["action"] for each in about] == ["binding.confirmed", "binding.proposed"]
        assert first_page["items"] + second_page["items"] == whole
        assert "Testsson" not in json.dumps(whole)
        assert_problem(await desk.nurse.get("/api/audit"), 403)

    swapping(house, visit)
    with psycopg.connect(house.database_url, autocommit=True) as conn:
        for statement in ("update audit set reason = ''", "delete from audit", "truncate audit"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(statement.encode())
