"""The MQTT codec: bytes of the standard and of another implementation, and what is refused."""

from typing import Any

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties as PahoProperties
from paho.mqtt.subscribeoptions import SubscribeOptions

from ingest.filters import is_filter, is_own, matches
from ingest.packet_reader import frame_length, parse, protocol_level
from ingest.packet_writer import serialise
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
from ingest.properties import PacketType, Properties, put_binary, put_varint
from ingest.reasons import PacketError, Reason
from tests.mqtt_peers import packets_of

EVERYTHING = Properties(
    payload_format=1,
    message_expiry_s=60,
    content_type="application/json",
    response_topic="hemvakt/1/kit-7/answers",
    correlation=b"\x01\x02",
    user=(("a", "1"), ("a", "2")),
    topic_alias=3,
)
STANDARD: list[tuple[int, Packet, str]] = [
    (V311, Connect(version=V311, client_id="d", keep_alive_s=60), "10 0d 0004 4d515454 04 02 003c 0001 64"),
    (V5, Connect(version=V5, client_id=""), "10 0d 0004 4d515454 05 02 0000 00 0000"),
    (V311, Connack(code=0, session_present=True), "20 02 01 00"),
    (V5, Connack(code=0x87), "20 03 00 87 00"),
    (V311, Publish(topic="a/b", payload=b"x", qos=1, packet_id=10), "32 08 0003 612f62 000a 78"),
    (V5, Publish(topic="a/b", payload=b"x", retain=True), "31 07 0003 612f62 00 78"),
    (V5, Ack(kind=PacketType.PUBACK, packet_id=10), "40 02 000a"),
    (V5, Ack(kind=PacketType.PUBACK, packet_id=10, code=0x87), "40 03 000a 87"),
    (V5, Ack(kind=PacketType.PUBREL, packet_id=10, code=0x92), "62 03 000a 92"),
    (
        V311,
        Subscribe(packet_id=10, subscriptions=(Subscription(filter="a/b", qos=1), Subscription(filter="c/d", qos=2))),
        "82 0e 000a 0003 612f62 01 0003 632f64 02",
    ),
    (V5, Granted(kind=PacketType.SUBACK, packet_id=10, codes=(1, 0x87)), "90 05 000a 00 01 87"),
    (V311, Unsubscribe(packet_id=10, filters=("a/b",)), "a2 07 000a 0003 612f62"),
    (V311, Granted(kind=PacketType.UNSUBACK, packet_id=10), "b0 02 000a"),
    (V311, Ping(kind=PacketType.PINGREQ), "c0 00"),
    (V311, Ping(kind=PacketType.PINGRESP), "d0 00"),
    (V311, Disconnect(), "e0 00"),
    (V5, Disconnect(code=0x8E), "e0 01 8e"),
    (V5, Auth(code=0x18, properties=Properties(auth_method="x")), "f0 06 18 04 15 0001 78"),
]


@pytest.mark.parametrize(("version", "packet", "text"), STANDARD, ids=lambda each: type(each).__name__)
def test_packets_have_the_bytes_of_the_standard(version: int, packet: Packet, text: str) -> None:
    """A packet is written as the standard says and read back the same."""
    assert serialise(packet, version).hex() == text.replace(" ", "")
    assert packets_of(bytes.fromhex(text), version) == [packet]


new_properties: Any = PahoProperties  # paho's class has no annotations


class _Recorder(paho.Client):
    """Paho's client, whose packets stay here instead of going out."""

    def __init__(self, version: int) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id="c-1", protocol=MQTTProtocolVersion(version))
        self.packets: list[bytes] = []
        self._sock: Any = object()  # paho writes nothing where it has no socket

    def _sock_close(self) -> None:
        self._sock = None

    def _packet_queue(
        self,
        command: int,  # noqa: ARG002 - paho's signature
        packet: bytes | bytearray,
        mid: int,  # noqa: ARG002
        qos: int,  # noqa: ARG002
        info: paho.MQTTMessageInfo | None = None,  # noqa: ARG002
    ) -> MQTTErrorCode:
        self.packets.append(bytes(packet))
        return MQTTErrorCode.MQTT_ERR_SUCCESS


@pytest.mark.parametrize("version", [V311, V5])
def test_connect_equals_pahos_bytes(version: int) -> None:
    """A CONNECT with will and credentials is the same, byte for byte, as paho's."""
    other = _Recorder(version)
    other.username_pw_set("kit-7", "secret")
    other.will_set("hemvakt/1/kit-7/status", b'{"online":false}', qos=1, retain=True)
    other._send_connect(30)
    ours = Connect(
        version=version,
        client_id="c-1",
        clean_start=True,
        keep_alive_s=30,
        username="kit-7",
        password=b"secret",
        will=Will(topic="hemvakt/1/kit-7/status", payload=b'{"online":false}', qos=1, retain=True),
    )

    assert serialise(ours, version) == other.packets[0]


@pytest.mark.parametrize("version", [V311, V5])
def test_publish_and_subscribe_equal_pahos_bytes(version: int) -> None:
    """PUBLISH, SUBSCRIBE and UNSUBSCRIBE are the same, byte for byte, as paho's."""
    other = _Recorder(version)
    other._send_publish(7, b"a/b", b"x" * 200, 1, True, True)
    other._send_subscribe(False, [(b"a/#", SubscribeOptions(qos=1) if version == V5 else 1)])
    other._send_unsubscribe(False, [b"a/#"])
    subscribe = Subscribe(packet_id=1, subscriptions=(Subscription(filter="a/#", qos=1),))
    ours: list[Packet] = [
        Publish(topic="a/b", payload=b"x" * 200, qos=1, retain=True, dup=True, packet_id=7),
        subscribe,
        Unsubscribe(packet_id=2, filters=("a/#",)),
    ]

    assert [serialise(each, version) for each in ours] == other.packets


def test_properties_are_read_from_pahos_bytes() -> None:
    """Every PUBLISH property that paho writes is read as it was meant."""
    theirs: Any = new_properties(PacketTypes.PUBLISH)
    theirs.PayloadFormatIndicator = 1
    theirs.MessageExpiryInterval = 60
    theirs.ContentType = "application/json"
    theirs.ResponseTopic = "hemvakt/1/kit-7/answers"
    theirs.CorrelationData = b"\x01\x02"
    theirs.UserProperty = [("a", "1"), ("a", "2")]
    theirs.TopicAlias = 3
    packet = parse(0x30, b"\0\1t" + theirs.pack() + b"x", V5)

    assert packet == Publish(topic="t", payload=b"x", properties=EVERYTHING)


def test_properties_are_read_by_paho() -> None:
    """Properties we write are read by paho as they were meant."""
    theirs: Any = new_properties(PacketTypes.PUBLISH)
    data = serialise(Publish(topic="t", payload=b"", properties=EVERYTHING), V5)
    theirs.unpack(data[5:])

    assert theirs.CorrelationData == b"\x01\x02"
    assert theirs.ResponseTopic == "hemvakt/1/kit-7/answers"
    assert theirs.UserProperty == [("a", "1"), ("a", "2")]
    assert theirs.TopicAlias == 3


MALFORMED = [
    (V311, 0x00, "", Reason.MALFORMED_PACKET),
    (V311, 0xF0, "", Reason.MALFORMED_PACKET),
    (V311, 0x36, "0001 61 0001", Reason.MALFORMED_PACKET),
    (V311, 0x38, "0001 61", Reason.MALFORMED_PACKET),
    (V311, 0x32, "0001 61 0000", Reason.PROTOCOL_ERROR),
    (V311, 0x32, "0009 61", Reason.MALFORMED_PACKET),
    (V311, 0x30, "0003 612f23", Reason.BAD_TOPIC),
    (V311, 0x30, "0000", Reason.PROTOCOL_ERROR),
    (V311, 0x30, "0001 00", Reason.MALFORMED_PACKET),
    (V311, 0x30, "0003 eda080", Reason.MALFORMED_PACKET),
    (V5, 0x30, "0001 61 02 0102", Reason.PROTOCOL_ERROR),
    (V5, 0x30, "0001 61 04 01000100", Reason.PROTOCOL_ERROR),
    (V5, 0x30, "0001 61 05 1100000001", Reason.MALFORMED_PACKET),
    (V5, 0x30, "0001 61 02 7f00", Reason.MALFORMED_PACKET),
    (V5, 0x30, "0001 61 04 08 0001 23", Reason.PROTOCOL_ERROR),
    (V5, 0x30, "0001 61 02 0b00", Reason.PROTOCOL_ERROR),
    (V5, 0x30, "0001 61 8000", Reason.MALFORMED_PACKET),
    (V5, 0x82, "0001 04 0b010b02 0001 61 00", Reason.PROTOCOL_ERROR),
    (V5, 0x82, "0001 00", Reason.PROTOCOL_ERROR),
    (V5, 0x82, "0001 00 0001 61 30", Reason.PROTOCOL_ERROR),
    (V5, 0x82, "0001 00 0001 61 40", Reason.PROTOCOL_ERROR),
    (V5, 0x82, "0001 00 0008 2473686172652f61 05", Reason.PROTOCOL_ERROR),
    (V311, 0x82, "0001 0001 61 04", Reason.PROTOCOL_ERROR),
    (V311, 0x80, "0001 0001 61 00", Reason.MALFORMED_PACKET),
    (V311, 0xA2, "0001", Reason.PROTOCOL_ERROR),
    (V311, 0xC1, "", Reason.MALFORMED_PACKET),
    (V311, 0xC0, "00", Reason.MALFORMED_PACKET),
    (V5, 0x40, "0001 01", Reason.PROTOCOL_ERROR),
    (V5, 0x90, "0001 00 03", Reason.PROTOCOL_ERROR),
    (V311, 0xB0, "0001 00", Reason.PROTOCOL_ERROR),
    (V311, 0x20, "02 00", Reason.MALFORMED_PACKET),
    (V5, 0x20, "01 87 00", Reason.MALFORMED_PACKET),
    (V5, 0xE0, "05", Reason.PROTOCOL_ERROR),
    (V311, 0x10, "0006 4d5149736470 03 02 0000 0000", Reason.UNSUPPORTED_VERSION),
    (V5, 0x10, "0004 4d515454 06 02 0000 00 0000", Reason.UNSUPPORTED_VERSION),
    (V311, 0x10, "0004 4d515454 04 03 0000 0000", Reason.MALFORMED_PACKET),
    (V311, 0x10, "0004 4d515454 04 0a 0000 0000", Reason.MALFORMED_PACKET),
    (V311, 0x10, "0004 4d515454 04 1c 0000 0000", Reason.MALFORMED_PACKET),
    (V311, 0x10, "0004 4d515454 04 42 0000 0000 0000", Reason.MALFORMED_PACKET),
    (V311, 0x10, "0004 4d515454 04 06 0000 0000 0000 0000", Reason.BAD_TOPIC),
    (V5, 0x10, "0004 4d515454 05 02 0000 04 16000178 0000", Reason.PROTOCOL_ERROR),
    (V5, 0x10, "0004 4d515454 05 02 0000 03 210000 0000", Reason.PROTOCOL_ERROR),
]


@pytest.mark.parametrize(("version", "first", "body", "reason"), MALFORMED)
def test_malformed_packets_are_refused_with_their_reason(version: int, first: int, body: str, reason: Reason) -> None:
    """A packet that breaks the standard is refused with the reason code for it."""
    with pytest.raises(PacketError) as caught:
        parse(first, bytes.fromhex(body), version)

    assert caught.value.reason is reason


@pytest.mark.parametrize("length", [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455])
def test_remaining_length_is_read_as_written(length: int) -> None:
    """Every width of the remaining length is read as it was written."""
    data = b"\x30" + put_varint(length)

    assert frame_length(data, 1) == (length, len(data))
    assert frame_length(data[:-1], 1) is None


@pytest.mark.parametrize("text", ["ffffffff01", "8000", "ffffff80"])
def test_bad_remaining_length_is_refused(text: str) -> None:
    """A remaining length of five bytes, or not in its shortest form, is malformed."""
    with pytest.raises(PacketError):
        frame_length(bytes.fromhex(text), 0)


def test_a_field_above_65535_bytes_is_not_written() -> None:
    """A string or will payload that MQTT cannot carry is refused by the writer."""
    assert put_binary(bytes(0xFFFF))[:2] == b"\xff\xff"
    with pytest.raises(ValueError, match="65,535"):
        put_binary(bytes(0x10000))


@pytest.mark.parametrize(
    ("body", "level"), [("0004 4d515454 05", 5), ("0006 4d5149736470 03", 3), ("0001 61 04", 0), ("", 0)]
)
def test_protocol_level_is_read_where_there_is_one(body: str, level: int) -> None:
    """The level a CONNECT asks for is known even where the CONNECT is of no use."""
    assert protocol_level(bytes.fromhex(body)) == level


@pytest.mark.parametrize(
    ("pattern", "topic", "is_match"),
    [
        ("a/b", "a/b", True),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/+", "a", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/+/c", "a/b/d", False),
        ("a/b", "a/b/c", False),
        ("a/+", "a/", True),
    ],
)
def test_filters_match_as_the_standard_says(pattern: str, topic: str, is_match: bool) -> None:  # noqa: FBT001
    """Wildcards match one level, or all that follow and their parent."""
    assert matches(pattern, topic) is is_match


def test_filters_are_well_formed_and_own_or_not() -> None:
    """A wildcard fills its level, and a filter is a device's own only where its first levels are spelled out."""
    assert [is_filter(each) for each in ("a/+/#", "/", "a+", "#/a", "a/b#", "")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]
    assert is_own("hemvakt/1/kit-7/#", "kit-7")
    assert not any(is_own(each, "kit-7") for each in ("#", "hemvakt/1/+/config", "hemvakt/1/kit-70/config"))
