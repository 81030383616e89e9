"""Words that would be a program, in a real browser with the built page: they are shown, and nothing of them runs."""

import psycopg
import pytest
from playwright.sync_api import expect

from tests.browser.test_log_in_page import in_a_thread
from tests.fix_api import PASSWORD, House, serving
from tests.fix_browser import chromium

pytestmark = pytest.mark.browser
EVIL = '<img src="/none.png" onerror="window.ran=1">'
SCRIPT = "const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.head.append(s)"


def test_name_that_is_a_program_is_shown_and_never_run(house: House) -> None:
    """A name with a handler in it stands on the board as text; a script that got in is stopped by the policy."""
    with psycopg.connect(house.database_url, autocommit=True) as conn:
        conn.execute("update patient set family_name = %s where patient_id = %s", (EVIL, house.ward.beds[0].patient_id))
    with in_a_thread(lambda: serving(house.database_url)) as url, chromium() as browser:
        page = browser.new_page(locale="sv-SE")
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(url)
        page.get_by_test_id("login-username").fill("anna")
        page.get_by_test_id("login-password").fill(PASSWORD)
        page.get_by_test_id("login-submit").click()

        expect(page.get_by_text(EVIL).first).to_be_visible()
        assert page.evaluate("window.ran") is None
        assert [text for text in said if "Content Security Policy" in text] == []  # the page itself keeps to it
        with page.expect_console_message(lambda message: "Content Security Policy" in message.text):
            page.evaluate(SCRIPT)
        assert page.evaluate("window.ran") is None
