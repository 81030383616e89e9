"""What only the printed fallback list asks of patients: where they live, who is named, which team answers last of all.

Reads only. The invariant: of a protected identity neither telephone nor address leaves the store here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.rows import class_row

from ward.people import StaffId, StayId
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How one patient, those who are named for them and the team of last resort are reached; None where unknown."""

    stay_id: StayId
    phone: str | None
    address: str | None
    nurse: str | None
    nurse_phone: str | None
    doctor: str | None
    doctor_phone: str | None
    base: str | None
    base_phone: str | None


_REACHED = """
    select s.stay_id,
           case when p.protected_since is null then p.phone end as phone,
           case when p.protected_since is null then p.address end as address,
           n.name as nurse, n.phone as nurse_phone, d.name as doctor, d.phone as doctor_phone,
           b.name as base, b.phone as base_phone
    from stay s join patient p using (patient_id) left join duty_care c using (stay_id)
    left join staff n on n.staff_id = c.nurse_id and n.disabled_at is null
    left join staff d on d.staff_id = c.doctor_id and d.disabled_at is null
    left join duty_policy u on u.policy_id = c.policy_id left join team b on b.team_id = u.base_team_id
    where s.stay_id = any(%s)
"""


async def reached(conn: Connection, stays: Sequence[StayId]) -> dict[StayId, Reached]:
    """Return how to reach the patients of these stays, and who is named for them."""
    cursor = conn.cursor(row_factory=class_row(Reached))
    await cursor.execute(_REACHED, (list(stays),))
    return {row.stay_id: row for row in await cursor.fetchall()}


async def phones(conn: Connection, staff_ids: Sequence[StaffId]) -> dict[StaffId, tuple[str, str | None]]:
    """Return name and telephone of these people."""
    cursor = await conn.execute("select staff_id, name, phone from staff where staff_id = any(%s)", (list(staff_ids),))
    return {StaffId(row[0]): (row[1], row[2]) for row in await cursor.fetchall()}
