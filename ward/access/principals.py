"""Who acts: staff, patients, relatives and systems, each another kind of principal. Nouns only.

What each may do stands in `permissions`; of which patients is decided in the store. Devices are principals of MQTT
alone and never come here. The invariant: every principal has an account, and the audit names that account.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from ward.people import OrganisationId, PatientId, Role, StaffId, TeamId

AccountId = NewType("AccountId", int)


class Kind(StrEnum):
    """What kind of account it is."""

    STAFF = "staff"
    PATIENT = "patient"
    RELATIVE = "relative"
    SYSTEM = "system"


class Capacity(StrEnum):
    """As what somebody acts: a member of staff by their role, everybody else by their kind."""

    NURSE = "nurse"
    DOCTOR = "doctor"
    CLINICIAN = "clinician"
    OPERATOR = "operator"
    PATIENT = "patient"
    RELATIVE = "relative"
    SYSTEM = "system"


class Opened(StrEnum):
    """What a patient can open to a relative."""

    VALUES = "values"
    TRENDS = "trends"
    ALERTS = "alerts"
    PLAN = "plan"
    CONTACTS = "contacts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose patients somebody may see: all of an organisation, those of these teams, and these; `ward.store.access`."""

    organisation_id: OrganisationId | None = None
    team_ids: tuple[TeamId, ...] = ()
    patient_ids: tuple[PatientId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who the audit says it was, and as what."""

    account_id: AccountId
    capacity: Capacity
    staff_id: StaffId | None = None
    organisation_id: OrganisationId | None = None
    team_ids: tuple[TeamId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffPrincipal:
    """A member of staff who is logged in; `token_sha256` names their session.

    `patient_ids` are those whom they see by themselves, named for them or by an alert; `emergency_ids` those whom they
    have opened in an emergency.
    """

    account_id: AccountId
    token_sha256: bytes
    staff_id: StaffId
    role: Role
    organisation_id: OrganisationId
    team_ids: tuple[TeamId, ...]
    patient_ids: tuple[PatientId, ...] = ()
    emergency_ids: tuple[PatientId, ...] = ()

    @property
    def capacity(self) -> Capacity:
        """As what they act."""
        return Capacity(self.role.value)

    @property
    def scope(self) -> Scope:
        """Their teams' patients, and those that they see by themselves; an operator's is empty."""
        if self.role == Role.OPERATOR:
            return Scope()
        return Scope(team_ids=self.team_ids, patient_ids=(*self.patient_ids, *self.emergency_ids))

    @property
    def actor(self) -> Actor:
        """Who the audit says it was."""
        return Actor(
            account_id=self.account_id,
            capacity=self.capacity,
            staff_id=self.staff_id,
            organisation_id=self.organisation_id,
            team_ids=self.team_ids,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientPrincipal:
    """A patient who is logged in: their own data, and nothing else."""

    account_id: AccountId
    token_sha256: bytes
    patient_id: PatientId

    @property
    def capacity(self) -> Capacity:
        """As what they act."""
        return Capacity.PATIENT

    @property
    def scope(self) -> Scope:
        """Themselves."""
        return Scope(patient_ids=(self.patient_id,))

    @property
    def actor(self) -> Actor:
        """Who the audit says it was."""
        return Actor(account_id=self.account_id, capacity=self.capacity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What one patient has opened to a relative, now."""

    patient_id: PatientId
    opens: frozenset[Opened]


@dataclass(frozen=True, slots=True, kw_only=True)
class RelativePrincipal:
    """A relative who is logged in: what patients have opened to them."""

    account_id: AccountId
    token_sha256: bytes
    openings: tuple[Opening, ...]

    @property
    def capacity(self) -> Capacity:
        """As what they act."""
        return Capacity.RELATIVE

    @property
    def scope(self) -> Scope:
        """Those who have opened something to them."""
        return Scope(patient_ids=tuple(sorted(opening.patient_id for opening in self.openings)))

    @property
    def actor(self) -> Actor:
        """Who the audit says it was."""
        return Actor(account_id=self.account_id, capacity=self.capacity)


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPrincipal:
    """Another system, by its token: the patients of its organisation, and only what `permissions` names."""

    account_id: AccountId
    token_sha256: bytes
    organisation_id: OrganisationId
    permissions: frozenset[str]

    @property
    def capacity(self) -> Capacity:
        """As what it acts."""
        return Capacity.SYSTEM

    @property
    def scope(self) -> Scope:
        """The patients of its organisation."""
        return Scope(organisation_id=self.organisation_id)

    @property
    def actor(self) -> Actor:
        """Who the audit says it was."""
        return Actor(account_id=self.account_id, capacity=self.capacity, organisation_id=self.organisation_id)


Principal = StaffPrincipal | PatientPrincipal | RelativePrincipal | SystemPrincipal
