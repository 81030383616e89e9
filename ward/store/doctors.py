"""Which doctors care for a patient and can log in: who may order for them. Reads only.

They are the doctors of the teams that may see the stay now (`ward.store.access`), and the one who is named for it.
Whoever has opened the patient in an emergency alone is none of them.
"""

from datetime import datetime

from psycopg.rows import class_row

from ward.people import StaffId, StayId
from ward.scale_orders import Doctor
from ward.store import access
from ward.store.pool import Connection

_CARING = (
    b"select distinct f.staff_id, f.name, f.title, u.name as organisation from stay s join patient p using (patient_id)"
    + access.TEAM_OF_STAY
    + access.SIGHT
    + b"""
    cross join lateral (
        select m.staff_id from team_member m where m.team_id = any(sight.teams)
        union
        select f.staff_id from duty_care n join staff f on f.staff_id = n.doctor_id where n.stay_id = s.stay_id and """
    + access.SHARED
    + b""") w
    join staff f on f.staff_id = w.staff_id and f.role = 'doctor' and f.disabled_at is null
    join account c on c.staff_id = f.staff_id and c.disabled_at is null
    join organisation u on u.organisation_id = f.organisation_id
    where s.stay_id = %(stay)s order by f.name, f.staff_id"""
)


async def caring(conn: Connection, stay_id: StayId, now: datetime) -> dict[StaffId, Doctor]:
    """Return the doctors who may order for a stay's patient now, by name."""
    cursor = conn.cursor(row_factory=class_row(Doctor))
    await cursor.execute(_CARING, {"stay": stay_id, "now": now})
    return {each.staff_id: each for each in await cursor.fetchall()}
