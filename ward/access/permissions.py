"""The one table of who may do what. What is not granted here is denied.

A permission says what may be done, not to whom: of which patients is decided in the store. A system needs the grant
here and the permission among those of its account.
"""

from enum import StrEnum

from ward.access.principals import Capacity, Principal, SystemPrincipal


class Permission(StrEnum):
    """What a route asks for."""

    OWN_SESSION = "session.own"
    OWN_SECURITY = "security.own"
    ACCOUNTS_MANAGE = "accounts.manage"
    OWN_CHANNELS = "channels.own"
    BOARD = "board.read"
    PATIENTS_READ = "patients.read"
    ALERTS_READ = "alerts.read"
    ALERTS_ACT = "alerts.act"
    PLANS_READ = "plans.read"
    PLANS_CHANGE = "plans.change"
    PROGRAMMES_READ = "programmes.read"
    TEAM_PLANS_READ = "team_plans.read"
    TEAM_PLANS_CHANGE = "team_plans.change"
    BACKTESTS = "backtests"
    BURDEN_READ = "burden.read"
    DUTY_READ = "duty.read"
    DUTY_CHANGE = "duty.change"
    ROUTES_CHANGE = "routes.change"
    RESPONSIBILITY_READ = "responsibility.read"
    RESPONSIBILITY_CHANGE = "responsibility.change"
    HANDOVERS = "handovers"
    TEAM_CHANNELS = "channels.team"
    DEVICES_READ = "devices.read"
    DEVICES_MANAGE = "devices.manage"
    BINDINGS_READ = "bindings.read"
    BINDINGS_CHANGE = "bindings.change"
    QUARANTINE_READ = "quarantine.read"
    QUARANTINE_DISMISS = "quarantine.dismiss"
    QUARANTINE_ASSIGN = "quarantine.assign"
    AUDIT_READ = "audit.read"
    ACCESS_LOG_READ = "access_log.read"
    ACCESS_REVIEW = "access_log.review"
    PLATFORM_READ = "platform.read"
    # FHIR's go by the names of SMART's scopes, so that a system's token says what its integrator expects.
    FHIR_PATIENT_READ = "system/Patient.read"
    FHIR_ENCOUNTER_READ = "system/Encounter.read"
    FHIR_ORGANIZATION_READ = "system/Organization.read"
    FHIR_DEVICE_READ = "system/Device.read"
    FHIR_DEVICE_METRIC_READ = "system/DeviceMetric.read"
    FHIR_OBSERVATION_READ = "system/Observation.read"
    FHIR_OBSERVATION_WRITE = "system/Observation.write"
    FHIR_DETECTED_ISSUE_READ = "system/DetectedIssue.read"
    FHIR_AUDIT_EVENT_READ = "system/AuditEvent.read"
    PATIENTS_SEARCH = "patients.search"
    EMERGENCY_OPEN = "emergency.open"
    EMERGENCY_READ = "emergency.read"
    SHARING_READ = "sharing.read"
    SHARING_CHANGE = "sharing.change"
    PROTECTION_CHANGE = "protection.change"
    RELATIVES_READ = "relatives.read"
    RELATIVES_CHANGE = "relatives.change"
    RELATIVES_INVITE = "relatives.invite"
    INVITATIONS_JOIN = "invitations.join"
    OPENED_READ = "opened.read"
    TIMELINE_READ = "timeline.read"
    TIMELINE_WRITE = "timeline.write"
    READINGS_ENTER = "readings.enter"
    CHECK_INS_ANSWER = "check_ins.answer"
    HOME_READ = "home.read"
    HOME_LIVE = "home.live"
    HOME_CHANGE = "home.change"
    HELP_CALL = "help.call"
    MEASURING_READ = "measuring.read"
    EFFECTS = "effects"
    ROUNDS = "rounds"
    AMBULANCE_CARDS = "ambulance_cards"
    AMBULANCE_CARDS_READ = "ambulance_cards.read"
    OUTCOMES_READ = "outcomes.read"
    OUTCOMES_CHANGE = "outcomes.change"


_WARD = frozenset({Capacity.NURSE, Capacity.DOCTOR, Capacity.CLINICIAN})
_OPERATOR = frozenset({Capacity.OPERATOR})
_STAFF = _WARD | _OPERATOR
_SYSTEM = frozenset({Capacity.SYSTEM})

GRANTED: dict[Permission, frozenset[Capacity]] = {
    Permission.OWN_SESSION: frozenset(Capacity),
    Permission.OWN_SECURITY: frozenset(Capacity) - {Capacity.SYSTEM},
    Permission.ACCOUNTS_MANAGE: _OPERATOR,
    Permission.OWN_CHANNELS: _WARD,
    Permission.BOARD: _WARD,
    Permission.PATIENTS_READ: _WARD,
    Permission.ALERTS_READ: _WARD,
    Permission.ALERTS_ACT: _WARD,
    Permission.PLANS_READ: _WARD,
    Permission.PLANS_CHANGE: _WARD,
    Permission.PROGRAMMES_READ: _STAFF,
    Permission.TEAM_PLANS_READ: _WARD,
    Permission.TEAM_PLANS_CHANGE: _WARD,
    Permission.BACKTESTS: _WARD,
    Permission.BURDEN_READ: _WARD,
    Permission.DUTY_READ: _STAFF,
    Permission.DUTY_CHANGE: _STAFF,
    Permission.ROUTES_CHANGE: _OPERATOR | {Capacity.DOCTOR},
    Permission.RESPONSIBILITY_READ: _WARD,
    Permission.RESPONSIBILITY_CHANGE: _WARD,
    Permission.HANDOVERS: _WARD,
    Permission.TEAM_CHANNELS: _OPERATOR,
    Permission.DEVICES_READ: _STAFF,
    Permission.DEVICES_MANAGE: _OPERATOR,
    Permission.BINDINGS_READ: _STAFF,
    Permission.BINDINGS_CHANGE: _WARD,
    Permission.QUARANTINE_READ: _STAFF,
    Permission.QUARANTINE_DISMISS: _STAFF,
    Permission.QUARANTINE_ASSIGN: _WARD,
    Permission.AUDIT_READ: _OPERATOR,
    Permission.ACCESS_LOG_READ: _OPERATOR | {Capacity.PATIENT},
    Permission.ACCESS_REVIEW: _OPERATOR,
    Permission.PLATFORM_READ: _OPERATOR,
    Permission.FHIR_PATIENT_READ: _WARD | _SYSTEM,
    Permission.FHIR_ENCOUNTER_READ: _WARD | _SYSTEM,
    Permission.FHIR_ORGANIZATION_READ: _STAFF | _SYSTEM,
    Permission.FHIR_DEVICE_READ: _STAFF | _SYSTEM,
    Permission.FHIR_DEVICE_METRIC_READ: _WARD | _SYSTEM,
    Permission.FHIR_OBSERVATION_READ: _WARD | _SYSTEM,
    Permission.FHIR_OBSERVATION_WRITE: _WARD | _SYSTEM,
    Permission.FHIR_DETECTED_ISSUE_READ: _WARD | _SYSTEM,
    Permission.FHIR_AUDIT_EVENT_READ: _OPERATOR,
    Permission.PATIENTS_SEARCH: _WARD,
    Permission.EMERGENCY_OPEN: frozenset({Capacity.NURSE, Capacity.DOCTOR}),
    Permission.EMERGENCY_READ: _WARD,
    Permission.SHARING_READ: _WARD | {Capacity.PATIENT},
    Permission.SHARING_CHANGE: _WARD | {Capacity.PATIENT},
    Permission.PROTECTION_CHANGE: _WARD,
    Permission.RELATIVES_READ: _WARD | {Capacity.PATIENT},
    Permission.RELATIVES_CHANGE: frozenset({Capacity.PATIENT}),
    Permission.RELATIVES_INVITE: _WARD | {Capacity.PATIENT},
    Permission.INVITATIONS_JOIN: frozenset({Capacity.RELATIVE}),
    Permission.OPENED_READ: frozenset({Capacity.PATIENT, Capacity.RELATIVE}),
    Permission.TIMELINE_READ: _WARD,
    Permission.TIMELINE_WRITE: _WARD,
    Permission.READINGS_ENTER: _WARD | {Capacity.PATIENT},
    Permission.CHECK_INS_ANSWER: _WARD | {Capacity.PATIENT},
    Permission.HOME_READ: _WARD | {Capacity.PATIENT, Capacity.RELATIVE},
    Permission.HOME_LIVE: frozenset({Capacity.PATIENT, Capacity.RELATIVE}),
    Permission.HOME_CHANGE: _WARD,
    Permission.HELP_CALL: frozenset({Capacity.PATIENT}),
    Permission.MEASURING_READ: _WARD | {Capacity.PATIENT},
    Permission.EFFECTS: _WARD,
    Permission.ROUNDS: _WARD,
    Permission.AMBULANCE_CARDS: _WARD,
    Permission.AMBULANCE_CARDS_READ: _WARD | {Capacity.PATIENT},
    Permission.OUTCOMES_READ: _STAFF,
    Permission.OUTCOMES_CHANGE: _WARD,
}

# What a shared screen may go on with when nobody has proved to be at it for a while: reading the board.
UNATTENDED = frozenset({
    Permission.OWN_SESSION,
    Permission.BOARD,
    Permission.ALERTS_READ,
    Permission.PROGRAMMES_READ,
    Permission.DUTY_READ,
})  # fmt: skip

# What is answered however fast somebody asks: whoever is called must be able to say so, and a patient to call.
NEVER_SLOWED = frozenset({Permission.ALERTS_ACT, Permission.HELP_CALL})


def may(principal: Principal, permission: Permission) -> bool:
    """Tell whether somebody may do this at all."""
    if principal.capacity not in GRANTED.get(permission, frozenset()):
        return False
    return not isinstance(principal, SystemPrincipal) or permission.value in principal.permissions
