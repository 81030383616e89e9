"""Patients, stays, organisations and devices as FHIR asks for them, of whoever may be seen. Reads only.

Who may be seen is `access.VISIBLE_STAYS` and nothing else; a page is what follows `after`, in the order of the ids.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row, kwargs_row

from ward.access.principals import Scope
from ward.record import Episode, Equipment, Metric, Person, Provider
from ward.store import access
from ward.store.pool import Connection
from ward.vitals import BY_CODE, Mode

SEEN = b"seen as materialized (select s.stay_id, s.patient_id, s.mode, s.period" + access.VISIBLE_STAYS
"""The stays that may be seen; conditions on `s` may follow, then a bracket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a list asks for: of whom, which ids, what comes after; None leaves a filter out.

    `scope` None sees devices alone, every one of them, and no patient (who keeps devices is no clinician).
    """

    scope: Scope | None
    patients: Sequence[int] | None = None
    ids: Sequence[int] | None = None
    after: int = 0
    limit: int = 100

    def parameters(self, now: datetime) -> dict[str, object]:
        """Return them as query parameters."""
        return {
            **access.asked(self.scope or Scope()),
            "now": now,
            "only": None if self.patients is None else list(self.patients),
            "ids": None if self.ids is None else list(self.ids),
            "after": self.after,
            "limit": self.limit,
        }


_OF_PATIENTS = b" and (%(only)s::bigint[] is null or s.patient_id = any(%(only)s)))"
_PATIENTS = (
    b"with "
    + SEEN
    + _OF_PATIENTS
    + b"""
    select p.patient_id, p.personal_number, p.given_name, p.family_name, p.birth_date, p.sex, p.phone,
           p.address, o.organisation_id, o.name as organisation, o.hsa_id, p.protected_since is not null as protected
    from patient p join organisation o using (organisation_id)
    where p.patient_id in (select patient_id from seen) and p.patient_id > %(after)s
    and (%(number)s::text is null or p.personal_number = %(number)s)
    order by p.patient_id limit %(limit)s
"""
)
_STAYS = (
    b"with "
    + SEEN
    + _OF_PATIENTS
    + b"""
    select s.stay_id, s.patient_id, s.programme, s.reason, s.next_step, s.mode, lower(s.period) as started_at,
           nullif(least(upper(s.period), '9999-01-01'), '9999-01-01') as ended_at, p.organisation_id
    from stay s join patient p using (patient_id)
    where s.stay_id in (select stay_id from seen) and s.stay_id > %(after)s
    and (%(ids)s::bigint[] is null or s.stay_id = any(%(ids)s))
    order by s.stay_id limit %(limit)s
"""
)
_PROVIDERS = b"""
    select organisation_id, name as organisation, hsa_id from organisation
    where organisation_id > %(after)s and (%(ids)s::bigint[] is null or organisation_id = any(%(ids)s))
    and (%(hsa)s::text is null or hsa_id = %(hsa)s) order by organisation_id limit %(limit)s
"""
# Devices that a patient who may be seen wears or wore; every device where no scope is given.
_KNOWN = b"""
    , known as (select distinct on (b.device_no) b.device_no,
        case when b.period @> %(now)s::timestamptz and s.period @> %(now)s::timestamptz then s.patient_id end as wearer
        from seen s join binding b using (stay_id) order by b.device_no, lower(b.period) desc)
"""
_WHICH = b"""
    where (%(everything)s or k.device_no is not null) and d.device_no > %(after)s
    and (%(ids)s::bigint[] is null and %(names)s::text[] is null
         or d.device_no = any(%(ids)s) or d.device_id = any(%(names)s))
    and (%(only)s::bigint[] is null or k.device_no is not null)
"""
_DEVICES = (
    b"with "
    + SEEN
    + _OF_PATIENTS
    + _KNOWN
    + b"""
    select d.device_no, d.device_id, d.model, d.mode, d.revoked_at is not null as revoked, st.firmware, st.online,
           k.wearer as patient_id
    from device d left join known k using (device_no) left join device_status st using (device_no)
"""
    + _WHICH
    + b" order by d.device_no limit %(limit)s"
)
_METRICS = (
    b"with "
    + SEEN
    + _OF_PATIENTS
    + b"""
    , newest as (select l.device_no, l.kind, max(l.measured_at) as measured_at
        from seen s join latest_reading l using (stay_id)
        where l.device_no * 100 + l.kind > %(after)s
        and (%(ids)s::bigint[] is null or l.device_no * 100 + l.kind = any(%(ids)s))
        group by l.device_no, l.kind)
    select n.device_no, d.device_id, n.kind, n.measured_at, st.online, d.revoked_at is not null as revoked
    from newest n join device d using (device_no) left join device_status st using (device_no)
    where (%(numbers)s::bigint[] is null and %(names)s::text[] is null
           or d.device_no = any(%(numbers)s) or d.device_id = any(%(names)s))
    and (%(kinds)s::int[] is null or n.kind = any(%(kinds)s))
    order by n.device_no, n.kind limit %(limit)s
"""
)


async def find_patients(
    conn: Connection, asked: Asked, now: datetime, *, personal_number: str | None = None
) -> list[Person]:
    """Return the patients that are asked for and may be seen, in care or not any more."""
    cursor = conn.cursor(row_factory=class_row(Person))
    await cursor.execute(_PATIENTS, {**asked.parameters(now), "number": personal_number})
    return await cursor.fetchall()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedEpisode:
    """A stay and the organisation that answers for its data."""

    episode: Episode
    organisation_id: int


def _placed(*, organisation_id: int, mode: str, **rest: Any) -> PlacedEpisode:
    return PlacedEpisode(episode=Episode(mode=Mode(mode), **rest), organisation_id=organisation_id)


async def find_stays(conn: Connection, asked: Asked, now: datetime) -> list[PlacedEpisode]:
    """Return the stays that are asked for and may be seen."""
    cursor = conn.cursor(row_factory=kwargs_row(_placed))
    await cursor.execute(_STAYS, asked.parameters(now))
    return await cursor.fetchall()


async def find_providers(conn: Connection, asked: Asked, now: datetime, *, hsa_id: str | None = None) -> list[Provider]:
    """Return organisations; that they exist is told to everybody who works here."""
    cursor = conn.cursor(row_factory=class_row(Provider))
    await cursor.execute(_PROVIDERS, {**asked.parameters(now), "hsa": hsa_id})
    return await cursor.fetchall()


def _equipment(*, mode: str, **rest: Any) -> Equipment:
    return Equipment(mode=Mode(mode), **rest)


def _metric(*, kind: int, **rest: Any) -> Metric:
    return Metric(kind=BY_CODE[kind].kind, **rest)


async def find_devices(
    conn: Connection, asked: Asked, now: datetime, *, names: Sequence[str] | None = None
) -> list[Equipment]:
    """Return the devices that are asked for, by number (`asked.ids`) or by name, and may be seen.

    Where both are given, those that one of them fits.
    """
    cursor = conn.cursor(row_factory=kwargs_row(_equipment))
    given = {"names": None if names is None else list(names), "everything": asked.scope is None}
    await cursor.execute(_DEVICES, {**asked.parameters(now), **given})
    return await cursor.fetchall()


async def numbers_of(conn: Connection, patients: Iterable[int]) -> dict[int, str]:
    """Return the personal numbers of patients whom the caller was found to see."""
    cursor = await conn.execute(
        "select patient_id, personal_number from patient where patient_id = any(%s)", (sorted(patients),)
    )
    return dict(await cursor.fetchall())


def metric_number(device_no: int, kind: int) -> int:
    """Return the number of what a device measures; `kind` is the code of the kind."""
    return device_no * 100 + kind


async def find_metrics(
    conn: Connection,
    asked: Asked,
    now: datetime,
    *,
    numbers: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    kinds: Sequence[int] | None = None,
) -> list[Metric]:
    """Return what devices measure, as far as the newest readings of those in care tell.

    `asked.ids` are numbers of metrics (`metric_number`); `numbers` and `names` are of devices, of which one is to fit.
    """
    cursor = conn.cursor(row_factory=kwargs_row(_metric))
    given = {"numbers": _listed(numbers), "names": _listed(names), "kinds": _listed(kinds)}
    await cursor.execute(_METRICS, {**asked.parameters(now), **given})
    return await cursor.fetchall()


def _listed(given: Sequence[object] | None) -> list[object] | None:
    return None if given is None else list(given)
