"""The self-check's verdict: the legs of a walk, what is missing of them, and whether all is well. Pure.

Used by the worker that walks and by the API that says whether the platform can be relied on: one verdict for both.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# The project's choices: a walk takes seconds, and what is urgent is on its way within one.
LONGEST_WALK = timedelta(seconds=30)
LONGEST_WAIT = timedelta(seconds=60)
# What is less urgent is gathered and paced, but always in somebody's hands: left alone for so long, nobody works.
ORDINARY_WAIT = timedelta(minutes=5)
_GRACE = timedelta(minutes=1)
# More than the clocks of two machines may differ by.
CLOCKS_APART = timedelta(seconds=30)


class Leg(StrEnum):
    """The legs of the way, in order."""

    ALERTING = "alerting"
    OUTBOX = "outbox"
    DELIVERY = "delivery"
    SCREEN = "screen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One walk of the synthetic alert; None is a leg that has not been reached. `fault` is set when it has ended."""

    walk: int
    started_at: datetime
    alerted_at: datetime | None = None
    queued_at: datetime | None = None
    sent_at: datetime | None = None
    screened_at: datetime | None = None
    ended_at: datetime | None = None
    fault: Leg | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Since when work has been due: the oldest step, the oldest notification of high priority, and of the others."""

    step_due_at: datetime | None
    urgent_due_at: datetime | None
    ordinary_due_at: datetime | None = None


def is_ahead(at: datetime, now: datetime) -> bool:
    """Tell whether an instant of the past lies ahead of now, by more than two machines' clocks may differ.

    Then a clock was ahead when it was written, and says nothing of how long ago that was.
    """
    return at - now > CLOCKS_APART


def missing(walk: Walk, *, screens: int) -> Leg | None:
    """Return the first leg that a walk has not reached; with no screen listening it ends at the console."""
    reached = {
        Leg.ALERTING: walk.alerted_at,
        Leg.OUTBOX: walk.queued_at,
        Leg.DELIVERY: walk.sent_at,
    }
    if screens:
        reached[Leg.SCREEN] = walk.screened_at
    return next((leg for leg, at in reached.items() if at is None), None)


def complaint(walk: Walk | None, every: timedelta, now: datetime) -> str | None:
    """Return what the newest walk that has ended says against relying on the platform, None where nothing."""
    if walk is None or walk.ended_at is None:
        return "no synthetic alert has walked yet"
    if walk.fault is not None:
        return f"the synthetic alert did not get through {walk.fault}"
    if is_ahead(walk.ended_at, now):
        return "the clock was ahead when the last synthetic alert walked"
    if now - walk.ended_at > 2 * every + _GRACE:
        return f"no synthetic alert has walked for {round((now - walk.ended_at).total_seconds() / 60)} min"
    return None


def overdue(waiting: Waiting, now: datetime) -> str | None:
    """Return what ought to have been done long ago, None where nothing."""
    found = _late(waiting, now)
    return f"{' and '.join(found)} is overdue" if found else None


def late_since(waiting: Waiting, now: datetime) -> datetime | None:
    """Return since when what ought to have been done long ago has been waiting, None where nothing has."""
    return min(_late(waiting, now).values(), default=None)


def _late(waiting: Waiting, now: datetime) -> dict[str, datetime]:
    bounds = {
        "a step of an escalation": (waiting.step_due_at, LONGEST_WAIT),
        "a notification of high priority": (waiting.urgent_due_at, LONGEST_WAIT),
        "a notification of medium or low priority": (waiting.ordinary_due_at, ORDINARY_WAIT),
    }
    return {name: at for name, (at, bound) in bounds.items() if at is not None and now - at > bound}
