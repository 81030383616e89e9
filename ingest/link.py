"""One device's socket: carries bytes between a transport and a `Connection`, and minds the buffers.

Shell. Decides nothing about the protocol. The invariants: nothing is read while the inbox is full, while credentials
are being checked, or from a device that does not read; a buffer that passes its bound ends the connection.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Final, Protocol, cast

from ingest.connection import Connection, State
from ingest.delivery import Delivery, Door, Inbox
from ingest.events import Event, Told
from ingest.identity import Certificate, certificate_of
from ingest.reasons import Reason
from ingest.session import Counters, Limits
from ingest.tokens import Tokens
from ward.clock import Clock

CLOSING_S: Final = 10.0


class Pause(Enum):
    """Why a socket is not read."""

    INBOX = auto()
    ASKING = auto()
    SLOW = auto()
    STORING = auto()
    FLOOD = auto()


# While it is not read for one of these, a device's silence is ours.
OURS: Final = {Pause.INBOX, Pause.STORING, Pause.FLOOD}


class Host(Door, Protocol):
    """What a link needs of the endpoint."""

    inbox: Inbox
    clock: Clock
    limits: Limits
    counters: Counters

    def joined(self, link: "Link") -> None:
        """Take note of a new connection."""

    def left(self, link: "Link") -> None:
        """Take note that a connection is over for the protocol; called once or more."""

    def lost(self, link: "Link") -> None:
        """Take note that a socket is closed; called once."""

    def handle(self, link: "Link", event: Told) -> None:
        """Act on what a connection tells."""

    def hold(self) -> None:
        """Stop reading everywhere: the inbox is full."""

    def throttle(self, link: "Link") -> None:
        """Stop reading a device that has published more than it may."""


class Link(asyncio.Protocol):
    """The asyncio end of one connection."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._pauses: set[Pause] = set()
        self._slow_since_s: float | None = None
        self._closing_since_s: float | None = None
        self._tokens: Tokens | None = None
        self._promises = 0
        self.transport: asyncio.Transport
        self.core = Connection(host, host.limits, self._loop.time())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast(asyncio.Transport, transport)
        self._host.joined(self)

    def certificate(self) -> Certificate | None:
        """Return the certificate that the device has shown; None without one, or without TLS."""
        shown = self.transport.get_extra_info("ssl_object")
        encoded = shown.getpeercert(binary_form=True) if shown is not None else None
        return certificate_of(encoded, shown.getpeercert() or {}) if encoded else None

    def data_received(self, data: bytes) -> None:
        """Hand bytes to the protocol, and what came of them to the endpoint."""
        events = self.core.receive(data, self._host.clock.now(), self._loop.time())
        self.carry(events)
        if self._tokens is not None:
            count, self.core.handled = len(events) + self.core.handled, 0
            if self._tokens.take(count, len(data), self._loop.time()):
                self._host.throttle(self)

    def go_on(self, now: datetime, tokens: Tokens) -> None:
        """Read on after the device was let in, first what had come meanwhile; `tokens` is what it may publish."""
        self._tokens = tokens
        self.resume(Pause.ASKING)
        self.carry(self.core.receive(b"", now, self._loop.time()))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """End."""
        self._host.left(self)
        self._host.lost(self)

    def pause_writing(self) -> None:
        """Stop sending to, and reading from, a device that does not read."""
        self._slow_since_s = self._loop.time()
        self.pause(Pause.SLOW)

    def resume_writing(self) -> None:
        """Send and read again."""
        self._slow_since_s = None
        self.resume(Pause.SLOW)
        self.push()

    def carry(self, events: Sequence[Event]) -> None:
        """Put deliveries into the inbox, tell the endpoint the rest, write what there is to write."""
        host = self._host
        put, taken = host.inbox.put, 0
        for event in events:
            if isinstance(event, Delivery):
                put(event)
                taken += 1
            else:
                host.handle(self, event)
        host.counters.received += taken
        self.flush()
        if taken and host.inbox.full:
            host.hold()

    def promise(self) -> None:
        """Read no more until an answer has been given that waits for the store."""
        self._promises += 1
        self.pause(Pause.STORING)

    def fulfil(self, answer: bytes) -> None:
        """Give such an answer, and read on when none waits any more."""
        self._promises -= 1
        self.core.say(answer)
        self.flush()
        if not self._promises:
            self.resume(Pause.STORING)

    def push(self) -> None:
        """Send what waits in the session unless the device is slow."""
        if self._slow_since_s is None:
            self.core.push()
            self.flush()

    def flush(self) -> None:
        """Write what the protocol has to say: one write, more only where much waits in the session."""
        data = self.core.take()
        while data and not self.transport.is_closing():
            was_slow = self._slow_since_s is not None
            self.transport.write(data)
            if was_slow and self.transport.get_write_buffer_size() > self._host.limits.max_write_buffer_bytes:
                self.transport.abort()
            if self._slow_since_s is not None:
                break
            self.core.push()
            data = self.core.take()

    def finish(self, reason: Reason, detail: str = "") -> None:
        """End the connection from this side: say so, write what is left, close."""
        self.core.close(reason, detail)
        self.flush()
        self._host.left(self)
        if self._closing_since_s is None:
            self._closing_since_s = self._loop.time()
        self.transport.close()

    def check(self, at_s: float) -> None:
        """End the connection if one of its deadlines has passed at `at_s`."""
        if self._closing_since_s is not None:
            if at_s - self._closing_since_s > CLOSING_S:
                self.transport.abort()
            return
        if self._slow_since_s is not None and at_s - self._slow_since_s > self._host.limits.write_timeout_s:
            self.transport.abort()
            return
        deadline_s = self.core.deadline_s()
        if deadline_s is not None and at_s >= deadline_s and not self._pauses & OURS:
            self.finish(Reason.KEEP_ALIVE_TIMEOUT, "nothing heard in time")

    def pause(self, cause: Pause) -> None:
        """Stop reading for `cause`."""
        self._pauses.add(cause)
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume(self, cause: Pause) -> None:
        """Read again unless another cause remains; the silence until now does not count against the device."""
        self._pauses.discard(cause)
        if cause in OURS and self.core.state is not State.CLOSED:
            self.core.touch(self._loop.time())
        if not self._pauses and not self.transport.is_closing():
            self.transport.resume_reading()
