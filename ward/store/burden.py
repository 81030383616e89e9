"""Reads how much was rung for the patients whom somebody may see, counted by the store. Reads only.

The caller owns the transaction. An alert belongs to the period in which it opened; a patient-day is 24 hours of a stay
within it. Stays of tests count for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.access.principals import Scope
from ward.alerts import Family, Priority
from ward.burden import Rung
from ward.people import PatientId, TeamId
from ward.store import access
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which time, and whose patients: of those who may be seen, a team's or everybody's."""

    start: datetime
    end: datetime
    team_id: TeamId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A patient who was in care within the period, and for how many days."""

    patient_id: PatientId
    given_name: str
    family_name: str
    protected: bool
    programme: str
    days: float


_STAYS = (
    b"select s.stay_id, s.patient_id, s.programme, s.period, p.given_name, p.family_name,"
    b" p.protected_since is not null as protected"
    + access.VISIBLE_STAYS
    + b"""
    and s.mode <> 'test' and s.period && tstzrange(%(start)s, %(end)s)
    and (%(team)s::bigint is null or exists (
        select from responsibility r where r.stay_id = s.stay_id and r.team_id = %(team)s
        and r.period && tstzrange(%(start)s, %(end)s)))
"""
)


async def watched(conn: Connection, scope: Scope, span: Span, now: datetime) -> list[Watched]:
    """Return the patients of a period, each once."""
    cursor = conn.cursor(row_factory=class_row(Watched))
    await cursor.execute(
        b"with seen as ("
        + _STAYS
        + b""")
        select patient_id, min(given_name) as given_name, min(family_name) as family_name,
               bool_or(protected) as protected, (array_agg(programme order by lower(period) desc))[1] as programme,
               sum(extract(epoch from least(coalesce(upper(period), %(end)s), %(end)s)
                   - greatest(lower(period), %(start)s)) / 86400)::float8 as days
        from seen group by patient_id order by patient_id
        """,
        _asked(scope, span, now),
    )
    return await cursor.fetchall()


async def rung(conn: Connection, scope: Scope, span: Span, now: datetime) -> Sequence[Rung]:
    """Return the alerts that opened within a period, counted by patient, rule, priority and hour of the day."""
    rows = await (
        await conn.execute(
            b"with seen as ("
            + _STAYS
            + b""")
            select s.patient_id, a.rule, a.family, a.worst,
                   extract(hour from a.opened_at at time zone 'Europe/Stockholm')::int as hour, count(*)::int,
                   count(*) filter (where a.outcome = 'true_alarm')::int,
                   count(*) filter (where a.outcome = 'false_alarm')::int
            from seen s join alert a using (stay_id)
            where a.opened_at >= %(start)s and a.opened_at < %(end)s
            group by 1, 2, 3, 4, 5
            """,
            _asked(scope, span, now),
        )
    ).fetchall()
    return [
        Rung(
            patient_id=PatientId(patient_id),
            rule=rule,
            family=Family(family),
            priority=Priority(worst),
            hour=hour,
            alerts=alerts,
            closed_true=closed_true,
            closed_false=closed_false,
        )
        for patient_id, rule, family, worst, hour, alerts, closed_true, closed_false in rows
    ]


def _asked(scope: Scope, span: Span, now: datetime) -> dict[str, object]:
    return {**access.asked(scope), "now": now, "start": span.start, "end": span.end, "team": span.team_id}
