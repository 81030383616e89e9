"""Store and forward: the device's memory of what is not yet acknowledged. Pure state, no IO, no clock.

Knows neither MQTT nor what it holds: readings, or waveform blocks. The invariant: a thing leaves only when its message
is acknowledged, or, when the memory is full, as the oldest waiting one, counted in `dropped`; messages are cut in the
order the things came in.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from ward.formats.vitals import MAX_READINGS

T = TypeVar("T")

CAPACITY = 50_000  # readings: about a day of a demo device


class Buffer(Generic[T]):
    """Things waiting, and messages on their way, oldest first.

    When full, the oldest waiting thing is dropped: the platform needs to know first how the patient is now.

    Parameters
    ----------
    capacity
        Things kept at most, waiting and on their way together.
    in_flight
        Messages on their way at most.
    most
        Things in a message at most.
    """

    def __init__(self, *, capacity: int = CAPACITY, in_flight: int = 8, most: int = MAX_READINGS) -> None:
        self._capacity = capacity
        self._in_flight = in_flight
        self._most = most
        self._waiting: deque[T] = deque()
        self._flying: dict[int, Sequence[T]] = {}
        self._next = 0
        self.taken = 0
        self.acknowledged = 0
        self.dropped = 0

    def put(self, things: Iterable[T]) -> None:
        """Take things in, in their order."""
        for each in things:
            self._waiting.append(each)
            self.taken += 1
        self._shed()

    def cut(self) -> tuple[int, Sequence[T]] | None:
        """Start a message of the oldest waiting things: its number and content; None when there is nothing to do."""
        if not self._waiting or len(self._flying) >= self._in_flight:
            return None
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
        number, self._next = self._next, self._next + 1
        self._flying[number] = batch
        return number, batch

    def confirm(self, number: int) -> None:
        """Forget a message that was acknowledged; one not on its way (repeated or from before) changes nothing."""
        self.acknowledged += len(self._flying.pop(number, ()))

    def recall(self) -> None:
        """Take back everything on its way, to be sent again, in order: the connection was lost or refused it."""
        for number in sorted(self._flying, reverse=True):
            self._waiting.extendleft(reversed(self._flying.pop(number)))
        self._shed()

    def _shed(self) -> None:
        while self._waiting and len(self) > self._capacity:
            self._waiting.popleft()
            self.dropped += 1

    def __len__(self) -> int:
        return len(self._waiting) + sum(len(batch) for batch in self._flying.values())
