"""Every route of the OpenAPI document asked by every kind of principal, compared with docs/authorisation.md.

A route without a row fails: run with `--update-golden`, and look at the diff. What must hold whatever the table says is
asserted in tests/unit/test_authorisation_table.py, so that a leak cannot be written into the table by mistake.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect as connect_socket
from websockets.exceptions import ConnectionClosed

from tests.fix_access import SECRET, Scene, bearer, browser
from tests.fix_api import Served
from tests.fix_forgetting import forgetting

DOCUMENT = Path(__file__).parents[2] / "docs" / "authorisation.md"
IN = "in"
_REFUSED = {401, 403, 404}
_AT_ONCE = 3
_METHODS = ("get", "post", "put", "patch", "delete")
PUBLIC = {"POST /api/session"}
SOCKETS = ("/api/live", "/api/patients/{patient_id}/home/live")

# Who asks: the column, and the username of the scene.
COLUMNS: dict[str, str | None] = {
    "nobody": None,
    "nurse": "anna",
    "other team": "bea",
    "consent": "elsa",
    "no consent": "frida",
    "blocked": "gun",
    "emergency": "hedda",
    "doctor": "ivar",
    "clinician": "kim",
    "operator": "oskar",
    "patient": "tolvan",
    "other patient": "elva",
    "relative": "maja",
    "closed": "olle",
    "system": "journal",
    "no grant": "arkiv",
}
# Who may not see the patient, nor read a word of what is written; each is asked every route.
STRANGERS = {None, "bea", "frida", "gun", "oskar", "elva", "olle", "arkiv"}
# How one comes to a patient without a relation: it names them to whoever asks by their number, with a reason.
BY_NUMBER = {"POST /api/patients/{patient_id}/emergency", "POST /api/patients/lookup"}
# What cannot be made up from the schema: what a route needs to come as far as its own decision.
UNSEEN = {"If-Match": '"2147483000"'}
QUERY = {"event": "1", "programme": "hospital_at_home", "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}
AT_THE_BEDSIDE = {"birth_date": "1940-01-01"}
BODIES: dict[str, Callable[[Scene], object]] = {
    "POST /api/patients/{patient_id}/events": lambda _scene: {"kind": "note", "words": "Prov"},
    "POST /api/patients/{patient_id}/readings": lambda _scene: {"values": [{"kind": "spo2", "value": 96}]},
    "POST /api/session": lambda _scene: {},
    "POST /api/session/confirm": lambda _scene: {"pin": "482915"},
    "POST /api/session/factor/confirm": lambda _scene: {"code": "000000"},
    "PUT /api/session/pin": lambda _scene: {"pin": "482915"},
    "POST /api/accounts": lambda _scene: {"kind": "relative", "name": "Prov Närstående"},
    "POST /api/patients/search": lambda _scene: {"name": "Testa"},
    "POST /api/patients/lookup": lambda _scene: {"personal_number": "19400101-9801", "reason": "Prov"},
    "POST /api/patients/{patient_id}/blocks": lambda scene: {"team_id": scene.teams["fifth"]},
    "POST /api/patients/{patient_id}/consents": lambda scene: {"organisation_id": scene.organisations["third"]},
    "POST /api/alerts/{alert_id}/snooze": lambda _scene: {"minutes": 5, "reason": "Prov"},
    "POST /api/devices/{device_id}/bindings/{binding_id}/confirm": lambda _scene: AT_THE_BEDSIDE,
    "POST /api/quarantine/{quarantine_id}/assign": lambda scene: {
        **AT_THE_BEDSIDE,
        "patient_id": scene.bed.patient_id,
        "reason": "Prov",
    },
    "POST /api/teams/{team_id}/overrides": lambda _scene: {
        "from_at": "2036-01-01T00:00:00Z",
        "until": "2036-01-02T00:00:00Z",
        "reason": "Prov",
    },
    "POST /api/backtests": lambda scene: {
        "patients": [scene.bed.patient_id],
        "from": "2026-01-01T00:00:00Z",
        "to": "2036-01-01T00:00:00Z",
        "plan": {},
    },
}
# A path's number that is another thing's than the name says.
NUMBERS = {"DELETE /api/me/channels/{channel_id}": {"channel_id": "own_channel_id"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One route as it is asked: its row, and what is sent."""

    row: str
    method: str
    path: str
    query: dict[str, str]
    body: object


def _made(schema: Mapping[str, Any], name: str, scene: Scene, parts: Mapping[str, Any]) -> object:  # noqa: PLR0911
    """Return the least that fits a schema; numbers that the scene knows by name are the scene's."""
    if "$ref" in schema:
        return _made(parts[schema["$ref"].split("/")[-1]], name, scene, parts)
    if name in scene.ids:
        return int(scene.ids[name]) if scene.ids[name].isdigit() else scene.ids[name]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        return _made(schema["anyOf"][0], name, scene, parts)
    match schema.get("type"):
        case "object":
            wanted = schema.get("required", [])
            return {key: _made(schema["properties"][key], key, scene, parts) for key in wanted}
        case "array":
            return [_made(schema["items"], name, scene, parts)] * schema.get("minItems", 0)
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case "string":
            formats = {"date-time": "2026-01-01T00:00:00Z", "date": "1940-01-01", "time": "08:00:00"}
            return formats.get(schema.get("format", ""), "Prov")
    return {}


def _fhir_id(template: str, scene: Scene) -> str:
    """Return the id of the patient's own resource of a type; of a type that has none here, one that nobody has."""
    kinds = {
        "Patient": scene.ids["patient_id"],
        "Encounter": scene.ids["stay_id"],
        "Device": scene.ids["device_id"],
        "DetectedIssue": scene.ids["alert_id"],
        "Organization": str(scene.organisations["home"]),
    }
    return kinds.get(template.split("/")[2] if template.startswith("/fhir/") else "", "0")


def _asked(document: Mapping[str, Any], scene: Scene) -> list[Asked]:
    """Return every route of a document, filled in."""
    parts = document.get("components", {}).get("schemas", {})
    found = []
    for template, operations in document["paths"].items():
        for method in (each for each in _METHODS if each in operations):
            row = f"{method.upper()} {template}"
            path = template
            for name in scene.ids:
                path = path.replace(f"{{{name}}}", scene.ids[NUMBERS.get(row, {}).get(name, name)])
            path = path.replace("{id}", _fhir_id(template, scene))
            operation = operations[method]
            queries = [each for each in operation.get("parameters", []) if each["in"] == "query"]
            needed = {each["name"]: each["schema"] for each in queries if each.get("required")}
            query = {name: QUERY.get(name) or str(_made(each, name, scene, parts)) for name, each in needed.items()}
            schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            made = BODIES[row](scene) if row in BODIES else None if schema is None else _made(schema, "", scene, parts)
            assert "{" not in path, f"{row}: tests.fix_access has no id for it"
            found.append(Asked(row=row, method=method, path=path, query=query, body=made))
    return found


def _word(status: int) -> str:
    return str(status) if status in _REFUSED else IN


async def _column(
    served: Served, scene: Scene, username: str | None, asked: list[Asked], few: asyncio.Semaphore
) -> dict[str, tuple[str, str]]:
    """Ask everything as one principal; return the word of each row, and what was said."""
    found = {}
    async with few, browser(served, username) as client:
        for each in asked:
            answer = await client.request(
                each.method,
                each.path,
                params=each.query,
                headers=UNSEEN,
                json={} if each.body is None else each.body,
            )
            assert answer.status_code < 500 or each.path == "/readyz", (each.row, username, answer.text)
            assert not _leaks(username, each.row, answer.text, scene), (each.row, username, answer.text)
            found[each.row] = (_word(answer.status_code), f"{answer.status_code} {answer.text[:300]}")
    for path in SOCKETS:
        found[f"LIVE {path}"] = (await _live(served, scene, path, username), "")
    return found


def _leaks(username: str | None, row: str, said: str, scene: Scene) -> bool:
    """Tell whether somebody who may not see the patient was told who they are, or what is written of them."""
    if username not in STRANGERS or row in BY_NUMBER:
        return False
    return any(each in said for each in (SECRET, "Testsson 1", "194001019801", f'"stay_id":{scene.bed.stay_id},'))


async def _live(served: Served, scene: Scene, path: str, username: str | None) -> str:
    address = f"ws://127.0.0.1:{served.port}{path.format(**scene.ids)}"
    async with connect_socket(address, additional_headers={} if username is None else bearer(username)) as socket:
        try:
            said = str(await asyncio.wait_for(socket.recv(), 30))
        except ConnectionClosed:
            return {4401: "401", 4403: "403", 4404: "404"}[socket.close_code or 0]
    assert not _leaks(username, path, said, scene), (path, username, said)
    return IN


async def _walked(scene: Scene) -> dict[str, dict[str, tuple[str, str]]]:
    """Return what each column was told on each row."""
    async with forgetting(scene) as served:
        async with browser(served, "anna") as client:
            asked = _asked((await client.get("/api/openapi.json")).json(), scene)
        few = asyncio.Semaphore(_AT_ONCE)
        columns = await asyncio.gather(*(_column(served, scene, username, asked, few) for username in COLUMNS.values()))
    return dict(zip(COLUMNS, columns, strict=True))


def _table(walked: Mapping[str, Mapping[str, tuple[str, str]]]) -> list[str]:
    """Return the table of the document, by path and method."""
    rows = sorted(walked["nobody"], key=lambda row: (row.split()[1], row))
    return [
        f"| route | {' | '.join(COLUMNS)} |",
        f"|---|{'---|' * len(COLUMNS)}",
        *(f"| `{row}` | {' | '.join(walked[name][row][0] for name in COLUMNS)} |" for row in rows),
    ]


def _misread(row: str, walked: Mapping[str, Mapping[str, tuple[str, str]]]) -> bool:
    """Tell whether nobody came further than the shape of what was sent."""
    let_in = [column[row][1] for column in walked.values() if column[row][0] == IN]
    return bool(let_in) and all(said.startswith("422") and '"errors"' in said for said in let_in)


def test_every_route_lets_in_whom_the_table_says(
    scene: Scene, golden_table: Callable[[Path, str, list[str]], None]
) -> None:
    """Each route of the OpenAPI document answers each principal as docs/authorisation.md says, and none is missing."""
    walked = asyncio.run(_walked(scene))
    misread = [row for row in walked["nurse"] if row not in PUBLIC and _misread(row, walked)]

    assert sorted(misread) == [], "a body of this test is not understood; add it to BODIES"
    golden_table(DOCUMENT, "routes", _table(walked))
