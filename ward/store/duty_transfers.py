"""Stays on their way home: kept, changed under the lock of their row, and what was heard of their data.

The caller owns the transaction. The invariants: a stay has one open transfer at most (a unique index), and while one is
open the hospital's team answers (`ward.store.duty_layout` lays it over the routes).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.duty.onramp import Closed, Event, HandOver, Transfer, step
from ward.errors import NotFound
from ward.people import PatientId, StaffId, StayId, TeamId
from ward.store import duty_batons, duty_layout
from ward.store.plans import LAYERS_OF_STAY
from ward.store.pool import Connection
from ward.vitals import BY_CODE, USABLE, VITALS, VitalKind

# In hundredths, as readings keep it: what a device itself calls hardly a value is no good data.
_GOOD_QUALITY = 30
_COLUMNS = (
    "stay_id, rev, from_team, to_team, arranged_by, arranged_at, accepted_by, accepted_at, good_since, closed,"
    " closed_by, closed_at"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    stay_id: StayId
    rev: int
    from_team: TeamId
    to_team: TeamId
    arranged_by: StaffId
    arranged_at: datetime
    accepted_by: StaffId | None
    accepted_at: datetime | None
    good_since: datetime | None
    closed: str | None
    closed_by: StaffId | None
    closed_at: datetime | None

    def transfer(self) -> Transfer:
        values = {name: getattr(self, name) for name in Transfer.__dataclass_fields__ if name != "closed"}
        return Transfer(**values, closed=None if self.closed is None else Closed(self.closed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A stay with an open transfer, and what its plan is made of."""

    stay_id: StayId
    programme: str
    plan_layers: str


async def arrange(conn: Connection, transfer: Transfer) -> bool:
    """Keep a new transfer; False where the stay has one that is open. The hospital's team answers from now on."""
    done = await conn.execute(
        "insert into stay_transfer (stay_id, from_team, to_team, arranged_by, arranged_at) values (%s, %s, %s, %s, %s)"
        " on conflict (stay_id) where closed is null do nothing",
        (transfer.stay_id, transfer.from_team, transfer.to_team, transfer.arranged_by, transfer.arranged_at),
    )
    if done.rowcount:
        await duty_layout.lay(conn, [transfer.stay_id], transfer.arranged_at)
    return done.rowcount == 1


async def newest(conn: Connection, stay_id: StayId) -> Transfer | None:
    """Return a stay's newest transfer, None where it never had one."""
    cursor = conn.cursor(row_factory=class_row(_Row))
    query = f"select {_COLUMNS} from stay_transfer where stay_id = %s order by transfer_id desc limit 1"  # nosec B608  # noqa: S608
    await cursor.execute(query.encode(), (stay_id,))
    row = await cursor.fetchone()
    return None if row is None else row.transfer()


async def apply_event(conn: Connection, stay_id: StayId, event: Event, now: datetime) -> Transfer:
    """Apply what somebody said, or what was heard, to a stay's open transfer.

    Raises
    ------
    NotFound
        If it has none.
    Conflict, IllegalTransition
        As `ward.duty.onramp.step` says.
    """
    await duty_layout.hold(conn, [stay_id])
    cursor = conn.cursor(row_factory=class_row(_Row))
    query = f"select {_COLUMNS} from stay_transfer where stay_id = %s and closed is null for update"  # nosec B608  # noqa: S608
    await cursor.execute(query.encode(), (stay_id,))
    row = await cursor.fetchone()
    if row is None:
        raise NotFound("transfer")
    transfer, effects = step(row.transfer(), event, now)
    await conn.execute(
        "update stay_transfer set rev = %s, accepted_by = %s, accepted_at = %s, good_since = %s, closed = %s,"
        " closed_by = %s, closed_at = %s where stay_id = %s and closed is null",
        (
            transfer.rev,
            transfer.accepted_by,
            transfer.accepted_at,
            transfer.good_since,
            transfer.closed,
            transfer.closed_by,
            transfer.closed_at,
            stay_id,
        ),
    )
    if any(isinstance(each, HandOver) for each in effects):
        await duty_batons.let_go(conn, stay_id, now)
    if transfer.closed is not None:
        await duty_layout.lay(conn, [stay_id], now)
    return transfer


async def stay_of(
    conn: Connection, patient_id: PatientId, team_ids: Collection[TeamId], now: datetime
) -> StayId | None:
    """Return the stay of a patient who is on the way to or from one of these teams, None where there is none."""
    cursor = await conn.execute(
        "select t.stay_id from stay_transfer t join stay s using (stay_id) where s.patient_id = %(patient)s"
        " and s.period @> %(now)s and t.closed is null"
        " and (t.to_team = any(%(teams)s) or t.from_team = any(%(teams)s))",
        {"patient": patient_id, "teams": list(team_ids), "now": now},
    )
    row = await cursor.fetchone()
    return None if row is None else StayId(row[0])


async def waiting(conn: Connection, now: datetime) -> list[Waiting]:
    """Return the stays in progress with an open transfer, the oldest first."""
    cursor = conn.cursor(row_factory=class_row(Waiting))
    await cursor.execute(
        b"select s.stay_id, s.programme, plan.plan_layers from stay_transfer t join stay s using (stay_id)"
        + LAYERS_OF_STAY.encode()
        + b" where t.closed is null and s.period @> %(now)s order by t.transfer_id",
        {"now": now},
    )
    return await cursor.fetchall()


async def measured(
    conn: Connection, stay_id: StayId, kinds: Collection[VitalKind], since: datetime, now: datetime
) -> dict[VitalKind, list[datetime]]:
    """Return when usable readings of good quality were measured, by kind, in order."""
    cursor = await conn.execute(
        "select kind, measured_at from reading where stay_id = %s and kind = any(%s) and measured_at between %s and %s"
        " and validity = any(%s) and coalesce(quality, 100) >= %s order by measured_at",
        (
            stay_id,
            [VITALS[kind].code for kind in kinds],
            since,
            now,
            [each.value for each in USABLE],
            _GOOD_QUALITY,
        ),
    )
    found: dict[VitalKind, list[datetime]] = {}
    for code, at in await cursor.fetchall():
        found.setdefault(BY_CODE[code].kind, []).append(at)
    return found
