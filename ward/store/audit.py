"""Who did what to whom, when and why: written in the transaction of the deed, and only ever added to.

The schema refuses to alter an entry or to take one away. An entry names people and devices by number and id; names,
personal numbers and vital values have no place in `reason` or `detail`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from ward.access.principals import AccountId, Actor
from ward.people import OrganisationId, PatientId, StaffId, StayId
from ward.store.pool import Connection


class Action(StrEnum):
    """What was done."""

    DEVICE_ADDED = "device.added"
    DEVICE_REVOKED = "device.revoked"
    DEVICE_SECRET_ROTATED = "device.secret_rotated"  # noqa: S105 - a word, no secret
    DEVICE_CONFIGURED = "device.configured"
    BINDING_PROPOSED = "binding.proposed"
    BINDING_CONFIRMED = "binding.confirmed"
    BINDING_IDENTIFIER_WRONG = "binding.identifier_wrong"
    BINDING_WITHDRAWN = "binding.withdrawn"
    BINDING_ENDED = "binding.ended"
    QUARANTINE_ASSIGNED = "quarantine.assigned"
    QUARANTINE_IDENTIFIER_WRONG = "quarantine.identifier_wrong"
    QUARANTINE_DISMISSED = "quarantine.dismissed"
    CHANNEL_ADDED = "channel.added"
    CHANNEL_REMOVED = "channel.removed"
    SCHEDULE_SAVED = "schedule.saved"
    OVERRIDE_ADDED = "schedule.override_added"
    OVERRIDE_WITHDRAWN = "schedule.override_withdrawn"
    ROUTING_SAVED = "routing.saved"
    CARE_SAVED = "responsibility.care_saved"
    BATON_OFFERED = "responsibility.offered"
    BATON_ANSWERED = "responsibility.answered"
    HANDOVER_GIVEN = "handover.given"
    HANDOVER_TAKEN = "handover.taken"
    PLAN_SAVED = "plan.saved"
    PLAN_DRAFTED = "plan.drafted"
    PLAN_APPROVED = "plan.approved"
    PLAN_WITHDRAWN = "plan.withdrawn"
    PLAN_TEAM_NAMED = "plan.team_named"
    ACCESS_REVIEWED = "access_log.reviewed"
    OBSERVATIONS_TAKEN = "observations.taken"
    CONSENT_GIVEN = "consent.given"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    BLOCK_SET = "block.set"
    BLOCK_LIFTED = "block.lifted"
    PROTECTION_CHANGED = "protection.changed"
    EMERGENCY_OPENED = "emergency.opened"
    EMERGENCY_ENDED = "emergency.ended"
    EMERGENCY_SEEN = "emergency.seen"
    PERSON_LOOKED_UP = "person.looked_up"
    PATIENTS_SEARCHED = "patients.searched"
    RELATIVE_OPENED = "relative.opened"
    RELATIVE_CLOSED = "relative.closed"
    RELATIVE_INVITED = "relative.invited"
    RELATIVE_JOINED = "relative.joined"
    INVITATION_REVOKED = "invitation.revoked"
    EVENT_WRITTEN = "event.written"
    EVENT_IN_ERROR = "event.in_error"
    READINGS_ENTERED = "readings.entered"
    CHECK_IN_ANSWERED = "check_in.answered"
    HELP_CALLED = "help.called"
    PATIENT_SEEN = "patient.seen"
    NEXT_STEP_SAVED = "next_step.saved"
    EFFECT_REPORTED = "effect.reported"
    EFFECT_ANSWERED = "effect.answered"
    ROUND_SIGNED = "round.signed"
    CARD_MADE = "ambulance_card.made"
    CARD_REVOKED = "ambulance_card.revoked"
    CONSEQUENCE_SAVED = "alert.consequence_saved"
    OUTCOME_SAVED = "stay.outcome_saved"
    ACCOUNT_ADDED = "account.added"
    ACCOUNT_DISABLED = "account.disabled"
    ACCOUNT_ENABLED = "account.enabled"
    ACCOUNT_LINKED = "account.linked"
    ACCOUNT_UNLINKED = "account.unlinked"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - a word, no secret
    PASSWORD_RESET_GIVEN = "password.reset_given"  # noqa: S105 - likewise
    PASSWORD_RESET_USED = "password.reset_used"  # noqa: S105 - likewise
    PIN_CHANGED = "pin.changed"
    FACTOR_ADDED = "factor.added"
    FACTOR_REMOVED = "factor.removed"
    RECOVERY_USED = "factor.recovery_used"
    SESSIONS_ENDED = "sessions.ended"
    TOKEN_GIVEN = "token.given"  # noqa: S105 - likewise
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What was done to whom; `detail` is of the action."""

    action: Action
    device_id: str | None = None
    patient_id: PatientId | None = None
    stay_id: StayId | None = None
    reason: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A deed as it is kept; `detail` is the JSON as kept."""

    audit_id: int
    at: datetime
    account_id: AccountId
    staff_id: StaffId | None
    name: str
    role: str
    organisation_id: OrganisationId | None
    action: str
    device_id: str | None
    patient_id: PatientId | None
    stay_id: StayId | None
    reason: str | None
    detail: dict[str, object]


async def write(conn: Connection, actor: Actor, deed: Deed, now: datetime) -> None:
    """Keep a deed, in the transaction that does it."""
    await conn.execute(
        "insert into audit (at, account_id, staff_id, role, organisation_id, action, device_id, patient_id, stay_id,"
        " reason, detail) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            now,
            actor.account_id,
            actor.staff_id,
            actor.capacity.value,
            actor.organisation_id,
            deed.action.value,
            deed.device_id,
            deed.patient_id,
            deed.stay_id,
            deed.reason,
            Jsonb(dict(deed.detail)),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which deeds of an organisation: of this device, patient, stay or account, in [since, until), before an id.

    None leaves a filter out. An organisation's are those of its people, of its patients and their relatives, and those
    that others did to its patients.
    """

    organisation_id: OrganisationId
    limit: int
    device_id: str | None = None
    patient_id: PatientId | None = None
    stay_id: StayId | None = None
    account_id: AccountId | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


_WANTED = """
    select a.audit_id, a.at, a.account_id, a.staff_id, coalesce(f.name, c.name) as name, a.role, a.organisation_id,
           a.action, a.device_id, a.patient_id, a.stay_id, a.reason, a.detail
    from audit a join account c using (account_id) left join staff f on f.staff_id = a.staff_id
    left join patient p on p.patient_id = a.patient_id left join patient own on own.patient_id = c.patient_id
    where (a.organisation_id = %(organisation_id)s or p.organisation_id = %(organisation_id)s
           or a.organisation_id is null and coalesce(own.organisation_id, c.kept_by) = %(organisation_id)s)
    and (%(device_id)s::text is null or a.device_id = %(device_id)s)
    and (%(patient_id)s::bigint is null or a.patient_id = %(patient_id)s)
    and (%(stay_id)s::bigint is null or a.stay_id = %(stay_id)s)
    and (%(account_id)s::bigint is null or a.account_id = %(account_id)s)
    and (%(since)s::timestamptz is null or a.at >= %(since)s)
    and (%(until)s::timestamptz is null or a.at < %(until)s)
    and (%(before)s::bigint is null or a.audit_id < %(before)s) order by a.audit_id desc limit %(limit)s
"""


async def read(conn: Connection, wanted: Wanted) -> list[Entry]:
    """Return what was done, the newest first."""
    cursor = conn.cursor(row_factory=class_row(Entry))
    await cursor.execute(_WANTED, asdict(wanted))
    return await cursor.fetchall()
