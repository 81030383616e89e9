"""A real mosquitto of a test's own, on a port that is free; tests that use it carry the `broker` marker."""

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


def _start(program: str, folder: Path) -> Broker | None:
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(_CONF.format(port=port))
    process = subprocess.Popen([program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 10
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
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip("mosquitto is not installed (Debian: apt install mosquitto)")
    started = next((found for _ in range(5) if (found := _start(program, tmp_path))), None)
    assert started is not None
    yield started
    started.process.terminate()
    started.process.wait(10)
