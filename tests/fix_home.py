"""The pages of patients and relatives in a browser, and the staff whom they concern."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.fix_machine import PASSWORD, Machine


def say_who(page: Page, username: str) -> None:
    """Fill the log-in in, and send it."""
    page.get_by_test_id("login-username").fill(username)
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()


def enter(page: Page, url: str, username: str) -> Page:
    """Log a patient or a relative in."""
    page.set_default_timeout(30_000)
    page.goto(url)
    say_who(page, username)
    expect(page.get_by_test_id("lamp")).to_be_visible()
    return page


@pytest.fixture
def as_patient(browser: Browser, machine: Machine) -> Iterator[Callable[..., Page]]:
    """A function that opens the page of somebody in a browser of their own, at another address where one is given."""
    opened: list[BrowserContext] = []

    def begin(username: str = "astrid", url: str = "", *, own_clock: bool = False, **more: Any) -> Page:
        options: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "locale": "sv-SE"} | more
        context = browser.new_context(**options)
        opened.append(context)
        page = context.new_page()
        if own_clock:
            page.clock.install()
        return enter(page, url or machine.url, username)

    yield begin
    for context in opened:
        context.close()


@contextmanager
def staff(machine: Machine, username: str = "anna") -> Iterator[httpx.Client]:
    """A member of staff who is logged in, over HTTP."""
    with httpx.Client(base_url=machine.url, headers={"Origin": machine.url}, timeout=60) as client:
        assert client.post("/api/session", json={"username": username, "password": PASSWORD}).status_code == 200
        yield client


def until(page: Page, is_so: Callable[[], bool]) -> None:
    """Wait while the browser goes on until something is so."""
    for _ in range(300):
        if is_so():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it never came to be so")
