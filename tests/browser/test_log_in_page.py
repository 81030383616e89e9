"""The log-in page in a real browser: to a real provider and back, and a password that must be changed."""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta

import psycopg
import pyotp
import pytest
from playwright.sync_api import Page, expect

from api.passwords import hash_password
from tests.fix_api import PASSWORD, House, Served, serving
from tests.fix_axe import violations
from tests.fix_browser import chromium
from tests.fix_oidc import Provider, ShiftedClock
from tests.integration.test_oidc import link
from tests.integration.test_second_factor import settings
from ward.clock import SystemClock

pytestmark = pytest.mark.browser
DEMO = "hemvakt-demo"
NEW = "nio lugna tranor över sjön"
Serving = Callable[[], contextlib.AbstractAsyncContextManager[Served]]


@contextlib.contextmanager
def in_a_thread(serve: Serving, prepare: Callable[[Served], Awaitable[None]] | None = None) -> Iterator[str]:
    """Serve beside the browser, whose driver has the event loop of this thread; yield the address."""
    ready, done = threading.Event(), threading.Event()
    found: list[str] = []

    async def whole() -> None:
        async with serve() as served:
            if prepare is not None:
                await prepare(served)
            found.append(served.url)
            ready.set()
            await asyncio.to_thread(done.wait)

    def run() -> None:
        try:
            asyncio.run(whole())
        finally:
            ready.set()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(60)
        assert found, "the server did not start"
        yield found[0]
    finally:
        done.set()
        thread.join()


def test_strict_cookie_survives_the_way_to_the_provider_and_back(provider: Provider, house: House) -> None:
    """The button leads to another site and back to the board, live, with a cookie that other sites cannot send."""

    async def prepare(served: Served) -> None:
        await link(served, "anna", "anna", "sub")

    with (
        in_a_thread(lambda: provider.serving(house.database_url, ShiftedClock()), prepare) as url,
        chromium() as browser,
    ):
        context = browser.new_context(locale="sv-SE")
        page = context.new_page()
        page.goto(f"{url}/login")
        page.get_by_test_id("login-provider").click()

        expect(page.get_by_test_id("board")).to_be_visible()
        expect(page.get_by_text("Testa Testsson 1").first).to_be_visible()
        [cookie] = [each for each in context.cookies() if each["name"] == "hemvakt_session"]
        assert (cookie["sameSite"], cookie["httpOnly"]) == ("Strict", True)


def test_h28_page_asks_for_another_password_before_anything_else(house: House) -> None:
    """The demo's password where real patients are leads to its change, and the new one to the board."""
    with psycopg.connect(house.database_url, autocommit=True) as conn:
        conn.execute("update account set password_hash = %s where username = 'anna'", (hash_password(DEMO),))
    with in_a_thread(lambda: serving(house.database_url)) as url, chromium() as browser:
        page = browser.new_context(locale="sv-SE").new_page()
        page.goto(url)
        page.get_by_test_id("login-username").fill("anna")
        page.get_by_test_id("login-password").fill(DEMO)
        page.get_by_test_id("login-submit").click()
        expect(page.get_by_text("Välj ett eget lösenord")).to_be_visible()
        page.get_by_test_id("login-new").fill(NEW)
        page.get_by_test_id("login-change").click()

        expect(page.get_by_test_id("board")).to_be_visible()


def _enter(page: Page, url: str, code: str | None = None) -> None:
    """Log in by password, and by a code where one is asked for."""
    page.context.clear_cookies()
    page.goto(url)
    page.get_by_test_id("login-username").fill("anna")
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()
    if code is not None:
        page.get_by_test_id("login-code").fill(code)
        page.get_by_test_id("login-submit").click()
    expect(page.get_by_test_id("board")).to_be_visible()


def test_second_factor_is_set_up_used_lost_and_turned_off(house: House) -> None:
    """A square to scan and a code set it up; then a code is asked for, or one for an emergency, until it is off."""
    with in_a_thread(lambda: serving(house.database_url, settings=settings(house))) as url, chromium() as browser:
        page = browser.new_context(locale="sv-SE").new_page()
        page.goto(url)
        expect(page.get_by_test_id("login-submit")).to_be_visible()
        _enter(page, url)
        page.goto(f"{url}/security")
        page.get_by_test_id("factor-password").fill(PASSWORD)
        page.get_by_test_id("factor-draw").click()
        expect(page.get_by_role("img", name="QR-kod")).to_be_visible()
        expect(page.get_by_role("heading", name="Läs in i appen")).to_be_focused()
        found = violations(page)
        shows = pyotp.TOTP(page.get_by_test_id("factor-secret").inner_text())
        page.get_by_test_id("factor-code").fill(shows.at(SystemClock().now()))
        page.get_by_test_id("factor-confirm").click()
        expect(page.get_by_test_id("factor-codes").get_by_role("listitem")).to_have_count(10)
        expect(page.get_by_role("heading", name="Reservkoder")).to_be_focused()
        saved = page.get_by_test_id("factor-codes").locator("code").all_inner_texts()
        found += violations(page)
        page.get_by_test_id("factor-done").click()
        expect(page.get_by_test_id("board")).to_be_visible()

        # The next one: the same would be refused if all this took less than half a minute, and is over if it took more.
        _enter(page, url, shows.at(SystemClock().now() + timedelta(seconds=30)))
        _enter(page, url, saved[0])
        page.goto(f"{url}/security")
        page.get_by_test_id("factor-off").click()
        found += violations(page)
        page.get_by_test_id("off-password").fill(PASSWORD)
        page.get_by_test_id("off-code").fill(saved[1])
        page.get_by_test_id("factor-remove").click()
        expect(page.get_by_test_id("factor-state")).to_have_text("Du loggar in med enbart lösenord.")
        _enter(page, url)

        assert found == []
