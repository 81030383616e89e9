"""The board by keys alone: to the alerts, through the acts on one of them, and never back to the top of the page."""

from contextlib import suppress

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser.test_board import LogIn, alarm
from tests.fix_machine import PASSWORD, Machine

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("number", "width"), [(1, 1440), (2, 390)])
def test_h24_who_works_by_keys_goes_on_from_the_alert_that_they_acted_on(
    machine: Machine, log_in: LogIn, number: int, width: int
) -> None:
    """An act takes its button away; the keyboard stays at the alert, and where that is gone at the alerts."""
    alert = alarm(machine, number)
    page = log_in(machine.url, "anna", PASSWORD, width=width, height=844)
    card = page.get_by_test_id(alert)
    if width < 700:
        page.get_by_test_id("tab-alerts").click()
    for _try in range(5):  # ten seconds are short on a slow machine
        _press(page, alert, "claim")
        with suppress(AssertionError, Error):
            _press(page, alert, "undo", within_ms=9_000)
            break
        page.get_by_test_id(f"{alert}-more").click()
        page.get_by_test_id(f"{alert}-release").click()
    else:
        pytest.fail("it was never taken back")
    _press(page, alert, "ack")
    page.keyboard.press("Tab")
    assert card.evaluate("card => card.contains(document.activeElement) && card !== document.activeElement")

    expect(page.get_by_test_id(f"{alert}-more")).to_be_enabled()
    page.get_by_test_id(f"{alert}-more").press("Enter")
    page.get_by_test_id(f"{alert}-close").press("Enter")
    page.get_by_test_id("outcome-false_alarm").press("Space")
    page.get_by_test_id("act-send").press("Enter")
    expect(page.get_by_test_id("act-dialog")).to_have_count(0)
    expect(card.or_(page.locator("#alerts")).and_(page.locator(":focus"))).to_have_count(1)


def _press(page: Page, alert: str, act: str, *, within_ms: int | None = None) -> None:
    """Do something about an alert by keys alone: it is done, not refused, and the keyboard is at the alert."""
    button, card = page.get_by_test_id(f"{alert}-{act}"), page.get_by_test_id(alert)
    # The stream may tell what an act did before its own answer is there.
    expect(button).to_be_enabled(timeout=within_ms)
    button.focus(timeout=within_ms)
    page.keyboard.press("Enter")
    expect(button).to_have_count(0)
    expect(card.get_by_role("alert")).to_have_count(0, timeout=within_ms)
    expect(card).to_be_focused(timeout=within_ms)


def test_alerts_are_one_key_away_from_the_content(machine: Machine, log_in: LogIn) -> None:
    """Before the patients, of whom there may be many, a link leads to the alerts."""
    page = log_in(machine.url, "anna", PASSWORD)
    page.get_by_test_id("skip-alerts").focus()
    expect(page.get_by_test_id("skip-alerts")).to_be_in_viewport()
    page.keyboard.press("Enter")

    expect(page.locator("#alerts")).to_be_focused()
