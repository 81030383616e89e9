"""A fleet at work: who sends which message when, on a fixed clock, whatever comes back.

Shell: one process, one loop. Message n of the fleet is the (n // devices)-th of device n % devices, and due n / rate
seconds after the beginning; so each device speaks at an even interval, and the fleet at an even rate. What goes wrong
on purpose is `chaos`. The invariant: a fleet that cannot keep up is late (`Tally.late`), and leaves nothing out.
"""

import asyncio
import heapq
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from simulator.fleet import chaos
from simulator.fleet.chaos import Fate
from simulator.fleet.line import Line
from simulator.fleet.people import Crowd
from simulator.fleet.plan import Plan
from simulator.fleet.tally import Tally
from ward.errors import ConfigError

_AT_ONCE: Final = 200  # connections that are being opened at the same time
_TICK_S: Final = 0.01
_LOOK_S: Final = 0.05
_JOIN_S: Final = 120.0
_DRAIN_S: Final = 30.0
_STOP_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class _Message:
    """What a device has measured, and what is to become of it."""

    device: int
    payload: bytes
    fate: Fate


Rang = Callable[[int, int], None]
"""Told when a patient who was well falls ill: the device's number from 0, and when that was sent, ns since 1970."""


class Crew:
    """All devices of a plan; `tls` where they speak it."""

    def __init__(
        self, plan: Plan, tls: ssl.SSLContext | None = None, rang: Rang = lambda _device, _at_ns: None
    ) -> None:
        self._plan = plan
        self._tls = tls
        self._rang = rang
        self._loop = asyncio.get_running_loop()
        self._crowd = Crowd(plan.seed, plan.devices, plan.illness)
        self._was_ill = bytearray(plan.devices)
        self._fates = chaos.each_fate(plan.switches, plan.seed, plan.devices)
        self._ahead_ms = chaos.ahead_ms(plan.switches, plan.seed, plan.devices)
        self._held: list[tuple[float, int, _Message]] = []
        self._behind: dict[int, _Message] = {}
        self._opening = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self.tally = Tally()
        self.began_s, self._began_ms = 0.0, 0
        names = [plan.device_id(number) for number in range(plan.devices)]
        self.lines = [
            Line(name, plan.secret.format(number, n=number, device=name), self.tally, self._connect)
            for number, name in enumerate(names, 1)
        ]

    @property
    def elapsed_s(self) -> float:
        """Seconds since the first message; 0 before."""
        return self._loop.time() - self.began_s if self.began_s else 0.0

    async def join(self, stopping: asyncio.Event) -> None:
        """Connect everybody, or until told to stop.

        Raises
        ------
        ConfigError
            If nobody is let in.
        """
        for line in self.lines:
            self._connect(line)
        until_s = self._loop.time() + _JOIN_S
        while self.tally.connections + self.tally.turned_away < len(self.lines):
            if stopping.is_set() or self._loop.time() > until_s:
                break
            await asyncio.sleep(_LOOK_S)
        if not self.tally.connections and not stopping.is_set():
            raise ConfigError(
                f"none of {len(self.lines)} devices was let in at {self._plan.host}:{self._plan.port}"
                f" ({self.tally.turned_away} were refused): do they exist, and are their secrets right?"
            )

    async def work(self, stopping: asyncio.Event) -> None:
        """Send until the time is up or told to stop, then wait for the last acknowledgements."""
        plan = self._plan
        self.began_s, self._began_ms = self._loop.time(), time.time_ns() // 1_000_000
        most = None if plan.seconds is None else round(plan.seconds * plan.messages_s)
        number = 0
        while not stopping.is_set() and (most is None or number < most):
            elapsed_s = self.elapsed_s
            due = int(elapsed_s * plan.messages_s) + 1
            for each in range(number, due if most is None else min(due, most)):
                self._say(each, next(self._fates))
                number = each + 1
            self._release(elapsed_s)
            await asyncio.sleep(max(_TICK_S, number / plan.messages_s - self.elapsed_s))
        self._release(float("inf"))
        await self._drain(stopping)

    def close(self) -> None:
        """Leave."""
        for line in self.lines:
            line.close()

    @property
    def waiting(self) -> int:
        """How many messages are not acknowledged."""
        return sum(line.waiting for line in self.lines)

    def _say(self, number: int, fate: Fate) -> None:
        """Measure, and have the message meet its fate."""
        plan, tally = self._plan, self.tally
        device, turn, due_s = number % plan.devices, number // plan.devices, number / plan.messages_s
        tally.late.add(self.elapsed_s - due_s)
        tally.measured += plan.readings
        if fate.dropped:
            tally.dropped += plan.readings
            return
        # By the plan, not by when it is sent: a fleet that is late still measures each second once.
        told_ms = self._began_ms + int(due_s * 1000) + self._ahead_ms[device]
        message = _Message(device, self._crowd.payload(device, turn, due_s, told_ms, plan.readings), fate)
        self._heed(device, turn, due_s)
        if fate.held_s:
            tally.delayed += 1
            heapq.heappush(self._held, (due_s + fate.held_s, number, message))
        elif fate.behind:
            tally.reordered += 1
            if (before := self._behind.pop(device, None)) is not None:
                self._send(before)
            self._behind[device] = message
        else:
            self._send(message)
            if (before := self._behind.pop(device, None)) is not None:
                self._send(before)

    def _heed(self, device: int, turn: int, due_s: float) -> None:
        """Count who falls ill."""
        ill = self._crowd.rings(device, turn, due_s, self._plan.readings)
        if ill is None:
            return
        if ill and not self._was_ill[device]:
            self.tally.ill += 1
            self._rang(device, time.time_ns())
        self._was_ill[device] = ill

    def _send(self, message: _Message) -> None:
        line, readings = self.lines[message.device], self._plan.readings
        for _ in range(message.fate.copies):
            line.publish(message.payload, readings)
        self.tally.copies += (message.fate.copies - 1) * readings
        if message.fate.cut:
            line.cut()

    def _release(self, elapsed_s: float) -> None:
        """Send what has been held back for long enough; at the end everything."""
        while self._held and self._held[0][0] <= elapsed_s:
            self._send(heapq.heappop(self._held)[2])
        if elapsed_s == float("inf"):
            for message in self._behind.values():
                self._send(message)
            self._behind.clear()

    async def _drain(self, stopping: asyncio.Event) -> None:
        """Wait for what is not acknowledged: a while, or, told to stop, a moment."""
        left_s = _STOP_S if stopping.is_set() else _DRAIN_S
        for _ in range(round(left_s / _LOOK_S)):
            if not self.waiting:
                return
            await asyncio.sleep(_LOOK_S)

    def _connect(self, line: Line) -> None:
        task = asyncio.create_task(self._opened(line))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _opened(self, line: Line) -> None:
        async with self._opening:
            try:
                await self._loop.create_connection(lambda: line, self._plan.host, self._plan.port, ssl=self._tls)
            except OSError:
                line.retry()
