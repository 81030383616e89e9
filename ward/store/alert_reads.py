"""Alerts as people see them: with patient, team and staff joined, and every event of their life. Reads only.

What changes an alert is `alerting.apply`. Who may see an alert is who may see its stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row

from ward.access.principals import Scope
from ward.alerts import AlertId
from ward.people import OrganisationId, PatientId, StaffId, StayId, TeamId
from ward.store import access
from ward.store.pool import Connection
from ward.store.statements import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """One alert with the names that a screen needs; `evidence` is the JSON as kept.

    `seen_by` are the teams that may see its stay (None in a list of alerts), `team_*` the team that it was raised for.
    """

    alert_id: AlertId
    stay_id: StayId
    patient_id: PatientId
    rule: str
    family: str
    priority: int
    worst: int
    state: str
    condition: str
    signal: str
    responsibility: str
    rev: int
    began_at: datetime
    opened_at: datetime
    changed_at: datetime
    cleared_at: datetime | None
    unasked: bool
    acknowledged_at: datetime | None
    acknowledged_by: StaffId | None
    acknowledged_name: str | None
    acknowledged_title: str | None
    signal_until: datetime | None
    pause_reason: str | None
    holder_id: StaffId | None
    holder_name: str | None
    holder_title: str | None
    held_since: datetime | None
    offered_team_id: TeamId | None
    offered_team_name: str | None
    offered_staff_id: StaffId | None
    offered_name: str | None
    offered_title: str | None
    offered_by: StaffId | None
    offered_until: datetime | None
    undo_by: StaffId | None
    undo_at: datetime | None
    resolved_at: datetime | None
    resolved_by: StaffId | None
    resolved_name: str | None
    resolved_title: str | None
    outcome: str | None
    cause: str | None
    action: str | None
    recurrences: int
    evidence: dict[str, object]
    given_name: str
    family_name: str
    birth_date: date
    personal_number: str
    team_id: TeamId
    team_name: str
    team_phone: str
    controller_id: OrganisationId
    seen_by: list[TeamId] | None
    answering_organisation: OrganisationId
    protected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One line of an alert's life."""

    rev: int
    at: datetime
    kind: str
    staff_id: StaffId | None
    name: str | None
    title: str | None
    note: str | None
    priority: int | None
    evidence: dict[str, object] | None
    until: datetime | None
    to_team_id: TeamId | None
    to_team_name: str | None
    to_staff_id: StaffId | None
    to_name: str | None
    to_title: str | None
    outcome: str | None
    cause: str | None
    action: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedAlerts:
    """Which alerts a list asks for, the newest first; None leaves a filter out."""

    scope: Scope
    states: Sequence[str]
    team_id: TeamId | None = None
    patient_id: PatientId | None = None
    holder_id: StaffId | None = None
    before: AlertId | None = None
    limit: int = 100


_ALERT = b"""
    select a.alert_id, a.stay_id, s.patient_id, a.rule, a.family, a.priority, a.worst, a.state, a.condition, a.signal,
           a.responsibility, a.rev, a.began_at, a.opened_at, a.changed_at, a.cleared_at, a.unasked,
           a.acknowledged_at, a.acknowledged_by, k.name as acknowledged_name, k.title as acknowledged_title,
           a.signal_until, a.pause_reason, a.holder_id, h.name as holder_name, h.title as holder_title, a.held_since,
           a.offered_team_id, o.name as offered_team_name, a.offered_staff_id, w.name as offered_name,
           w.title as offered_title, a.offered_by, a.offered_until,
           (a.undo ->> 'by')::bigint as undo_by, (a.undo ->> 'at')::timestamptz as undo_at,
           a.resolved_at, a.resolved_by, v.name as resolved_name, v.title as resolved_title,
           a.outcome, a.cause, a.action, a.recurrences, a.evidence,
           p.given_name, p.family_name, p.birth_date, p.personal_number,
           m.team_id, m.name as team_name, m.phone as team_phone,
           p.organisation_id as controller_id, t.organisation_id as answering_organisation,
           p.protected_since is not null as protected,
"""
_OF_ALERT = (
    b"""
    from alert a join stay s using (stay_id) join patient p using (patient_id)
    join team m on m.team_id = a.team_id
    left join staff k on k.staff_id = a.acknowledged_by
    left join staff v on v.staff_id = a.resolved_by
    left join staff h on h.staff_id = a.holder_id
    left join staff w on w.staff_id = a.offered_staff_id
    left join team o on o.team_id = a.offered_team_id
    """
    + access.TEAM_OF_STAY
)
_ALERTS = _ALERT + b" sight.teams as seen_by " + _OF_ALERT + access.SIGHT
_WANTED = Statement(
    _ALERT
    + b" null::bigint[] as seen_by "
    + _OF_ALERT
    + b" where "
    + access.MAY_SEE
    + b"""
    and a.state = any(%(states)s)
    and (%(team)s::bigint is null or a.team_id = %(team)s)
    and (%(patient)s::bigint is null or s.patient_id = %(patient)s)
    and (%(holder)s::bigint is null or a.holder_id = %(holder)s)
    and (%(before)s::bigint is null or a.alert_id < %(before)s)
    order by a.alert_id desc limit %(limit)s
"""
)
_VISIBLE = Statement(_ALERTS + b" where a.alert_id = %(alert)s and " + access.MAY_SEE)
_THESE = Statement(_ALERTS + b" where a.alert_id = any(%(alerts)s) order by a.alert_id")
_UNRESOLVED = Statement(_ALERTS + b" where a.resolved_at is null order by a.alert_id")


async def find_alerts(conn: Connection, wanted: WantedAlerts, now: datetime) -> list[AlertRow]:
    """Return the alerts that are asked for and may be seen, the newest first."""
    values = {
        **access.asked(wanted.scope),
        "now": now,
        "states": list(wanted.states),
        "team": wanted.team_id,
        "patient": wanted.patient_id,
        "holder": wanted.holder_id,
        "before": wanted.before,
        "limit": wanted.limit,
    }
    return await (await _WANTED.ask(conn, AlertRow, values)).fetchall()


async def find_alert(conn: Connection, alert_id: AlertId, scope: Scope, now: datetime) -> AlertRow | None:
    """Return one alert, None when there is none or it may not be seen."""
    asked = await _VISIBLE.ask(conn, AlertRow, {**access.asked(scope), "now": now, "alert": alert_id})
    return await asked.fetchone()


async def read_alerts(conn: Connection, alert_ids: Sequence[AlertId], now: datetime) -> list[AlertRow]:
    """Return these alerts, whoever may see them, the oldest first."""
    return await (await _THESE.ask(conn, AlertRow, {"now": now, "alerts": list(alert_ids)})).fetchall()


async def read_unresolved(conn: Connection, now: datetime) -> list[AlertRow]:
    """Return every alert that is not resolved, of every organisation, the oldest first."""
    return await (await _UNRESOLVED.ask(conn, AlertRow, {"now": now})).fetchall()


async def read_revisions(conn: Connection) -> list[tuple[AlertId, int]]:
    """Return (alert, rev) of every alert that is not resolved, so that a lost hint shows."""
    cursor = await conn.execute("select alert_id, rev from alert where resolved_at is null", prepare=True, binary=True)
    return await cursor.fetchall()


async def read_events(conn: Connection, alert: AlertRow) -> list[EventRow]:
    """Return an alert's life, the oldest event first."""
    cursor = conn.cursor(row_factory=class_row(EventRow))
    await cursor.execute(
        """
        select e.rev, e.at, e.kind, e.staff_id, f.name, f.title, e.note, e.priority, e.evidence, e.until,
               e.to_team_id, m.name as to_team_name, e.to_staff_id, w.name as to_name, w.title as to_title,
               e.outcome, e.cause, e.action
        from alert_event e left join staff f using (staff_id) left join team m on m.team_id = e.to_team_id
        left join staff w on w.staff_id = e.to_staff_id
        where e.stay_id = %s and e.alert_id = %s order by e.rev
        """,
        (alert.stay_id, alert.alert_id),
    )
    return await cursor.fetchall()


async def has_happened(conn: Connection, alert: AlertRow, kind: str, rev: int) -> bool:
    """Tell whether an alert has had an event of a kind since it was at `rev`."""
    cursor = await conn.execute(
        "select exists (select from alert_event where stay_id = %s and alert_id = %s and kind = %s and rev > %s)",
        (alert.stay_id, alert.alert_id, kind, rev),
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def went_from(conn: Connection, alert_id: AlertId, staff_id: StaffId, team_ids: Sequence[TeamId]) -> bool:
    """Tell whether an alert was this person's, or offered to them or a team of theirs, and became another team's."""
    cursor = await conn.execute(
        """
        select exists (
            select from alert join alert_event e using (stay_id, alert_id) join alert_event o using (stay_id, alert_id)
            where alert_id = %(alert)s and e.kind = 'went_over' and o.rev < e.rev
            and (o.staff_id = %(staff)s or (o.kind = 'offered' and (
                o.to_staff_id = %(staff)s or (o.to_staff_id is null and o.to_team_id = any(%(teams)s)))))
        )
        """,
        {"alert": alert_id, "staff": staff_id, "teams": list(team_ids)},
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def may_take(conn: Connection, alert: AlertRow, team_id: TeamId, staff_id: StaffId | None) -> bool:
    """Return whether an alert may be offered to a team, or to a person in its name.

    A team of the organisation that answers, or one that sees the patient already; never one that the patient has
    blocked. Whoever is offered an alert may see its patient (`ward.store.access`).
    """
    row = await (
        await conn.execute(
            b"""
            select exists (
                select from team o cross join patient p where o.team_id = %(team)s and p.patient_id = %(patient)s
                and (o.team_id = any(%(seen_by)s)
                     or (o.organisation_id = %(organisation)s and not exists ("""
            + access.BLOCKED_TEAM
            + b""")))
            ) and (%(staff)s::bigint is null or exists (
                select from staff f where f.staff_id = %(staff)s and f.role in ('nurse', 'doctor')
                and f.disabled_at is null and (exists (
                    select from team_member m where m.staff_id = f.staff_id and m.team_id = any(%(seen_by)s))
                    or (f.organisation_id = %(organisation)s and not exists (
                        select from patient_block b where b.patient_id = %(patient)s and b.lifted_at is null
                        and (b.organisation_id = f.organisation_id or b.team_id in (
                            select m.team_id from team_member m where m.staff_id = f.staff_id)))))
            ))
            """,
            {
                "team": team_id,
                "staff": staff_id,
                "patient": alert.patient_id,
                "organisation": alert.answering_organisation,
                "seen_by": list(alert.seen_by or ()),
            },
        )
    ).fetchone()
    return bool(row and row[0])
