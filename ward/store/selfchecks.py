"""The walks of the synthetic alert: its own stay, and when each leg was reached. Who walks: `alerting.selfcheck`.

The stay is of mode test and belongs to an organisation and a team of its own that nobody is a member of: no person sees
it among patients, and nothing it makes leaves the house. It lasts only while a walk goes on.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.alerts import AlertId
from ward.people import StaffId, StayId
from ward.selfcheck import Leg, Waiting, Walk
from ward.store.pool import Connection

_LOCK = 4200015
_NAME = "Hemvakt självkontroll"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Where the synthetic alert is raised: the stay, its device, and who closes it."""

    stay_id: StayId
    device_no: int
    staff_id: StaffId


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    walk: int
    started_at: datetime
    alerted_at: datetime | None
    queued_at: datetime | None
    sent_at: datetime | None
    screened_at: datetime | None
    ended_at: datetime | None
    fault: str | None


_WALK = b"select walk, started_at, alerted_at, queued_at, sent_at, screened_at, ended_at, fault from selfcheck"


def _walk(row: _Row) -> Walk:
    return Walk(
        walk=row.walk,
        started_at=row.started_at,
        alerted_at=row.alerted_at,
        queued_at=row.queued_at,
        sent_at=row.sent_at,
        screened_at=row.screened_at,
        ended_at=row.ended_at,
        fault=None if row.fault is None else Leg(row.fault),
    )


async def alone(conn: Connection) -> bool:
    """Tell whether this transaction may look after the walks; another worker may be doing so."""
    row = await (await conn.execute("select pg_try_advisory_xact_lock(%s)", (_LOCK,))).fetchone()
    return bool(row and row[0])


async def newest(conn: Connection, most: int = 1) -> list[Walk]:
    """Return the newest walks, the newest first."""
    async with conn.cursor(row_factory=class_row(_Row)) as cursor:
        await cursor.execute(_WALK + b" order by walk desc limit %s", (most,))
        return [_walk(row) for row in await cursor.fetchall()]


async def newest_ended(conn: Connection) -> Walk | None:
    """Return the newest walk that has ended, None where none has."""
    async with conn.cursor(row_factory=class_row(_Row)) as cursor:
        await cursor.execute(_WALK + b" where ended_at is not null order by walk desc limit 1")
        row = await cursor.fetchone()
    return None if row is None else _walk(row)


async def post(conn: Connection) -> Post:
    """Return where the synthetic alert is raised; made the first time."""
    async with conn.cursor(row_factory=class_row(Post)) as cursor:
        await cursor.execute(
            "select s.stay_id, d.device_no, f.staff_id from organisation o join staff f using (organisation_id)"
            " join patient p using (organisation_id) join stay s using (patient_id)"
            " join device d on d.device_id = 'selfcheck' where o.name = %s limit 1",
            (_NAME,),
        )
        found = await cursor.fetchone()
        if found is not None:
            return found
        await cursor.execute(_FOUND, {"name": _NAME})
        made = await cursor.fetchone()
    if made is None:
        raise AssertionError("an insert with returning gives a row")
    await conn.execute(
        "insert into responsibility (stay_id, team_id, period) select %s, team_id, tstzrange(null, null)"
        " from team join organisation using (organisation_id) where organisation.name = %s",
        (made.stay_id, _NAME),
    )
    return made


# Nobody can log in as its member of staff, and nothing can connect as its device. The number is nobody's.
_FOUND = b"""
    with o as (insert into organisation (name, kind) values (%(name)s, 'region') returning organisation_id),
    t as (insert into team (organisation_id, name, phone) select organisation_id, %(name)s, '-' from o),
    f as (insert into staff (organisation_id, name, title, role, disabled_at)
        select organisation_id, %(name)s, '-', 'nurse', '1970-01-01Z' from o
        returning staff_id),
    p as (insert into patient (organisation_id, personal_number, given_name, family_name, birth_date, sex)
        select organisation_id, '18000101TF00', 'Test', %(name)s, '1800-01-01', 'unknown' from o
        returning patient_id),
    s as (insert into stay (patient_id, programme, period, mode)
        select patient_id, 'hospital_at_home', '[1970-01-01Z,1970-01-02Z)', 'test' from p returning stay_id),
    d as (insert into device (device_id, secret_sha256, model, mode, revoked_at)
        values ('selfcheck', sha256(gen_random_uuid()::text::bytea), '', 'test', '1970-01-01Z') returning device_no)
    select s.stay_id, d.device_no, f.staff_id from s, d, f
"""


async def start(conn: Connection, at: Post, now: datetime) -> None:
    """Let the stay begin, have its help button pressed, and note the walk."""
    await conn.execute("update stay set period = tstzrange(%s, null) where stay_id = %s", (now, at.stay_id))
    await conn.execute(
        "insert into evaluation_due (stay_id, due_at) values (%s, %s) on conflict do nothing", (at.stay_id, now)
    )
    await conn.execute("insert into selfcheck (stay_id, started_at) values (%s, %s)", (at.stay_id, now))


async def look(conn: Connection, at: Post, walk: Walk) -> AlertId | None:
    """Note how far a walk has come; return the alert that it has raised."""
    row = await (
        await conn.execute(
            """
            update selfcheck c set alert_id = coalesce(a.alert_id, c.alert_id), alerted_at = a.opened_at,
                queued_at = o.queued_at, sent_at = o.sent_at
            from (select 1) one
            left join lateral (select alert_id, opened_at from alert where stay_id = %(stay)s
                and opened_at >= %(since)s order by alert_id desc limit 1) a on true
            left join lateral (select queued_at, sent_at from outbox n where n.stay_id = %(stay)s
                and n.alert_id = a.alert_id and n.channel = 'console' order by queued_at limit 1) o on true
            where c.walk = %(walk)s returning c.alert_id
            """,
            {"stay": at.stay_id, "since": walk.started_at, "walk": walk.walk},
        )
    ).fetchone()
    return AlertId(row[0]) if row and row[0] is not None else None


async def screened(conn: Connection, walk: Walk, now: datetime) -> None:
    """Note that a listening screen has echoed a walk."""
    await conn.execute("update selfcheck set screened_at = coalesce(screened_at, %s) where walk = %s", (now, walk.walk))


async def end(conn: Connection, at: Post, walk: Walk, fault: Leg | None, now: datetime) -> None:
    """End a walk and its stay."""
    await conn.execute("update selfcheck set ended_at = %s, fault = %s where walk = %s", (now, fault, walk.walk))
    await conn.execute(
        "update stay set period = tstzrange(lower(period), greatest(%s, lower(period) + interval '1 ms'))"
        " where stay_id = %s and upper(period) is null",
        (now, at.stay_id),
    )


async def waiting(conn: Connection) -> Waiting:
    """Return since when the most urgent work has been due; what is leased at present is not waiting."""
    row = await (
        await conn.execute(
            "select (select min(due_at) from escalation_step where state = 'pending'),"
            " (select min(due_at) from outbox where due_at is not null and priority = 3),"
            " (select min(due_at) from outbox where due_at is not null and priority < 3)"
        )
    ).fetchone()
    step, urgent, ordinary = row or (None, None, None)
    return Waiting(step_due_at=step, urgent_due_at=urgent, ordinary_due_at=ordinary)


# Walks are kept for ever, and every alert is asked about: none but those of its own hour are looked at.
REACHED = b"""
    select max(c.walk) from alert a join selfcheck c on c.stay_id = a.stay_id
    and c.started_at between a.opened_at - interval '1 hour' and a.opened_at
    where a.alert_id = any(%s)
"""


async def reached(conn: Connection, alert_ids: list[AlertId]) -> int | None:
    """Return the newest walk that has raised one of these alerts, None where none has."""
    row = await (await conn.execute(REACHED, (alert_ids,))).fetchone()
    return row[0] if row else None
