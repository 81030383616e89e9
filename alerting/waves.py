"""The signal pass: new ECG and PPG of the stays that have some, read with what lies before, and their features written.

All of a pass is one transaction, so a worker that dies has done nothing, and any number of workers share the list. The
reading itself is pure (`waves_read`) and done in a thread, so that the evaluation of vital signs goes on. The
invariant: the features of a cell depend on what is stored alone; late, repeated and differently cut blocks, restarts
and other workers change nothing. A stay whose waveforms cannot be read stops no other.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerting import waves_cells, waves_read, waves_work
from alerting.rules.rhythm import HOLD_S
from alerting.waves_cells import begins_us, ends_us, filled, reach_us, settled
from alerting.waves_read import Wanted
from alerting.waves_work import Job
from ward import log
from ward.clock import from_us
from ward.people import StayId
from ward.store import evaluation_requests, wave_due, wave_features
from ward.store.borrow import LOST
from ward.store.pool import Connection
from ward.store.wave_due import Claimed
from ward.store.waveform_reads import Stored
from ward.store.waveforms import pieces
from ward.traces import Piece
from ward.wave_features import FeatureRow

MOST_STAYS = 32
_ASIDE = timedelta(minutes=5)
_PRESENT = timedelta(seconds=HOLD_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a pass did: how many stays and cells, how many rows it wrote, and which stays could not be read."""

    stays: int
    cells: int
    rows: int
    aside: tuple[StayId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What the pieces of some stays have told."""

    cells: dict[StayId, list[int]]
    rows: list[tuple[StayId, FeatureRow]]
    unsettled: dict[StayId, set[int]]


async def look(conn: Connection, now: datetime, *, most: int = MOST_STAYS) -> Looked:
    """Look at the waveforms of up to `most` stays on the list, in the caller's transaction (`wave_due.enrol`)."""
    claimed = await wave_due.claim(conn, now, most)
    asked = await wave_due.take_requests(conn, [each.stay_id for each in claimed])
    return await _apart(conn, waves_work.jobs(claimed, asked, now), now)


async def _apart(conn: Connection, jobs: Sequence[Job], now: datetime) -> Looked:
    """Look at stays together; where that fails, at each on its own, and put aside the one that is at fault."""
    if not jobs:
        return Looked(stays=0, cells=0, rows=0)
    try:
        async with conn.transaction():
            return await _look(conn, jobs, now)
    except LOST:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one stay, the others must be watched
        if len(jobs) == 1:
            return await _set_aside(conn, jobs[0], now, error)
    middle = len(jobs) // 2
    first, second = await _apart(conn, jobs[:middle], now), await _apart(conn, jobs[middle:], now)
    return Looked(
        stays=first.stays + second.stays,
        cells=first.cells + second.cells,
        rows=first.rows + second.rows,
        aside=first.aside + second.aside,
    )


async def _set_aside(conn: Connection, job: Job, now: datetime, error: Exception) -> Looked:
    """Keep what was asked for, and come back to it later."""
    log.get().error("waveforms_unreadable", stay=job.stay_id, error=type(error).__name__, exc_info=error)
    spans = tuple(waves_cells.runs(job.later.union(job.now)))
    await wave_due.keep(conn, [Claimed(stay_id=job.stay_id, due_at=now + _ASIDE, waiting=spans)], now)
    return Looked(stays=0, cells=0, rows=0, aside=(job.stay_id,))


async def _look(conn: Connection, jobs: Sequence[Job], now: datetime) -> Looked:
    spans = []
    for job in jobs:
        if job.now:
            since_us, until_us = reach_us(job.now)
            spans.append(wave_features.Span(stay_id=job.stay_id, since=from_us(since_us), until=from_us(until_us)))
    stored = await wave_features.waveforms(conn, spans)
    found = await asyncio.to_thread(_read, jobs, stored)
    ends = {stay_id: [ends_us(cell) for cell in cells] for stay_id, cells in found.cells.items()}
    await wave_features.replace(conn, ends, found.rows)
    await wave_due.keep(conn, waves_work.left(jobs, found.unsettled, now), now)
    for stay_id, cells in found.cells.items():
        await evaluation_requests.request(conn, stay_id, _unjudged(cells, now))
    return Looked(stays=len(jobs), cells=sum(map(len, found.cells.values())), rows=len(found.rows))


def _unjudged(cells: Sequence[int], now: datetime) -> datetime:
    """Return from when on a stay is to be judged anew: from now, where nothing that these cells tell can be over yet.

    What was judged of other readings meanwhile stays judged.
    """
    first = from_us(begins_us(min(cells)))
    return first if now - first > _PRESENT else now


def _read(jobs: Sequence[Job], stored: Sequence[tuple[StayId, Stored]]) -> _Found:
    """Decode what was stored, and read the cells of which enough is there."""
    held: dict[StayId, list[Piece]] = {job.stay_id: [] for job in jobs}
    for stay_id, row in stored:
        held[stay_id] += pieces(row)
    wanted: list[Wanted] = []
    unsettled: dict[StayId, set[int]] = {}
    for job in jobs:
        for cell in job.now:
            mine = _overlapping(held[job.stay_id], cell)
            if not filled(cell, mine):
                continue
            if cell in job.ripe or settled(cell, mine):
                wanted.append(Wanted(stay_id=job.stay_id, cell=cell, pieces=tuple(mine)))
            else:
                unsettled.setdefault(job.stay_id, set()).add(cell)
    cells: dict[StayId, list[int]] = {}
    for each in wanted:
        cells.setdefault(each.stay_id, []).append(each.cell)
    told = waves_read.read(wanted)
    rows = [(each.stay_id, row) for each, mine in zip(wanted, told, strict=True) for row in mine]
    return _Found(cells=cells, rows=rows, unsettled=unsettled)


def _overlapping(held: Sequence[Piece], cell: int) -> list[Piece]:
    since_us, until_us = reach_us([cell])
    return [
        each
        for each in held
        if each.t0_us < until_us and each.t0_us + len(each.samples) * 1_000_000 / each.channel.fs_hz > since_us
    ]
