"""Log-ins: who somebody is, and their sessions, until they run out or somebody ends them.

A session is opened by a secret, of which the SHA-256 is kept, so that reading the store opens none. The secret may
change while the session lasts; `token_sha256` is its name and does not. A system's token is a session of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from psycopg.rows import class_row
from typing_extensions import TypedDict

from ward.access.principals import AccountId, Kind
from ward.people import OrganisationId, PatientId, Role, StaffId, Team, TeamId
from ward.store import access
from ward.store.pool import Connection

MOST = 20
"""How many sessions one account has at once: every screen of a ward that shares one, and no more."""


class Way(StrEnum):
    """How a session came about."""

    PASSWORD = "password"  # noqa: S105 - a word, no secret
    OIDC = "oidc"
    TOKEN = "token"  # noqa: S105 - likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a log-in is checked against."""

    account_id: AccountId
    password_hash: str | None
    password_published: bool
    has_factor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Provided:
    """What a provider said of a log-in: who they are there, and the name of their session there."""

    issuer: str
    subject: str
    session: str | None


class OpeningRow(TypedDict):
    """What a patient has opened to the relative whose session it is."""

    patient_id: PatientId
    opens: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session that is in force, and whose it is. The lists are sorted.

    `confirmed_at` is when its person last proved to be there; `must_change` says that only another password helps,
    `has_factor` that the account's password does not do alone.
    """

    session_id: int
    token_sha256: bytes
    way: Way
    shared: bool
    confirmed_at: datetime
    must_change: bool
    has_factor: bool
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


# A password that everybody can read in the demo's files is good as long as all that is stored is the demo.
_WHO = (
    b"""
    select s.session_id, s.token_sha256, s.way, s.shared, s.confirmed_at,
           s.way = 'password' and (c.must_change or c.password_published and (
               exists (select from stay where mode = 'real') or not exists (select from stay where mode = 'demo')
           )) as must_change,
           exists (select from second_factor x
                   where x.account_id = c.account_id and x.sealed is not null) as has_factor,
           s.created_at, s.seen_at, s.expires_at, c.account_id, c.kind, c.username,
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
    from (
        select session_id, token_sha256, secret_sha256, way, shared, confirmed_at, created_at, seen_at, expires_at,
               account_id
        from session
        union all
        select token_id, token_sha256, token_sha256, 'token', false, made_at, made_at, coalesce(last_used_at, made_at),
               expires_at, account_id
        from access_token where revoked_at is null
    ) s join account c using (account_id) left join staff f using (staff_id)
    left join organisation o on o.organisation_id = coalesce(f.organisation_id, c.organisation_id)
    where s.expires_at > %(now)s and c.disabled_at is null and f.disabled_at is null
"""
)
_NAMED = _WHO + b" and s.token_sha256 = any(%(tokens)s)"
_OPENED_BY = _WHO + b" and s.secret_sha256 = %(secret)s"


async def find_account(conn: Connection, username: str) -> Account | None:
    """Return the account that may log in by this name."""
    cursor = conn.cursor(row_factory=class_row(Account))
    await cursor.execute(
        "select c.account_id, c.password_hash, c.password_published,"
        " exists (select from second_factor s where s.account_id = c.account_id and s.sealed is not null) as has_factor"
        " from account c left join staff f using (staff_id)"
        " where c.username = %s and c.disabled_at is null and f.disabled_at is null",
        (username,),
    )
    return await cursor.fetchone()


async def open_session(
    conn: Connection,
    *,
    token_sha256: bytes,
    account_id: AccountId,
    now: datetime,
    expires_at: datetime,
    shared: bool = False,
    browser: str = "",
    provided: Provided | None = None,
) -> int:
    """Keep a new session, and sweep out those that have expired. `provided`: where a provider logged them in.

    Beyond `MOST` of one account those that were used longest ago end; return how many did.
    """
    await conn.execute("delete from session where expires_at <= %s", (now,))
    await conn.execute(
        "insert into session (token_sha256, secret_sha256, account_id, way, shared, browser, created_at, seen_at,"
        " confirmed_at, expires_at, issuer, provider_subject, provider_session) values (%(token)s, %(token)s,"
        " %(account)s, %(way)s, %(shared)s, %(browser)s, %(now)s, %(now)s, %(now)s, %(expires)s, %(issuer)s,"
        " %(subject)s, %(provider_session)s)",
        {
            "token": token_sha256,
            "account": account_id,
            "way": Way.OIDC.value if provided else Way.PASSWORD.value,
            "shared": shared,
            "browser": browser,
            "now": now,
            "expires": expires_at,
            "issuer": provided.issuer if provided else None,
            "subject": provided.subject if provided else None,
            "provider_session": provided.session if provided else None,
        },
    )
    ended = await conn.execute(
        "delete from session where account_id = %(account)s and token_sha256 <> %(token)s and session_id not in"
        " (select session_id from session where account_id = %(account)s and token_sha256 <> %(token)s"
        " order by seen_at desc, session_id desc limit %(others)s)",
        {"account": account_id, "token": token_sha256, "others": MOST - 1},
    )
    return ended.rowcount


async def find_session(conn: Connection, secret_sha256: bytes, now: datetime) -> SessionRow | None:
    """Return the session in force that this secret opens."""
    cursor = conn.cursor(row_factory=class_row(SessionRow))
    await cursor.execute(_OPENED_BY, {"secret": secret_sha256, "now": now}, prepare=True)
    return await cursor.fetchone()


async def read_sessions(conn: Connection, tokens: Sequence[bytes], now: datetime) -> list[SessionRow]:
    """Return those of the sessions of these names that are in force."""
    cursor = conn.cursor(row_factory=class_row(SessionRow))
    await cursor.execute(_NAMED, {"tokens": list(tokens), "now": now}, prepare=True)
    return await cursor.fetchall()


async def touch_session(conn: Connection, row: SessionRow, now: datetime, expires_at: datetime) -> None:
    """Note that a session was used just now, and until when it therefore lasts; a token's end is fixed."""
    if row.way == Way.TOKEN:
        await conn.execute("update access_token set last_used_at = %s where token_id = %s", (now, row.session_id))
        return
    await conn.execute(
        "update session set seen_at = %s, expires_at = %s where token_sha256 = %s", (now, expires_at, row.token_sha256)
    )


async def confirm_session(conn: Connection, token_sha256: bytes, now: datetime, secret_sha256: bytes | None) -> None:
    """Note that the person of a session is there; where they proved it anew, by another secret from now on."""
    await conn.execute(
        "update session set confirmed_at = %s, secret_sha256 = coalesce(%s, secret_sha256) where token_sha256 = %s",
        (now, secret_sha256, token_sha256),
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
