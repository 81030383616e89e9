"""The way out on one connection: which messages of a session are sent when.

Pure. The invariants: never more QoS 1 messages unacknowledged than the device's Receive Maximum, none above its
Maximum Packet Size, and what was in flight on an earlier connection goes first, in order, marked as a repeat.
"""

from collections import deque
from dataclasses import replace
from typing import Final

from ingest.handshake import Terms
from ingest.packet_writer import serialise
from ingest.packets import Publish
from ingest.session import Message, Session

PORTION_BYTES: Final = 64 * 1024


class Sender:
    """Sends a session's messages within what the device can take; a topic it may alias is written out once."""

    __slots__ = (
        "_aliases",
        "_max_bytes",
        "_most_aliases",
        "_repeat",
        "_session",
        "_unacknowledged",
        "_version",
        "_window",
    )

    def __init__(self, session: Session, version: int, terms: Terms) -> None:
        self._session = session
        self._version = version
        self._window = terms.peer_receive_maximum
        self._max_bytes = terms.peer_max_packet_bytes
        self._most_aliases = terms.peer_topic_aliases
        self._aliases: dict[str, int] = {}
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
        if len(self._aliases) < self._most_aliases:
            self._aliases.setdefault(message.topic, len(self._aliases) + 1)
        out += data
        return 0

    def _encode(self, message: Message, number: int, *, repeat: bool) -> bytes:
        topic, properties = message.topic, message.properties
        alias = self._aliases.get(topic)
        if alias is not None:
            topic, properties = "", replace(properties, topic_alias=alias)
        elif len(self._aliases) < self._most_aliases:
            properties = replace(properties, topic_alias=len(self._aliases) + 1)
        packet = Publish(
            topic=topic,
            payload=message.payload,
            qos=message.qos,
            retain=message.retain,
            dup=repeat,
            packet_id=number,
            properties=properties,
        )
        return serialise(packet, self._version)
