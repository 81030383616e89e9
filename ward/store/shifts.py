"""What happened in a shift of a team: which of its patients' alerts moved, which entries are new or not read yet.

Reads only; what the numbers stand for is read where it is kept. The invariant: only stays that the scope may see.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from ward.access.principals import Scope
from ward.people import PatientId, StaffId, StayId, TeamId
from ward.store import access
from ward.store.pool import Connection

UNREAD_FOR = timedelta(days=7)
"""How long an entry that somebody has not read is told of at hand-overs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRow:
    """A patient of the shift, with the numbers of the alerts that moved in it and of the entries to be read."""

    stay_id: StayId
    patient_id: PatientId
    given_name: str
    family_name: str
    number_hint: str
    protected: bool
    alerts: list[int]
    events: list[int]


_SHIFT = (
    b"""
    select s.stay_id, s.patient_id, p.given_name, p.family_name, right(p.personal_number, 4) as number_hint,
           p.protected_since is not null as protected,
           coalesce((select array_agg(a.alert_id order by a.alert_id) from alert a
                     where a.stay_id = s.stay_id and (a.resolved_at is null or a.resolved_at >= %(since)s)), '{}')
               as alerts,
           coalesce((select array_agg(e.event_id order by e.event_id) from care_event e
                     where e.stay_id = s.stay_id and (e.written_at >= %(since)s or (e.written_at >= %(unread)s
                       and not exists (select from care_event_receipt c where (c.stay_id, c.event_id)
                                       = (e.stay_id, e.event_id) and c.staff_id = %(me)s)))), '{}') as events
    """
    + access.VISIBLE_STAYS
    + b"""
    and s.period && tstzrange(%(since)s, %(now)s, '[]')
    and exists (select from responsibility r where r.stay_id = s.stay_id and r.team_id = %(team)s
                and r.period && tstzrange(%(since)s, %(now)s, '[]'))
    order by s.patient_id, s.stay_id
"""
)


async def of_team(
    conn: Connection, team_id: TeamId, scope: Scope, me: StaffId, since: datetime, now: datetime
) -> list[ShiftRow]:
    """Return the patients for whom a team has answered since then, by number; `me` is who reads."""
    cursor = conn.cursor(row_factory=class_row(ShiftRow))
    wanted = {"team": team_id, "me": me, "since": since, "unread": now - UNREAD_FOR, "now": now}
    await cursor.execute(_SHIFT, {**access.asked(scope), **wanted})
    return await cursor.fetchall()
