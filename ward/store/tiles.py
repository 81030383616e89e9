"""What a tile shows: who is in care and whose, the latest readings, the score, the device. Reads only.

Everything about a set of stays comes in one round trip. The team of a stay is who answers for it at `now`;
when a schedule leaves a gap, who answered last, and when nobody ever did, the first team of the patient's
organisation, or, where that has none, the first of all, which alerts go to as well: a stay is never without a team.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row

from ward.access.principals import Scope
from ward.people import OrganisationId, PatientId, StayId, TeamId
from ward.store import access
from ward.store.plans import LAYERS_OF_STAY
from ward.store.pool import Connection
from ward.store.statements import Statement

LatestRow = tuple[StayId, int, float, datetime, datetime, int, int | None]
"""(stay, kind code, value, measured_at, received_at, validity code, quality)"""

DigestRow = tuple[StayId, datetime | None, datetime | None, datetime | None]
"""(stay, newest received_at, newest scored_at, newest report of a device)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A stay in progress, its patient, its team at an instant, and the layers of its plan (`ward.store.plans`).

    `seen_by` are the teams that may see it (None where only one's own right was asked for), `controller_id` the
    organisation whose the patient's data are.
    """

    stay_id: StayId
    patient_id: PatientId
    personal_number: str
    given_name: str
    family_name: str
    birth_date: date
    sex: str
    programme: str
    reason: str
    next_step: str
    mode: str
    team_id: TeamId
    team_name: str
    team_phone: str
    organisation_id: OrganisationId
    plan_layers: str
    controller_id: OrganisationId
    seen_by: list[TeamId] | None
    protected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """The newest score of a stay; `detail` is the JSON as kept."""

    stay_id: StayId
    scored_at: datetime
    total_min: int
    total_max: int
    risk: str
    spo2_scale: int
    detail: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """The device of a stay that reported last; None in the status when it never did."""

    stay_id: StayId
    device_id: str
    online: bool | None
    battery_pct: float | None
    firmware: str | None
    reported_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which seats a page asks for; None leaves a filter out."""

    scope: Scope
    patient_id: PatientId | None = None
    team_id: TeamId | None = None
    after: PatientId | None = None
    limit: int = 500


_SEAT = b"""
    select s.stay_id, s.patient_id, p.personal_number, p.given_name, p.family_name, p.birth_date, p.sex,
           s.programme, s.reason, s.next_step, s.mode,
           t.team_id, t.name as team_name, t.phone as team_phone, t.organisation_id,
           plan.plan_layers, p.organisation_id as controller_id, p.protected_since is not null as protected,
"""
_OF_STAY = b" from stay s join patient p using (patient_id) " + access.TEAM_OF_STAY + LAYERS_OF_STAY.encode()
_NOW = b" where s.period @> %(now)s "
_SEATS = _SEAT + b" sight.teams as seen_by " + _OF_STAY + access.SIGHT + _NOW

_WANTED = Statement(
    _SEAT
    + b" null::bigint[] as seen_by "
    + _OF_STAY
    + _NOW
    + b" and "
    + access.MAY_SEE
    + b"""
    and (%(patient)s::bigint is null or s.patient_id = %(patient)s)
    and (%(team)s::bigint is null or t.team_id = %(team)s)
    and (%(after)s::bigint is null or s.patient_id > %(after)s)
    order by s.patient_id limit %(limit)s
"""
)

_LATEST = b"""
    select stay_id, kind, value, measured_at, received_at, validity, quality from latest_reading
    where stay_id = any(%s) order by stay_id, kind
"""

_SCORES = b"""
    select c.* from unnest(%s::bigint[]) as w (stay_id) join lateral (
        select stay_id, scored_at, total_min, total_max, risk, spo2_scale, detail from score
        where score.stay_id = w.stay_id order by scored_at desc limit 1
    ) c on true
"""

_DEVICES = b"""
    select distinct on (b.stay_id) b.stay_id, d.device_id, st.online, st.battery_pct, st.firmware, st.reported_at
    from binding b join device d using (device_no) left join device_status st using (device_no)
    where b.stay_id = any(%(stays)s) and b.period @> %(now)s
    order by b.stay_id, st.reported_at desc nulls last, d.device_id
"""

_DIGEST = b"""
    select s.stay_id,
           (select max(received_at) from latest_reading l where l.stay_id = s.stay_id),
           (select max(scored_at) from score c where c.stay_id = s.stay_id),
           (select max(st.reported_at) from binding b join device_status st using (device_no)
            where b.stay_id = s.stay_id and b.period @> %(now)s)
    from stay s where s.period @> %(now)s
"""


async def read_seats(conn: Connection, now: datetime) -> list[Seat]:
    """Return every stay in progress at `now`, of every organisation."""
    cursor = conn.cursor(row_factory=class_row(Seat))
    await cursor.execute(_SEATS, {"now": now})
    return await cursor.fetchall()


async def find_seats(conn: Connection, wanted: Wanted, now: datetime) -> list[Seat]:
    """Return the stays in progress that are asked for and may be seen, by patient number."""
    values = {
        **access.asked(wanted.scope),
        "now": now,
        "patient": wanted.patient_id,
        "team": wanted.team_id,
        "after": wanted.after,
        "limit": wanted.limit,
    }
    return await (await _WANTED.ask(conn, Seat, values)).fetchall()


async def read_scores(conn: Connection, stays: Sequence[StayId]) -> list[ScoreRow]:
    """Return the newest score of each of these stays that has one."""
    cursor = conn.cursor(row_factory=class_row(ScoreRow))
    await cursor.execute(_SCORES, (list(stays),), prepare=True)
    return await cursor.fetchall()


async def read_devices(conn: Connection, stays: Sequence[StayId], now: datetime) -> list[DeviceRow]:
    """Return the device of each of these stays that wears one at `now`."""
    cursor = conn.cursor(row_factory=class_row(DeviceRow))
    await cursor.execute(_DEVICES, {"stays": list(stays), "now": now}, prepare=True)
    return await cursor.fetchall()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What was read for a set of stays."""

    latest: list[LatestRow]
    scores: list[ScoreRow]
    devices: list[DeviceRow]


async def read_tiles(conn: Connection, stays: Sequence[StayId], now: datetime) -> Changes:
    """Return latest readings, scores and devices of these stays, in one round trip."""
    if not stays:
        return Changes(latest=[], scores=[], devices=[])
    async with conn.pipeline():
        latest = await conn.execute(_LATEST, (list(stays),), prepare=True, binary=True)
        scores = conn.cursor(row_factory=class_row(ScoreRow))
        await scores.execute(_SCORES, (list(stays),), prepare=True)
        devices = conn.cursor(row_factory=class_row(DeviceRow))
        await devices.execute(_DEVICES, {"stays": list(stays), "now": now}, prepare=True)
        return Changes(
            latest=await latest.fetchall(),
            scores=await scores.fetchall(),
            devices=await devices.fetchall(),
        )


async def read_digest(conn: Connection, now: datetime) -> list[DigestRow]:
    """Return how new each stay in progress is, so that a lost hint shows."""
    cursor = await conn.execute(_DIGEST, {"now": now}, prepare=True, binary=True)
    return await cursor.fetchall()


async def holds_demo(conn: Connection, now: datetime) -> bool:
    """Tell whether any stay in progress is an invented one."""
    row = await (
        await conn.execute("select exists (select from stay where mode = 'demo' and period @> %s)", (now,))
    ).fetchone()
    return row is not None and bool(row[0])
