"""Organisations, teams, staff, patients, stays, devices: what is written when somebody or something is admitted.

Reads for the board are in `tiles`, for log-in in `sessions`. Overlaps are refused by the schema:
`psycopg.errors.ExclusionViolation` comes through as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from psycopg.rows import class_row

from ward.access.principals import AccountId, Kind
from ward.people import DeviceNo, OrganisationId, PatientId, Role, StaffId, StayId, TeamId
from ward.store.pool import Connection
from ward.vitals import Mode


async def _id(conn: Connection, query: str, parameters: dict[str, object]) -> int:
    row = await (await conn.execute(query.encode(), parameters)).fetchone()
    if row is None:
        raise AssertionError("an insert with returning gives a row")
    number: int = row[0]
    return number


async def add_organisation(conn: Connection, *, name: str, kind: str, hsa_id: str | None = None) -> OrganisationId:
    """Add an organisation; `kind` is `region` or `municipality`."""
    query = (
        "insert into organisation (name, kind, hsa_id) values (%(name)s, %(kind)s, %(hsa_id)s)"
        " returning organisation_id"
    )
    return OrganisationId(await _id(conn, query, {"name": name, "kind": kind, "hsa_id": hsa_id}))


async def find_organisation(conn: Connection, name: str) -> OrganisationId | None:
    """Return the organisation of that name, None when there is none."""
    row = await (
        await conn.execute("select organisation_id from organisation where name = %s", (name,), binary=True)
    ).fetchone()
    return OrganisationId(row[0]) if row else None


async def add_team(
    conn: Connection, *, organisation_id: OrganisationId, name: str, phone: str, competences: Sequence[str] = ()
) -> TeamId:
    """Add a team; `competences` are tags of what it can do, by which patients are routed to it."""
    query = (
        "insert into team (organisation_id, name, phone, competences)"
        " values (%(organisation_id)s, %(name)s, %(phone)s, %(competences)s) returning team_id"
    )
    parameters: dict[str, object] = {
        "organisation_id": organisation_id,
        "name": name,
        "phone": phone,
        "competences": sorted(set(competences)),
    }
    return TeamId(await _id(conn, query, parameters))


async def add_staff(
    conn: Connection,
    *,
    organisation_id: OrganisationId,
    username: str,
    name: str,
    title: str,
    role: Role,
    password_hash: str,
    language: str = "sv",
    phone: str | None = None,
) -> StaffId:
    """Add somebody who can log in. The hash comes from `api.passwords.hash_password`; the name is kept small."""
    query = (
        "with f as (insert into staff (organisation_id, name, title, role, language, phone) values"
        " (%(organisation_id)s, %(name)s, %(title)s, %(role)s, %(language)s, %(phone)s) returning staff_id)"
        " insert into account (kind, username, password_hash, staff_id)"
        " select 'staff', %(username)s, %(password_hash)s, staff_id from f returning staff_id"
    )
    parameters: dict[str, object] = {
        "organisation_id": organisation_id,
        "username": username.lower(),
        "name": name,
        "title": title,
        "role": role.value,
        "password_hash": password_hash,
        "language": language,
        "phone": phone,
    }
    return StaffId(await _id(conn, query, parameters))


async def add_account(
    conn: Connection,
    *,
    kind: Kind,
    username: str,
    name: str,
    password_hash: str,
    language: str = "sv",
    patient_id: PatientId | None = None,
    kept_by: OrganisationId | None = None,
) -> AccountId:
    """Add a patient or a relative who can log in; `kept_by` is whose operators look after a relative's account."""
    query = (
        "insert into account (kind, username, name, password_hash, language, patient_id, kept_by) values"
        " (%(kind)s, %(username)s, %(name)s, %(password_hash)s, %(language)s, %(patient_id)s, %(kept_by)s)"
        " returning account_id"
    )
    parameters: dict[str, object] = {
        "kind": kind.value,
        "username": username.lower(),
        "name": name,
        "password_hash": password_hash,
        "language": language,
        "patient_id": patient_id,
        "kept_by": kept_by,
    }
    return AccountId(await _id(conn, query, parameters))


async def add_member(conn: Connection, *, team_id: TeamId, staff_id: StaffId) -> None:
    """Make somebody a member of a team; being one already changes nothing."""
    await conn.execute(
        "insert into team_member (team_id, staff_id) values (%s, %s) on conflict do nothing", (team_id, staff_id)
    )


async def add_patient(
    conn: Connection,
    *,
    organisation_id: OrganisationId,
    personal_number: str,
    given_name: str,
    family_name: str,
    birth_date: date,
    sex: str,
    phone: str | None = None,
    address: str | None = None,
) -> PatientId:
    """Add a patient; `personal_number` has twelve characters, `sex` is female, male, other or unknown."""
    query = (
        "insert into patient (organisation_id, personal_number, given_name, family_name, birth_date, sex, phone,"
        " address) values (%(organisation_id)s, %(personal_number)s, %(given_name)s, %(family_name)s, %(birth_date)s,"
        " %(sex)s, %(phone)s, %(address)s) returning patient_id"
    )
    parameters: dict[str, object] = {
        "organisation_id": organisation_id,
        "personal_number": personal_number,
        "given_name": given_name,
        "family_name": family_name,
        "birth_date": birth_date,
        "sex": sex,
        "phone": phone,
        "address": address,
    }
    return PatientId(await _id(conn, query, parameters))


async def add_stay(
    conn: Connection,
    *,
    patient_id: PatientId,
    programme: str,
    reason: str,
    next_step: str,
    started_at: datetime,
    ended_at: datetime | None = None,
    mode: Mode = Mode.REAL,
) -> StayId:
    """Start a stay and have it watched from its first moment, so that silence is noticed too; one may be over."""
    query = (
        "insert into stay (patient_id, programme, reason, next_step, period, mode) values"
        " (%(patient_id)s, %(programme)s, %(reason)s, %(next_step)s, tstzrange(%(started_at)s, %(ended_at)s), %(mode)s)"
        " returning stay_id"
    )
    parameters: dict[str, object] = {
        "patient_id": patient_id,
        "programme": programme,
        "reason": reason,
        "next_step": next_step,
        "started_at": started_at,
        "ended_at": ended_at,
        "mode": mode.value,
    }
    stay_id = StayId(await _id(conn, query, parameters))
    if ended_at is None:
        await conn.execute("insert into evaluation_due (stay_id, due_at) values (%s, %s)", (stay_id, started_at))
    return stay_id


async def add_responsibility(
    conn: Connection, *, stay_id: StayId, team_id: TeamId, from_at: datetime, until: datetime | None = None
) -> None:
    """Let a team answer for a stay from `from_at` until before `until` (None: for ever)."""
    await conn.execute(
        "insert into responsibility (stay_id, team_id, period) values (%s, %s, tstzrange(%s, %s))",
        (stay_id, team_id, from_at, until),
    )


async def add_device(
    conn: Connection, *, device_id: str, secret_sha256: bytes, model: str = "", mode: Mode = Mode.REAL
) -> DeviceNo:
    """Add a device that may publish with the secret whose SHA-256 is given."""
    query = (
        "insert into device (device_id, secret_sha256, model, mode) values"
        " (%(device_id)s, %(secret_sha256)s, %(model)s, %(mode)s) returning device_no"
    )
    parameters: dict[str, object] = {
        "device_id": device_id,
        "secret_sha256": secret_sha256,
        "model": model,
        "mode": mode.value,
    }
    return DeviceNo(await _id(conn, query, parameters))


async def add_binding(
    conn: Connection, *, device_no: DeviceNo, stay_id: StayId, from_at: datetime, until: datetime | None = None
) -> None:
    """Bind a device to a stay from `from_at` until before `until` (None: for ever)."""
    await conn.execute(
        "insert into binding (device_no, stay_id, period) values (%s, %s, tstzrange(%s, %s))",
        (device_no, stay_id, from_at, until),
    )


# A period may have been entered as up to `infinity`, which no clock shows: it ends as one without an end.
_CALENDAR_ENDS = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What only the page of one patient shows, beyond the tile. `personal_number` has twelve characters."""

    personal_number: str
    birth_date: date
    phone: str | None
    started_at: datetime
    ended_at: datetime | None


async def read_person(conn: Connection, stay_id: StayId) -> Person | None:
    """Return the person and the bounds of the stay."""
    cursor = conn.cursor(row_factory=class_row(Person))
    await cursor.execute(
        "select p.personal_number, p.birth_date, p.phone, greatest(lower(s.period), 'epoch') as started_at,"
        " nullif(least(upper(s.period), %(end)s), %(end)s) as ended_at"
        " from stay s join patient p using (patient_id) where s.stay_id = %(stay)s",
        {"stay": stay_id, "end": _CALENDAR_ENDS},
    )
    return await cursor.fetchone()


@dataclass(frozen=True, slots=True, kw_only=True)
class Worn:
    """A device that was or is worn in a stay; the status is None when it never reported."""

    device_id: str
    model: str
    from_at: datetime
    until: datetime | None
    online: bool | None
    battery_pct: float | None
    firmware: str | None
    reported_at: datetime | None


async def read_worn(conn: Connection, stay_id: StayId) -> list[Worn]:
    """Return every device of a stay, the newest binding first."""
    cursor = conn.cursor(row_factory=class_row(Worn))
    await cursor.execute(
        "select d.device_id, d.model, greatest(lower(b.period), 'epoch') as from_at,"
        " nullif(least(upper(b.period), %(end)s), %(end)s) as until,"
        " st.online, st.battery_pct, st.firmware, st.reported_at"
        " from binding b join device d using (device_no) left join device_status st using (device_no)"
        " where b.stay_id = %(stay)s order by lower(b.period) desc, d.device_id",
        {"stay": stay_id, "end": _CALENDAR_ENDS},
    )
    return await cursor.fetchall()


async def find_team(conn: Connection, organisation_id: OrganisationId, name: str) -> TeamId | None:
    """Return an organisation's team of that name, None when there is none."""
    row = await (
        await conn.execute("select team_id from team where organisation_id = %s and name = %s", (organisation_id, name))
    ).fetchone()
    return TeamId(row[0]) if row else None


async def find_staff(conn: Connection, username: str) -> StaffId | None:
    """Return who logs in by that name, None when nobody does."""
    row = await (await conn.execute("select staff_id from account where username = %s", (username,))).fetchone()
    return StaffId(row[0]) if row and row[0] is not None else None


async def organisation_of(conn: Connection, team_id: TeamId) -> OrganisationId | None:
    """Return whose team it is, None when there is none."""
    row = await (await conn.execute("select organisation_id from team where team_id = %s", (team_id,))).fetchone()
    return OrganisationId(row[0]) if row else None


async def organisation_of_patient(conn: Connection, patient_id: PatientId) -> OrganisationId | None:
    """Return whose patient it is, None when there is none."""
    row = await (
        await conn.execute("select organisation_id from patient where patient_id = %s", (patient_id,))
    ).fetchone()
    return OrganisationId(row[0]) if row else None


async def username_exists(conn: Connection, username: str) -> bool:
    """Tell whether a log-in of that name exists."""
    return await (await conn.execute("select from account where username = %s", (username,))).fetchone() is not None


async def device_exists(conn: Connection, device_id: str) -> bool:
    """Tell whether a device of that id is registered."""
    return await (await conn.execute("select from device where device_id = %s", (device_id,))).fetchone() is not None
