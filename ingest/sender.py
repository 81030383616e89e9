"""The way out on one connection: which messages of a session are sent when.

Pure. The invariants: never more QoS 1 messages unacknowledged than the device's Receive Maximum, none above its
Maximum Packet Size, and what was in flight on an earlier connection goes first, in order, marked as a repeat.
"""

from collections import deque
from typing import Final

from ingest.packet_writer import serialise
from ingest.packets import Publish
from ingest.session import Message, Session

PORTION_BYTES: Final = 64 * 1024


class Sender:
    """Sends a session's messages within what the device can take."""

    __slots__ = ("_max_bytes", "_repeat", "_session", "_unacknowledged", "_version", "_window")

    def __init__(self, session: Session, version: int, window: int, max_bytes: int) -> None:
        self._session = session
        self._version = version
        self._window = window
        self._max_bytes = max_bytes
        self._unacknowledged: set[int] = set()
        self._repeat = deque(session.in_flight)

    def push(self, out: bytearray) -> int:
        """Append what may be sent now to `out`, about `PORTION_BYTES` at most; returns how many were too large."""
        dropped = 0
        while self._repeat and len(self._unacknowledged) < self._window and len(out) < PORTION_BYTES:
            number = self._repeat.popleft()
            message = self._session.in_flight.get(number)
            if message is not None:
                dropped += self._put(message, number, out, repeat=True)
        queue = self._session.queue
        while queue and not self._repeat and len(out) < PORTION_BYTES:
            if queue[0].qos and len(self._unacknowledged) >= self._window:
                break
            message = queue.popleft()
            number = self._session.take_id(message) if message.qos else 0
            dropped += self._put(message, number, out, repeat=False)
        return dropped

    def acknowledge(self, number: int) -> Message | None:
        """Take a PUBACK of the device; returns the message it was for, None where nothing waits under `number`."""
        self._unacknowledged.discard(number)
        return self._session.settle(number)

    def _put(self, message: Message, number: int, out: bytearray, *, repeat: bool) -> int:
        data = self._encode(message, number, repeat=repeat)
        if len(data) > self._max_bytes:
            self._session.settle(number)
            return 1
        if number:
            self._unacknowledged.add(number)
        out += data
        return 0

    def _encode(self, message: Message, number: int, *, repeat: bool) -> bytes:
        packet = Publish(
            topic=message.topic,
            payload=message.payload,
            qos=message.qos,
            retain=message.retain,
            dup=repeat,
            packet_id=number,
            properties=message.properties,
        )
        return serialise(packet, self._version)
