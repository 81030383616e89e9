"""Who wears or wore a device, for those who may know: the patient of a stay, where the stay may be seen. Reads only.

Which stays may be seen, in progress or over, is `ward.store.access`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row

from ward.access.principals import Scope
from ward.people import PatientId, StayId
from ward.store import access
from ward.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Wearer:
    """A patient as somebody at the bedside tells them apart."""

    stay_id: StayId
    patient_id: PatientId
    given_name: str
    family_name: str
    birth_date: date


async def visible(conn: Connection, stays: Iterable[StayId], scope: Scope, now: datetime) -> dict[StayId, Wearer]:
    """Return the wearers of those of these stays that may be seen."""
    cursor = conn.cursor(row_factory=class_row(Wearer))
    await cursor.execute(
        b"select s.stay_id, p.patient_id, p.given_name, p.family_name, p.birth_date"
        + access.VISIBLE_STAYS
        + b"and s.stay_id = any(%(stays)s)",
        {
            **access.asked(scope),
            "stays": sorted(set(stays)),
            "now": now,
        },
    )
    return {wearer.stay_id: wearer for wearer in await cursor.fetchall()}
