"""Logging in at a real OpenID provider, over HTTP: there and back, what is refused, and out again."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import httpx
import psycopg
import pytest

from api.auth import COOKIE
from tests.fix_api import House, Served, hear, hear_closed
from tests.fix_oidc import Provider, ShiftedClock
from tests.integration.test_api_http import assert_problem

BEGIN, CALLBACK = "/api/session/oidc", "/api/session/oidc/callback"
Visit = Callable[[Served, ShiftedClock], Awaitable[None]]


def at_provider(provider: Provider, house: House, visit: Visit, *, scope: str = "openid") -> None:
    """Do something with a server whose people log in at the provider."""

    async def whole() -> None:
        clock = ShiftedClock()
        async with provider.serving(house.database_url, clock, scope=scope) as served:
            await visit(served, clock)

    asyncio.run(whole())


def browser(served: Served) -> httpx.AsyncClient:
    """A browser that goes where it is sent."""
    return httpx.AsyncClient(base_url=served.url, follow_redirects=True, timeout=30)


async def link(served: Served, username: str, subject: str, claim: str) -> None:
    """Have an operator say who a member of staff is at the provider."""
    async with served.logged_in("oskar") as operator:
        found = (await operator.get("/api/accounts")).json()["items"]
        account_id = next(each["account_id"] for each in found if each["username"] == username)
        body = {"subject": subject, "claim": claim}
        answer = await operator.put(f"/api/accounts/{account_id}/identity", json=body)
        assert answer.status_code == 204, answer.text


async def sent_back(client: httpx.AsyncClient, provider: Provider, start: str) -> str:
    """Follow a log-in at the provider until it sends the browser back; return the address, not visited yet."""
    address = start
    async with httpx.AsyncClient(timeout=30) as other:
        other.cookies = client.cookies
        for _ in range(10):
            answer = await other.get(address)
            location = httpx.URL(address).join(answer.headers["location"])
            if location.path == CALLBACK:
                return str(location)
            address = str(location)
    raise AssertionError("the provider does not send the browser back")


def changed(address: str, **parameters: str) -> str:
    """Return an address with other parameters."""
    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | parameters
    return urlunsplit(parts._replace(query=urlencode(query)))


def test_person_who_is_known_logs_in_and_sees_the_board(provider: Provider, house: House) -> None:
    """There and back opens a session of the linked account; the browser lands on the board, with strict cookies."""

    async def visit(served: Served, _clock: ShiftedClock) -> None:
        await link(served, "anna", "anna", "sub")
        async with browser(served) as client:
            ways = (await client.get("/api/session/ways")).json()
            landed = await client.get(ways["oidc"]["path"])
            back = landed.history[-1]
            me = (await client.get("/api/session")).json()

            assert landed.url.path == "/"
            assert back.url.path == CALLBACK
            given = [each.lower() for each in back.headers.get_list("set-cookie") if each.startswith(COOKIE)]
            assert len(given) == 1
            assert "samesite=strict" in given[0]
            assert "httponly" in given[0]
            assert me["staff"]["username"] == "anna"
            assert me["way"] == "oidc"
            assert (await client.get("/api/patients")).status_code == 200

    at_provider(provider, house, visit)


def test_claim_that_only_userinfo_has_names_the_account(provider: Provider, house: House) -> None:
    """An HSA-id that stands in no ID token is asked of the provider, and counts before the provider's own number."""

    async def visit(served: Served, _clock: ShiftedClock) -> None:
        await link(served, "anna", "SE2321000016-anna", "hsa_id")
        async with browser(served) as client:
            await client.get(BEGIN, params={"shared": "true"})
            me = (await client.get("/api/session")).json()

            assert me["staff"]["username"] == "anna"
            assert me["shared"] is True
        with psycopg.connect(house.database_url) as conn:
            [(deed,)] = conn.execute("select audit::text from audit where action = 'account.linked'").fetchall()
        assert "hsa_id" in deed
        assert "SE2321000016" not in deed

    at_provider(provider, house, visit, scope="openid staff")


def test_unknown_person_is_refused_with_a_page(
    provider: Provider, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who has no account here is told so in both languages; the log has a number, and not who it was."""

    async def visit(served: Served, _clock: ShiftedClock) -> None:
        provider.tell("person", sub="olle-okand")
        async with browser(served) as client:
            answer = await client.get(BEGIN)

            assert answer.status_code == 403
            assert answer.headers["content-type"].startswith("text/html")
            assert "inget konto i Hemvakt" in answer.text
            assert "no account in Hemvakt" in answer.text
            assert "script-src 'self'" in answer.headers["content-security-policy"]
            assert COOKIE not in client.cookies
            number = answer.text.partition("number: ")[2][:8]
            said = capsys.readouterr().out
            assert number in said
            assert "olle-okand" not in said
        provider.tell("person", sub="nobody")
        async with browser(served) as client:
            assert "avbröts" in (await client.get(BEGIN)).text

    at_provider(provider, house, visit)


def test_answer_to_another_question_is_not_believed(provider: Provider, house: House) -> None:
    """A wrong nonce, another's state, an invented code, a second time and another browser all open nothing."""

    async def visit(served: Served, _clock: ShiftedClock) -> None:
        await link(served, "anna", "anna", "sub")
        async with served.client() as client, served.client() as thief:
            asked = (await client.get(BEGIN)).headers["location"]
            other_nonce = await sent_back(client, provider, changed(asked, nonce="another"))
            assert "gick inte att lita på" in (await client.get(other_nonce)).text

            address = await sent_back(client, provider, (await client.get(BEGIN)).headers["location"])
            assert (await thief.get(address)).status_code == 403
            assert (await client.get(changed(address, state="invented"))).status_code == 403
            assert (await client.get(address)).status_code == 303
            again = await client.get(address)
            assert again.status_code == 403
            assert "påbörjades i en annan webbläsare" in again.text
            assert "set-cookie" not in again.headers

            address = await sent_back(thief, provider, (await thief.get(BEGIN)).headers["location"])
            assert (await thief.get(changed(address, code="invented"))).status_code == 502
            address = await sent_back(thief, provider, (await thief.get(BEGIN)).headers["location"])
            assert (await thief.get(changed(address, iss="http://evil.test"))).status_code == 403
            assert_problem(await thief.get("/api/session"), 401)

    at_provider(provider, house, visit)


def test_keys_rotate_and_old_tokens_expire(provider: Provider, house: House) -> None:
    """New keys are fetched when they are met; a token that has run out by more than a minute is refused."""

    async def visit(served: Served, clock: ShiftedClock) -> None:
        await link(served, "anna", "anna", "sub")
        async with browser(served) as client:
            assert (await client.get(BEGIN)).url.path == "/"
            provider.tell("keys", kid="second")
            clock.by = timedelta(seconds=11)
            assert (await client.get(BEGIN)).url.path == "/"
            provider.tell("lasts", seconds="1")
            clock.by = timedelta(seconds=30)
            assert (await client.get(BEGIN)).url.path == "/"
            clock.by = timedelta(minutes=3)
            assert (await client.get(BEGIN)).status_code == 403

    at_provider(provider, house, visit)


class _Form(HTMLParser):
    """The hidden fields and the address of a form."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action, self.fields = "", {"logout": "yes"}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form and its fields."""
        found = dict(attrs)
        if tag == "form":
            self.action = found["action"] or ""
        if tag == "input":
            self.fields[found["name"] or ""] = found["value"] or ""


def test_logging_out_at_the_provider_ends_the_session_here(provider: Provider, house: House) -> None:
    """The provider tells us itself: the session and its socket end at once; a forged telling ends nothing."""

    async def visit(served: Served, _clock: ShiftedClock) -> None:
        await link(served, "anna", "anna", "sub")
        async with browser(served) as client:
            await client.get(BEGIN)
            async with served.live(client) as socket:
                await hear(socket)
                forged = await client.post("/api/session/oidc/back-channel", data={"logout_token": "a.b.c"})
                assert_problem(forged, 400)
                assert (await client.get("/api/session")).status_code == 200
                page = _Form((await client.get(f"{provider.issuer}/session/end?client_id=hemvakt")).text)
                await client.post(page.action, data=page.fields)
                assert await hear_closed(socket) == 4401
            assert_problem(await client.get("/api/session"), 401)

    at_provider(provider, house, visit)


def test_logging_out_here_leads_to_the_provider(provider: Provider, house: House) -> None:
    """The session ends here first; the address to go to names the client, and no token and nobody."""

    async def visit(served: Served, _clock: ShiftedClock) -> None:
        await link(served, "anna", "anna", "sub")
        async with browser(served) as client:
            await client.get(BEGIN)
            answer = await client.post("/api/session/oidc/logout", json={})
            there = answer.json()["leave"]
            page = _Form((await client.get(there)).text)
            landed = await client.post(page.action, data=page.fields)

            assert_problem(await client.get("/api/session"), 401)
            assert set(parse_qs(urlsplit(there).query)) == {"client_id", "post_logout_redirect_uri"}
            assert landed.url.path == "/login"

    at_provider(provider, house, visit)


def test_account_that_is_shut_cannot_log_in(provider: Provider, house: House) -> None:
    """A person who has left is unknown, whatever the provider says."""

    async def visit(served: Served, _clock: ShiftedClock) -> None:
        await link(served, "anna", "anna", "sub")
        with psycopg.connect(house.database_url, autocommit=True) as conn:
            conn.execute("update staff set disabled_at = now() where name = 'Anna Provsson'")
        async with browser(served) as client:
            assert (await client.get(BEGIN)).status_code == 403

    at_provider(provider, house, visit)
