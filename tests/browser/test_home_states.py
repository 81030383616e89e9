"""The page of patients and relatives at its edges: a log-in that ends, yesterday's page, nobody on duty, namesakes."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.fix_home import say_who, staff, until
from tests.fix_machine import Machine

pytestmark = pytest.mark.browser
_END_SESSIONS = """delete from session where account_id = (select account_id from account where username = 'astrid')
    returning session_id"""
_NAMESAKE = """
    with made as (
        insert into account (kind, name, language) select 'relative', name, 'sv' from account where username = 'gerda'
        returning account_id
    )
    insert into relative_access (account_id, patient_id, opens, given_at, given_by)
    select made.account_id, h.patient_id, '{values}', now(), h.account_id
    from made, account h where h.username = 'helge' returning patient_id"""
_MEASURED = """
    with made as (
        select stay_id, kind, now() - ago as at, device_no, value from (values
            (1, interval '1 min', 70), (2, interval '1 min', 15), (3, interval '1 min', 97), (4, interval '400 min', 37)
        ) k (kind, ago, value), stay join binding using (stay_id)
        where patient_id = (select patient_id from account where username = 'helge')
    ), stored as (
        insert into reading (stay_id, kind, measured_at, device_no, value, received_at, validity, quality)
        select stay_id, kind, at, device_no, value, at, 0, 97 from made
    ), latest as (
        insert into latest_reading (stay_id, kind, measured_at, device_no, value, received_at, validity, quality)
        select stay_id, kind, at, device_no, value, at, 0, 97 from made
    )
    insert into evaluation_request (stay_id, since) select stay_id, min(at) from made group by 1 returning stay_id"""
_JUDGED = """select 1 from score join stay using (stay_id) where not detail -> 'missing' ? 'temperature'
    and patient_id = (select patient_id from account where username = 'helge')"""
_HELGE = "select patient_id from account where username = 'helge'"


def test_h19_log_in_that_ends_while_typing_takes_nothing(machine: Machine, as_patient: Callable[..., Page]) -> None:
    """What was being typed and the answers begun are there after the next log-in, which says why it is asked for."""
    page = as_patient()
    page.goto(f"{machine.url}/answers")
    page.get_by_role("button", name="Ungefär likadant").click()
    expect(page.get_by_text("Fråga 2 av")).to_be_visible()
    page.goto(f"{machine.url}/measure?kind=weight")
    page.get_by_test_id("typed-weight").fill("71,5")
    machine.ask(_END_SESSIONS)

    expect(page.get_by_test_id("login-lapsed")).to_be_visible()
    expect(page.get_by_role("link", name="Ring 112")).to_be_visible()
    say_who(page, "astrid")
    expect(page.get_by_test_id("typed-weight")).to_have_value("71,5")
    expect(page.get_by_test_id("typed-before")).to_contain_text(re.compile(r"Du skrev det här \d\d:\d\d"))
    page.goto(f"{machine.url}/answers")
    expect(page.get_by_text("Fråga 2 av")).to_be_visible()


def test_h02_yesterdays_page_says_that_it_is_yesterdays(as_patient: Callable[..., Page]) -> None:
    """A page that has had no network since the day before says the day and not only the time."""
    page = as_patient(own_clock=True)
    page.context.set_offline(True)
    expect(page.get_by_test_id("old")).to_contain_text(re.compile(r"hämtades \d\d:\d\d"))
    page.clock.fast_forward("24:00:00")

    expect(page.get_by_test_id("old")).to_contain_text(re.compile(r"hämtades i går \d\d:\d\d"))
    expect(page.get_by_test_id("lamp")).to_have_attribute("data-light", "unknown")


def test_h32_where_nothing_answers_and_nobody_is_known_112_is_there(machine: Machine, browser: Browser) -> None:
    """Opened without a network by nobody it knows, the page says so and names 112; it goes on by itself."""
    page = browser.new_context(locale="sv-SE").new_page()
    page.route("**/api/session", lambda route: route.abort())
    page.goto(machine.url)
    expect(page.get_by_role("alert")).to_contain_text("Ingen kontakt")
    expect(page.locator("a[href='tel:112']")).to_be_visible()
    page.unroute("**/api/session")

    expect(page.get_by_test_id("login-username")).to_be_visible()
    page.context.close()


def test_things_alike_stand_beside_each_other(machine: Machine, as_patient: Callable[..., Page]) -> None:
    """Two visits at one time, and two relatives of one name, are two on the page, and each can be closed."""
    [(helge, soon)] = machine.ask(_HELGE.replace("patient_id", "patient_id, now() + interval '5 hours'"))
    with staff(machine) as anna:
        for words in ("Provtagning", "Fysioterapi"):
            visit = {"kind": "visit", "occurred_at": soon.isoformat(), "words": words}
            assert anna.post(f"/api/patients/{helge}/events", json=visit).status_code == 201
    machine.ask(_NAMESAKE)
    page = as_patient("helge")

    expect(page.get_by_test_id("next-step")).to_contain_text("Provtagning")
    expect(page.get_by_test_id("next-step")).to_contain_text("Fysioterapi")
    page.get_by_test_id("more-relatives").click()
    expect(page.get_by_test_id("relative")).to_have_count(2)
    page.get_by_test_id("close-relative").first.click()
    page.get_by_test_id("close-yes").click()
    expect(page.get_by_test_id("relative")).to_have_count(1)


def test_h02_summary_does_not_look_younger_than_what_it_rests_on(
    machine: Machine, as_patient: Callable[..., Page]
) -> None:
    """Each value of it has its time; one that is old is marked, and the words stand below a warning that they are."""
    machine.ask(_MEASURED)
    machine.ask("update relative_access set opens = '{values}' where ended_at is null and account_id ="
                " (select account_id from account where username = 'gerda') returning 1")  # fmt: skip
    page = as_patient("helge")
    until(page, lambda: machine.ask(_JUDGED) != [])
    page.goto(f"{machine.url}/values")

    for each in (page, as_patient("gerda")):
        summary = each.get_by_test_id("summary")
        expect(summary).to_have_attribute("data-old", "true")
        expect(summary).to_contain_text(re.compile(r"^Bygger på gamla mätvärden"))
        expect(each.get_by_test_id("rest-temperature")).to_have_text(
            re.compile(r"Temperatur (i går )?\d\d:\d\d, gammalt")
        )
        expect(each.get_by_test_id("rest-heart_rate")).to_have_attribute("data-standing", "now")
        expect(each.get_by_test_id("rest-consciousness")).to_contain_text("saknas")


def test_h27_relative_to_whom_the_contacts_are_closed_reads_no_name(
    machine: Machine, as_patient: Callable[..., Page]
) -> None:
    """Who of the staff looked is not told, and the sentence ends where the name would stand."""
    [(helge,)] = machine.ask(_HELGE)
    with staff(machine) as anna:
        assert anna.post(f"/api/patients/{helge}/seen", json={}).status_code == 200
    machine.ask("update relative_access set opens = '{values}' where ended_at is null and account_id ="
                " (select account_id from account where username = 'gerda') returning 1")  # fmt: skip
    page = as_patient("gerda")

    expect(page.get_by_test_id("seen")).to_have_text(re.compile(r"Teamet såg värdena för Helge \d\d:\d\d\.$"))


def test_h32_call_that_would_reach_nobody_says_so_before_it_is_sent(
    machine: Machine, as_patient: Callable[..., Page]
) -> None:
    """Where nobody can be reached by an alert the page says to telephone, and takes the call all the same."""
    machine.ask("update staff set phone = '' returning 1")
    machine.ask("update team set phone = '' returning 1")
    machine.ask("update contact_channel set broken_at = now() where broken_at is null returning 1")
    page = as_patient()
    page.get_by_test_id("help").click()

    expect(page.get_by_test_id("help-nobody")).to_contain_text("Ring i stället")
    expect(page.get_by_role("dialog").locator("a[href='tel:112']").first).to_be_visible()
    page.get_by_test_id("help-yes").click()
    expect(page.get_by_test_id("help-state")).to_contain_text("Just nu kan ingen i teamet nås")
