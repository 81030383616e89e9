"""MQTT packets to bytes. Pure; writes what it is given and judges none of it.

The invariant: `serialise` leaves out a reason code and properties that say nothing, as MQTT 5 allows.
"""

from ingest.packets import (
    V5,
    Ack,
    Auth,
    Connack,
    Connect,
    Disconnect,
    Granted,
    Packet,
    Ping,
    Publish,
    Subscribe,
    Subscription,
    Unsubscribe,
)
from ingest.properties import NONE, PacketType, Properties, put_binary, put_text, put_varint, write


def serialise(packet: Packet, version: int) -> bytes:
    """Encode a packet for the protocol level `version`; ValueError where a string is above 65,535 bytes."""
    match packet:
        case Publish():
            first, body = _publish(packet, version)
        case Connect():
            first, body = 0x10, _connect(packet)
        case Connack():
            first, body = 0x20, bytes((packet.session_present, packet.code)) + _properties(packet.properties, version)
        case Ack():
            first = packet.kind << 4 | (2 if packet.kind is PacketType.PUBREL else 0)
            body = _u16(packet.packet_id) + _tail(packet.code, packet.properties, version)
        case Subscribe():
            body = b"".join(put_text(each.filter) + bytes((_options(each),)) for each in packet.subscriptions)
            first, body = 0x82, _u16(packet.packet_id) + _properties(packet.properties, version) + body
        case Unsubscribe():
            body = b"".join(put_text(each) for each in packet.filters)
            first, body = 0xA2, _u16(packet.packet_id) + _properties(packet.properties, version) + body
        case Granted():
            first = packet.kind << 4
            body = _u16(packet.packet_id) + _properties(packet.properties, version) + bytes(packet.codes)
        case Ping():
            first, body = packet.kind << 4, b""
        case Disconnect():
            first, body = 0xE0, _tail(packet.code, packet.properties, version)
        case Auth():
            first, body = 0xF0, _tail(packet.code, packet.properties, version)
    return bytes((first,)) + put_varint(len(body)) + body


def _u16(value: int) -> bytes:
    return value.to_bytes(2, "big")


def _properties(properties: Properties, version: int) -> bytes:
    return write(properties) if version == V5 else b""


def _tail(code: int, properties: Properties, version: int) -> bytes:
    if version != V5 or (not code and properties == NONE):
        return b""
    return bytes((code,)) + (b"" if properties == NONE else write(properties))


def _options(asked: Subscription) -> int:
    return asked.qos | asked.no_local << 2 | asked.retain_as_published << 3 | asked.retain_handling << 4


def _publish(packet: Publish, version: int) -> tuple[int, bytes]:
    first = 0x30 | packet.dup << 3 | packet.qos << 1 | packet.retain
    number = _u16(packet.packet_id) if packet.qos else b""
    return first, put_text(packet.topic) + number + _properties(packet.properties, version) + packet.payload


def _connect(packet: Connect) -> bytes:
    flags = packet.clean_start << 1
    tail = put_text(packet.client_id)
    if packet.will is not None:
        flags |= 0x04 | packet.will.qos << 3 | packet.will.retain << 5
        tail += _properties(packet.will.properties, packet.version)
        tail += put_text(packet.will.topic) + put_binary(packet.will.payload)
    if packet.username is not None:
        flags |= 0x80
        tail += put_text(packet.username)
    if packet.password is not None:
        flags |= 0x40
        tail += put_binary(packet.password)
    head = b"\0\4MQTT" + bytes((packet.version, flags)) + _u16(packet.keep_alive_s)
    return head + _properties(packet.properties, packet.version) + tail
