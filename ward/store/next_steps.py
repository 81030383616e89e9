"""What comes next for alerts that are open: the step that is to be taken, and what each of them speaks for. Reads only.

No patient is named here: it is read beside alerts that are shown already, by those who may see their patients.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.access.principals import Scope
from ward.alerts import AlertId
from ward.store import access
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class NextContact:
    """One of those whom the next step of an alert tells; `name` is None where it is the team as a whole."""

    alert_id: AlertId
    level: int
    due_at: datetime
    team: str
    name: str | None
    title: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRule:
    """A rule that is not told by itself now, since an alert speaks for it."""

    alert_id: AlertId
    rule: str


_OPEN = b"alert a on a.stay_id = e.stay_id and a.resolved_at is null"
_SEEN = b" join stay s on s.stay_id = e.stay_id join patient p using (patient_id) " + access.TEAM_OF_STAY
_STEPS = (
    b"""
    select n.alert_id, n.level, n.due_at, w.name as team, f.name, f.title from (
        select distinct on (e.stay_id, e.alert_id) e.alert_id, e.level, e.due_at, e.contacts
        from escalation_step e join """
    + _OPEN
    + b" and a.alert_id = e.alert_id"
    + _SEEN
    + b" where e.state = 'pending' and "
    + access.MAY_SEE
    + b"""
        order by e.stay_id, e.alert_id, e.ring, e.step
    ) n cross join lateral jsonb_array_elements(n.contacts) with ordinality as c(contact, place)
    join team w on w.team_id = (c.contact ->> 'team_id')::bigint
    left join staff f on f.staff_id = (c.contact ->> 'staff_id')::bigint
    order by n.due_at, n.alert_id, c.place
"""
)
_HELD = (
    b"select a.alert_id, e.rule from suppression e join "
    + _OPEN
    + b" and a.rule = e.by_rule"
    + _SEEN
    + b" where e.ended_at is null and "
    + access.MAY_SEE
    + b" order by a.alert_id, e.rule"
)


async def contacts(conn: Connection, scope: Scope, now: datetime) -> list[NextContact]:
    """Return whom the next step of each open alert of a scope tells, what is due first at the top."""
    async with conn.cursor(row_factory=class_row(NextContact)) as cursor:
        await cursor.execute(_STEPS, {**access.asked(scope), "now": now})
        return await cursor.fetchall()


async def held(conn: Connection, scope: Scope, now: datetime) -> list[HeldRule]:
    """Return what open alerts of a scope speak for now."""
    async with conn.cursor(row_factory=class_row(HeldRule)) as cursor:
        await cursor.execute(_HELD, {**access.asked(scope), "now": now})
        return await cursor.fetchall()
