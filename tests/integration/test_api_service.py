"""The web server around the api: health, errors, headers, the web page."""

import asyncio
import re
import socket
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from api import beats, service
from api.app import create_app
from api.live.feed import Feed
from api.live.listening import Listening
from tests.fix_api import House, Served
from tests.integration.test_api_http import as_anybody, assert_problem
from ward.clock import SystemClock
from ward.settings import Settings
from ward.store import embedded, heartbeats, listeners
from ward.store.pool import connect


async def _beat(house: House, service: str, age_s: float) -> None:
    async with await connect(house.database_url, "test") as conn:
        await heartbeats.beat(conn, service, "test", SystemClock().now() - timedelta(seconds=age_s), {})


def test_ready_when_everything_beats(house: House) -> None:
    """Readiness needs the store, a fresh beat of ingest and of alerting, and the live feed."""

    async def visit(served: Served) -> None:
        async with served.client() as client:
            await _beat(house, "ingest", 0)
            await _beat(house, "alerting", 60)
            silent = await client.get("/readyz")
            await _beat(house, "alerting", 0)
            async with asyncio.timeout(20):
                while (answer := await client.get("/readyz")).status_code != 200:
                    await asyncio.sleep(0.05)

            assert silent.status_code == 503
            assert silent.json()["checks"]["alerting"].startswith("silent, beat 6")
            assert answer.json()["ready"] is True
            assert answer.json()["checks"]["store"] == "ok"

    as_anybody(house.database_url, visit)


def test_h36_api_gives_a_sign_of_life_while_it_follows_the_store(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who watches from elsewhere can tell that there is a board: as long as what it shows is what there is."""
    monkeypatch.setattr(beats, "BEAT_S", 0.01)

    async def beat_at() -> datetime | None:
        async with await connect(house.database_url, "test") as conn:
            return (await heartbeats.newest(conn, SystemClock().now())).get("api")

    async def visit(served: Served) -> None:
        async with asyncio.timeout(20):
            while (first := await beat_at()) is None:
                await asyncio.sleep(0.01)
            while await beat_at() == first:
                await asyncio.sleep(0.01)
            monkeypatch.setattr(Feed, "following", lambda _self: False)
            async with served.client() as client:
                await client.get("/healthz")  # whatever was on its way is done
            before = None
            while before != (before := await beat_at()):
                await asyncio.sleep(0.1)

    as_anybody(house.database_url, visit)


def test_h08_sign_of_life_from_ahead_does_not_hide_that_a_service_is_silent(house: House) -> None:
    """A clock that was an hour ahead when a service was last heard says nothing: it is silent until heard anew."""

    async def visit(served: Served) -> None:
        async with served.client() as client:
            await _beat(house, "ingest", -3600)
            ahead = (await client.get("/readyz")).json()["checks"]["ingest"]
            figures = (await client.get("/metrics")).text
            async with await connect(house.database_url, "test") as conn:
                await heartbeats.beat(conn, "ingest", "another", SystemClock().now(), {})
            heard = (await client.get("/readyz")).json()["checks"]["ingest"]

            assert ahead == "silent, and its clock was ahead when it was last heard"
            assert 'hemvakt_service_beat_age_seconds{service="ingest"} 35' in figures
            assert heard.startswith("ok, beat")

    as_anybody(house.database_url, visit)


def test_body_does_not_wait_for_its_headers_to_arrive() -> None:
    """What the api accepts sends each piece at once, whichever loop serves it."""
    with service.bind(Settings(http_port=0)) as listening:
        listening.listen()
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def test_lost_store_is_a_problem_and_not_a_crash() -> None:
    """Without a store the process lives, says that it is not ready, and answers 503."""

    async def visit(served: Served) -> None:
        async with served.client() as client:
            assert (await client.get("/healthz")).json() == {"status": "ok"}
            ready = await client.get("/readyz", timeout=20)
            assert ready.status_code == 503
            assert ready.json()["checks"]["store"] == "does not answer"
            answer = await client.get("/api/patients", headers={"Authorization": "Bearer x"}, timeout=20)
            assert_problem(answer, 503)
            assert "127.0.0.1" not in answer.text

    as_anybody(f"postgresql://x:geheim@127.0.0.1:{embedded.free_port()}/x", visit)


def test_unexpected_error_tells_nothing() -> None:
    """A fault of ours is answered in bare words."""

    async def broken() -> None:
        raise RuntimeError("personal number 191212121212")

    async def whole() -> httpx.Response:
        app = create_app(Settings(database_url="postgresql://nowhere"))
        app.add_api_route("/broken", broken)
        app.router.routes.insert(0, app.router.routes.pop())
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/broken")

    answer = asyncio.run(whole())
    assert_problem(answer, 500)
    assert "1912" not in answer.text
    assert "RuntimeError" not in answer.text


def test_openapi_names_the_shapes() -> None:
    """The OpenAPI document holds the tile, the alert, plans and the live messages, and every name leads somewhere."""

    async def whole() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(Settings(database_url="postgresql://nowhere")))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/api/openapi.json")

    answer = asyncio.run(whole())
    document = answer.json()
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', answer.text))
    assert named <= document["components"]["schemas"].keys()
    assert {"Tile", "AlertState", "SnapshotMessage", "LiveMessage"} <= document["components"]["schemas"].keys()
    assert {"plan.Overlay", "plan.Plan", "plan.Limits"} <= document["components"]["schemas"].keys()
    assert "/api/alerts/{alert_id}/acknowledge" in document["paths"]
    assert "/{path}" not in document["paths"]


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A web page that has been built."""
    (tmp_path / "dist" / "assets").mkdir(parents=True)
    (tmp_path / "dist" / "index.html").write_text("<!doctype html>start")
    (tmp_path / "dist" / "assets" / "app-1a2b.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "dist"


def _page(built: Path, path: str) -> httpx.Response:
    async def whole() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(Settings(database_url="postgresql://nowhere"), built=built))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get(path)

    return asyncio.run(whole())


@pytest.mark.parametrize("path", ["/", "/login", "/patient/3"])
def test_addresses_of_the_page_give_its_start(built: Path, path: str) -> None:
    """The page's own addresses give the start page, which is never kept without asking."""
    answer = _page(built, path)

    assert answer.text == "<!doctype html>start"
    assert answer.headers["cache-control"] == "no-cache"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_built_files_are_kept_for_ever(built: Path) -> None:
    """Files with their hash in the name are kept; those that are not there are 404."""
    assert "immutable" in _page(built, "/assets/app-1a2b.js").headers["cache-control"]
    assert_problem(_page(built, "/assets/app-0000.js"), 404)


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt"])
def test_nothing_outside_the_page_is_served(built: Path, path: str) -> None:
    """No address reaches a file beside the page."""
    assert_problem(_page(built, path), 404)


def test_missing_page_says_how_to_build_it(tmp_path: Path) -> None:
    """Without a built page the answer says what to do."""
    answer = _page(tmp_path, "/")

    assert answer.status_code == 503
    assert "npm run build" in answer.text


def test_h36_work_of_the_api_that_breaks_is_begun_anew(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What hears the screens breaks by something unforeseen, and hears them all the same a second later."""
    broken: list[int] = []
    run = Listening.run

    async def once(listening: Listening) -> None:
        if not broken:
            broken.append(1)
            raise KeyError("unforeseen")
        await run(listening)

    monkeypatch.setattr(Listening, "run", once)

    async def visit(served: Served) -> None:
        async with (
            served.logged_in("anna") as client,
            served.live(client) as socket,
            await connect(house.database_url, "test", autocommit=True) as conn,
            asyncio.timeout(20),
        ):
            while not await listeners.count(conn, SystemClock().now()):
                await socket.send('{"type":"heartbeat","listening":true}')
                await asyncio.sleep(0.1)

    as_anybody(house.database_url, visit)
    assert broken == [1]
