"""Log-ins: who somebody is, their sessions, and failed attempts.

A session is kept as the SHA-256 of its token, so that reading the store opens no session.
An attempt is counted before the password is looked at, in one statement: guesses in parallel count too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from ward.people import OrganisationId, Role, StaffId, Team, TeamId
from ward.store.bus import Channel
from ward.store.pool import Connection

FREE_ATTEMPTS = 5
LONGEST_WAIT = timedelta(seconds=60)
FORGOTTEN_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a log-in is checked against."""

    staff_id: StaffId
    password_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session that is in force, and whose it is. `team_ids` is sorted."""

    token_sha256: bytes
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    staff_id: StaffId
    username: str
    name: str
    title: str
    role: Role
    language: str
    organisation_id: OrganisationId
    organisation_name: str
    team_ids: list[TeamId]


_SESSIONS = b"""
    select s.token_sha256, s.created_at, s.seen_at, s.expires_at, f.staff_id, f.username, f.name, f.title, f.role,
           f.language, o.organisation_id, o.name as organisation_name,
           array(select m.team_id from team_member m where m.staff_id = f.staff_id order by 1) as team_ids
    from session s join staff f using (staff_id) join organisation o using (organisation_id)
    where s.token_sha256 = any(%(tokens)s) and s.expires_at > %(now)s and f.disabled_at is null
"""


async def find_account(conn: Connection, username: str) -> Account | None:
    """Return the account that may log in by this name."""
    cursor = conn.cursor(row_factory=class_row(Account))
    await cursor.execute(
        "select staff_id, password_hash from staff where username = %s and disabled_at is null", (username,)
    )
    return await cursor.fetchone()


async def open_session(
    conn: Connection, *, token_sha256: bytes, staff_id: StaffId, now: datetime, expires_at: datetime
) -> None:
    """Keep a new session, and sweep out those that have expired."""
    await conn.execute("delete from session where expires_at <= %s", (now,))
    await conn.execute(
        "insert into session (token_sha256, staff_id, created_at, seen_at, expires_at) values (%s, %s, %s, %s, %s)",
        (token_sha256, staff_id, now, now, expires_at),
    )


async def read_sessions(conn: Connection, tokens: Sequence[bytes], now: datetime) -> list[SessionRow]:
    """Return those of these sessions that are in force."""
    cursor = conn.cursor(row_factory=class_row(SessionRow))
    await cursor.execute(_SESSIONS, {"tokens": list(tokens), "now": now})
    return await cursor.fetchall()


async def touch_session(conn: Connection, token_sha256: bytes, now: datetime, expires_at: datetime) -> None:
    """Note that a session was used just now, and until when it therefore lasts."""
    await conn.execute(
        "update session set seen_at = %s, expires_at = %s where token_sha256 = %s", (now, expires_at, token_sha256)
    )


async def revoke_session(conn: Connection, token_sha256: bytes) -> None:
    """End one session and tell every process that may hold a socket of it."""
    await conn.execute("delete from session where token_sha256 = %s", (token_sha256,))
    await _announce(conn)


async def revoke_staff(conn: Connection, staff_id: StaffId) -> None:
    """End every session of one person and tell every process."""
    await conn.execute("delete from session where staff_id = %s", (staff_id,))
    await _announce(conn)


async def _announce(conn: Connection) -> None:
    await conn.execute("select pg_notify(%s, '')", (Channel.SESSIONS.value,))


async def read_teams(conn: Connection, team_ids: Sequence[TeamId]) -> list[Team]:
    """Return these teams by name."""
    cursor = conn.cursor(row_factory=class_row(Team))
    await cursor.execute(
        "select team_id, organisation_id, name, phone from team where team_id = any(%s) order by name, team_id",
        (list(team_ids),),
    )
    return await cursor.fetchall()


async def count_attempt(conn: Connection, username: str, now: datetime) -> bool:
    """Count an attempt to log in; False when this name must wait, and then nothing is counted.

    Five attempts are free; each further one must wait twice as long as the one before, up to a minute.
    """
    cursor = await conn.execute(
        """
        insert into login_failure as f (username, failures, last_at) values (%(username)s, 1, %(now)s)
        on conflict (username) do update
            set failures = case when f.last_at <= %(forgotten)s then 1 else f.failures + 1 end, last_at = %(now)s
            where f.last_at <= %(forgotten)s or f.failures < %(free)s
               or f.last_at + least(%(longest)s, interval '1 s' * 2 ^ least(f.failures - %(free)s, 20)) <= %(now)s
        returning 1
        """,
        {
            "username": username,
            "now": now,
            "forgotten": now - FORGOTTEN_AFTER,
            "free": FREE_ATTEMPTS,
            "longest": LONGEST_WAIT,
        },
    )
    counted = await cursor.fetchone() is not None
    await conn.execute("delete from login_failure where last_at < %s", (now - timedelta(days=1),))
    return counted


async def clear_attempts(conn: Connection, username: str) -> None:
    """Forget the attempts of a name, after a log-in that succeeded."""
    await conn.execute("delete from login_failure where username = %s", (username,))
