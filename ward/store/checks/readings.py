"""Checks of the readings: each belongs to a stay that wore its device then, and the latest of each kind is the latest.

`sampled` looks at the last of some stays; `deep` at every reading there is, one stay at a time.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from ward.store.checks.finding import Finding, fail, listed, ok, rows
from ward.store.pool import Connection

_STAYS = 300
_EACH = 20
_TODO = "do not rely on these values; find who wrote them (only ward.store.samples may), then restore a backup"

_SAMPLE = """
with picked as (select stay_id, kind, measured_at from latest_reading order by random() limit %(stays)s),
looked as (
    select r.stay_id, r.device_no, r.measured_at from picked cross join lateral (
        select stay_id, device_no, measured_at from reading
        where reading.stay_id = picked.stay_id and reading.kind = picked.kind
            and reading.measured_at between picked.measured_at - interval '1 hour' and picked.measured_at
        order by reading.measured_at desc limit %(each)s) r
)
"""
_STRAY = (
    "(not exists (select from stay s where s.stay_id = r.stay_id) or not exists (select from binding b"
    " where b.stay_id = r.stay_id and b.device_no = r.device_no and b.period @> r.measured_at)"
    # Nobody's reading that was given to a patient afterwards lies outside of every binding.
    " and not exists (select from quarantine q join device d using (device_id) where q.resolution = 'assigned'"
    " and q.stay_id = r.stay_id and d.device_no = r.device_no)"
    # What people typed in is on the timeline, as long as it is not in error.
    " and not (r.device_no = 0 and exists (select from care_event e where e.stay_id = r.stay_id"
    " and e.kind = 'readings' and e.occurred_at = r.measured_at)))"
)
_SAMPLED = f"{_SAMPLE} select r.stay_id, {_STRAY} from looked r"  # nosec B608  # noqa: S608 - both from above
_ALL = f"select count(*), count(*) filter (where {_STRAY}) from reading r where r.stay_id = %(stay)s"  # nosec B608  # noqa: S608 - likewise
_COLUMNS = "stay_id, kind, measured_at, device_no, value, validity"


async def sampled(conn: Connection, _now: datetime) -> Iterable[Finding]:
    """See that the newest readings of some stays are where they belong."""
    parameters: dict[str, object] = {"stays": _STAYS, "each": _EACH}
    found = await rows(conn, _SAMPLED, parameters)
    if stray := sorted({stay_id for stay_id, strays in found if strays}):
        return [_not_worn(stray)]
    return [ok("readings", f"{len(found):,} of the newest looked at; --deep looks at all")]


async def newest(conn: Connection, _now: datetime) -> Iterable[Finding]:
    """See that what stands as the latest reading is a reading, and none is newer."""
    wrong = await rows(
        conn,
        """
        with picked as (select * from latest_reading order by random() limit %(stays)s)
        select distinct stay_id from picked l where not exists (select from reading r
            where r.stay_id = l.stay_id and r.kind = l.kind and r.measured_at = l.measured_at
                and r.device_no = l.device_no and r.value = l.value)
        or exists (select from reading r where r.stay_id = l.stay_id and r.kind = l.kind
            and (r.measured_at > l.measured_at or (r.measured_at = l.measured_at and r.device_no > l.device_no)))
        order by 1
        """,
        {"stays": _STAYS},
    )
    return [_not_latest(row[0] for row in wrong)] if wrong else [ok("latest", "are the newest of their kinds")]


async def stays(conn: Connection) -> list[int]:
    """Return every stay that has readings, by asking for the next one at a time."""
    found = await rows(
        conn,
        "with recursive each(stay_id) as (select min(stay_id) from reading union all"
        " select (select min(stay_id) from reading where stay_id > each.stay_id) from each"
        " where each.stay_id is not null)"
        " select stay_id from each where stay_id is not null union select stay_id from latest_reading order by 1",
    )
    return [row[0] for row in found]


async def deep(conn: Connection, stay_ids: Iterable[int], step: Callable[[int], None]) -> list[Finding]:
    """Look at every reading of these stays; `step` is called with 1 after each stay."""
    strays: list[int] = []
    stale: list[int] = []
    looked = 0
    for stay_id in stay_ids:
        one: dict[str, object] = {"stay": stay_id}
        total, wrong = (await rows(conn, _ALL, one))[0]
        looked += total
        if wrong:
            strays.append(stay_id)
        if await rows(
            conn,
            f"""
            select from (select distinct on (kind) {_COLUMNS} from reading where stay_id = %(stay)s
                         order by kind, measured_at desc, device_no desc) r
            full join (select {_COLUMNS} from latest_reading where stay_id = %(stay)s) l using ({_COLUMNS})
            where r is null or l is null limit 1
            """,  # nosec B608  # noqa: S608 - the columns above
            one,
        ):
            stale.append(stay_id)
        step(1)
    found = [_not_worn(strays)] if strays else [ok("readings", f"all {looked:,} belong to who wore the device")]
    return [*found, _not_latest(stale) if stale else ok("latest", "are the newest of their kinds, all looked at")]


def _not_worn(stay_ids: Iterable[object]) -> Finding:
    said = f"stay {listed(stay_ids)} has readings of a device that was not worn then, or is no stay"
    return fail("readings", said, _TODO)


def _not_latest(stay_ids: Iterable[object]) -> Finding:
    said = f"stay {listed(stay_ids)}: what stands as the latest reading is not the newest one stored"
    return fail("latest", said, _TODO)
