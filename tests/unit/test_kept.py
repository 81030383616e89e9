"""What the store keeps of a session: only what has changed, and enough to make it again."""

from datetime import timedelta

from ingest.kept import Written, add_changes, packet_of, restore, retained_of
from ingest.packets import Subscription
from ingest.properties import Properties
from ingest.session import Message, Session
from tests.mqtt_peers import CONFIG, DEVICE, NOW
from ward.store.mqtt_sessions import Changes, Opened


def a_kept_session() -> Session:
    """Return a session with a subscription, a message in flight and one that waits."""
    session = Session(DEVICE, "c-1", 9)
    session.generation, session.expiry_s = 7, 60
    session.subscriptions[CONFIG] = Subscription(filter=CONFIG, qos=1, no_local=True)
    for payload in (b"in flight", b"waits"):
        session.offer(Message(topic=CONFIG, payload=payload))
    session.take_id(session.queue.popleft())
    return session


def test_only_the_difference_is_written() -> None:
    """What the store has already is not written again; what was acknowledged is taken out."""
    session = a_kept_session()
    first, second, third = Changes(), Changes(), Changes()
    written = add_changes(first, session, Written())
    written = add_changes(second, session, written)
    session.settle(1)
    session.take_id(session.queue.popleft())
    add_changes(third, session, written)

    assert [(generation, each.number, each.packet_id) for generation, each in first.put] == [(7, 2, None), (7, 1, 1)]
    assert [each.subscriptions.count(CONFIG.encode()) for each in first.heads] == [1]
    assert second == Changes()
    assert [(each.number, each.packet_id) for _, each in third.put] == [(2, 2)]
    assert (third.gone, third.heads, third.generations) == ([(7, 1)], [], {7})


def test_a_message_that_came_and_went_is_never_written() -> None:
    """What was acknowledged before it was written costs the store nothing."""
    session = Session(DEVICE, "c-1", 9)
    before = add_changes(Changes(), session, Written())
    session.offer(Message(topic=CONFIG, payload=b"x"))
    session.settle(session.take_id(session.queue.popleft()))
    changes = Changes()
    add_changes(changes, session, before)

    assert changes == Changes()


def test_qos_0_is_not_kept() -> None:
    """A message that nobody acknowledges is not the store's."""
    session = Session(DEVICE, "c-1", 9)
    session.offer(Message(topic=CONFIG, payload=b"x", qos=0))
    changes = Changes()
    add_changes(changes, session, Written())

    assert changes.put == []


def test_a_session_comes_back_whole() -> None:
    """Subscriptions with their options, messages in order, those in flight under their identifiers."""
    session = a_kept_session()
    expires_at = NOW + timedelta(hours=1)
    said = Properties(correlation=b"1", user=(("a", "b"),))
    session.offer(Message(topic=CONFIG, payload=b"last", properties=said, expires_at=expires_at))
    changes = Changes()
    written = add_changes(changes, session, Written())
    opened = Opened(
        generation=8,
        formerly=7,
        session_no=1,
        subscriptions=changes.heads[0].subscriptions,
        messages=sorted((each for _, each in changes.put), key=lambda each: each.number),
        retained=[],
    )
    again, again_written = restore(DEVICE, "c-1", opened, 9)

    assert again.subscriptions == session.subscriptions
    assert [each.payload for each in again.queue] == [b"waits", b"last"]
    assert {number: each.payload for number, each in again.in_flight.items()} == {1: b"in flight"}
    assert (again.queue[-1].properties, again.queue[-1].expires_at) == (said, expires_at)
    assert (again.last_number, again.last_id, again.generation) == (3, 1, 8)
    assert again_written.messages == written.messages


def test_retained_messages_are_read_by_topic() -> None:
    """What was retained comes back under its topic."""
    kept = [(packet_of(Message(topic=CONFIG, payload=b"x", qos=0, retain=True)), None)]

    assert {topic: (each.payload, each.qos, each.retain) for topic, each in retained_of(kept).items()} == {
        CONFIG: (b"x", 0, True)
    }


def test_what_cannot_be_read_of_the_retained_is_left_out() -> None:
    """A spoilt packet costs itself and nothing beside it."""
    whole = packet_of(Message(topic=CONFIG, payload=b"x", qos=0, retain=True))

    assert list(retained_of([(whole[:3], None), (b"", None), (whole, None)])) == [CONFIG]
