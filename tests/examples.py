"""Plays the story of the examples (`tests/example_story.py`) to a real api, and takes down what was answered.

Nothing is made up: an example is what the api answered, its lists cut to their first few, and what is secret or drawn
by lot replaced (`DRAWN`). The clock must stand still at `MORNING`, so that the same story gives the same examples.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pyotp

from onebox import clients
from tests.contract import first_who_may
from tests.example_scene import MORNING, furnished
from tests.example_story import AFTER, BEFORE, Step
from tests.fix_access import Scene, bearer
from tests.fix_api import serving
from tests.integration.test_authorisation import Asked, _asked
from ward.access.principals import Capacity
from ward.guard import NEEDED
from ward.settings import Settings
from ward.store import heartbeats
from ward.store.pool import connect

CODES = {
    "code": "example-code",
    "code_again": "example-code",
    "totp": "123 456",
    "recovery": "abcd-efgh-ijkl-mnop",
}  # what is known by these names is shown so
FACTOR = {
    "uri": "otpauth://totp/Hemvakt:elsa?secret=EXAMPLE&issuer=Hemvakt",
    "square": "1111111",
    "recovery_codes": "abcd-efgh-ijkl-mnop",
}
DRAWN = {"secret": "example-secret", "token": "example-token", "prefix": "hvt_example0", **FACTOR}
_ASKED_BY = {
    Capacity.NURSE: "anna",
    Capacity.OPERATOR: "oskar",
    Capacity.PATIENT: "tolvan",
    Capacity.DOCTOR: "ivar",
}
_READY = "GET /readyz"  # asked before and after the services it waits for are at work
_FEW = 3  # so many of a list are shown
_FORM = "application/x-www-form-urlencoded"
_STALE = {409, 412}
_TOKEN = re.compile(r"(token=|/ambulance#)[\w-]+")
_TOTP = "$totp of "
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NO_UUID = "01234567-89ab-4cde-8f01-23456789abcd"
_JSON = re.compile(r"application/(fhir\+)?json")


@dataclass(slots=True, kw_only=True)
class Taken:
    """What was taken down, by operation, and what is known by name; `failed` says what was refused."""

    document: Mapping[str, Any]
    client: httpx.AsyncClient
    known: dict[str, Any]
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def operation(self, row: str) -> dict[str, Any]:
        """Return an operation by its row."""
        method, path = row.split()
        found: dict[str, Any] = self.document["paths"][path][method.lower()]
        return found

    def filled(self, value: Any) -> Any:
        """Return what is sent, with what is known in the place of names."""
        if isinstance(value, dict):
            return {key: self.filled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.filled(each) for each in value]
        if isinstance(value, str) and value.startswith(_TOTP):
            shows = pyotp.TOTP(self.known[value.removeprefix(_TOTP)]).at(MORNING)
            self.known["totp"] = f"{shows[:3]} {shows[3:]}"
            return self.known["totp"]
        if isinstance(value, str) and value.startswith("$"):
            found = self.known[value[1:]]
            return int(found) if str(found).isdigit() else found
        return value

    async def play(self, step: Step) -> None:
        """Ask one thing, and take down what is answered."""
        try:
            await self._play(step)
        except KeyError as unknown:
            self.failed.append(f"{step.who} {step.row}: nothing is known as {unknown}")

    async def _play(self, step: Step) -> None:
        path = step.path or step.row.split()[1]
        for name in re.findall(r"{(\w+)}", path):
            path = path.replace(f"{{{name}}}", str(self.known[(step.at or {}).get(name, name)]))
        query = {name: str(self.filled(each)) for name, each in (step.query or {}).items()}
        body = self.filled(step.body)
        if _FORM in self.operation(step.row).get("requestBody", {}).get("content", {}):
            body = {name: str(each) for name, each in (body or {}).items()}
        answer = await self._answered(step, path, query, body)
        if not answer.is_success and step.row != _READY:
            self.failed.append(f"{step.who} {step.row} {path}: {answer.status_code} {answer.text[:400]}")
            return
        if _JSON.match(answer.headers.get("content-type", "")):
            said = answer.json()
            for name, place in (step.keep or {}).items():
                self.known[name] = _at(said, place)
            self.take(step.row, body, answer.status_code, said)
        else:
            self.take(step.row, body, answer.status_code, None)

    async def _answered(self, step: Step, path: str, query: Mapping[str, str], body: Any) -> httpx.Response:
        """Ask; where a revision is named, with the one that a refusal told of, or one after the other."""
        method, operation = step.row.split()[0], self.operation(step.row)
        named = any(each["name"] == "If-Match" for each in operation.get("parameters", []))
        sent: dict[str, Any] = {} if method == "GET" else {"json": {} if body is None else body}
        if _FORM in operation.get("requestBody", {}).get("content", {}):
            sent = {"data": body}
        headers = {} if step.who is None else bearer(step.who)
        waiting = [1, 2, 3, 0, 4] if named else [1]
        while True:
            seen = {"If-Match": f'"{waiting[0]}"'} if named else {}
            answer = await self.client.request(method, path, params=query, headers=headers | seen, **sent)
            self.client.cookies.clear()
            if answer.status_code not in _STALE or len(waiting) == 1:
                return answer
            waiting = [*_revisions(answer.json()), *waiting[1:]] if waiting[0] == 1 else waiting[1:]

    def take(self, row: str, body: object, status: int, said: object) -> None:
        """Keep the first answer of each status, and the first body."""
        operation = self.operation(row)
        kept = self.kept.setdefault(operation["operationId"], {})
        hidden = {self.known[name]: shown_as for name, shown_as in CODES.items() if name in self.known}
        if "requestBody" in operation and body is not None:
            kept.setdefault("body", shown(body, hidden))
        if said is not None:
            kept.setdefault("answers", {}).setdefault(str(status), shown(said, hidden))


def shown(value: Any, hidden: Mapping[str, str], name: str = "") -> Any:
    """Return a value as an example shows it."""
    if isinstance(value, dict):
        return {key: shown(each, hidden, key) for key, each in value.items()}
    if isinstance(value, list):
        return [shown(each, hidden, name) for each in value[:_FEW]]
    if not isinstance(value, str):
        return value
    plain = DRAWN.get(name) or hidden.get(value, value)
    return _UUID.sub(_NO_UUID, _TOKEN.sub(r"\1example-token", plain))


def _revisions(refused: Mapping[str, Any]) -> list[int]:
    """Return the revisions that a refusal tells of: its own, or of the thing as it is now."""
    things = [refused, *(each for each in refused.values() if isinstance(each, dict))]
    return [each["rev"] for each in things if "rev" in each]


def _at(said: Any, place: str) -> Any:
    for part in place.split("."):
        said = said[int(part) if isinstance(said, list) else part]
    return said.rpartition("token=")[2].rpartition("/ambulance#")[2] if isinstance(said, str) else said


async def taken(scene: Scene) -> Taken:
    """Play the whole story on a scene; then ask for all that is to be read, and end what can be ended."""
    known = {**scene.ids, **await furnished(scene)}
    document = json.loads(clients.openapi())
    settings = Settings(
        database_url=scene.database_url,
        http_port=0,
        public_url="https://hemvakt.example",
        oidc_issuer="https://login.localhost:1",
        oidc_client_id="hemvakt",
        oidc_claim="employeeHsaId,sub",
        sms_gateway="json://127.0.0.1:1/{to}",
        email_gateway="json://127.0.0.1:1/{to}",
        device_key="k" * 32,
        vapid_key="E" * 43,
        vapid_contact="mailto:drift@example.org",
        webhook_key="w" * 32,
        factor_key="f" * 32,
    )
    async with serving(scene.database_url, settings=settings) as served, served.client() as client:
        told = Taken(document=document, client=client, known=known)
        for step in [Step(None, _READY), *BEFORE]:
            await told.play(step)
        async with await connect(scene.database_url, "test") as conn:
            for service in NEEDED:
                await heartbeats.beat(conn, service, "1", MORNING, {})
        for step in [Step(None, _READY), *_rest(told, scene, read=True)]:
            await told.play(step)
        for step in [*_rest(told, scene, read=False), *AFTER]:
            await told.play(step)
    return told


def _rest(told: Taken, scene: Scene, *, read: bool) -> list[Step]:
    """Return a step for each operation that reads, or does not, and of which nothing has been taken down."""
    ended = {step.row for step in AFTER}
    return [
        Step(_asking(told, each), each.row, each.body, each.query, path=each.path)
        for each in _asked(told.document, scene)
        if (each.method == "get") is read
        and told.operation(each.row)["operationId"] not in told.kept
        and each.row not in ended
        and _answers_json(told.operation(each.row))
    ]


def _asking(told: Taken, asked: Asked) -> str | None:
    template = asked.row.split()[1]
    return _ASKED_BY[first_who_may(list(_ASKED_BY), told.document["paths"][template])]


def _answers_json(operation: Mapping[str, Any]) -> bool:
    good = [each.get("content", {}) for status, each in operation["responses"].items() if status.startswith("2")]
    return any(_JSON.match(media) for content in good for media in content)
