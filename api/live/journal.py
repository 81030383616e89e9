"""What this process has told lately, and under which numbers: what somebody who comes back has missed. Pure.

A number is a *mark*, in seconds of the store's clock, and a count: `seq = mark * COUNT + count`. The mark is a promise
that every process can read: who was given a number has everything that was stored before its mark. It is made only when
the whole store has been compared, and everything announced before has been heard (`Feed`).

Who comes back to the same process (`stream` says so) gets exactly what came after their number. At another process they
get whatever that one took in after the last of its own comparisons that began before their mark: what it had taken
in by then was stored by then, so they have it. Some comes twice, and whole state makes that harmless. Where neither can
be told, nobody guesses: they get a snapshot.
"""

import itertools
import math
import secrets
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from api.live.backlog import Backlog, Entry, Key
from api.live.board import Place

COUNT = 1 << 22
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
"""Marks are seconds since then, so that a number fits into a JavaScript number until 2088."""
MOST_ALERTS_KEPT = 5000
MOST_MOVES_KEPT = 10_000
MOST_SWEEPS_KEPT = 40
SKEW_S = 3
"""How far apart the clocks of two processes may be; they say at which moment a schedule hands a patient over."""
_FUTURE_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """What came after a number of ours."""

    after: int
    entries: list[Entry]

    @property
    def alerts(self) -> int:
        """How many of them are alerts."""
        return sum(1 for entry in self.entries if entry.key is None)


class Journal:
    """The numbers of one process, and what may be missed. `stream` names it; `told` rises with what is remembered."""

    def __init__(self) -> None:
        self.stream = secrets.token_hex(8)
        self.seq = 0
        self.told = 0
        self._floor = 0
        self._recent = Backlog()
        self._places: dict[int, Place] = {}
        self._moved: dict[Place, int] = {}
        self._sweeps: deque[tuple[int, int]] = deque(maxlen=MOST_SWEEPS_KEPT)

    def add(self, kind: str, body: str, key: Key, place: Place) -> Entry:
        """Give a message its number, and remember it."""
        self.seq += 1
        self.told += 1
        entry = Entry(kind, self.seq, body, key)
        self._recent.add(entry)
        self._places[self.seq] = place
        if self._recent.alerts > MOST_ALERTS_KEPT:
            self._floor = self._recent.drop_oldest_alert()
        # A message costs the same however many patients there are: what has gone is forgotten once it is half of all.
        if len(self._places) > 2 * max(len(self._recent), MOST_ALERTS_KEPT):
            self._places = {each.seq: self._places[each.seq] for each in self._recent}
        return entry

    def number(self) -> int:
        """Return a number for what need not be remembered."""
        self.seq += 1
        return self.seq

    def moved(self, places: Iterable[Place]) -> None:
        """Note that who is in care here has changed: nobody who may see it can resume from before."""
        self.seq += 1
        self.told += 1
        for place in places:
            self._moved.pop(place, None)
            self._moved[place] = self.seq
        if len(self._moved) > MOST_MOVES_KEPT:
            for place in list(self._moved)[: MOST_MOVES_KEPT // 2]:
                self._floor = max(self._floor, self._moved.pop(place))

    def began(self, at: datetime, seq: int) -> None:
        """Note that a comparison began at this time of the store; `seq` was our number just before."""
        second = math.ceil((at - EPOCH).total_seconds())
        if self._sweeps and second < self._sweeps[-1][0]:  # the store's clock was put back: nothing holds any more
            self._floor = self.seq
            self._sweeps.clear()
        self._sweeps.append((second, seq))

    def swept(self, at: datetime) -> None:
        """Promise from now on that everything stored before this time of the store has been told."""
        self.seq = max(self.seq, math.floor((at - EPOCH).total_seconds()) * COUNT)

    def missed(self, since: int, stream: str | None, sees: Callable[[Place], bool]) -> Missed | None:
        """Return what somebody who may see these places has missed, None when that cannot be told."""
        after = since if stream == self.stream else self._known(since)
        if after is None or not self._floor <= after <= self.seq:
            return None
        since_then = itertools.takewhile(lambda each: each[1] > after, reversed(self._moved.items()))
        if any(sees(place) for place, _ in since_then):
            return None
        entries = [entry for entry in self._recent.after(after) if sees(self._places[entry.seq])]
        return Missed(after=after, entries=entries)

    def _known(self, since: int) -> int | None:
        """Return the last number of ours that whoever has this number of another process must have the like of."""
        mark = since // COUNT
        if not self._sweeps or mark > self._sweeps[-1][0] + _FUTURE_S:
            return None
        return next((seq for second, seq in reversed(self._sweeps) if second <= mark - SKEW_S), None)
