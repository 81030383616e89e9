"""Everything that a store needs done as time goes: partitions ahead, roll-up, compression, dropping.

`run` is called again and again, by as many processes as like to: one works, the others go home. What it does comes in
small transactions of their own, so that ingest goes on beside it, and it stops after some seconds; whatever is left, or
was cut off by a kill, is done by the next call. The invariant: readings are dropped only when they are rolled up.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from psycopg import errors

from ward import log
from ward.store import partitions, rollups, waveform_compaction
from ward.store.keep import Keep, Kept
from ward.store.partitions import AGEING, READING, ROLLUPS, Part
from ward.store.pool import Connection

_LOCK = 4200010
_SECONDS = 20.0  # after which no new step is begun
_QUARANTINE_AT_ONCE = 1000
_COMPACT_AFTER = timedelta(days=1)
_BLOCKS_AT_ONCE = 2000
_LATEST = timedelta(days=40)  # older days than what may still come are compressed once and for all


@dataclass(slots=True, kw_only=True)
class Report:
    """What one call has done, and whether it came to the end."""

    made: list[str] = field(default_factory=list)
    hours: int = 0
    marks: int = 0
    compressed: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    forgotten: int = 0
    blocks: int = 0
    finished: bool = False

    def counts(self) -> dict[str, int]:
        """Return the figures for the log."""
        return {
            "made": len(self.made),
            "hours": self.hours,
            "marks": self.marks,
            "compressed": len(self.compressed),
            "dropped": len(self.dropped),
            "forgotten": self.forgotten,
            "blocks": self.blocks,
        }


class _OutOfTime(Exception):  # noqa: N818 - reads as what happened
    """A call has worked long enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deadline:
    """When a call stops, in seconds of the event loop."""

    at_s: float

    def check(self) -> None:
        """Raise once the time is up; asked after each step, so that every call gets somewhere."""
        if asyncio.get_running_loop().time() > self.at_s:
            raise _OutOfTime


async def run(conn: Connection, now: datetime, keep: Keep, *, seconds: float = _SECONDS) -> Report | None:
    """Do what is due at `now`, for about so many `seconds`.

    Parameters
    ----------
    conn
        A connection of its own, in autocommit.

    Returns
    -------
    Report or None
        None when another process is at it.

    Raises
    ------
    psycopg.Error
        If the store fails; what was done before is done, and the next call goes on.
    """
    report = Report()
    deadline = _Deadline(at_s=asyncio.get_running_loop().time() + seconds)
    async with _alone(conn) as mine:
        if not mine:
            return None
        await conn.execute("set max_parallel_workers_per_gather = 0")
        report.made = await partitions.ahead(conn, now)
        try:
            await _roll(conn, now, report, deadline)
            await _drop(conn, now, keep, report, deadline)
            await _compress(conn, now, keep, report, deadline)
            await _forget(conn, now, keep, report, deadline)
            await _compact(conn, now, report, deadline)
            report.finished = True
        except (_OutOfTime, errors.LockNotAvailable):
            log.get().info("upkeep_continues_later", **report.counts())
    return report


@asynccontextmanager
async def _alone(conn: Connection) -> AsyncIterator[bool]:
    """Hold the session's lock on upkeep, or say that another has it; it goes with the session, however that ends."""
    row = await (await conn.execute("select pg_try_advisory_lock(%s)", (_LOCK,))).fetchone()
    mine = row is not None and bool(row[0])
    try:
        yield mine
    finally:
        if mine and not conn.broken:
            await conn.execute("select pg_advisory_unlock(%s)", (_LOCK,))


async def _roll(conn: Connection, now: datetime, report: Report, deadline: _Deadline) -> None:
    while True:
        while done := await rollups.roll_some(conn):
            report.marks += done
            deadline.check()
        hours = await rollups.advance(conn, now)
        if not hours:
            return
        report.hours += hours


async def _drop(conn: Connection, now: datetime, keep: Keep, report: Report, deadline: _Deadline) -> None:
    """Drop partitions and chunks that are wholly too old, readings only as far as they are in the aggregates."""
    for ageing in AGEING:
        cutoff = keep.cutoff(ageing.kept, now)
        if cutoff is None:
            continue
        if ageing is READING:
            cutoff = min(cutoff, await rollups.safe_to_drop(conn))
        for part in await partitions.parts(conn, ageing):
            if part.end > cutoff:
                break
            async with conn.transaction():
                await conn.execute("set local lock_timeout = '200ms'")
                if ageing is READING:
                    await rollups.dropping(conn, part.end)
                await partitions.drop(conn, ageing, part)
            report.dropped.append(part.name)
            log.get().info("partition_dropped", table=ageing.table, part=part.name, until=part.end.isoformat())
            deadline.check()


async def _compress(conn: Connection, now: datetime, keep: Keep, report: Report, deadline: _Deadline) -> None:
    """Compress chunks that are old enough; those that late readings came into again, once an hour."""
    if keep.compress_after is None:
        return
    cutoff = now - keep.compress_after
    for ageing in (READING, *ROLLUPS):
        if not await partitions.compressible(conn, ageing):
            continue
        due = [part for part in await partitions.parts(conn, ageing) if part.end <= cutoff]
        for part in due:
            if not part.dense:
                report.compressed.append(part.name)
            elif not (report.hours and _may_have_changed(part, now)):
                continue
            await partitions.compress(conn, part)
            deadline.check()


def _may_have_changed(part: Part, now: datetime) -> bool:
    return part.end > now - _LATEST


async def _forget(conn: Connection, now: datetime, keep: Keep, report: Report, deadline: _Deadline) -> None:
    """Delete what was refused long ago, some at a time: a small table that others point into, so not by partitions."""
    cutoff = keep.cutoff(Kept.QUARANTINE, now)
    while cutoff is not None:
        gone = await conn.execute(
            "delete from quarantine where quarantine_id in (select quarantine_id from quarantine"
            " where received_at < %s order by received_at limit %s)",
            (cutoff, _QUARANTINE_AT_ONCE),
        )
        report.forgotten += gone.rowcount
        if gone.rowcount < _QUARANTINE_AT_ONCE:
            return
        deadline.check()


async def _compact(conn: Connection, now: datetime, report: Report, deadline: _Deadline) -> None:
    """Lay waveform blocks of yesterday and before together, which takes fewer bytes."""
    while True:
        done = await waveform_compaction.compact(conn, now - _COMPACT_AFTER, _BLOCKS_AT_ONCE)
        report.blocks += done.blocks
        if done.done:
            return
        deadline.check()


async def faults(conn: Connection, now: datetime, keep: Keep) -> list[str]:
    """Say in words what upkeep should have done by `now` and has not; empty when all is well."""
    return [
        *[f"partition {name} is missing" for name in await _missing(conn, now)],
        *await _behind(conn, now),
        *await _overdue(conn, now, keep),
    ]


async def _missing(conn: Connection, now: datetime) -> list[str]:
    days = [now.date() + timedelta(days=offset) for offset in range(3)]
    return [name for ageing in AGEING for name in await partitions.missing(conn, ageing, days)]


async def _behind(conn: Connection, now: datetime) -> list[str]:
    """Tell how far the roll-up is behind; two hours, and marks of the last hour, are as it should be."""
    found = []
    until = (await rollups.state(conn)).rolled_until
    late = now - rollups.SETTLED - 2 * rollups.HOUR
    if until < late and await rollups.any_between(conn, until, late):
        found.append(f"readings are rolled up until {until:%Y-%m-%d %H:%M} UTC only")
    row = await (
        await conn.execute("select count(*), min(hour) from rollup_pending where marked_at < now() - interval '1 hour'")
    ).fetchone()
    if row and row[0]:
        found.append(f"{row[0]} marks wait for over an hour, the oldest for the hour {row[1]:%Y-%m-%d %H:%M} UTC")
    return found


async def _overdue(conn: Connection, now: datetime, keep: Keep) -> list[str]:
    """Name the tables with partitions that should have been dropped a day ago."""
    found = []
    for ageing in AGEING:
        cutoff = keep.cutoff(ageing.kept, now)
        parts = await partitions.parts(conn, ageing) if cutoff else []
        late = [part for part in parts if cutoff and part.end <= cutoff - rollups.DAY]
        if late:
            found.append(f"{len(late)} partitions of {ageing.table} are too old, the oldest {late[0].name}")
    return found
