"""Which cells of which stays a pass looks at, and which wait: pure arithmetic of what is asked for.

Not here: the list itself (`ward.store.wave_due`), the looking (`waves`). The invariant: a cell that new samples concern
is looked at, or waits, and nothing else takes it off the list; what waits longer than `WAIT_S` for what follows is
looked at as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerting.waves_cells import concerned, runs, within
from ward.people import StayId
from ward.store.wave_due import Claimed, Spans

WAIT_S: Final = 60.0
"""A sensor that goes on sends within this time; where none does, the end of a signal is looked at without it."""
MOST_CELLS: Final = 384
"""In one pass: about a second of work. What is left comes in the next one."""
MOST_OF_ONE: Final = 60
"""Of one stay, the newest first: what is sent after hours keeps nobody waiting, nor what is new."""
_LONGEST: Final = 360
"""From the first cell to the last: an hour of blocks is held at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is to be looked at of one stay: `now`, those of them that are ripe whatever follows, and what is `later`."""

    stay_id: StayId
    now: tuple[int, ...]
    ripe: frozenset[int]
    later: frozenset[int]
    due_at: datetime | None


def jobs(claimed: Sequence[Claimed], asked: Iterable[tuple[StayId, int, int]], now: datetime) -> list[Job]:
    """Return what is to be done for each stay, in the order in which they were claimed."""
    cells: dict[StayId, set[int]] = {each.stay_id: set() for each in claimed}
    for stay_id, since_us, until_us in asked:
        cells[stay_id].update(concerned(since_us, until_us))
    made: list[Job] = []
    room = MOST_CELLS
    for each in claimed:
        made.append(_job(each, cells[each.stay_id], now, min(room, MOST_OF_ONE)))
        room -= len(made[-1].now)
    return made


def _job(claimed: Claimed, new: set[int], now: datetime, most: int) -> Job:
    waiting = _cells(claimed.waiting)
    wanted = sorted(waiting | new | _cells(claimed.backlog), reverse=True)
    chosen = tuple(cell for cell in wanted[:most] if wanted[0] - cell < _LONGEST)
    is_due = claimed.due_at is not None and claimed.due_at <= now
    return Job(
        stay_id=claimed.stay_id,
        now=chosen,
        ripe=frozenset(waiting) if is_due else frozenset(),
        later=frozenset(wanted[len(chosen) :]),
        due_at=None if is_due or not waiting else claimed.due_at,
    )


def _cells(spans: Spans) -> set[int]:
    return {cell for first, end in spans for cell in within(first, end)}


def left(jobs: Sequence[Job], unsettled: Mapping[StayId, set[int]], now: datetime) -> list[Claimed]:
    """Return what of each stay is left: what waits, for a minute at most, and what was too much."""
    return [_left(job, unsettled.get(job.stay_id, set()), now) for job in jobs]


def _left(job: Job, waits: set[int], now: datetime) -> Claimed:
    return Claimed(
        stay_id=job.stay_id,
        due_at=(job.due_at or now + timedelta(seconds=WAIT_S)) if waits else None,
        waiting=tuple(runs(waits)),
        backlog=tuple(runs(job.later)),
    )
