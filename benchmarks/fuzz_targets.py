"""What is fuzzed: functions of bytes that must not raise, whatever the bytes are.

A target is imported while the fuzzer instruments what it brings along, so each imports what it needs here, at the top.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from ingest.audience import Audience
from ingest.connection import Connection, State
from ingest.delivery import Delivery
from ingest.events import ConnectAsked
from ingest.packet_reader import frame_length, parse
from ingest.packet_writer import serialise
from ingest.packets import V5, V311, Ack, Connect, Disconnect, Ping, Publish, Subscribe, Subscription, Unsubscribe, Will
from ingest.properties import PacketType, Properties
from ingest.reasons import PacketError
from ingest.session import Limits, Message, Session
from ingest.tokens import Tokens

_NOW: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
_LIMITS: Final = Limits(max_packet_bytes=4096, max_connect_bytes=2048, receive_maximum=20, max_queue=10)
_PREFIX: Final = "hemvakt/1/kit-7/"


class _Nowhere:
    """A door that leads nowhere."""

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Do nothing."""

    def publish(self, topic: str, payload: bytes, *, correlation: bytes | None = None) -> None:
        """Do nothing."""


_DOOR: Final = _Nowhere()


def packets(data: bytes) -> None:
    """Feed a connection a stream of bytes in pieces, after a CONNECT of ours or none; whatever comes is settled.

    The first byte says which CONNECT goes before, the second how large the pieces are, the third which deliveries
    are acknowledged. Nothing but the protocol's own error may be raised, what is held stays bounded, and what is
    answered can be read.
    """
    if len(data) < 3:
        return
    version = (V5, V311)[data[0] & 1]
    stream = data[3:]
    if data[0] & 6:
        stream = serialise(Connect(version=version, client_id="c", clean_start=True, keep_alive_s=60), version) + stream
    core = Connection(_DOOR, _LIMITS, 0.0)
    size, settle = data[1] % 64 + 1, data[2]
    for at in range(0, len(stream), size):
        piece = stream[at : at + size]
        events = list(core.receive(piece, _NOW, float(at)))
        if events and isinstance(events[-1], ConnectAsked):
            _accept(core)
            events += core.receive(b"", _NOW, float(at))
        for n, event in enumerate(events):
            if isinstance(event, Delivery) and event.token is not None and settle >> n % 8 & 1:
                core.receipts.settle(event)
        core.push()
        _readable(core.take(), core.version or version)
        if len(core._tail) > _LIMITS.max_packet_bytes + size:  # noqa: SLF001 - the bound is inside
            raise AssertionError("more is held than one packet")
        if core.state is State.CLOSED:
            break
    _parsed(data[0], stream, version)


def _accept(core: Connection) -> None:
    session = Session("kit-7", "c", _LIMITS.max_queue)
    for n in range(3):
        session.offer(Message(topic=f"{_PREFIX}config", payload=b"x" * n, qos=n % 2))
    audience = Audience(tokens=Tokens(_LIMITS, 0.0), sessions={"c": session})
    core.accept(session, audience, "c", 0.0, session_present=False)


def _readable(answer: bytes, version: int) -> None:
    while answer:
        read = frame_length(answer, 1)
        if read is None:
            raise AssertionError("an answer is cut off")
        length, body = read
        parse(answer[0], answer[body : body + length], V5 if version >= V5 else V311)
        answer = answer[body + length :]


def _parsed(first: int, body: bytes, version: int) -> None:
    try:
        parse(first, body, version)
    except PacketError:
        return


def packet_seeds() -> list[bytes]:
    """Return streams to begin with, one of each packet."""
    own = f"{_PREFIX}vitals"
    said = Properties(
        topic_alias=1, user=(("a", "b"),), content_type="x", response_topic=f"{_PREFIX}r", correlation=b"1"
    )
    will = Will(topic=f"{_PREFIX}status", payload=b"{}", qos=1, properties=Properties(will_delay_s=3))
    subscriptions = (Subscription(filter=f"{_PREFIX}#", qos=1), Subscription(filter="$share/g/a", qos=2))
    seeds = []
    for flag, version in ((2, V5), (3, V311)):
        properties = said if version == V5 else Properties()
        sent = (
            Publish(topic=own, payload=b"{}", qos=1, packet_id=1),
            Publish(topic=own, payload=b"", qos=1, packet_id=2, retain=True, properties=properties),
            Publish(topic=own, payload=b"{}", qos=2, packet_id=3),
            Subscribe(packet_id=4, subscriptions=subscriptions),
            Unsubscribe(packet_id=5, filters=(f"{_PREFIX}#",)),
            Ack(kind=PacketType.PUBACK, packet_id=1),
            Ping(kind=PacketType.PINGREQ),
            Disconnect(),
        )
        seeds += [bytes((flag, 63, 255)) + serialise(each, version) for each in sent]
        whole = b"".join(serialise(each, version) for each in sent)
        seeds.append(bytes((flag, 7, 1)) + whole)
        connect = Connect(
            version=version, client_id="c", username="kit-7", password=b"s", will=will, properties=Properties()
        )
        seeds.append(bytes((0, 63, 255)) + serialise(connect, version) + whole)
    return seeds
