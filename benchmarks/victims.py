"""The processes of a fault run: started, killed and started again at the same place, and looked after meanwhile.

Ingest, alerting, mosquitto and PostgreSQL, each a process of its own without a supervisor. Whatever ends that was not
ended here is noted as a death of its own, which is a finding. Everything dies with this process.
"""

import asyncio
import getpass
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.rig import PROJECT, mosquitto, python
from ward import process
from ward.errors import ConfigError
from ward.store import embedded

_LOOK_S = 0.1
_STOP_S = 20.0
_NO_OPTIONS: Mapping[str, str] = {}
Note = Callable[..., None]


@dataclass(slots=True, kw_only=True)
class Part:
    """A process that can be killed and started again. `wanted` is False while it is meant to be down.

    `at_work` is what its log says when it is ready.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    child: subprocess.Popen[bytes] | None = None
    at_work: str = ""
    wanted: bool = False
    _log_began: int = 0

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.child is not None and self.child.poll() is None:
            return
        with self.log.open("ab") as sink:
            self._log_began = sink.tell()
            self.child = subprocess.Popen(
                self.command,
                cwd=PROJECT,
                env={**os.environ, **self.environment, "PYTHONUNBUFFERED": "1"},  # noqa: TID251 - handed on, not read
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
                preexec_fn=lambda: process.die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - one system call
            )
        self.wanted = True

    def running(self) -> bool:
        """Tell whether it runs."""
        return self.child is not None and self.child.poll() is None

    def said(self) -> str:
        """Return what it has written since it was started last."""
        with self.log.open("rb") as source:
            source.seek(self._log_began)
            return source.read().decode(errors="replace")

    def ready(self) -> bool:
        """Tell whether it runs and has said that it is at work."""
        return self.running() and self.at_work in self.said()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self.child is not None and self.child.poll() is None:
            self.child.send_signal(number)

    async def end(self, number: signal.Signals) -> None:
        """End it by a signal and wait until it is gone; one that does not obey is killed."""
        self.wanted = False
        self.send(number)
        deadline = asyncio.get_running_loop().time() + _STOP_S
        while self.running():
            if asyncio.get_running_loop().time() > deadline:
                self.send(signal.SIGKILL)
            await asyncio.sleep(0.01)


@dataclass(slots=True, kw_only=True)
class Store:
    """A PostgreSQL of the run's own; starting it waits in a thread of its own, so that the devices go on."""

    folder: Path
    options: Mapping[str, str] = field(default_factory=lambda: _NO_OPTIONS)
    server: embedded.Server | None = None
    refused_starts: int = 0
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "store"))

    @property
    def database_url(self) -> str:
        """The address, which stays."""
        if self.server is None:
            raise AssertionError("the store has been started")
        return self.server.database_url

    def address(self, port: int) -> str:
        """Return the address of the store where a forwarder listens on `port`."""
        return f":{port}/".join(self.database_url.rsplit(f":{self.port}/", 1))

    @property
    def port(self) -> int:
        """The port, which stays too."""
        if self.server is None:
            raise AssertionError("the store has been started")
        return self.server.port

    def running(self) -> bool:
        """Tell whether the postmaster lives."""
        return self.server is not None and self.server.child.poll() is None

    async def start(self) -> None:
        """Start it and wait until it answers; orphans of the one before are waited for."""
        port = self.server.port if self.server is not None else None
        while True:
            begin = asyncio.get_running_loop().run_in_executor(
                self._thread, lambda: embedded.start(self.folder, port=port, options=self.options)
            )
            try:
                self.server = await begin
            except ConfigError:
                if port is None:
                    raise
                self.refused_starts += 1
                await asyncio.sleep(_LOOK_S)
                continue
            return

    def kill(self) -> None:
        """Kill the postmaster; its orphans see that and leave."""
        if self.server is not None:
            self.server.child.kill()
            self.server.child.wait()

    def kill_backend(self, choose: Callable[[Sequence[psutil.Process]], psutil.Process]) -> bool:
        """Kill one session's process, one at work rather than an idle one; False where there is none."""
        if not self.running() or self.server is None:
            return False
        try:
            sessions = [
                (each, title)
                for each in psutil.Process(self.server.child.pid).children()
                if (title := " ".join(each.cmdline())).startswith("postgres: hemvakt ")
            ]
            busy = [each for each, title in sessions if not title.strip().endswith("idle")]
            if not sessions:
                return False
            choose(busy or [each for each, _ in sessions]).kill()
        except psutil.Error:  # it left by itself in between
            return False
        return True

    def stop(self) -> None:
        """Stop it cleanly."""
        if self.server is not None:
            self.server.stop()
        self._thread.shutdown()


def ingest(name: str, database_url: str, folder: Path, mqtt_port: int, mqtt_url: str) -> Part:
    """Return an ingest process; `name` ends in its instance number."""
    return Part(
        name=name,
        command=python(str(PROJECT / "hemvakt.py"), "ingest"),
        environment={
            "HEMVAKT_DATABASE_URL": database_url,
            "HEMVAKT_MQTT_PORT": str(mqtt_port),
            "HEMVAKT_MQTT_URL": mqtt_url,
            "HEMVAKT_INSTANCE": name.rpartition("-")[2],
        },
        log=folder / f"{name}.log",
        at_work="broker_connected" if mqtt_url else "endpoint_listening",
    )


def alerting(database_url: str, folder: Path, name: str = "alerting") -> Part:
    """Return an alerting process."""
    return service("alerting", name, {"HEMVAKT_DATABASE_URL": database_url, "HEMVAKT_MQTT_URL": ""}, folder)


def service(command: str, name: str, environment: Mapping[str, str], folder: Path, at_work: str = "") -> Part:
    """Return a process of the product by its command."""
    return Part(
        name=name,
        command=python(str(PROJECT / "hemvakt.py"), command),
        environment=environment,
        log=folder / f"{name}.log",
        at_work=at_work,
    )


def broker(folder: Path, port: int, name: str = "mosquitto") -> Part:
    """Return a mosquitto that keeps what it holds, but for what came after it wrote it down last."""
    kept = folder / name
    kept.mkdir()
    conf = folder / f"{name}.conf"
    conf.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nuser {getpass.getuser()}\n"
        "max_queued_messages 0\nmax_inflight_messages 1000\n"
        f"persistence true\npersistence_location {kept}/\nautosave_interval 2\n"
        "log_type error\nlog_type warning\nlog_type notice\nlog_type information\n"
    )
    return Part(
        name=name,
        command=[mosquitto(), "-c", str(conf)],
        environment={},
        log=folder / f"{name}.log",
        at_work="running",
    )


async def look_after(parts: Sequence[Part], died: Callable[[Part, int], None]) -> None:
    """Start again what ended by itself, and tell; for ever."""
    while True:
        await asyncio.sleep(_LOOK_S)
        for part in parts:
            code = part.child.poll() if part.child is not None else None
            if part.wanted and code is not None:
                died(part, code)
                part.start()
