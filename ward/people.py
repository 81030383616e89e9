"""The people and things of the ward: patients, stays, devices, bindings, teams, staff. Nouns only."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

from ward.vitals import Mode

OrganisationId = NewType("OrganisationId", int)
TeamId = NewType("TeamId", int)
StaffId = NewType("StaffId", int)
PatientId = NewType("PatientId", int)
StayId = NewType("StayId", int)
DeviceNo = NewType("DeviceNo", int)


class Role(StrEnum):
    """As what a member of staff works. What each may do: `ward.access.permissions`."""

    NURSE = "nurse"
    DOCTOR = "doctor"
    CLINICIAN = "clinician"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """A data-controlling organisation: a region or a municipality."""

    organisation_id: OrganisationId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team that answers for patients."""

    team_id: TeamId
    organisation_id: OrganisationId
    name: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """A member of staff who can log in."""

    staff_id: StaffId
    organisation_id: OrganisationId
    name: str
    title: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """A person in care. `personal_number` is text, twelve characters, never in a topic, URL or log."""

    patient_id: PatientId
    organisation_id: OrganisationId
    personal_number: str
    given_name: str
    family_name: str
    birth_date: date
    sex: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One episode of care at home; `ended_at` is None while it lasts."""

    stay_id: StayId
    patient_id: PatientId
    programme: str
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A device worn in a stay from `start_us` until before `end_us` (microseconds since 1970)."""

    device_no: DeviceNo
    stay_id: StayId
    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device that may publish, what it is told (`config`, JSON), and its bindings to stays, oldest first.

    `secret_no` counts its secrets: another number is another secret.
    """

    device_no: DeviceNo
    device_id: str
    mode: Mode
    revoked: bool
    config: str
    bindings: tuple[Binding, ...]
    secret_no: int = 1

    def stay_at(self, at_us: int) -> StayId | None:
        """Return whose device it was at an instant, None when nobody's."""
        for binding in reversed(self.bindings):
            if binding.start_us <= at_us < binding.end_us:
                return binding.stay_id
        return None
