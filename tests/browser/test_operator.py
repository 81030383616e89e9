"""The operator's page in a real browser: what must be done in time, in the reader's language, and which of it now."""

import asyncio
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_log_in_page import in_a_thread
from tests.fix_api import PASSWORD, House, serving
from tests.fix_axe import violations
from tests.fix_browser import chromium
from ward.chores import Ending, Kind
from ward.clock import SystemClock
from ward.settings import Settings
from ward.store import chores
from ward.store.pool import connect

pytestmark = pytest.mark.browser


def _operator(browser: Browser, url: str, *, width: int = 1280, **more: Any) -> Page:
    """Log an operator in."""
    options: dict[str, Any] = {"locale": "sv-SE", "viewport": {"width": width, "height": 844}} | more
    page = browser.new_context(**options).new_page()
    page.goto(url)
    page.get_by_test_id("login-username").fill("oskar")
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()
    expect(page.get_by_test_id("operator")).to_be_visible()
    return page


def test_operator_sees_what_must_be_done_in_time(house: House) -> None:
    """Certificates with their days, a backup that has failed, a rehearsal that was never: in Swedish, for operators."""
    now = SystemClock().now()

    async def enter() -> None:
        async with await connect(house.database_url, "test") as conn:
            ends = {Kind.ENDPOINT: 5, Kind.PAGE: 200}
            found = [Ending(kind=kind, holder="a", ends_at=now + timedelta(days=days)) for kind, days in ends.items()]
            await chores.seen(conn, found, now)

    asyncio.run(enter())
    with psycopg.connect(house.database_url) as conn:
        conn.execute("insert into backup_run (kind, began_at, ended_at, fault) values ('backup', now(), now(), 'x')")
    with in_a_thread(lambda: serving(house.database_url)) as url, chromium() as browser:
        page = _operator(browser, url)
        lines = page.get_by_test_id("chores").locator("tr")
        expect(lines).to_have_count(5)
        expect(lines.nth(0)).to_contain_text("Certifikat där enheter ansluter")
        expect(lines.nth(0)).to_contain_text("går ut 20")
        states = [lines.nth(place).get_attribute("data-standing") for place in range(5)]
        assert states == ["urgent", "well", "urgent", "well", "well"]
        expect(lines.nth(2)).to_contain_text("det senaste försöket misslyckades; aldrig gjord")
        assert violations(page) == []


def test_operator_of_a_new_store_is_not_told_that_what_was_never_done_is_in_time(house: House) -> None:
    """No backup yet, and none due yet, is said so: "never done" beside "in time" would be a contradiction."""
    with in_a_thread(lambda: serving(house.database_url)) as url, chromium() as browser:
        page = _operator(browser, url, width=390)
        lines = page.get_by_test_id("chores").locator("tr")
        expect(lines).to_have_count(3)
        expect(lines.nth(0)).to_contain_text("inte gjord än")
        expect(lines.nth(0)).to_contain_text("inte dags än")
        expect(lines.nth(0)).not_to_contain_text("i tid")
        page.get_by_role("link", name="Kod vid inloggning").or_(page.locator("a[href='/security']")).first.click()
        page.get_by_test_id("factor-password").fill(PASSWORD)
        page.get_by_test_id("factor-draw").click()
        expect(page.get_by_role("alert")).to_contain_text("inte påslaget här")
        assert violations(page) == []


def test_operator_looks_after_how_a_team_is_told(house: House) -> None:
    """A team's room is added and taken out on the operator's page; a wrong one and what is not set up are said."""
    settings = Settings(database_url=house.database_url, http_port=0, chat_gateway="json://127.0.0.1:9/{to}")
    with in_a_thread(lambda: serving(house.database_url, settings=settings)) as url, chromium() as browser:
        page = _operator(browser, url, width=390)
        expect(page.get_by_test_id("team-ways-missing")).to_contain_text("sms, e-post, andra system")
        room = page.get_by_role("textbox", name="Chattrum")
        room.fill("två ord")
        room.press("Enter")
        expect(page.get_by_role("alert").filter(has_text="Det är inget rum")).to_be_visible()
        room.fill("#hemvard")
        room.press("Enter")
        expect(page.get_by_test_id("team-ways-done")).to_contain_text("Larm går nu också till #hemvard")
        found = violations(page)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        page.get_by_role("button", name="Ta bort: Chattrum #hemvard").click()
        page.get_by_test_id("ways-yes").click()
        expect(page.get_by_test_id("ways-none")).to_contain_text("Teamet har bara tavlan")

        assert found == []
