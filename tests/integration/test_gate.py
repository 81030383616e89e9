"""What every answer carries and what no request may pass without: headers, origins, bodies, by class of route."""

import asyncio
import re
from datetime import timedelta

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from api.gate import CONTENT_SECURITY
from api.pace import AT_ONCE
from tests.fix_api import House, Served, alarm, hear
from tests.integration.test_api_http import as_anybody, assert_problem
from tests.integration.test_log_in import as_time_passes
from ward.clock import FakeClock
from ward.settings import Settings

CLASSES = {
    "page": ("GET", "/"),
    "page of an alert": ("GET", "/patients/1"),
    "file that is not there": ("GET", "/assets/none.js"),
    "api": ("GET", "/api/session"),
    "api without a door": ("GET", "/api/session/ways"),
    "api that is not there": ("GET", "/api/none"),
    "wrong method": ("PUT", "/api/session"),
    "not understood": ("POST", "/api/session"),
    "health": ("GET", "/healthz"),
    "document": ("GET", "/api/openapi.json"),
    "no provider": ("GET", "/api/session/oidc"),
}


def _assert_safe(name: str, answer: httpx.Response) -> None:
    headers = answer.headers
    assert headers["content-security-policy"] == CONTENT_SECURITY, name
    assert headers["x-content-type-options"] == "nosniff", name
    assert headers["x-frame-options"] == "DENY", name
    assert headers["referrer-policy"] == "no-referrer", name
    assert headers["cross-origin-opener-policy"] == "same-origin", name
    assert headers["cross-origin-resource-policy"] == "same-origin", name
    assert "server" not in headers, name
    assert "access-control-allow-origin" not in headers, name


def test_every_class_of_route_answers_with_the_headers(house: House) -> None:
    """Pages, files, answers and errors alike; what is under /api is kept in no cache."""

    async def visit(served: Served) -> None:
        async with served.client() as client:
            for name, (method, path) in CLASSES.items():
                answer = await client.request(method, path, json=None if method == "GET" else {})
                _assert_safe(name, answer)
                assert "strict-transport-security" not in answer.headers
                assert (answer.headers.get("cache-control") == "no-store") == path.startswith("/api"), name

    as_anybody(house.database_url, visit)


def test_over_https_browsers_are_told_to_stay(house: House) -> None:
    """HSTS for a year, with all below this host, on every class."""
    settings = Settings(database_url=house.database_url, http_port=0, secure_cookies=True)

    async def visit(served: Served, _clock: FakeClock) -> None:
        async with served.client() as client:
            for name, (method, path) in CLASSES.items():
                answer = await client.request(method, path, json=None if method == "GET" else {})
                assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains", name

    as_time_passes(house, visit, settings)


def test_policy_lets_nothing_run_that_is_not_ours() -> None:
    """No inline script or style, no eval, no other host, no frames, no base, no plug-ins."""
    rules = dict(each.strip().split(" ", 1) for each in CONTENT_SECURITY.split(";"))

    assert rules["default-src"] == rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["object-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in CONTENT_SECURITY
    assert "http" not in CONTENT_SECURITY


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_pages_of_other_sites_change_nothing(house: House, site: str) -> None:
    """A browser says where a request comes from; what comes from elsewhere is refused before anybody is asked."""

    async def visit(served: Served) -> None:
        async with served.logged_in("anna") as client:
            foreign = {"Sec-Fetch-Site": site}
            assert_problem(await client.delete("/api/session", headers=foreign), 403)
            assert_problem(await client.post("/api/session/confirm", json={}, headers=foreign), 403)
            assert_problem(await client.delete("/api/session", headers={"Origin": "null"}), 403)
            assert (await client.get("/api/session", headers=foreign)).status_code == 200
            own = {"Sec-Fetch-Site": "same-origin", "Origin": served.url}
            assert (await client.delete("/api/session", headers=own)).status_code == 204

    as_anybody(house.database_url, visit)


def test_sockets_open_for_our_own_page_alone(house: House) -> None:
    """A socket that another site's page asks for is refused, with the cookie or without."""

    async def visit(served: Served) -> None:
        async with served.logged_in("anna") as client:
            for headers in ({"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}):
                asked = served.live(client)
                asked.additional_headers = [*dict(asked.additional_headers or {}).items(), *headers.items()]
                with pytest.raises(InvalidStatus):
                    await asked.__aenter__()
            async with served.live(client) as socket:
                assert (await hear(socket))["type"] == "snapshot"

    as_anybody(house.database_url, visit)


def test_forms_are_taken_at_one_address_alone(house: House) -> None:
    """A form, which any page can send, is refused everywhere but where a provider announces log-outs."""

    async def visit(served: Served) -> None:
        async with served.client() as client:
            assert_problem(await client.post("/api/session", data={"username": "anna"}), 415)
            assert_problem(await client.post("/api/session/password", content="old=a"), 415)
            assert_problem(await client.post("/api/session/oidc/back-channel", json={}), 415)
            assert_problem(await client.post("/api/session/oidc/back-channel", data={"logout_token": "x"}), 404)

    as_anybody(house.database_url, visit)


def test_account_that_asks_too_fast_waits_but_never_with_an_alert(house: House) -> None:
    """Beyond its bucket an account is told 429 and when to come; others, alerts, health and help are not held up."""
    alert = asyncio.run(alarm(house, house.ward.beds[0]))

    async def visit(served: Served, clock: FakeClock) -> None:
        async with served.logged_in("anna") as anna, served.logged_in("oskar") as oskar:
            answers = [await anna.get("/api/session") for _ in range(AT_ONCE + 1)]
            assert [each.status_code for each in answers] == [200] * AT_ONCE + [429]
            assert answers[-1].headers["retry-after"] == "1"
            assert assert_problem(answers[-1], 429)["detail"] == "This account asks too fast. Wait a moment."
            claimed = await anna.post(f"/api/alerts/{alert}/claim", headers={"If-Match": '"1"'}, json={})
            assert (claimed.status_code, (await anna.get("/healthz")).status_code) == (200, 200)
            assert (await oskar.get("/api/session")).status_code == 200
            figures = (await anna.get("/metrics")).text
            assert re.search(r'hemvakt_http_requests_slowed_total{.*capacity="nurse".*} 1\.0', figures)
            clock.advance(timedelta(seconds=1))
            assert [(await anna.get("/api/session")).status_code for _ in range(2)] == [200, 429]

    as_time_passes(house, visit, Settings(database_url=house.database_url, http_port=0, account_rate=1))
