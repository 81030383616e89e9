"""Numbered messages that wait, or that somebody may have missed. Pure.

Of vitals only the newest message of each stay is kept, since it carries whole state; alerts are kept each.
The newest message of all is therefore always there, and numbers rise from first to last, with holes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ward.people import StayId


@dataclass(frozen=True, slots=True)
class Entry:
    """One counted message, encoded. `stay_id` is set for vitals, None for alerts."""

    seq: int
    text: str
    stay_id: StayId | None = None


class Backlog:
    """Entries by number."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}
        self._vitals: dict[StayId, int] = {}

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    @property
    def alerts(self) -> int:
        """How many of the entries are alerts."""
        return len(self._entries) - len(self._vitals)

    def add(self, entry: Entry) -> None:
        """Keep an entry, whose number is larger than all before; older vitals of its stay go."""
        if entry.stay_id is not None:
            older = self._vitals.get(entry.stay_id)
            if older is not None:
                del self._entries[older]
            self._vitals[entry.stay_id] = entry.seq
        self._entries[entry.seq] = entry

    def after(self, seq: int) -> list[Entry]:
        """Return the entries with larger numbers."""
        return [entry for entry in self._entries.values() if entry.seq > seq]

    def drop_oldest_alert(self) -> int:
        """Drop the oldest alert and return its number; 0 when there is none."""
        for entry in self._entries.values():
            if entry.stay_id is None:
                del self._entries[entry.seq]
                return entry.seq
        return 0

    def drain(self) -> list[Entry]:
        """Return all entries and keep none."""
        entries = list(self._entries.values())
        self.clear()
        return entries

    def clear(self) -> None:
        """Keep nothing."""
        self._entries.clear()
        self._vitals.clear()
