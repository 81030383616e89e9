"""A TCP forwarder, between a device and its door or ingest and its store, that breaks connections on purpose.

Each connection draws a latency and a fuse beforehand: after so many bytes in one direction (in the middle of a packet
as likely as between two) it is reset, ended, held up for a while, or made deaf: what the device says still arrives,
what it is answered does not. Several doors behind one forwarder are chosen by chance, as a balancer does. The
invariant: bytes are never changed and never change their order.
"""

import asyncio
import socket
import struct
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import cast

_RESET = struct.pack("ii", 1, 0)


class End(StrEnum):
    """What happens when a fuse has burnt down."""

    RESET = "reset"
    FINISH = "finish"
    STALL = "stall"
    DEAF = "deaf"


class Way(StrEnum):
    """A direction."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuse:
    """Burns with the bytes that go one way; `stall_s` is how long a stall lasts."""

    way: Way
    burns_bytes: int
    end: End
    stall_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How bad the network is: mean bytes to a cut each way, longest stall and latency, and what the ends may be.

    0 bytes: no cuts.
    """

    up_bytes: float
    down_bytes: float
    stall_s: float
    latency_s: float
    ends: tuple[End, ...] = tuple(End)

    def fuse(self, rng: Random) -> Fuse | None:
        """Draw what will happen to a connection; None where nothing will."""
        way = rng.choice(tuple(Way))
        mean = self.up_bytes if way is Way.UP else self.down_bytes
        if not mean:
            return None
        burns_bytes = 1 + int(rng.expovariate(1 / mean))
        return Fuse(way=way, burns_bytes=burns_bytes, end=rng.choice(self.ends), stall_s=rng.random() * self.stall_s)


FAIR = Weather(up_bytes=0, down_bytes=0, stall_s=0, latency_s=0)
Note = Callable[[str], None]


class Cutter:
    """One forwarder. `weather` may be changed at any time; connections keep what they have drawn."""

    def __init__(self, targets: Sequence[int], weather: Weather, rng: Random, note: Note) -> None:
        self.targets = targets
        self.weather = weather
        self.port = 0
        self.dark = False
        self.counts: Counter[str] = Counter()
        self.rng = rng
        self._note = note
        self._pairs: set[_Pair] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a loopback port that the system chooses."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Pair(self).near, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening and reset what is open."""
        if self._server is not None:
            self._server.close()
        self.cut()

    def cut(self) -> None:
        """Reset every connection."""
        for pair in tuple(self._pairs):
            pair.reset()

    def entered(self, pair: "_Pair") -> None:
        """Take note of a connection."""
        self._pairs.add(pair)

    def left(self, pair: "_Pair") -> None:
        """Forget a connection."""
        self._pairs.discard(pair)

    def happened(self, end: End) -> None:
        """Take note of a fuse that has burnt down."""
        self.counts[end] += 1
        self._note(end)


class _Side(asyncio.Protocol):
    """One socket of a connection; what it receives goes to the other."""

    def __init__(self, pair: "_Pair", way: Way) -> None:
        self.pair, self.way = pair, way
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.pair.opened(self)

    def data_received(self, data: bytes) -> None:
        self.pair.passing(self.way, data)

    def connection_lost(self, _exc: Exception | None) -> None:
        self.pair.finish()

    def pause_writing(self) -> None:
        self.pair.throttle(self.way, on=True)

    def resume_writing(self) -> None:
        self.pair.throttle(self.way, on=False)


class _Pair:
    """A connection through the forwarder: the device's socket and the door's."""

    def __init__(self, cutter: Cutter) -> None:
        self._cutter = cutter
        self._loop = asyncio.get_running_loop()
        self._fuse = cutter.weather.fuse(cutter.rng)
        self._latency_s = cutter.rng.random() * cutter.weather.latency_s
        self._burnt = 0
        self._deaf = False
        self._stalled = False
        self._over = False
        self._dialling: asyncio.Task[None] | None = None
        self._waiting: deque[tuple[Way, bytes]] = deque()
        self.near = _Side(self, Way.UP)
        self.far = _Side(self, Way.DOWN)

    def opened(self, side: _Side) -> None:
        """Dial the door when the device has come; hand on what has come meanwhile when the door has answered."""
        if self._over:
            self._drop(side)
        elif side is self.far:
            self._hand_on()
        elif self._cutter.dark:
            self.reset()
        else:
            self._cutter.entered(self)
            self._dialling = self._loop.create_task(self._dial())

    async def _dial(self) -> None:
        for port in self._cutter.rng.sample(list(self._cutter.targets), len(self._cutter.targets)):
            try:
                await self._loop.create_connection(lambda: self.far, "127.0.0.1", port)
            except OSError:
                continue
            return
        self.reset()

    def passing(self, way: Way, data: bytes) -> None:
        """Let bytes through, after the latency, as far as the fuse allows."""
        if self._latency_s:
            self._loop.call_later(self._latency_s, self._arrive, way, data)
        else:
            self._arrive(way, data)

    def _arrive(self, way: Way, data: bytes) -> None:
        if self._over or (self._deaf and way is Way.DOWN):
            return
        fuse = self._fuse
        if fuse is not None and fuse.way is way:
            left = fuse.burns_bytes - self._burnt
            self._burnt += len(data)
            if left <= len(data):
                self._waiting.append((way, data[:left]))
                self._hand_on()
                self._burn(fuse, way, data[left:])
                return
        self._waiting.append((way, data))
        self._hand_on()

    def _burn(self, fuse: Fuse, way: Way, rest: bytes) -> None:
        self._fuse = None
        self._cutter.happened(fuse.end)
        match fuse.end:
            case End.RESET:
                self.reset()
            case End.FINISH:
                self.finish()
            case End.DEAF:
                self._deaf = True
                if way is Way.UP:
                    self._waiting.append((way, rest))
                    self._hand_on()
            case End.STALL:
                self._waiting.append((way, rest))
                self._stalled = True
                self._loop.call_later(fuse.stall_s, self._go_on)

    def _go_on(self) -> None:
        self._stalled = False
        self._hand_on()

    def _hand_on(self) -> None:
        while self._waiting and not self._stalled and not self._over:
            way, data = self._waiting[0]
            transport = (self.far if way is Way.UP else self.near).transport
            if transport is None:
                return
            self._waiting.popleft()
            if data:
                transport.write(data)

    def throttle(self, way: Way, *, on: bool) -> None:
        """Stop reading from one side while the other does not take what it is given, so that memory stays bounded."""
        source = (self.far if way is Way.UP else self.near).transport
        if source is None or source.is_closing():
            return
        if on:
            source.pause_reading()
        else:
            source.resume_reading()

    def finish(self) -> None:
        """End both sides in good order."""
        self._close(lambda transport: transport.close())

    def reset(self) -> None:
        """End both sides with an RST."""
        self._close(_reset)

    def _close(self, how: Callable[[asyncio.Transport], None]) -> None:
        if self._over:
            return
        self._over = True
        if self._dialling is not None:
            self._dialling.cancel()
        self._cutter.left(self)
        for side in (self.near, self.far):
            if side.transport is not None:
                how(side.transport)

    @staticmethod
    def _drop(side: _Side) -> None:
        if side.transport is not None:
            side.transport.abort()


def _reset(transport: asyncio.Transport) -> None:
    raw = transport.get_extra_info("socket")
    if raw is not None and not transport.is_closing():
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()
