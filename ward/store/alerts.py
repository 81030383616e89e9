"""Alerts and the lines of their life, as they are changed. Only `alerting.apply` writes here.

The caller owns the transaction. Reading them for people: `ward.store.alert_reads`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from psycopg import AsyncCursor
from psycopg.rows import class_row

from ward.alerts import Alert, AlertEvent, AlertId, Finding, Hold, Priority
from ward.errors import NotFound
from ward.evidence import UNREADABLE
from ward.people import StayId, TeamId
from ward.store import alert_holds, duty
from ward.store.alert_columns import COLUMNS, AlertColumns, to_alert, to_columns
from ward.store.pool import Coming, Connection


async def _one(conn: Connection, query: str, parameters: dict[str, object]) -> Alert | None:
    async with conn.cursor(row_factory=class_row(AlertColumns)) as cursor:
        await cursor.execute(query.encode(), parameters)
        row = await cursor.fetchone()
    return None if row is None else to_alert(row)


async def lock(conn: Connection, alert_id: AlertId) -> Alert | None:
    """Return an alert and keep others from changing it until the transaction ends."""
    query = f"select {COLUMNS} from alert a where alert_id = %(id)s for update"  # nosec B608  # noqa: S608
    return await _one(conn, query, {"id": alert_id})


async def lock_open(conn: Connection, stay_id: StayId, rule: str) -> Alert | None:
    """Return the alert of a stay and rule that is not closed, locked, None where there is none."""
    query = (
        f"select {COLUMNS} from alert a"  # nosec B608  # noqa: S608
        " where stay_id = %(stay)s and rule = %(rule)s and resolved_at is null for update"
    )
    return await _one(conn, query, {"stay": stay_id, "rule": rule})


async def lock_all(conn: Connection, stay_id: StayId) -> list[Alert]:
    """Return every alert of a stay that is open or may be opened again, all of them locked first, in one order."""
    query = (
        f"select {COLUMNS} from alert a"  # nosec B608  # noqa: S608
        " where stay_id = %s and (resolved_at is null or undo is not null) order by rule, alert_id for update"
    )
    async with conn.cursor(row_factory=class_row(AlertColumns)) as cursor:
        await cursor.execute(query.encode(), (stay_id,))
        return [to_alert(row) for row in await cursor.fetchall()]


async def left_open(conn: Connection, stay_ids: Sequence[StayId]) -> list[StayId]:
    """Return those of these stays that have an open alert, or an offer of the patient that waits, in their order."""
    cursor = await conn.execute(
        "select stay_id from unnest(%s::bigint[]) as w (stay_id) where exists (select from alert a"
        " where a.stay_id = w.stay_id and a.resolved_at is null) or exists (select from baton b"
        " where b.stay_id = w.stay_id and b.answer is null) order by 1",
        (list(stay_ids),),
    )
    return [StayId(stay_id) for (stay_id,) in await cursor.fetchall()]


_IN_FORCE = f"""
    select {COLUMNS} from alert a where stay_id = any(%(stays)s) and resolved_at is null
    union all
    select {COLUMNS} from alert a join alert_hold h using (stay_id, rule, alert_id, priority)
    where stay_id = any(%(stays)s)
""".encode()  # nosec B608  # noqa: S608 - a list of columns


async def ask_in_force(conn: Connection, stay_ids: Sequence[StayId]) -> AsyncCursor[AlertColumns]:
    """Ask for what `in_force` returns, so that other questions can go with it."""
    return await conn.cursor(row_factory=class_row(AlertColumns)).execute(_IN_FORCE, {"stays": list(stay_ids)})


async def in_force(conn: Connection, stay_ids: Sequence[StayId]) -> list[Alert]:
    """Return what these stays' rules must know of: each rule's alert that is not closed, else the one that is held.

    A held one was closed by a person while its condition was still there (`ward.store.alert_holds`).
    """
    return [to_alert(row) for row in await (await ask_in_force(conn, stay_ids)).fetchall()]


async def of_ended_stays(conn: Connection, now: datetime, most: int) -> list[AlertId]:
    """Return alerts that are not closed though their stays are over, the oldest first."""
    cursor = await conn.execute(
        "select alert_id from alert join stay s using (stay_id) where resolved_at is null"
        " and upper(s.period) <= %(now)s order by alert_id limit %(most)s",
        {"now": now, "most": most},
    )
    return [AlertId(row[0]) for row in await cursor.fetchall()]


async def was_told(conn: Connection, finding: Finding) -> bool:
    """Return whether an alert of this stay and rule already spans some of what was found, and was as bad."""
    row = await (
        await conn.execute(
            """
            select exists (
                select from alert where stay_id = %(stay)s and rule = %(rule)s and began_at <= %(ended)s
                and worst >= %(priority)s
                and coalesce(cleared_at, resolved_at, 'infinity') >= %(began)s
            )
            """,
            {
                "stay": finding.stay_id,
                "rule": finding.rule,
                "priority": finding.priority.value,
                "began": finding.began_at,
                "ended": finding.ended_at or finding.due_at,
            },
        )
    ).fetchone()
    return bool(row and row[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What an alert is opened with: a number of its own, and who answers for the stay; or what keeps it closed."""

    alert_id: AlertId
    team_id: TeamId
    hold: Hold | None


_OPENING = f"""
    with hold as materialized ({alert_holds.HOLD} where stay_id = %(stay)s and rule = %(rule)s for update)
    select nextval('alert_id_seq') as alert_id, held.team_id, hold.alert_id, hold.priority, hold.until,
        hold.quiet_since, hold.hard
    from (select ({duty.HOLDER_TEAM}) as team_id) held left join hold on true
""".encode()  # nosec B608  # noqa: S608 - put together from constants


async def ask_opening(conn: Connection, stay_id: StayId, rule: str, now: datetime) -> Coming:
    """Ask for what `answer_opening` returns, so that other questions can go with it; what keeps it closed is locked."""
    return await conn.execute(_OPENING, {"stay": stay_id, "rule": rule, "at": now})


async def answer_opening(asked: Coming, stay_id: StayId, rule: str) -> Opening:
    """Return what a new alert of a stay and rule is opened with.

    Raises
    ------
    NotFound
        If there is no team at all, or no such stay.
    """
    row = await asked.fetchone()
    if row is None or row[1] is None:
        raise NotFound(f"a team for stay {stay_id}")
    alert_id, team_id, held_id, priority, until, quiet_since, hard = row
    hold = None
    if held_id is not None:
        hold = Hold(
            stay_id=stay_id,
            rule=rule,
            alert_id=AlertId(held_id),
            priority=Priority(priority),
            until=until,
            quiet_since=quiet_since,
            hard=hard,
        )
    return Opening(alert_id=AlertId(alert_id), team_id=TeamId(team_id), hold=hold)


async def opening(conn: Connection, stay_id: StayId, rule: str, now: datetime) -> Opening:
    """Return what a new alert of a stay and rule is opened with, at once: see `answer_opening`."""
    return await answer_opening(await ask_opening(conn, stay_id, rule, now), stay_id, rule)


async def add(conn: Connection, alert: Alert) -> Coming:
    """Store a new alert; `is_new` tells of the answer whether it is: a stay and rule have one that is not closed."""
    return await conn.execute(
        """
        insert into alert (stay_id, alert_id, rule, family, priority, worst, condition, rev, team_id, began_at,
            opened_at, changed_at, cleared_at, recurrences, evidence, signal, resolved_at, outcome)
        values (%(stay_id)s, %(alert_id)s, %(rule)s, %(family)s, %(priority)s, %(worst)s, %(condition)s, %(rev)s,
            %(team_id)s, %(began_at)s, %(opened_at)s, %(changed_at)s, %(cleared_at)s, %(recurrences)s,
            %(evidence)s::jsonb, %(signal)s, %(resolved_at)s, %(outcome)s)
        on conflict (stay_id, rule) where resolved_at is null do nothing returning alert_id
        """,
        to_columns(alert),
    )


async def is_new(added: Coming) -> bool:
    """Return whether what was added is stored: nobody else has opened one since."""
    return await added.fetchone() is not None


async def save(conn: Connection, alert: Alert) -> None:
    """Write an alert over the row that the caller has locked."""
    await conn.execute(
        """
        update alert set priority = %(priority)s, worst = %(worst)s, condition = %(condition)s, rev = %(rev)s,
            worse_rev = %(worse_rev)s,
            began_at = %(began_at)s, changed_at = %(changed_at)s, cleared_at = %(cleared_at)s,
            unasked = %(unasked)s,
            recurrences = %(recurrences)s, evidence = coalesce(%(evidence)s::jsonb, evidence),
            signal = %(signal)s, signal_until = %(signal_until)s, acknowledged_at = %(acknowledged_at)s,
            acknowledged_by = %(acknowledged_by)s, pause_reason = %(pause_reason)s,
            responsibility = %(responsibility)s, team_id = %(team_id)s, holder_id = %(holder_id)s,
            held_since = %(held_since)s, offered_team_id = %(offered_team_id)s,
            offered_staff_id = %(offered_staff_id)s, offered_by = %(offered_by)s, offered_until = %(offered_until)s,
            resolved_at = %(resolved_at)s, resolved_by = %(resolved_by)s, outcome = %(outcome)s,
            cause = %(cause)s, action = %(action)s, undo = %(undo)s::jsonb
        where stay_id = %(stay_id)s and alert_id = %(alert_id)s
        """,
        to_columns(alert),
    )


async def append(conn: Connection, stay_id: StayId, event: AlertEvent) -> None:
    """Add one line to an alert's life."""
    readable = event.evidence is not None and event.evidence != UNREADABLE
    await conn.execute(
        """
        insert into alert_event (stay_id, alert_id, rev, at, kind, staff_id, note, priority, evidence, until,
            to_team_id, to_staff_id, outcome, cause, action)
        values (%(stay)s, %(alert_id)s, %(rev)s, %(at)s, %(kind)s, %(staff_id)s, %(note)s, %(priority)s,
            %(evidence)s::jsonb, %(until)s, %(to_team_id)s, %(to_staff_id)s, %(outcome)s, %(cause)s, %(action)s)
        """,
        {name: getattr(event, name) for name in AlertEvent.__dataclass_fields__}
        | {
            "stay": stay_id,
            "priority": None if event.priority is None else event.priority.value,
            "evidence": msgspec.json.encode(event.evidence).decode() if readable else None,
        },
    )
