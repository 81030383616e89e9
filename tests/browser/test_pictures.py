"""The pictures of the screens in the documents: taken by `--update-pictures` from a demo, else only looked at.

A picture is taken of a demo with its patients, and so never the same twice: a normal run takes none.
"""

import io
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from onebox.environment import PROJECT
from tests.fix_browser import chromium
from tests.fix_machine import PASSWORD, Machine, running

pytestmark = pytest.mark.browser
_MOST_BYTES = 150_000
_COLOURS = 128
_PATIENCE_S = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture of a page: whose, at which size in pixels, and what must be there, and be said, before it is taken."""

    name: str
    who: str
    path: str
    width: int
    height: int
    there: str
    said: str

    @property
    def kept(self) -> Path:
        """Where it is kept."""
        return PROJECT / "docs" / self.name


_PICTURES = (
    Picture(
        name="board.png", who="emily", path="/", width=1440, height=810, there=".curve path.dot", said="^medium risk$"
    ),
    Picture(
        name="patient.png",
        who="emily",
        path="/patient/3/charts",
        width=1360,
        height=860,
        there=".u-over",
        said="high risk",
    ),
    Picture(
        name="tuning.png",
        who="emily",
        path="/tuning/patient/3",
        width=1360,
        height=860,
        there="figure svg",
        said="are found in time",
    ),
    Picture(
        name="home.png", who="astrid", path="/", width=480, height=860, there="h1", said="Your values are being watched"
    ),
)


@pytest.mark.timeout(3600)  # a demo with its patients comes up, and its first alarm
def test_pictures_of_the_screens_are_small_and_shown(request: pytest.FixtureRequest) -> None:
    """Each picture is as large as it says, less than 150 kB, and shown by the README with words for who sees none."""
    if request.config.getoption("--update-pictures"):
        with running(patience_s=_PATIENCE_S) as machine, chromium() as browser:
            expect.set_options(timeout=1000 * _PATIENCE_S)
            _take_all(machine, browser)

    readme = (PROJECT / "README.md").read_text()
    for each in _PICTURES:
        with Image.open(each.kept) as image:
            assert image.size == (each.width, each.height), each.name
        assert each.kept.stat().st_size < _MOST_BYTES, each.name
        assert re.search(rf"!\[.{{20,}}\]\(docs/{each.name}\)", readme), each.name


def _take_all(machine: Machine, browser: Browser) -> None:
    """Take every picture, in English, the board's when it has something to show: a quarter of an hour of the demo."""
    pages: dict[str, Page] = {}
    for each in _PICTURES:
        page = pages.get(each.who) or pages.setdefault(each.who, _enter(machine, browser, each))
        page.set_viewport_size({"width": each.width, "height": each.height})
        page.goto(machine.url + each.path)
        expect(page.locator(each.there).first).to_be_attached()
        if each.path == "/" and each.who == "emily":
            page.get_by_test_id("sound-test").click()
            expect(page.get_by_role("article", name="HIGH ALARM").first).to_be_visible()
        expect(page.get_by_text(re.compile(each.said)).first).to_be_visible()
        page.wait_for_load_state("networkidle")
        expect(page.get_by_text("No values in this period")).to_have_count(0)
        with Image.open(io.BytesIO(page.screenshot(animations="disabled"))) as shot:
            shot.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(each.kept, optimize=True)


def _enter(machine: Machine, browser: Browser, picture: Picture) -> Page:
    page = browser.new_context(
        locale="en-GB", timezone_id="Europe/Stockholm", color_scheme="light", reduced_motion="reduce"
    ).new_page()
    page.set_default_timeout(1000 * _PATIENCE_S)
    page.goto(machine.url)
    page.evaluate("localStorage.setItem('hemvakt.language', 'en')")
    page.reload()
    page.get_by_test_id("login-username").fill(picture.who)
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()
    expect(page.locator("header").first).to_be_visible()
    return page
