"""What a device's own sessions hear of it, and what is retained for them."""

from datetime import timedelta

from ingest.audience import Audience
from ingest.delivery import Delivery
from ingest.events import Heard
from ingest.packets import Subscribe, Subscription, Unsubscribe
from ingest.properties import Properties
from ingest.session import Limits, Message, Session
from ingest.tokens import Tokens
from tests.mqtt_peers import CONFIG, DEVICE, NOW, VITALS, a_peer, a_publish


def test_a_device_hears_what_it_subscribes_to_of_its_own() -> None:
    """A publish that a session of the device wants is told, with its topic whole; one that nobody wants is not."""
    peer = a_peer()
    silent = peer.send(a_publish(1), a_publish(2))
    peer.send(Subscribe(packet_id=8, subscriptions=(Subscription(filter=VITALS, qos=1),)))
    alias = Properties(topic_alias=1)
    told = peer.send(a_publish(3), a_publish(4, properties=alias), a_publish(5, topic="", properties=alias))
    peer.send(Unsubscribe(packet_id=9, filters=(VITALS,)))
    after = peer.send(a_publish(6))

    assert [type(each) for each in (*silent, *after)] == [Delivery] * 3
    assert [each.packet.topic for each in told if isinstance(each, Heard)] == [VITALS] * 3


def test_copies_carry_the_lower_qos_and_what_belongs_to_the_message() -> None:
    """Each session that subscribes gets one copy, the sender not where it asked for none of its own."""
    mine, other = Session(DEVICE, "a", 9), Session(DEVICE, "b", 9)
    mine.subscriptions[VITALS] = Subscription(filter=VITALS, qos=1, no_local=True)
    other.subscriptions["#"] = Subscription(filter="#", qos=0)
    other.subscriptions[VITALS] = Subscription(filter=VITALS, qos=1, retain_as_published=True)
    audience = Audience(tokens=Tokens(Limits(), 0.0), sessions={"a": mine, "b": other})
    said = Properties(user=(("a", "1"),), content_type="x", message_expiry_s=60, topic_alias=3)
    ((session, copy),) = audience.copies(a_publish(1, b"x", retain=True, properties=said), mine, NOW)

    assert session is other
    assert (copy.topic, copy.payload, copy.qos, copy.retain) == (VITALS, b"x", 1, True)
    assert copy.properties == Properties(user=(("a", "1"),), content_type="x", message_expiry_s=60)
    assert copy.expires_at == NOW + timedelta(seconds=60)


def test_what_expires_while_it_waits_is_not_sent() -> None:
    """A message that is too old is dropped and counted; another says how long it still holds."""
    session = Session(DEVICE, "c-1", 9)
    for expiry_s in (5, 60):
        expires_at = NOW + timedelta(seconds=expiry_s)
        said = Properties(message_expiry_s=expiry_s)
        session.offer(Message(topic=CONFIG, payload=b"%d" % expiry_s, properties=said, expires_at=expires_at))

    assert session.age(NOW + timedelta(seconds=10)) == 1
    (left,) = session.queue
    assert (left.payload, left.properties.message_expiry_s) == (b"60", 50)


def test_what_is_retained_is_bounded_by_topics_and_bytes() -> None:
    """A ninth topic, and more than 64 kB, are not retained; an empty message makes room again."""
    audience, limits = Audience(tokens=Tokens(Limits(), 0.0)), Limits()
    kept = [audience.retain(a_publish(1, b"x", f"{VITALS}/{n}", retain=True), limits, NOW) for n in (*range(9), 0)]
    cleared = audience.retain(a_publish(1, b"", f"{VITALS}/0", retain=True), limits, NOW)
    large = audience.retain(a_publish(1, bytes(limits.max_retained_bytes), f"{VITALS}/0", retain=True), limits, NOW)

    assert kept == [True] * 8 + [False, True]
    assert (cleared, large) == (True, False)
    assert sorted(audience.retained) == [f"{VITALS}/{n}" for n in range(1, 8)]
