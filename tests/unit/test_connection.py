"""The protocol of one connection, opening and publishing: bytes and times in, events and bytes out."""

import pytest

from ingest.delivery import Delivery
from ingest.events import Closed, ConnectAsked, Event, Foreign, Heard
from ingest.packet_writer import serialise
from ingest.packets import (
    V5,
    V311,
    Ack,
    Connack,
    Connect,
    Packet,
    Ping,
    Will,
)
from ingest.properties import PacketType, Properties
from ingest.reasons import Reason
from ingest.session import Limits, Session
from tests.mqtt_peers import DEVICE, NOW, VITALS, Peer, a_connect, a_peer, a_publish, assert_ended

BOTH = pytest.mark.parametrize("version", [V311, V5])
PINGREQ = Ping(kind=PacketType.PINGREQ)


def deliveries(events: list[Event]) -> list[Delivery]:
    """Return the deliveries, which must be all there is but what is told of retained ones."""
    found = [each for each in events if isinstance(each, Delivery)]
    assert len(found) == len([each for each in events if not isinstance(each, Heard)])
    return found


def acked(peer: Peer) -> list[int]:
    """Return the packet identifiers of the PUBACKs that left."""
    return [each.packet_id for each in peer.read() if isinstance(each, Ack)]


# --- opening ---


def test_connack_tells_the_limits() -> None:
    """The CONNACK of MQTT 5 announces what the endpoint enforces and what it does not support."""
    answer = Peer(V5).connect(keep_alive_s=0, properties=Properties(session_expiry_s=1 << 31, request_response=1))

    assert answer == Connack(
        code=0,
        properties=Properties(
            session_expiry_s=7 * 24 * 3600,
            server_keep_alive_s=1800,
            response_information=f"hemvakt/1/{DEVICE}/",
            receive_maximum=1000,
            topic_alias_maximum=16,
            maximum_qos=1,
            maximum_packet_bytes=16 * 1024 * 1024,
            subscription_ids_available=0,
            shared_available=0,
        ),
    )


def test_connack_of_3_1_1_tells_whether_the_session_was_there() -> None:
    """Session Present is what the shell found."""
    assert Peer(V311).connect() == Connack(code=0)
    assert Peer(V311).connect(Session(DEVICE, "c-1", 9), clean_start=False) == Connack(code=0, session_present=True)


def test_nothing_is_read_before_the_answer_to_connect() -> None:
    """What a hasty device sends behind its CONNECT is read once it was let in."""
    peer = Peer(V5)
    first = peer.core.receive(serialise(a_connect(), V5) + serialise(a_publish(), V5), NOW, 0)
    waiting = peer.core.receive(serialise(a_publish(2), V5), NOW, 0)
    session = Session(DEVICE, "c-1", 9)
    peer.core.accept(session, peer.audience(session), "c-1", 0, session_present=False)
    after = peer.core.receive(b"", NOW, 0)

    assert [type(each) for each in first] == [ConnectAsked]
    assert not waiting
    assert len(deliveries(list(after))) == 2


@pytest.mark.parametrize(
    ("version", "connect", "answer"),
    [
        (V5, a_connect(properties=Properties(auth_method="SCRAM")), Reason.BAD_AUTH_METHOD),
        (V5, a_connect(will=Will(topic=VITALS, payload=b"", qos=2)), Reason.QOS_NOT_SUPPORTED),
        (V311, a_connect(V311, "", clean_start=False), 2),
    ],
)
def test_unsupported_connects_are_refused_by_their_code(version: int, connect: Connect, answer: int) -> None:
    """A CONNECT that asks for what there is not is refused before credentials are looked at."""
    peer = Peer(version)
    events = peer.send(connect)
    (told,) = peer.read()

    assert [type(each) for each in events] == [Closed]
    assert isinstance(told, Connack)
    assert told.code == answer


def test_a_will_of_qos_2_closes_3_1_1_without_an_answer() -> None:
    """MQTT 3.1.1 has no code for it, so the connection just ends."""
    peer = Peer(V311)
    events = peer.send(a_connect(V311, will=Will(topic=VITALS, payload=b"", qos=2)))

    assert [type(each) for each in events] == [Closed]
    assert peer.core.take() == b""


@pytest.mark.parametrize(
    ("body", "version", "codes"),
    [
        ("0006 4d5149736470 03 02 0000 0000", V311, [1]),
        ("0004 4d515454 06 02 0000 00 0000", V5, [Reason.UNSUPPORTED_VERSION]),
        ("0004 5d515454 04 02 0000 0000", V311, []),
    ],
)
def test_other_protocols_are_refused_in_their_own_tongue(body: str, version: int, codes: list[int]) -> None:
    """An older level gets return code 1, a later one reason code 0x84, another protocol nothing."""
    peer, data = Peer(version), bytes.fromhex(body)
    events = peer.feed(bytes((0x10, len(data))) + data)

    assert [type(each) for each in events] == [Closed]
    assert [each.code for each in peer.read() if isinstance(each, Connack)] == codes


def test_the_first_packet_must_be_a_connect() -> None:
    """Anything else before CONNECT ends the connection without an answer."""
    peer = Peer(V5)

    assert [type(each) for each in peer.send(PINGREQ)] == [Closed]
    assert peer.core.take() == b""


def test_a_second_connect_is_a_protocol_error() -> None:
    """CONNECT comes once."""
    peer = a_peer()

    assert_ended(peer, peer.send(a_connect()), Reason.PROTOCOL_ERROR)


def test_a_large_connect_is_refused_before_it_has_come() -> None:
    """Nobody unknown may make the endpoint hold more than a CONNECT needs."""
    events = Peer(V5, Limits(max_connect_bytes=1000)).feed(bytes.fromhex("10e907"))

    assert events == [Closed(reason=Reason.PACKET_TOO_LARGE, detail="the CONNECT is too large")]


# --- publishing ---


@BOTH
def test_a_publish_is_acknowledged_when_it_is_settled_and_not_before(version: int) -> None:
    """PUBACK waits for the commit."""
    peer = a_peer(version)
    (delivery,) = deliveries(peer.send(a_publish(7, b"96")))
    before = peer.core.take()
    peer.core.receipts.settle(delivery)

    assert (delivery.topic, delivery.payload, delivery.identity) == (VITALS, b"96", DEVICE)
    assert delivery.received_at == NOW
    assert before == b""
    assert peer.core.take().hex() == "40020007"


@BOTH
def test_the_second_publish_to_a_topic_equals_the_first(version: int) -> None:
    """The short cut for a known topic gives the same delivery as the long way, flags and all."""
    peer = a_peer(version)
    found = deliveries(
        peer.send(a_publish(1, b"a"), a_publish(1, b"a"), a_publish(2, b"a", retain=True), a_publish(3, b"a", dup=True))
    )
    for each in found:
        peer.core.receipts.settle(each)

    assert {(each.topic, each.payload, each.identity, each.response_topic, each.correlation) for each in found} == {
        (VITALS, b"a", DEVICE, None, None)
    }
    assert acked(peer) == [1, 1, 2, 3]


def test_acknowledgements_keep_the_order_of_the_publishes() -> None:
    """A publish that is stored early is acknowledged after those before it, and each once."""
    peer = a_peer()
    one, two, three = deliveries(peer.send(a_publish(1), a_publish(2), a_publish(3)))

    assert peer.core.receipts.settle(three) == 0
    assert peer.core.receipts.settle(two) == 0
    assert peer.core.take() == b""
    assert peer.core.receipts.settle(one) == 3
    assert acked(peer) == [1, 2, 3]


def test_qos_0_is_delivered_and_owes_nothing() -> None:
    """A publish at QoS 0 has nothing to acknowledge."""
    (delivery,) = deliveries(a_peer().send(a_publish(0)))

    assert delivery.token is None


@BOTH
def test_qos_2_ends_the_connection(version: int) -> None:
    """The announced Maximum QoS is enforced."""
    peer = a_peer(version)

    assert_ended(peer, peer.send(a_publish(qos=2)), Reason.QOS_NOT_SUPPORTED)


def test_a_foreign_topic_is_refused_in_its_turn() -> None:
    """A publish to another's topic is handed to nobody and answered 0x87, in order."""
    peer = a_peer()
    delivery, foreign = peer.send(a_publish(1), a_publish(2, topic="hemvakt/1/other/vitals"))
    before = peer.core.take()
    assert isinstance(delivery, Delivery)
    peer.core.receipts.settle(delivery)

    assert isinstance(foreign, Foreign)
    assert (foreign.delivery.topic, foreign.delivery.identity) == ("hemvakt/1/other/vitals", DEVICE)
    assert foreign.delivery.token is None
    assert before == b""
    assert peer.read() == [
        Ack(kind=PacketType.PUBACK, packet_id=1),
        Ack(kind=PacketType.PUBACK, packet_id=2, code=Reason.NOT_AUTHORIZED),
    ]


def test_a_foreign_topic_closes_3_1_1() -> None:
    """MQTT 3.1.1 cannot refuse a publish, so the connection ends without PUBACK."""
    peer = a_peer(V311)
    events = peer.send(a_publish(1, topic="hemvakt/1/other/vitals"))

    assert [type(each) for each in events] == [Foreign, Closed]
    assert peer.core.take() == b""
    assert_ended(peer, events, Reason.NOT_AUTHORIZED)


@pytest.mark.parametrize(("answer_to", "kind"), [(f"hemvakt/1/{DEVICE}/r", Delivery), ("hemvakt/1/other/r", Foreign)])
def test_an_answer_may_be_asked_for_on_an_own_topic_only(answer_to: str, kind: type) -> None:
    """Response topic and correlation data are handed on; a response topic of somebody else is foreign."""
    peer = a_peer()
    asked = Properties(response_topic=answer_to, correlation=b"\x07", user=(("k", "v"),))
    (event,) = peer.send(a_publish(1, properties=asked))
    delivery = event.delivery if isinstance(event, Foreign) else event

    assert isinstance(event, kind)
    assert isinstance(delivery, Delivery)
    assert (delivery.response_topic, delivery.correlation) == (answer_to, b"\x07")


def test_topic_aliases_stand_for_topics() -> None:
    """A device may name its topic once and use a number from then on."""
    peer = a_peer()
    alias = Properties(topic_alias=16)
    found = deliveries(peer.send(a_publish(1, b"a", properties=alias), a_publish(2, b"b", topic="", properties=alias)))

    assert [(each.topic, each.payload) for each in found] == [(VITALS, b"a"), (VITALS, b"b")]


@pytest.mark.parametrize(
    ("alias", "reason"), [(0, Reason.BAD_TOPIC_ALIAS), (17, Reason.BAD_TOPIC_ALIAS), (3, Reason.PROTOCOL_ERROR)]
)
def test_bad_topic_aliases_end_the_connection(alias: int, reason: Reason) -> None:
    """An alias of 0, above the announced maximum, or that stands for nothing is refused."""
    peer = a_peer()

    assert_ended(peer, peer.send(a_publish(1, topic="", properties=Properties(topic_alias=alias))), reason)


def test_receive_maximum_is_enforced_on_the_device() -> None:
    """More unacknowledged messages than announced end the connection; acknowledged ones make room."""
    peer = a_peer(limits=Limits(receive_maximum=2))
    first, _ = deliveries(peer.send(a_publish(1), a_publish(2)))
    peer.core.receipts.settle(first)
    deliveries(peer.send(a_publish(3)))

    assert_ended(peer, peer.send(a_publish(4)), Reason.RECEIVE_MAXIMUM_EXCEEDED)


@BOTH
def test_a_packet_above_the_maximum_ends_the_connection_before_it_has_come(version: int) -> None:
    """16 MiB are taken, one byte more is refused by its length alone."""
    limit = Limits().max_packet_bytes
    fixed = 5 + 2 + len(VITALS) + 2 + (version == V5)
    peer, other = a_peer(version), a_peer(version)
    (delivery,) = deliveries(peer.send(a_publish(1, bytes(limit - fixed))))
    events = other.feed(serialise(a_publish(1, bytes(limit - fixed + 1)), version)[:5])

    assert len(delivery.payload) == limit - fixed
    assert_ended(other, events, Reason.PACKET_TOO_LARGE)


@pytest.mark.parametrize(
    "packet",
    [
        Ack(kind=PacketType.PUBREL, packet_id=1),
        Ping(kind=PacketType.PINGRESP),
        Connack(code=0),
        a_publish(properties=Properties(subscription_ids=(1,))),
    ],
)
def test_packets_a_device_must_not_send_end_the_connection(packet: Packet) -> None:
    """What belongs to a server, or to QoS 2, is a protocol error."""
    peer = a_peer()

    assert_ended(peer, peer.send(packet), Reason.PROTOCOL_ERROR)


@BOTH
def test_malformed_bytes_end_the_connection_after_what_was_good(version: int) -> None:
    """Messages before a fault are delivered, those after it are not."""
    peer = a_peer(version)
    events = peer.feed(serialise(a_publish(1), version) + b"\x36\0" + serialise(a_publish(2), version))

    assert [type(each) for each in events] == [Delivery, Closed]
    assert_ended(peer, events, Reason.MALFORMED_PACKET)


@BOTH
def test_ping_is_answered(version: int) -> None:
    """PINGREQ gets PINGRESP."""
    peer = a_peer(version)
    peer.send(PINGREQ)

    assert peer.read() == [Ping(kind=PacketType.PINGRESP)]
