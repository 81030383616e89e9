"""Hand-overs between two shifts of a team: what is unresolved, what was said of it, who gave and who took, and when.

The caller owns the transaction. A hand-over moves no responsibility, which the team keeps; it says who of the team has
taken over the knowledge of each patient. The invariant: a patient is taken once, by another person than who gave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.duty.durations import HANDOVER_STANDS
from ward.people import StaffId, StayId, TeamId
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Unresolved:
    """A patient of a team with alerts that are not resolved (numbers, the most urgent first)."""

    stay_id: StayId
    patient_id: int
    given_name: str
    family_name: str
    alerts: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverRow:
    """A hand-over as it is kept."""

    handover_id: int
    team_id: TeamId
    note: str
    given_by: StaffId
    given_by_name: str
    given_at: datetime
    lapses_at: datetime
    closed_at: datetime | None
    outcome: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedRow:
    """One patient of a hand-over; who took over, and when, once somebody has."""

    stay_id: StayId
    patient_id: int
    given_name: str
    family_name: str
    alerts: list[int]
    note: str
    taken_by: StaffId | None
    taken_by_name: str | None
    taken_at: datetime | None


async def unresolved(conn: Connection, team_id: TeamId, now: datetime) -> list[Unresolved]:
    """Return the patients whom a team answers for now and who have alerts that are not resolved."""
    cursor = conn.cursor(row_factory=class_row(Unresolved))
    await cursor.execute(
        "select r.stay_id, p.patient_id, p.given_name, p.family_name,"
        " array_agg(a.alert_id order by a.priority desc, a.opened_at) as alerts"
        " from responsibility r join stay s using (stay_id) join patient p using (patient_id)"
        " join alert a on a.stay_id = r.stay_id and a.state <> 'resolved'"
        " where r.team_id = %(team)s and r.period @> %(now)s and s.period @> %(now)s"
        " group by 1, 2, 3, 4 order by max(a.priority) desc, min(a.opened_at)",
        {"team": team_id, "now": now},
    )
    return await cursor.fetchall()


async def held(conn: Connection, team_id: TeamId, patient_ids: Sequence[int], now: datetime) -> list[Unresolved]:
    """Return those of these patients whom a team answers for now, with or without alerts."""
    cursor = conn.cursor(row_factory=class_row(Unresolved))
    await cursor.execute(
        "select s.stay_id, p.patient_id, p.given_name, p.family_name, '{}'::bigint[] as alerts"
        " from responsibility r join stay s using (stay_id) join patient p using (patient_id)"
        " where r.team_id = %(team)s and r.period @> %(now)s and s.period @> %(now)s"
        " and p.patient_id = any(%(patients)s) order by p.patient_id",
        {"team": team_id, "now": now, "patients": list(patient_ids)},
    )
    return await cursor.fetchall()


async def give(
    conn: Connection,
    team_id: TeamId,
    by: StaffId,
    note: str,
    patients: Sequence[Unresolved],
    notes: Mapping[int, str],
    now: datetime,
) -> int | None:
    """Keep a hand-over of these patients (`notes` by patient); None where the team has an open one."""
    cursor = await conn.execute(
        "insert into duty_handover (team_id, note, given_by, given_at, lapses_at) values (%s, %s, %s, %s, %s)"
        " on conflict (team_id) where closed_at is null do nothing returning handover_id",
        (team_id, note, by, now, now + HANDOVER_STANDS),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    for each in patients:
        await conn.execute(
            "insert into duty_handover_patient (handover_id, stay_id, alerts, note) values (%s, %s, %s, %s)",
            (row[0], each.stay_id, each.alerts, notes.get(each.patient_id, "")),
        )
    return int(row[0])


async def newest(conn: Connection, team_id: TeamId) -> HandoverRow | None:
    """Return a team's newest hand-over, None where there never was one."""
    return await _one(conn, "h.team_id = %(team)s order by h.handover_id desc limit 1", {"team": team_id})


async def lock(conn: Connection, team_id: TeamId, handover_id: int) -> HandoverRow | None:
    """Return one hand-over and keep others from changing it until the transaction ends."""
    where = "h.team_id = %(team)s and h.handover_id = %(id)s for update of h"
    return await _one(conn, where, {"team": team_id, "id": handover_id})


async def _one(conn: Connection, where: str, parameters: Mapping[str, object]) -> HandoverRow | None:
    cursor = conn.cursor(row_factory=class_row(HandoverRow))
    query = (
        "select h.handover_id, h.team_id, h.note, h.given_by, f.name as given_by_name, h.given_at, h.lapses_at,"  # nosec B608  # noqa: S608 - conditions of this module
        f" h.closed_at, h.outcome from duty_handover h join staff f on f.staff_id = h.given_by where {where}"
    )
    await cursor.execute(query.encode(), parameters)
    return await cursor.fetchone()


async def patients(conn: Connection, handover_id: int) -> list[HandedRow]:
    """Return the patients of a hand-over, and who has taken which."""
    cursor = conn.cursor(row_factory=class_row(HandedRow))
    await cursor.execute(
        "select h.stay_id, p.patient_id, p.given_name, p.family_name, h.alerts, h.note, h.taken_by,"
        " f.name as taken_by_name, h.taken_at"
        " from duty_handover_patient h join stay s using (stay_id) join patient p using (patient_id)"
        " left join staff f on f.staff_id = h.taken_by where h.handover_id = %s order by p.patient_id",
        (handover_id,),
    )
    return await cursor.fetchall()


async def take(
    conn: Connection, handover_id: int, by: StaffId, patient_ids: Sequence[int] | None, now: datetime
) -> list[int]:
    """Take over these patients (None: all that nobody has taken) and close it when none is left; return which."""
    cursor = await conn.execute(
        "update duty_handover_patient h set taken_by = %(by)s, taken_at = %(now)s from stay s"
        " where s.stay_id = h.stay_id and h.handover_id = %(id)s and h.taken_by is null"
        " and (%(patients)s::bigint[] is null or s.patient_id = any(%(patients)s)) returning s.patient_id",
        {"by": by, "now": now, "id": handover_id, "patients": None if patient_ids is None else list(patient_ids)},
    )
    taken = sorted(int(row[0]) for row in await cursor.fetchall())
    await conn.execute(
        "update duty_handover set closed_at = %(now)s, outcome = 'taken' where handover_id = %(id)s"
        " and not exists (select from duty_handover_patient where handover_id = %(id)s and taken_by is null)",
        {"now": now, "id": handover_id},
    )
    return taken


async def lapse(conn: Connection, now: datetime) -> list[int]:
    """Close the hand-overs that nobody took whole in time; what was not taken stays with who gave it."""
    cursor = await conn.execute(
        "update duty_handover set closed_at = %(now)s, outcome = 'lapsed'"
        " where closed_at is null and lapses_at <= %(now)s returning handover_id",
        {"now": now},
    )
    return sorted(int(row[0]) for row in await cursor.fetchall())
