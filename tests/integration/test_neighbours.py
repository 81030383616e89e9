"""Another organisation's things named under one's own: a path or body that begins at home may not lead next door.

What a stranger names outright is the table of authorisation, and `test_hostile.py`. The neighbours have a house of
their own, with a patient, a device and an alert, where they may do everything.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from onebox import clients
from tests.contract import first_who_may
from tests.fix_access import SECRET, Scene, add_account, add_person, bearer
from tests.fix_api import alarm
from tests.fix_forgetting import forgetting
from tests.fix_ward import admit_bed
from tests.integration.test_authorisation import UNSEEN, _asked
from ward.access.principals import Capacity
from ward.clock import SystemClock
from ward.people import Role
from ward.store import duty_care, people
from ward.store.pool import connect

pytestmark = pytest.mark.integration
NEXT_DOOR = {Capacity.NURSE: "nina", Capacity.OPERATOR: "axel", Capacity.PATIENT: "pelle"}
# A version is counted for each plan, and a team's consent is given by the team.
OWN_NUMBERS = {"version"}


async def neighbours(scene: Scene) -> Scene:
    """Return the scene with the neighbours' own things in the place of what a path may begin with."""
    async with await connect(scene.database_url, "test") as conn:
        home = await people.add_organisation(conn, name="Grannkommunen", kind="municipality")
        team = await people.add_team(conn, organisation_id=home, name="Grannteamet", phone="222")
        await add_person(conn, home, "nina", Role.NURSE, team)
        await add_person(conn, home, "axel", Role.OPERATOR, None)
        bed = await admit_bed(conn, home, team, 11, SystemClock().now() - timedelta(days=1))
        await add_account(conn, "patient", "pelle", patient_id=bed.patient_id)
        own = {
            "patient_id": bed.patient_id,
            "stay_id": bed.stay_id,
            "device_id": bed.device_id,
            "team_id": team,
            "account_id": await add_account(conn, "system", "grannsystem", organisation_id=home),
            "unit_id": await duty_care.add_policy(conn, organisation_id=home, name="Grannenheten", base_team_id=team),
        }
    own["alert_id"] = await alarm(scene.house, bed)
    return replace(scene, ids={**scene.ids, **{name: str(each) for name, each in own.items()}})


async def asked(client: httpx.AsyncClient, who: str, row: str, body: object, ids: Mapping[str, str]) -> httpx.Response:
    """Ask one thing of a row, with these numbers in its path; both first revisions are tried."""
    method, path = row.split(maxsplit=1)
    for rev in (0, 1):
        headers = {**bearer(who), "If-Match": f'"{rev}"'}
        answer = await client.request(method, path.format(**ids), headers=headers, json=body)
        if answer.status_code != 409:
            break
    return answer


async def under_ones_own(client: httpx.AsyncClient, mixed: Scene) -> dict[str, int]:
    """Ask for another's thing below one's own wherever a path names two; return what was answered."""
    document, found = json.loads(clients.openapi()), {}
    for each in _asked(document, mixed):
        path = each.row.split()[1]
        inner = {part.strip("{}") for part in path.split("/")[4:] if part.startswith("{")} - OWN_NUMBERS
        if inner:
            who = NEXT_DOOR[first_who_may(list(NEXT_DOOR), document["paths"][path])]
            headers, body = {**bearer(who), **UNSEEN}, {} if each.body is None else each.body
            answer = await client.request(each.method, each.path, params=each.query, headers=headers, json=body)
            assert SECRET not in answer.text, each.row
            found[each.row] = answer.status_code
    return found


def in_bodies(scene: Scene) -> list[tuple[str, str, Any]]:
    """Return who asks what where, with another's number in the body or the query."""
    theirs = {name: int(each) if each.isdigit() else each for name, each in scene.ids.items()}
    team, patient_id, patient = scene.teams["own"], theirs["patient_id"], "/api/patients/{patient_id}"
    nurse = {"kind": "staff", "name": "T", "title": "T", "role": "nurse", "username": "t", "team_ids": [team]}
    told = {"patient_id": patient_id, "birth_date": "1940-01-01", "reason": "Prov"}
    run = {"patients": [patient_id], "from": "2026-11-01T00:00:00Z", "to": "2026-11-02T00:00:00Z", "plan": {}}
    return [
        ("axel", "POST /api/accounts", {"kind": "patient", "patient_id": patient_id, "username": "tre"}),
        ("axel", "POST /api/accounts", nurse),
        ("axel", "POST /api/routing", {"name": "Ny", "base_team_id": team, "routes": []}),
        ("axel", "PUT /api/routing/{unit_id}", {"base_team_id": team, "routes": []}),
        ("nina", "POST /api/devices/{device_id}/bindings", {"patient_id": patient_id}),
        ("nina", "POST /api/teams/{team_id}/handover", {"patients": [{"patient_id": patient_id, "note": ""}]}),
        ("nina", f"PUT {patient}/responsibility", {"unit_id": theirs["unit_id"]}),
        ("nina", f"PUT {patient}/plan/team", {"team_id": team, "reason": "Prov"}),
        ("nina", f"POST {patient}/responsibility/accept", {"baton_id": theirs["baton_id"]}),
        ("nina", "POST /api/quarantine/{quarantine_id}/assign", told),
        ("nina", "POST /api/backtests", run),
        ("nina", "GET /api/patients?team={their_team}", None),
        ("nina", "GET /api/alerts?patient={their_patient}", None),
    ]


def test_nothing_of_others_is_reached_from_ones_own(scene: Scene) -> None:
    """Below one's own thing in a path, in a body and in a query, what is another organisation's is not there."""

    async def visit() -> tuple[dict[str, int], dict[str, httpx.Response]]:
        mixed = await neighbours(scene)
        named = {"their_team": str(scene.teams["own"]), "their_patient": scene.ids["patient_id"]}
        answers = {}
        async with forgetting(scene) as served, served.client() as client:
            below = await under_ones_own(client, mixed)
            for who, row, body in in_bodies(scene):
                answer = await asked(client, who, row, body, mixed.ids | named)
                assert 'Testsson 1"' not in answer.text, row
                answers[f"{row} {body}"] = answer
        return below, answers

    below, answers = asyncio.run(visit())
    empty = {"GET /api/patients?team={their_team}", "GET /api/alerts?patient={their_patient}"}
    assert {row: status for row, status in below.items() if status not in {403, 404, 409}} == {}
    assert len(below) >= 20
    assert {row for row, answer in answers.items() if answer.status_code < 300} == {f"{row} None" for row in empty}
    assert all(answers[f"{row} None"].json()["items"] == [] for row in empty)
