"""Logging in, staying in, being kept out, on a real store and a real server."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import timedelta

import psycopg
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import BaseRoute, Route, WebSocketRoute

from api.app import create_app
from api.auth import COOKIE, Door
from tests.fix_api import PASSWORD, House, Served, serving
from tests.integration.test_api_http import as_anybody, assert_problem
from ward.clock import FakeClock, SystemClock
from ward.settings import Settings

# What everybody may reach without a session, and nothing else.
OPEN = {
    ("POST", "/api/session"),
    ("POST", "/api/ambulance-card"),
    ("GET", "/api/ambulance-card"),  # only to say that a link of old is over
    ("GET", "/ambulance"),
    ("GET", "/ambulance.js"),
    ("POST", "/api/invitations/look"),  # a code of 192 bits, tried no faster than a password
    ("POST", "/api/invitations/accept"),
    ("GET", "/api/session/ways"),
    ("POST", "/api/session/reset"),
    ("GET", "/api/session/oidc"),
    ("GET", "/api/session/oidc/callback"),
    ("POST", "/api/session/oidc/back-channel"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/api/openapi.json"),
    ("GET", "/fhir/metadata"),
    ("*", "/fhir/{rest:path}"),
    *((method, "/fhir") for method in ("GET", "PUT", "PATCH", "DELETE")),  # only to say that it is not served
    ("*", "/api"),
    ("*", "/api/{rest:path}"),
    ("*", "/{path:path}"),
}


def _doors(dependant: Dependant) -> int:
    inner = sum(_doors(each) for each in dependant.dependencies)
    return inner + isinstance(dependant.call, Door)


def _leaves(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is None:
            yield route
        else:
            yield from _leaves(included.routes)


def _routes(app: FastAPI) -> list[tuple[str, str, int]]:
    found: list[tuple[str, str, int]] = []
    for route in _leaves(app.routes):
        assert isinstance(route, Route | WebSocketRoute), f"{route} is of a kind that this test does not know"
        doors = _doors(route.dependant) if isinstance(route, APIRoute | APIWebSocketRoute) else 0
        methods = route.methods or set() if isinstance(route, Route) else {"WS"}
        found += [(method, route.path, doors) for method in methods - {"HEAD"}]
    return found


def test_every_route_has_a_door() -> None:
    """A route that asks nobody who they are is one of the few that are meant to."""
    routes = _routes(create_app(Settings(database_url="postgresql://nowhere")))
    without = {(method, path) for method, path, doors in routes if doors == 0}

    assert {(method, path) for method, path in without if {(method, path), ("*", path)}.isdisjoint(OPEN)} == set()
    assert len([1 for _method, _path, doors in routes if doors]) >= 10


def test_log_in_opens_a_session(house: House) -> None:
    """The right password gives a cookie that scripts cannot read, and tells who one is."""

    async def visit(served: Served) -> None:
        async with served.client() as client:
            answer = await client.post("/api/session", json={"username": " Anna ", "password": PASSWORD})
            cookie = answer.headers["set-cookie"].lower()
            me = (await client.get("/api/session")).json()

            assert answer.status_code == 200
            assert "httponly" in cookie
            assert "samesite=strict" in cookie
            assert "path=/" in cookie
            assert me == answer.json()
            assert me["staff"]["username"] == "anna"
            assert [team["name"] for team in me["teams"]] == ["Testteamet"]
            assert me["organisation"]["name"] == "Testkommunen"
            assert me["demo"] is False

    as_anybody(house.database_url, visit)


def test_token_serves_as_bearer(house: House) -> None:
    """A program sends the same token in Authorization."""

    async def visit(served: Served) -> None:
        async with served.logged_in("anna") as client:
            token = client.cookies[COOKIE]
        async with served.client() as client:
            answer = await client.get("/api/patients", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 200

    as_anybody(house.database_url, visit)


def test_store_does_not_hold_the_token(house: House) -> None:
    """Reading the store opens no session."""

    async def visit(served: Served) -> None:
        async with served.logged_in("anna") as client:
            token = client.cookies[COOKIE]
        with psycopg.connect(house.database_url) as conn:
            rows = conn.execute("select session::text from session").fetchall()
        assert len(rows) == 1
        assert token not in rows[0][0]
        assert token.encode().hex() not in rows[0][0]

    as_anybody(house.database_url, visit)


def test_wrong_password_and_wrong_name_answer_alike(house: House) -> None:
    """A log-in that fails does not tell whether the name exists."""

    async def visit(served: Served) -> None:
        async with served.client() as client:
            wrong = await client.post("/api/session", json={"username": "anna", "password": "fel"})
            unknown = await client.post("/api/session", json={"username": "ingen", "password": "fel"})

            assert assert_problem(wrong, 401) == assert_problem(unknown, 401)
            assert "set-cookie" not in wrong.headers

    as_anybody(house.database_url, visit)


def test_guessing_has_to_wait(house: House) -> None:
    """After five wrong guesses even the right password waits; after a minute it works again."""

    async def whole() -> None:
        clock = FakeClock(SystemClock().now())
        async with serving(house.database_url, clock) as served, served.client() as client:
            for _ in range(5):
                await client.post("/api/session", json={"username": "anna", "password": "fel"})
            locked = await client.post("/api/session", json={"username": "anna", "password": PASSWORD})
            clock.advance(timedelta(seconds=61))
            later = await client.post("/api/session", json={"username": "anna", "password": PASSWORD})

            assert_problem(locked, 429)
            assert locked.headers["retry-after"] == "60"
            assert later.status_code == 200

    asyncio.run(whole())


def test_guesses_in_parallel_are_all_counted(house: House) -> None:
    """Twenty guesses at once get no more looks at the password than five in a row."""

    async def whole() -> None:
        clock = FakeClock(SystemClock().now())
        async with serving(house.database_url, clock) as served, served.client() as client:
            answers = await asyncio.gather(
                *(client.post("/api/session", json={"username": "anna", "password": "fel"}) for _ in range(20))
            )
            assert sorted({answer.status_code for answer in answers}) == [401, 429]
            assert sum(answer.status_code == 401 for answer in answers) == 5

    asyncio.run(whole())


def test_without_session_nothing_is_shown(house: House) -> None:
    """Without a session, or with an invented token, the answer is 401."""

    async def visit(served: Served) -> None:
        async with served.client() as client:
            for path in ("session", "patients", "patients/1", "patients/1/vitals", "alerts", "alerts/1"):
                assert_problem(await client.get(f"/api/{path}"), 401)
                assert_problem(await client.get(f"/api/{path}", headers={"Authorization": "Bearer invented"}), 401)

    as_anybody(house.database_url, visit)


def test_operator_sees_no_patients(house: House) -> None:
    """Who runs the machines may log in and sees nobody."""

    async def visit(served: Served) -> None:
        async with served.logged_in("oskar") as client:
            assert (await client.get("/api/session")).json()["staff"]["role"] == "operator"
            assert_problem(await client.get("/api/patients"), 403)
            assert_problem(await client.get(f"/api/patients/{house.ward.beds[0].patient_id}"), 403)

    as_anybody(house.database_url, visit)


def test_logging_out_ends_the_session(house: House) -> None:
    """After logging out the token is worth nothing."""

    async def visit(served: Served) -> None:
        async with served.logged_in("anna") as client:
            bearer = {"Authorization": f"Bearer {client.cookies[COOKIE]}"}
            assert (await client.delete("/api/session")).status_code == 204
            assert_problem(await client.get("/api/patients"), 401)
            assert_problem(await client.get("/api/patients", headers=bearer), 401)

    as_anybody(house.database_url, visit)


def test_session_slides_and_then_ends(house: House) -> None:
    """A session lasts 12 hours from its last use, and 24 from its start however much it is used."""

    async def whole() -> None:
        clock = FakeClock(SystemClock().now())
        async with serving(house.database_url, clock) as served:
            async with served.logged_in("anna") as client:
                statuses = []
                for hours in (11, 11, 1.9, 0.2):
                    clock.advance(timedelta(hours=hours))
                    statuses.append((await client.get("/api/session")).status_code)
                assert statuses == [200, 200, 200, 401]
            async with served.logged_in("anna") as client:
                clock.advance(timedelta(hours=12, seconds=1))
                assert_problem(await client.get("/api/session"), 401)

    asyncio.run(whole())


def test_disabled_account_is_out_at_once(house: House) -> None:
    """Disabling somebody ends what they have open."""

    async def visit(served: Served) -> None:
        async with served.logged_in("anna") as client:
            with psycopg.connect(house.database_url, autocommit=True) as conn:
                conn.execute("update staff set disabled_at = now() where name = 'Anna Provsson'")
            assert_problem(await client.get("/api/patients"), 401)

    as_anybody(house.database_url, visit)


def test_other_sites_cannot_act(house: House) -> None:
    """A request that a page of another site makes is refused, and so is a form."""

    async def visit(served: Served) -> None:
        async with served.logged_in("anna") as client:
            foreign = await client.post("/api/alerts/1/acknowledge", json={}, headers={"Origin": "https://evil.test"})
            form = await client.post("/api/session", data={"username": "anna"})
            own = await client.delete("/api/session", headers={"Origin": served.url})

            assert_problem(foreign, 403)
            assert_problem(form, 415)
            assert own.status_code == 204

    as_anybody(house.database_url, visit)


def test_body_is_bounded(house: House) -> None:
    """A body that is too large is refused before it is read."""

    async def visit(served: Served) -> None:
        async with served.client() as client:
            large = {"username": "a", "password": "x" * 70_000}
            assert_problem(await client.post("/api/session", json=large), 413)

    as_anybody(house.database_url, visit)
