"""Alerts and the lines of their life, as they are changed. Only `alerting.apply` writes here.

The caller owns the transaction. Reading them for people: `ward.store.alert_reads`.
"""

from dataclasses import dataclass
from datetime import datetime

import msgspec
from psycopg.rows import class_row

from ward.alerts import Alert, AlertEvent, AlertId, AlertState, Condition, Evidence, Family, Outcome, Priority
from ward.errors import NotFound
from ward.people import StaffId, StayId, TeamId
from ward.store import duty
from ward.store.pool import Connection

_COLUMNS = (
    "alert_id, stay_id, rule, family, priority, state, condition, rev, team_id, began_at, opened_at, changed_at,"
    " cleared_at, acknowledged_at, acknowledged_by, acknowledged_until, resolved_at, resolved_by, outcome,"
    " recurrences, evidence::text as evidence"
)

# Stands for evidence that this program cannot read; never written, what is kept stays.
_UNREADABLE = Evidence(rule_version=0, text_key="", params={}, inputs=())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A row of `alert` as the driver gives it."""

    alert_id: int
    stay_id: int
    rule: str
    family: str
    priority: int
    state: str
    condition: str
    rev: int
    team_id: int
    began_at: datetime
    opened_at: datetime
    changed_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: int | None
    acknowledged_until: datetime | None
    resolved_at: datetime | None
    resolved_by: int | None
    outcome: str | None
    recurrences: int
    evidence: str


def _staff(number: int | None) -> StaffId | None:
    return None if number is None else StaffId(number)


def _evidence(kept: str) -> Evidence:
    """Read evidence; what another program version wrote must not keep the alert from being acted upon."""
    try:
        return msgspec.json.decode(kept, type=Evidence)
    except msgspec.DecodeError:
        return _UNREADABLE


def _alert(row: _Row) -> Alert:
    return Alert(
        alert_id=AlertId(row.alert_id),
        stay_id=StayId(row.stay_id),
        rule=row.rule,
        family=Family(row.family),
        priority=Priority(row.priority),
        state=AlertState(row.state),
        condition=Condition(row.condition),
        rev=row.rev,
        team_id=TeamId(row.team_id),
        began_at=row.began_at,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        cleared_at=row.cleared_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=_staff(row.acknowledged_by),
        acknowledged_until=row.acknowledged_until,
        resolved_at=row.resolved_at,
        resolved_by=_staff(row.resolved_by),
        outcome=None if row.outcome is None else Outcome(row.outcome),
        recurrences=row.recurrences,
        evidence=_evidence(row.evidence),
    )


def _values(alert: Alert) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(alert, name) for name in Alert.__dataclass_fields__}
    values["priority"] = alert.priority.value
    readable = alert.evidence != _UNREADABLE
    values["evidence"] = msgspec.json.encode(alert.evidence).decode() if readable else None
    return values


async def _one(conn: Connection, query: str, parameters: dict[str, object]) -> Alert | None:
    async with conn.cursor(row_factory=class_row(_Row)) as cursor:
        await cursor.execute(query.encode(), parameters)
        row = await cursor.fetchone()
    return None if row is None else _alert(row)


async def lock(conn: Connection, alert_id: AlertId) -> Alert | None:
    """Return an alert and keep others from changing it until the transaction ends."""
    query = f"select {_COLUMNS} from alert where alert_id = %(id)s for update"  # noqa: S608
    return await _one(conn, query, {"id": alert_id})


async def lock_open(conn: Connection, stay_id: StayId, rule: str) -> Alert | None:
    """Return the alert of a stay and rule that is not resolved, locked, None where there is none."""
    query = (
        f"select {_COLUMNS} from alert"  # noqa: S608
        " where stay_id = %(stay)s and rule = %(rule)s and state <> 'resolved' for update"
    )
    return await _one(conn, query, {"stay": stay_id, "rule": rule})


async def unresolved(conn: Connection, stay_ids: list[StayId]) -> list[Alert]:
    """Return the alerts of these stays that are not resolved."""
    query = f"select {_COLUMNS} from alert where stay_id = any(%(stays)s) and state <> 'resolved'"  # noqa: S608
    async with conn.cursor(row_factory=class_row(_Row)) as cursor:
        await cursor.execute(query.encode(), {"stays": stay_ids})
        return [_alert(row) for row in await cursor.fetchall()]


async def next_id(conn: Connection) -> AlertId:
    """Draw the number of a new alert."""
    row = await (await conn.execute("select nextval('alert_id_seq')")).fetchone()
    if row is None:
        raise NotFound("alert_id_seq")
    return AlertId(row[0])


async def add(conn: Connection, alert: Alert) -> bool:
    """Store a new alert; return whether it is new: a stay and rule have one that is not resolved."""
    done = await conn.execute(
        """
        insert into alert (stay_id, alert_id, rule, family, priority, state, condition, rev, team_id, began_at,
            opened_at, changed_at, recurrences, evidence)
        values (%(stay_id)s, %(alert_id)s, %(rule)s, %(family)s, %(priority)s, %(state)s, %(condition)s, %(rev)s,
            %(team_id)s, %(began_at)s, %(opened_at)s, %(changed_at)s, %(recurrences)s, %(evidence)s::jsonb)
        on conflict (stay_id, rule) where state <> 'resolved' do nothing
        """,
        _values(alert),
    )
    return done.rowcount == 1


async def save(conn: Connection, alert: Alert) -> None:
    """Write an alert over the row that the caller has locked."""
    await conn.execute(
        """
        update alert set priority = %(priority)s, state = %(state)s, condition = %(condition)s, rev = %(rev)s,
            team_id = %(team_id)s, began_at = %(began_at)s, changed_at = %(changed_at)s, cleared_at = %(cleared_at)s,
            acknowledged_at = %(acknowledged_at)s, acknowledged_by = %(acknowledged_by)s,
            acknowledged_until = %(acknowledged_until)s, resolved_at = %(resolved_at)s,
            resolved_by = %(resolved_by)s, outcome = %(outcome)s, recurrences = %(recurrences)s,
            evidence = coalesce(%(evidence)s::jsonb, evidence)
        where stay_id = %(stay_id)s and alert_id = %(alert_id)s
        """,
        _values(alert),
    )


async def append(conn: Connection, stay_id: StayId, event: AlertEvent) -> None:
    """Add one line to an alert's life."""
    await conn.execute(
        """
        insert into alert_event (stay_id, alert_id, rev, at, kind, staff_id, note)
        values (%(stay)s, %(alert)s, %(rev)s, %(at)s, %(kind)s, %(staff)s, %(note)s)
        """,
        {
            "stay": stay_id,
            "alert": event.alert_id,
            "rev": event.rev,
            "at": event.at,
            "kind": event.kind,
            "staff": event.staff_id,
            "note": event.note,
        },
    )


async def responsible_team(conn: Connection, stay_id: StayId, now: datetime) -> TeamId:
    """Return the team that answers for a stay now.

    Raises
    ------
    NotFound
        If there is no team at all, or no such stay.
    """
    return (await duty.holder(conn, stay_id, now)).team_id
