"""A long statement of ours whose places for values are numbered once, when it is written, and not at every use.

psycopg reads a statement through for its places whenever it is longer than 4,096 bytes, as costly as asking it is;
those that ask who may see a patient are longer.
"""

import re
from collections.abc import Mapping
from typing import TypeVar

from psycopg import AsyncRawCursor
from psycopg.rows import class_row

from ward.store.pool import Connection

_Row = TypeVar("_Row")
_PLACE = re.compile(rb"%\((\w+)\)s")


class Statement:
    """A statement with places such as `%(now)s`, and no other percent sign."""

    def __init__(self, text: bytes) -> None:
        self._names: tuple[str, ...] = tuple(dict.fromkeys(each.decode() for each in _PLACE.findall(text)))
        number = {name.encode(): b"$%d" % place for place, name in enumerate(self._names, 1)}
        self._text = _PLACE.sub(lambda found: number[found[1]], text)
        if b"%" in self._text:
            raise ValueError("a place has no name, or a percent sign stands for itself")

    async def ask(self, conn: Connection, row: type[_Row], values: Mapping[str, object]) -> "AsyncRawCursor[_Row]":
        """Ask it, each row to come as one of `row`; values that it has no place for are left out."""
        cursor = AsyncRawCursor(conn, row_factory=class_row(row))
        return await cursor.execute(self._text, [values[name] for name in self._names], prepare=True)
