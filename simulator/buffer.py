"""Store and forward: the device's memory of readings not yet acknowledged. Pure state, no IO, no clock.

Does not know MQTT. The invariant: a reading leaves only when its message is acknowledged, or, when the memory
is full, as the oldest waiting one, counted in `dropped`; messages are cut in the order the readings came in.
"""

from collections import deque
from collections.abc import Iterable, Sequence

from ward.formats.vitals import MAX_READINGS
from ward.vitals import Reading

CAPACITY = 50_000  # about a day of a demo device


class Buffer:
    """Readings waiting, and messages on their way, oldest first.

    When full, the oldest waiting reading is dropped: the platform needs to know first how the patient is now.

    Parameters
    ----------
    capacity
        Readings kept at most, waiting and on their way together.
    in_flight
        Messages on their way at most.
    """

    def __init__(self, *, capacity: int = CAPACITY, in_flight: int = 8) -> None:
        self._capacity = capacity
        self._in_flight = in_flight
        self._waiting: deque[Reading] = deque()
        self._flying: dict[int, Sequence[Reading]] = {}
        self._next = 0
        self.taken = 0
        self.acknowledged = 0
        self.dropped = 0

    def put(self, readings: Iterable[Reading]) -> None:
        """Take readings in, in their order."""
        for reading in readings:
            self._waiting.append(reading)
            self.taken += 1
        self._shed()

    def cut(self) -> tuple[int, Sequence[Reading]] | None:
        """Start a message of the oldest waiting readings: its number and content; None when there is nothing to do."""
        if not self._waiting or len(self._flying) >= self._in_flight:
            return None
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_READINGS))]
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
