"""The page of patients and relatives in a real browser: help, answers, values, whose page it is, and a bad network."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from onebox.environment import PROJECT
from tests.bad_network import BadNetwork, Weather
from tests.fix_home import enter, staff, until
from tests.fix_machine import PASSWORD, Machine

pytestmark = pytest.mark.browser
AXE = PROJECT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
PAGES = {
    "/": "help",
    "/answers": "text-size",
    "/measure": "text-size",
    "/measure?kind=systolic": "typed-systolic",
    "/values": "text-size",
    "/relatives": "invite-name",
    "/sharing": "text-size",
    "/looks": "text-size",
}


def weigh(page: Page, kilos: str) -> None:
    """Type a weight in, and say that it is right."""
    page.get_by_test_id("todo-type").click()
    page.get_by_role("link", name="Vikt").click()
    page.get_by_test_id("typed-weight").fill(kilos)
    page.get_by_role("button", name="Fortsätt").click()
    page.get_by_test_id("send-reading").click()


def weights(machine: Machine, kilos: float) -> int:
    """How often a weight was entered."""
    found = machine.ask("select detail -> 'values' -> 0 ->> 'value' from care_event where kind = 'readings'")
    return sum(float(value) == kilos for (value,) in found)


def test_h05_call_for_help_is_confirmed_step_by_step(machine: Machine, as_patient: Callable[..., Page]) -> None:
    """A call is told as arrived, as with the team, and as seen by whom; 112 stands beside it all the time."""
    page = as_patient()
    page.get_by_test_id("help").click()
    page.get_by_test_id("help-yes").click()

    state = page.get_by_test_id("help-state")
    expect(state).to_contain_text(re.compile(r"Ditt team har fått det \d\d:\d\d"))
    expect(state).to_contain_text("Ingen har hunnit svara än")
    expect(state.locator("a[href='tel:112']")).to_be_visible()
    with staff(machine) as anna:
        found = anna.get("/api/alerts", params={"state": "open", "patient": 1}).json()["items"]
        alert = next(each for each in found if each["rule"] == "help_button")
        path = f"/api/alerts/{alert['alert_id']}"
        done = anna.post(f"{path}/acknowledge", json={}, headers={"If-Match": f'"{alert["rev"]}"'})
        assert done.status_code == 200
    expect(state).to_contain_text("Anna Provsköterska")


def test_h32_page_says_whether_somebody_watches_and_whom_to_call_otherwise(as_patient: Callable[..., Page]) -> None:
    """Without values it says that nobody watches; what a watch is, 1177 and 112 are there whatever the lamp shows."""
    page = as_patient()

    lamp = page.get_by_test_id("lamp")
    expect(lamp).to_have_attribute("data-light", "not_watched")
    expect(lamp).to_contain_text(re.compile(r"Dina värden övervakas inte just nu.*ring 08.*Vid livsfara: ring 112\."))
    otherwise = page.get_by_text("ingen sitter och ser på dem hela tiden")
    expect(otherwise).to_contain_text("Vänta inte om du mår sämre: ring. Råd om vård: 1177. Livsfara: 112.")
    page.context.set_offline(True)
    expect(lamp).to_have_attribute("data-light", "unknown")
    expect(lamp).to_contain_text("Vid livsfara: ring 112.")
    expect(otherwise).to_be_visible()


def test_h32_call_that_does_not_arrive_says_so_at_once(as_patient: Callable[..., Page]) -> None:
    """Without a network the page says that the call has not arrived and what to do, and sends it when it can."""
    page = as_patient("helge", own_clock=True)
    page.context.set_offline(True)
    expect(page.get_by_test_id("old")).to_be_visible()
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 60)  # nothing is said because some time has gone by
    page.get_by_test_id("help").click()
    page.get_by_test_id("help-yes").click()

    lost = page.get_by_test_id("help-not-arrived")
    expect(lost).to_contain_text("har inte kommit fram")
    expect(lost.locator("a[href='tel:112']")).to_be_visible()
    expect(page.get_by_test_id("help-state")).to_have_count(0)
    page.clock.resume()

    # The page asks what became of earlier calls in the moment in which this one is sent, and hears it late.
    asked: list[Route] = []
    page.route("**/help", lambda route: _hold_first_question(route, asked))
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith("/help")):
        page.context.set_offline(False)
    expect(page.get_by_test_id("help-state")).to_contain_text("Larmet kom fram")
    expect(lost).to_have_count(0)
    for each in asked:
        each.fulfill(json=_NO_CALL)
    expect(page.get_by_test_id("help-state")).to_contain_text("Ditt team har fått det")


def _hold_first_question(route: Route, held: list[Route]) -> None:
    if route.request.method == "GET" and not held:
        held.append(route)
    else:
        route.continue_()


def test_questions_can_be_paused_changed_and_undone(machine: Machine, as_patient: Callable[..., Page]) -> None:
    """Answers begun are there after a pause; they can be changed and taken back; once sent they are the patient's."""
    before = machine.ask("select count(*) from device_event where kind = 'check_in' and device_no = 0")[0][0]
    page = as_patient()
    page.goto(f"{machine.url}/answers")
    page.get_by_role("button", name="Ungefär likadant").click()
    expect(page.get_by_text("Fråga 2 av")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Fråga 2 av")).to_be_visible()
    while page.get_by_test_id("send-answers").count() == 0:
        page.get_by_role("button", name="Hoppa över").click()
    page.get_by_test_id("send-answers").click()
    page.get_by_test_id("undo").click()
    expect(page.get_by_test_id("send-answers")).to_be_visible()
    page.get_by_test_id("send-answers").click()

    expect(page.get_by_test_id("sent")).to_have_attribute("data-state", "arrived")
    after = machine.ask("select detail from device_event where kind = 'check_in' and device_no = 0")
    assert len(after) == before + 1
    assert {"question": "wellbeing", "answer": "same"} in [each for (detail,) in after for each in detail["answers"]]


def test_answer_tapped_twice_skips_no_question(machine: Machine, as_patient: Callable[..., Page]) -> None:
    """A second tap while the answer is being kept goes no further than the first."""
    page = as_patient("helge")
    page.goto(f"{machine.url}/answers")
    page.get_by_role("button", name="Ungefär likadant").evaluate("button => { button.click(); button.click(); }")
    expect(page.get_by_text(re.compile("Fråga [23] av"))).to_be_visible()
    page.evaluate(_KEPT)  # comes after what both taps keep
    expect(page.get_by_text("Fråga 2 av")).to_be_visible()


def test_h07_value_out_of_range_is_explained_and_not_sent(machine: Machine, as_patient: Callable[..., Page]) -> None:
    """A temperature in Fahrenheit is held back in kind words, with what was typed; with a comma it is taken."""
    page = as_patient()
    page.goto(f"{machine.url}/measure?kind=temperature")
    page.get_by_test_id("typed-temperature").fill("98,6")
    page.get_by_role("button", name="Fortsätt").click()

    expect(page.get_by_role("alert")).to_contain_text("Titta på mätaren en gång till")
    expect(page.get_by_test_id("typed-temperature")).to_have_value("98,6")
    page.get_by_test_id("typed-temperature").fill("37,4")
    page.get_by_role("button", name="Fortsätt").click()
    expect(page.get_by_test_id("confirm")).to_contain_text("37,4 °C")


def test_h19_entry_outlives_network_and_browser_and_arrives_once(
    machine: Machine, browser: Browser, tmp_path: Path
) -> None:
    """What was entered without a network waits, visibly, through a restart and a lost answer, and is entered once."""
    with BadNetwork(machine.http_port) as network:
        options: dict[str, Any] = {"locale": "sv-SE", "viewport": {"width": 390, "height": 844}}
        launch = browser.browser_type.launch_persistent_context
        flags: dict[str, Any] = {"executable_path": _program(), "args": ["--no-sandbox", "--disable-gpu"]}
        with launch(tmp_path, **flags, **options) as context:
            page = enter(context.pages[0], network.url, "astrid")
            until(page, lambda: page.evaluate(_SERVED))
            network.turn(Weather.CUT)
            weigh(page, "71,25")
            expect(page.get_by_test_id("waiting")).to_contain_text("Väntar på nätet: 1")
            expect(page.get_by_test_id("sent")).to_have_attribute("data-state", "waits")
        with launch(tmp_path, **flags, **options) as context:
            page = context.pages[0]
            page.goto(network.url)
            expect(page.get_by_test_id("old")).to_contain_text(re.compile(r"hämtades \d\d:\d\d"))
            expect(page.get_by_test_id("lamp")).to_have_attribute("data-light", "unknown")
            expect(page.get_by_test_id("waiting")).to_contain_text("Väntar på nätet: 1")
            with page.expect_request("**/readings"):
                network.turn(Weather.DEAF)
            until(page, lambda: weights(machine, 71.25) == 1)
            network.turn(Weather.FAIR)
            expect(page.get_by_test_id("waiting")).to_have_count(0)
            expect(page.get_by_test_id("old")).to_have_count(0)
    assert weights(machine, 71.25) == 1


def test_h06_entry_never_goes_into_another_account(machine: Machine, as_patient: Callable[..., Page]) -> None:
    """What one patient entered is not shown to and not sent by who logs in next in that browser, staff least of all."""
    with BadNetwork(machine.http_port) as network:
        page = as_patient(url=network.url)
        until(page, lambda: page.evaluate(_SERVED))
        network.turn(Weather.CUT)
        weigh(page, "71,75")
        expect(page.get_by_test_id("waiting")).to_be_visible()
        page.context.request.post(  # a cookie is of the machine, whatever the port
            f"{machine.url}/api/session",
            data={"username": "anna", "password": PASSWORD},
            headers={"Origin": machine.url},
        )
        with page.expect_response(lambda each: each.url.endswith("/readings") and each.status == 412):
            network.turn(Weather.FAIR)
    assert weights(machine, 71.75) == 0


def test_logging_out_wipes_what_the_browser_kept(machine: Machine, as_patient: Callable[..., Page]) -> None:
    """After logging out nothing of the person is left in the browser, and the page asks before unsent entries go."""
    with BadNetwork(machine.http_port) as network:
        page = as_patient(url=network.url)
        until(page, lambda: page.evaluate(_SERVED))
        network.turn(Weather.CUT)
        weigh(page, "70,5")
        expect(page.get_by_test_id("waiting")).to_be_visible()
        page.get_by_test_id("log-out").click()
        page.get_by_test_id("log-out-anyway").click()
        expect(page.get_by_test_id("login-username")).to_be_visible()
        assert page.evaluate(_KEPT) == [0, 0]
        assert page.evaluate("localStorage.getItem('hemvakt.session')") is None
        network.turn(Weather.FAIR)
        page.goto(network.url)
        expect(page.get_by_test_id("login-username")).to_be_visible()
    assert weights(machine, 70.5) == 0


def test_h27_relative_loses_the_page_when_the_patient_closes_it(
    machine: Machine, as_patient: Callable[..., Page]
) -> None:
    """A relative sees words and no numbers; the moment the patient closes it the page is gone, without a reload."""
    patient, relative = as_patient(), as_patient("stina")
    expect(relative.get_by_test_id("lamp")).to_contain_text("Astrid")
    expect(relative.get_by_test_id("week")).to_contain_text("Alla dagar: 07:00–22:00 ASIH")
    expect(relative.get_by_test_id("help")).to_have_count(0)
    relative.goto(f"{machine.url}/values")
    expect(relative.get_by_test_id("not-opened")).to_be_visible()
    relative.goto(machine.url)
    patient.get_by_test_id("more-relatives").click()
    patient.get_by_test_id("close-relative").click()
    patient.get_by_test_id("close-yes").click()

    expect(patient.get_by_test_id("nobody")).to_be_visible()
    expect(relative.get_by_test_id("closed")).to_be_visible()
    expect(relative.locator("a[href='tel:1177']")).to_be_visible()
    expect(relative.locator("a[href='tel:112']")).to_be_visible()
    expect(relative.get_by_test_id("lamp")).to_have_count(0)


def test_h27_patient_takes_back_a_consent_and_sets_a_block(machine: Machine, as_patient: Callable[..., Page]) -> None:
    """Both hold at once and are said; who answers cannot be blocked by a button; who has looked is told by person."""
    with staff(machine) as anna:
        assert anna.post("/api/patients/1/consents", json={"organisation_id": 2}).status_code == 201
    page = as_patient()
    page.goto(f"{machine.url}/sharing")
    page.get_by_test_id("end-consent").click()
    page.get_by_test_id("sharing-yes").click()

    expect(page.get_by_test_id("consent")).to_contain_text("Du tog tillbaka det")
    assert machine.ask("select count(*) from patient_consent where withdrawn_at is not null") == [(1,)]
    page.get_by_test_id("new-block").locator("summary").click()
    expect(page.get_by_test_id("unit").filter(has_text="ASIH").get_by_role("button")).to_have_count(0)
    page.get_by_role("button", name="Spärra för Palliativa teamet").click()
    page.get_by_test_id("sharing-yes").click()
    expect(page.get_by_test_id("sharing-done")).to_contain_text("Palliativa teamet får inte se dina uppgifter")
    assert machine.ask("select count(*) from patient_block where lifted_at is null") == [(1,)]
    page.get_by_test_id("lift-block").click()
    page.get_by_test_id("sharing-yes").click()
    expect(page.get_by_test_id("block")).to_contain_text("hävdes")
    page.goto(f"{machine.url}/looks")
    who = page.get_by_test_id("looks-day").locator("h3").first
    expect(who).to_contain_text("Anna Provsköterska, distriktssköterska")


def test_invited_relative_chooses_a_log_in_and_sees_what_was_opened(
    browser: Browser, as_patient: Callable[..., Page]
) -> None:
    """The link of an invitation leads to a log-in of the relative's own, and from there to the patient's page."""
    patient = as_patient()
    patient.get_by_test_id("more-relatives").click()
    patient.get_by_test_id("invite-name").fill("Prov Inbjuden")
    patient.get_by_test_id("invite").click()
    link = patient.get_by_test_id("invitation").locator(".link").inner_text()
    page = browser.new_context(locale="sv-SE").new_page()
    page.goto(link)
    page.get_by_test_id("join-username").fill("prov.inbjuden")
    page.get_by_test_id("join-password").fill("blå cyklar i regnet")
    page.get_by_test_id("join").click()

    expect(page.get_by_test_id("lamp")).to_contain_text("Astrid")
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_h31_pages_are_accessible_and_fit_at_twice_the_size(scheme: str, as_patient: Callable[..., Page]) -> None:
    """No page has a fault that axe finds; at 200 % text on 360 px nothing is cut, and every target is 56 px or more."""
    page = as_patient(color_scheme=scheme, viewport={"width": 360, "height": 780})
    page.get_by_test_id("text-size").click()
    page.get_by_test_id("text-size").click()
    faults = []
    for path, ready in PAGES.items():
        page.goto(re.sub(r"/$", "", page.url.split("/", 3)[0] + "//" + page.url.split("/")[2]) + path)
        expect(page.get_by_test_id(ready)).to_be_visible()
        page.evaluate(AXE.read_text(encoding="utf-8"))
        faults += [(path, each["id"]) for each in page.evaluate("rules => axe.run(rules)", RULES)["violations"]]
        faults += [(path, each) for each in page.evaluate(_SMALL)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append((path, "wider than the screen"))

    assert faults == []


_NO_CALL = dict.fromkeys(("called_at", "received_at", "team_at", "seen_at", "seen_by", "seen_title", "over_at"))
_SERVED = "navigator.serviceWorker.controller !== null"
_SMALL = """() => [...document.querySelectorAll("main a, main button, header button, summary, label:has(input)")]
    .filter((each) => each.checkVisibility() && each.offsetHeight < 55.5).map((each) => each.innerText)"""
_KEPT = """() => new Promise((done) => {
    const asked = indexedDB.open("hemvakt-home", 1);
    asked.onsuccess = () => {
        const found = asked.result.transaction(["outbox", "kept"]);
        const counts = ["outbox", "kept"].map((name) => found.objectStore(name).count());
        found.oncomplete = () => { asked.result.close(); done(counts.map((each) => each.result)); };
    };
})"""


def _program() -> str:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or "chromium"
