"""A real Chromium; tests that use it carry the `browser` marker."""

import contextlib
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PATIENCE_MS = 30_000


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium. As long as it runs, its event loop is in the way of any other of the same thread."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=_FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium of a module's own."""
    with chromium() as running:
        yield running


@pytest.fixture
def log_in(browser: Browser) -> Iterator[Callable[..., Page]]:
    """A function that opens the page at `url` in a browser context of its own and logs `username` in."""
    opened = []

    def enter(url: str, username: str, password: str, *, width: int = 1440, height: int = 900) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, locale="sv-SE")
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.goto(url)
        page.get_by_test_id("login-username").fill(username)
        page.get_by_test_id("login-password").fill(password)
        page.get_by_test_id("login-submit").click()
        expect(page.get_by_test_id("board")).to_be_visible()
        return page

    yield enter
    for context in opened:
        context.close()
