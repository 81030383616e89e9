"""The link that a push, a text message or a mail carries, in a real browser with every service behind it."""

import json
import re
from collections.abc import Callable

import pytest
from paho.mqtt import publish
from playwright.sync_api import Page, expect

from tests.fix_machine import PASSWORD, Machine
from ward.clock import SystemClock, to_us

pytestmark = pytest.mark.browser


def test_h04_message_on_a_telephone_leads_to_its_alert(machine: Machine, log_in: Callable[..., Page]) -> None:
    """It opens the alert of its patient, whom it does not name, and Back opens the board."""
    page = log_in(machine.url, "anna", PASSWORD)
    reading = {"kind": "spo2", "value": 72, "unit": "%", "measured_at": to_us(SystemClock().now()) // 1000}
    publish.single(
        "hemvakt/1/hv-0002/vitals", json.dumps(reading), qos=1, hostname="127.0.0.1", port=machine.mqtt_port,
        auth={"username": "hv-0002", "password": "demo-hv-0002"},
    )  # fmt: skip
    card = page.locator("article[data-testid^='alert-']").filter(has_text=re.compile(r"72\s%")).first
    alert = (card.get_attribute("data-testid") or "").removeprefix("alert-")

    page.goto(f"{machine.url}/?alert={alert}")
    expect(page).to_have_url(re.compile(rf"/patient/2/alerts\?alert={alert}$"))
    expect(page.get_by_test_id(f"alert-{alert}")).to_be_visible()

    page.go_back()
    expect(page.get_by_test_id("headline")).to_be_visible()
    expect(page).to_have_url(f"{machine.url}/")
