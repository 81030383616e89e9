"""Who passes an alert on, in a real browser: whom they ask is theirs to choose, and is read before it is sent."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_board import LogIn, alarm
from tests.fix_machine import PASSWORD, Machine

pytestmark = pytest.mark.browser


def test_h34_whom_one_has_chosen_to_ask_stays_chosen_when_the_alert_changes(machine: Machine, log_in: LogIn) -> None:
    """Who passes an alert on and reads what is new of it asks whom they had chosen, not the team that has it."""
    alert = alarm(machine, 6)
    nurse, doctor = log_in(machine.url, "anna", PASSWORD), log_in(machine.url, "omar", PASSWORD)
    nurse.get_by_test_id(f"{alert}-more").click()
    nurse.get_by_test_id(f"{alert}-pass").click()
    team = nurse.get_by_label("Vilket team?")
    expect(team).not_to_have_value("")  # the teams have come
    held = team.input_value()
    other = next(each for each in team.locator("option").all() if each.get_attribute("value") != held)
    chosen = str(other.get_attribute("value"))
    team.select_option(value=chosen)

    doctor.get_by_test_id(f"{alert}-ack").click()
    nurse.get_by_test_id("act-read").click()

    expect(team).to_have_value(chosen)


def test_h34_whom_one_asks_is_read_in_full_on_a_small_telephone(machine: Machine, log_in: LogIn) -> None:
    """No list of the dialog cuts what can be chosen, and a sentence says in full who is asked."""
    alert = alarm(machine, 5)
    nurse = log_in(machine.url, "anna", PASSWORD, width=360, height=740)
    nurse.get_by_test_id("tab-alerts").click()
    nurse.get_by_test_id(f"{alert}-more").click()
    nurse.get_by_test_id(f"{alert}-pass").click()
    asked, person = nurse.get_by_test_id("pass-asked"), nurse.get_by_label("Vem?")
    team = nurse.get_by_label("Vilket team?").locator("option:checked")

    expect(asked).to_contain_text(f"Frågan går till: {team.inner_text()}")
    assert [each.evaluate(_CUT) for each in nurse.get_by_test_id("act-dialog").locator("select").all()] == [False] * 2
    person.select_option(index=1)
    chosen = person.locator("option:checked").inner_text()
    expect(asked).to_contain_text(re.compile(f"Frågan går till: {chosen}, .+, {team.inner_text()}"))


_CUT = """select => {
    const style = getComputedStyle(select), pen = document.createElement("canvas").getContext("2d");
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - 16;
    return [...select.options].some((each) => pen.measureText(each.text).width > room);
}"""
