"""The examples of the OpenAPI document: taken down from a real api over HTTP, with invented people.

`--update-golden` takes them down anew into api/examples.json; look at the diff, then write docs/openapi.json anew. Times
are moved to one morning, and what is secret is replaced.
"""

import asyncio
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.document import EXAMPLES
from onebox import clients
from tests.contract import first_who_may
from tests.fix_access import Scene, browser, forgetting
from tests.fix_api import PASSWORD, measure, serving
from tests.integration.test_authorisation import Asked, _asked
from ward.access.principals import Capacity
from ward.vitals import VitalKind

pytestmark = pytest.mark.integration
MORNING = datetime(2026, 1, 14, 8, tzinfo=UTC)
ASKED_BY = {Capacity.NURSE: "anna", Capacity.OPERATOR: "oskar", Capacity.PATIENT: "tolvan"}
_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
_NAMED = re.compile(r"{(\w+)}")
_SECRET = {"secret": "example-secret", "token": "example-token"}
_REVISIONS = [f'"{rev}"' for rev in range(10)]
_LAST = ("revoke", "end", "withdraw", "dismiss", "assign", "decline", "resolve", "release", "error")
# Where the least that fits the schema does not fit the rules.
BODIES: dict[str, object] = {
    "POST /api/session": {"username": "anna", "password": PASSWORD},
    "POST /api/me/channels": {"kind": "sms", "address": "+46700000002", "mode": "real"},
    "POST /api/teams/{team_id}/channels": {"kind": "sms", "address": "+46700000003", "mode": "real"},
    "POST /api/devices": {"device_id": "hv-example-1", "mode": "real", "model": "Exempel"},
    "POST /api/patients/{patient_id}/readings": {"values": {"heart_rate": 74}},
    "POST /api/patients/{patient_id}/events": {"kind": "note", "text": "Ringde, mår bättre."},
}


def settled(found: object, by: timedelta, name: str = "") -> Any:
    """Return what was answered with its times moved, to the minute, and without secrets."""
    if isinstance(found, dict):
        return {key: settled(value, by, key) for key, value in found.items()}
    if isinstance(found, list):
        return [settled(value, by, name) for value in found[:3]]
    if isinstance(found, str) and name in _SECRET:
        return _SECRET[name]
    if isinstance(found, str) and _TIME.match(found):
        moved = (datetime.fromisoformat(found) + by).replace(second=0, microsecond=0)
        return moved.isoformat().replace("+00:00", "Z")
    return found


def asking(document: dict[str, Any], template: str) -> str:
    """Who asks on a path."""
    return ASKED_BY[first_who_may(list(ASKED_BY), document["paths"][template])]


def late(asked: Asked) -> int:
    """Reads first, what ends things last."""
    return 0 if asked.method == "get" else 2 if asked.path.endswith(_LAST) or asked.method == "delete" else 1


async def answered(client: httpx.AsyncClient, asked: Asked) -> httpx.Response | None:
    """Ask with one revision after the other; return the first answer that is no refusal."""
    body = BODIES.get(asked.row, {} if asked.body is None else asked.body)
    for rev in _REVISIONS:
        answer = await client.request(
            asked.method,
            asked.path,
            params=asked.query,
            headers={"If-Match": rev},
            json=body,
        )
        if answer.is_success:
            return answer
        if answer.status_code not in {409, 412}:
            return None
    return None


async def furnished(scene: Scene, document: dict[str, Any]) -> Scene:
    """Make one of each thing that a path names and the scene lacks, with the route that makes it."""
    lacking = sorted({name for path in document["paths"] for name in _NAMED.findall(path)} - set(scene.ids))
    known = replace(scene, ids=scene.ids | dict.fromkeys(lacking, "1"))
    makers = {path.removesuffix(f"/{{{name}}}"): name for path in document["paths"] for name in lacking}
    async with serving(scene.database_url) as served:
        for asked in _asked(document, known):
            method, template = asked.row.split()
            if method == "POST" and (name := makers.get(template)) is not None:
                async with browser(served, asking(document, template)) as client:
                    answer = await answered(client, asked)
                if answer is not None and name in answer.json():
                    known = replace(known, ids=known.ids | {name: str(answer.json()[name])})
    return known


async def taken_down(scene: Scene) -> dict[str, Any]:
    """Return an example for every operation that lets itself be asked."""
    by = MORNING - scene.house.ward.admitted_at.replace(second=0, microsecond=0) - timedelta(days=2)
    kept: dict[str, Any] = {}
    for kind, value in ((VitalKind.SPO2, 93), (VitalKind.RESP_RATE, 18), (VitalKind.HEART_RATE, 82)):
        await measure(scene.house, scene.bed, kind, value)
    document = json.loads(clients.openapi())
    known = await furnished(scene, document)
    async with forgetting(known) as served:
        for asked in sorted(_asked(document, known), key=late):
            method, template = asked.row.split()
            name = document["paths"][template][method.lower()]["operationId"]
            async with browser(served, asking(document, template)) as client:
                answer = await answered(client, asked)
            if answer is not None and answer.headers.get("content-type") == "application/json":
                kept[name] = {"answers": {str(answer.status_code): settled(answer.json(), by)}}
                if asked.body is not None:
                    kept[name]["body"] = BODIES.get(asked.row, asked.body)
    return kept


def test_examples_are_what_the_api_answers(scene: Scene, request: pytest.FixtureRequest) -> None:
    """Each operation of which there is an example still answers, with the same members."""
    made = asyncio.run(taken_down(scene))
    if request.config.getoption("--update-golden"):
        text = json.dumps(made, indent=1, sort_keys=True, ensure_ascii=False)
        Path(EXAMPLES).write_text(text + "\n", encoding="utf-8")
    kept = json.loads(Path(EXAMPLES).read_text(encoding="utf-8"))

    assert members(made) == members(kept)


def members(examples: dict[str, Any]) -> dict[str, dict[str, list[str]]]:
    """The members of each operation's answers."""
    return {
        name: {status: sorted(answer) if isinstance(answer, dict) else [] for status, answer in each["answers"].items()}
        for name, each in examples.items()
    }
