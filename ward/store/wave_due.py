"""The list of stays whose waveforms are to be looked at: what came, and which times are left to do.

Ingest adds a request in the transaction of the blocks and waits for nobody; a worker holds a stay's row while it works
on it. The invariant: a request is deleted before the blocks are read, in the transaction that writes what they tell, so
that what it asked for is seen, or asked for again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.types.multirange import TimestamptzMultirange
from psycopg.types.range import Range, TimestamptzRange

from ward.clock import from_us, to_us
from ward.people import StayId
from ward.store.pool import Connection

Spans = tuple[tuple[int, int], ...]
_FURTHEST = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A stay that this transaction may work on; times are (from, until) in microseconds since 1970.

    `waiting` is what waits for what follows on it, at most until `due_at`; `backlog` what was too much for one pass.
    """

    stay_id: StayId
    due_at: datetime | None
    waiting: Spans = ()
    backlog: Spans = ()


async def request(conn: Connection, spans: Mapping[StayId, tuple[int, int]]) -> None:
    """Ask for stays to be looked at, with new samples from when until when, microseconds since 1970."""
    if spans:
        await conn.execute(
            "insert into wave_request (stay_id, since, until)"
            " select * from unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[])",
            (list(spans), *([from_us(each[side]) for each in spans.values()] for side in (0, 1))),
        )


async def enrol(conn: Connection) -> None:
    """Put every stay that was asked for on the list; in a short transaction, since others wait who do the same."""
    await conn.execute(
        "insert into wave_due (stay_id) select distinct stay_id from wave_request r"
        " where not exists (select from wave_due d where d.stay_id = r.stay_id) on conflict do nothing"
    )


async def claim(conn: Connection, now: datetime, most: int) -> list[Claimed]:
    """Take at most `most` stays that are due or asked for, and that nobody else holds.

    What is due later than `_FURTHEST` from now was put off by a clock that was ahead then, and is due now.
    """
    cursor = await conn.execute(
        "select stay_id, nullif(due_at, 'infinity'), waiting, backlog from wave_due"
        " where backlog <> '{}' or due_at <= %(now)s or (due_at > %(furthest)s and due_at < 'infinity')"
        " or stay_id in (select stay_id from wave_request)"
        " order by looked_at, stay_id limit %(most)s for update skip locked",
        {"now": now, "furthest": now + _FURTHEST, "most": most},
    )
    return [
        Claimed(stay_id=StayId(stay_id), due_at=due_at, waiting=_spans(waiting), backlog=_spans(backlog))
        for stay_id, due_at, waiting, backlog in await cursor.fetchall()
    ]


def _spans(kept: TimestamptzMultirange) -> Spans:
    return tuple(_span(each) for each in kept)


def _span(span: Range[datetime]) -> tuple[int, int]:
    assert span.lower is not None  # noqa: S101 - written by `keep`, which writes both
    assert span.upper is not None  # noqa: S101
    return to_us(span.lower), to_us(span.upper)


async def take_requests(conn: Connection, stay_ids: Sequence[StayId]) -> list[tuple[StayId, int, int]]:
    """Delete what was asked for these stays, and return it: stay, from, until, microseconds since 1970."""
    cursor = await conn.execute(
        "delete from wave_request where stay_id = any(%s) returning stay_id, since, until", (list(stay_ids),)
    )
    return [(StayId(stay_id), to_us(since), to_us(until)) for stay_id, since, until in await cursor.fetchall()]


async def keep(conn: Connection, left: Sequence[Claimed], now: datetime) -> None:
    """Write that stays have been looked at, and what is left to be done of each."""
    await conn.execute(
        "update wave_due d set looked_at = %s, due_at = coalesce(w.due_at, 'infinity'), waiting = w.waiting,"
        " backlog = w.backlog"
        " from unnest(%s::bigint[], %s::timestamptz[], %s::tstzmultirange[], %s::tstzmultirange[])"
        " as w(stay_id, due_at, waiting, backlog) where d.stay_id = w.stay_id",
        (
            now,
            [each.stay_id for each in left],
            [each.due_at for each in left],
            [_kept(each.waiting) for each in left],
            [_kept(each.backlog) for each in left],
        ),
    )


def _kept(spans: Spans) -> TimestamptzMultirange:
    return TimestamptzMultirange([TimestamptzRange(from_us(first), from_us(end)) for first, end in spans])
