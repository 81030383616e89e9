"""The main job, end to end: from a device's recording to an alert that two people see, one acknowledges, both know."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt import publish
from playwright.sync_api import Page, expect

from onebox.environment import PROJECT
from tests.browser.test_log_in_page import in_a_thread
from tests.fix_api import serving
from tests.fix_machine import PASSWORD, Machine
from ward.clock import SystemClock

pytestmark = pytest.mark.browser

# A recording in the form of the BIDMC numerics: stable, then the oxygen saturation falls below every limit.
_STABLE_S, _FALLING_S = 20, 40


def _recording(path: Path) -> Path:
    lines = ["Time [s], HR, PULSE, RESP, SpO2"]
    for second in range(_STABLE_S + _FALLING_S):
        spo2 = 96 if second < _STABLE_S else max(78, 96 - (second - _STABLE_S))
        lines.append(f"{second},{82 + second // 4},{82 + second // 4},{17 + second // 15},{spo2}")
    path.write_text("\n".join(lines) + "\n")
    return path


def _replay(machine: Machine, recording: Path, device_id: str) -> None:
    """Publish the recording as that device, ten times as fast as it was made."""
    subprocess.run(
        [sys.executable, str(PROJECT / "hemvakt.py"), "simulate", "--replay", str(recording), "--device", device_id,
         "--speed", "10", "--mqtt-port", str(machine.mqtt_port)],
        check=True, cwd=PROJECT, capture_output=True, timeout=90,
    )  # fmt: skip


def _acknowledge(page: Page, alert: str, who: str) -> None:
    """Acknowledge; an alert that was told anew just before the click is read and acknowledged again, as one would."""
    changed = "Larmet har ändrats"
    card, seen = page.get_by_test_id(alert), page.get_by_test_id(f"{alert}-ack")
    seen.click()
    expect(card).to_contain_text(re.compile(f"{who}|{changed}"))
    while changed in card.inner_text():
        seen.click()
        expect(card).to_contain_text(re.compile(f"{who}|{changed}"))


def test_deterioration_is_seen_acknowledged_and_seen_by_the_other(
    machine: Machine, log_in: Callable[..., Page], tmp_path: Path
) -> None:
    """A replayed deterioration reaches two boards; one nurse acknowledges, and the doctor sees who it was."""
    nurse = log_in(machine.url, "anna", PASSWORD)
    doctor = log_in(machine.url, "omar", PASSWORD, width=390, height=844)

    _replay(machine, _recording(tmp_path / "recording_Numerics.csv"), "hv-0003")

    for page in (nurse, doctor):
        expect(page.get_by_test_id("tile-3-spo2")).to_contain_text("78")
    # A reading may be shown before it has been judged.
    expect(nurse.locator("article[data-testid^='alert-']").filter(has_text="Syremättnad 78 %").first).to_be_visible()
    found = machine.ask("select alert_id from alert where stay_id = 3 and rule = 'limit.spo2.low'")
    alert = f"alert-{found[0][0]}"
    for page in (nurse, doctor):
        expect(page.get_by_test_id(alert)).to_contain_text("Syremättnad 78 %")

    _acknowledge(nurse, alert, "Anna Provsköterska")

    for page in (nurse, doctor):
        expect(page.get_by_test_id(alert)).to_contain_text("Anna Provsköterska")
    state = machine.ask("select state, rev from alert where stay_id = 3 and rule = 'limit.spo2.low'")
    assert state[0][0] == "acknowledged"


def test_h03_board_without_contact_says_so(machine: Machine, log_in: Callable[..., Page]) -> None:
    """A board whose connection is cut says since when, and comes back by itself."""
    page = log_in(machine.url, "anna", PASSWORD)
    expect(page.get_by_test_id("connection")).to_contain_text(re.compile("live", re.IGNORECASE))

    machine.child("api").kill()
    expect(page.get_by_test_id("connection")).to_contain_text(re.compile("frånkopplad", re.IGNORECASE))

    back = re.compile("live", re.IGNORECASE)  # when the api has been started again, and the page has tried again
    expect(page.get_by_test_id("connection")).to_contain_text(back, timeout=120_000)


def test_patient_page_shows_the_history(machine: Machine, log_in: Callable[..., Page], tmp_path: Path) -> None:
    """The patient's page opens from the board and shows charts of what was measured, in English when asked."""
    page = log_in(machine.url, "emily", PASSWORD)
    _replay(machine, _recording(tmp_path / "recording_Numerics.csv"), "hv-0009")

    page.goto(f"{machine.url}/patient/9")

    expect(page.get_by_test_id("patient-page")).to_contain_text("Ingrid")
    expect(page.get_by_test_id("chart-spo2")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_wrong_password_is_refused_in_words(machine: Machine, log_in: Callable[..., Page]) -> None:
    """A wrong password leaves one on the log-in page, with a sentence that helps."""
    page = log_in(machine.url, "anna", PASSWORD)
    page.context.clear_cookies()
    page.goto(machine.url)

    page.get_by_test_id("login-username").fill("anna")
    page.get_by_test_id("login-password").fill("not the password")
    page.get_by_test_id("login-submit").click()

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_test_id("board")).to_have_count(0)


def _command(database_url: str, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, str(PROJECT / "hemvakt.py"), *arguments], check=True, capture_output=True, timeout=120,
        env={**os.environ, "HEMVAKT_DATABASE_URL": database_url},  # noqa: TID251 - handed on
    )  # fmt: skip


def _alarm(machine: Machine, page: Page, number: int) -> int:
    """Let a patient's oxygen saturation be beyond every bound; return the alert that the board shows."""
    device, at = f"hv-{number:04d}", SystemClock().now().isoformat()
    publish.single(
        f"hemvakt/1/{device}/vitals", json.dumps({"kind": "spo2", "value": 71, "measured_at": at}), qos=1,
        hostname="127.0.0.1", port=machine.mqtt_port, auth={"username": device, "password": f"demo-{device}"},
    )  # fmt: skip
    expect(page.get_by_test_id(f"tile-{number}").locator(".says")).to_contain_text("Syremättnad 71")
    alerts = machine.ask("select stay_id, alert_id from alert where rule = 'limit.spo2.low' and resolved_at is null")
    return int(dict(alerts)[number])


def _shown(page: Page, url: str, taken: int, waiting: int) -> dict[str, Any]:
    """Return what the board shows of patients and of two alerts, and what the api says of every open one."""
    cards = [page.get_by_test_id(f"alert-{each}") for each in (taken, waiting)]
    expect(cards[0]).to_contain_text("Du har tagit larmet")
    expect(cards[1]).to_contain_text(re.compile(r"larmas (nu|om (\d+\smin )?\d+\ss)"))
    alerts = page.request.get(f"{url}/api/alerts?limit=100").json()["items"]
    ahead = page.request.get(f"{url}/api/escalations").json()["items"]
    return {
        "patients": sorted(page.locator("article.row .identity h3").all_inner_texts()),
        "cards": [(card.get_attribute("aria-label"), card.locator("p.text").inner_text()) for card in cards],
        "owner": cards[0].locator(".has").first.inner_text(),
        "alerts": {each["alert_id"]: {**each, "undo": None} for each in alerts},
        "next": {each["alert_id"]: each["next"] for each in ahead},
    }


def test_h21_restored_backup_opens_the_same_board(
    machine: Machine, log_in: Callable[..., Page], tmp_path: Path
) -> None:
    """A backup in a store of its own, behind another api, opens the same patients, alerts, owners and next steps."""
    page = log_in(machine.url, "anna", PASSWORD)
    taken, waiting = (_alarm(machine, page, number) for number in (5, 6))
    page.get_by_test_id(f"alert-{taken}-claim").click()
    # Before alerting stands still: what it holds in the middle of a pass, nobody can take.
    expect(page.get_by_test_id(f"alert-{taken}")).to_contain_text("Du har tagit larmet")
    file, elsewhere = tmp_path / "ward.dump", f"{machine.database_url.rpartition('/')[0]}/hemvakt_elsewhere"
    alerting = machine.child("alerting")
    alerting.suspend()  # so that both boards are of one moment
    try:
        before = _shown(page, machine.url, taken, waiting)
        _command(machine.database_url, "backup", str(file))
    finally:
        alerting.resume()
    _command(machine.database_url, "restore", str(file), "--into", "hemvakt_elsewhere")

    with in_a_thread(lambda: serving(elsewhere)) as url:
        restored = _shown(log_in(url, "anna", PASSWORD), url, taken, waiting)

    assert len(before["patients"]) == 12
    assert before["next"][waiting]["to"]
    assert restored == before
