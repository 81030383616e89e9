"""What a patient's own page is made of: the next step by revision, who has looked at the values, who is named.

The caller owns the transaction. The invariant: the newest revision of the next step is also what the board shows of it.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.people import StaffId, StayId
from ward.store import bus
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What comes next: what, when, who does it, whom to turn to, and when the team looks again."""

    what: str
    at: datetime | None
    who: str
    turn_to: str
    check_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """A next step as it is kept."""

    rev: int
    what: str
    at: datetime | None
    who: str
    turn_to: str
    check_at: datetime | None
    staff_id: StaffId
    staff_name: str
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Who of the staff last looked at the values or did something about an alert."""

    at: datetime
    name: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Somebody who is named for the patient."""

    staff_id: StaffId
    name: str
    title: str
    role: str


_LOOKED = """
    select l.at, f.name, f.title from (
        select at, staff_id from care_look where stay_id = %(stay)s
        union all
        select at, staff_id from alert_event where stay_id = %(stay)s and staff_id is not null
    ) l join staff f using (staff_id) where l.at <= %(now)s order by l.at desc limit 1
"""


async def step(conn: Connection, stay_id: StayId) -> StepRow | None:
    """Return the newest next step, None where nobody has written one."""
    cursor = conn.cursor(row_factory=class_row(StepRow))
    await cursor.execute(
        "select n.rev, n.what, n.at, n.who, n.turn_to, n.check_at, n.staff_id, f.name as staff_name, n.written_at"
        " from next_step n join staff f using (staff_id) where n.stay_id = %s order by n.rev desc limit 1",
        (stay_id,),
    )
    return await cursor.fetchone()


async def save_step(conn: Connection, stay_id: StayId, rev: int, new: Step, by: StaffId, now: datetime) -> bool:
    """Keep a next step over revision `rev` (0: there was none); False where that is not the newest."""
    await conn.execute("select from stay where stay_id = %s for no key update", (stay_id,))
    done = await conn.execute(
        "insert into next_step (stay_id, rev, what, at, who, turn_to, check_at, staff_id, written_at)"
        " select %(stay)s, %(rev)s + 1, %(what)s, %(at)s, %(who)s, %(turn_to)s, %(check_at)s, %(by)s, %(now)s"
        " where %(rev)s = coalesce((select max(rev) from next_step where stay_id = %(stay)s), 0)",
        {
            "stay": stay_id,
            "rev": rev,
            "what": new.what,
            "at": new.at,
            "who": new.who,
            "turn_to": new.turn_to,
            "check_at": new.check_at,
            "by": by,
            "now": now,
        },
    )
    if done.rowcount != 1:
        return False
    await conn.execute("update stay set next_step = %s where stay_id = %s", (new.what, stay_id))
    await bus.announce(conn, bus.Channel.REGISTRY, [0])
    return True


async def look(conn: Connection, stay_id: StayId, by: StaffId, now: datetime) -> None:
    """Note that somebody has looked at the values."""
    await conn.execute(
        "insert into care_look (stay_id, at, staff_id) values (%s, %s, %s) on conflict do nothing", (stay_id, now, by)
    )


async def seen(conn: Connection, stay_id: StayId, now: datetime) -> Seen | None:
    """Return who last looked at the values or did something about an alert, None where nobody ever did."""
    cursor = conn.cursor(row_factory=class_row(Seen))
    await cursor.execute(_LOOKED.encode(), {"stay": stay_id, "now": now})
    return await cursor.fetchone()


async def named(conn: Connection, stay_id: StayId) -> list[Named]:
    """Return the nurse and the doctor who are named for a stay."""
    cursor = conn.cursor(row_factory=class_row(Named))
    await cursor.execute(
        "select f.staff_id, f.name, f.title, f.role from duty_care c join staff f"
        " on f.staff_id in (c.nurse_id, c.doctor_id) where c.stay_id = %s and f.disabled_at is null"
        " order by f.staff_id = c.doctor_id",
        (stay_id,),
    )
    return await cursor.fetchall()


async def configs(conn: Connection, stay_id: StayId, now: datetime) -> list[str]:
    """Return what the devices that are worn now are told, as JSON."""
    cursor = await conn.execute(
        "select d.config::text from binding b join device d using (device_no)"
        " where b.stay_id = %s and b.period @> %s::timestamptz order by lower(b.period), d.device_no",
        (stay_id, now),
    )
    return [str(row[0]) for row in await cursor.fetchall()]


async def answered_since(conn: Connection, stay_id: StayId, since: datetime) -> datetime | None:
    """Return when the last check-in since then was made, None where there was none."""
    cursor = await conn.execute(
        "select max(occurred_at) from device_event where stay_id = %s and kind = 'check_in' and occurred_at >= %s",
        (stay_id, since),
    )
    row = await cursor.fetchone()
    at: datetime | None = None if row is None else row[0]
    return at
