"""A whole platform in a busy scene: every figure that is asked for exists, and no log line tells of anybody.

In the scene devices publish what is right, wrong, foreign and late, people log in and fail to, look, search, act and
write notes, systems ask for what is not there, and a synthetic alert walks.
"""

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import quote

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from prometheus_client.parser import text_string_to_metric_families
from websockets.sync.client import connect as connect_socket

from tests.fix_machine import PASSWORD, Machine
from tests.watching import figures_wanted
from ward.clock import SystemClock

pytestmark = pytest.mark.integration
_LONGEST_S = 90
# What the scene's devices measure: numbers that come up in no other place.
VALUES = {"spo2": 71.37, "heart_rate": 183.61, "temperature": 41.73, "resp_rate": 37.43}
NOTE = "Ringde dottern Annastina Påhittad"
WRONG = "fel-lösenord-7261"
DEVICES = ("hv-0001", "hv-0002", "hv-0003")


@pytest.fixture(scope="module", autouse=True)
def _everything_said() -> Iterator[None]:
    """Have every service say all that it can say."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEMVAKT_LOG_LEVEL", "debug")
        yield


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + _LONGEST_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


class Browser:
    """Somebody's browser: keeps the session's cookie, and what was answered."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.jar = machine, CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def ask(self, path: str, body: object = None, *, headers: dict[str, str] | None = None) -> Any:
        """Ask, and return the answer's JSON, or None where it is refused."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.machine.url}{path}", data=data, headers={"Content-Type": "application/json", **(headers or {})}
        )
        with suppress(urllib.error.HTTPError), self._opener.open(request, timeout=30) as answer:
            said = answer.read()
            return json.loads(said) if said else None
        return None

    @property
    def token(self) -> str:
        """The session's secret."""
        return "".join(cookie.value or "" for cookie in self.jar)


def _publish(machine: Machine, device_id: str, payloads: list[tuple[str, str]]) -> None:
    """Publish, and wait until all is acknowledged."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=device_id, protocol=paho.MQTTv5)
    client.username_pw_set(device_id, f"demo-{device_id}")
    client.connect("127.0.0.1", machine.mqtt_port)
    client.loop_start()
    for sent in [client.publish(topic, payload, qos=1) for topic, payload in payloads]:
        sent.wait_for_publish(30)
    client.disconnect()
    client.loop_stop()


def _refused(machine: Machine) -> None:
    """Knock with a wrong secret, which is somebody's number."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="hv-0004", protocol=paho.MQTTv5)
    client.username_pw_set("hv-0004", WRONG)
    knocked: list[object] = []
    client.on_connect = lambda *told: knocked.append(told[3])
    client.connect("127.0.0.1", machine.mqtt_port)
    client.loop_start()
    until(lambda: bool(knocked), "the endpoint answers")
    client.disconnect()
    client.loop_stop()


def _readings(device_id: str, person: dict[str, str]) -> list[tuple[str, str]]:
    """Return what a device publishes: readings, what cannot be read, what is implausible, late, another's."""
    now = SystemClock().now()
    vitals = f"hemvakt/1/{device_id}/vitals"
    found = [
        (vitals, json.dumps({"kind": kind, "value": value, "measured_at": (now - timedelta(seconds=ago)).isoformat()}))
        for kind, value in VALUES.items()
        for ago in (90, 60, 30, 1)
    ]
    late = (now - timedelta(hours=30)).isoformat()
    ahead = (now + timedelta(hours=2)).isoformat()
    return [
        *found,
        (vitals, json.dumps({"kind": "spo2", "value": 71.37, "measured_at": late})),
        (vitals, json.dumps({"kind": "spo2", "value": 71.37, "measured_at": ahead})),
        (vitals, json.dumps({"kind": "spo2", "value": 7137.0, "measured_at": now.isoformat()})),
        (vitals, json.dumps({"kind": "spo2", "value": "71.37", "measured_at": f"{person['family_name']}"})),
        (vitals, f"{person['given_name']} {person['personal_number']} 71.37"),
        ("hemvakt/1/hv-0009/vitals", json.dumps({"kind": "spo2", "value": 71.37, "measured_at": now.isoformat()})),
        (f"hemvakt/1/{device_id}/events", json.dumps({"kind": "help_button", "occurred_at": now.isoformat()})),
    ]


def _people(machine: Machine) -> list[dict[str, str]]:
    rows = machine.ask("select personal_number, given_name, family_name from patient where personal_number <> ''")
    return [dict(zip(("personal_number", "given_name", "family_name"), row, strict=True)) for row in rows]


def _people_act(machine: Machine, people: list[dict[str, str]]) -> list[str]:
    """Let people do what they do; return the secrets of their sessions."""
    anna, omar = Browser(machine), Browser(machine)
    for username in ("anna", people[0]["personal_number"]):
        anna.ask("/api/session", {"username": username, "password": WRONG})
    for browser, username in ((anna, "anna"), (omar, "omar")):
        browser.ask("/api/session", {"username": username, "password": PASSWORD})
    for person in people[:3]:
        anna.ask(f"/api/patients/{person['personal_number']}")
        anna.ask(f"/api/nothing/{person['personal_number']}?name={quote(person['family_name'])}")
    board = f"ws://127.0.0.1:{machine.http_port}/api/live"
    with connect_socket(board, additional_headers={"Cookie": f"hemvakt_session={anna.token}"}) as socket:
        socket.recv(30)
        socket.send(json.dumps({"type": "heartbeat", "listening": True, "shown": [], "note": NOTE}))
        _publish(machine, DEVICES[0], _readings(DEVICES[0], people[0]))
        until(lambda: '"type":"alert"' in str(socket.recv(30)), "an alert comes to the board")
    for number in machine.ask("select alert_id, rev from alert where resolved_at is null order by alert_id limit 3"):
        alert_id, rev = number
        act = partial(omar.ask, headers={"If-Match": f'"{rev}"'})
        act(f"/api/alerts/{alert_id}/acknowledge", {"note": NOTE})
        act(f"/api/alerts/{alert_id}/acknowledge", {"note": NOTE, "unknown": people[0]["family_name"]})
    for path in ("/api/patients", "/api/alerts", "/api/quarantine", "/api/patients/1", "/api/patients/1/vitals"):
        anna.ask(path)
    return [anna.token, omar.token]


@pytest.fixture(scope="module")
def scene(machine: Machine) -> tuple[Machine, list[str]]:
    """The platform after the busy scene, and what must not be in any line of its logs."""
    people = _people(machine)
    assert len(people) >= 12
    _refused(machine)
    for device_id, person in zip(DEVICES[1:], people[1:], strict=False):
        _publish(machine, device_id, _readings(device_id, person))
    tokens = _people_act(machine, people)
    assert all(len(token) > 20 for token in tokens)
    until(lambda: machine.ask("select count(*) from reading")[0][0] >= 30, "the readings are stored")
    until(
        lambda: machine.ask("select count(*) from selfcheck where ended_at is not null")[0][0] > 0, "a walk has ended"
    )
    names = {person[part] for person in people for part in ("personal_number", "given_name", "family_name")}
    staff = {row[0] for row in machine.ask("select name from staff")}
    values = {f"{value:g}" for value in VALUES.values()} | {"7137"}
    return machine, sorted({*names, *staff, *values, *tokens, NOTE, WRONG, PASSWORD, f"demo-{DEVICES[0]}"})


def tellings(text: str, secrets: list[str]) -> list[tuple[str, str]]:
    """Return each line that holds one of these as a word or number of its own, with which."""
    return [
        (secret, line)
        for line in text.splitlines()
        for secret in secrets
        if re.search(rf"(?<![0-9A-Za-zÅÄÖåäö]){re.escape(secret)}(?![0-9A-Za-zÅÄÖåäö])", line, re.IGNORECASE)
    ]


@pytest.mark.parametrize("line", ['{"error": "row (7, testsson, 71.37)"}', '{"path": "/api/patients/191212121212"}'])
def test_a_line_that_tells_of_somebody_is_found(line: str) -> None:
    """What the scene's logs are searched by finds a name, a value and a number in the middle of a line."""
    assert tellings(f"{{}}\n{line}", ["Testsson", "71.37", "191212121212"])
    assert not tellings('{"ms": 171.371, "patient_id": 19}', ["Testsson", "71.37", "191212121212"])


def test_every_figure_that_is_asked_for_exists(scene: tuple[Machine, list[str]]) -> None:
    """What rules and dashboards ask for is in `/metrics` of a running platform, by exactly those names."""
    machine, _ = scene
    machine.ask(  # this machine has no certificate of its own
        "insert into certificate_seen values ('endpoint', 'a', now() + interval '90 days', now()) returning 1"
    )
    missing: set[str] = set()

    def whole() -> bool:
        with urllib.request.urlopen(f"{machine.url}/metrics", timeout=30) as answer:
            families = list(text_string_to_metric_families(answer.read().decode()))
        missing.clear()
        missing.update(figures_wanted() - {sample.name for family in families for sample in family.samples})
        return not missing

    with suppress(AssertionError):
        until(whole, "every figure is there")
    assert missing == set()


def test_every_service_tells_figures(scene: tuple[Machine, list[str]]) -> None:
    """One address tells of ingest, alerting, back-tests and the api alike."""
    machine, _ = scene
    with urllib.request.urlopen(f"{machine.url}/metrics", timeout=30) as answer:
        text = answer.read().decode()

    assert set(re.findall(r'^process_resident_memory_bytes\{.*service="(\w+)"', text, re.MULTILINE)) == {
        "alerting",
        "api",
        "backtest",
        "ingest",
    }
    assert re.search(r"^hemvakt_alerts_suppressed_top_priority 0\.0$", text, re.MULTILINE)


def test_no_log_line_tells_of_anybody(scene: tuple[Machine, list[str]]) -> None:
    """No name, personal number, note, measured value, password or session of the scene is in any log of any service."""
    machine, secrets = scene
    logs: list[Path] = sorted((machine.folder / "logs").glob("*.log"))
    said = {path.stem: path.read_text(encoding="utf-8") for path in logs}
    told = {service: found for service, text in said.items() if (found := tellings(text, secrets))}

    assert told == {}
    assert set(said) >= {"alerting", "api", "backtest", "ingest"}
    assert len(secrets) > 40
    assert {"device_refused", "stays_evaluated", "notification_told", "selfcheck_passed"} <= {
        json.loads(line)["event"] for text in said.values() for line in text.splitlines()
    }


def test_no_figure_tells_of_anybody(scene: tuple[Machine, list[str]]) -> None:
    """Nor is any of it in the figures, where measured values could only be by chance."""
    machine, secrets = scene
    with urllib.request.urlopen(f"{machine.url}/metrics", timeout=30) as answer:
        text = answer.read().decode()

    labels = set(re.findall(r'="([^"]*)"', text))
    assert labels & set(secrets) == set()
    assert not [each for each in secrets if not re.fullmatch(r"[\d.]+", each) and each in text]
