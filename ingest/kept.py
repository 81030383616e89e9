"""What the store keeps of a session: the difference to what it has, and a session made of it again.

Pure. Messages and subscriptions are kept as the packets that MQTT 5 makes of them. The invariant: a session that is
read back has every message that was written, in the same order, those in flight under their packet identifiers.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ingest.packet_reader import frame_length, parse
from ingest.packet_writer import serialise
from ingest.packets import V5, Packet, Publish, Subscribe
from ingest.reasons import PacketError
from ingest.session import Message, Session
from ward.store.mqtt_sessions import Changes, Head, KeptMessage, Opened

UNREADABLE: Final = (PacketError, ValueError)
"""What kept packets raise that a disk or another version has spoilt."""


@dataclass(slots=True, kw_only=True)
class Written:
    """What the store has of a session: its head, and the packet identifier (None: waits) of each message."""

    head: Head | None = None
    messages: dict[int, int | None] = field(default_factory=dict)


def add_changes(changes: Changes, session: Session, written: Written) -> Written:
    """Add to `changes` what the store does not have of a session; returns what it has once they are written."""
    head = Head(
        generation=session.generation,
        expiry_s=session.expiry_s,
        expires_at=session.kept_until,
        subscriptions=_subscribe(session),
    )
    now: dict[int, tuple[int | None, Message]] = {each.number: (None, each) for each in session.queue if each.number}
    now |= {each.number: (packet_id, each) for packet_id, each in session.in_flight.items()}
    put = {number: each for number, each in now.items() if written.messages.get(number, 0) != each[0]}
    gone = written.messages.keys() - now.keys()
    if head != written.head or put or gone:
        changes.generations.add(session.generation)
    if head != written.head:
        changes.heads.append(head)
    changes.put += [(session.generation, _keep(*each)) for each in put.values()]
    changes.gone += [(session.generation, number) for number in gone]
    return Written(head=head, messages={number: packet_id for number, (packet_id, _) in now.items()})


def restore(device_id: str, client_id: str, opened: Opened, max_queue: int) -> tuple[Session, Written]:
    """Make a session of what the store has kept of it; one of `UNREADABLE` where that is no packets of ours."""
    session = Session(device_id, client_id, max_queue)
    session.generation = opened.generation
    if opened.subscriptions:
        packet = _parse(opened.subscriptions)
        if isinstance(packet, Subscribe):
            session.subscriptions = {each.filter: each for each in packet.subscriptions}
    for kept in opened.messages:
        message = message_of(kept.packet, kept.expires_at)
        message.number = session.last_number = kept.number
        if kept.packet_id is None:
            session.queue.append(message)
        else:
            session.in_flight[kept.packet_id] = message
            session.last_id = kept.packet_id
    return session, Written(messages={each.number: each.packet_id for each in opened.messages})


def retained_of(kept: Sequence[tuple[bytes, datetime | None]]) -> dict[str, Message]:
    """Read what a device has retained; what cannot be read is left out."""
    messages = []
    for each in kept:
        with suppress(*UNREADABLE):
            messages.append(message_of(*each))
    return {each.topic: each for each in messages}


def packet_of(message: Message) -> bytes:
    """Write a message as the packet that is kept of it."""
    return serialise(
        Publish(
            topic=message.topic,
            payload=message.payload,
            qos=message.qos,
            retain=message.retain,
            packet_id=1 if message.qos else 0,
            properties=message.properties,
        ),
        V5,
    )


def message_of(packet: bytes, expires_at: datetime | None) -> Message:
    """Read a message out of the packet that was kept of it."""
    found = _parse(packet)
    if not isinstance(found, Publish):
        raise ValueError("what is kept of a message is no PUBLISH")  # noqa: TRY004 - a wrong value in the store
    return Message(
        topic=found.topic,
        payload=found.payload,
        qos=found.qos,
        retain=found.retain,
        properties=found.properties,
        expires_at=expires_at,
    )


def _keep(packet_id: int | None, message: Message) -> KeptMessage:
    return KeptMessage(
        number=message.number, packet_id=packet_id, packet=packet_of(message), expires_at=message.expires_at
    )


def _subscribe(session: Session) -> bytes:
    if not session.subscriptions:
        return b""
    return serialise(Subscribe(packet_id=1, subscriptions=tuple(session.subscriptions.values())), V5)


def _parse(packet: bytes) -> Packet:
    read = frame_length(packet, 1)
    if read is None:
        raise ValueError("a kept packet is cut off")
    return parse(packet[0], packet[read[1] :], V5)
