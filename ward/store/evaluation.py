"""The list of stays to evaluate, and what an evaluation reads: all stays of a batch in one query each.

Workers share the list by `for update skip locked`; a claimed stay is theirs until their transaction ends. The
invariant: a request is deleted before the readings are read, so that what it asked for is seen, or asked for again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
from psycopg.rows import class_row

from ward.people import StayId
from ward.store import device_clocks
from ward.store.columns import FLOAT8, INT2, INT4, TIMESTAMPTZ, instants, read_arrays, sent_arrays
from ward.store.plans import LAYERS_OF_STAY
from ward.store.pool import Connection
from ward.vitals import IMPLAUSIBLE

_FAR = datetime(9000, 1, 1, tzinfo=UTC)
_FURTHEST = timedelta(minutes=15)
# A worker's query for what it claims: whether an alert says that the stay could not be evaluated.
_ASIDE = (
    "stay_id in (select stay_id from alert where rule = %(aside)s and resolved_at is null and condition = 'present')"
    " as aside"
)

_WANTED = f"select stay_id, due_at, score_digest, scored_at, evaluated_by, {_ASIDE} from evaluation_due"  # nosec B608  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A stay that this transaction may evaluate, the score last written for it, and the worker that did so.

    `due_at` is when time alone could have changed something; `aside` tells that the stay could not be evaluated the
    last time.
    """

    stay_id: StayId
    due_at: datetime
    score_digest: int | None
    scored_at: datetime | None
    evaluated_by: int | None
    aside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StayRow:
    """When a stay began and was first given a device; the layers of its plan (`ward.store.plans`)."""

    stay_id: StayId
    started_at: datetime
    bound_at: datetime | None
    programme: str
    plan_layers: str
    plan_change_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WornRow:
    """What a device worn now last said about itself; `surely` tells whether many messages say that it is behind."""

    stay_id: StayId
    device_id: str
    online: bool
    battery_pct: float | None
    reported_at: datetime
    changed_at: datetime
    ahead_s: float | None
    surely: bool | None
    worn_from: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NextRow:
    """When a stay is to be evaluated again; a score that was written, else None."""

    stay_id: StayId
    due_at: datetime
    score_digest: int | None = None
    scored_at: datetime | None = None


async def enrol(conn: Connection, now: datetime) -> None:
    """Put every stay in progress on the list, take the ended ones and what was asked for them off it.

    Nothing is ever put off for longer than minutes: what is due later than `_FURTHEST` was put off by a clock that
    was ahead then, and is due now.
    """
    await conn.execute(
        """
        insert into evaluation_due (stay_id, due_at)
        select stay_id, %(now)s from stay
        where period @> %(now)s and not exists (select from evaluation_due d where d.stay_id = stay.stay_id)
        on conflict do nothing
        """,
        {"now": now},
    )
    await conn.execute(
        """
        update evaluation_due set due_at = %(now)s where stay_id in (
            select d.stay_id from evaluation_due d join stay s using (stay_id)
            where d.due_at > %(furthest)s and s.period @> %(now)s for update of d skip locked)
        """,
        {"now": now, "furthest": now + _FURTHEST},
    )
    await conn.execute(
        """
        delete from evaluation_due where stay_id in (
            select d.stay_id from evaluation_due d join stay s using (stay_id)
            where not s.period @> %(now)s and upper(s.period) <= %(now)s for update of d skip locked)
        """,
        {"now": now},
    )
    await conn.execute(
        """
        delete from evaluation_request r using stay s
        where s.stay_id = r.stay_id and upper(s.period) <= %(now)s
            and not exists (select from evaluation_due d where d.stay_id = r.stay_id)
        """,
        {"now": now},
    )


async def claim(conn: Connection, now: datetime, most: int, aside: str = "") -> list[Claimed]:
    """Take at most `most` stays that are due or have something new, and that nobody else holds.

    `aside` is the rule whose alert says that a stay could not be evaluated.
    """
    async with conn.cursor(row_factory=class_row(Claimed)) as cursor:
        await cursor.execute(
            f"{_WANTED} where due_at <= %(now)s order by due_at limit %(most)s for update skip locked".encode(),
            {"now": now, "most": most, "aside": aside},
        )
        due = await cursor.fetchall()
        await cursor.execute(
            f"{_WANTED} where stay_id in (select stay_id from evaluation_request)"  # nosec B608  # noqa: S608
            " and stay_id <> all(%(taken)s) limit %(most)s for update skip locked".encode(),
            {"taken": [row.stay_id for row in due], "most": most - len(due), "aside": aside},
        )
        return due + await cursor.fetchall()


async def listed(conn: Connection, after: StayId, most: int) -> list[StayId]:
    """Return the next stays on the list after one, by number."""
    rows = await conn.execute(
        "select stay_id from evaluation_due where stay_id > %s order by stay_id limit %s", (after, most)
    )
    return [StayId(row[0]) for row in await rows.fetchall()]


async def take_requests(conn: Connection, stay_ids: Sequence[StayId]) -> dict[StayId, datetime]:
    """Delete what ingest asked for these stays; return the time of the earliest new reading of each."""
    rows = await (
        await conn.execute(
            """
            with taken as (delete from evaluation_request where stay_id = any(%s) returning stay_id, since)
            select stay_id, min(since) from taken group by stay_id
            """,
            (list(stay_ids),),
        )
    ).fetchall()
    return {StayId(row[0]): row[1] for row in rows}


async def stays(conn: Connection, stay_ids: Sequence[StayId], now: datetime) -> list[StayRow]:
    """Return these stays with the plan in force now."""
    async with conn.cursor(row_factory=class_row(StayRow)) as cursor:
        await cursor.execute(
            f"""
            select s.stay_id, greatest(lower(s.period), 'epoch') as started_at, b.bound_at, s.programme,
                plan.plan_layers, plan.plan_change_at
            from stay s
            left join lateral (select min(greatest(lower(period), 'epoch')) as bound_at from binding
                               where stay_id = s.stay_id) b on true
            {LAYERS_OF_STAY}
            where s.stay_id = any(%(stays)s)
            """.encode(),  # nosec B608  # noqa: S608
            {"stays": list(stay_ids), "now": now},
        )
        return await cursor.fetchall()


async def worn(conn: Connection, stay_ids: Sequence[StayId], now: datetime) -> list[WornRow]:
    """Return what the devices worn in these stays now have said about themselves; all of them, also the silent ones."""
    async with conn.cursor(row_factory=class_row(WornRow)) as cursor:
        await cursor.execute(
            """
            select b.stay_id, d.device_id, coalesce(s.online, true) as online, s.battery_pct,
                coalesce(s.reported_at, c.began_at, greatest(lower(b.period), 'epoch')) as reported_at,
                coalesce(s.changed_at, c.began_at, greatest(lower(b.period), 'epoch')) as changed_at,
                greatest(c.ahead_us, c.before_us) / 1e6::float8 as ahead_s,
                c.messages + c.before_messages >= %(enough)s as surely, greatest(lower(b.period), 'epoch') as worn_from
            from binding b join device d using (device_no) left join device_status s using (device_no)
            left join device_clock c on c.device_no = b.device_no and c.began_at > %(now)s - interval '30 minutes'
            where b.stay_id = any(%(stays)s) and b.period @> %(now)s
            """,
            {"stays": list(stay_ids), "now": now, "enough": device_clocks.ENOUGH},
        )
        return await cursor.fetchall()


_TYPES = {
    "place": INT4,
    "kind": INT2,
    "measured_us": TIMESTAMPTZ,
    "received_us": TIMESTAMPTZ,
    "value": FLOAT8,
    "validity": INT2,
    "quality": INT2,
}
_COLUMNS = """kind, measured_at as measured_us, received_at as received_us, value, validity,
    coalesce(quality, -1::smallint) as quality"""
_READINGS = f"""
    with wanted as materialized (
        select place, stay_id, since, anew
        from unnest(%(places)s::int4[], %(stays)s::bigint[], %(since)s::timestamptz[], %(anew)s::boolean[])
            as w(place, stay_id, since, anew)
    ), kinds as materialized (
        select kind, make_interval(secs => back) as back
        from unnest(%(kinds)s::smallint[], %(back)s::float8[]) as k(kind, back)
    ), found as (
    -- Only kinds whose newest reading is not older can have any.
    select w.place, r.* from wanted w join latest_reading l using (stay_id) cross join lateral (
        select {_COLUMNS} from reading r
        where r.stay_id = l.stay_id and r.kind = l.kind
            and r.measured_at >= w.since and r.measured_at >= %(earliest)s::timestamptz
        offset 0
    ) r where not w.anew and l.measured_at >= w.since and l.kind = any(%(kinds)s::smallint[])
    union all
    select w.place, r.* from wanted w join latest_reading l using (stay_id) join kinds k using (kind)
    cross join lateral (
        select {_COLUMNS} from reading r
        where r.stay_id = l.stay_id and r.kind = l.kind
            and r.measured_at >= w.since - k.back and r.measured_at >= %(furthest)s::timestamptz
        offset 0
    ) r where w.anew and l.measured_at >= w.since - k.back
    union all
    -- What held when they begin, mostly just before: the second is looked for where the first finds nothing.
    select w.place, r.* from wanted w join latest_reading l using (stay_id) join kinds k using (kind)
    cross join lateral (
        (select {_COLUMNS} from reading r
         where r.stay_id = l.stay_id and r.kind = l.kind and r.measured_at < w.since - k.back
             and r.measured_at >= w.since - k.back - interval '15 minutes'
             and r.validity = any(%(usable)s::smallint[])
         order by r.measured_at desc limit 1)
        union all
        (select {_COLUMNS} from reading r
         where r.stay_id = l.stay_id and r.kind = l.kind
             and r.measured_at < w.since - k.back - interval '15 minutes'
             and r.measured_at >= w.since - k.back - interval '48 hours'
             and r.validity = any(%(usable)s::smallint[])
         order by r.measured_at desc limit 1)
        limit 1
    ) r where w.anew and l.measured_at >= w.since - k.back
    union all
    select w.place, {_COLUMNS} from wanted w join latest_reading r using (stay_id)
    where w.anew and (r.kind = any(%(kinds)s::smallint[]) or r.validity = any(%(implausible)s::smallint[]))
    union all
    select w.place, o.* from wanted w join latest_reading l using (stay_id) cross join lateral (
        select {_COLUMNS} from reading r
        where r.stay_id = l.stay_id and r.kind = l.kind
            and r.measured_at < l.measured_at and r.measured_at >= l.measured_at - interval '48 hours'
            and r.validity = any(%(usable)s::smallint[])
        order by r.measured_at desc limit 1
    ) o where w.anew and l.kind = any(%(kinds)s::smallint[]) and l.validity <> all(%(usable)s::smallint[])
    )
    select {sent_arrays(_TYPES)} from found
""".encode()  # nosec B608  # noqa: S608 - a list of columns
Rows = npt.NDArray[np.void]
"""Readings as `ROW`."""
ROW = np.dtype([(name, each.dtype.replace(">", "=")) for name, each in _TYPES.items()])


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The readings of one stay: those since a time, or `anew` all that decides from then on; `place` tells them."""

    place: int
    stay_id: StayId
    since: datetime
    anew: bool


async def readings(
    conn: Connection, wanted: Sequence[Wanted], back_s: Mapping[int, float], usable: Sequence[int]
) -> Rows:
    """Return the readings that are wanted of the kinds (codes) that `back_s` names.

    Anew: those of each kind from so many seconds before `since`, with the newest usable one before them, and the
    newest of all however old; behind others a usable one is looked for over 48 hours. Besides, of every kind the newest
    reading where it lies outside what is plausible. In any order, some twice. A row is `ROW`: times are microseconds
    since 1970, quality is 0-100 or -1 when the device did not say.
    """
    if not wanted:
        return np.empty(0, ROW)
    anew = [each.since for each in wanted if each.anew]
    parameters = {
        "places": [each.place for each in wanted],
        "stays": [each.stay_id for each in wanted],
        "since": instants([each.since for each in wanted]),
        "anew": [each.anew for each in wanted],
        "earliest": min(each.since for each in wanted),
        "furthest": min(anew, default=_FAR) - timedelta(seconds=max(back_s.values(), default=0.0)),
        "kinds": list(back_s),
        "back": list(back_s.values()),
        "usable": list(usable),
        "implausible": [each.value for each in IMPLAUSIBLE],
    }
    sent = await (await conn.execute(_READINGS, parameters, prepare=True)).fetchone()
    return read_arrays(_TYPES, sent)


async def reschedule(conn: Connection, rows: Sequence[NextRow], worker: int) -> None:
    """Set when each claimed stay is to be evaluated again, what was scored, and by which worker."""
    await conn.execute(
        """
        update evaluation_due d set due_at = w.due_at, score_digest = coalesce(w.digest, d.score_digest),
            scored_at = coalesce(w.scored_at, d.scored_at), evaluated_by = %s
        from unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::timestamptz[])
            as w(stay_id, due_at, digest, scored_at)
        where d.stay_id = w.stay_id
        """,
        (
            worker,
            [row.stay_id for row in rows],
            instants([row.due_at for row in rows]),
            [row.score_digest for row in rows],
            [row.scored_at for row in rows],
        ),
    )


async def next_due(conn: Connection) -> datetime | None:
    """Return when the next stay on the list is due, None for an empty list."""
    row = await (await conn.execute("select min(due_at) from evaluation_due")).fetchone()
    return None if row is None else row[0]
