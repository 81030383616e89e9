"""Accounts as the operators of an organisation look after them: added, shut, opened again. Each time is audited.

Who has an organisation's account is decided here once (`_OF`): staff and systems by their own, patients by theirs,
relatives by who added them, or of whose patients one opens something to them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from ward.access.principals import AccountId, Actor, Kind
from ward.people import OrganisationId, PatientId, Role, TeamId
from ward.store import audit, session_ends
from ward.store.audit import Action, Deed
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """An account as an operator sees it, a patient's without the name; `sessions` are those in force."""

    account_id: AccountId
    kind: Kind
    username: str | None
    name: str
    role: Role | None
    patient_id: PatientId | None
    permissions: list[str]
    has_password: bool
    must_change: bool
    disabled_at: datetime | None
    sessions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An account that logs in by a user name."""

    account_id: AccountId
    username: str
    kind: Kind
    role: Role | None
    disabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStaff:
    """Somebody who begins to work here."""

    username: str
    name: str
    title: str
    role: Role
    language: str
    phone: str | None
    team_ids: Sequence[TeamId]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPatient:
    """A patient of the organisation who is to log in; without a name to log in by, at a provider alone."""

    patient_id: PatientId
    username: str | None
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRelative:
    """Somebody to whom a patient may open something."""

    username: str | None
    name: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSystem:
    """Another system of the organisation, and what it may do; it comes in by a token."""

    name: str
    permissions: Sequence[str]


NewAccount = NewStaff | NewPatient | NewRelative | NewSystem

_OF = """
    from account c left join staff f using (staff_id) left join patient p using (patient_id)
    where (coalesce(f.organisation_id, c.organisation_id, p.organisation_id, c.kept_by) = %(organisation)s
       or exists (select from relative_access r join patient q on q.patient_id = r.patient_id
                  where r.account_id = c.account_id and q.organisation_id = %(organisation)s))
"""
# Patients by number alone: who runs the machines need not read who is cared for.
_ROW = (
    "select c.account_id, c.kind, c.username,"
    " case when c.kind = 'patient' then '' else coalesce(f.name, c.name) end as name, f.role, c.patient_id,"
    " c.permissions, c.password_hash is not null as has_password, c.must_change,"
    " coalesce(c.disabled_at, f.disabled_at) as disabled_at,"
    " (select count(*) from session s where s.account_id = c.account_id and s.expires_at > %(now)s)::int as sessions"
)


async def find(
    conn: Connection, organisation_id: OrganisationId, now: datetime, *, kind: Kind | None, after: int, limit: int
) -> list[AccountRow]:
    """Return accounts of an organisation in the order in which they were added."""
    cursor = conn.cursor(row_factory=class_row(AccountRow))
    await cursor.execute(
        f"{_ROW} {_OF} and (%(kind)s::text is null or c.kind = %(kind)s) and c.account_id > %(after)s"
        " order by c.account_id limit %(limit)s",
        {"organisation": organisation_id, "now": now, "kind": kind, "after": after, "limit": limit},
    )
    return await cursor.fetchall()


async def find_one(
    conn: Connection, organisation_id: OrganisationId, account_id: AccountId, now: datetime
) -> AccountRow | None:
    """Return an account of an organisation, None where there is none."""
    cursor = conn.cursor(row_factory=class_row(AccountRow))
    await cursor.execute(
        f"{_ROW} {_OF} and c.account_id = %(account)s",
        {"organisation": organisation_id, "now": now, "account": account_id},
    )
    return await cursor.fetchone()


async def named(conn: Connection) -> list[Known]:
    """Return every account that has a user name, of all organisations."""
    cursor = conn.cursor(row_factory=class_row(Known))
    await cursor.execute(
        "select c.account_id, c.username, c.kind, f.role,"
        " coalesce(c.disabled_at, f.disabled_at) is not null as disabled"
        " from account c left join staff f using (staff_id) where c.username is not null order by c.username"
    )
    return await cursor.fetchall()


async def add(
    conn: Connection, organisation_id: OrganisationId, new: NewAccount, actor: Actor, now: datetime
) -> AccountId | None:
    """Add an account that nobody can log in to yet.

    None where the name is taken, or where a patient has an account already or is not the organisation's.
    """
    try:
        async with conn.transaction():
            match new:
                case NewStaff():
                    account_id = await _add_staff(conn, organisation_id, new)
                case NewPatient():
                    account_id = await _add_patient(conn, organisation_id, new)
                case NewRelative():
                    account_id = await _id(conn, _RELATIVE, {"organisation": organisation_id, **_words(new)})
                case NewSystem():
                    wanted = {"organisation": organisation_id, "permissions": sorted(set(new.permissions))}
                    account_id = await _id(conn, _SYSTEM, {**wanted, "name": new.name})
    except UniqueViolation:
        return None
    if account_id is None:
        return None
    await audit.write(conn, actor, _deed(Action.ACCOUNT_ADDED, account_id), now)
    return account_id


_STAFF = """
    with f as (insert into staff (organisation_id, name, title, role, language, phone)
               values (%(organisation)s, %(name)s, %(title)s, %(role)s, %(language)s, %(phone)s) returning staff_id),
    m as (insert into team_member (team_id, staff_id) select t.team_id, f.staff_id from f cross join team t
          where t.team_id = any(%(team_ids)s) and t.organisation_id = %(organisation)s)
    insert into account (kind, username, staff_id) select 'staff', %(username)s, staff_id from f returning account_id
"""
_PATIENT = """
    insert into account (kind, username, patient_id, name, language)
    select 'patient', %(username)s, patient_id, given_name || ' ' || family_name, %(language)s from patient
    where patient_id = %(patient_id)s and organisation_id = %(organisation)s returning account_id
"""
_RELATIVE = """
    insert into account (kind, username, name, language, kept_by)
    values ('relative', %(username)s, %(name)s, %(language)s, %(organisation)s) returning account_id
"""
_SYSTEM = """
    insert into account (kind, organisation_id, name, permissions)
    values ('system', %(organisation)s, %(name)s, %(permissions)s) returning account_id
"""


async def _add_staff(conn: Connection, organisation_id: OrganisationId, new: NewStaff) -> AccountId | None:
    words = {"title": new.title, "role": new.role.value, "phone": new.phone, "team_ids": list(new.team_ids)}
    return await _id(conn, _STAFF, {"organisation": organisation_id, **_words(new), **words})


async def _add_patient(conn: Connection, organisation_id: OrganisationId, new: NewPatient) -> AccountId | None:
    words = {"username": new.username, "language": new.language, "patient_id": new.patient_id}
    return await _id(conn, _PATIENT, {"organisation": organisation_id, **words})


def _words(new: NewStaff | NewRelative) -> dict[str, object]:
    return {"username": new.username, "name": new.name, "language": new.language}


async def _id(conn: Connection, query: str, parameters: dict[str, object]) -> AccountId | None:
    row = await (await conn.execute(query.encode(), parameters)).fetchone()
    return None if row is None else AccountId(row[0])


async def foreign_teams(conn: Connection, organisation_id: OrganisationId, teams: Sequence[TeamId]) -> list[int]:
    """Return those of these numbers that are no team of the organisation."""
    rows = await (
        await conn.execute(
            "select t.id from unnest(%s::bigint[]) t (id) where not exists"
            " (select from team where team_id = t.id and organisation_id = %s) order by 1",
            (list(teams), organisation_id),
        )
    ).fetchall()
    return [row[0] for row in rows]


async def disable(conn: Connection, account_id: AccountId, reason: str, actor: Actor, now: datetime) -> None:
    """Shut an account: its sessions and tokens are worth nothing from now on. Twice is once."""
    changed = await conn.execute(
        "with f as (update staff set disabled_at = %(now)s where disabled_at is null"
        " and staff_id = (select staff_id from account where account_id = %(account)s) returning 1),"
        " c as (update account set disabled_at = %(now)s where account_id = %(account)s and kind <> 'staff'"
        " and disabled_at is null returning 1) select from f union all select from c",
        {"now": now, "account": account_id},
    )
    if changed.rowcount:
        await audit.write(conn, actor, _deed(Action.ACCOUNT_DISABLED, account_id, reason), now)
    await session_ends.end_of_account(conn, account_id)


async def enable(conn: Connection, account_id: AccountId, reason: str, actor: Actor, now: datetime) -> None:
    """Open an account again, with the password it had; what ended stays ended. Twice is once."""
    changed = await conn.execute(
        "with f as (update staff set disabled_at = null where disabled_at is not null"
        " and staff_id = (select staff_id from account where account_id = %(account)s) returning 1),"
        " c as (update account set disabled_at = null where account_id = %(account)s and kind <> 'staff'"
        " and disabled_at is not null returning 1) select from f union all select from c",
        {"account": account_id},
    )
    if changed.rowcount:
        await audit.write(conn, actor, _deed(Action.ACCOUNT_ENABLED, account_id, reason), now)


def _deed(action: Action, account_id: AccountId, reason: str | None = None) -> Deed:
    return Deed(action=action, reason=reason, detail={"account_id": account_id})
