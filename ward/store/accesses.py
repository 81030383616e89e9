"""Who looked at whose data, as what, by which route and why: written in batches, and only ever added to.

The schema refuses to alter an entry or to take one away; `audit_seals` chains them. An entry names people by number and
routes by their template: names, personal numbers and vital values never stand in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from ward.access.attempts import Attempts
from ward.access.principals import AccountId, Actor, Capacity
from ward.errors import NotFound
from ward.people import OrganisationId, PatientId, StaffId
from ward.store.pool import Connection

REFUSED = "refused"
"""Why of an attempt to which nothing was shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A look at data of these patients, or an act. `permission` is what the route asked for, `path` its template.

    `attempts` is set where nothing was shown: so many attempts within a minute were refused, at these templates, with
    commas between them.
    """

    at: datetime
    actor: Actor
    permission: str
    method: str
    path: str
    why: str
    patient_ids: tuple[PatientId, ...]
    attempts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRow:
    """A look as it is kept, with the names of who it was and where they worked."""

    access_id: int
    at: datetime
    account_id: AccountId
    name: str
    title: str | None
    role: str
    organisation_id: OrganisationId | None
    organisation: str | None
    teams: list[str]
    permission: str
    method: str
    path: str
    why: str
    patients: int
    attempts: int | None


# All of a batch in one statement, which the store reads once, however many wait.
_INSERT = b"""
    insert into access_entry (at, account_id, staff_id, role, organisation_id, team_ids, permission, method, path, why,
                              patient_ids, attempts)
    select at, account_id, staff_id, role, organisation_id, team_ids, permission, method, path, why,
           patient_ids, attempts
    from rows from (jsonb_to_recordset(%s) as (
        at timestamptz, account_id bigint, staff_id bigint, role text, organisation_id bigint, team_ids bigint[],
        permission text, method text, path text, why text, patient_ids bigint[], attempts integer
    )) with ordinality order by ordinality
"""
_WHOSE = """
    select w.what, w.number, x.patient_id
    from unnest(%(what)s::text[], %(number)s::bigint[]) as w (what, number) cross join lateral (
        select patient_id from patient where w.what = 'patient' and patient_id = w.number
        union all select patient_id from stay where w.what = 'stay' and stay_id = w.number
        union all select s.patient_id from alert a join stay s using (stay_id)
                  where w.what = 'alert' and a.alert_id = w.number
        union all select s.patient_id from effect_report r join stay s using (stay_id)
                  where w.what = 'report' and r.report_id = w.number
        union all select patient_id from emergency_opening where w.what = 'opening' and opening_id = w.number
    ) x
"""

ROWS = """
    select e.access_id, e.at, e.account_id, coalesce(f.name, c.name) as name, f.title, e.role, e.organisation_id,
           o.name as organisation,
           array(select t.name from team t where t.team_id = any(e.team_ids) order by 1) as teams, e.permission,
           e.method, e.path, e.why, cardinality(e.patient_ids) as patients, e.attempts
    from access_entry e join account c using (account_id) left join staff f on f.staff_id = e.staff_id
    left join organisation o on o.organisation_id = e.organisation_id
"""


_STAFF = """
    select a.account_id, f.role, f.organisation_id, array(select m.team_id from team_member m
           where m.staff_id = f.staff_id order by 1) as team_ids
    from staff f join account a using (staff_id) where f.staff_id = %s
"""


async def staff(conn: Connection, staff_id: StaffId) -> Actor:
    """Return a member of staff as the log names them, of whom there is one."""
    row = await (await conn.execute(_STAFF.encode(), (staff_id,))).fetchone()
    if row is None:
        raise NotFound
    account_id, role, organisation_id, team_ids = row
    return Actor(
        account_id=account_id,
        capacity=Capacity(role),
        staff_id=staff_id,
        organisation_id=organisation_id,
        team_ids=tuple(team_ids),
    )


async def write(conn: Connection, accesses: Sequence[Access]) -> None:
    """Keep these looks, in their order: all of them, or none."""
    rows = [
        {
            "at": each.at.isoformat(),
            "account_id": each.actor.account_id,
            "staff_id": each.actor.staff_id,
            "role": each.actor.capacity.value,
            "organisation_id": each.actor.organisation_id,
            "team_ids": list(each.actor.team_ids),
            "permission": each.permission,
            "method": each.method,
            "path": each.path,
            "why": each.why,
            "patient_ids": list(each.patient_ids),
            "attempts": each.attempts,
        }
        for each in accesses
    ]
    await conn.execute(_INSERT, (Jsonb(rows),))


async def write_attempts(conn: Connection, refused: Sequence[Attempts]) -> None:
    """Keep refused attempts, with whom they were at; one at nobody that there is, and not forbidden, is none."""
    sought = sorted({each for line in refused for each in line.sought})
    cursor = await conn.execute(
        _WHOSE.encode(), {"what": [each.what for each in sought], "number": [each.number for each in sought]}
    )
    whose = {(what, number): PatientId(patient_id) for what, number, patient_id in await cursor.fetchall()}
    kept = [(line, {whose[each] for each in line.sought if each in whose}) for line in refused]
    await write(conn, [_refusal(line, patients) for line, patients in kept if patients or line.forbidden])


def _refusal(line: Attempts, patients: set[PatientId]) -> Access:
    return Access(
        at=line.at,
        actor=line.actor,
        permission=line.permission,
        method=line.method,
        path=", ".join(line.paths),
        why=REFUSED,
        patient_ids=tuple(sorted(patients)),
        attempts=line.count,
    )


async def of_patient(conn: Connection, patient_id: PatientId, before: int | None, limit: int) -> list[AccessRow]:
    """Return the looks at one patient, the newest first; `before` is the id of the last one that was read."""
    return await _page(conn, _OF_PATIENT, patient_id, before, limit)


async def by_others(conn: Connection, patient_id: PatientId, before: int | None, limit: int) -> list[AccessRow]:
    """Return the looks at one patient but for their own, as `of_patient` does."""
    return await _page(conn, f"{_OF_PATIENT} and e.why <> 'own'", patient_id, before, limit)


_OF_PATIENT = f"{ROWS} where e.patient_ids @> array[%(patient)s::bigint]"


async def _page(conn: Connection, query: str, patient_id: PatientId, before: int | None, limit: int) -> list[AccessRow]:
    cursor = conn.cursor(row_factory=class_row(AccessRow))
    await cursor.execute(
        f"{query} and (%(before)s::bigint is null or e.access_id < %(before)s) order by e.access_id desc"
        " limit %(limit)s".encode(),
        {"patient": patient_id, "before": before, "limit": limit},
    )
    return await cursor.fetchall()
