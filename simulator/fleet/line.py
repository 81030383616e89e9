"""One device's connection in a fleet: MQTT 3.1.1 at quality of service 1 on asyncio, with a memory of its own.

Shell. `simulator.line` speaks all of MQTT for a dozen devices, in threads; this speaks a part of it for ten thousand.
The invariant: a message leaves the memory only when it is acknowledged or, the memory being full, counted as `shed`;
after a lost connection all that was on its way is sent again, in order.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from simulator.fleet import packets
from simulator.fleet.tally import Tally
from ward.wire import Leaf, topic

_IN_FLIGHT: Final = 16
_MEMORY: Final = 1_000  # messages, waiting and on their way
_AGAIN_S: Final = (1.0, 30.0)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A message: its packet number, when it was given to the device (monotonic s), its bytes, how many readings."""

    number: int
    at_s: float
    packet: bytes
    readings: int


Connect = Callable[["Line"], None]


class Line(asyncio.Protocol):
    """A device. `connect` is asked to open a connection for it, at once and after each that is lost."""

    def __init__(self, device_id: str, secret: str, tally: Tally, connect: Connect) -> None:
        self.device_id = device_id
        self._hello = packets.connect(device_id, secret)
        self._heed = packets.subscribe(topic(device_id, Leaf.REJECTS))
        self._to = topic(device_id, Leaf.VITALS)
        self.tally = tally
        self._connect = connect
        self._loop = asyncio.get_running_loop()
        self._tail = b""
        self._flying: dict[int, _Sent] = {}
        self._waiting: deque[_Sent] = deque()
        self._packet = 0
        self._again_s = _AGAIN_S[0]
        self._closing = False
        self._transport: asyncio.Transport | None = None
        self.open = False

    @property
    def waiting(self) -> int:
        """How many messages are not acknowledged."""
        return len(self._flying) + len(self._waiting)

    def publish(self, payload: bytes, readings: int) -> None:
        """Remember a message, and send it as soon as may be."""
        if self.waiting >= _MEMORY:
            self.tally.shed += 1
            if not self._waiting:
                return
            self._waiting.popleft()
        self._packet = self._packet % packets.PACKETS + 1
        packet = packets.publish(self._to, payload, self._packet)
        self._waiting.append(_Sent(self._packet, self._loop.time(), packet, readings))
        self.tally.sent += 1
        self.tally.readings += readings
        self._send()

    def cut(self) -> None:
        """Lose the connection without a word, as a network does."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Leave for good."""
        self._closing = True
        self.cut()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say who we are."""
        self._transport = cast(asyncio.Transport, transport)
        self._tail = b""
        self._transport.write(self._hello)

    def connection_lost(self, exc: Exception | None) -> None:
        """Take back what was on its way, and connect again after a while."""
        del exc
        self._transport = None
        if self.open:
            self.open = False
            self.tally.connections -= 1
            self.tally.lost_connections += not self._closing
        self.tally.repeated += len(self._flying)
        for sent in reversed(self._flying.values()):
            self._waiting.appendleft(_Sent(sent.number, sent.at_s, packets.again(sent.packet), sent.readings))
        self._flying.clear()
        self.retry()

    def retry(self) -> None:
        """Have a connection opened after a while, ever later as long as it fails."""
        if not self._closing:
            self._loop.call_later(self._again_s, self._connect, self)
            self._again_s = min(2 * self._again_s, _AGAIN_S[1])

    def data_received(self, data: bytes) -> None:
        """Take acknowledgements, and count what else comes."""
        data = self._tail + data if self._tail else data
        done = 0
        for first, body, end in packets.frames(data):
            done = end
            kind = first & 0xF0
            if kind == packets.PUBACK:
                self._acknowledged(int.from_bytes(body[:2], "big"))
            elif kind == packets.CONNACK:
                self._answered(body)
            elif kind == packets.PUBLISH:
                self.tally.refused += 1
        self._tail = data[done:]
        self._send()

    def _answered(self, body: bytes) -> None:
        if body[1]:
            self.tally.turned_away += 1
            self.close()
            return
        self.open = True
        self._again_s = _AGAIN_S[0]
        self.tally.connections += 1
        if self._transport is not None:
            self._transport.write(self._heed)

    def _acknowledged(self, number: int) -> None:
        sent = self._flying.pop(number, None)
        if sent is not None:
            self.tally.acknowledged += 1
            self.tally.readings_acknowledged += sent.readings
            self.tally.puback.add(self._loop.time() - sent.at_s)

    def _send(self) -> None:
        while self.open and self._waiting and len(self._flying) < _IN_FLIGHT and self._transport is not None:
            sent = self._waiting.popleft()
            self._flying[sent.number] = sent
            self._transport.write(sent.packet)
