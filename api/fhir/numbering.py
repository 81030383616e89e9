"""Ids of resources that are whole numbers, and the pages of lists that go by them. Pure."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from api.fhir import outcome
from api.fhir.outcome import Refused
from api.fhir.search import Page, Query, Summary
from ward.fhir.codes import Resource

_LARGEST = 1 << 62
_Row = TypeVar("_Row")


def whole(text: str) -> int | None:
    """Return the number that an id is; None where it is another kind of id, which nothing here has."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19) or (len(text) > 1 and text[0] == "0"):
        return None
    number = int(text)
    return number if 0 < number < _LARGEST else None


def numbers(texts: Sequence[str] | None) -> list[int] | None:
    """Return the numbers among ids; None where no ids were asked for."""
    return None if texts is None else [number for text in texts if (number := whole(text)) is not None]


def referred(query: Query, name: str) -> list[int] | None:
    """Return the number that a reference leads to, as a list to search by; None where it was not given."""
    given = query.references.get(name)
    return None if given is None else numbers((given,))


def after(query: Query, parts: int = 1) -> tuple[int, ...] | None:
    """Return where the page before ended; None where this is the first.

    Raises
    ------
    Refused
        If it is the place of another list.
    """
    if not query.after:
        return None
    if len(query.after) != parts:
        raise Refused(outcome.bad_parameter("_cursor", "That is no cursor of this list."))
    return query.after


def page(query: Query, rows: Sequence[_Row], make: Callable[[_Row], Resource], place: Callable[[_Row], int]) -> Page:
    """Return the page of rows of which one more was read than is told."""
    shown = rows[: query.count]
    following = (place(shown[-1]),) if len(rows) > query.count and shown else ()
    whole_list = not following and not query.after
    if query.summary is Summary.COUNT:
        return Page(resources=(), total=len(rows))
    return Page(resources=[make(row) for row in shown], after=following, total=len(shown) if whole_list else None)
