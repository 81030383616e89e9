"""MQTT reason codes, which of them each packet may carry, and the error of the codec.

Pure tables. The invariant: a `PacketError` always carries the MQTT 5 code that tells the sender what was wrong.
"""

from enum import IntEnum

from ward.errors import HemvaktError


class Reason(IntEnum):
    """Reason codes of MQTT 5 (OASIS Standard 2019, table 2-6); 0x01 and 0x02 are also granted QoS."""

    SUCCESS = 0x00
    GRANTED_QOS_1 = 0x01
    GRANTED_QOS_2 = 0x02
    DISCONNECT_WITH_WILL = 0x04
    NO_MATCHING_SUBSCRIBERS = 0x10
    NO_SUBSCRIPTION_EXISTED = 0x11
    CONTINUE_AUTHENTICATION = 0x18
    REAUTHENTICATE = 0x19
    UNSPECIFIED_ERROR = 0x80
    MALFORMED_PACKET = 0x81
    PROTOCOL_ERROR = 0x82
    IMPLEMENTATION_ERROR = 0x83
    UNSUPPORTED_VERSION = 0x84
    BAD_CLIENT_ID = 0x85
    BAD_CREDENTIALS = 0x86
    NOT_AUTHORIZED = 0x87
    SERVER_UNAVAILABLE = 0x88
    SERVER_BUSY = 0x89
    BANNED = 0x8A
    SERVER_SHUTTING_DOWN = 0x8B
    BAD_AUTH_METHOD = 0x8C
    KEEP_ALIVE_TIMEOUT = 0x8D
    SESSION_TAKEN_OVER = 0x8E
    BAD_FILTER = 0x8F
    BAD_TOPIC = 0x90
    PACKET_ID_IN_USE = 0x91
    PACKET_ID_NOT_FOUND = 0x92
    RECEIVE_MAXIMUM_EXCEEDED = 0x93
    BAD_TOPIC_ALIAS = 0x94
    PACKET_TOO_LARGE = 0x95
    RATE_TOO_HIGH = 0x96
    QUOTA_EXCEEDED = 0x97
    ADMINISTRATIVE_ACTION = 0x98
    BAD_PAYLOAD_FORMAT = 0x99
    RETAIN_NOT_SUPPORTED = 0x9A
    QOS_NOT_SUPPORTED = 0x9B
    USE_ANOTHER_SERVER = 0x9C
    SERVER_MOVED = 0x9D
    SHARED_NOT_SUPPORTED = 0x9E
    CONNECTION_RATE_EXCEEDED = 0x9F
    MAXIMUM_CONNECT_TIME = 0xA0
    SUBSCRIPTION_IDS_NOT_SUPPORTED = 0xA1
    WILDCARDS_NOT_SUPPORTED = 0xA2


class PacketError(HemvaktError):
    """A peer broke the protocol; `reason` is the MQTT 5 code for it. Ends that connection and nothing else."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def _codes(text: str) -> frozenset[int]:
    return frozenset(bytes.fromhex(text))


CONNACK_V3 = frozenset(range(6))
CONNACK = _codes("00 80 81 82 83 84 85 86 87 88 89 8a 8c 90 95 97 99 9a 9b 9c 9d 9f")
PUBACK = _codes("00 10 80 83 87 90 91 97 99")
PUBCOMP = _codes("00 92")
SUBACK_V3 = _codes("00 01 02 80")
SUBACK = _codes("00 01 02 80 83 87 8f 91 97 9e a1 a2")
UNSUBACK = _codes("00 11 80 83 87 8f 91")
DISCONNECT = _codes("00 04 80 81 82 83 87 89 8b 8d 8e 8f 90 93 94 95 96 97 98 99 9a 9b 9c 9d 9e 9f a0 a1 a2")
AUTH = _codes("00 18 19")

# MQTT 3.1.1 knows five refusals; any other ends the connection without a CONNACK (section 3.2.2.3).
REFUSAL_V3 = {
    Reason.UNSUPPORTED_VERSION: 1,
    Reason.BAD_CLIENT_ID: 2,
    Reason.SERVER_UNAVAILABLE: 3,
    Reason.SERVER_BUSY: 3,
    Reason.QUOTA_EXCEEDED: 3,
    Reason.BAD_CREDENTIALS: 4,
    Reason.NOT_AUTHORIZED: 5,
}
