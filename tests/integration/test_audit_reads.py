"""The audit as operators read it, plainly and in FHIR: that of their own organisation, by what they ask for."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from api.fhir.audit_event import KIND
from tests.fix_access import Scene, add_person, ask, on, page, tell
from tests.fix_api import Served
from ward.clock import FakeClock
from ward.fhir.audits import ACCOUNT, DEVICE
from ward.people import Role
from ward.store.pool import connect

pytestmark = pytest.mark.integration


def keeper_elsewhere(scene: Scene) -> None:
    """Let `otto` be an operator of the other organisation, and `tage` one of a third."""

    async def add() -> None:
        async with await connect(scene.database_url, "test") as conn:
            await add_person(conn, scene.organisations["away"], "otto", Role.OPERATOR, None)
            await add_person(conn, scene.organisations["third"], "tage", Role.OPERATOR, None)

    asyncio.run(add())


async def actions(served: Served, username: str, **query: str) -> list[str]:
    """What was done, as an operator reads it."""
    words = "&".join(f"{name}={value}" for name, value in query.items())
    found = await tell(served, username, "GET", f"/api/audit?{words}")
    return [each["action"] for each in found["items"]]


async def events(served: Served, query: str) -> list[dict[str, Any]]:
    """The AuditEvents that a search finds."""
    answer = await ask(served, "oskar", "GET", f"/fhir/AuditEvent?{query}")
    assert answer.status_code == 200, answer.text
    return [each["resource"] for each in answer.json().get("entry", []) if each["search"]["mode"] == "match"]


def test_operator_reads_the_audit_of_the_own_organisation_alone(scene: Scene) -> None:
    """What own people, patients and relatives did, and others to own patients; nothing else, in FHIR neither."""
    keeper_elsewhere(scene)

    async def visit(served: Served, _clock: FakeClock) -> None:
        note = {"kind": "note", "words": "Prov"}
        await tell(served, "anna", "POST", page(scene.bed, "events"), note)
        await tell(served, "elsa", "POST", page(scene.bed, "events"), note)
        await tell(served, "tolvan", "DELETE", page(scene.bed, "relatives", scene.ids["access_id"]))
        await tell(served, "elsa", "POST", page(scene.house.stranger, "events"), note)
        await tell(served, "oskar", "POST", "/api/devices", {"device_id": "kit-9", "mode": "test"})

        home, away = await actions(served, "oskar"), await actions(served, "otto")
        # The first deed is of the scene itself.
        assert home == ["device.added", "relative.closed", "event.written", "event.written", "token.given"]
        assert away == ["event.written", "event.written"]
        assert await actions(served, "otto", patient=str(scene.house.stranger.patient_id)) == ["event.written"]
        assert await actions(served, "oskar", patient=str(scene.house.stranger.patient_id)) == []
        assert await actions(served, "otto", device="kit-9") == []
        assert await actions(served, "tage") == []
        assert len(await events(served, "")) == len(home)

    on(scene, visit)


def test_audit_events_are_found_by_date_agent_entity_and_patient(scene: Scene) -> None:
    """Each parameter of R4 finds its deeds, together they narrow, and what nobody has finds nothing."""
    bed = scene.bed

    async def visit(served: Served, clock: FakeClock) -> None:
        await tell(served, "oskar", "POST", "/api/devices", {"device_id": "kit-9", "mode": "test"})
        later = clock.advance(timedelta(hours=3)).isoformat(timespec="seconds").replace("+00:00", "Z")
        await tell(served, "anna", "POST", page(bed, "events"), {"kind": "note", "words": "Prov"})
        await tell(served, "ivar", "POST", page(bed, "seen"))

        async def found(query: str) -> list[str]:
            return [each["subtype"][0]["code"] for each in await events(served, query)]

        _seen, written = await events(served, f"entity=Patient/{bed.patient_id}&date=ge{later}")
        anna = written["agent"][0]["who"]["identifier"]["value"]
        assert await found(f"date=ge{later}") == ["patient.seen", "event.written"]
        assert await found(f"date=lt{later}") == ["device.added", "token.given"]
        assert await found(f"agent:identifier={ACCOUNT}|{anna}") == ["event.written"]
        assert await found(f"entity=Patient/{bed.patient_id}") == ["patient.seen", "event.written"]
        assert await found(f"entity:Encounter={bed.stay_id}") == ["patient.seen", "event.written"]
        assert await found(f"entity:identifier={DEVICE}|kit-9") == ["device.added"]
        assert await found(f"patient={bed.patient_id}&agent:identifier={anna}") == ["event.written"]
        for nothing in ("entity=Patient/x", f"patient={bed.patient_id}&entity=Patient/999", "agent:identifier=other|1"):
            assert await found(nothing) == [], nothing
        for refused in ("entity=7", "entity=Device/7", "agent=Practitioner/1", "agent:Patient=1", "date=soon"):
            assert (await ask(served, "oskar", "GET", f"/fhir/AuditEvent?{refused}")).status_code == 400, refused
        said = (await ask(served, "oskar", "GET", "/fhir/metadata")).json()["rest"][0]["resource"]
        told = next(each for each in said if each["type"] == KIND.name)["searchParam"]
        types = {each["name"]: each["type"] for each in told}
        assert types == {
            "_id": "token",
            "patient": "reference",
            "date": "date",
            "agent": "reference",
            "entity": "reference",
        }

    on(scene, visit)
