"""One device's connection as a protocol: bytes in, events and bytes out. No socket, no await, no clock.

The caller gives the time with every call, carries events out, and writes what `take` returns. It does not check
credentials, keep sessions or publish wills. The invariants: nothing a peer sends raises out of `receive`; a fault ends
the connection with the right reason; any cutting of the byte stream gives the same events.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum, auto

from ingest import reasons
from ingest.audience import Audience
from ingest.delivery import Delivery, Door
from ingest.events import Closed, ConnectAsked, Event
from ingest.exchange import Exchange
from ingest.handshake import objection, refusal, terms, welcome
from ingest.packet_reader import frame_length, parse, protocol_level
from ingest.packet_writer import serialise
from ingest.packets import V5, Connect, Disconnect
from ingest.properties import Properties
from ingest.reasons import PacketError, Reason
from ingest.receipts import Receipts
from ingest.session import Limits, Session


class State(Enum):
    """How far a connection has come."""

    AWAITING = auto()
    ASKING = auto()
    OPEN = auto()
    CLOSED = auto()


class Connection:
    """The protocol of one connection.

    Parameters
    ----------
    door : Door
        Put on every delivery as its way back.
    at_s : float
        Monotonic time in seconds, as in every method that takes `at_s`.
    """

    __slots__ = (
        "_door",
        "_limits",
        "_need",
        "_out",
        "_partial_since_s",
        "_since_s",
        "_tail",
        "connect",
        "exchange",
        "handled",
        "receipts",
        "state",
        "version",
    )

    def __init__(self, door: Door, limits: Limits, at_s: float) -> None:
        self._door = door
        self._limits = limits
        self._since_s = at_s
        self._tail = bytearray()
        self._need = 0
        self._partial_since_s = at_s
        self._out = bytearray()
        self.handled = 0
        self.receipts = Receipts(self._out)
        self.state = State.AWAITING
        self.version = 0
        self.connect: Connect | None = None
        self.exchange: Exchange | None = None

    def receive(self, data: bytes, now: datetime, at_s: float) -> Sequence[Event]:
        """Take bytes of the peer (empty after `accept`, to go on with what waits) and return what happened."""
        if self._tail:
            self._tail += data
            if len(self._tail) < self._need:
                return ()
            data = bytes(self._tail)
            self._tail = bytearray()
        events: list[Event] = []
        at = 0
        try:
            if self.state is State.AWAITING:
                at = self._await_connect(data, events)
            elif self.exchange is not None and self.state is State.OPEN:
                self._since_s = at_s
                at = self._consume(self.exchange, data, now, events)
        except PacketError as error:
            self.close(error.reason, str(error))
            events.append(Closed(reason=error.reason, detail=str(error)))
        if at < len(data) and self.state is not State.CLOSED:
            self._tail = bytearray(memoryview(data)[at:])
            self._partial_since_s = at_s
        return events

    def accept(
        self, session: Session, audience: Audience, client_id: str, at_s: float, *, session_present: bool
    ) -> None:
        """Let the device in; `client_id` is its own or the one assigned. Call `receive` with no bytes next."""
        if self.state is not State.ASKING or self.connect is None:
            return
        agreed = terms(self.connect, client_id, self._limits)
        self._out += welcome(self.connect, agreed, session.device_id, self._limits, session_present=session_present)
        self.exchange = Exchange(
            door=self._door,
            limits=self._limits,
            version=self.version,
            session=session,
            terms=agreed,
            will=self.connect.will,
            out=self._out,
            receipts=self.receipts,
            audience=audience,
        )
        self._since_s, self._need, self.state = at_s, 0, State.OPEN
        self.push()

    def close(self, reason: Reason, detail: str = "") -> None:
        """End the connection from this side, with DISCONNECT or CONNACK where the version and `reason` allow it."""
        if self.state is State.OPEN and self.version == V5 and reason in reasons.DISCONNECT:
            self._out += self._last_word(reason, detail)
        elif self.state in {State.AWAITING, State.ASKING} and self.version and reason in reasons.CONNACK:
            bounded = self.connect is not None and self.connect.properties.maximum_packet_bytes is not None
            self._out += refusal(reason, min(V5, self.version), "" if bounded else detail)
        self.state = State.CLOSED
        self._tail = bytearray()

    def say(self, answer: bytes) -> None:
        """Send an answer that had to wait for the store."""
        if self.state is State.OPEN:
            self._out += answer

    def push(self) -> None:
        """Send some of what waits in the session, as far as the device has room; nothing new once `take` is empty."""
        if self.exchange is not None and self.state is State.OPEN:
            self.exchange.push()

    def take(self) -> bytes:
        """Return the bytes to write, once."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def touch(self, at_s: float) -> None:
        """Start the keep-alive anew: the silence until `at_s` was ours, not the device's."""
        self._since_s = self._partial_since_s = at_s

    def deadline_s(self) -> float | None:
        """Return when the peer must have been heard of; None where it may be silent for ever.

        Before the CONNECT is whole that is `connect_timeout_s` after the start, however many bytes have come; later a
        packet that has begun must be whole `packet_timeout_s` after its first byte.
        """
        if self.state is State.AWAITING:
            return self._since_s + self._limits.connect_timeout_s
        if self.state is not State.OPEN or self.exchange is None:
            return None
        deadlines = [self._partial_since_s + self._limits.packet_timeout_s] if self._tail else []
        if self.exchange.terms.keep_alive_s:
            deadlines.append(self._since_s + 1.5 * self.exchange.terms.keep_alive_s)
        return min(deadlines, default=None)

    def _last_word(self, reason: Reason, detail: str) -> bytes:
        most = self.exchange.terms.peer_max_packet_bytes if self.exchange is not None else 0
        said = serialise(Disconnect(code=reason, properties=Properties(reason_string=detail or None)), V5)
        return said if len(said) <= most else serialise(Disconnect(code=reason), V5)

    def _await_connect(self, data: bytes, events: list[Event]) -> int:
        if data and data[0] != 0x10:
            raise PacketError(Reason.PROTOCOL_ERROR, "the first packet is not a CONNECT")
        read = frame_length(data, 1) if len(data) > 1 else None
        if read is None:
            self._need = len(data) + 1
            return 0
        length, body = read
        self._need = body + length
        if self._need > self._limits.max_connect_bytes:
            raise PacketError(Reason.PACKET_TOO_LARGE, "the CONNECT is too large")
        if self._need <= len(data):
            self._ask(data[body : self._need], events)
            return self._need
        return 0

    def _ask(self, body: bytes, events: list[Event]) -> None:
        self.version = protocol_level(body)
        connect = parse(0x10, body, self.version)
        if not isinstance(connect, Connect):  # pragma: no cover - parse gives what the first byte says
            return
        self.connect = connect
        fault = objection(connect)
        if fault is not None:
            raise PacketError(fault, fault.name.lower())
        self.state = State.ASKING
        events.append(ConnectAsked(connect=connect))

    def _consume(self, exchange: Exchange, data: bytes, now: datetime, events: list[Event]) -> int:
        """Take whole packets off `data`; returns where the first one that is not whole begins.

        A PUBLISH at QoS 1, not retained, without properties, to a topic seen before that nobody listens to, is taken
        apart in place: nearly all there is. `handled` counts what is to be added to the number of
        events to give that of the packets.
        """
        v5, known, receipts, door = self.version == V5, exchange.known, self.receipts, self._door
        device_id, most, room = exchange.device_id, self._limits.max_packet_bytes, exchange.room()
        at, end = 0, len(data)
        while at + 1 < end:
            first, length, body = data[at], data[at + 1], at + 2
            if length > 127:
                read = frame_length(data, at + 1)
                if read is None:
                    break
                length, body = read
            stop = body + length
            if stop - at > most:
                raise PacketError(Reason.PACKET_TOO_LARGE, f"a packet of {stop - at} bytes")
            if stop > end:
                self._need = stop - at
                return at
            if first & 0xF7 == 0x32 and length > 4 and room > 0:
                number = body + 2 + (data[body] << 8 | data[body + 1])
                start = number + 3 if v5 else number + 2
                topic = known.get(data[body + 2 : number])
                if topic and start <= stop and not (v5 and data[start - 1]) and (data[number] or data[number + 1]):
                    delivery = Delivery(topic, data[start:stop], now, door, device_id, None, None, receipts)
                    receipts.add(delivery, b"@\2" + data[number : number + 2])
                    events.append(delivery)
                    at, room = stop, room - 1
                    continue
            told = len(events)
            exchange.handle(parse(first, data[body:stop], self.version), now, events)
            self.handled += 1 + told - len(events)
            if events and type(events[-1]) is Closed:
                self.state = State.CLOSED
                return end
            at, room = stop, exchange.room()
        self._need = end - at + 1
        return at
