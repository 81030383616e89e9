"""A whole Hemvakt of a test's own: `hemvakt demo` as a process, on free ports, with its devices silent or not."""

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import psycopg
import pytest

from onebox.environment import PROJECT
from ward.store.embedded import free_port

PASSWORD = "hemvakt-demo"
_START_S = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A running machine and where its doors are."""

    process: subprocess.Popen[bytes]
    folder: Path
    http_port: int
    mqtt_port: int

    @property
    def url(self) -> str:
        """The address of the web page."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def database_url(self) -> str:
        """The address of the store."""
        return (self.folder / "database_url").read_text()

    @property
    def log(self) -> str:
        """What the machine itself has said."""
        return (self.folder.parent / "machine.log").read_text()

    def child(self, name: str) -> psutil.Process:
        """Return the process of a part, or of the store (`postgres`)."""
        for each in psutil.Process(self.process.pid).children():
            with suppress(psutil.NoSuchProcess):
                command = each.cmdline()
                if any(part == name or part.endswith(f"/bin/{name}") for part in command):
                    return each
        raise AssertionError(f"no process {name}")

    def has(self, name: str, *, other_than: int) -> bool:
        """Tell whether a part runs as another process than that one."""
        try:
            return self.child(name).pid != other_than
        except AssertionError:
            return False

    def ready(self) -> bool:
        """Tell whether every service says that it is ready."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the store."""
        with psycopg.connect(self.database_url) as conn:
            return conn.execute(query.encode()).fetchall()


def _start(folder: Path, patience_s: float, *options: str) -> Machine | None:
    http_port, mqtt_port = free_port(), free_port()
    data = folder / "data folder"
    with (folder / "machine.log").open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, str(PROJECT / "hemvakt.py"), "demo", "--fresh", "--data-dir", str(data),
             "--port", str(http_port), "--mqtt-port", str(mqtt_port), *options],
            stdout=sink, stderr=sink, cwd=PROJECT,
        )  # fmt: skip
    machine = Machine(process=process, folder=data, http_port=http_port, mqtt_port=mqtt_port)
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline and process.poll() is None:
        if "ready" in machine.log:
            return machine
        time.sleep(0.1)
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    if "cannot be used" not in machine.log:  # else a port was taken in between: another try
        raise AssertionError(machine.log)
    return None


@contextmanager
def running(*options: str, patience_s: float = _START_S) -> Iterator[Machine]:
    """Everything, started; stopped as by Ctrl-C, and nothing is left running."""
    with TemporaryDirectory(prefix="hemvakt machine ") as made:
        folder = Path(made)
        folder.chmod(0o711)
        started = next((found for _ in range(5) if (found := _start(folder, patience_s, *options))), None)
        assert started is not None
        family = psutil.Process(started.process.pid).children(recursive=True)
        try:
            yield started
        finally:
            family += psutil.Process(started.process.pid).children(recursive=True)
            started.process.send_signal(signal.SIGINT)
            code = started.process.wait(180)
            _, alive = psutil.wait_procs(family, timeout=60)
        assert code == 0, started.log
        assert not alive


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """Return a machine whose devices are silent."""
    with running("--no-patients") as started:
        yield started
