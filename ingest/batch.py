"""The inbox between the doors and the writer: bounded, first in first out.

When it is full the doors stop reading from their sockets, so senders wait; nothing is dropped here.
A delivery counts against the bound until it is acknowledged, not only until it is taken. Payloads are decoded as they
come, while the writer waits for the store; what waits decoded is bounded too, since it is larger than the payload.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime

from ingest.delivery import Delivery
from ward.formats.claims import Decoded

_CLAIMS_AHEAD = 100_000


class HeldInbox:
    """The `Inbox` of the pipeline. Used on one event loop only."""

    def __init__(self, *, most: int, most_bytes: int, decode: Callable[[Delivery], Decoded | None]) -> None:
        self._decode = decode
        self._ahead = 0
        self._most = most
        self._most_bytes = most_bytes
        self._waiting: deque[Delivery] = deque()
        self._taken_since: datetime | None = None
        self._held = 0
        self._held_bytes = 0
        self._arrived = asyncio.Event()
        self._callbacks: list[Callable[[], None]] = []
        self._was_full = False

    def put(self, delivery: Delivery) -> None:
        """Take a delivery; always succeeds, also when `full` (the bound is kept by not reading on)."""
        if self._ahead < _CLAIMS_AHEAD:
            delivery.decoded = self._decode(delivery)
            if delivery.decoded is not None:
                self._ahead += len(delivery.decoded.claims)
        self._waiting.append(delivery)
        self._held += 1
        self._held_bytes += len(delivery.payload)
        self._arrived.set()

    @property
    def full(self) -> bool:
        """True when the doors must stop reading until `on_room` is called."""
        over = self._held >= self._most or self._held_bytes >= self._most_bytes
        self._was_full = self._was_full or over
        return over

    @property
    def held(self) -> int:
        """The number of deliveries taken in and not yet released."""
        return self._held

    @property
    def held_bytes(self) -> int:
        """The bytes of their payloads."""
        return self._held_bytes

    @property
    def held_since(self) -> datetime | None:
        """When the oldest of them came, None when nothing is held."""
        return self._taken_since or (self._waiting[0].received_at if self._waiting else None)

    def on_room(self, callback: Callable[[], None]) -> None:
        """Register `callback`, called on the loop each time the inbox has room again."""
        self._callbacks.append(callback)

    async def take(self, most: int, most_bytes: int) -> list[Delivery]:
        """Wait for deliveries and return the oldest, at least one, within both bounds."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        taken = [self._waiting.popleft()]
        self._taken_since = taken[0].received_at
        size = len(taken[0].payload)
        while self._waiting and len(taken) < most and size + len(self._waiting[0].payload) <= most_bytes:
            taken.append(self._waiting.popleft())
            size += len(taken[-1].payload)
        self._ahead -= sum(len(each.decoded.claims) for each in taken if each.decoded is not None)
        return taken

    def release(self, deliveries: list[Delivery]) -> None:
        """Forget deliveries that have been acknowledged, and wake the doors when there is room again."""
        self._taken_since = None
        self._held -= len(deliveries)
        self._held_bytes -= sum(len(each.payload) for each in deliveries)
        if self._was_full and self._held * 2 <= self._most and self._held_bytes * 2 <= self._most_bytes:
            self._was_full = False
            for callback in self._callbacks:
                callback()
