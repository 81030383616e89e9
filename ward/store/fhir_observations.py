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

    def parameters(self, now: datetime) -> dict[str, object]:
        """Return them as query parameters."""
        place = self.after
        return {
            "organisation": self.scope.organisation_id,
            "teams": list(self.scope.team_ids),
            "now": now,
            "patient": self.patient_id,
            "stay": self.stay_id,
            "device": self.device,
            "doubt": self.doubt,
            "doubtful": [each.value for each in DOUBTFUL],
            "start": _latest(self.measured_from, self.came_from and self.came_from - LATE),
            "end": _earliest(self.measured_until, self.came_until and self.came_until + AHEAD),
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
    + b" and (%(stay)s::bigint is null or s.stay_id = %(stay)s)),"
    + b" worn as (select device_no, device_id from device where %(device)s::text is null"
    + b" or device_id = %(device)s or 'device-' || device_no = %(device)s)"
)
_WITHIN = """
    {row}.measured_at >= greatest(lower(s.period), %(start)s) and {row}.measured_at < least(upper(s.period), %(end)s)
    and (%(at)s::timestamptz is null or ({row}.measured_at {beyond}= %(at)s
         and ({row}.measured_at, 0, {row}.device_no, {row}.kind::int) {beyond}
             (%(at)s::timestamptz, %(rank)s::int, %(first)s::bigint, %(second)s::int)))
    and (%(came_from)s::timestamptz is null or {row}.received_at >= %(came_from)s)
    and (%(came_until)s::timestamptz is null or {row}.received_at < %(came_until)s)
    and (%(device)s::text is null or {row}.device_no in (select device_no from worn))
"""
_ORDER = "order by r.measured_at {order}, r.device_no {order}, r.kind {order} limit %(limit)s"
# What else the same cuff said at the same instant: three look-ups by key.
# What else the same cuff said at the same instant: three look-ups by key.
_BESIDE = """
    cross join lateral (
        select count(*) filter (where x.kind = any(%(both)s)) = 2 as panel,
               bool_or(x.validity = any(%(doubtful)s)) as doubtful
        from reading x where x.stay_id = r.stay_id and x.kind = any(%(cuff)s) and x.measured_at = r.measured_at
        and x.device_no = r.device_no
    ) b
"""
_BRANCH = """
    select r.*, s.patient_id, s.mode from seen s cross join unnest({kinds}::smallint[]) k (kind) cross join lateral (
        select r.*, {panel} as panel from reading r {beside}
        where r.stay_id = s.stay_id and r.kind = k.kind and {within} and {wanted} {order}
    ) r
"""
_CERTAIN = "(%(doubt)s::text is null or (r.validity = any(%(doubtful)s)) = (%(doubt)s = 'some'))"
_ALONE = f"not b.panel and r.kind = any(%(alone)s) and {_CERTAIN}"
_PANEL = "b.panel and %(panel)s and (%(doubt)s::text is null or b.doubtful = (%(doubt)s = 'some'))"
_READINGS = """
    {stays}
    select r.patient_id, r.stay_id, r.device_no, d.device_id, r.kind, r.value, r.measured_at, r.received_at,
           r.validity, r.quality / 100.0::float8 as quality, r.panel, r.mode
    from ({branches}) r join device d using (device_no) {order}
"""
_SCORES = """
    {stays}
    select s.patient_id, c.stay_id, c.scored_at, c.total_min, c.total_max, c.risk, c.spo2_scale,
           c.detail::text as detail, s.mode
    from seen s cross join lateral (
        select * from score c where c.stay_id = s.stay_id and c.scored_at >= %(start)s and c.scored_at < %(end)s
        and (%(at)s::timestamptz is null or (c.scored_at {beyond}= %(at)s and (c.scored_at, 1, c.stay_id, 0) {beyond}
             (%(at)s::timestamptz, %(rank)s::int, %(first)s::bigint, %(second)s::int)))
        and (%(came_from)s::timestamptz is null or c.scored_at >= %(came_from)s)
        and (%(came_until)s::timestamptz is null or c.scored_at < %(came_until)s)
        order by c.scored_at {order} limit %(limit)s
    ) c order by c.scored_at {order}, c.stay_id {order} limit %(limit)s
"""


def _row(*, kind: int, validity: int, panel: bool, mode: str, **rest: Any) -> Row:
    return Row(
        reading=Measured(kind=BY_CODE[kind].kind, validity=Validity(validity), **rest), panel=panel, mode=Mode(mode)
    )


def _score_row(*, mode: str, **rest: Any) -> ScoreRow:
    return ScoreRow(score=Scored(**rest), mode=Mode(mode))


async def find_readings(conn: Connection, asked: AskedReadings, now: datetime) -> list[Row]:
    """Return at most `limit` rows, in order; a blood pressure at the end may have lost a part to the limit."""
    query, parameters = _query(asked, now)
    if not query:
        return []
    cursor = conn.cursor(row_factory=kwargs_row(_row))
    await cursor.execute(query.encode(), parameters)
    return await cursor.fetchall()


def _query(asked: AskedReadings, now: datetime) -> tuple[str, dict[str, object]]:
    """Return the question and its parameters; an empty one where no kind is wanted."""
    branches = _branches(asked)
    parameters = {
        **asked.parameters(now),
        "both": [_SYSTOLIC, _DIASTOLIC],
        "cuff": list(CUFF),
        "apart": [kind for kind in asked.alone if kind not in CUFF],
        "alone": [kind for kind in asked.alone if kind in CUFF],
        "panel": asked.panel,
    }
    if not branches:
        return "", parameters
    order = _ORDER.format(order=asked.order)
    return _READINGS.format(stays=_STAYS.decode(), branches=" union all ".join(branches), order=order), parameters


async def count(conn: Connection, asked: AskedReadings, now: datetime) -> int:
    """Count the Observations that the readings of all pages come to: a panel is one."""
    query, parameters = _query(replace(asked, limit=None), now)
    if not query:
        return 0
    counted = f"select count(*) filter (where not panel or kind = %(systolic)s) from ({query}) r"  # noqa: S608
    row = await (await conn.execute(counted.encode(), {**parameters, "systolic": _SYSTOLIC})).fetchone()
    return int(row[0]) if row else 0


async def count_scores(conn: Connection, asked: AskedReadings, now: datetime) -> int:
    """Count the scores of all pages."""
    counted = f"select count(*) from ({_SCORES.format(stays=_STAYS.decode(), order='asc', beyond='>')}) c"  # noqa: S608
    row = await (await conn.execute(counted.encode(), replace(asked, limit=None).parameters(now))).fetchone()
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wearing:
    """A stay that may be seen in which a device was worn, or to which a reading of it was given."""

    stay_id: int
    patient_id: int
    mode: Mode
    device_id: str


async def find_wearing(conn: Connection, scope: Scope, device_no: int, now: datetime) -> list[Wearing]:
    """Return in which stays that may be seen a device has measured."""
    cursor = conn.cursor(row_factory=kwargs_row(_wearing))
    await cursor.execute(
        b"with " + SEEN + b"), of_device as (select device_no, device_id from device where device_no = %(device)s)"
        b" select stay_id, patient_id, mode, device_id from seen cross join of_device where stay_id in"
        b" (select b.stay_id from binding b join of_device using (device_no) union select q.stay_id from quarantine q"
        b" join of_device using (device_id) where q.resolution = 'assigned')",
        {"organisation": scope.organisation_id, "teams": list(scope.team_ids), "now": now, "device": device_no},
    )
    return await cursor.fetchall()


async def find_stays(conn: Connection, asked: AskedReadings, now: datetime) -> list[Wearing]:
    """Return the stays that are asked for and may be seen; the device's name is left empty."""
    cursor = conn.cursor(row_factory=kwargs_row(_wearing))
    query = _STAYS + b" select stay_id, patient_id, mode, '' as device_id from seen order by stay_id"
    await cursor.execute(query, asked.parameters(now))
    return await cursor.fetchall()


def _wearing(*, mode: str, **rest: Any) -> Wearing:
    return Wearing(mode=Mode(mode), **rest)


async def find_scores(conn: Connection, asked: AskedReadings, now: datetime) -> list[ScoreRow]:
    """Return at most `limit` scores, in order; kinds, device and validity are not looked at."""
    beyond = ">" if asked.order is Order.OLDEST else "<"
    query = _SCORES.format(stays=_STAYS.decode(), order=asked.order, beyond=beyond)
    cursor = conn.cursor(row_factory=kwargs_row(_score_row))
    await cursor.execute(query.encode(), asked.parameters(now))
    return await cursor.fetchall()


def _branches(asked: AskedReadings) -> list[str]:
    """Return a query for kinds that stand alone always, and one for pressures, which may be parts of a panel."""
    beyond = ">" if asked.order is Order.OLDEST else "<"
    within, order = _WITHIN.format(row="r", beyond=beyond), _ORDER.format(order=asked.order)
    found = []
    if any(kind not in CUFF for kind in asked.alone):
        found.append(
            _BRANCH.format(panel="false", kinds="%(apart)s", beside="", within=within, wanted=_CERTAIN, order=order)
        )
    if asked.panel or any(kind in CUFF for kind in asked.alone):
        wanted = f"(({_ALONE}) or ({_PANEL}))"
        found.append(
            _BRANCH.format(panel="b.panel", kinds="%(cuff)s", beside=_BESIDE, within=within, wanted=wanted, order=order)
        )
    return found


def _latest(*times: datetime | None) -> datetime:
    return max([each for each in times if each is not None], default=_EARLIEST)


def _earliest(*times: datetime | None) -> datetime:
    return min([each for each in times if each is not None], default=_LATEST)
