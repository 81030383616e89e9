"""Attempts that were refused, as they wait to be written: one line a person and minute beside the first. Pure.

A flood of them must not fill the log, and none must go unseen: the first of a minute is due at once, the others come as
one line with their number when the minute is over. The invariant: what is due is handed out once, and its numbers sum
up to the attempts that were taken.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple

from ward.access.principals import AccountId, Actor

MOST_PEOPLE = 2000
"""So many people's attempts are kept apart at once; those of more are counted as lost."""
MOST_PATHS = 5
MOST_SOUGHT = 50
What = Literal["patient", "stay", "alert", "report", "opening"]


class Sought(NamedTuple):
    """What was asked for by number."""

    what: What
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Attempts of one person in one minute, or one; `forbidden` of them were refused whatever they asked for.

    At most `MOST_PATHS` templates and `MOST_SOUGHT` numbers are kept; `count` counts all.
    """

    at: datetime
    actor: Actor
    permission: str
    method: str
    paths: tuple[str, ...]
    sought: tuple[Sought, ...]
    count: int = 1
    forbidden: int = 0

    def and_also(self, other: "Attempts") -> "Attempts":
        """Return both as one line."""
        return replace(
            self,
            paths=tuple(dict.fromkeys((*self.paths, *other.paths)))[:MOST_PATHS],
            sought=tuple(dict.fromkeys((*self.sought, *other.sought)))[:MOST_SOUGHT],
            count=self.count + other.count,
            forbidden=self.forbidden + other.forbidden,
        )


class Tally:
    """Attempts that nobody has written yet. `lost` counts those for which there was no room."""

    def __init__(self) -> None:
        self.lost = 0
        self._first: list[Attempts] = []
        self._minutes: dict[tuple[AccountId, datetime], Attempts | None] = {}

    def add(self, attempt: Attempts) -> None:
        """Take an attempt in."""
        key = (attempt.actor.account_id, _minute(attempt.at))
        if key in self._minutes:
            before = self._minutes[key]
            self._minutes[key] = attempt if before is None else before.and_also(attempt)
        elif len(self._minutes) >= MOST_PEOPLE:
            self.lost += 1
        else:
            self._minutes[key] = None
            self._first.append(attempt)

    def due(self, now: datetime) -> list[Attempts]:
        """Hand out what is to be written by now: first attempts, and minutes that are over."""
        return self._take(key for key in self._minutes if key[1] < _minute(now))

    def rest(self) -> list[Attempts]:
        """Hand out everything: this process ends."""
        return self._take(self._minutes)

    def _take(self, over: Iterable[tuple[AccountId, datetime]]) -> list[Attempts]:
        taken, self._first = self._first, []
        return taken + [each for key in list(over) if (each := self._minutes.pop(key)) is not None]


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
