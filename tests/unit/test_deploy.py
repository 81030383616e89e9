"""The deployment files, as far as they can be checked without a container engine; the broker's with a real broker."""

import contextlib
import getpass
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
import typer
import yaml
from paho.mqtt.enums import CallbackAPIVersion

import hemvakt
from ward.settings import Settings
from ward.store import embedded
from ward.wire import FROM_DEVICE, MAX_PAYLOAD_BYTES, Leaf, topic

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "hemvakt"}
COMMANDS: dict[str, Any] = typer.main.get_command(hemvakt.app).commands  # type: ignore[attr-defined] # it is a group
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PATIENCE_S = 10.0


def _filled_in(value: object) -> str:
    """Return a value of the compose file as the engine would: defaults taken, required variables given."""
    return re.sub(r"\$\{\w+(?::([-?])([^}]*))?\}", lambda found: found[2] if found[1] == "-" else "x", str(value))


def test_there_is_one_container_for_each_service() -> None:
    """The compose file runs the store, a broker, and each of our services once."""
    assert set(OURS) == {"migrate", "ingest", "alerting", "api", "simulator"}
    assert set(COMPOSE["services"]) - set(OURS) == {"store", "mosquitto"}


@pytest.mark.parametrize("name", OURS)
def test_service_runs_a_command_that_exists(name: str) -> None:
    """Each container's command and its flags are those of the command line."""
    command, *arguments = OURS[name]["command"]
    known = {flag for parameter in COMMANDS[command].params for flag in parameter.opts}

    assert {each for each in arguments if each.startswith("-")} <= known


@pytest.mark.parametrize("name", OURS)
def test_service_sets_only_settings_that_exist(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each container's variables are settings, and together they are a valid configuration."""
    given = {key: _filled_in(value) for key, value in OURS[name]["environment"].items()}
    for key, value in given.items():
        monkeypatch.setenv(key, value)

    assert {key.removeprefix("HEMVAKT_").lower() for key in given} <= set(Settings.model_fields)
    assert Settings().database_url == given.get("HEMVAKT_DATABASE_URL", "")


@pytest.mark.parametrize("name", OURS)
def test_service_has_no_more_power_than_it_needs(name: str) -> None:
    """Each of our containers has a read-only root, no capabilities, and cannot gain any."""
    service = OURS[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "user", "network_mode"} & set(service)


@pytest.mark.parametrize("name", sorted(set(OURS) - {"migrate", "simulator"}))
def test_service_starts_after_the_schema_is_there(name: str) -> None:
    """No service meets a store whose schema is older than it."""
    assert OURS[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_web_page_is_not_open_to_other_machines() -> None:
    """Without a proxy that speaks HTTPS the page answers this machine alone."""
    assert [port.rpartition(":")[0].rpartition(":")[0] for port in OURS["api"]["ports"]] == ["127.0.0.1"]


def test_mounted_files_are_there() -> None:
    """Each file that a container mounts is in the repository; only the passwords are the operator's own."""
    mounts = [mount.split(":")[0] for service in COMPOSE["services"].values() for mount in service.get("volumes", ())]
    missing = [mount for mount in mounts if mount.startswith("./") and not (ROOT / mount).exists()]

    assert [mount for mount in missing if mount != "./deploy/mosquitto.passwords"] == []
    assert {mount for mount in mounts if not mount.startswith("./")} == set(COMPOSE["volumes"])


def test_image_holds_every_package() -> None:
    """What the project packs is what the image holds, and what it holds is let through to the build."""
    config = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    packages = re.findall(r'"(\w+)\*"', config)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert ignored[0] == "*"
    assert [package for package in packages if f"\nCOPY {package}/ {package}/\n" not in DOCKERFILE] == []
    assert [package for package in packages if f"!{package}" not in ignored] == []


def test_image_does_not_run_as_root() -> None:
    """The last stage of the image names an account that is not root, before what it runs."""
    last = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    user = re.search(r"^USER (\d+)$", last, re.MULTILINE)

    assert user is not None
    assert int(user[1]) > 0
    assert user.start() < last.index("ENTRYPOINT")


def test_broker_lets_ingest_read_what_devices_send() -> None:
    """The access list opens every topic of devices to ingest, and not one of those to devices."""
    acl = (DEPLOY / "mosquitto.acl").read_text(encoding="utf-8")

    assert set(re.findall(r"^topic read (\S+)$", acl, re.MULTILINE)) == {topic("+", leaf) for leaf in FROM_DEVICE}


def test_broker_takes_larger_messages_than_ingest() -> None:
    """A message that is too large reaches ingest, which keeps and answers it, instead of being cut off."""
    conf = (DEPLOY / "mosquitto.conf").read_text(encoding="utf-8")
    most = re.search(r"^max_packet_size (\d+)$", conf, re.MULTILINE)

    assert most is not None
    assert int(most[1]) > 10 * MAX_PAYLOAD_BYTES


def _program(name: str) -> str:
    found = shutil.which(name, path="/usr/bin:/usr/sbin:/usr/local/bin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: apt install mosquitto)")
    return found


@pytest.fixture
def guarded_broker(tmp_path: Path) -> Iterator[int]:
    """The port of a real mosquitto that runs with deploy/mosquitto.conf; only paths, port and account are its own."""
    program, passwd = _program("mosquitto"), _program("mosquitto_passwd")
    port = embedded.free_port()
    for user in ("ingest", "hv-1", "hv-2"):
        create = [] if (tmp_path / "mosquitto.passwords").exists() else ["-c"]
        subprocess.run([passwd, *create, "-b", tmp_path / "mosquitto.passwords", user, f"secret-{user}"], check=True)
    shutil.copy(DEPLOY / "mosquitto.acl", tmp_path)
    conf = (DEPLOY / "mosquitto.conf").read_text(encoding="utf-8")
    adapted = conf.replace("listener 1883\n", f"listener {port} 127.0.0.1\nuser {getpass.getuser()}\n")
    adapted = adapted.replace("/mosquitto/config/", f"{tmp_path}/").replace("/mosquitto/data/", f"{tmp_path}/")
    (tmp_path / "mosquitto.conf").write_text(adapted, encoding="utf-8")
    with (tmp_path / "log").open("w") as sink:
        running = subprocess.Popen([program, "-c", tmp_path / "mosquitto.conf"], stdout=sink, stderr=sink)
    try:
        _until(lambda: _accepts(port) or running.poll() is not None)
        assert running.poll() is None, (tmp_path / "log").read_text(encoding="utf-8")
        yield port
    finally:
        running.terminate()
        running.wait(PATIENCE_S)


def _until(done: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(0.02)
    return False


def _accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class _Peer:
    """A client of the broker: what it was told at connecting, at publishing, and what came in."""

    def __init__(self, port: int, user: str | None) -> None:
        self.refused: bool | None = None
        self.acked: dict[int, bool] = {}
        self.subscribed = False
        self.received: list[tuple[str, bytes]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        if user is not None:
            self._client.username_pw_set(user, f"secret-{user}")
        self._client.on_connect = lambda _c, _u, _f, reason, _p: setattr(self, "refused", reason.is_failure)
        self._client.on_subscribe = lambda *_: setattr(self, "subscribed", True)
        self._client.on_publish = lambda _c, _u, mid, reason, _p: self.acked.__setitem__(mid, not reason.is_failure)
        self._client.on_message = lambda _c, _u, message: self.received.append((message.topic, bytes(message.payload)))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert _until(lambda: self.refused is not None)

    def subscribe(self, pattern: str) -> None:
        """Subscribe and wait until the broker has answered."""
        self.subscribed = False
        self._client.subscribe(pattern, qos=1)
        assert _until(lambda: self.subscribed)

    def publish(self, name: str, payload: bytes) -> bool:
        """Publish at QoS 1; tell whether the broker took it."""
        mid = self._client.publish(name, payload, qos=1).mid
        assert _until(lambda: mid in self.acked)
        return self.acked[mid]

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def peer(guarded_broker: int) -> Iterator[Callable[[str | None], _Peer]]:
    """A function that connects to the broker as a user (None: without a name)."""
    made: list[_Peer] = []

    def connect(user: str | None) -> _Peer:
        made.append(_Peer(guarded_broker, user))
        return made[-1]

    yield connect
    for each in made:
        each.close()


@pytest.mark.broker
def test_broker_refuses_who_has_no_name(peer: Callable[[str | None], _Peer]) -> None:
    """Nobody connects without a user name and a password."""
    assert peer(None).refused is True
    assert peer("hv-3").refused is True


@pytest.mark.broker
def test_h26_device_writes_under_its_own_topics_only(peer: Callable[[str | None], _Peer]) -> None:
    """What a device publishes reaches ingest's shared subscription; under another's topics it is refused."""
    ingest, device = peer("ingest"), peer("hv-1")
    ingest.subscribe(f"$share/ingest/{topic('+', Leaf.VITALS)}")

    assert device.publish(topic("hv-2", Leaf.VITALS), b"foreign") is False
    assert device.publish(topic("hv-1", Leaf.VITALS), b"own") is True
    assert _until(lambda: bool(ingest.received))
    assert ingest.received == [("hemvakt/1/hv-1/vitals", b"own")]


@pytest.mark.broker
def test_device_reads_its_own_answers_only(peer: Callable[[str | None], _Peer]) -> None:
    """Ingest answers each device; a device that listens to everybody's answers hears its own."""
    ingest, device = peer("ingest"), peer("hv-1")
    device.subscribe("hemvakt/1/#")

    assert ingest.publish(topic("hv-2", Leaf.REJECTS), b"theirs") is True
    assert ingest.publish(topic("hv-1", Leaf.REJECTS), b"ours") is True
    assert _until(lambda: bool(device.received))
    assert device.received == [("hemvakt/1/hv-1/rejects", b"ours")]
