"""A patient's record as it is handed out: what was measured, scored, raised, done and planned, with whom. Nouns only.

Each class is a line of one table of the record. Times are aware UTC; a period without `ended_at` lasts.
"""

from dataclasses import dataclass
from datetime import date, datetime

from ward.events import EventKind
from ward.vitals import Mode, Validity, VitalKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The patient, and the organisation that answers for the data; `protected`: nobody is to learn where they live."""

    patient_id: int
    personal_number: str
    given_name: str
    family_name: str
    birth_date: date
    sex: str
    phone: str | None
    organisation_id: int
    organisation: str
    hsa_id: str | None
    protected: bool
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One stay in care at home."""

    stay_id: int
    patient_id: int
    programme: str
    reason: str
    next_step: str
    mode: Mode
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """A team that answered for a stay."""

    stay_id: int
    patient_id: int
    team_id: int
    team: str
    phone: str
    organisation_id: int
    organisation: str
    hsa_id: str | None
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An organisation that gives care."""

    organisation_id: int
    organisation: str
    hsa_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """A device as it is registered; `patient_id` is who wears it now, None for nobody or nobody to be told of."""

    device_no: int
    device_id: str
    model: str
    mode: Mode
    revoked: bool
    firmware: str | None
    online: bool | None
    patient_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A kind that a device measures, and when it last did."""

    device_no: int
    device_id: str
    kind: VitalKind
    measured_at: datetime
    online: bool | None
    revoked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Worn:
    """A device worn in a stay."""

    binding_id: int
    stay_id: int
    patient_id: int
    device_no: int
    device_id: str
    model: str
    mode: Mode
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One reading. `value` is in the kind's unit, `quality` 0-1."""

    patient_id: int
    stay_id: int
    device_no: int
    device_id: str
    kind: VitalKind
    value: float
    measured_at: datetime
    received_at: datetime
    validity: Validity
    quality: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What a device reported: a call for help, a fall, the answers of a check-in. `detail` is JSON."""

    patient_id: int
    stay_id: int
    device_no: int
    device_id: str
    kind: EventKind
    occurred_at: datetime
    received_at: datetime
    alert_id: int | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One NEWS2 score; `detail` is JSON with parts, what was missing and what was stale."""

    patient_id: int
    stay_id: int
    scored_at: datetime
    total_min: int
    total_max: int
    risk: str
    spo2_scale: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One event of an alert's life, and who did it, if somebody did; `evidence` (JSON) where a rule spoke."""

    stay_id: int
    alert_id: int
    rev: int
    at: datetime
    kind: str
    staff_id: int | None
    staff: str | None
    note: str | None
    priority: int | None
    until: datetime | None
    to_team: str | None
    to_staff: str | None
    outcome: str | None
    cause: str | None
    action: str | None
    evidence: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One entry of the timeline that somebody wrote; `detail` is JSON; `error_*` where it was entered in error."""

    stay_id: int
    event_id: int
    kind: str
    occurred_at: datetime
    written_at: datetime
    author: str
    staff: str | None
    words: str
    detail: str
    corrects: int | None
    error_at: datetime | None
    error_by: str | None
    error_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One notification of an alert: whom, by which way, and what became of it."""

    stay_id: int
    alert_id: int
    ring: int
    step: int
    channel: str
    team: str
    staff_id: int | None
    staff: str | None
    state: str
    reason: str | None
    queued_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """One alert as it is now; `evidence` is JSON."""

    patient_id: int
    stay_id: int
    alert_id: int
    rule: str
    family: str
    priority: int
    worst: int
    state: str
    condition: str
    signal: str
    responsibility: str
    team: str
    holder: str | None
    began_at: datetime
    opened_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    outcome: str | None
    cause: str | None
    action: str | None
    recurrences: int
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One version of what a stay's plan differs in from the layer below; `rules` is JSON."""

    stay_id: int
    programme: str
    version: int
    state: str
    valid_from: datetime
    valid_until: datetime | None
    ended_at: datetime | None
    author: str | None
    approver: str | None
    approved_at: datetime | None
    reason: str
    rules: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A message that was refused, of a device that the patient wore when it came.

    `detail` and `payload` are None where another patient has worn the device too: the message may be theirs.
    """

    quarantine_id: int
    received_at: datetime
    device_id: str
    topic: str
    reason: str
    item_index: int | None
    payload_bytes: int
    payload_sha256: str
    detail: str | None
    payload: bytes | None
