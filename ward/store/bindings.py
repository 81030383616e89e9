"""Which stay wore a device when, and the two steps that make it so.

A proposal is no binding: it lies in a table of its own, and what reads `binding` never meets one. The bounds of the
steps are in `ward.association`. The invariants: a device has one wearer at a time (the schema's), and a change of who
wears a device never takes a stored reading from its stay or gives one to two.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from psycopg import Rollback
from psycopg.errors import ExclusionViolation
from psycopg.rows import class_row

from ward.association import MOST_WRONG, PROPOSAL_HOLDS, Identifier, Refusal
from ward.people import DeviceNo, StaffId, StayId
from ward.store import devices, registry
from ward.store.pool import Connection

_CALENDAR_ENDS = datetime(9999, 1, 1, tzinfo=UTC)
_NEXT = timedelta(microseconds=1)
_AHEAD = timedelta(minutes=5) + _NEXT  # as far ahead as ingest takes a reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The first step of a binding; `from_at` None: from when it is confirmed. `open` until settled or too old."""

    binding_id: int
    device_no: DeviceNo
    stay_id: StayId
    from_at: datetime | None
    expires_at: datetime
    wrong_identifiers: int
    is_open: bool
    personal_number: str
    revoked: bool
    modes_agree: bool
    stay_goes_on: bool
    birth_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingRow:
    """A binding or a proposal, in the words of `ward.association`; times are None where there are none."""

    binding_id: int
    stay_id: StayId
    association: str
    from_at: datetime | None
    until: datetime | None
    proposed_at: datetime | None
    expires_at: datetime | None
    confirmed_at: datetime | None
    end_reason: str | None


_HISTORY = b"""
    select b.binding_id, b.stay_id,
           case when upper(b.period) <= %(now)s then 'dis' else 'assoc' end as association,
           greatest(lower(b.period), 'epoch') as from_at, nullif(least(upper(b.period), %(end)s), %(end)s) as until,
           q.proposed_at, null::timestamptz as expires_at, b.confirmed_at, b.end_reason
    from binding b left join binding_proposal q using (binding_id)
    where b.device_no = %(device)s and (%(binding)s::bigint is null or b.binding_id = %(binding)s)
    union all
    select q.binding_id, q.stay_id, case when q.outcome is null and q.expires_at > %(now)s then 'pre' else 'no' end,
           q.from_at, null, q.proposed_at, q.expires_at, null, q.outcome
    from binding_proposal q
    where q.device_no = %(device)s and q.outcome is distinct from 'confirmed'
    and (%(binding)s::bigint is null or q.binding_id = %(binding)s)
"""


async def read(
    conn: Connection,
    device_no: DeviceNo,
    now: datetime,
    *,
    binding_id: int | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[BindingRow]:
    """Return a device's bindings and proposals, the newest first."""
    cursor = conn.cursor(row_factory=class_row(BindingRow))
    await cursor.execute(
        b"select * from (" + _HISTORY + b") h where (%(before)s::bigint is null or binding_id < %(before)s)"
        b" order by binding_id desc limit %(limit)s",
        {
            "device": device_no,
            "now": now,
            "end": _CALENDAR_ENDS,
            "binding": binding_id,
            "before": before,
            "limit": limit,
        },
    )
    return await cursor.fetchall()


async def read_one(conn: Connection, device_no: DeviceNo, binding_id: int, now: datetime) -> BindingRow | None:
    """Return one binding or proposal of a device."""
    found = await read(conn, device_no, now, binding_id=binding_id, limit=1)
    return found[0] if found else None


async def propose(
    conn: Connection, device_no: DeviceNo, stay_id: StayId, from_at: datetime | None, by: StaffId, now: datetime
) -> int:
    """Keep a proposal and return its number, which becomes the binding's. It attributes nothing."""
    cursor = await conn.execute(
        "insert into binding_proposal (device_no, stay_id, from_at, proposed_at, proposed_by, expires_at)"
        " values (%s, %s, %s, %s, %s, %s) returning binding_id",
        (device_no, stay_id, from_at, now, by, now + PROPOSAL_HOLDS),
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - an insert with returning gives a row
    return int(row[0])


async def modes_agree(conn: Connection, device_no: DeviceNo, stay_id: StayId) -> bool:
    """Tell whether device and stay are of one generation mode."""
    cursor = await conn.execute(
        "select from device d join stay s using (mode) where d.device_no = %s and s.stay_id = %s", (device_no, stay_id)
    )
    return await cursor.fetchone() is not None


async def claim(conn: Connection, device_no: DeviceNo, binding_id: int, now: datetime) -> Proposal | None:
    """Return a proposal and let nobody else settle it until the caller's transaction ends."""
    cursor = conn.cursor(row_factory=class_row(Proposal))
    await cursor.execute(
        "select q.binding_id, q.device_no, q.stay_id, q.from_at, q.expires_at, q.wrong_identifiers,"
        " q.outcome is null and q.expires_at > %(now)s as is_open, p.personal_number, p.birth_date,"
        " d.revoked_at is not null as revoked, d.mode = s.mode as modes_agree, s.period @> %(now)s as stay_goes_on"
        " from binding_proposal q join device d using (device_no) join stay s using (stay_id)"
        " join patient p using (patient_id)"
        " where q.device_no = %(device)s and q.binding_id = %(binding)s for update of q",
        {"device": device_no, "binding": binding_id, "now": now},
    )
    return await cursor.fetchone()


async def confirm(
    conn: Connection, proposal: Proposal, identifier: Identifier, by: StaffId, now: datetime
) -> Refusal | None:
    """Make a claimed proposal a binding, or say why not; a wrong identifier is counted, and the third ends it."""
    if not proposal.is_open or not proposal.stay_goes_on:
        return Refusal.OVER
    if not identifier.fits(proposal.personal_number, proposal.birth_date):
        await _count_wrong(conn, proposal, now)
        return Refusal.WRONG_IDENTIFIER
    if proposal.revoked:
        return Refusal.REVOKED
    if not proposal.modes_agree:
        return Refusal.OTHER_MODE
    await registry.freeze(conn)
    refusal = await _bind(conn, proposal, by, now)
    if refusal is None:
        await _settle(conn, proposal.binding_id, "confirmed", now)
        await devices.tell(conn, proposal.stay_id, now)
    return refusal


async def withdraw(conn: Connection, proposal: Proposal, now: datetime) -> Refusal | None:
    """End a claimed proposal that nobody has confirmed, or say why not."""
    if not proposal.is_open:
        return Refusal.OVER
    await _settle(conn, proposal.binding_id, "withdrawn", now)
    return None


async def end(
    conn: Connection, device_no: DeviceNo, row: BindingRow, at: datetime | None, by: StaffId, reason: str, now: datetime
) -> Refusal | None:
    """End a binding at `at`, or now, or say why not.

    Everything that is stored of the binding was measured before its end: an end before that is refused, and one of
    now comes after the last reading, which the clock of its device may have dated some minutes ahead.
    """
    await registry.freeze(conn)
    if row.association != "assoc":
        return Refusal.OVER
    if at is not None and at > now:
        return Refusal.AHEAD
    newest = await _newest(conn, device_no, row.stay_id, at or now)
    if at is not None and newest is not None:
        return Refusal.MEASURED_SINCE
    done = await conn.execute(
        "update binding set period = tstzrange(lower(period), %(at)s), ended_by = %(by)s, end_reason = %(reason)s"
        " where binding_id = %(binding)s and lower(period) < %(at)s",
        {
            "at": at or (newest + _NEXT if newest else now),
            "by": by,
            "reason": reason,
            "binding": row.binding_id,
        },
    )
    if not done.rowcount:
        return Refusal.NOT_AFTER_START
    await devices.tell(conn, row.stay_id, now)
    return None


async def wearer_since(conn: Connection, device_no: DeviceNo, since: datetime) -> StayId | None:
    """Return who wears or wore a device at any time from `since` on, the last of them; None when nobody."""
    cursor = await conn.execute(
        "select stay_id from binding where device_no = %s and period && tstzrange(%s, null)"
        " order by lower(period) desc limit 1",
        (device_no, since),
    )
    row = await cursor.fetchone()
    return None if row is None else StayId(row[0])


async def given_to_another(
    conn: Connection, device_no: DeviceNo, stay_id: StayId, since: datetime, until: datetime | None = None
) -> bool:
    """Tell whether another stay holds readings of a device that were measured in [`since`, `until`)."""
    cursor = await conn.execute(
        "select from reading where device_no = %(device)s and measured_at >= %(since)s"
        " and (%(until)s::timestamptz is null or measured_at < %(until)s) and stay_id = any(array("
        "  select b.stay_id from binding b where b.device_no = %(device)s and b.stay_id <> %(stay)s"
        "  union select q.stay_id from quarantine q join device d using (device_id)"
        "  where d.device_no = %(device)s and q.resolution = 'assigned' and q.stay_id <> %(stay)s)) limit 1",
        {"device": device_no, "stay": stay_id, "since": since, "until": until},
    )
    return await cursor.fetchone() is not None


async def _bind(conn: Connection, proposal: Proposal, by: StaffId, now: datetime) -> Refusal | None:
    await _release_ended_stays(conn, proposal.device_no, now)
    from_at = proposal.from_at or await _free_from(conn, proposal.device_no, now)
    refusal = None
    try:
        async with conn.transaction() as step:
            await conn.execute(
                "insert into binding (binding_id, device_no, stay_id, period, confirmed_at, confirmed_by)"
                " overriding system value values (%s, %s, %s, tstzrange(%s, null), %s, %s)",
                (proposal.binding_id, proposal.device_no, proposal.stay_id, from_at, now, by),
            )
            if await given_to_another(conn, proposal.device_no, proposal.stay_id, from_at):
                refusal = Refusal.GIVEN_TO_ANOTHER
                raise Rollback(step)
    except ExclusionViolation:
        refusal = Refusal.WORN
    return refusal


async def _release_ended_stays(conn: Connection, device_no: DeviceNo, now: datetime) -> None:
    """Let a stay that is over end its bindings where it ended: they have not counted since."""
    await conn.execute(
        "update binding b set period = b.period * s.period, end_reason = 'the stay is over' from stay s"
        " where s.stay_id = b.stay_id and b.device_no = %s and upper(s.period) <= %s and b.period && s.period"
        " and b.period <> b.period * s.period",
        (device_no, now),
    )


async def _free_from(conn: Connection, device_no: DeviceNo, now: datetime) -> datetime:
    """Return now, or the end of a binding that was ended and lasts until its last reading, minutes ahead at most."""
    cursor = await conn.execute(
        "select max(upper(period)) from binding where device_no = %s and upper(period) > %s and upper(period) <= %s",
        (device_no, now, now + _AHEAD),
    )
    row = await cursor.fetchone()
    return now if row is None or row[0] is None else max(now, row[0])


async def _newest(conn: Connection, device_no: DeviceNo, stay_id: StayId, since: datetime) -> datetime | None:
    cursor = await conn.execute(
        "select max(measured_at) from reading where stay_id = %s and device_no = %s and measured_at >= %s",
        (stay_id, device_no, since),
    )
    row = await cursor.fetchone()
    newest: datetime | None = None if row is None else row[0]
    return newest


async def _count_wrong(conn: Connection, proposal: Proposal, now: datetime) -> None:
    await conn.execute(
        "update binding_proposal set wrong_identifiers = wrong_identifiers + 1 where binding_id = %s",
        (proposal.binding_id,),
    )
    if proposal.wrong_identifiers + 1 >= MOST_WRONG:
        await _settle(conn, proposal.binding_id, "wrong_identifier", now)


async def _settle(conn: Connection, binding_id: int, outcome: str, now: datetime) -> None:
    await conn.execute(
        "update binding_proposal set outcome = %s, settled_at = %s where binding_id = %s", (outcome, now, binding_id)
    )
