"""What somebody who means harm tries on a real server: slow and endless requests, paths, members, another's things.

Who may do what at all is the table of authorisation; forged requests and headers are in `test_gate.py`.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import gate, heads
from api.app import create_app
from api.document import EXAMPLES
from onebox import clients
from tests.contract import first_who_may, open_to
from tests.fix_access import Scene, add_person, bearer
from tests.fix_api import House, serving
from tests.fix_forgetting import forgetting
from tests.integration.test_authorisation import UNSEEN, Asked, _asked
from ward.access.principals import Capacity
from ward.people import Role
from ward.settings import Settings
from ward.store.pool import connect

pytestmark = pytest.mark.integration
ASKED_BY = {Capacity.NURSE: "anna", Capacity.OPERATOR: "oskar", Capacity.PATIENT: "tolvan", Capacity.RELATIVE: "maja"}
SHORT_S = 0.2
HOST = b"Host: hemvakt.example\r\n"
FREE = {"PUT /api/devices/{device_id}/config"}  # a device's own settings, whatever they are called
# Whom to turn to, and which kit there is, is told to operators of every organisation; no patient is in it.
DIRECTORY = {
    "GET /api/devices/{device_id}",
    "GET /api/devices/{device_id}/bindings",
    "GET /api/teams/{team_id}",
    "GET /api/teams/{team_id}/coverage",
    "GET /api/teams/{team_id}/schedule",
    "GET /fhir/Device/{id}",
    "GET /fhir/Organization/{id}",
}
SECRET = "what lies beside the page"


def said(house: House, *pieces: bytes) -> bytes:
    """Everything that a server says to these pieces, until it closes."""

    async def whole() -> bytes:
        async with serving(house.database_url) as served:
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            async with asyncio.timeout(20):
                answer = await reader.read()
            writer.close()
            return answer

    return asyncio.run(whole())


def test_body_that_does_not_come_is_not_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever announces a body and sends a part of it is told 408, and the connection ends."""
    monkeypatch.setattr(gate, "BODY_WITHIN_S", SHORT_S)
    head = b"POST /api/session HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nContent-Length: 99\r\n\r\n"
    answer = said(house, head, b'{"username": ')

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"The body did not come in time." in answer


def test_head_that_does_not_end_is_not_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a head is told 408 after its time, and who says nothing at all is hung up on."""
    monkeypatch.setattr(heads, "WITHIN_S", SHORT_S)

    assert said(house, b"GET /healthz HTTP/1.1\r\nX-Slow: ").startswith(b"HTTP/1.1 408 ")
    assert said(house) == b""


def test_endless_head_is_refused(house: House) -> None:
    """A head of more than 64 KiB is told 431 before it is kept; a body of that size that follows a head is none."""
    line = b"X-Filling: " + b"a" * 8000 + b"\r\n"
    fine = b"POST /fhir HTTP/1.1\r\nConnection: close\r\n" + HOST + b"Content-Type: application/fhir+json\r\n"
    body = b" " * 200_000

    assert said(house, b"GET /healthz HTTP/1.1\r\n" + HOST + 9 * line).startswith(b"HTTP/1.1 431 ")
    assert said(house, fine + b"Content-Length: 200000\r\n\r\n" + body).startswith(b"HTTP/1.1 401 ")


def test_no_path_leads_out_of_the_page(tmp_path: Path) -> None:
    """However a path climbs, plain or encoded, with the built page there: nothing beside its folder is served."""
    built = tmp_path / "dist"
    built.mkdir()
    (built / "index.html").write_text("<!doctype html>the page", encoding="utf-8")
    (tmp_path / "secret.txt").write_text(SECRET, encoding="utf-8")
    (built / "link.txt").symlink_to(tmp_path / "secret.txt")
    app = create_app(Settings(database_url="postgresql://nowhere"), built=built)
    climbs = ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "....//", "%252e%252e%252f", "assets/../../"]
    paths = [f"/{climb * times}secret.txt" for climb in climbs for times in (1, 2, 5)]
    paths += ["/link.txt", "/secret.txt%00.html", "/" + "a" * 5000 + ".js", "/%ff.js"]

    async def visit() -> dict[str, tuple[int, bool]]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://hemvakt.example") as client:
            answers = {path: await client.get(path) for path in paths}
        return {path: (answer.status_code, SECRET in answer.text) for path, answer in answers.items()}

    assert {path: found for path, found in asyncio.run(visit()).items() if found != (404, False)} == {}


async def asked_of(client: httpx.AsyncClient, username: str, asked: Asked, body: object) -> httpx.Response:
    """Ask one thing as somebody."""
    headers = {**bearer(username), **UNSEEN}
    return await client.request(asked.method, asked.path, params=asked.query, headers=headers, json=body)


def test_member_that_is_not_told_of_is_refused_everywhere(scene: Scene) -> None:
    """No body takes a member that its schema has not: each example with one more is refused by that member's name."""
    document, kept = json.loads(clients.openapi()), json.loads(Path(EXAMPLES).read_text(encoding="utf-8"))

    def example(asked: Asked) -> dict[str, Any] | None:
        method, path = asked.row.split()
        operation = document["paths"][path][method.lower()]
        taken = "application/json" in operation.get("requestBody", {}).get("content", {})
        body = kept.get(operation["operationId"], {}).get("body") if taken and asked.row not in FREE else None
        return body if isinstance(body, dict) else None

    async def visit() -> tuple[int, list[str]]:
        wrong, tried = [], 0
        async with forgetting(scene) as served, served.client() as client:
            for asked in _asked(document, scene):
                if (body := example(asked)) is not None:
                    who = ASKED_BY[first_who_may(list(ASKED_BY), document["paths"][asked.row.split()[1]])]
                    answer = await asked_of(client, who, asked, {**body, "organisation_id_": 1})
                    tried += 1
                    if answer.status_code != 422 or "organisation_id_: Extra inputs" not in answer.text:
                        wrong.append(f"{asked.row}: {answer.status_code} {answer.text[:200]}")
        return tried, wrong

    tried, wrong = asyncio.run(visit())

    assert wrong == []
    assert tried > 60


def test_operator_of_another_house_comes_to_nothing_of_this_one(scene: Scene) -> None:
    """Whatever an operator names of another organisation, by number or id, is not there for them, read or changed."""
    document = json.loads(clients.openapi())

    async def visit() -> dict[str, int]:
        async with await connect(scene.database_url, "test") as conn:
            away = scene.organisations["away"]
            await add_person(conn, away, "axel", Role.OPERATOR, scene.teams["away"])
        found = {}
        async with forgetting(scene) as served, served.client() as client:
            for asked in _asked(document, scene):
                path = asked.row.split()[1]
                if "{" in path and open_to(Capacity.OPERATOR, document["paths"][path]):
                    answer = await asked_of(client, "axel", asked, {} if asked.body is None else asked.body)
                    found[asked.row] = answer.status_code
                    assert "Testsson" not in answer.text, asked.row
            listed = (await client.get("/api/accounts", headers=bearer("axel"))).json()["items"]
        assert [each["username"] for each in listed if each["username"] in {"anna", "oskar", "kim"}] == []
        return found

    found = asyncio.run(visit())

    assert {row for row, status in found.items() if status < 300} == DIRECTORY
    assert len(found) > 20
