"""Statements whose places are numbered once, asked of a real store."""

import asyncio
from dataclasses import dataclass

import pytest

from ward.store.pool import connect
from ward.store.statements import Statement

pytestmark = pytest.mark.integration


@dataclass(frozen=True, slots=True)
class Row:
    """What the statement answers."""

    first: int
    second: str
    again: int


def test_values_come_to_their_places_by_name(database_url: str) -> None:
    """A value that is named twice comes to both places, whatever the order of the values, and others are left out."""
    statement = Statement(b"select %(b)s::int4 as first, %(a)s::text as second, %(b)s::int4 + 1 as again")

    async def ask() -> Row | None:
        async with await connect(database_url, "test") as conn:
            return await (await statement.ask(conn, Row, {"a": "x", "b": 4, "c": None})).fetchone()

    assert asyncio.run(ask()) == Row(first=4, second="x", again=5)
