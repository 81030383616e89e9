"""Links for ambulance crews: who made one for whom and until when, who took it back, and every opening.

The token is kept as its SHA-256 only. The caller owns the transaction. The invariant: a link that was never made, has
expired, was taken back, or whose stay is over is found by one and the same question, and answers none.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.access.principals import AccountId, Actor, Capacity
from ward.people import OrganisationId, PatientId, Role, StaffId, StayId, TeamId
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCard:
    """A link that is to be made."""

    stay_id: StayId
    token_sha256: bytes
    made_by: StaffId
    expires_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRow:
    """A link as it is kept, with when it was opened, the newest first."""

    card_id: int
    made_by: StaffId
    made_by_name: str
    made_at: datetime
    expires_at: datetime
    reason: str
    revoked_at: datetime | None
    openings: list[datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a good link leads to, and who made it, as they are now."""

    card_id: int
    stay_id: StayId
    patient_id: PatientId
    expires_at: datetime
    account_id: AccountId
    made_by: StaffId
    role: Role
    organisation_id: OrganisationId
    team_ids: list[TeamId]

    @property
    def maker(self) -> Actor:
        """Who the log says let the crew in."""
        return Actor(
            account_id=self.account_id,
            capacity=Capacity(self.role),
            staff_id=self.made_by,
            organisation_id=self.organisation_id,
            team_ids=tuple(self.team_ids),
        )


_CARDS = """
    select c.card_id, c.made_by, f.name as made_by_name, c.made_at, c.expires_at, c.reason, c.revoked_at,
           array(select o.at from ambulance_opening o where o.card_id = c.card_id order by o.at desc) as openings
    from ambulance_card c join staff f on f.staff_id = c.made_by where c.stay_id = %(stay)s
"""


async def make(conn: Connection, new: NewCard, now: datetime) -> int:
    """Keep a link and return its number."""
    cursor = await conn.execute(
        "insert into ambulance_card (stay_id, token_sha256, made_by, made_at, expires_at, reason)"
        " values (%s, %s, %s, %s, %s, %s) returning card_id",
        (new.stay_id, new.token_sha256, new.made_by, now, new.expires_at, new.reason),
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - an insert with returning gives a row
    return int(row[0])


async def of_stay(conn: Connection, stay_id: StayId) -> list[CardRow]:
    """Return the links of a stay, the newest first."""
    cursor = conn.cursor(row_factory=class_row(CardRow))
    await cursor.execute(f"{_CARDS} order by c.card_id desc".encode(), {"stay": stay_id})
    return await cursor.fetchall()


async def one(conn: Connection, stay_id: StayId, card_id: int) -> CardRow | None:
    """Return one link of a stay."""
    cursor = conn.cursor(row_factory=class_row(CardRow))
    await cursor.execute(f"{_CARDS} and c.card_id = %(card)s".encode(), {"stay": stay_id, "card": card_id})
    return await cursor.fetchone()


async def revoke(conn: Connection, stay_id: StayId, card_id: int, by: StaffId, now: datetime) -> bool:
    """Take a link back; False where it was taken back already."""
    done = await conn.execute(
        "update ambulance_card set revoked_at = %s, revoked_by = %s"
        " where stay_id = %s and card_id = %s and revoked_at is null",
        (now, by, stay_id, card_id),
    )
    return done.rowcount == 1


async def follow(conn: Connection, token_sha256: bytes, now: datetime) -> Opened | None:
    """Return what a link leads to and note the opening; None for every link that is not good now."""
    cursor = conn.cursor(row_factory=class_row(Opened))
    await cursor.execute(
        "with good as (select c.card_id, c.stay_id, s.patient_id, c.expires_at, a.account_id, c.made_by, f.role,"
        " f.organisation_id, array(select m.team_id from team_member m where m.staff_id = c.made_by order by 1)"
        " as team_ids from ambulance_card c join staff f on f.staff_id = c.made_by"
        " join account a on a.staff_id = c.made_by"
        " join stay s using (stay_id) where c.token_sha256 = %(token)s and c.revoked_at is null"
        " and c.expires_at > %(now)s and s.period @> %(now)s::timestamptz),"
        " noted as (insert into ambulance_opening (card_id, at) select card_id, %(now)s from good)"
        " select * from good",
        {"token": token_sha256, "now": now},
    )
    return await cursor.fetchone()
