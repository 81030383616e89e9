"""The board's list when its order changes under somebody who has scrolled: no row is missing, none lies on another."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.fix_machine import PASSWORD, Machine

pytestmark = pytest.mark.browser

# Every frame until nothing glides any more: how far each row begins below the one above it, where it is not at once.
_FRAMES = """(id) => new Promise((done) => {
  const holes = [];
  const tops = () => [...document.querySelectorAll(".list > ul > li")].map((row) => row.getBoundingClientRect())
    .sort((a, b) => a.top - b.top);
  const look = () => {
    const rows = tops(), gliding = document.querySelector(".list > ul").getAnimations({ subtree: true }).length > 0;
    const apart = rows.slice(1).map((row, place) => row.top - rows[place].bottom).filter((px) => Math.abs(px) > 0.5);
    holes.push({ gliding, apart });
    const first = document.querySelector(".list > ul > li [data-testid^=tile-]").dataset.testid;
    if (gliding || first !== `tile-${id}`) requestAnimationFrame(look);
    else done(holes);
  };
  look();
})"""


class Stage:
    """Stands between a page and the live stream: so many patients, and the alerts that a test sends."""

    def __init__(self, page: Page, patients: int) -> None:
        self.patients = patients
        self.sockets: list[WebSocketRoute] = []
        self.seq = 0
        self.alert: dict[str, Any] = {}
        page.route_web_socket("**/api/live*", self._stand)

    def _stand(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        self.sockets.append(socket)
        server.on_message(lambda text: self._tell(socket, json.loads(text)))

    def _tell(self, socket: WebSocketRoute, message: dict[str, Any]) -> None:
        if message["type"] != "snapshot":
            return
        people, self.seq, self.alert = message["patients"], message["seq"], message["alerts"][0]
        message["alerts"] = []
        message["patients"] = [
            {**people[place % len(people)], "patient_id": 1000 + place, "stay_id": 1000 + place}
            for place in range(self.patients)
        ]
        socket.send(json.dumps(message))

    def rings(self, patient_id: int) -> None:
        """Let an alert of high priority come of a patient."""
        raised = {"alert_id": self.seq + 9000, "patient_id": patient_id, "stay_id": patient_id}
        loud = {"priority": "high", "worst": "high", "family": "clinical", "state": "open", "closure": "open"}
        alert = {**self.alert, **raised, **loud, "condition": "present", "signal": "ringing"}
        told = {"type": "alert", "seq": self.seq + 1, "prev": self.seq, "alert": alert}
        self.seq += 1
        self.sockets[-1].send(json.dumps(told))


@pytest.mark.parametrize("patients", [12, 60])
def test_rows_lie_under_each_other_when_the_order_has_changed(
    machine: Machine, browser: Browser, log_in: Callable[..., Page], patients: int
) -> None:
    """A patient who rises from the end of the list leaves no hole where they were, in a long list at no frame."""
    expect(log_in(machine.url, "omar", PASSWORD).get_by_test_id("headline")).not_to_contain_text("inga larm")
    page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="sv-SE").new_page()
    stage = Stage(page, patients)
    page.goto(machine.url)
    page.get_by_test_id("login-username").fill("anna")
    page.get_by_test_id("login-password").fill(PASSWORD)
    page.get_by_test_id("login-submit").click()
    rows = page.locator(".list > ul > li")
    expect(rows.first).to_be_visible()
    page.mouse.move(700, 5)
    page.evaluate("scrollTo(0, 120)")

    page.evaluate(f"id => {{ window.frames_ = ({_FRAMES})(id) }}", 1000 + patients - 2)
    stage.rings(1000 + patients - 2)
    seen = page.evaluate("window.frames_")

    assert seen[-1] == {"gliding": False, "apart": []}
    assert not any(each["apart"] for each in seen if patients > 48 or not each["gliding"])
    page.context.close()
