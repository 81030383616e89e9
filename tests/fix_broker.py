"""Real mosquittos of a test's own, on ports that are free; tests that use one carry the `broker` marker.

`broker` is open to everybody and forgets; `shipped` runs with the configuration that we ship.
"""

import getpass
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.broker_line import Address
from ward.store.embedded import free_port

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
_PROGRAMS = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
_PLUGINS = ("/usr/lib", "/usr/local/lib", "/opt/homebrew/lib")
_PATIENCE_S = 60.0
_CONF = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 0
max_inflight_messages 0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A running broker."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def url(self) -> str:
        """What HEMVAKT_MQTT_URL takes."""
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def address(self) -> Address:
        """What a connection of ingest takes."""
        return Address(host="127.0.0.1", port=self.port)


def program(name: str) -> str:
    """Return where a program of Debian's mosquitto is; a test that needs it is skipped where it is not."""
    found = shutil.which(name, path=_PROGRAMS)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: apt install mosquitto)")
    return found


def _plugin() -> Path:
    found = [path for place in _PLUGINS for path in Path(place).rglob("mosquitto_dynamic_security.so")]
    if not found:
        pytest.skip("mosquitto's dynamic security plugin is not installed (Debian: apt install mosquitto)")
    return found[0]


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


class Shipped:
    """A mosquitto with deploy/mosquitto.conf, where only paths, port and account differ.

    It can be killed and come back. Its accounts are `ingest` and whom a test adds, each with the password `secret-` and
    the name. `switched_on` are lines of the file that stand there as comments.
    """

    def __init__(self, folder: Path, *, switched_on: tuple[str, ...] = (), listener: str = "listener 1883") -> None:
        self.folder = folder
        self.port = free_port()
        self._program = program("mosquitto")
        self._process: subprocess.Popen[bytes] | None = None
        conf = (DEPLOY / "mosquitto.conf").read_text(encoding="utf-8")
        for line in switched_on:
            assert f"#{line}\n" in conf, f"no such line in the configuration: {line}"
            conf = conf.replace(f"#{line}\n", f"{line}\n")
        if listener != "listener 1883":
            conf = conf.replace("\nlistener 1883\n", "\n")
        conf = conf.replace(f"\n{listener}\n", f"\nlistener {self.port} 127.0.0.1\n")
        conf = conf.replace("/usr/lib/mosquitto_dynamic_security.so", str(_plugin()))
        conf = conf.replace("/mosquitto/config/", f"{folder}/").replace("/mosquitto/data/", f"{folder}/")
        self.config = folder / "mosquitto.conf"
        self.config.write_text(f"{conf}\nuser {getpass.getuser()}\n", encoding="utf-8")
        shutil.copy(DEPLOY / "mosquitto.acl", folder)
        self.forget_accounts()

    @property
    def address(self) -> Address:
        """What a connection of ingest takes."""
        return Address(host="127.0.0.1", port=self.port, username="ingest", password="secret-ingest")

    @property
    def url(self) -> str:
        """What HEMVAKT_MQTT_URL takes."""
        return f"mqtt://ingest:secret-ingest@127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What the broker has said."""
        return (self.folder / "log").read_text(encoding="utf-8")

    def forget_accounts(self) -> None:
        """Leave no account but that of ingest, as at the first start; takes effect when the broker starts.

        The plugin lets everybody read what it knows nothing of, until ingest has told it to leave that to the access
        list: done here already.
        """
        accounts = self.folder / "dynamic-security.json"
        accounts.unlink(missing_ok=True)
        command = [program("mosquitto_ctrl"), "dynsec", "init", str(accounts), "ingest", "secret-ingest"]
        subprocess.run(command, check=True, capture_output=True)
        kept = json.loads(accounts.read_text(encoding="utf-8"))
        kept["defaultACLAccess"]["publishClientReceive"] = False
        accounts.write_text(json.dumps(kept), encoding="utf-8")

    def add(self, user: str, secret: str = "", *, options: tuple[str, ...] = ()) -> None:
        """Make an account by hand, as an operator does."""
        control = [program("mosquitto_ctrl"), "-h", "127.0.0.1", "-p", str(self.port), *options]
        who = ["-u", "ingest", "-P", "secret-ingest"]
        make = ["dynsec", "createClient", user, "-p", secret or f"secret-{user}"]
        subprocess.run([*control, *who, *make], check=True, capture_output=True)

    def start(self) -> None:
        """Start, and wait until it answers."""
        with (self.folder / "log").open("a") as sink:
            self._process = subprocess.Popen([self._program, "-c", self.config], stdout=sink, stderr=sink)
        deadline = time.monotonic() + _PATIENCE_S
        while not _answers(self.port):
            assert self._process.poll() is None, self.log
            assert time.monotonic() < deadline, "mosquitto does not answer"
            time.sleep(0.02)

    def signal(self, number: int) -> None:
        """Send a signal."""
        assert self._process is not None
        os.kill(self._process.pid, number)

    def stop(self) -> None:
        """Let it end as at a shutdown."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_PATIENCE_S)
            self._process = None

    def kill(self) -> None:
        """End it at once, by SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(_PATIENCE_S)
        self._process = None


@pytest.fixture
def shipped(tmp_path: Path) -> Iterator[Shipped]:
    """A running mosquitto with the configuration that we ship, and an account for ingest alone."""
    made = Shipped(tmp_path)
    made.start()
    yield made
    made.stop()


def _start(where: str, folder: Path) -> Broker | None:
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(_CONF.format(port=port))
    process = subprocess.Popen([where, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + _PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return Broker(process=process, port=port)
        except OSError:
            time.sleep(0.02)
    process.kill()
    process.wait()
    return None


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A running mosquitto; a port that somebody took in between is tried again with another."""
    where = program("mosquitto")
    started = next((found for _ in range(5) if (found := _start(where, tmp_path))), None)
    assert started is not None
    yield started
    started.process.terminate()
    started.process.wait(60)
