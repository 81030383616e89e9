"""What a device of a fault run has to say, and in what order: measured, sent, sent again, and repeated on purpose.

Pure but for the ledger's two files. A message stays in the outbox until it is acknowledged, whatever happens to the
connections. What it measures is a `Course`: unless told otherwise `anything`, where a reading's value follows from its
device and number alone, so that a mixed-up one is seen.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from benchmarks.fault_ledger import Entry, Ledger
from benchmarks.households import GAP_US, HISTORY, Kit
from ward.clock import from_us
from ward.formats.vitals import encode_reading
from ward.vitals import VITALS, Reading, VitalKind

KINDS = (
    VitalKind.HEART_RATE, VitalKind.RESP_RATE, VitalKind.SPO2, VitalKind.TEMPERATURE, VitalKind.SYSTOLIC,
    VitalKind.DIASTOLIC, VitalKind.WEIGHT, VitalKind.GLUCOSE, VitalKind.STEPS,
)  # fmt: skip
Course = Callable[[Random, int, int, int], tuple[VitalKind, float]]
"""What a device measures: (draws, device number, number of the reading, measured_us) to kind and value."""
BAD_ELEMENT = b'{"kind":"spo2","value":96,"unit":"kPa","measured_at":1795255200000}'
_LATEST_HISTORY_US = 60_000_000
_MOST_REMEMBERED = 200


def value_of(kind: VitalKind, device_no: int, number: int) -> float:
    """Return the value of a reading: plausible, and another one for the neighbours in number and device."""
    vital = VITALS[kind]
    steps = int((vital.high - vital.low) * 2)
    return vital.low + (number * 7 + device_no * 13) % (steps + 1) / 2


def anything(rng: Random, device_no: int, number: int, measured_us: int) -> tuple[VitalKind, float]:
    """Return a reading of any kind, anywhere in its plausible range."""
    del measured_us
    kind = rng.choice(KINDS)
    return kind, value_of(kind, device_no, number)


@dataclass(slots=True, kw_only=True)
class Message:
    """One payload. `entries` of an echo were acknowledged before; `count` includes what is refused on purpose."""

    key: int
    payload: bytes
    entries: list[Entry]
    count: int
    refused: int
    echo: bool
    sent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a device behaves: readings in a message, and the shares of messages that are out of the ordinary."""

    most_readings: int = 20
    arrays: float = 0.4
    history: float = 0.1
    echoes: float = 0.15
    bad_elements: float = 0.05
    jumps: float = 0.2


@dataclass(slots=True, kw_only=True)
class Counts:
    """What the devices of a run have done."""

    messages: int = 0
    resent: int = 0
    echoes: int = 0
    given_up: int = 0
    connections: int = 0
    broker_only: int = 0
    rejects: Counter[str] = field(default_factory=Counter)


class Outbox:
    """The messages of one device that are not acknowledged, and the memory of some that are."""

    def __init__(
        self, kit: Kit, habits: Habits, ledger: Ledger, counts: Counts, rng: Random, course: Course = anything
    ) -> None:
        self.kit = kit
        self._course = course
        self._habits, self._ledger, self._counts, self._rng = habits, ledger, counts, rng
        self._waiting: deque[Message] = deque()
        self._under_way: set[int] = set()
        self._remembered: list[Entry] = []
        self._number = self._key = self._last_us = 0
        self._history_us: set[int] = set()
        self._gaps_seen = 1

    def __len__(self) -> int:
        """Return how many messages are not acknowledged."""
        return len(self._waiting) + len(self._under_way)

    @property
    def waiting(self) -> bool:
        """True when something is to be sent."""
        return bool(self._waiting)

    def measure(self, now_us: int) -> int:
        """Make the next message, write its readings into the ledger, and put it into the outbox; return how many."""
        single = self._rng.random() >= self._habits.arrays
        count = 1 if single else self._rng.randint(2, self._habits.most_readings)
        entries = [self._entry(at_us) for at_us in self._times(count, now_us)]
        self._ledger.note_measured(entries)
        bad = not single and self._rng.random() < self._habits.bad_elements
        self._put(self._message(entries, echo=False, single=single, bad=BAD_ELEMENT if bad else b""))
        return count

    def take(self) -> Message | None:
        """Take the next message to send: mostly the oldest, sometimes any."""
        if not self._waiting:
            return None
        if self._rng.random() < self._habits.jumps:
            self._waiting.rotate(-self._rng.randrange(len(self._waiting)))
        message = self._waiting.popleft()
        self._under_way.add(message.key)
        self._counts.messages += 1
        self._counts.resent += message.sent
        self._counts.echoes += message.echo and not message.sent
        return message

    def put_back(self, messages: list[Message]) -> None:
        """Take back what was sent and not acknowledged, to be sent again in another order."""
        unanswered = [each for each in messages if each.key in self._under_way]
        self._rng.shuffle(unanswered)
        for each in unanswered:
            self._under_way.discard(each.key)
            each.sent = True
            self._waiting.append(each)

    def acknowledged(self, message: Message) -> int:
        """Let go of a message; returns how many readings are acknowledged by it for the first time."""
        if message.key not in self._under_way:
            return 0
        self._under_way.discard(message.key)
        if message.echo:
            return 0
        self._ledger.note_told(message.entries)
        self._remember([each for each in message.entries if each.stay_id is not None])
        if self._remembered and self._rng.random() < self._habits.echoes:
            self._put(self._echo())
        return len(message.entries)

    def let_go(self, message: Message) -> int:
        """Forget a message whose fate is not known: only a broker has acknowledged it; returns how many readings."""
        if message.key not in self._under_way:
            return 0
        self._under_way.discard(message.key)
        self._counts.broker_only += len(message.entries)
        return len(message.entries)

    def _put(self, message: Message) -> None:
        if self._waiting and self._rng.random() < self._habits.jumps:
            self._waiting.insert(self._rng.randrange(len(self._waiting)), message)
        else:
            self._waiting.append(message)

    def _times(self, count: int, now_us: int) -> list[int]:
        """Return times that no other reading of this device has; after an exchange the first is from in between."""
        if len(self.kit.worn) > self._gaps_seen:
            self._gaps_seen = len(self.kit.worn)
            gap_us = self.kit.worn[-2].since_us
            self._last_us = max(self._last_us, gap_us + GAP_US)
            return [gap_us + self._rng.randrange(GAP_US), *self._times(count - 1, now_us)]
        if self._rng.random() < self._habits.history:
            return [self._historic(now_us) for _ in range(count)]
        first_us = max(now_us, self._last_us + 1)
        self._last_us = first_us + count - 1
        times = list(range(first_us, first_us + count))
        self._rng.shuffle(times)
        return times

    def _historic(self, now_us: int) -> int:
        """Return a free time of the first wearer's days."""
        began_us = self.kit.worn[0].since_us
        latest_us = began_us + (HISTORY - timedelta(hours=1)) // timedelta(microseconds=1)
        while True:
            at_us = self._rng.randrange(began_us, min(latest_us, now_us - _LATEST_HISTORY_US))
            if at_us not in self._history_us:
                self._history_us.add(at_us)
                return at_us

    def _entry(self, at_us: int) -> Entry:
        self._number += 1
        kind, value = self._course(self._rng, self.kit.device_no, self._number, at_us)
        return Entry(
            device_no=self.kit.device_no,
            number=self._number,
            kind=VITALS[kind].code,
            measured_us=at_us,
            value=value,
            stay_id=self.kit.stay_at(at_us),
        )

    def _remember(self, entries: list[Entry]) -> None:
        for each in entries:
            if len(self._remembered) < _MOST_REMEMBERED:
                self._remembered.append(each)
            else:  # some stay from the very beginning
                self._remembered[self._rng.randrange(_MOST_REMEMBERED)] = each

    def _echo(self) -> Message:
        """Return acknowledged readings once more, in another order and company, one of them twice."""
        most = min(len(self._remembered), self._habits.most_readings - 1)
        entries = self._rng.sample(self._remembered, self._rng.randint(1, most))
        entries.insert(self._rng.randrange(len(entries) + 1), self._rng.choice(entries))
        return self._message(entries, echo=True, single=False)

    def _message(self, entries: list[Entry], *, echo: bool, single: bool, bad: bytes = b"") -> Message:
        items = [encode_reading(_reading(each)) for each in entries]
        if bad:
            items.insert(self._rng.randrange(len(items) + 1), bad)
        self._key += 1
        return Message(
            key=self._key,
            payload=items[0] if single else b"[" + b",".join(items) + b"]",
            entries=entries,
            count=len(items),
            refused=len(items) - sum(each.stay_id is not None for each in entries),
            echo=echo,
        )


def _reading(entry: Entry) -> Reading:
    kind = _KIND_OF[entry.kind]
    quality = 0.97 if entry.number % 3 else None
    at = from_us(entry.measured_us)
    return Reading(kind=kind, value=entry.value, measured_at=at, quality=quality, seq=entry.number)


_KIND_OF = {VITALS[kind].code: kind for kind in KINDS}
