"""The dated steps of escalations. A step belongs to the ring it was frozen with; `alerting.telling` decides.

The caller owns the transaction and holds the lock of the alert (`ward.store.alerts.lock`) whenever it adds a step: so
whoever quiets an alert, under the same lock, finds every step there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from psycopg.rows import class_row

from ward.alerts import AlertId
from ward.duty.contact import Contact
from ward.people import StaffId, StayId, TeamId
from ward.store.pool import Connection

_CONTACTS = msgspec.json.Decoder(tuple[Contact, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenStep:
    """A step as it is kept; `number` counts within its ring."""

    stay_id: StayId
    alert_id: AlertId
    ring: int
    number: int
    level: int
    priority: int
    due_at: datetime
    contacts: tuple[Contact, ...]
    again: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A step as people see it."""

    ring: int
    number: int
    level: int
    state: str
    due_at: datetime
    done_at: datetime | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How far the telling of an alert has come: its last ring, the highest level that was taken in it.

    `next_at` is when the next step of it is due, None if there is none.
    """

    ring: int
    level: int
    next_at: datetime | None = None


NOBODY_TOLD = Reached(ring=0, level=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Whom the steps of a ring have told, as (team, person), and to which level the first of them went."""

    first_level: int
    contacts: frozenset[tuple[TeamId, StaffId | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    stay_id: int
    alert_id: int
    ring: int
    number: int
    level: int
    priority: int
    due_at: datetime
    contacts: str
    again: timedelta | None


def _step(row: _Row) -> FrozenStep:
    return FrozenStep(
        stay_id=StayId(row.stay_id),
        alert_id=AlertId(row.alert_id),
        ring=row.ring,
        number=row.number,
        level=row.level,
        priority=row.priority,
        due_at=row.due_at,
        contacts=_CONTACTS.decode(row.contacts),
        again=row.again,
    )


async def reached(conn: Connection, stay_id: StayId, alert_id: AlertId) -> Reached:
    """Return the last ring of an alert (0: none yet), the level that it came to, and when the next was to be told."""
    row = await (
        await conn.execute(
            "select ring, coalesce(max(level) filter (where state in ('fired', 'skipped')), 1),"
            " min(due_at) filter (where state = 'pending') from escalation_step"
            " where stay_id = %s and alert_id = %s group by ring order by ring desc limit 1",
            (stay_id, alert_id),
        )
    ).fetchone()
    return NOBODY_TOLD if row is None else Reached(ring=row[0], level=row[1], next_at=row[2])


_FREEZE = b"""
    insert into escalation_step (stay_id, alert_id, ring, step, level, priority, contacts, due_at, again, state,
        done_at)
    select stay_id, alert_id, ring, number, level, priority, contacts, due_at, again,
        case when number = %(taken)s then 'fired' else 'pending' end,
        case when number = %(taken)s then %(at)s::timestamptz end
    from json_to_recordset(%(steps)s::json) r(stay_id bigint, alert_id bigint, ring int, number int, level int,
        priority smallint, contacts jsonb, due_at timestamptz, again interval)
    on conflict do nothing
"""


async def freeze(conn: Connection, steps: Sequence[FrozenStep], taken_at: datetime | None = None) -> None:
    """Add steps that are still to be taken; the first of them is taken at `taken_at`, where that is given."""
    taken = None if taken_at is None else steps[0].number
    # One statement, however many steps there are: an alert waits for it.
    encoded = msgspec.json.encode(steps).decode()
    await conn.execute(_FREEZE, {"steps": encoded, "taken": taken, "at": taken_at})


async def bring_back(conn: Connection, now: datetime, longest: timedelta) -> None:
    """Let steps be due now that are due later than any step may be: a clock was ahead when they were frozen."""
    await conn.execute(
        "update escalation_step set due_at = %(now)s where (stay_id, alert_id, ring, step) in ("
        " select s.stay_id, s.alert_id, s.ring, s.step from escalation_step s"
        " where s.state = 'pending' and s.due_at > %(far)s for update of s skip locked)",
        {"now": now, "far": now + longest},
    )


async def due(conn: Connection, now: datetime, most: int) -> list[FrozenStep]:
    """Return steps whose time has come, the most urgent first, and lock their alerts; what others hold is left out.

    What is returned may be cancelled already: `take` tells.
    """
    async with conn.cursor(row_factory=class_row(_Row)) as cursor:
        await cursor.execute(
            "select s.stay_id, s.alert_id, s.ring, s.step as number, s.level, s.priority, s.due_at,"
            " s.contacts::text as contacts, s.again"
            " from escalation_step s join alert a using (stay_id, alert_id)"
            " where s.state = 'pending' and s.due_at <= %s"
            " order by s.priority desc, s.due_at limit %s for update of a skip locked",
            (now, most),
        )
        return [_step(row) for row in await cursor.fetchall()]


async def take(conn: Connection, step: FrozenStep, now: datetime) -> bool:
    """Mark a step as taken; return whether it was still pending."""
    done = await conn.execute(
        "update escalation_step set state = 'fired', done_at = %s"
        " where stay_id = %s and alert_id = %s and ring = %s and step = %s and state = 'pending' returning step",
        (now, step.stay_id, step.alert_id, step.ring, step.number),
    )
    return await done.fetchone() is not None


async def told(conn: Connection, step: FrozenStep) -> Told:
    """Return whom the steps before one of the same ring have told, and to which level the first of them went."""
    cursor = await conn.execute(
        "select level, contacts::text from escalation_step where stay_id = %s and alert_id = %s and ring = %s"
        " and step < %s and state in ('fired', 'skipped') order by step",
        (step.stay_id, step.alert_id, step.ring, step.number),
    )
    rows = await cursor.fetchall()
    named = (each for _, contacts in rows for each in _CONTACTS.decode(contacts))
    return Told(
        first_level=rows[0][0] if rows else step.level,
        contacts=frozenset((each.team_id, each.staff_id) for each in named),
    )


async def tells(conn: Connection, step: FrozenStep) -> None:
    """Write down whom a step tells."""
    await conn.execute(
        "update escalation_step set contacts = %s::jsonb where stay_id = %s and alert_id = %s and ring = %s"
        " and step = %s",
        (msgspec.json.encode(step.contacts).decode(), step.stay_id, step.alert_id, step.ring, step.number),
    )


async def skip(conn: Connection, step: FrozenStep, reason: str) -> None:
    """Mark a step that was taken as one that reached nobody."""
    await conn.execute(
        "update escalation_step set state = 'skipped', reason = %s"
        " where stay_id = %s and alert_id = %s and ring = %s and step = %s",
        (reason, step.stay_id, step.alert_id, step.ring, step.number),
    )


async def put_off(conn: Connection, step: FrozenStep, until: datetime) -> None:
    """Let a step that could not be taken come again."""
    await conn.execute(
        "update escalation_step set due_at = %s"
        " where stay_id = %s and alert_id = %s and ring = %s and step = %s and state = 'pending'",
        (until, step.stay_id, step.alert_id, step.ring, step.number),
    )


async def pull(conn: Connection, stay_id: StayId, alert_id: AlertId, now: datetime, reason: str) -> None:
    """Let the next step of an alert be due now, if there is one."""
    await conn.execute(
        "update escalation_step set due_at = least(due_at, %(now)s), reason = %(reason)s"
        " where stay_id = %(stay)s and alert_id = %(alert)s and state = 'pending' and (ring, step) = ("
        "   select ring, step from escalation_step where stay_id = %(stay)s and alert_id = %(alert)s"
        "   and state = 'pending' order by ring, step limit 1)",
        {"now": now, "reason": reason, "stay": stay_id, "alert": alert_id},
    )


async def pull_untold(
    conn: Connection, stay_id: StayId, alert_id: AlertId, ring: int, number: int, now: datetime
) -> None:
    """Let the next level be due now if a step has reached nobody: all its notifications have failed.

    So it is if nothing of the ring has come through to anybody, though a later step has been taken since: that one
    passes by the ways that were used just before it. A level that only comes again keeps its time: there is nobody
    further to tell, and its own pace is kept.
    """
    await conn.execute(
        """
        update escalation_step n set due_at = least(n.due_at, %(now)s), reason = 'untold'
        from (select s.stay_id, s.alert_id, s.ring, s.step, s.level,
                max(t.step) filter (where t.state <> 'pending') as taken,
                max(t.level) filter (where t.state <> 'pending') as reached
            from escalation_step s join escalation_step t using (stay_id, alert_id, ring)
            where s.stay_id = %(stay)s and s.alert_id = %(alert)s and s.ring = %(ring)s and s.step = %(number)s
            group by s.stay_id, s.alert_id, s.ring, s.step, s.level) s
        where n.stay_id = s.stay_id and n.alert_id = s.alert_id and n.ring = s.ring and n.step = s.taken + 1
        and n.level > s.reached and n.state = 'pending'
        and not exists (select from outbox o where o.stay_id = s.stay_id and o.alert_id = s.alert_id
            and o.ring = s.ring and (o.step = s.step or s.taken > s.step)
            and o.state in ('queued', 'sent', 'delivered', 'seen'))
        """,
        {"stay": stay_id, "alert": alert_id, "ring": ring, "number": number, "now": now},
    )


async def untold(conn: Connection, step: FrozenStep) -> bool:
    """Return whether a step comes again that has reached no person the last time: all that was for people failed."""
    row = await (
        await conn.execute(
            "select bool_and(o.state = 'failed') from escalation_step s join outbox o"
            " using (stay_id, alert_id, ring, step)"
            " where s.stay_id = %s and s.alert_id = %s and s.ring = %s and s.step = %s and s.level = %s"
            " and o.channel <> 'webhook'",
            (step.stay_id, step.alert_id, step.ring, step.number - 1, step.level),
        )
    ).fetchone()
    return bool(row and row[0])


async def cancel(conn: Connection, stay_id: StayId, alert_id: AlertId, now: datetime, reason: str) -> None:
    """Take back every step of an alert that is still to come."""
    await conn.execute(
        "update escalation_step set state = 'cancelled', done_at = %s, reason = %s"
        " where stay_id = %s and alert_id = %s and state = 'pending'",
        (now, reason, stay_id, alert_id),
    )


async def read(conn: Connection, stay_id: StayId, alert_id: AlertId) -> list[StepRow]:
    """Return every step of an alert, in order."""
    async with conn.cursor(row_factory=class_row(StepRow)) as cursor:
        await cursor.execute(
            "select ring, step as number, level, state, due_at, done_at, reason from escalation_step"
            " where stay_id = %s and alert_id = %s order by ring, step",
            (stay_id, alert_id),
        )
        return await cursor.fetchall()


async def next_due(conn: Connection) -> datetime | None:
    """Return when the next step is due, None when none is pending."""
    row = await (await conn.execute("select min(due_at) from escalation_step where state = 'pending'")).fetchone()
    return row[0] if row else None
