"""Who looked at whose data, as what, by which route and why: written in batches, and only ever added to.

The schema refuses to alter an entry or to take one away; `audit_seals` chains them. An entry names people by number and
routes by their template: names, personal numbers and vital values never stand in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.access.principals import AccountId, Actor
from ward.people import OrganisationId, PatientId
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A look at data of these patients, or an act. `permission` is what the route asked for, `path` its template."""

    at: datetime
    actor: Actor
    permission: str
    method: str
    path: str
    why: str
    patient_ids: tuple[PatientId, ...]


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


_INSERT = b"""
    insert into access_entry (at, account_id, staff_id, role, organisation_id, team_ids, permission, method, path, why,
                              patient_ids)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

ROWS = """
    select e.access_id, e.at, e.account_id, coalesce(f.name, c.name) as name, f.title, e.role, e.organisation_id,
           o.name as organisation,
           array(select t.name from team t where t.team_id = any(e.team_ids) order by 1) as teams, e.permission,
           e.method, e.path, e.why, cardinality(e.patient_ids) as patients
    from access_entry e join account c using (account_id) left join staff f on f.staff_id = e.staff_id
    left join organisation o on o.organisation_id = e.organisation_id
"""


async def write(conn: Connection, accesses: Sequence[Access]) -> None:
    """Keep these looks, in their order."""
    async with conn.cursor() as cursor:
        await cursor.executemany(
            _INSERT,
            [
                (
                    each.at,
                    each.actor.account_id,
                    each.actor.staff_id,
                    each.actor.capacity.value,
                    each.actor.organisation_id,
                    list(each.actor.team_ids),
                    each.permission,
                    each.method,
                    each.path,
                    each.why,
                    list(each.patient_ids),
                )
                for each in accesses
            ],
        )


async def of_patient(conn: Connection, patient_id: PatientId, before: int | None, limit: int) -> list[AccessRow]:
    """Return the looks at one patient, the newest first; `before` is the id of the last one that was read."""
    cursor = conn.cursor(row_factory=class_row(AccessRow))
    await cursor.execute(
        f"{ROWS} where e.patient_ids @> array[%(patient)s::bigint]"
        " and (%(before)s::bigint is null or e.access_id < %(before)s) order by e.access_id desc"
        " limit %(limit)s".encode(),
        {"patient": patient_id, "before": before, "limit": limit},
    )
    return await cursor.fetchall()
