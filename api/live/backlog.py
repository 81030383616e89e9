"""Numbered messages that wait, or that somebody may have missed. Pure.

Of messages with the same key (the vitals or the news of one stay, the presence of one room) only the newest is kept,
since it carries whole state; those without a key, the alerts, are kept each. Numbers rise from first to last, with
holes.
"""

from collections.abc import Iterator
from typing import Literal

from ward.people import StayId

Key = StayId | tuple[Literal["news"], StayId] | Literal["presence"] | None


class Entry:
    """One counted message, encoded once. `rest` is what follows the numbers; without a `key` nothing replaces it."""

    __slots__ = ("_prev", "_text", "key", "kind", "rest", "seq")

    def __init__(self, kind: str, seq: int, rest: str, key: Key = None) -> None:
        self.kind = kind
        self.seq = seq
        self.rest = rest
        self.key = key
        self._prev = -1
        self._text = ""

    def following(self, prev: int) -> str:
        """Return the message as it follows the one with this number; clients that keep up ask for the same one."""
        if self._prev != prev:
            self._prev = prev
            self._text = f'{{"type":"{self.kind}","seq":{self.seq},"prev":{prev},{self.rest}'
        return self._text


class Backlog:
    """Entries by number."""

    def __init__(self) -> None:
        self._entries: dict[int, Entry] = {}
        self._newest: dict[Key, int] = {}

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._entries)

    @property
    def alerts(self) -> int:
        """How many of the entries nothing can replace."""
        return len(self._entries) - len(self._newest)

    def add(self, entry: Entry) -> None:
        """Keep an entry, whose number is larger than all before; an older one of its key goes."""
        if entry.key is not None:
            older = self._newest.get(entry.key)
            if older is not None:
                del self._entries[older]
            self._newest[entry.key] = entry.seq
        self._entries[entry.seq] = entry

    def after(self, seq: int) -> list[Entry]:
        """Return the entries with larger numbers."""
        newer = []
        for entry in reversed(self._entries.values()):
            if entry.seq <= seq:
                break
            newer.append(entry)
        newer.reverse()
        return newer

    def drop_oldest_alert(self) -> int:
        """Drop the oldest alert and return its number; 0 when there is none."""
        for entry in self._entries.values():
            if entry.key is None:
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
        self._newest.clear()
