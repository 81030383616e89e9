"""The board and its alert lane in a real browser, with every service behind it: what people do and are told."""

import json
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from paho.mqtt import publish
from playwright.sync_api import Error, Locator, Page, WebSocketRoute, expect

from tests.fix_axe import violations
from tests.fix_machine import PASSWORD, Machine
from ward.clock import SystemClock, to_us

pytestmark = pytest.mark.browser
LogIn = Callable[..., Page]

_UNITS = {"heart_rate": "/min", "resp_rate": "/min", "spo2": "%"}
_WELL = {"heart_rate": 72, "resp_rate": 15, "spo2": 97}


def _publish(machine: Machine, number: int, values: Mapping[str, int], ago: timedelta = timedelta(0)) -> None:
    """Let a patient's device publish what it has measured; returns when ingest has it."""
    at = to_us(SystemClock().now() - ago) // 1000
    device = f"hv-{number:04d}"
    readings = [
        {"kind": kind, "value": value, "unit": _UNITS[kind], "measured_at": at} for kind, value in values.items()
    ]
    publish.single(
        f"hemvakt/1/{device}/vitals", json.dumps(readings), qos=1, hostname="127.0.0.1", port=machine.mqtt_port,
        auth={"username": device, "password": f"demo-{device}"},
    )  # fmt: skip


def alarm(machine: Machine, number: int) -> str:
    """Let a patient's oxygen saturation be beyond the hard bound; return the alert's place on the page."""
    _publish(machine, number, {"spo2": 72})
    query = "select alert_id, stay_id from alert where rule = 'limit.spo2.low' and resolved_at is null"
    found = _until(lambda: {stay_id: alert_id for alert_id, stay_id in machine.ask(query)}.get(number))
    return f"alert-{found}"


def _until(ask: Callable[[], Any]) -> Any:
    """Ask the store until it has an answer."""
    deadline = time.monotonic() + 30
    while (found := ask()) is None:
        assert time.monotonic() < deadline, "no answer"
        time.sleep(0.05)
    return found


def _card(page: Page, alert: str) -> Locator:
    return page.get_by_test_id(alert)


def test_quiet_board_says_in_one_sentence_that_all_is_well(machine: Machine, log_in: LogIn) -> None:
    """A patient with fresh values and no alert is a calm sentence, with when the watch changes; so are no alerts."""
    _publish(machine, 7, _WELL)
    page = log_in(machine.url, "anna", PASSWORD)
    theirs = "select alert_id, rev from alert where resolved_at is null and (stay_id = 7 or priority = 3)"
    # Passes go on meanwhile: what one of them has just changed is refused, and asked for again.
    while rows := machine.ask(theirs):
        for alert_id, rev in rows:
            headers = {"If-Match": f'"{rev}"', "Origin": machine.url}
            page.request.post(
                f"{machine.url}/api/alerts/{alert_id}/resolve", data={"outcome": "technical"}, headers=headers
            )

    page.get_by_test_id("board-search").fill("Gunvor")

    expect(page.get_by_test_id("headline")).to_have_text(re.compile(r"1 patient,\s+alla färska,\s+inga larm"))
    expect(page.get_by_text("Nästa överlämning")).to_be_visible()
    expect(page.locator("#alerts")).to_contain_text("Inga larm")


def test_h24_alert_that_one_takes_is_hers_on_every_board(machine: Machine, log_in: LogIn) -> None:
    """Who takes an alert is named to everybody and nobody else is offered it; passed on, one is asked."""
    alert = alarm(machine, 1)
    nurse, doctor = log_in(machine.url, "anna", PASSWORD), log_in(machine.url, "omar", PASSWORD)
    expect(doctor.locator("#alerts")).to_contain_text(re.compile(r"larmas (nu|om (\d+\smin )?\d+\ss)"))

    nurse.get_by_test_id(f"{alert}-claim").click()
    expect(_card(doctor, alert)).to_contain_text("Anna Provsköterska har tagit larmet")
    expect(doctor.get_by_test_id(f"{alert}-claim")).to_have_count(0)

    nurse.get_by_test_id(f"{alert}-more").click()
    nurse.get_by_test_id(f"{alert}-pass").click()
    nurse.get_by_label("Vem?").select_option(label="Omar Exempeldoktor")
    nurse.get_by_test_id("act-send").click()
    doctor.get_by_test_id(f"{alert}-decline").click()
    expect(nurse.get_by_test_id(f"{alert}-ack")).to_be_visible()  # it rings again: they believed it was off their hands
    expect(_card(nurse, alert)).to_contain_text("Omar Exempeldoktor tog inte emot – larmet är kvar hos dig")


def test_h24_slower_of_two_is_told_who_was_faster(machine: Machine, log_in: LogIn) -> None:
    """One has seen it, and both take it before either page knows: one has it, and the other is told who."""
    alert = alarm(machine, 12)
    fast, slow = log_in(machine.url, "anna", PASSWORD), log_in(machine.url, "emily", PASSWORD)
    cut = _cut(slow)
    slow.reload()
    fast.get_by_test_id(f"{alert}-ack").click()
    expect(_card(slow, alert)).to_contain_text("Anna Provsköterska")
    expect(slow.get_by_test_id(f"{alert}-ack")).to_have_count(0)

    cut.append(True)  # what is told now comes too late to the one, as on a slow line
    fast.get_by_test_id(f"{alert}-claim").click()
    expect(_card(fast, alert)).to_contain_text("Du har tagit larmet")
    slow.get_by_test_id(f"{alert}-claim").click()

    expect(_card(slow, alert).get_by_role("alert")).to_have_text("Anna Provsköterska has it already.")
    expect(_card(slow, alert)).to_contain_text("Anna Provsköterska took it")
    expect(slow.get_by_test_id(f"{alert}-claim")).to_have_count(0)
    claimed = machine.ask("select 'alert-' || alert_id from alert_event where kind = 'claimed'")
    assert claimed.count((alert,)) == 1


def test_h09_pause_has_an_end_and_a_reason_that_everybody_sees(machine: Machine, log_in: LogIn) -> None:
    """A high alert is paused for 15 minutes at most, by keyboard alone; every board says for how long and why."""
    alert = alarm(machine, 2)
    nurse, doctor = log_in(machine.url, "anna", PASSWORD), log_in(machine.url, "emily", PASSWORD)

    for button in (f"{alert}-more", f"{alert}-pause"):
        nurse.get_by_test_id(button).focus()
        nurse.keyboard.press("Enter")
    dialog = nurse.get_by_test_id("act-dialog")
    expect(dialog.get_by_role("radio").first).to_be_focused()
    assert [each.input_value() for each in dialog.get_by_role("radio").all()] == ["5", "10", "15"]
    expect(dialog).to_contain_text(re.compile("Bertil Exempelberg.*9818"))  # who it is about, twice over
    nurse.keyboard.press("Space")
    nurse.keyboard.press("Tab")
    nurse.keyboard.type("Mäter om")
    nurse.keyboard.press("Enter")

    expect(_card(doctor, alert)).to_contain_text(
        re.compile(r"Paused for 4\smin \d+\ss more by Anna Provsköterska: Mäter om")
    )
    expect(_card(doctor, alert)).to_be_visible()


def test_h34_act_on_an_alert_that_has_changed_meanwhile_is_not_sent(machine: Machine, log_in: LogIn) -> None:
    """What changes while somebody writes is shown first, and what they wrote stays."""
    alert = alarm(machine, 4)
    nurse, doctor = log_in(machine.url, "anna", PASSWORD), log_in(machine.url, "omar", PASSWORD)
    nurse.get_by_test_id(f"{alert}-more").click()
    nurse.get_by_test_id(f"{alert}-close").click()
    nurse.get_by_test_id("outcome-false_alarm").check()
    nurse.get_by_label("Anteckning").fill("Kall hand")

    doctor.get_by_test_id(f"{alert}-ack").click()
    expect(nurse.get_by_test_id("act-read")).to_be_visible()
    expect(nurse.get_by_test_id("act-send")).to_be_disabled()
    nurse.get_by_test_id("act-read").click()
    expect(nurse.get_by_label("Anteckning")).to_have_value("Kall hand")
    nurse.get_by_test_id("act-send").click()
    expect(_card(doctor, alert)).to_have_count(0)


def test_act_is_taken_back_while_its_seconds_run(machine: Machine, log_in: LogIn) -> None:
    """Whoever took an alert by mistake lets it go again by one button that counts down, and then it is nobody's."""
    alert = alarm(machine, 11)
    page = log_in(machine.url, "anna", PASSWORD)
    undone = "select 'alert-' || alert_id from alert_event where kind = 'undone'"
    for _try in range(5):  # ten seconds are short on a slow machine
        page.get_by_test_id(f"{alert}-claim").click()
        with suppress(Error), page.expect_response(re.compile("/undo$")):
            page.get_by_test_id(f"{alert}-undo").click(timeout=9_000)
        if (alert,) in machine.ask(undone):
            break
        page.get_by_test_id(f"{alert}-more").click()
        page.get_by_test_id(f"{alert}-release").click()

    assert (alert,) in machine.ask(undone)
    expect(page.get_by_test_id(f"{alert}-claim")).to_be_visible()


def test_h02_value_that_comes_late_is_not_shown_as_fresh(machine: Machine, log_in: LogIn) -> None:
    """A value measured three hours ago and received now is struck, with its time; its place is empty, never zero."""
    page = log_in(machine.url, "anna", PASSWORD)

    _publish(machine, 8, {"heart_rate": 61}, timedelta(hours=3))

    value = page.get_by_test_id("tile-8-heart_rate")
    expect(value).to_have_attribute("data-freshness", "stale")
    expect(value).to_contain_text(re.compile(r"– –.*senast\s+61 \d\d:\d\d"))


def test_h12_wider_limit_is_seen_on_the_board_with_its_end(machine: Machine, log_in: LogIn) -> None:
    """Whose limits are widened for some hours says so on boards that are open, about what and until when."""
    page = log_in(machine.url, "anna", PASSWORD)
    told, path = page.get_by_test_id("tile-5-eased"), f"{machine.url}/api/patients/5/plan"
    expect(told).to_have_count(0)

    until = (SystemClock().now() + timedelta(hours=4)).isoformat()
    change = {"overlay": {"limits": {"spo2": {"warn_low": 90}}}, "reason": "Efter ingreppet", "until": until}
    headers = {"If-Match": page.request.get(path).headers["etag"], "Origin": machine.url}
    assert page.request.put(path, data=change, headers=headers).ok

    expect(told).to_have_attribute("title", re.compile(r"^Vidare gränser än teamets: Syremättnad, till .*\d\d:\d\d$"))
    expect(told).to_contain_text(re.compile(r"till \d\d:\d\d$"))
    expect(told).to_have_attribute("title", re.compile("Vidare gränser än teamets: Syremättnad, till"))
    expect(page.get_by_test_id("tile-5-spo2").get_by_title("Vidare gränser än teamets")).to_be_attached()


def test_h14_partial_score_is_an_interval_and_says_what_would_settle_it(machine: Machine, log_in: LogIn) -> None:
    """With three of seven parts NEWS2 is an interval, and opened it names each part that is missing."""
    _publish(machine, 9, _WELL)
    page = log_in(machine.url, "anna", PASSWORD)
    expect(page.get_by_test_id("news2-9")).to_contain_text(re.compile(r"0–\d+"))

    page.get_by_test_id("news2-9").click()

    expect(page.get_by_test_id("score-dialog")).to_contain_text("avgör")
    expect(page.get_by_test_id("score-dialog").get_by_text("saknas")).to_have_count(4)


def test_h30_screen_without_sound_says_so_and_counts_as_nobody(machine: Machine, log_in: LogIn) -> None:
    """Until its sound is tested a screen says that it is silent, and the server knows no screen that listens."""
    mine = "select count(*) from listener join staff using (staff_id) where name like 'Emily%'"
    page = log_in(machine.url, "emily", PASSWORD)
    expect(page.get_by_text("The sound is off until you test it.")).to_be_visible()
    assert machine.ask(mine)[0][0] == 0

    page.get_by_test_id("sound-test").click()

    expect(page.get_by_test_id("sound-on")).to_be_visible()
    assert _until(lambda: machine.ask(mine)[0][0] or None) == 1


_LISTENS = """
    const [Heard, Told] = [AudioContext, Notification];
    window.told = [];
    window.AudioContext = class extends Heard { constructor() { super(); window.heard = this; } };
    window.Notification = class extends Told { constructor(name, more) { super(name, more); window.told.push(more); } };
"""


def test_h30_alarm_is_seen_and_heard_by_four_ways_at_once(machine: Machine, log_in: LogIn) -> None:
    """A high alert is in the tab's title, its icon, a notification without names, and heard; if blocked, it says so."""
    page = log_in(machine.url, "omar", PASSWORD)
    page.context.grant_permissions(["notifications"])
    page.add_init_script(_LISTENS)
    page.reload()
    page.get_by_test_id("sound-test").click()
    expect(page.get_by_test_id("sound-test")).to_have_count(0)

    alarm(machine, 3)

    expect(page).to_have_title(re.compile(r"^\(\d+\) \*\*\* Hemvakt$"))
    expect(page.locator("#favicon")).to_have_attribute("href", re.compile("^data:image/png"))
    page.wait_for_function("told.length > 0")
    assert {each["body"] for each in page.evaluate("told")} == {"Larm, hög prioritet. Öppna Hemvakt."}
    assert page.evaluate("heard.state") == "running"

    page.evaluate("heard.suspend()")
    expect(page.get_by_text("LJUDET ÄR BLOCKERAT")).to_be_visible()
    page.get_by_test_id("sound-test").click()
    expect(page.get_by_text("LJUDET ÄR BLOCKERAT")).to_have_count(0)


def test_h03_dead_wall_loads_itself_anew(machine: Machine, log_in: LogIn) -> None:
    """A screen on a wall that hears nothing for a minute, while the server answers, starts from the beginning."""
    page = log_in(machine.url, "anna", PASSWORD)
    page.clock.install()
    cut = _cut(page)
    page.goto(f"{machine.url}/?wall")
    expect(page.get_by_test_id("tile-1")).to_be_visible()
    anew: list[Page] = []
    page.on("load", lambda loaded: anew.append(loaded))  # noqa: PLW0108 - it marks what it is given

    cut.append(True)
    deadline = time.monotonic() + 60
    while not anew:
        assert time.monotonic() < deadline, "still the old page"
        with suppress(Error):  # the page goes while its clock is turned
            page.clock.run_for(5_000)

    cut.clear()
    page.clock.run_for(12_000)
    expect(page.get_by_test_id("tile-1")).to_be_visible()
    expect(page.get_by_test_id("board")).not_to_have_class(re.compile("dead"))


def test_h03_dead_screen_is_hatched_and_one_that_has_slept_shows_nothing_old(machine: Machine, log_in: LogIn) -> None:
    """Without contact the whole board is hatched and the tab says so; after sleep nothing is shown before it is new."""
    page = log_in(machine.url, "anna", PASSWORD)
    page.clock.install()
    cut = _cut(page)
    page.reload()
    expect(page.get_by_test_id("tile-1")).to_be_visible()

    cut.append(True)
    for _second in range(18):
        page.clock.run_for(1000)
    expect(page.get_by_test_id("board")).to_have_class(re.compile("dead"))
    expect(page).to_have_title(re.compile("FRÅNKOPPLAD"))

    page.clock.fast_forward(60_000)
    expect(page.get_by_text("Skärmen har sovit")).to_be_visible()
    expect(page.get_by_test_id("tile-1")).not_to_be_visible()

    cut.clear()
    page.clock.run_for(12_000)
    expect(page.get_by_test_id("tile-1")).to_be_visible()
    expect(page.get_by_test_id("board")).not_to_have_class(re.compile("dead"))


def _cut(page: Page) -> list[bool]:
    """Stand between the page and the live stream; while the list holds something, nothing comes through."""
    cut: list[bool] = []

    def stand(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda text: None if cut else socket.send(text))

    page.route_web_socket("**/api/live*", stand)
    return cut


def test_colleague_who_looks_at_a_patient_is_named_there(machine: Machine, log_in: LogIn) -> None:
    """Whose page a colleague has open is said on the board; how somebody set their board up is kept."""
    nurse, doctor = log_in(machine.url, "anna", PASSWORD), log_in(machine.url, "omar", PASSWORD)
    nurse.get_by_test_id("shape-tiles").click()

    doctor.get_by_test_id("tile-5").get_by_role("link").click()

    expect(nurse.get_by_test_id("viewers")).to_contain_text("Omar Exempeldoktor")
    expect(nurse.get_by_test_id("tile-5")).to_contain_text("Omar")
    nurse.reload()
    expect(nurse.get_by_test_id("shape-tiles")).to_have_attribute("aria-pressed", "true")


def test_wall_shows_initials_and_nothing_to_press(machine: Machine, log_in: LogIn) -> None:
    """A screen on a wall names nobody and offers no act."""
    alert = alarm(machine, 10)
    page = log_in(machine.url, "anna", PASSWORD)

    page.goto(f"{machine.url}/?wall")

    expect(_card(page, alert)).to_contain_text("J.T.")
    assert "Tänktman" not in page.locator("main").inner_text()
    expect(page.locator("main").get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_h31_board_is_whole_without_colour_or_mouse(machine: Machine, log_in: LogIn, scheme: str) -> None:
    """axe-core finds nothing wrong with rows, tiles, a dialog, a telephone, a wall and no such page, light and dark."""
    alert = alarm(machine, 6)
    page = log_in(machine.url, "anna", PASSWORD)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    expect(page.get_by_test_id("headline")).to_be_visible()
    found = {"rows": violations(page)}
    page.get_by_test_id("shape-tiles").click()
    page.get_by_test_id(f"{alert}-more").click()
    _card(page, alert).get_by_text("Varför, och vad gäller här").click()
    expect(_card(page, alert)).to_contain_text("Vad som har hänt")
    found["tiles"] = violations(page)
    page.get_by_test_id(f"{alert}-close").click()
    found["dialog"] = violations(page)
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 360, "height": 740})
    found["telephone"] = violations(page)
    page.goto(f"{machine.url}/?wall")
    expect(_card(page, alert)).to_be_visible()
    found["wall"] = violations(page)
    page.goto(f"{machine.url}/nowhere")
    expect(page.get_by_role("heading", level=1)).to_have_text("Den sidan finns inte")
    found["no such page"] = violations(page)

    wrong = {place: each for place, each in found.items() if each}
    assert wrong == {}, wrong
