"""The small supervisor: starts the parts in order, watches them, restarts what dies, stops all in reverse.

It holds no state that matters: killed itself, its children end with it, and the next start goes on where
the store stands. A part that dies is restarted at once, then ever later (`_BACKOFF_S`), and from the
beginning again after it has lived for a minute.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from onebox.environment import PROJECT
from ward import process
from ward.errors import ConfigError
from ward.store import embedded

_BACKOFF_S = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
_STEADY_S = 60.0
_LOG_BYTES = 32 << 20


@dataclass(slots=True, kw_only=True)
class Part:
    """One process of ours: the arguments of `hemvakt`, and how to see that it is up."""

    name: str
    arguments: Sequence[str]
    ready: Callable[[], bool]
    child: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restarts: int = 0
    due_at: float = 0.0


@dataclass(slots=True, kw_only=True)
class Supervisor:
    """The store and the parts, on one machine."""

    data_dir: Path
    environment: Mapping[str, str]
    parts: list[Part]
    say: Callable[[str], None]
    store: embedded.Server | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    _store_restarts: int = 0

    def start_store(self) -> str:
        """Start the embedded store; return its address."""
        self.store = embedded.start(self.data_dir)
        return self.store.database_url

    def start_parts(self, timeout_s: float = 60.0) -> None:
        """Start every part in order, each after the one before is up.

        Raises
        ------
        ConfigError
            If a part does not come up; the text holds the end of its log.
        """
        for part in self.parts:
            if self.stopping.is_set():
                return
            self._spawn(part)
            deadline = time.monotonic() + timeout_s
            while not part.ready():
                if self.stopping.wait(0.05):
                    return
                if (part.child and part.child.poll() is not None) or time.monotonic() > deadline:
                    raise ConfigError(f"{part.name} did not start. The end of {self._log(part)}:\n{self._tail(part)}")

    def watch(self) -> None:
        """Restart what dies, until `stopping` is set."""
        while not self.stopping.wait(0.2):
            if self.store and self.store.child.poll() is not None:
                self._restart_store(self.store)
            for part in self.parts:
                self._look_after(part)

    def stop(self) -> None:
        """Stop everything in reverse order; kill what does not obey within ten seconds."""
        for part in reversed(self.parts):
            if part.child and part.child.poll() is None:
                part.child.send_signal(signal.SIGTERM)
                try:
                    part.child.wait(10)
                except subprocess.TimeoutExpired:
                    part.child.kill()
                    part.child.wait()
        if self.store:
            self.store.stop()

    def _look_after(self, part: Part) -> None:
        if part.child is None or part.child.poll() is None:
            return
        now = time.monotonic()
        if part.due_at == 0.0:
            if now - part.started_at > _STEADY_S:
                part.restarts = 0
            pause_s = _BACKOFF_S[min(part.restarts, len(_BACKOFF_S) - 1)]
            part.due_at = now + pause_s
            self.say(f"{part.name} ended (code {part.child.returncode}); starting it again in {pause_s:g} s")
        if now >= part.due_at:
            part.restarts += 1
            try:
                self._spawn(part)
            except OSError as error:  # no memory, no process, no space: the other parts go on meanwhile
                part.due_at = now + _BACKOFF_S[-1]
                self.say(f"{part.name} could not be started ({error}); trying again in {_BACKOFF_S[-1]:g} s")

    def _restart_store(self, dead: embedded.Server) -> None:
        self.say(f"the store ended (code {dead.child.returncode}); starting it again")
        if self.stopping.wait(_BACKOFF_S[min(self._store_restarts, len(_BACKOFF_S) - 1)]):
            return
        try:
            self.store = embedded.start(self.data_dir, port=dead.port)
            self._store_restarts = 0
        except (ConfigError, OSError, subprocess.SubprocessError) as error:
            self._store_restarts += 1
            self.say(f"the store did not start: {error}")

    def _spawn(self, part: Part) -> None:
        path = self._log(part)
        path.parent.mkdir(exist_ok=True)
        if path.exists() and path.stat().st_size > _LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as sink:
            part.child = subprocess.Popen(
                [sys.executable, str(PROJECT / "hemvakt.py"), *part.arguments],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                env=dict(self.environment),
                cwd=PROJECT,
                start_new_session=True,
                preexec_fn=_end_with_us,  # noqa: PLW1509 - one system call, before exec
            )
        part.started_at = time.monotonic()
        part.due_at = 0.0

    def _log(self, part: Part) -> Path:
        return self.data_dir / "logs" / f"{part.name}.log"

    def _tail(self, part: Part) -> str:
        return "\n".join(self._log(part).read_text(errors="replace").splitlines()[-12:])


def _end_with_us() -> None:
    process.die_with_parent(signal.SIGTERM)


def accepts(host: str, port: int) -> bool:
    """Tell whether somebody answers at a TCP address."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def require_free(host: str, port: int, flag: str) -> None:
    """Refuse a port that another program holds.

    Raises
    ------
    ConfigError
        Naming the flag that chooses another.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"Port {port} on {host} cannot be used ({error.strerror}). "
                f"Stop the program that holds it, or choose another: {flag} {port + 1}"
            ) from error
