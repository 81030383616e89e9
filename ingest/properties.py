"""MQTT 5 properties, and the fields that every packet is made of.

Pure. Knows no packet as a whole and no session rule. The invariant: `read` accepts exactly what the table
`_TABLE` allows for a packet, each property once (user properties and subscription identifiers excepted).
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import IntEnum

from ingest.reasons import PacketError, Reason

MAX_VARINT = 268_435_455


class PacketType(IntEnum):
    """The high half of a packet's first byte; `WILL` stands for the will inside a CONNECT."""

    WILL = 0
    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14
    AUTH = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Properties:
    """The properties of one packet; None (or an empty tuple) where absent. Times are seconds."""

    payload_format: int | None = None
    message_expiry_s: int | None = None
    content_type: str | None = None
    response_topic: str | None = None
    correlation: bytes | None = None
    subscription_ids: tuple[int, ...] = ()
    session_expiry_s: int | None = None
    assigned_client_id: str | None = None
    server_keep_alive_s: int | None = None
    auth_method: str | None = None
    auth_data: bytes | None = None
    request_problem: int | None = None
    will_delay_s: int | None = None
    request_response: int | None = None
    response_information: str | None = None
    server_reference: str | None = None
    reason_string: str | None = None
    receive_maximum: int | None = None
    topic_alias_maximum: int | None = None
    topic_alias: int | None = None
    maximum_qos: int | None = None
    retain_available: int | None = None
    user: tuple[tuple[str, str], ...] = ()
    maximum_packet_bytes: int | None = None
    wildcards_available: int | None = None
    subscription_ids_available: int | None = None
    shared_available: int | None = None


NONE = Properties()


class Cursor:
    """Reads fields off a packet's body from front to back; every short read is a `PacketError`."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.end = data, 0, len(data)

    def raw(self, count: int) -> bytes:
        """Take `count` bytes."""
        start, self.at = self.at, self.at + count
        if self.at > self.end:
            raise PacketError(Reason.MALFORMED_PACKET, "the packet ends inside a field")
        return self.data[start : self.at]

    def rest(self) -> bytes:
        """Take all that is left."""
        return self.raw(self.end - self.at)

    def more(self) -> bool:
        """Tell whether anything is left."""
        return self.at < self.end

    def u8(self) -> int:
        """Take one byte."""
        return self.raw(1)[0]

    def u16(self) -> int:
        """Take a two-byte integer."""
        return int.from_bytes(self.raw(2), "big")

    def u32(self) -> int:
        """Take a four-byte integer."""
        return int.from_bytes(self.raw(4), "big")

    def varint(self) -> int:
        """Take a variable byte integer, which must be in its shortest form."""
        value = 0
        for shift in (0, 7, 14, 21):
            byte = self.u8()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if shift and not byte:
                    break
                return value
        raise PacketError(Reason.MALFORMED_PACKET, "bad variable byte integer")

    def binary(self) -> bytes:
        """Take binary data with its two-byte length."""
        return self.raw(self.u16())

    def text(self) -> str:
        """Take a UTF-8 string; surrogates and U+0000 are refused."""
        try:
            value = self.binary().decode()
        except UnicodeDecodeError as error:
            raise PacketError(Reason.MALFORMED_PACKET, "a string is not UTF-8") from error
        if "\0" in value:
            raise PacketError(Reason.MALFORMED_PACKET, "a string holds U+0000")
        return value

    def pair(self) -> tuple[str, str]:
        """Take a user property's name and value."""
        return self.text(), self.text()


def put_varint(value: int) -> bytes:
    """Encode a variable byte integer of 0 to `MAX_VARINT`."""
    if value < 0x80:
        return bytes((value,))
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def put_binary(value: bytes) -> bytes:
    """Encode binary data; ValueError above 65,535 bytes."""
    if len(value) > 0xFFFF:
        raise ValueError("a field of MQTT holds at most 65,535 bytes")
    return len(value).to_bytes(2, "big") + value


def put_text(value: str) -> bytes:
    """Encode a UTF-8 string; ValueError above 65,535 bytes."""
    return put_binary(value.encode())


def _flag(cursor: Cursor) -> int:
    value = cursor.u8()
    if value > 1:
        raise PacketError(Reason.PROTOCOL_ERROR, "a flag property is neither 0 nor 1")
    return value


def _positive(take: Callable[[Cursor], int]) -> Callable[[Cursor], int]:
    def read_positive(cursor: Cursor) -> int:
        value = take(cursor)
        if not value:
            raise PacketError(Reason.PROTOCOL_ERROR, "a property that must not be zero is zero")
        return value

    return read_positive


_Value = int | str | bytes | tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Kind:
    read: Callable[[Cursor], _Value]
    write: Callable[..., bytes]


def _integer(count: int, read_one: Callable[[Cursor], int]) -> _Kind:
    return _Kind(read_one, lambda value: value.to_bytes(count, "big"))


_FLAG = _integer(1, _flag)
_U16, _U32 = _integer(2, Cursor.u16), _integer(4, Cursor.u32)
_U16_POSITIVE, _U32_POSITIVE = _integer(2, _positive(Cursor.u16)), _integer(4, _positive(Cursor.u32))
_VARINT = _Kind(_positive(Cursor.varint), put_varint)
_TEXT, _BINARY = _Kind(Cursor.text, put_text), _Kind(Cursor.binary, put_binary)
_PAIR = _Kind(Cursor.pair, lambda pair: put_text(pair[0]) + put_text(pair[1]))

_P = PacketType
_MESSAGE = frozenset({_P.PUBLISH, _P.WILL})
_LOGIN = frozenset({_P.CONNECT, _P.CONNACK, _P.AUTH})
_BOTH_HELLOS = frozenset({_P.CONNECT, _P.CONNACK})
_CONNACK = frozenset({_P.CONNACK})
_CONNECT = frozenset({_P.CONNECT})
_ANSWERS = frozenset(
    {_P.CONNACK, _P.PUBACK, _P.PUBREC, _P.PUBREL, _P.PUBCOMP, _P.SUBACK, _P.UNSUBACK, _P.DISCONNECT, _P.AUTH}
)
_ANY = frozenset(_P) - {_P.PINGREQ, _P.PINGRESP}
# MQTT 5, OASIS Standard 2019, table 2-4: identifier, field, form, packets that may carry it.
_TABLE: tuple[tuple[int, str, _Kind, frozenset[PacketType]], ...] = (
    (1, "payload_format", _FLAG, _MESSAGE),
    (2, "message_expiry_s", _U32, _MESSAGE),
    (3, "content_type", _TEXT, _MESSAGE),
    (8, "response_topic", _TEXT, _MESSAGE),
    (9, "correlation", _BINARY, _MESSAGE),
    (11, "subscription_ids", _VARINT, frozenset({_P.PUBLISH, _P.SUBSCRIBE})),
    (17, "session_expiry_s", _U32, frozenset({_P.CONNECT, _P.CONNACK, _P.DISCONNECT})),
    (18, "assigned_client_id", _TEXT, _CONNACK),
    (19, "server_keep_alive_s", _U16, _CONNACK),
    (21, "auth_method", _TEXT, _LOGIN),
    (22, "auth_data", _BINARY, _LOGIN),
    (23, "request_problem", _FLAG, _CONNECT),
    (24, "will_delay_s", _U32, frozenset({_P.WILL})),
    (25, "request_response", _FLAG, _CONNECT),
    (26, "response_information", _TEXT, _CONNACK),
    (28, "server_reference", _TEXT, frozenset({_P.CONNACK, _P.DISCONNECT})),
    (31, "reason_string", _TEXT, _ANSWERS),
    (33, "receive_maximum", _U16_POSITIVE, _BOTH_HELLOS),
    (34, "topic_alias_maximum", _U16, _BOTH_HELLOS),
    (35, "topic_alias", _U16, frozenset({_P.PUBLISH})),
    (36, "maximum_qos", _FLAG, _CONNACK),
    (37, "retain_available", _FLAG, _CONNACK),
    (38, "user", _PAIR, _ANY),
    (39, "maximum_packet_bytes", _U32_POSITIVE, _BOTH_HELLOS),
    (40, "wildcards_available", _FLAG, _CONNACK),
    (41, "subscription_ids_available", _FLAG, _CONNACK),
    (42, "shared_available", _FLAG, _CONNACK),
)
_BY_ID = {number: (name, kind, where) for number, name, kind, where in _TABLE}
_BY_NAME = {name: (bytes((number,)), kind) for number, name, kind, _ in _TABLE}
_NAMES = tuple(field.name for field in fields(Properties))
ALLOWED = {each: frozenset(name for _, name, _, where in _TABLE if each in where) for each in PacketType}


def read(cursor: Cursor, packet: PacketType) -> Properties:
    """Read a packet's properties with their length; PacketError for what `packet` may not carry."""
    length = cursor.varint()
    if not length:
        return NONE
    inner = Cursor(cursor.raw(length))
    found: dict[str, object] = {}
    user: list[tuple[str, str]] = []
    ids: list[int] = []
    while inner.more():
        name, kind, where = _BY_ID.get(inner.varint(), ("", _FLAG, frozenset()))
        if packet not in where:
            raise PacketError(Reason.MALFORMED_PACKET, f"property {name or 'unknown'} in {packet.name}")
        value = kind.read(inner)
        if isinstance(value, tuple):
            user.append(value)
        elif name == "subscription_ids" and isinstance(value, int) and (packet is PacketType.PUBLISH or not ids):
            ids.append(value)
        elif name == "subscription_ids" or name in found:
            raise PacketError(Reason.PROTOCOL_ERROR, f"property {name} twice")
        else:
            found[name] = value
    # The table gives every field its own type.
    return Properties(**found, user=tuple(user), subscription_ids=tuple(ids))  # type: ignore[arg-type]


def write(properties: Properties) -> bytes:
    """Encode properties with their length, in the order of `Properties`."""
    if properties is NONE:
        return b"\0"
    out = bytearray()
    for name in _NAMES:
        value = getattr(properties, name)
        if value is None:
            continue
        number, kind = _BY_NAME[name]
        for each in value if isinstance(value, tuple) else (value,):
            out += number + kind.write(each)
    return put_varint(len(out)) + bytes(out)
