"""Sessions that somebody ends: one, all of an account, all of an organisation, or what a provider has ended.

The store tells every process, when the transaction commits, to close the sockets of what has ended.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.access.principals import AccountId
from ward.people import OrganisationId
from ward.store.pool import Connection
from ward.store.sessions import Way


async def end_of_account(conn: Connection, account_id: AccountId, *, but: bytes | None = None) -> int:
    """End every session of an account, leaving the one named `but`; return how many."""
    ended = await conn.execute(
        "delete from session where account_id = %s and token_sha256 is distinct from %s", (account_id, but)
    )
    return ended.rowcount


async def end_numbered(conn: Connection, account_id: AccountId, session_id: int) -> bool:
    """End one session of an account by its number; False where there is none."""
    ended = await conn.execute(
        "delete from session where account_id = %s and session_id = %s", (account_id, session_id)
    )
    return ended.rowcount == 1


async def end_of_organisation(conn: Connection, organisation_id: OrganisationId) -> int:
    """End every session of an organisation's people; return how many."""
    ended = await conn.execute(
        "delete from session where account_id in (select c.account_id from account c"
        " left join staff f using (staff_id) left join patient p using (patient_id)"
        " where coalesce(f.organisation_id, p.organisation_id, c.kept_by) = %(organisation)s or exists"
        " (select from relative_access r join patient q on q.patient_id = r.patient_id"
        " where r.account_id = c.account_id and q.organisation_id = %(organisation)s))",
        {"organisation": organisation_id},
    )
    return ended.rowcount


async def end_provided(
    conn: Connection, issuer: str, *, subject: str | None, session: str | None, begun_before: datetime
) -> int:
    """End the sessions that a provider has ended: one of its own, or all that somebody began before; say how many."""
    ended = await conn.execute(
        "delete from session where issuer = %(issuer)s and created_at <= %(before)s"
        " and (%(subject)s::text is null or provider_subject = %(subject)s)"
        " and (%(session)s::text is null or provider_session = %(session)s)"
        " and (%(subject)s::text is not null or %(session)s::text is not null)",
        {"issuer": issuer, "subject": subject, "session": session, "before": begun_before},
    )
    return ended.rowcount


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A session as its person, or an operator, sees it in a list; `mine` is that of who looks."""

    session_id: int
    way: Way
    shared: bool
    browser: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    mine: bool


async def of_account(conn: Connection, account_id: AccountId, mine: bytes, now: datetime) -> list[OpenSession]:
    """Return the sessions of an account that are in force, the one used last first."""
    cursor = conn.cursor(row_factory=class_row(OpenSession))
    await cursor.execute(
        "select session_id, way, shared, browser, created_at, seen_at, expires_at, token_sha256 = %s as mine"
        " from session where account_id = %s and expires_at > %s order by seen_at desc, session_id",
        (mine, account_id, now),
    )
    return await cursor.fetchall()
