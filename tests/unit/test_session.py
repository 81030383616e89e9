"""The protocol of one connection, its session, and the registry: bytes and times in, events and bytes out."""

from typing import Any

import pytest

from ingest.delivery import Delivery
from ingest.events import Closed, ConnectAsked, Event, Foreign, RetainedWanted
from ingest.packet_writer import serialise
from ingest.packets import (
    V5,
    V311,
    Ack,
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
from ingest.properties import PacketType, Properties
from ingest.reasons import Reason
from ingest.registry import Registry
from ingest.session import Limits, Message, Session
from tests.mqtt_peers import CONFIG, DEVICE, NOW, VITALS, Peer, a_connect, a_publish, packets_of

BOTH = pytest.mark.parametrize("version", [V311, V5])
PINGREQ = Ping(kind=PacketType.PINGREQ)


def a_peer(version: int = V5, limits: Limits | None = None, **changes: Any) -> Peer:
    """Return a device that is connected."""
    peer = Peer(version, limits)
    peer.connect(**changes)
    return peer


def deliveries(events: list[Event]) -> list[Delivery]:
    """Return the deliveries, which must be all there is."""
    found = [each for each in events if isinstance(each, Delivery)]
    assert len(found) == len(events)
    return found


def subscribe(peer: Peer, *filters: str, **options: int) -> tuple[int, ...]:
    """Subscribe and return the codes granted."""
    wanted = tuple(Subscription(filter=each, **{"qos": 1, **options}) for each in filters)  # type: ignore[arg-type]
    peer.send(Subscribe(packet_id=9, subscriptions=wanted))
    (answer,) = peer.read()
    assert isinstance(answer, Granted)
    return answer.codes


def assert_ended(peer: Peer, events: list[Event], reason: Reason) -> None:
    """The connection is over for `reason`, which a device of MQTT 5 was told."""
    last = events[-1]
    assert isinstance(last, Closed)
    assert last.reason is reason
    told = peer.read()[-1:]
    assert [each.code for each in told if isinstance(each, Disconnect)] == ([reason] if peer.version == V5 else [])
    assert peer.send(a_publish()) == []


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
    peer.core.accept(Session(DEVICE, "c-1", 9), "c-1", 0, session_present=False)
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


# --- subscribing ---


def test_subscriptions_lie_within_the_devices_own_topics() -> None:
    """Own topics are granted, wildcards only below them; everything else has its own refusal."""
    own = f"hemvakt/1/{DEVICE}"
    asked = (
        CONFIG,
        f"{own}/+",
        f"{own}/#",
        "#",
        "hemvakt/1/+/config",
        "hemvakt/1/other/config",
        f"{own}/a#",
        "$share/g/a",
    )

    assert subscribe(a_peer(), *asked) == (1, 1, 1, 0x87, 0x87, 0x87, 0x8F, 0x9E)
    assert subscribe(a_peer(V311), *asked) == (1, 1, 1, 0x80, 0x80, 0x80, 0x80, 0x80)


def test_qos_2_is_granted_as_1() -> None:
    """A subscription gets what there is."""
    assert subscribe(a_peer(), CONFIG, qos=2) == (1,)


def test_subscriptions_are_bounded() -> None:
    """One filter more than allowed is refused; renewing one is not."""
    peer = a_peer(limits=Limits(max_subscriptions=1))

    assert subscribe(peer, CONFIG, VITALS, CONFIG) == (1, Reason.QUOTA_EXCEEDED, 1)


def test_subscription_identifiers_are_refused() -> None:
    """They were announced as not available."""
    peer = a_peer()
    wanted = (Subscription(filter=CONFIG),)
    events = peer.send(Subscribe(packet_id=1, subscriptions=wanted, properties=Properties(subscription_ids=(1,))))

    assert_ended(peer, events, Reason.SUBSCRIPTION_IDS_NOT_SUPPORTED)


@pytest.mark.parametrize(("handling", "asked"), [(0, [True, True]), (1, [True, False]), (2, [False, False])])
def test_retained_messages_are_asked_for_as_the_device_wants(handling: int, asked: list[bool]) -> None:
    """Retain Handling: always, at a new subscription, never."""
    peer = a_peer()
    packet = Subscribe(packet_id=1, subscriptions=(Subscription(filter=CONFIG, retain_handling=handling),))
    events = [peer.send(packet), peer.send(packet)]

    assert [any(isinstance(one, RetainedWanted) for one in each) for each in events] == asked


def test_unsubscribe_ends_a_subscription() -> None:
    """What was held ends, what was not is told apart."""
    peer = a_peer()
    subscribe(peer, CONFIG)
    peer.send(Unsubscribe(packet_id=4, filters=(CONFIG, VITALS)))

    assert peer.read() == [Granted(kind=PacketType.UNSUBACK, packet_id=4, codes=(0, 0x11))]
    assert peer.core.exchange is not None
    assert peer.core.exchange.session.wanted(CONFIG) is None


# --- sending ---


def a_session(*payloads: bytes, max_queue: int = 9) -> Session:
    """Return a session with messages waiting."""
    session = Session(DEVICE, "c-1", max_queue)
    for each in payloads:
        session.offer(Message(topic=CONFIG, payload=each))
    return session


def sent(packets: list[Packet]) -> list[tuple[int, bytes, bool]]:
    """Return packet identifier, payload and DUP of the PUBLISHes."""
    return [(each.packet_id, each.payload, each.dup) for each in packets if isinstance(each, Publish)]


@BOTH
def test_what_waited_is_sent_after_connack(version: int) -> None:
    """A device that comes back gets what its session kept."""
    peer = Peer(version)
    peer.connect(a_session(b"a", b"b"))

    assert sent(peer.after_connack) == [(1, b"a", False), (2, b"b", False)]


def test_unacknowledged_messages_are_sent_again_marked_as_repeats() -> None:
    """On the next connection what was in flight comes first, with its number and DUP, then what is new."""
    session = a_session(b"a", b"b")
    first, second = Peer(), Peer()
    first.connect(session)
    first.send(Ack(kind=PacketType.PUBACK, packet_id=1))
    session.offer(Message(topic=CONFIG, payload=b"c"))
    second.connect(session)

    assert sent(second.after_connack) == [(2, b"b", True), (3, b"c", False)]


def test_the_devices_receive_maximum_is_honoured() -> None:
    """No more than the device allows is in flight, repeats included; each PUBACK lets the next one go."""
    session = a_session(b"a", b"b", b"c")
    Peer().connect(session, properties=Properties(receive_maximum=2))
    peer = Peer()
    peer.connect(session, properties=Properties(receive_maximum=1))
    rest = []
    for number in (1, 2, 77, 3):
        peer.send(Ack(kind=PacketType.PUBACK, packet_id=number))
        rest += sent(peer.read())

    assert sent(peer.after_connack) == [(1, b"a", True)]
    assert rest == [(2, b"b", True), (3, b"c", False)]


def test_messages_above_the_devices_maximum_are_dropped_and_counted() -> None:
    """A device is never sent more than it can take."""
    peer = Peer()
    peer.connect(a_session(bytes(100), b"a"), properties=Properties(maximum_packet_bytes=60))

    assert [each[1] for each in sent(peer.after_connack)] == [b"a"]
    assert peer.core.exchange is not None
    assert peer.core.exchange.dropped == 1


def test_a_full_queue_loses_its_oldest() -> None:
    """The newest configuration is what counts."""
    session = a_session(b"a", b"b", max_queue=2)

    assert session.offer(Message(topic=CONFIG, payload=b"c")) == 1
    assert [each.payload for each in session.queue] == [b"b", b"c"]


def test_packet_identifiers_in_flight_are_not_used_twice() -> None:
    """Numbers go round, past those that still wait."""
    session = a_session()
    session.in_flight[1] = Message(topic=CONFIG, payload=b"a")
    session.last_id = 0xFFFF

    assert session.take_id(Message(topic=CONFIG, payload=b"b")) == 2


def test_an_answer_carries_its_correlation_data_in_mqtt_5() -> None:
    """A receipt can be matched with what it answers."""
    session = Session(DEVICE, "c-1", 9)
    session.offer(Message(topic=CONFIG, payload=b"{}", correlation=b"\x05"))
    peer = Peer()
    peer.connect(session)
    (answer,) = peer.after_connack

    assert isinstance(answer, Publish)
    assert answer.properties.correlation == b"\x05"


# --- leaving ---

WILL = Will(topic=f"hemvakt/1/{DEVICE}/status", payload=b'{"online":false}')


@pytest.mark.parametrize(
    ("code", "kept"), [(Reason.SUCCESS, None), (Reason.DISCONNECT_WITH_WILL, WILL), (Reason.UNSPECIFIED_ERROR, WILL)]
)
def test_only_a_normal_disconnect_deletes_the_will(code: Reason, kept: Will | None) -> None:
    """DISCONNECT 0x00 deletes the will; any other keeps it."""
    peer = a_peer(will=WILL)
    events = peer.send(Disconnect(code=code))

    assert events == [Closed(reason=code)]
    assert peer.core.exchange is not None
    assert peer.core.exchange.will == kept
    assert peer.core.take() == b""


@pytest.mark.parametrize(("at_connect", "kept_s"), [(60, 30), (None, None)])
def test_disconnect_may_shorten_a_session_but_not_begin_one(at_connect: int | None, kept_s: int | None) -> None:
    """A session expiry in DISCONNECT is taken, unless CONNECT had none."""
    peer = a_peer(properties=Properties(session_expiry_s=at_connect))
    events = peer.send(Disconnect(properties=Properties(session_expiry_s=30)))

    assert peer.core.exchange is not None
    if kept_s is None:
        assert_ended(peer, events, Reason.PROTOCOL_ERROR)
    else:
        assert peer.core.exchange.session_expiry_s == kept_s


@BOTH
def test_close_says_goodbye_where_the_version_can(version: int) -> None:
    """The server's reason reaches a device of MQTT 5."""
    peer = a_peer(version)
    peer.core.close(Reason.SESSION_TAKEN_OVER)

    assert peer.read() == ([Disconnect(code=Reason.SESSION_TAKEN_OVER)] if version == V5 else [])


def test_a_goodbye_fits_the_devices_packet_size() -> None:
    """The reason string is left out where the device could not take it."""
    peer = a_peer(properties=Properties(maximum_packet_bytes=10))
    peer.core.close(Reason.PROTOCOL_ERROR, "a long explanation")

    assert peer.read() == [Disconnect(code=Reason.PROTOCOL_ERROR)]


def test_keep_alive_is_one_and_a_half_times_what_was_agreed() -> None:
    """Every packet moves the deadline; a device without keep-alive has none in 3.1.1 and the server's in 5."""
    peer = a_peer(keep_alive_s=20)
    peer.at_s = 100.0
    peer.send(PINGREQ)

    assert peer.core.deadline_s() == 130.0
    assert a_peer(V311, keep_alive_s=0).core.deadline_s() is None
    assert a_peer(V5, keep_alive_s=0).core.deadline_s() == 2700.0


def test_the_deadline_for_connect_does_not_move_with_bytes() -> None:
    """A peer that sends its CONNECT byte by byte has ten seconds for all of it."""
    peer = Peer()
    peer.at_s = 9.0
    peer.feed(b"\x10")

    assert peer.core.deadline_s() == 10.0


# --- registry ---


def test_sessions_belong_to_a_device() -> None:
    """The same client id of another device is another session."""
    registry = Registry(Limits())
    mine, _ = registry.make("kit-1", "c")

    assert registry.find("kit-1", "c") is mine
    assert registry.find("kit-2", "c") is None


def test_sessions_end_when_their_time_is_up() -> None:
    """A released session is kept until its expiry, one without expiry not at all."""
    registry = Registry(Limits())
    kept, _ = registry.make("kit-1", "c")
    gone, _ = registry.make("kit-2", "c")
    assert kept is not None
    assert gone is not None
    registry.release(kept, 60, 100.0)
    registry.release(gone, 0, 100.0)

    assert len(registry) == 1
    assert registry.expire(159.0) == []
    assert registry.expire(160.0) == [kept]
    assert len(registry) == 0


def test_a_resumed_session_does_not_expire() -> None:
    """Coming back in time keeps a session."""
    registry = Registry(Limits())
    session, _ = registry.make("kit-1", "c")
    assert session is not None
    registry.release(session, 60, 0.0)
    registry.resume(session)

    assert registry.expire(1000.0) == []
    assert registry.find("kit-1", "c") is session


@pytest.mark.parametrize("limits", [Limits(max_sessions=2), Limits(max_sessions_per_device=2)])
def test_where_sessions_are_bounded_the_one_offline_longest_gives_way(limits: Limits) -> None:
    """A full registry forgets an offline session for a new one, and refuses where all are connected."""
    registry = Registry(limits)
    first, _ = registry.make("kit-1", "a")
    second, _ = registry.make("kit-1", "b")
    refused = registry.make("kit-1", "c")
    assert first is not None
    assert second is not None
    registry.release(second, 60, 1.0)
    registry.release(first, 60, 2.0)
    made, evicted = registry.make("kit-1", "c")

    assert refused == (None, None)
    assert made is not None
    assert evicted is second
    assert len(registry) == 2


def test_what_is_read_back_of_a_session_is_whole() -> None:
    """A connection's answers parse with nothing left over."""
    peer = a_peer()
    peer.send(PINGREQ, Subscribe(packet_id=1, subscriptions=(Subscription(filter=CONFIG),)), PINGREQ)

    assert len(packets_of(peer.core.take(), V5)) == 3
