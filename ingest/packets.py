"""MQTT control packets of 3.1.1 and 5 as values; `packet_reader` and `packet_writer` turn them from and to bytes.

Pure. A packet that `packet_reader.parse` gives is valid on its own; what it means on a connection is not decided here.
"""

from dataclasses import dataclass

from ingest.properties import NONE, PacketType, Properties

V311 = 4
V5 = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Will:
    """What is published when a device goes without a word."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    properties: Properties = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """A client's first packet. `version` is `V311` or `V5`; a keep-alive of 0 s means none."""

    version: int
    client_id: str
    clean_start: bool = True
    keep_alive_s: int = 0
    username: str | None = None
    password: bytes | None = None
    will: Will | None = None
    properties: Properties = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Connack:
    """The answer to a CONNECT; `code` is a return code of 3.1.1 or a reason code of 5."""

    code: int
    session_present: bool = False
    properties: Properties = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """One message; `packet_id` is 0 exactly where `qos` is 0."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    dup: bool = False
    packet_id: int = 0
    properties: Properties = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """PUBACK, PUBREC, PUBREL or PUBCOMP, told apart by `kind`."""

    kind: PacketType
    packet_id: int
    code: int = 0
    properties: Properties = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One topic filter with its options; the last three are 0 in 3.1.1."""

    filter: str
    qos: int = 0
    no_local: bool = False
    retain_as_published: bool = False
    retain_handling: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """Asks for messages; at least one subscription."""

    packet_id: int
    subscriptions: tuple[Subscription, ...]
    properties: Properties = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe:
    """Ends subscriptions; at least one filter."""

    packet_id: int
    filters: tuple[str, ...]
    properties: Properties = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """SUBACK or UNSUBACK by `kind`: one code for each filter (none in an UNSUBACK of 3.1.1)."""

    kind: PacketType
    packet_id: int
    codes: tuple[int, ...] = ()
    properties: Properties = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """PINGREQ or PINGRESP by `kind`."""

    kind: PacketType


@dataclass(frozen=True, slots=True, kw_only=True)
class Disconnect:
    """The last packet of a connection, from either side in MQTT 5."""

    code: int = 0
    properties: Properties = NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """Enhanced authentication, MQTT 5."""

    code: int = 0
    properties: Properties = NONE


Packet = Connect | Connack | Publish | Ack | Subscribe | Unsubscribe | Granted | Ping | Disconnect | Auth
