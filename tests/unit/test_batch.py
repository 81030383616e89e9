"""The inbox: bounded, first in first out, and it wakes the doors when there is room."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from ingest.batch import HeldInbox
from ingest.delivery import Delivery


class NoDoor:
    """A door that nobody goes through."""

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Do nothing."""

    def publish(self, topic: str, payload: bytes, *, correlation: bytes | None = None) -> None:
        """Do nothing."""


def a_delivery(size: int = 10) -> Delivery:
    """Return a delivery of so many bytes."""
    return Delivery(topic="t", payload=b"x" * size, received_at=datetime(2026, 11, 21, tzinfo=UTC), door=NoDoor())


def an_inbox(*, most: int, most_bytes: int) -> HeldInbox:
    """Return an inbox that leaves payloads as they are."""
    return HeldInbox(most=most, most_bytes=most_bytes, decode=lambda _: None)


def test_inbox_gives_the_oldest_first_within_both_bounds() -> None:
    """A batch ends before the message that would pass the count or the bytes."""
    inbox = an_inbox(most=100, most_bytes=10_000)
    sent = [a_delivery(10) for _ in range(5)]
    for each in sent:
        inbox.put(each)

    first = asyncio.run(inbox.take(3, 1000))
    second = asyncio.run(inbox.take(3, 15))

    assert first == sent[:3]
    assert second == sent[3:4]


def test_one_message_larger_than_the_bound_is_still_taken() -> None:
    """A message alone is never too large to be taken."""
    inbox = an_inbox(most=100, most_bytes=10_000)
    inbox.put(a_delivery(500))

    assert len(asyncio.run(inbox.take(10, 100))) == 1


def test_what_is_taken_counts_until_it_is_released() -> None:
    """The bound holds for what is not acknowledged, and the doors hear of room once half of it is free."""
    inbox = an_inbox(most=4, most_bytes=10_000)
    woken: list[int] = []
    inbox.on_room(lambda: woken.append(inbox.held))
    for _ in range(4):
        inbox.put(a_delivery())
    taken = asyncio.run(inbox.take(4, 10_000))

    assert inbox.full
    inbox.release(taken[:1])
    assert woken == []
    inbox.release(taken[1:2])
    assert woken == [2]
    assert not inbox.full


def test_bytes_fill_the_inbox_too() -> None:
    """Few large messages fill the inbox as many small ones do."""
    inbox = an_inbox(most=100, most_bytes=100)
    inbox.put(a_delivery(100))

    assert inbox.full
