"""Where the buckets of a span come from: aggregates where they are right, readings everywhere else. Pure.

A span is cut into pieces that do not overlap and leave no gap, each from one source, as coarse as may be. The
invariant: no piece from an aggregate touches an hour (for days: a day) that is not rolled up or that is marked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ward.store.rollups import HOUR, LEVELS, Level, State, floor

_MOST_RUNS = 8  # separate runs of marked hours; beyond it the nearest are taken as one, with what lies between them

Run = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """From `start` until before `end`, out of a level, or out of readings where there is none."""

    level: Level | None
    start: datetime
    end: datetime


def cut(start: datetime, end: datetime, step: timedelta, state: State, pending: Iterable[datetime]) -> list[Piece]:
    """Cut a span into pieces.

    Parameters
    ----------
    start, end
        The span; it may begin and end within a bucket.
    step
        How long the buckets are, counted from 1970.
    state
        How far aggregates and readings go.
    pending
        The hours of the span that are marked for this stay.

    Returns
    -------
    list of Piece
        Together the span, in no particular order. Before `state.dropped_until` there are no readings: what would need
        them is taken from minutes, each counted where it begins.
    """
    levels = [level for level in reversed(LEVELS) if not step % level.step]
    marked = _runs(sorted(hour for hour in pending if hour >= state.dropped_until))
    return [part for piece in _cut((start, end), levels, state, marked) for part in _not_dropped(piece, state)]


def _cut(span: Run, levels: Sequence[Level], state: State, marked: Sequence[Run]) -> list[Piece]:
    """Take from the first level what is right there, and the rest from the next ones."""
    if not levels:
        return [Piece(level=None, start=span[0], end=span[1])]
    clean = _clean(span, levels[0], state, marked)
    found = [Piece(level=levels[0], start=start, end=end) for start, end in clean]
    for rest in _without(span, clean):
        found += _cut(rest, levels[1:], state, marked)
    return found


def _clean(span: Run, level: Level, state: State, marked: Sequence[Run]) -> list[Run]:
    """Return what of a span stands in a level, in order."""
    grain = max(level.step, HOUR)
    first = _ceil(min(span[0], state.rolled_until), level.step)
    last = min(floor(span[1], level.step), floor(state.rolled_until, grain))
    if last <= first:
        return []
    return _without((first, last), [(floor(start, grain), _ceil(end, grain)) for start, end in marked])


def _without(span: Run, holes: Iterable[Run]) -> list[Run]:
    """Return what is left of a span; the holes come in order and may overlap."""
    found, at = [], span[0]
    for start, end in holes:
        if at < min(start, span[1]):
            found.append((at, min(start, span[1])))
        at = max(at, end)
    if at < span[1]:
        found.append((at, span[1]))
    return found


def _runs(hours: Sequence[datetime]) -> list[Run]:
    """Join hours, which come in order, to few runs."""
    found: list[Run] = []
    for hour in hours:
        if found and hour <= found[-1][1]:
            found[-1] = (found[-1][0], hour + HOUR)
        else:
            found.append((hour, hour + HOUR))
    while len(found) > _MOST_RUNS:
        near = min(range(1, len(found)), key=lambda n: found[n][0] - found[n - 1][1])
        found[near - 1 : near + 1] = [(found[near - 1][0], found[near][1])]
    return found


def _not_dropped(piece: Piece, state: State) -> list[Piece]:
    """Take from minutes what would be taken from readings that have gone."""
    if piece.level is not None or piece.start >= state.dropped_until:
        return [piece]
    gone = min(piece.end, state.dropped_until)
    found = [Piece(level=LEVELS[0], start=piece.start, end=gone)]
    return found if gone == piece.end else [*found, Piece(level=None, start=gone, end=piece.end)]


def _ceil(at: datetime, step: timedelta) -> datetime:
    below = floor(at, step)
    return below if below == at else below + step
