"""Who wears or wore a device, for those who may know: the patient of a stay, where the stay may be seen. Reads only.

Which stays may be seen, in progress or over, is `ward.store.access`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row

from ward.access.principals import Scope
from ward.people import OrganisationId, PatientId, StayId
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


async def organisation_of(conn: Connection, stay_id: StayId) -> OrganisationId:
    """Return whose patient's stay it is; the stay is there."""
    row = await (
        await conn.execute(
            "select p.organisation_id from stay s join patient p using (patient_id) where s.stay_id = %s", (stay_id,)
        )
    ).fetchone()
    assert row is not None  # noqa: S101 - a stay has a patient
    return OrganisationId(row[0])
