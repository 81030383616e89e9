"""Batons: offers of a patient, answered once. Only here are they written, each change under the lock of its row.

The caller owns the transaction. The invariants: a stay has one open offer at most (a unique index), and of two who
accept, the second finds what the first did and is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.duty.baton import Answer, Baton, Event, Lapse, Relay, TimeOut, step
from ward.errors import NotFound
from ward.people import PatientId, StaffId, StayId, TeamId
from ward.store import duty_layout
from ward.store.pool import Connection

_COLUMNS = (
    "baton_id, stay_id, rev, to_team, to_staff, offered_by, offered_at, expires_at, held_until, note, answer,"
    " answered_by, answered_at, returned_at"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatonRow:
    """A baton as it is kept."""

    baton_id: int
    stay_id: StayId
    rev: int
    to_team: TeamId
    to_staff: StaffId | None
    offered_by: StaffId
    offered_at: datetime
    expires_at: datetime
    held_until: datetime
    note: str
    answer: str | None
    answered_by: StaffId | None
    answered_at: datetime | None
    returned_at: datetime | None

    def baton(self) -> Baton:
        """Return it as the machine knows it."""
        return Baton(
            stay_id=self.stay_id,
            rev=self.rev,
            to_team=self.to_team,
            to_staff=self.to_staff,
            offered_by=self.offered_by,
            offered_at=self.offered_at,
            expires_at=self.expires_at,
            held_until=self.held_until,
            note=self.note,
            answer=None if self.answer is None else Answer(self.answer),
            answered_by=self.answered_by,
            answered_at=self.answered_at,
            returned_at=self.returned_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedRow:
    """What is said of a patient who is offered, beside who they are, and who has them now."""

    stay_id: StayId
    patient_id: PatientId
    programme: str
    needs: list[str]
    from_team: str


async def offer(conn: Connection, baton: Baton) -> int | None:
    """Keep a new offer; None where the stay has one that waits for its answer."""
    cursor = await conn.execute(
        "insert into baton (stay_id, rev, to_team, to_staff, offered_by, offered_at, expires_at, held_until, note)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (stay_id) where answer is null do nothing"
        " returning baton_id",
        (
            baton.stay_id,
            baton.rev,
            baton.to_team,
            baton.to_staff,
            baton.offered_by,
            baton.offered_at,
            baton.expires_at,
            baton.held_until,
            baton.note,
        ),
    )
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def current(conn: Connection, stay_id: StayId, now: datetime) -> list[BatonRow]:
    """Return the batons of a stay that matter now: what is offered, and what is held; the newest first."""
    cursor = conn.cursor(row_factory=class_row(BatonRow))
    await cursor.execute(
        f"select {_COLUMNS} from baton where stay_id = %(stay)s and (answer is null"  # nosec B608  # noqa: S608
        " or (answer = 'accepted' and held_until > %(now)s and returned_at is null)) order by baton_id desc".encode(),
        {"stay": stay_id, "now": now},
    )
    return await cursor.fetchall()


async def recent(conn: Connection, stay_id: StayId, most: int) -> list[BatonRow]:
    """Return the newest batons of a stay, whatever became of them."""
    cursor = conn.cursor(row_factory=class_row(BatonRow))
    await cursor.execute(
        f"select {_COLUMNS} from baton where stay_id = %s order by baton_id desc limit %s".encode(),  # nosec B608  # noqa: S608
        (stay_id, most),
    )
    return await cursor.fetchall()


async def lock(conn: Connection, stay_id: StayId, baton_id: int) -> BatonRow | None:
    """Return one baton of a stay and keep others from changing it until the transaction ends."""
    cursor = conn.cursor(row_factory=class_row(BatonRow))
    await cursor.execute(
        f"select {_COLUMNS} from baton where stay_id = %s and baton_id = %s for update".encode(),  # nosec B608  # noqa: S608
        (stay_id, baton_id),
    )
    return await cursor.fetchone()


async def of_patient(conn: Connection, patient_id: PatientId, baton_id: int) -> BatonRow | None:
    """Return one baton of a patient, whatever became of it."""
    cursor = conn.cursor(row_factory=class_row(BatonRow))
    await cursor.execute(
        f"select {_COLUMNS} from baton join stay using (stay_id) where patient_id = %s and baton_id = %s".encode(),  # nosec B608  # noqa: S608
        (patient_id, baton_id),
    )
    return await cursor.fetchone()


async def apply_event(conn: Connection, stay_id: StayId, baton_id: int, event: Event, now: datetime) -> Baton:
    """Apply what somebody did with a baton, and lay out anew who answers where that changes it.

    Raises
    ------
    NotFound
        If the stay has no such baton.
    Conflict, IllegalTransition
        As `ward.duty.baton.step` says.
    """
    if not isinstance(event, TimeOut):  # that moves nobody, and comes with the row locked
        await duty_layout.hold(conn, [stay_id])
    row = await lock(conn, stay_id, baton_id)
    if row is None:
        raise NotFound(f"baton {baton_id}")
    baton, effects = step(row.baton(), event, now)
    await conn.execute(
        "update baton set rev = %s, answer = %s, answered_by = %s, answered_at = %s, returned_at = %s"
        " where baton_id = %s",
        (baton.rev, baton.answer, baton.answered_by, baton.answered_at, baton.returned_at, baton_id),
    )
    await duty_layout.lay(conn, [each.stay_id for each in effects if isinstance(each, Relay)], now)
    return baton


async def lapse(conn: Connection, stay_id: StayId, now: datetime) -> None:
    """Settle the offer of a stay that waits for its answer: whoever made it has the patient no more.

    The caller holds the stay.
    """
    query = "select baton_id from baton where stay_id = %s and answer is null for update"
    cursor = await conn.execute(query, (stay_id,))
    for (baton_id,) in await cursor.fetchall():
        await apply_event(conn, stay_id, baton_id, Lapse(), now)


async def let_go(conn: Connection, stay_id: StayId, now: datetime) -> None:
    """End all that is held or offered of a stay's patient: another team has taken the patient home for good."""
    await lapse(conn, stay_id, now)
    await conn.execute(
        "update baton set returned_at = %(now)s, rev = rev + 1 where stay_id = %(stay)s and answer = 'accepted'"
        " and held_until > %(now)s and (returned_at is null or returned_at > %(now)s)",
        {"stay": stay_id, "now": now},
    )


async def time_out(conn: Connection, now: datetime, most: int = 500) -> list[StayId]:
    """Settle the offers that nobody answered in time; return whose patients stay with who had them."""
    cursor = await conn.execute(
        "select stay_id, baton_id from baton where answer is null and expires_at <= %s order by expires_at limit %s"
        " for update skip locked",
        (now, most),
    )
    over = await cursor.fetchall()
    for stay_id, baton_id in over:
        await apply_event(conn, stay_id, baton_id, TimeOut(), now)
    return [StayId(stay_id) for stay_id, _ in over]


async def time_out_of(conn: Connection, stay_id: StayId, now: datetime) -> None:
    """Settle a stay's offer whose time is over, so that a new one can be made before the next sweep."""
    cursor = await conn.execute(
        "select baton_id from baton where stay_id = %s and answer is null and expires_at <= %s for update",
        (stay_id, now),
    )
    for (baton_id,) in await cursor.fetchall():
        await apply_event(conn, stay_id, baton_id, TimeOut(), now)


async def waiting(conn: Connection, staff_id: StaffId, team_ids: Sequence[TeamId], now: datetime) -> list[BatonRow]:
    """Return the offers that wait for this person or a team of theirs, the first to run out first."""
    cursor = conn.cursor(row_factory=class_row(BatonRow))
    await cursor.execute(
        f"select {_COLUMNS} from baton where answer is null and expires_at > %(now)s"  # nosec B608  # noqa: S608
        " and (to_staff = %(staff)s or (to_staff is null and to_team = any(%(teams)s)))"
        " order by expires_at, baton_id".encode(),
        {"staff": staff_id, "teams": list(team_ids), "now": now},
    )
    return await cursor.fetchall()


async def offered(conn: Connection, stays: Sequence[StayId], now: datetime) -> dict[StayId, OfferedRow]:
    """Return what may be said of these stays in progress to who is offered them."""
    cursor = conn.cursor(row_factory=class_row(OfferedRow))
    await cursor.execute(
        "select s.stay_id, s.patient_id, s.programme, coalesce(c.needs, '{}') as needs, t.name as from_team"
        " from stay s left join duty_care c using (stay_id)"
        " join responsibility r on r.stay_id = s.stay_id and r.period @> %(now)s join team t on t.team_id = r.team_id"
        " where s.stay_id = any(%(stays)s) and s.period @> %(now)s",
        {"stays": list(stays), "now": now},
    )
    return {row.stay_id: row for row in await cursor.fetchall()}


async def stay_offered(
    conn: Connection, patient_id: PatientId, staff_id: StaffId, team_ids: Sequence[TeamId], now: datetime
) -> StayId | None:
    """Return the stay of a patient who is being offered to this person or a team of theirs, or whom they gave away."""
    cursor = await conn.execute(
        "select b.stay_id from baton b join stay s using (stay_id) where s.patient_id = %(patient)s"
        " and s.period @> %(now)s and ((b.answer is null and b.expires_at > %(now)s"
        " and (b.to_staff = %(staff)s or (b.to_staff is null and b.to_team = any(%(teams)s))))"
        " or (b.offered_by = %(staff)s and b.held_until > %(now)s and b.returned_at is null))"
        " order by b.baton_id desc limit 1",
        {"patient": patient_id, "staff": staff_id, "teams": list(team_ids), "now": now},
    )
    row = await cursor.fetchone()
    return None if row is None else StayId(row[0])


async def is_member(conn: Connection, team_id: TeamId, staff_id: StaffId) -> bool:
    """Tell whether somebody of a team can log in and act."""
    cursor = await conn.execute(
        "select from team_member join staff using (staff_id)"
        " where team_id = %s and staff_id = %s and disabled_at is null and role in ('nurse', 'doctor')",
        (team_id, staff_id),
    )
    return await cursor.fetchone() is not None
