"""The main job, end to end: from a device's recording to an alert that two people see, one acknowledges, both know."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from onebox.environment import PROJECT
from tests.fix_machine import PASSWORD, Machine

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


def test_deterioration_is_seen_acknowledged_and_seen_by_the_other(
    machine: Machine, log_in: Callable[..., Page], tmp_path: Path
) -> None:
    """A replayed deterioration reaches two boards; one nurse acknowledges, and the doctor sees who it was."""
    nurse = log_in(machine.url, "anna", PASSWORD)
    doctor = log_in(machine.url, "omar", PASSWORD, width=390, height=844)

    _replay(machine, _recording(tmp_path / "recording_Numerics.csv"), "hv-0003")

    for page in (nurse, doctor):
        expect(page.get_by_test_id("tile-3-spo2")).to_contain_text("78")
    found = machine.ask("select alert_id from alert where stay_id = 3 and rule = 'limit.spo2.low'")
    alert = f"alert-{found[0][0]}"
    for page in (nurse, doctor):
        expect(page.get_by_test_id(alert)).to_contain_text("Syremättnad 7")

    nurse.get_by_test_id(f"{alert}-ack").click()

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

    expect(page.get_by_test_id("connection")).to_contain_text(re.compile("live", re.IGNORECASE))


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
