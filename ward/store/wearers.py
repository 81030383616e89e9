"""Who wears or wore a device, for those who may know: the patient of a stay, where the stay may be seen. Reads only.

Whoever may see a stay in progress may see one that is over: its team is who answered for it last.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from psycopg.rows import class_row

from ward.access.principals import Scope
from ward.people import PatientId, StayId
from ward.store.pool import Connection
from ward.store.tiles import TEAM_OF_STAY

VISIBLE_STAYS = (
    b" from stay s join patient p using (patient_id) "
    + TEAM_OF_STAY
    + b" where (t.organisation_id = %(organisation)s or t.team_id = any(%(teams)s)) "
)
"""Every stay (`s`, patient `p`) of a scope at %(now)s; conditions may follow."""


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
        + VISIBLE_STAYS
        + b"and s.stay_id = any(%(stays)s)",
        {
            "stays": sorted(set(stays)),
            "organisation": scope.organisation_id,
            "teams": list(scope.team_ids),
            "now": now,
        },
    )
    return {wearer.stay_id: wearer for wearer in await cursor.fetchall()}
