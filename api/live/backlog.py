"""Numbered messages that wait, or that somebody may have missed. Pure.

Of vitals only the newest message of each stay is kept, since it carries whole state; alerts are kept each.
Numbers rise from first to last, with holes.
"""

from collections.abc import Iterator

from ward.people import StayId


def _text(kind: str, seq: int, rest: str) -> str:
    return f'{{"type":"{kind}","seq":{seq},{rest}'


class Entry:
    """One counted message, encoded once. `stay_id` is set for vitals, None for alerts; `rest` follows the number."""

    __slots__ = ("_text", "kind", "rest", "seq", "stay_id")

    def __init__(self, kind: str, seq: int, rest: str, stay_id: StayId | None = None) -> None:
        self.kind = kind
        self.seq = seq
        self.rest = rest
        self.stay_id = stay_id
        self._text = _text(kind, seq, rest)

    def numbered(self, seq: int) -> str:
        """Return the message under a client's own number, which is mostly the entry's."""
        return self._text if seq == self.seq else _text(self.kind, seq, self.rest)


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
