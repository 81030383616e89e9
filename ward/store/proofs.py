"""What proves who somebody is: their password, their PIN, and the one-time secret that sets a password.

Hashes come from `api.passwords`; none is compared here. A new password always ends the account's other sessions.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from ward.access.principals import AccountId, Actor, Capacity, Kind
from ward.people import OrganisationId, Role, StaffId
from ward.store import audit, session_ends
from ward.store.audit import Action, Deed
from ward.store.pool import Connection

PIN_TRIES = 5
RESET_LASTS = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What an account is proved by, and the names that a guesser knows."""

    account_id: AccountId
    kind: Kind
    staff_id: StaffId | None
    role: Role | None
    organisation_id: OrganisationId | None
    username: str | None
    name: str
    organisation_name: str | None
    password_hash: str | None
    pin_hash: str | None
    pin_failures: int

    @property
    def actor(self) -> Actor:
        """Who the audit says it was, where the account's own person did it."""
        return Actor(
            account_id=self.account_id,
            capacity=Capacity(self.role or self.kind),
            staff_id=self.staff_id,
            organisation_id=self.organisation_id,
        )

    @property
    def counted_as(self) -> str:
        """The name under which guesses are counted; nobody logs in by a name with a space."""
        return self.username or f"account {self.account_id}"

    @property
    def names(self) -> tuple[str, ...]:
        """What a guesser knows of this person."""
        return tuple(each for each in (self.username, self.name, self.organisation_name) if each)


_PROOFS = """
    select c.account_id, c.kind, f.staff_id, f.role, o.organisation_id, c.username,
           coalesce(f.name, c.name, '') as name, o.name as organisation_name, c.password_hash, c.pin_hash,
           c.pin_failures
    from account c left join staff f using (staff_id)
    left join organisation o on o.organisation_id = coalesce(f.organisation_id, c.organisation_id)
    where c.disabled_at is null and f.disabled_at is null
"""


async def read(conn: Connection, account_id: AccountId) -> Proofs | None:
    """Return what proves an account, None where it is not open."""
    cursor = conn.cursor(row_factory=class_row(Proofs))
    await cursor.execute(f"{_PROOFS} and c.account_id = %s", (account_id,))
    return await cursor.fetchone()


async def set_password(
    conn: Connection, account_id: AccountId, password_hash: str, actor: Actor, now: datetime, *, but: bytes | None
) -> None:
    """Keep a password that its person has chosen; every session but the one named `but` ends."""
    await conn.execute(
        "update account set password_hash = %s, password_at = %s, must_change = false, password_published = false"
        " where account_id = %s",
        (password_hash, now, account_id),
    )
    await conn.execute("delete from password_reset where account_id = %s", (account_id,))
    await session_ends.end_of_account(conn, account_id, but=but)
    await audit.write(conn, actor, Deed(action=Action.PASSWORD_CHANGED, detail={"account_id": account_id}), now)


async def give_password(
    conn: Connection, account_id: AccountId, password_hash: str, reason: str, now: datetime
) -> None:
    """Keep a password that its person must change at once, on behalf of who has the machine itself; sessions end."""
    proved = await read(conn, account_id)
    if proved is None:
        return
    await set_password(conn, account_id, password_hash, proved.actor, now, but=None)
    await conn.execute("update account set must_change = true, pin_hash = null where account_id = %s", (account_id,))
    deed = Deed(action=Action.PASSWORD_RESET_GIVEN, reason=reason, detail={"account_id": account_id})
    await audit.write(conn, proved.actor, deed, now)


async def require_change(conn: Connection, username: str) -> None:
    """Have whoever logs in by this name change the password first: somebody else has read it."""
    await conn.execute("update account set must_change = true where username = %s", (username,))


async def note_published(conn: Connection, account_id: AccountId) -> None:
    """Note that the password which was just right is one that everybody can read."""
    await conn.execute("update account set password_published = true where account_id = %s", (account_id,))


async def set_pin(conn: Connection, account_id: AccountId, pin_hash: str | None, actor: Actor, now: datetime) -> None:
    """Keep a PIN, or take it away."""
    await conn.execute(
        "update account set pin_hash = %s, pin_failures = 0 where account_id = %s", (pin_hash, account_id)
    )
    await audit.write(conn, actor, Deed(action=Action.PIN_CHANGED, detail={"account_id": account_id}), now)


async def count_pin(conn: Connection, account_id: AccountId) -> str | None:
    """Count a try at a PIN before it is looked at and return its hash; None where there is none, or no try left."""
    row = await (
        await conn.execute(
            "update account set pin_failures = pin_failures + 1"
            " where account_id = %s and pin_hash is not null and pin_failures < %s returning pin_hash",
            (account_id, PIN_TRIES),
        )
    ).fetchone()
    return None if row is None else str(row[0])


async def clear_pin(conn: Connection, account_id: AccountId) -> None:
    """Forget the tries at a PIN, after it or the password was right."""
    await conn.execute("update account set pin_failures = 0 where account_id = %s", (account_id,))


async def give_reset(
    conn: Connection, account_id: AccountId, secret_sha256: bytes, actor: Actor, now: datetime
) -> datetime:
    """Let whoever has this secret set the password once, until the time returned; earlier secrets are void."""
    expires_at = now + RESET_LASTS
    await conn.execute("delete from password_reset where account_id = %s or expires_at <= %s", (account_id, now))
    await conn.execute(
        "insert into password_reset (secret_sha256, account_id, made_at, made_by, expires_at)"
        " values (%s, %s, %s, %s, %s)",
        (secret_sha256, account_id, now, actor.account_id, expires_at),
    )
    deed = Deed(action=Action.PASSWORD_RESET_GIVEN, detail={"account_id": account_id})
    await audit.write(conn, actor, deed, now)
    return expires_at


async def read_reset(conn: Connection, secret_sha256: bytes, now: datetime) -> Proofs | None:
    """Return whose password this secret sets, and lock it until the transaction ends; None where it is void."""
    row = await (
        await conn.execute(
            "select account_id from password_reset where secret_sha256 = %s and expires_at > %s for update",
            (secret_sha256, now),
        )
    ).fetchone()
    return None if row is None else await read(conn, AccountId(row[0]))
