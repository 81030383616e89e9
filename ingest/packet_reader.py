"""Bytes to MQTT packets, strictly. Pure: raises `PacketError` and nothing else, whatever the bytes.

The invariant: `parse(*frame)` of what `packet_writer.serialise` wrote gives the same packet back.
"""

from collections.abc import Callable

from ingest import reasons
from ingest.filters import is_topic_name
from ingest.packets import (
    V5,
    V311,
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
    Will,
)
from ingest.properties import NONE, Cursor, PacketType, Properties, read
from ingest.reasons import PacketError, Reason

_FLAGS = {PacketType.PUBREL: 2, PacketType.SUBSCRIBE: 2, PacketType.UNSUBSCRIBE: 2}


def frame_length(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """Read the remaining length that starts at `data[at]`.

    Returns
    -------
    tuple of int or None
        Remaining length and the index of the body's first byte; None where more bytes are needed.
    """
    value = 0
    for count, byte in enumerate(data[at : at + 4]):
        value |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            if count and not byte:
                break
            return value, at + count + 1
    else:
        if len(data) < at + 4:
            return None
    raise PacketError(Reason.MALFORMED_PACKET, "bad remaining length")


def parse(first: int, body: bytes, version: int) -> Packet:
    """Parse one packet from its first byte and body, as the protocol level `version` reads it."""
    kind = PacketType(first >> 4)
    if kind is PacketType.PUBLISH:
        return _publish(first, Cursor(body), version)
    if first & 0x0F != _FLAGS.get(kind, 0):
        raise PacketError(Reason.MALFORMED_PACKET, f"reserved flags of {kind.name}")
    cursor = Cursor(body)
    packet = _PARSERS[kind](kind, cursor, version)
    if cursor.more():
        raise PacketError(Reason.MALFORMED_PACKET, f"{kind.name} is longer than its fields")
    return packet


def protocol_level(body: bytes) -> int:
    """Return the protocol level a CONNECT asks for, 0 where it cannot be read."""
    name_end = 2 + int.from_bytes(body[:2], "big")
    return body[name_end] if name_end < len(body) and body[2:name_end] in {b"MQTT", b"MQIsdp"} else 0


def _properties(cursor: Cursor, packet: PacketType, version: int) -> Properties:
    return read(cursor, packet) if version == V5 else NONE


def _packet_id(cursor: Cursor) -> int:
    number = cursor.u16()
    if not number:
        raise PacketError(Reason.PROTOCOL_ERROR, "packet identifier 0")
    return number


def _code(cursor: Cursor, allowed: frozenset[int]) -> int:
    code = cursor.u8()
    if code not in allowed:
        raise PacketError(Reason.PROTOCOL_ERROR, f"reason code 0x{code:02X} does not belong here")
    return code


def _topic_name(cursor: Cursor) -> str:
    topic = cursor.text()
    if topic and not is_topic_name(topic):
        raise PacketError(Reason.BAD_TOPIC, "wildcard in a topic name")
    return topic


def _check_response(properties: Properties) -> Properties:
    if properties.response_topic is not None and not is_topic_name(properties.response_topic):
        raise PacketError(Reason.PROTOCOL_ERROR, "wildcard in a response topic")
    return properties


def _publish(first: int, cursor: Cursor, version: int) -> Publish:
    qos = first >> 1 & 3
    dup = bool(first & 8)
    if qos == 3 or (dup and not qos):
        raise PacketError(Reason.MALFORMED_PACKET, "flags of PUBLISH")
    topic = _topic_name(cursor)
    packet_id = _packet_id(cursor) if qos else 0
    properties = _check_response(_properties(cursor, PacketType.PUBLISH, version))
    if not topic and properties.topic_alias is None:
        raise PacketError(Reason.PROTOCOL_ERROR, "PUBLISH without a topic")
    return Publish(
        topic=topic,
        payload=cursor.rest(),
        qos=qos,
        retain=bool(first & 1),
        dup=dup,
        packet_id=packet_id,
        properties=properties,
    )


def _connect(_kind: PacketType, cursor: Cursor, _version: int) -> Connect:
    name, version = cursor.binary(), cursor.u8()
    if name != b"MQTT" or version not in {V311, V5}:
        raise PacketError(Reason.UNSUPPORTED_VERSION, "this platform speaks MQTT 3.1.1 and 5")
    flags = cursor.u8()
    if flags & 1 or (not flags & 0x04 and flags & 0x38) or flags & 0x18 == 0x18:
        raise PacketError(Reason.MALFORMED_PACKET, "flags of CONNECT")
    if version == V311 and flags & 0xC0 == 0x40:
        raise PacketError(Reason.MALFORMED_PACKET, "a password without a user name")
    keep_alive_s = cursor.u16()
    properties = _properties(cursor, PacketType.CONNECT, version)
    if properties.auth_data is not None and properties.auth_method is None:
        raise PacketError(Reason.PROTOCOL_ERROR, "authentication data without a method")
    return Connect(
        version=version,
        client_id=cursor.text(),
        clean_start=bool(flags & 2),
        keep_alive_s=keep_alive_s,
        will=_will(flags, cursor, version) if flags & 4 else None,
        username=cursor.text() if flags & 0x80 else None,
        password=cursor.binary() if flags & 0x40 else None,
        properties=properties,
    )


def _will(flags: int, cursor: Cursor, version: int) -> Will:
    properties = _check_response(_properties(cursor, PacketType.WILL, version))
    topic = _topic_name(cursor)
    if not topic:
        raise PacketError(Reason.BAD_TOPIC, "a will without a topic")
    return Will(
        topic=topic,
        payload=cursor.binary(),
        qos=flags >> 3 & 3,
        retain=bool(flags & 0x20),
        properties=properties,
    )


def _connack(kind: PacketType, cursor: Cursor, version: int) -> Connack:
    flags = cursor.u8()
    code = _code(cursor, reasons.CONNACK if version == V5 else reasons.CONNACK_V3)
    if flags > 1 or (flags and code):
        raise PacketError(Reason.MALFORMED_PACKET, "flags of CONNACK")
    return Connack(code=code, session_present=bool(flags), properties=_properties(cursor, kind, version))


def _ack(kind: PacketType, cursor: Cursor, version: int) -> Ack:
    allowed = reasons.PUBACK if kind in {PacketType.PUBACK, PacketType.PUBREC} else reasons.PUBCOMP
    packet_id = _packet_id(cursor)
    if version != V5:
        return Ack(kind=kind, packet_id=packet_id)
    code, properties = _code_and_properties(kind, cursor, allowed)
    return Ack(kind=kind, packet_id=packet_id, code=code, properties=properties)


def _code_and_properties(kind: PacketType, cursor: Cursor, allowed: frozenset[int]) -> tuple[int, Properties]:
    """Read a reason code and properties, either of which may be left out where it says nothing."""
    code = _code(cursor, allowed) if cursor.more() else 0
    return code, read(cursor, kind) if cursor.more() else NONE


def _subscribe(kind: PacketType, cursor: Cursor, version: int) -> Subscribe:
    packet_id = _packet_id(cursor)
    properties = _properties(cursor, kind, version)
    wanted = []
    while cursor.more():
        wanted.append(_subscription(cursor, version))
    if not wanted:
        raise PacketError(Reason.PROTOCOL_ERROR, "SUBSCRIBE without a topic filter")
    return Subscribe(packet_id=packet_id, subscriptions=tuple(wanted), properties=properties)


def _subscription(cursor: Cursor, version: int) -> Subscription:
    text, options = cursor.text(), cursor.u8()
    reserved = 0xC0 if version == V5 else 0xFC
    if options & reserved or options & 3 == 3 or options & 0x30 == 0x30:
        raise PacketError(Reason.PROTOCOL_ERROR, "subscription options")
    if options & 4 and text.startswith("$share/"):
        raise PacketError(Reason.PROTOCOL_ERROR, "No Local on a shared subscription")
    return Subscription(
        filter=text,
        qos=options & 3,
        no_local=bool(options & 4),
        retain_as_published=bool(options & 8),
        retain_handling=options >> 4,
    )


def _unsubscribe(kind: PacketType, cursor: Cursor, version: int) -> Unsubscribe:
    packet_id = _packet_id(cursor)
    properties = _properties(cursor, kind, version)
    filters = []
    while cursor.more():
        filters.append(cursor.text())
    if not filters:
        raise PacketError(Reason.PROTOCOL_ERROR, "UNSUBSCRIBE without a topic filter")
    return Unsubscribe(packet_id=packet_id, filters=tuple(filters), properties=properties)


def _granted(kind: PacketType, cursor: Cursor, version: int) -> Granted:
    packet_id = _packet_id(cursor)
    properties = _properties(cursor, kind, version)
    codes = tuple(cursor.rest())
    allowed = reasons.SUBACK if version == V5 else reasons.SUBACK_V3
    if kind is PacketType.UNSUBACK:
        allowed = reasons.UNSUBACK if version == V5 else frozenset()
    if not allowed.issuperset(codes):
        raise PacketError(Reason.PROTOCOL_ERROR, f"reason codes of {kind.name}")
    return Granted(kind=kind, packet_id=packet_id, codes=codes, properties=properties)


def _ping(kind: PacketType, _cursor: Cursor, _version: int) -> Ping:
    return Ping(kind=kind)


def _disconnect(kind: PacketType, cursor: Cursor, version: int) -> Disconnect:
    if version != V5:
        return Disconnect()
    code, properties = _code_and_properties(kind, cursor, reasons.DISCONNECT)
    return Disconnect(code=code, properties=properties)


def _auth(kind: PacketType, cursor: Cursor, version: int) -> Auth:
    if version != V5:
        raise PacketError(Reason.MALFORMED_PACKET, "AUTH belongs to MQTT 5")
    code, properties = _code_and_properties(kind, cursor, reasons.AUTH)
    return Auth(code=code, properties=properties)


def _reserved(_kind: PacketType, _cursor: Cursor, _version: int) -> Packet:
    raise PacketError(Reason.MALFORMED_PACKET, "packet type 0")


_PARSERS: dict[PacketType, Callable[[PacketType, Cursor, int], Packet]] = {
    PacketType.WILL: _reserved,
    PacketType.CONNECT: _connect,
    PacketType.CONNACK: _connack,
    PacketType.PUBACK: _ack,
    PacketType.PUBREC: _ack,
    PacketType.PUBREL: _ack,
    PacketType.PUBCOMP: _ack,
    PacketType.SUBSCRIBE: _subscribe,
    PacketType.SUBACK: _granted,
    PacketType.UNSUBSCRIBE: _unsubscribe,
    PacketType.UNSUBACK: _granted,
    PacketType.PINGREQ: _ping,
    PacketType.PINGRESP: _ping,
    PacketType.DISCONNECT: _disconnect,
    PacketType.AUTH: _auth,
}
