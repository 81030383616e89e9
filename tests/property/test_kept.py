"""Whatever happens to a session between writes, what is read back is what it was when it was last written."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.kept import Written, add_changes, restore
from ingest.packets import Subscription
from ingest.session import Message, Session
from tests.mqtt_peers import CONFIG, DEVICE
from ward.store.mqtt_sessions import Changes, KeptMessage, Opened

STEPS = ("offer", "offer at QoS 0", "send", "acknowledge", "subscribe", "unsubscribe", "write", "kill")
Seen = tuple[list[tuple[int, bytes]], dict[int, bytes], set[str]]


class Store:
    """What the store makes of the changes it is given."""

    def __init__(self) -> None:
        self.subscriptions = b""
        self.messages: dict[int, KeptMessage] = {}

    def write(self, changes: Changes) -> None:
        """Apply changes as `mqtt_sessions.write` does."""
        for head in changes.heads:
            self.subscriptions = head.subscriptions
        for _, number in changes.gone:
            del self.messages[number]
        for _, message in changes.put:
            self.messages[message.number] = message

    def opened(self) -> Opened:
        """Give what is kept, as a new connection reads it."""
        messages = [self.messages[number] for number in sorted(self.messages)]
        return Opened(
            generation=1,
            formerly=1,
            session_no=1,
            subscriptions=self.subscriptions,
            messages=messages,
            retained=[],
        )


def seen(session: Session) -> Seen:
    """Return what of a session outlives a restart."""
    waiting = [(each.number, each.payload) for each in session.queue if each.qos]
    return waiting, {number: each.payload for number, each in session.in_flight.items()}, set(session.subscriptions)


def step(session: Session, name: str, n: int) -> None:
    """Let something happen to a session."""
    if name.startswith("offer"):
        session.offer(Message(topic=CONFIG, payload=b"%d" % n, qos=int(name == "offer")))
    elif name == "send" and session.queue:
        message = session.queue.popleft()
        if message.qos:
            session.take_id(message)
    elif name == "acknowledge" and session.in_flight:
        session.settle(sorted(session.in_flight)[n % len(session.in_flight)])
    elif name == "subscribe":
        session.subscriptions[f"{CONFIG}/{n % 3}"] = Subscription(filter=f"{CONFIG}/{n % 3}", qos=1)
    elif name == "unsubscribe":
        session.subscriptions.pop(f"{CONFIG}/{n % 3}", None)


@given(st.lists(st.sampled_from(STEPS), max_size=60))
def test_what_is_read_back_is_what_was_last_written(names: list[str]) -> None:
    """Offered, sent, acknowledged, written and killed in any order: nothing written is lost, doubled or reordered."""
    store, session, written = Store(), Session(DEVICE, "c", 5), Written()
    expected = seen(session)
    for n, name in enumerate(names):
        step(session, name, n)
        if name == "write":
            changes = Changes()
            written = add_changes(changes, session, written)
            store.write(changes)
            expected = seen(session)
        if name == "kill":
            session, written = restore(DEVICE, "c", store.opened(), 5)

            assert seen(session) == expected
