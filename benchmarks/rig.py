"""What a measurement runs on: a folder, a PostgreSQL of its own, a broker, and processes that are always stopped.

Everything listens on loopback ports that the system chose. Whatever ends the measurement (an error, Ctrl-C, SIGTERM,
even SIGKILL), no process stays behind.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection
from typing import NoReturn

import psutil
import psycopg
from psycopg import sql

from ward import process
from ward.store import embedded

PROJECT = Path(__file__).resolve().parent.parent
_STOP_S = 10.0
_READY_S = 30.0


class NotReady(Exception):  # noqa: N818 - reads as what happened
    """A process ended, or did not become ready in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A process that was started here; its output is in `log`."""

    name: str
    child: subprocess.Popen[bytes]
    log: Path

    def cpu_s(self) -> float:
        """Return the CPU seconds it has used, its threads and children included."""
        return tree_cpu_s(self.child.pid)

    def stop(self) -> None:
        """Stop it, at first kindly."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A running PostgreSQL, and what is needed to start more."""

    folder: Path
    server: embedded.Server

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """Make an empty database, give its address, and drop it at the end."""
        with psycopg.connect(self.server.database_url, autocommit=True) as admin:
            admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
            admin.execute("checkpoint")
        try:
            yield self.server.database_url.removesuffix("/hemvakt") + f"/{name}"
        finally:
            with psycopg.connect(self.server.database_url, autocommit=True) as admin:
                admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))

    @contextmanager
    def running(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], ready: Callable[[], bool]
    ) -> Iterator[Child]:
        """Start a process of the project, wait until it is ready, and stop it at the end.

        Raises
        ------
        NotReady
            With the last lines of its output.
        """
        log = self.folder / f"{name}-{time.monotonic_ns()}.log"
        with log.open("wb") as sink:
            child = subprocess.Popen(
                command,
                cwd=PROJECT,
                env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},  # noqa: TID251 - handed on, not read
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
                preexec_fn=lambda: process.die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - one system call
            )
        started = Child(name=name, child=child, log=log)
        try:
            _wait(started, ready)
            yield started
        finally:
            started.stop()

    @contextmanager
    def broker(self) -> Iterator[tuple[int, Child]]:
        """Run mosquitto with room for everything; give its port."""
        port = embedded.free_port()
        conf = self.folder / f"mosquitto-{port}.conf"
        conf.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\n"
            "max_queued_messages 0\nmax_inflight_messages 1000\n"
        )
        conf.chmod(0o644)
        with self.running("mosquitto", [mosquitto(), "-c", str(conf)], {}, lambda: accepts(port)) as child:
            yield port, child

    def store_cpu_s(self) -> float:
        """Return the CPU seconds that PostgreSQL's living processes have used."""
        return tree_cpu_s(self.server.child.pid)


@contextmanager
def rig() -> Iterator[Rig]:
    """Start PostgreSQL (fsync on, as it is shipped) in a temporary folder; stop and delete it at the end."""
    signal.signal(signal.SIGTERM, _leave)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hemvakt-bench-")))
        folder.chmod(0o711)  # the server's own account passes through
        server = embedded.start(folder)
        stack.callback(server.stop)
        yield Rig(folder=folder, server=server)


def _leave(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


def python(*arguments: str) -> list[str]:
    """Return the command that runs Python as we run."""
    return [sys.executable, *arguments]


def mosquitto() -> str:
    """Return the broker's program.

    Raises
    ------
    NotReady
        If it is not installed.
    """
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise NotReady("mosquitto is not installed: the floor and the broker door need it (apt install mosquitto)")
    return found


def accepts(port: int) -> bool:
    """Tell whether something listens on a loopback port."""
    try:
        with create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def tree_cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process and its living descendants."""
    total = 0.0
    try:
        root = psutil.Process(pid)
        for each in (root, *root.children(recursive=True)):
            times = each.cpu_times()
            total += times.user + times.system
    except psutil.NoSuchProcess:
        pass
    return total


class Others:
    """What the rest of the machine does meanwhile: the noise of a measurement."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._used_s = _others_s()

    def cores(self) -> float:
        """Return how many cores have been busy since the start with what is not ours."""
        return max(0.0, (_others_s() - self._used_s) / (time.monotonic() - self._began_s))


def await_quiet(cores: float, patience_s: float = 180.0) -> None:
    """Wait until others have used less than so many cores for two seconds, or patience is at its end."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        others = Others()
        time.sleep(2.0)
        if others.cores() < cores:
            return


def _others_s() -> float:
    """Return the CPU seconds that the machine has used for others than this process and its descendants."""
    machine = psutil.cpu_times()
    idle_s = machine.idle + getattr(machine, "iowait", 0.0) + getattr(machine, "steal", 0.0)
    ours_s = 0.0
    for each in (psutil.Process(), *psutil.Process().children(recursive=True)):
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:
            continue
        ours_s += times.user + times.system + times.children_user + times.children_system
    return sum(machine[:8]) - idle_s - ours_s  # the first eight count everything once


def load_average() -> str:
    """Return how busy the machine has been: the load averages of 1, 5 and 15 minutes."""
    return " ".join(f"{each:.2f}" for each in os.getloadavg())


def _wait(started: Child, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _READY_S
    while not ready():
        if started.child.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(started.log.read_text(errors="replace").splitlines()[-15:])
            raise NotReady(f"{started.name} did not become ready:\n{tail}")
        time.sleep(0.05)
