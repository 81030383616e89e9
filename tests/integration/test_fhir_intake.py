"""Observations that are sent over HTTP: stored once, each with its own outcome, nobody's by mistake, and none lost."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.auth import digest
from tests.fhir_scene import FHIR, a_batch, an_observation, as_somebody, as_two, issue, matches, now, rows
from tests.fix_api import House, serving
from ward.clock import SystemClock
from ward.store import sessions
from ward.store.pool import connect

pytestmark = pytest.mark.integration
QUARANTINE = "select reason, device_id, item_index, payload from quarantine order by quarantine_id"


async def send(client: httpx.AsyncClient, *resources: dict[str, Any]) -> list[dict[str, Any]]:
    """The responses of a batch."""
    answer = await client.post("/fhir", content=a_batch(*resources), headers=FHIR)
    assert answer.status_code == 200, answer.text
    return [each["response"] for each in answer.json()["entry"]]


def codes(response: dict[str, Any]) -> list[str]:
    """The reasons that an entry was refused for, as they are called in the quarantine."""
    issues = response.get("outcome", {}).get("issue", [])
    return [each["diagnostics"].partition(":")[0] for each in issues]


def a_pressure(at: str, systolic: float, diastolic: float) -> dict[str, Any]:
    """A blood pressure of the first bed's device."""
    parts = (("8480-6", systolic), ("8462-4", diastolic))
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "device": {"reference": "Device/hv-1"},
        "effectiveDateTime": at,
        "component": [
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
            }
            for code, value in parts
        ],
    }


def test_h01_every_entry_has_its_own_outcome_and_none_is_lost(house: House) -> None:
    """What can be used is stored, what cannot lies in the quarantine with its reason, and each entry is told which."""
    at = now() - timedelta(minutes=30)
    sent = [
        an_observation(at),
        an_observation(at - timedelta(hours=1), 120),
        an_observation(at - timedelta(hours=2), subject={"reference": "Patient/2"}),
        an_observation(at - timedelta(days=9)),
        {"resourceType": "Patient"},
        an_observation(at, 93),
        an_observation(at, device={"reference": "Device/nobody"}),
        an_observation(now() + timedelta(days=1)),
        an_observation(at - timedelta(hours=3), status="entered-in-error"),
    ]

    async def visit(client: httpx.AsyncClient) -> None:
        told = await send(client, *sent)
        stored = matches(await client.get("/fhir/Observation?patient=1"))

        assert [each["status"][:3] for each in told] == ["201", *(["422"] * 4), "409", *(["422"] * 3)]
        assert [codes(each) for each in told] == [
            [], ["implausible"], ["wrong_patient"], ["no_binding"], ["unsupported"], ["conflict"], ["unknown_device"],
            ["future"], ["bad_field"],
        ]  # fmt: skip
        assert [each.get("valueQuantity", {}).get("value") for each in stored] == [91.0, None]
        assert stored[0]["id"] == told[0]["location"].removeprefix("Observation/")

    as_somebody(house, "anna", visit)

    kept = rows(house, QUARANTINE)
    assert [(reason, index) for reason, _, index, _ in kept] == [
        ("unsupported", 4), ("unknown_device", 6), ("bad_field", 8), ("implausible", 1), ("wrong_patient", 2),
        ("no_binding", 3), ("future", 7), ("conflict", 5),
    ]  # fmt: skip
    assert json.loads(kept[4][3])["subject"] == {"reference": "Patient/2"}
    assert rows(house, "select count(*) from evaluation_request") != [(0,)]


def test_h19_batch_sent_again_stores_nothing_again(house: House) -> None:
    """A repeat is told as being there already, under the same id, and the store has each value once."""
    at = now() - timedelta(minutes=5)

    async def visit(client: httpx.AsyncClient) -> None:
        first = await send(client, an_observation(at), a_pressure(at.isoformat(), 120, 80))
        again = await send(client, an_observation(at), a_pressure(at.isoformat(), 120, 80), an_observation(at))

        assert [each["status"] for each in first] == ["201 Created"] * 2
        assert [each["status"] for each in again] == ["200 OK"] * 3
        assert [each["location"] for each in again[:2]] == [each["location"] for each in first]
        assert "-bp-" in first[1]["location"]
        panel = (await client.get(f"/fhir/{first[1]['location']}")).json()
        assert [each["valueQuantity"]["value"] for each in panel["component"]] == [120.0, 80.0]

    as_somebody(house, "anna", visit)

    assert rows(house, "select count(*) from reading") == [(3,)]
    assert rows(house, "select count(*) from quarantine") == [(0,)]


def test_part_of_an_observation_may_be_refused(house: House) -> None:
    """Of a blood pressure with an impossible part, the other is stored, and the answer warns of what was not."""
    at = now() - timedelta(minutes=5)

    async def visit(client: httpx.AsyncClient) -> None:
        (told,) = await send(client, a_pressure(at.isoformat(), 120, 9))

        assert told["status"] == "201 Created"
        assert [each["severity"] for each in told["outcome"]["issue"]] == ["warning"]
        assert codes(told) == ["implausible"]

    as_somebody(house, "anna", visit)

    assert [reason for reason, *_ in rows(house, QUARANTINE)] == ["implausible"]


def test_one_observation_is_created_by_itself(house: House) -> None:
    """A single Observation is answered with its address, or with why it was not taken."""
    at = now() - timedelta(minutes=5)

    async def visit(client: httpx.AsyncClient) -> None:
        made = await client.post("/fhir/Observation", content=json.dumps(an_observation(at)), headers=FHIR)
        again = await client.post("/fhir/Observation", content=json.dumps(an_observation(at)), headers=FHIR)
        strange = await client.post("/fhir/Observation", content=json.dumps(an_observation(at, 92)), headers=FHIR)
        address = httpx.URL(made.headers["location"]).path

        assert (made.status_code, made.headers["etag"], made.content) == (201, 'W/"1"', b"")
        assert again.status_code == 200
        assert issue(strange, 409)["code"] == "conflict"
        assert (await client.get(address)).json()["valueQuantity"]["value"] == 91.0

    as_somebody(house, "anna", visit)


def test_h18_body_that_cannot_be_taken_apart_is_refused_whole(house: House) -> None:
    """What is no batch and no Observation is refused with an outcome, and nothing of it is stored or kept."""

    async def visit(client: httpx.AsyncClient) -> None:
        for body in (b"{", b"[]", a_batch(), a_batch(an_observation(now())).replace(b"batch", b"transaction")):
            assert issue(await client.post("/fhir", content=body, headers=FHIR), 422)["code"] == "invalid"

    as_somebody(house, "anna", visit)

    assert rows(house, "select count(*) from reading") == [(0,)]


def test_h06_device_of_somebody_else_s_patient_is_unknown(house: House) -> None:
    """A device whose wearer the sender may not see is as unknown as one that does not exist."""
    at = now() - timedelta(minutes=5)

    async def visit(_anna: httpx.AsyncClient, elsa: httpx.AsyncClient) -> None:
        theirs, nobody = await send(elsa, an_observation(at), an_observation(at, device={"reference": "Device/hv-0"}))

        assert codes(theirs) == codes(nobody) == ["unknown_device"]
        words = [each["outcome"]["issue"][0]["diagnostics"] for each in (theirs, nobody)]
        assert words[0].replace("hv-1", "hv-0") == words[1]

    as_two(house, visit)

    assert rows(house, "select count(*) from reading") == [(0,)]


def test_what_is_taken_is_audited_without_values(house: House) -> None:
    """Who sent how much of whom is in the audit and in the log of who looked; values and names are not."""
    at = now() - timedelta(minutes=5)

    async def visit(client: httpx.AsyncClient) -> None:
        await send(client, an_observation(at), an_observation(at, 92))

    as_somebody(house, "anna", visit)

    assert rows(house, "select action, patient_id, detail from audit") == [
        ("observations.taken", 1, {"new": 1, "refused": 1, "repeated": 0})
    ]
    assert rows(house, "select method, path, patient_ids from access_entry") == [("POST", "/fhir", [1])]


def test_refused_reading_of_nobody_s_can_be_given_to_a_patient(house: House) -> None:
    """A reading that came while nobody wore the device is kept so that staff can give it to its patient later."""
    at = now() - timedelta(days=9)

    async def visit(client: httpx.AsyncClient) -> None:
        await send(client, an_observation(at))
        (entry,) = (await client.get("/api/quarantine?reason=no_binding")).json()["items"]

        assert (entry["device_id"], entry["topic"]) == ("hv-1", "hemvakt/1/hv-1/fhir")

    as_somebody(house, "anna", visit)


def a_system(house: House, *permissions: str) -> dict[str, str]:
    """The headers of another system of this organisation, with these scopes."""

    async def admit() -> None:
        at = SystemClock().now()
        async with await connect(house.database_url, "test") as conn:
            made = await conn.execute(
                "insert into account (kind, organisation_id, permissions, name) select 'system', organisation_id, %s,"
                " 'Journalen' from organisation where name = 'Testkommunen' returning account_id",
                (list(permissions),),
            )
            row = await made.fetchone()
            assert row is not None
            await sessions.open_session(
                conn,
                token_sha256=digest("journal"),
                account_id=row[0],
                now=at,
                expires_at=at + timedelta(hours=1),
            )

    asyncio.run(admit())
    return {"Authorization": "Bearer journal"}


def test_system_may_do_what_its_scopes_say(house: House) -> None:
    """A system with a bearer token reads and writes what its scopes name, and nothing else."""
    headers = a_system(house, "system/Observation.read", "system/Observation.write")

    async def whole() -> None:
        async with serving(house.database_url) as served, served.client() as client:
            body = a_batch(an_observation(now() - timedelta(minutes=1)))
            taken = await client.post("/fhir", content=body, headers=headers | FHIR)
            found = await client.get("/fhir/Observation?patient=1&_include=Observation:subject", headers=headers)
            refused = await client.get("/fhir/Patient", headers=headers)

            assert taken.json()["entry"][0]["response"]["status"] == "201 Created"
            assert [each["search"]["mode"] for each in found.json()["entry"]] == ["match"]
            assert issue(refused, 403)["code"] == "forbidden"

    asyncio.run(whole())
