"""The patient's page with real services behind it: each of its flows once."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import cbor2
import numpy as np
import pytest
from paho.mqtt import publish
from playwright.sync_api import Browser, Page, Route, expect

from onebox.environment import PROJECT
from tests.fix_axe import violations
from tests.fix_machine import PASSWORD, Machine
from ward.clock import SystemClock, to_us

pytestmark = pytest.mark.browser
AXE = PROJECT / "web" / "node_modules" / "axe-core" / "axe.min.js"
PARTS = ("", "/charts", "/waves", "/alerts", "/timeline", "/effect", "/plan", "/devices", "/duty", "/access")
WIDTH = 1440
_ECG_HZ = 250
# Whether what is drawn on the first strip is bright, as on a dark ground.
_INK = """(dark) => {
  const strip = document.querySelector("[data-testid=wave-ecg-II] canvas");
  const { data } = strip.getContext("2d").getImageData(0, 0, strip.width, strip.height);
  let [sum, seen] = [0, 0];
  for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 200) { sum += data[at]; seen += 1; }
  return seen > 0 && (sum / seen > 128) === dark;
}"""


@pytest.fixture(scope="module")
def nurse(machine: Machine, browser: Browser) -> Iterator[Page]:
    """Anna, logged in once for all of these tests, at the size of a desk."""
    context = browser.new_context(viewport={"width": WIDTH, "height": 900}, locale="sv-SE")
    answer = context.request.post(
        f"{machine.url}/api/session", data={"username": "anna", "password": PASSWORD, "shared": False}
    )
    assert answer.ok
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


def _send_ecg(machine: Machine, began: datetime) -> None:
    """Let the device of patient 3 send twenty seconds of an ECG; returns when ingest has them."""
    t_s = np.arange(20 * _ECG_HZ) / _ECG_HZ
    beats = np.exp(-(((t_s % 0.8) - 0.4) ** 2) / (2 * 0.015**2))
    block = {
        "kind": "ecg", "lead": "II", "measured_at": to_us(began) // 1000, "fs_hz": _ECG_HZ, "unit": "mV",
        "scale": 0.005, "offset": 0, "samples": (200 * beats).astype("<i2").tobytes(),
    }  # fmt: skip
    publish.single(
        "hemvakt/1/hv-0003/waveform", cbor2.dumps(block), qos=1, hostname="127.0.0.1", port=machine.mqtt_port,
        auth={"username": "hv-0003", "password": "demo-hv-0003"},
    )  # fmt: skip


def _send_temperature(machine: Machine, at: datetime) -> None:
    """Let the device of patient 3 measure once; returns when ingest has it."""
    reading = {"kind": "temperature", "value": 37.4, "unit": "Cel", "measured_at": at.isoformat()}
    publish.single(
        "hemvakt/1/hv-0003/vitals", json.dumps(reading), qos=1, hostname="127.0.0.1", port=machine.mqtt_port,
        auth={"username": "hv-0003", "password": "demo-hv-0003"},
    )  # fmt: skip


def _open(page: Page, machine: Machine, part: str = "") -> None:
    page.goto(f"{machine.url}/patient/3{part}")
    expect(page.get_by_test_id("identity")).to_be_visible()


def test_h06_every_part_has_an_address_and_two_identifiers(machine: Machine, nurse: Page) -> None:
    """Name and personal number are in sight on every part, scrolled down too, and no part has axe faults."""
    _open(nurse, machine)
    for part in PARTS:
        nurse.get_by_test_id(f"to-{part[1:] or 'overview'}").click()
        expect(nurse).to_have_url(f"{machine.url}/patient/3{part}")
        expect(nurse.locator(".body h2").first).to_be_attached()
        nurse.mouse.wheel(0, 3000)
        expect(nurse.get_by_test_id("identity")).to_be_in_viewport()
        expect(nurse.get_by_test_id("identity")).to_contain_text(
            re.compile(r"Cecilia Påhittsdotter.*19510623-9808", re.DOTALL)
        )
        nurse.evaluate(AXE.read_text())
        faults = nurse.evaluate("axe.run(document).then((found) => found.violations.map((each) => each.id))")
        assert faults == [], part


def test_charts_share_a_time_axis_that_keys_move(machine: Machine, nurse: Page) -> None:
    """The arrows move the axis while the bar has the focus, 0 leads back to now, and a drag over a chart zooms all."""
    _open(nurse, machine, "/charts")
    nurse.get_by_test_id("span-4h").click()
    expect(nurse.get_by_test_id("now")).to_have_attribute("aria-pressed", "true")
    nurse.keyboard.press("ArrowLeft")
    expect(nurse.get_by_test_id("now")).to_have_attribute("aria-pressed", "false")
    nurse.keyboard.press("0")
    expect(nurse.get_by_test_id("now")).to_have_attribute("aria-pressed", "true")

    box = nurse.get_by_test_id("chart-spo2").locator(".u-over").bounding_box()
    assert box is not None
    nurse.mouse.move(box["x"] + 100, box["y"] + 40)
    nurse.mouse.down()
    nurse.mouse.move(box["x"] + 300, box["y"] + 40, steps=4)
    nurse.mouse.up()

    expect(nurse.get_by_test_id("span-4h")).to_have_attribute("aria-pressed", "false")
    expect(nurse.get_by_test_id("now")).to_have_attribute("aria-pressed", "false")


_ON_PAPER = """addEventListener("beforeprint", () => {
  window.drawn = [...document.querySelectorAll(".u-wrap")].map((each) => parseFloat(each.style.width));
})"""


def test_h02_charts_on_paper_reach_to_now(machine: Machine, nurse: Page) -> None:
    """What is printed is drawn for the paper: no chart is cut where its newest values are."""
    _open(nurse, machine)
    expect(nurse.locator(".u-wrap").first).to_be_attached()
    nurse.evaluate(_ON_PAPER)
    width = "[...document.querySelectorAll('.u-wrap')].map((each) => parseFloat(each.style.width))"
    before = nurse.evaluate(width)
    nurse.pdf(format="A4")

    paper = (210 - 2 * 14) / 25.4 * 96
    assert min(before) > paper
    assert all(each <= paper for each in nurse.evaluate("drawn"))
    nurse.wait_for_function(f"before => JSON.stringify({width}) === JSON.stringify(before)", arg=before)


def test_h02_ecg_says_how_old_it_is_and_leads_to_the_newest(machine: Machine, nurse: Page) -> None:
    """What is sent while one looks at a curve is found by the page itself, and one press away; the dark is followed."""
    began = SystemClock().now() - timedelta(minutes=5)
    _send_ecg(machine, began)
    _open(nurse, machine, "/waves")
    strip, latest = nurse.get_by_test_id("wave-ecg-II"), nurse.get_by_test_id("wave-latest")
    expect(strip).to_be_visible()
    expect(latest).to_be_disabled()
    expect(nurse.get_by_test_id("wave-age")).to_have_text(re.compile(r"^för \d+ (s|min) sedan$"))
    before = nurse.get_by_test_id("wave-time").inner_text()

    _send_ecg(machine, began + timedelta(minutes=2))
    expect(latest).to_be_enabled()
    assert nurse.get_by_test_id("wave-time").inner_text() == before
    latest.click()
    expect(nurse.get_by_test_id("wave-time")).not_to_have_text(before)

    for dark in (True, False):
        nurse.emulate_media(color_scheme="dark" if dark else "light")
        nurse.wait_for_function(_INK, arg=dark)


def test_note_that_could_not_be_saved_is_kept(machine: Machine, nurse: Page) -> None:
    """A failed save says so and keeps what was written, wherever one goes; the next try writes it once."""
    _open(nurse, machine, "/timeline")

    def refuse(route: Route) -> None:
        if route.request.method == "POST":
            route.abort()
        else:
            route.continue_()

    nurse.route("**/api/patients/3/events", refuse)
    nurse.get_by_test_id("words").fill("Sitter uppe i fåtöljen.")
    nurse.get_by_test_id("save-words").click()
    expect(nurse.get_by_role("alert")).to_contain_text("Sparades INTE")
    nurse.get_by_test_id("to-plan").click()
    nurse.get_by_test_id("to-timeline").click()
    expect(nurse.get_by_test_id("words")).to_have_value("Sitter uppe i fåtöljen.")
    nurse.unroute("**/api/patients/3/events")
    nurse.get_by_test_id("save-words").click()

    expect(nurse.locator("article.note").first).to_contain_text("Sitter uppe i fåtöljen.")
    expect(nurse.get_by_test_id("words")).to_have_value("")
    assert machine.ask("select count(*) from care_event where stay_id = 3 and words like 'Sitter uppe%'") == [(1,)]


def test_h07_reading_in_another_unit_is_asked_about_and_shown_before_it_is_sent(machine: Machine, nurse: Page) -> None:
    """98.6 is no temperature in Celsius: the unit is asked for, and what will be kept is shown beside whose it is."""
    _open(nurse, machine, "/timeline")
    nurse.get_by_test_id("write-readings").click()
    nurse.get_by_test_id("reading-temperature").fill("98,6")
    expect(nurse.get_by_test_id("check-readings")).to_be_disabled()
    nurse.get_by_role("button", name="Är det °F?").click()
    nurse.get_by_test_id("check-readings").click()
    expect(nurse.get_by_test_id("reading-check")).to_contain_text("Cecilia Påhittsdotter")
    expect(nurse.get_by_test_id("reading-check")).to_contain_text("37,0 °C")
    nurse.get_by_test_id("send-readings").click()

    expect(nurse.locator("article.readings").first).to_contain_text("37,0 °C")
    kept = machine.ask(
        "select round(value::numeric, 1)::text from reading where stay_id = 3 and kind = 4"
        " order by received_at desc limit 1"
    )
    assert kept == [("37.0",)]


def test_medication_change_leads_to_its_effect_and_a_report(machine: Machine, nurse: Page) -> None:
    """A change of medication is followed: what can be said is said, and the report goes to who prescribed it."""
    _open(nurse, machine, "/timeline")
    nurse.get_by_test_id("write-medication").click()
    nurse.get_by_label("Läkemedel", exact=True).fill("Furosemid")
    nurse.get_by_label("Ordinerat av").select_option(label="Omar Exempeldoktor")
    nurse.get_by_test_id("save-medication").click()
    expect(nurse.locator("article.medication").first).to_contain_text("Furosemid")
    nurse.get_by_test_id("to-effect").click()
    nurse.get_by_test_id("send-report").click()

    expect(nurse.get_by_test_id("effect")).to_contain_text("Till Omar Exempeldoktor")
    expect(nurse.get_by_test_id("effect")).to_contain_text("Inte sedd än")


def test_next_step_is_not_written_over_somebody_else_s(machine: Machine, nurse: Page) -> None:
    """A step that was written meanwhile is shown, what one wrote is kept, and the second save is a decision."""
    _open(nurse, machine, "/plan")
    rev = nurse.request.get(f"{machine.url}/api/patients/3/next-step").json()["rev"]
    nurse.get_by_test_id("edit-next").click()
    nurse.get_by_test_id("next-what").fill("Hembesök i morgon")
    other = nurse.request.put(
        f"{machine.url}/api/patients/3/next-step", data={"what": "Ring dottern"},
        headers={"If-Match": f'"{rev}"', "Origin": machine.url},
    )  # fmt: skip
    assert other.ok, other.text()
    nurse.get_by_test_id("save-next").click()
    expect(nurse.get_by_test_id("next-step")).to_have_text("Ring dottern")
    expect(nurse.get_by_test_id("next-what")).to_have_value("Hembesök i morgon")
    nurse.get_by_test_id("save-next").click()

    expect(nurse.get_by_test_id("next-step")).to_have_text("Hembesök i morgon")


def test_h06_device_is_bound_only_when_the_patient_was_told_apart(machine: Machine, nurse: Page) -> None:
    """Ending a binding and making it anew: a wrong date of birth binds nothing, the right one does."""
    _open(nurse, machine, "/devices")
    nurse.get_by_test_id("end-hv-0003").click()
    nurse.get_by_label("Varför?").fill("Byte av väska")
    nurse.get_by_test_id("end-binding").click()
    expect(nurse.get_by_text("Ingen enhet är kopplad")).to_be_visible()
    nurse.get_by_test_id("bind-device").fill("hv-0003")
    nurse.get_by_test_id("propose").click()
    nurse.get_by_test_id("bind-said").fill("1940-01-01")
    nurse.get_by_test_id("confirm").click()
    expect(nurse.get_by_role("alert")).to_be_visible()
    assert machine.ask("select count(*) from binding where stay_id = 3 and upper_inf(period)") == [(0,)]
    nurse.get_by_test_id("bind-said").fill("1951-06-23")
    nurse.get_by_test_id("confirm").click()

    expect(nurse.get_by_text("hv-0003 är kopplad.")).to_be_visible()


def test_ambulance_link_is_shown_once_and_taken_back(machine: Machine, nurse: Page) -> None:
    """The link opens a card without a log-in, and in no address that is sent, until it is revoked."""
    _send_temperature(machine, SystemClock().now())
    _open(nurse, machine, "/access")
    nurse.get_by_test_id("card-reason").fill("Ambulans på väg")
    nurse.get_by_test_id("make-card").click()
    address = nurse.get_by_test_id("card-link").get_by_role("link").inner_text()
    crew = nurse.context.browser.new_context().new_page()  # type: ignore[union-attr]  # it has one
    asked: list[str] = []
    crew.on("request", lambda request: asked.append(request.url.partition("#")[0]))
    crew.goto(address)
    expect(crew.get_by_role("heading", level=1)).to_have_text("Cecilia Påhittsdotter")
    assert crew.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(251, 250, 247)"
    crew.set_viewport_size({"width": 360, "height": 740})
    assert crew.evaluate("document.documentElement.scrollWidth <= 360")
    assert crew.evaluate("document.querySelector('tbody th').clientWidth") > 200  # no word is broken
    assert violations(crew) == []
    nurse.get_by_role("button", name="Återkalla").click()

    expect(nurse.get_by_test_id("card-link")).to_have_count(0)
    crew.reload()
    expect(crew.locator("#over")).to_be_visible()
    assert not [each for each in asked if address.rpartition("#")[2] in each]


def test_patient_of_others_is_opened_in_an_emergency_and_says_so(
    machine: Machine, nurse: Page, log_in: Callable[..., Page]
) -> None:
    """Who has nothing to do with a patient opens them by number; a banner says so on every part, until the end."""
    _open(nurse, machine)
    petra = log_in(machine.url, "petra", PASSWORD)
    petra.goto(f"{machine.url}/patient/3")
    petra.get_by_label("Personnummer").fill("19510623-9808")
    petra.get_by_test_id("emergency-reason").fill("Medvetslös hemma")
    petra.get_by_test_id("open-emergency").click()
    expect(petra.get_by_test_id("emergency")).to_contain_text("Medvetslös hemma")
    petra.get_by_test_id("to-charts").click()
    expect(petra.get_by_test_id("emergency")).to_be_visible()
    petra.get_by_test_id("end-emergency").click()

    expect(petra.get_by_test_id("open-emergency")).to_be_visible()
