"""Log-ins: who somebody is, their sessions, and failed attempts.

A session is kept as the SHA-256 of its token, so that reading the store opens no session.
An attempt is counted before the password is looked at, in one statement: guesses in parallel count too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row
from typing_extensions import TypedDict

from ward.access.principals import AccountId, Kind
from ward.people import OrganisationId, PatientId, Role, StaffId, Team, TeamId
from ward.store import access
from ward.store.pool import Connection

FREE_ATTEMPTS = 5
LONGEST_WAIT = timedelta(seconds=60)
FORGOTTEN_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a log-in is checked against."""

    account_id: AccountId
    password_hash: str | None


class OpeningRow(TypedDict):
    """What a patient has opened to the relative whose session it is."""

    patient_id: PatientId
    opens: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session that is in force, and whose it is. The lists are sorted."""

    token_sha256: bytes
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    account_id: AccountId
    kind: Kind
    username: str | None
    name: str
    language: str
    staff_id: StaffId | None
    title: str | None
    role: Role | None
    organisation_id: OrganisationId | None
    organisation_name: str | None
    team_ids: list[TeamId]
    patient_id: PatientId | None
    permissions: list[str]
    openings: list[OpeningRow]
    own_patient_ids: list[PatientId]
    emergency_ids: list[PatientId]


_SESSIONS = (
    b"""
    select s.token_sha256, s.created_at, s.seen_at, s.expires_at, c.account_id, c.kind, c.username,
           coalesce(f.name, c.name) as name, coalesce(f.language, c.language, 'sv') as language,
           f.staff_id, f.title, f.role, o.organisation_id, o.name as organisation_name,
           array(select m.team_id from team_member m where m.staff_id = f.staff_id order by 1) as team_ids,
           c.patient_id, c.permissions,
           coalesce((select jsonb_agg(jsonb_build_object('patient_id', r.patient_id, 'opens', r.opens)
                            order by r.patient_id)
                     from relative_access r where r.account_id = c.account_id and r.ended_at is null),
                    '[]') as openings,
           array(select w.patient_id from ("""
    + access.PERSONAL
    + b""") w where f.staff_id is not null order by 1) as own_patient_ids,
           array(select w.patient_id from ("""
    + access.OPENED
    + b""") w group by 1 order by 1) as emergency_ids
    from session s join account c using (account_id) left join staff f using (staff_id)
    left join organisation o on o.organisation_id = coalesce(f.organisation_id, c.organisation_id)
    where s.token_sha256 = any(%(tokens)s) and s.expires_at > %(now)s
      and c.disabled_at is null and f.disabled_at is null
"""
)


async def find_account(conn: Connection, username: str) -> Account | None:
    """Return the account that may log in by this name."""
    cursor = conn.cursor(row_factory=class_row(Account))
    await cursor.execute(
        "select c.account_id, c.password_hash from account c left join staff f using (staff_id)"
        " where c.username = %s and c.disabled_at is null and f.disabled_at is null",
        (username,),
    )
    return await cursor.fetchone()


async def open_session(
    conn: Connection, *, token_sha256: bytes, account_id: AccountId, now: datetime, expires_at: datetime
) -> None:
    """Keep a new session, and sweep out those that have expired."""
    await conn.execute("delete from session where expires_at <= %s", (now,))
    await conn.execute(
        "insert into session (token_sha256, account_id, created_at, seen_at, expires_at) values (%s, %s, %s, %s, %s)",
        (token_sha256, account_id, now, now, expires_at),
    )


async def read_sessions(conn: Connection, tokens: Sequence[bytes], now: datetime) -> list[SessionRow]:
    """Return those of these sessions that are in force."""
    cursor = conn.cursor(row_factory=class_row(SessionRow))
    await cursor.execute(_SESSIONS, {"tokens": list(tokens), "now": now}, prepare=True)
    return await cursor.fetchall()


async def touch_session(conn: Connection, token_sha256: bytes, now: datetime, expires_at: datetime) -> None:
    """Note that a session was used just now, and until when it therefore lasts."""
    await conn.execute(
        "update session set seen_at = %s, expires_at = %s where token_sha256 = %s", (now, expires_at, token_sha256)
    )


async def revoke_session(conn: Connection, token_sha256: bytes) -> None:
    """End one session; every process that may hold a socket of it is told by the store."""
    await conn.execute("delete from session where token_sha256 = %s", (token_sha256,))


async def revoke_staff(conn: Connection, staff_id: StaffId) -> None:
    """End every session of one person; every process is told by the store."""
    await conn.execute(
        "delete from session where account_id in (select account_id from account where staff_id = %s)", (staff_id,)
    )


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
