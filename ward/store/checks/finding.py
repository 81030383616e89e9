"""What a check has to say: well, worth a look, or wrong; about what; and what to do. Identifiers only, no names."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from psycopg.rows import TupleRow

from ward.store.pool import Connection


class Level(StrEnum):
    """How bad it is. Only `FAIL` makes the command fail."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line: `what` was looked at, what is `said` of it, and what `todo` where it is not well."""

    level: Level
    what: str
    said: str
    todo: str = ""


Check = Callable[[Connection, datetime], Awaitable[Iterable[Finding]]]


def ok(what: str, said: str) -> Finding:
    """Say that something is well."""
    return Finding(level=Level.OK, what=what, said=said)


def warn(what: str, said: str, todo: str) -> Finding:
    """Say that something is worth a look."""
    return Finding(level=Level.WARN, what=what, said=said, todo=todo)


def fail(what: str, said: str, todo: str) -> Finding:
    """Say that something is wrong."""
    return Finding(level=Level.FAIL, what=what, said=said, todo=todo)


async def rows(conn: Connection, query: str, parameters: dict[str, object] | None = None) -> list[TupleRow]:
    """Ask the store."""
    return await (await conn.execute(query.encode(), parameters)).fetchall()


async def number(conn: Connection, query: str, parameters: dict[str, object] | None = None) -> int:
    """Ask the store for one number; NULL counts as 0."""
    found = await rows(conn, query, parameters)
    return int(found[0][0] or 0) if found else 0


def listed(numbers: Iterable[object], most: int = 5) -> str:
    """List the first few identifiers, and say how many there are more."""
    known = [str(each) for each in numbers]
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more
