"""Passwords changed, reset and forced; PINs and shared screens; guessing from one place and from many."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import psycopg

from api.auth import COOKIE
from api.passwords import hash_password
from tests.fix_api import PASSWORD, House, Served, hear, hear_closed, serving
from tests.integration.test_api_http import as_anybody, assert_problem
from ward.clock import FakeClock, SystemClock
from ward.settings import Settings
from ward.store import sessions

NEW = "nio lugna tranor över sjön"
DEMO = "hemvakt-demo"
PIN = "738205"
# The schema itself refuses to change a stay's mode.
ALL_DEMO = "set session_replication_role = replica; update stay set mode = 'demo'"
ONE_REAL = "set session_replication_role = replica; update stay set mode = 'real' where stay_id = 1"
Timed = Callable[[Served, FakeClock], Awaitable[None]]


def change(house: House, query: str, *values: object) -> None:
    """Change the store behind everybody's back."""
    with psycopg.connect(house.database_url, autocommit=True) as conn:
        conn.execute(query.encode(), values or None)


def asked(house: House, query: str) -> list[tuple[object, ...]]:
    """Ask the store."""
    with psycopg.connect(house.database_url) as conn:
        return conn.execute(query.encode()).fetchall()


def as_time_passes(house: House, visit: Timed, settings: Settings | None = None) -> None:
    """Do something with a server whose clock is moved by hand."""

    async def whole() -> None:
        clock = FakeClock(SystemClock().now())
        async with serving(house.database_url, clock, settings=settings) as served:
            await visit(served, clock)

    asyncio.run(whole())


async def log_in(client: httpx.AsyncClient, username: str, password: str, **more: object) -> httpx.Response:
    """Log in."""
    return await client.post("/api/session", json={"username": username, "password": password, **more})


def test_new_password_takes_the_place_of_the_old_and_ends_the_others(house: House) -> None:
    """Changing it needs the old one and a good new one; other sessions end, this one goes on under another token."""

    async def visit(served: Served) -> None:
        async with served.logged_in("anna") as client, served.logged_in("anna") as elsewhere:
            before = client.cookies[COOKIE]
            wrong = await client.post("/api/session/password", json={"old": "fel", "new": NEW})
            weak = await client.post("/api/session/password", json={"old": PASSWORD, "new": "AnnaProvsson"})
            same = await client.post("/api/session/password", json={"old": PASSWORD, "new": PASSWORD})
            done = await client.post("/api/session/password", json={"old": PASSWORD, "new": NEW})

            assert_problem(wrong, 403)
            assert "name that others know" in assert_problem(weak, 422)["detail"]
            assert_problem(same, 422)
            assert done.status_code == 204
            assert client.cookies[COOKIE] != before
            assert (await client.get("/api/patients")).status_code == 200
            assert_problem(await elsewhere.get("/api/patients"), 401)
            old = {"Authorization": f"Bearer {before}"}
            async with served.client() as thief:
                assert_problem(await thief.get("/api/session", headers=old), 401)
                assert_problem(await log_in(thief, "anna", PASSWORD), 401)
                assert (await log_in(thief, "anna", NEW)).status_code == 200
        assert asked(house, "select count(*) from audit where action = 'password.changed'") == [(1,)]

    as_anybody(house.database_url, visit)


def test_h28_demo_password_outside_the_demo_must_be_changed_first(house: House) -> None:
    """Where real patients are, the password that the demo prints lets in to nothing but its own change."""

    async def visit(served: Served) -> None:
        hashed = hash_password(DEMO)
        change(house, "update account set password_hash = %s where username in ('anna', 'elsa')", hashed)
        async with served.client() as client:
            entered = await log_in(client, "anna", DEMO)
            assert entered.json()["must_change_password"] is True
            refused = [
                await client.get("/api/patients"),
                await client.get("/api/alerts"),
                await client.get("/api/session/all"),
                await client.put("/api/session/pin", json={"pin": PIN, "password": DEMO}),
            ]
            assert {assert_problem(answer, 403)["must"] for answer in refused} == {"change_password"}
            assert (await client.get("/api/session")).status_code == 200
            changed = await client.post("/api/session/password", json={"old": DEMO, "new": NEW})
            assert changed.status_code == 204
            assert (await client.get("/api/session")).json()["must_change_password"] is False
            assert (await client.get("/api/patients")).status_code == 200

        change(house, ALL_DEMO)
        async with served.client() as client:
            assert (await log_in(client, "elsa", DEMO)).json()["must_change_password"] is False
            assert (await client.get("/api/patients")).status_code == 200
            change(house, ONE_REAL)
            assert assert_problem(await client.get("/api/patients"), 403)["must"] == "change_password"

    as_anybody(house.database_url, visit)


def test_log_in_opens_a_new_session_and_ends_the_one_before(house: House) -> None:
    """A token from before a log-in opens nothing afterwards, whoever planted it."""

    async def visit(served: Served) -> None:
        async with served.logged_in("anna") as client:
            before = client.cookies[COOKIE]
            assert (await log_in(client, "anna", PASSWORD)).status_code == 200
            assert client.cookies[COOKIE] != before
            async with served.client() as thief:
                answer = await thief.get("/api/session", headers={"Authorization": f"Bearer {before}"})
                assert_problem(answer, 401)

    as_anybody(house.database_url, visit)


def test_guessing_keeps_out_who_guesses_and_not_the_person(house: House) -> None:
    """Five guesses from one address make that address wait for the name; the person elsewhere logs in meanwhile."""

    async def visit(served: Served, clock: FakeClock) -> None:
        async with served.client() as client:
            client.headers["X-Forwarded-For"] = "203.0.113.5"
            statuses = [(await log_in(client, "anna", "fel")).status_code for _ in range(6)]
            assert statuses == [401] * 5 + [429]
            client.headers["X-Forwarded-For"] = "198.51.100.7"
            assert (await log_in(client, "anna", PASSWORD)).status_code == 200
            client.headers["X-Forwarded-For"] = "203.0.113.5"
            clock.advance(timedelta(seconds=61))
            assert (await log_in(client, "anna", PASSWORD)).status_code == 200

    as_time_passes(house, visit)


def test_one_address_cannot_try_every_name(house: House) -> None:
    """A hundred attempts from one network are free, whatever the names; then it waits, a minute at most."""
    for subject in ("203.0.113.5", "2001:db8:1:2::"):
        change(house, "insert into login_failure values (%s, 99, %s)", f"address {subject}", SystemClock().now())

    async def visit(served: Served, clock: FakeClock) -> None:
        async with served.client() as client:
            for address in ("203.0.113.5", "2001:db8:1:2:aaaa::1"):
                client.headers["X-Forwarded-For"] = address
                assert (await log_in(client, f"ingen-{address[:3]}", "fel")).status_code == 401
                assert (await log_in(client, f"ingen-annan-{address[:3]}", "fel")).status_code == 429
            clock.advance(timedelta(seconds=61))
            assert (await log_in(client, "anna", PASSWORD)).status_code == 200

    as_time_passes(house, visit)


def test_shared_screen_asks_who_is_there_before_anything_but_the_board(house: House) -> None:
    """After five minutes without an act a record is shown to nobody until PIN or password; the board goes on."""
    bed = house.ward.beds[0]
    record = f"/api/patients/{bed.patient_id}"

    async def visit(served: Served, clock: FakeClock) -> None:
        async with served.client() as client:
            await log_in(client, "anna", PASSWORD, shared=True)
            assert (await client.put("/api/session/pin", json={"pin": PIN, "password": PASSWORD})).status_code == 204
            weak = await client.put("/api/session/pin", json={"pin": "123456", "password": PASSWORD})
            assert_problem(weak, 422)
            async with served.live(client) as socket:
                await hear(socket)
                clock.advance(timedelta(minutes=4))
                assert (await client.get(record)).status_code == 200
                assert (await client.post("/api/session/present", json={})).status_code == 204
                clock.advance(timedelta(minutes=4))
                assert (await client.get(record)).status_code == 200
                clock.advance(timedelta(minutes=1))
                assert assert_problem(await client.get(record), 403)["must"] == "confirm"
                assert assert_problem(await client.get("/api/session/all"), 403)["must"] == "confirm"
                assert_problem(await client.post("/api/session/present", json={}), 403)
                assert (await client.get("/api/alerts")).status_code == 200
                before = client.cookies[COOKIE]
                assert (await client.post("/api/session/confirm", json={"pin": PIN})).status_code == 204
                assert client.cookies[COOKIE] != before
                assert (await client.get(record)).status_code == 200
                stale = await client.get("/api/session", headers={"Authorization": f"Bearer {before}"})
                assert_problem(stale, 401)
                await socket.ping()
                assert socket.close_code is None
            async with served.live(client) as socket:
                assert (await hear(socket))["type"] == "snapshot"

    as_time_passes(house, visit)


def test_pin_has_five_tries_and_then_the_password_alone_helps(house: House) -> None:
    """Guesses at a PIN are counted before they are looked at; the sixth is not, even if it is right."""

    async def visit(served: Served, clock: FakeClock) -> None:
        async with served.client() as client:
            await log_in(client, "anna", PASSWORD, shared=True)
            await client.put("/api/session/pin", json={"pin": PIN, "password": PASSWORD})
            clock.advance(timedelta(minutes=6))
            for _ in range(5):
                assert_problem(await client.post("/api/session/confirm", json={"pin": "111222"}), 403)
            assert_problem(await client.post("/api/session/confirm", json={"pin": PIN}), 403)
            assert_problem(await client.post("/api/session/confirm", json={"pin": PIN, "password": PASSWORD}), 422)
            assert (await client.post("/api/session/confirm", json={"password": PASSWORD})).status_code == 204
            clock.advance(timedelta(minutes=6))
            assert (await client.post("/api/session/confirm", json={"pin": PIN})).status_code == 204
            stored = asked(house, "select account::text from account where pin_hash is not null")
            assert len(stored) == 1
            assert PIN not in str(stored)

    as_time_passes(house, visit)


def test_own_screen_is_not_asked_again(house: House) -> None:
    """A session that is not shared goes on through the whole shift."""

    async def visit(served: Served, clock: FakeClock) -> None:
        async with served.logged_in("anna") as client:
            clock.advance(timedelta(hours=3))
            assert (await client.get("/api/patients")).status_code == 200

    as_time_passes(house, visit)


def test_cookie_over_https_belongs_to_this_host_alone(house: House) -> None:
    """With HTTPS the cookie is Secure and `__Host-`; the plain name opens nothing."""
    settings = Settings(database_url=house.database_url, http_port=0, secure_cookies=True)

    async def visit(served: Served, _clock: FakeClock) -> None:
        async with served.client() as client:
            cookie = (await log_in(client, "anna", PASSWORD)).headers["set-cookie"]
            token = cookie.partition("=")[2].partition(";")[0]
            assert cookie.startswith(f"__Host-{COOKIE}=")
            for flag in ("secure", "httponly", "samesite=strict", "path=/"):
                assert flag in cookie.lower()
            assert "domain" not in cookie.lower()
            plain = await client.get("/api/session", headers={"Cookie": f"{COOKIE}={token}"})
            assert_problem(plain, 401)
            right = await client.get("/api/session", headers={"Cookie": f"__Host-{COOKIE}={token}"})
            assert right.status_code == 200

    as_time_passes(house, visit, settings)


def test_sessions_of_one_account_are_bounded_and_the_one_used_longest_ago_ends(house: House) -> None:
    """With one too many the oldest ends at once, its socket too, the newest is told, and the audit says so."""

    async def visit(served: Served, _clock: FakeClock) -> None:
        async with served.client() as first, contextlib.AsyncExitStack() as open_ones:
            assert (await log_in(first, "anna", PASSWORD)).json()["ended"] == 0
            change(
                house,
                "insert into session (token_sha256, secret_sha256, account_id, way, shared, browser, created_at,"
                " seen_at, confirmed_at, expires_at) select sha256(n::text::bytea), sha256(n::text::bytea), account_id,"
                " 'password', false, '', seen_at + '9 minutes', seen_at + '9 minutes', confirmed_at, expires_at"
                " from session, generate_series(2, %s) n",
                sessions.MOST,
            )
            socket = await open_ones.enter_async_context(served.live(first))
            await hear(socket, "snapshot")
            last = await open_ones.enter_async_context(served.client())
            assert (await log_in(last, "anna", PASSWORD)).json()["ended"] == 1
            assert await hear_closed(socket) == 4401
            assert_problem(await first.get("/api/session"), 401)
            assert len((await last.get("/api/session/all")).json()["items"]) == sessions.MOST
        assert asked(house, "select detail ->> 'ended' from audit where action = 'sessions.ended'") == [("1",)]

    as_time_passes(house, visit)
