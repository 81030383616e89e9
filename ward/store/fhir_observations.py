"""Readings and scores in the order in which FHIR pages them, of patients who may be seen. Reads only.

A place in that order is `Place`: when it was measured, then readings before scores, then device and kind (or stay), all
in one direction. The newest (or oldest) rows of each kind are read by the readings' own key, so a page costs what is on
it and not what lies before it. Pressures of one cuff come one after the other, marked as such (`Row.panel`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from psycopg.rows import kwargs_row

from ward.access.principals import Scope
from ward.fhir.observations import DOUBTFUL
from ward.record import Measured, Scored
from ward.store import access
from ward.store.fhir_people import SEEN
from ward.store.pool import Connection
from ward.vitals import BY_CODE, VITALS, Mode, Validity, VitalKind

AHEAD, LATE = timedelta(minutes=6), timedelta(days=31)
"""How far, at most and rounded up, a reading lies after and before the time at which it came."""

_SYSTOLIC, _DIASTOLIC = VITALS[VitalKind.SYSTOLIC].code, VITALS[VitalKind.DIASTOLIC].code
CUFF = (_SYSTOLIC, _DIASTOLIC, VITALS[VitalKind.MEAN_PRESSURE].code)


_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


class Order(StrEnum):
    """Which comes first."""

    NEWEST = "desc"
    OLDEST = "asc"


class Doubt(StrEnum):
    """Whether what is wanted is doubtful (preliminary) or not (final)."""

    NONE = "none"
    SOME = "some"


class Place(NamedTuple):
    """Where a page ends. `rank` is 0 for a reading (device, kind), 1 for a score (stay, 0)."""

    at: datetime
    rank: int
    first: int
    second: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedReadings:
    """Which readings or scores, of whose stays; `None` leaves a filter out.

    `alone` are the kinds (codes) that are wanted by themselves, `panel` whether blood pressures are.
    """

    scope: Scope
    patient_id: int | None = None
    stay_id: int | None = None
    alone: Sequence[int] = ()
    panel: bool = False
    device: str | None = None
    doubt: Doubt | None = None
    measured_from: datetime | None = None
    measured_until: datetime | None = None
    came_from: datetime | None = None
    came_until: datetime | None = None
    after: Place | None = None
    order: Order = Order.NEWEST
    limit: int | None = 100

    def parameters(self) -> dict[str, object]:
        """Return what holds for every stay as query parameters."""
        place = self.after
        return {
            "device": self.device,
            "doubt": self.doubt,
            "doubtful": [each.value for each in DOUBTFUL],
            "came_from": self.came_from,
            "came_until": self.came_until,
            "at": place and place.at,
            "rank": place and place.rank,
            "first": place and place.first,
            "second": place and place.second,
            "limit": self.limit,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A reading, whether it is part of a blood pressure, and the mode of its stay."""

    reading: Measured
    panel: bool
    mode: Mode

    @property
    def place(self) -> Place:
        """Return where it stands."""
        return Place(self.reading.measured_at, 0, self.reading.device_no, VITALS[self.reading.kind].code)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """A score, and the mode of its stay."""

    score: Scored
    mode: Mode

    @property
    def place(self) -> Place:
        """Return where it stands."""
        return Place(self.score.scored_at, 1, self.score.stay_id, 0)


_STAYS = (
    b"with "
    + SEEN
    + b" and (%(patient)s::bigint is null or s.patient_id = %(patient)s)"
    + b" and (%(stay)s::bigint is null or s.stay_id = %(stay)s))"
    + b" select stay_id, patient_id, mode, '' as device_id, lower(period) as began_at,"
    + b" nullif(least(upper(period), '9999-01-01'), '9999-01-01') as ended_at from seen order by stay_id"
)
_WEARING = (
    b"with "
    + SEEN
    + b"""), of_device as (select device_no, device_id from device where device_no = %(device)s)
    select stay_id, patient_id, mode, device_id, lower(period) as began_at,
           nullif(least(upper(period), '9999-01-01'), '9999-01-01') as ended_at
    from seen cross join of_device where stay_id in (
        select b.stay_id from binding b join of_device using (device_no)
        union select q.stay_id from quarantine q join of_device using (device_id) where q.resolution = 'assigned')
"""
)
_DEVICE = """
    (%(device)s::text is null or r.device_no = any(array(
        select device_no from device where device_id = %(device)s or 'device-' || device_no = %(device)s)))
"""
_AFTER = """
    (%(at)s::timestamptz is null or ({at} {beyond}= %(at)s and ({place}) {beyond}
        (%(at)s::timestamptz, %(rank)s::int, %(first)s::bigint, %(second)s::int)))
"""
_CAME = """
    (%(came_from)s::timestamptz is null or {column} >= %(came_from)s)
    and (%(came_until)s::timestamptz is null or {column} < %(came_until)s)
"""
_ORDER = "order by r.measured_at {order}, r.device_no {order}, r.kind {order} limit %(limit)s"
# What else the same cuff said at the same instant: three look-ups by key.
_BESIDE = """
    cross join lateral (
        select count(*) filter (where x.kind = any(%(both)s)) = 2 as panel,
               bool_or(x.validity = any(%(doubtful)s)) as doubtful
        from reading x where x.stay_id = r.stay_id and x.kind = any(%(cuff)s) and x.measured_at = r.measured_at
        and x.device_no = r.device_no
    ) b
"""
# One stay's rows of some kinds, each kind by its key. The stay and its bounds stand there as values, not as columns of
# another table: only then does the server know how much there is, and reads the first rows instead of sorting them all.
_BRANCH = """
    select r.*, %(patient_{n})s::bigint as patient_id, %(mode_{n})s::text as mode
    from unnest({kinds}::smallint[]) k (kind) cross join lateral (
        select r.*, {panel} as panel from reading r {beside}
        where r.stay_id = %(stay_{n})s and r.kind = k.kind and r.measured_at >= %(start_{n})s
        and r.measured_at < %(end_{n})s and {after} and {came} and {device} and {wanted} {order}
    ) r
"""
_CERTAIN = "(%(doubt)s::text is null or (r.validity = any(%(doubtful)s)) = (%(doubt)s = 'some'))"
_ALONE = f"not b.panel and r.kind = any(%(alone)s) and {_CERTAIN}"
_PANEL = "b.panel and %(panel)s and (%(doubt)s::text is null or b.doubtful = (%(doubt)s = 'some'))"
_READINGS = """
    select r.patient_id, r.stay_id, r.device_no, d.device_id, r.kind, r.value, r.measured_at, r.received_at,
           r.validity, r.quality / 100.0::float8 as quality, r.panel, r.mode
    from ({branches}) r join device d using (device_no) {order}
"""
_SCORES_OF_STAY = """
    (select %(patient_{n})s::bigint as patient_id, c.stay_id, c.scored_at, c.total_min, c.total_max, c.risk,
            c.spo2_scale, c.detail::text as detail, %(mode_{n})s::text as mode
     from score c where c.stay_id = %(stay_{n})s and c.scored_at >= %(start_{n})s and c.scored_at < %(end_{n})s
     and {after} and {came} order by c.scored_at {order} limit %(limit)s)
"""
_SCORES = "select * from ({branches}) c order by c.scored_at {order}, c.stay_id {order} limit %(limit)s"


def _row(*, kind: int, validity: int, panel: bool, mode: str, **rest: Any) -> Row:
    return Row(
        reading=Measured(kind=BY_CODE[kind].kind, validity=Validity(validity), **rest), panel=panel, mode=Mode(mode)
    )


def _score_row(*, mode: str, **rest: Any) -> ScoreRow:
    return ScoreRow(score=Scored(**rest), mode=Mode(mode))


async def find_readings(conn: Connection, asked: AskedReadings, now: datetime) -> list[Row]:
    """Return at most `limit` rows, in order; a blood pressure at the end may have lost a part to the limit."""
    query, parameters = _readings_query(asked, await find_stays(conn, asked, now))
    if not query:
        return []
    cursor = conn.cursor(row_factory=kwargs_row(_row))
    await cursor.execute(query.encode(), parameters)
    return await cursor.fetchall()


async def find_scores(conn: Connection, asked: AskedReadings, now: datetime) -> list[ScoreRow]:
    """Return at most `limit` scores, in order; kinds, device and validity are not looked at."""
    query, parameters = _scores_query(asked, await find_stays(conn, asked, now))
    if not query:
        return []
    cursor = conn.cursor(row_factory=kwargs_row(_score_row))
    await cursor.execute(query.encode(), parameters)
    return await cursor.fetchall()


async def count(conn: Connection, asked: AskedReadings, now: datetime) -> int:
    """Count the Observations that the readings of all pages come to: a panel is one."""
    query, parameters = _readings_query(replace(asked, limit=None), await find_stays(conn, asked, now))
    if not query:
        return 0
    counted = f"select count(*) filter (where not panel or kind = %(systolic)s) from ({query}) r"  # nosec B608  # noqa: S608
    row = await (await conn.execute(counted.encode(), {**parameters, "systolic": _SYSTOLIC})).fetchone()
    return int(row[0]) if row else 0


async def count_scores(conn: Connection, asked: AskedReadings, now: datetime) -> int:
    """Count the scores of all pages."""
    query, parameters = _scores_query(replace(asked, limit=None), await find_stays(conn, asked, now))
    if not query:
        return 0
    row = await (await conn.execute(f"select count(*) from ({query}) c".encode(), parameters)).fetchone()  # nosec B608  # noqa: S608
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wearing:
    """A stay that may be seen in which a device was worn, or to which a reading of it was given."""

    stay_id: int
    patient_id: int
    mode: Mode
    device_id: str
    began_at: datetime
    ended_at: datetime | None


async def find_wearing(conn: Connection, scope: Scope, device_no: int, now: datetime) -> list[Wearing]:
    """Return in which stays that may be seen a device has measured."""
    cursor = conn.cursor(row_factory=kwargs_row(_wearing))
    await cursor.execute(
        _WEARING,
        {**access.asked(scope), "now": now, "device": device_no},
    )
    return await cursor.fetchall()


async def find_stays(conn: Connection, asked: AskedReadings, now: datetime) -> list[Wearing]:
    """Return the stays that are asked for and may be seen; the device's name is left empty."""
    cursor = conn.cursor(row_factory=kwargs_row(_wearing))
    sight = access.asked(asked.scope)
    await cursor.execute(_STAYS, {**sight, "now": now, "patient": asked.patient_id, "stay": asked.stay_id})
    return await cursor.fetchall()


def _wearing(*, mode: str, **rest: Any) -> Wearing:
    return Wearing(mode=Mode(mode), **rest)


def _readings_query(asked: AskedReadings, stays: Sequence[Wearing]) -> tuple[str, dict[str, object]]:
    """Return the question and its parameters; an empty one where no kind of no stay is wanted."""
    beyond = ">" if asked.order is Order.OLDEST else "<"
    order = _ORDER.format(order=asked.order)
    fixed = {
        "after": _AFTER.format(at="r.measured_at", place="r.measured_at, 0, r.device_no, r.kind::int", beyond=beyond),
        "came": _CAME.format(column="r.received_at"),
        "device": _DEVICE,
        "order": order,
    }
    wanted = []
    if any(kind not in CUFF for kind in asked.alone):
        wanted.append({"kinds": "%(apart)s", "panel": "false", "beside": "", "wanted": _CERTAIN})
    if asked.panel or any(kind in CUFF for kind in asked.alone):
        wanted.append(
            {"kinds": "%(cuff)s", "panel": "b.panel", "beside": _BESIDE, "wanted": f"(({_ALONE}) or ({_PANEL}))"}
        )
    branches = [_BRANCH.format(n=n, **fixed, **each) for n in range(len(stays)) for each in wanted]
    parameters = {
        **asked.parameters(),
        **_bounds(asked, stays),
        "both": [_SYSTOLIC, _DIASTOLIC],
        "cuff": list(CUFF),
        "apart": [kind for kind in asked.alone if kind not in CUFF],
        "alone": [kind for kind in asked.alone if kind in CUFF],
        "panel": asked.panel,
    }
    return _READINGS.format(branches=" union all ".join(branches), order=order) if branches else "", parameters


def _scores_query(asked: AskedReadings, stays: Sequence[Wearing]) -> tuple[str, dict[str, object]]:
    beyond = ">" if asked.order is Order.OLDEST else "<"
    fixed = {
        "after": _AFTER.format(at="c.scored_at", place="c.scored_at, 1, c.stay_id, 0", beyond=beyond),
        "came": _CAME.format(column="c.scored_at"),
        "order": asked.order,
    }
    branches = [_SCORES_OF_STAY.format(n=n, **fixed) for n in range(len(stays))]
    query = _SCORES.format(branches=" union all ".join(branches), order=asked.order) if branches else ""
    return query, {**asked.parameters(), **_bounds(asked, stays)}


def _bounds(asked: AskedReadings, stays: Sequence[Wearing]) -> dict[str, object]:
    """Return the stays as parameters, each with the time in which what is asked for can lie."""
    came_from = asked.came_from and asked.came_from - LATE
    came_until = asked.came_until and asked.came_until + AHEAD
    found: dict[str, object] = {}
    for n, stay in enumerate(stays):
        found |= {
            f"stay_{n}": stay.stay_id,
            f"patient_{n}": stay.patient_id,
            f"mode_{n}": stay.mode.value,
            f"start_{n}": max(each for each in (stay.began_at, asked.measured_from, came_from, _EARLIEST) if each),
            f"end_{n}": min(each for each in (stay.ended_at, asked.measured_until, came_until, _LATEST) if each),
        }
    return found
