"""The protocol of one connection, subscribing, sending and leaving; sessions and their registry."""

import pytest

from ingest.events import Closed, RetainedWanted
from ingest.packets import (
    V5,
    V311,
    Ack,
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
from ingest.session import Limits, Message, Session
from tests.mqtt_peers import CONFIG, DEVICE, VITALS, Peer, a_peer, assert_ended, packets_of

BOTH = pytest.mark.parametrize("version", [V311, V5])
PINGREQ = Ping(kind=PacketType.PINGREQ)


def subscribe(peer: Peer, *filters: str, **options: int) -> tuple[int, ...]:
    """Subscribe and return the codes granted."""
    wanted = tuple(Subscription(filter=each, **{"qos": 1, **options}) for each in filters)  # type: ignore[arg-type]
    peer.send(Subscribe(packet_id=9, subscriptions=wanted))
    (answer,) = peer.read()
    assert isinstance(answer, Granted)
    return answer.codes


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
    session.offer(Message(topic=CONFIG, payload=b"{}", properties=Properties(correlation=b"\x05")))
    peer = Peer()
    peer.connect(session)
    (answer,) = peer.after_connack

    assert isinstance(answer, Publish)
    assert answer.properties.correlation == b"\x05"


def test_a_topic_is_written_out_once_for_a_device_that_takes_aliases() -> None:
    """The first message to a topic sets an alias, the next ones use it; beyond the device's maximum names are whole."""
    session = a_session(b"a", b"b")
    session.offer(Message(topic=VITALS, payload=b"c"))
    peer = Peer()
    peer.connect(session, properties=Properties(topic_alias_maximum=1))
    plain = Peer()
    plain.connect(session)

    def named(packets: list[Packet]) -> list[tuple[str, int | None]]:
        return [(each.topic, each.properties.topic_alias) for each in packets if isinstance(each, Publish)]

    assert named(peer.after_connack) == [(CONFIG, 1), ("", 1), (VITALS, None)]
    assert named(plain.after_connack) == [(CONFIG, None), (CONFIG, None), (VITALS, None)]


def test_an_alias_is_not_set_by_a_message_that_was_too_large() -> None:
    """What the device never got gives no name to what comes after it."""
    peer = Peer()
    peer.connect(a_session(bytes(100), b"a"), properties=Properties(maximum_packet_bytes=60, topic_alias_maximum=9))
    (message,) = peer.after_connack

    assert isinstance(message, Publish)
    assert (message.topic, message.properties.topic_alias) == (CONFIG, 1)


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


def test_a_packet_that_has_begun_must_become_whole() -> None:
    """Bytes alone keep no connection: five minutes after its first byte a packet must be whole."""
    peer = a_peer(V311, keep_alive_s=0)
    peer.at_s = 100.0
    peer.feed(b"\x32\x20" + bytes(10))
    for peer.at_s in (200.0, 300.0):
        peer.feed(b"x")

    assert peer.core.deadline_s() == 400.0
    peer.core.touch(350.0)
    assert peer.core.deadline_s() == 650.0


def test_what_is_read_back_of_a_session_is_whole() -> None:
    """A connection's answers parse with nothing left over."""
    peer = a_peer()
    peer.send(PINGREQ, Subscribe(packet_id=1, subscriptions=(Subscription(filter=CONFIG),)), PINGREQ)

    assert len(packets_of(peer.core.take(), V5)) == 3
