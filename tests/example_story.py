"""The story that the examples of the OpenAPI document are taken from: who asks what, in which order.

Data alone; `tests/examples.py` plays it. The people and things are those of `tests/fix_access.py`; `$name` stands for
what is known by that name there, or was kept from an earlier answer. What is not told here is asked with the least that
its schema takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.fix_api import PASSWORD

_NEW_PASSWORD = "gul cykel vinter sju"
_WHY = {"reason": "Överenskommet på ronden"}
_LOOSE = {"limits": {"spo2": {"floor": 75}}}
_LOWER = {"overlay": {"limits": {"spo2": {"floor": 72}}}, "meant": ["limits.spo2.floor"]}
_TIGHT = {"limits": {"heart_rate": {"warn_high": 105}}}
_ORDER = {
    "doctor_id": "$staff_ivar",
    "doctor": "Ivar",
    "ordered_at": "2026-01-14T07:30:00Z",
    "expires_at": "2026-01-21T07:30:00Z",
}
_BY_BIRTH = {"birth_date": "1940-01-01"}
_WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_SHIFTS = [
    {"name": "Dag", "days": _WEEK, "starts": "07:00:00", "ends": "21:00:00"},
    {"name": "Natt", "days": _WEEK, "starts": "21:00:00", "ends": "07:00:00"},
]
_MEDICATION = {
    "kind": "medication",
    "drug": "Metoprolol",
    "drug_class": "beta_blocker",
    "change": "increased",
    "from_dose": "50 mg",
    "to_dose": "100 mg",
    "occurred_at": "2026-01-14T02:00:00Z",
    "prescriber_id": "$staff_ivar",
}
_SPO2 = {
    "resourceType": "Observation",
    "status": "final",
    "category": [
        {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}
    ],
    "code": {"coding": [{"system": "http://loinc.org", "code": "59408-5"}]},
    "device": {"reference": "Device/hv-1"},
    "effectiveDateTime": "2026-01-14T07:59:00Z",
    "valueQuantity": {"value": 94, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"},
}
_SUBSCRIPTION = {
    "endpoint": "https://fcm.googleapis.com/fcm/send/example",
    "keys": {"p256dh": "B" * 87, "auth": "C" * 22},
}
_LATER = {**_SPO2, "effectiveDateTime": "2026-01-14T07:59:30Z"}


@dataclass(frozen=True, slots=True)
class Step:
    """One request.

    `keep` says under which name a member of the answer is known afterwards, `at` under which a path's number is.
    """

    who: str | None
    row: str
    body: object = None
    query: Mapping[str, str] | None = None
    keep: Mapping[str, str] | None = None
    at: Mapping[str, str] | None = None
    path: str | None = None  # as it is asked, where nothing is left to be filled in


_ALERT = "POST /api/alerts/{alert_id}"
_PATIENT = "/api/patients/{patient_id}"
_PLAN = f"{_PATIENT}/plan"
_TEAM_PLAN = "/api/teams/{team_id}/plan"
_ACCOUNT = "/api/accounts/{account_id}"
_AT_HOME = {"programme": "hospital_at_home"}

_ENTRY = [
    Step(None, "GET /api/session/ways"),
    Step(None, "POST /api/session", {"username": "anna", "password": PASSWORD}),
    Step("anna", "GET /api/session"),
    Step("anna", "GET /api/session/all"),
    Step("elsa", "POST /api/session/factor", {"password": PASSWORD}, keep={"factor": "secret"}),
    Step(
        "elsa", "POST /api/session/factor/confirm", {"code": "$totp of factor"}, keep={"recovery": "recovery_codes.0"}
    ),
    Step("elsa", "POST /api/session/factor/remove", {"password": PASSWORD, "code": "$recovery"}),
    Step("elsa", "PUT /api/session/pin", {"pin": "482915", "password": PASSWORD}),
    Step("elsa", "POST /api/session/confirm", {"pin": "482915"}),
]
_ACCOUNTS = [
    Step(
        "oskar",
        "POST /api/accounts",
        {
            "kind": "staff",
            "username": "lotta",
            "name": "Lotta Exempelsson",
            "title": "Undersköterska",
            "role": "nurse",
            "team_ids": ["$team_own"],
        },
        keep={"new_account": "account.account_id"},
    ),
    Step("oskar", f"POST {_ACCOUNT}/password-reset", keep={"reset": "secret"}, at={"account_id": "new_account"}),
    Step(None, "POST /api/session/reset", {"secret": "$reset", "password": _NEW_PASSWORD}),
    Step("oskar", f"PUT {_ACCOUNT}/identity", {"claim": "employeeHsaId", "subject": "SE0000000000-0001"},
         at={"account_id": "new_account"}),
    Step("oskar", f"POST {_ACCOUNT}/tokens", {"name": "Journalens läsning", "days": 90}),
    Step("oskar", f"POST {_ACCOUNT}/disable", _WHY, at={"account_id": "new_account"}),
    Step("oskar", f"POST {_ACCOUNT}/enable", _WHY, at={"account_id": "new_account"}),
]  # fmt: skip
_ALERTS = [
    Step("anna", f"{_ALERT}/acknowledge", {"note": "Ser på den nu."}),
    Step("anna", f"{_ALERT}/claim", {"note": "Jag ringer."}),
    Step("anna", f"{_ALERT}/note", {"note": "Ringde; sitter upp, andas lättare."}),
    Step("anna", f"{_ALERT}/offer", {"staff": "$staff_ivar", "note": "Kan du ta den?"}),
    Step("ivar", f"{_ALERT}/decline", {"note": "På hembesök."}),
    Step("anna", f"{_ALERT}/offer", {"staff": "$staff_ivar", "note": "Och nu?"}),
    Step("ivar", f"{_ALERT}/accept", {"note": "Tar den."}),
    Step("ivar", f"{_ALERT}/release", {"note": "Tillbaka till teamet."}),
    Step("anna", f"{_ALERT}/snooze", {"minutes": 5, "reason": "Mäter om med varm hand"}),
    Step("anna", f"{_ALERT}/escalate", {"note": "Behöver läkare."}),
    Step("anna", f"{_ALERT}/resolve",
         {"outcome": "true_alarm", "cause": "deterioration", "action": "visited", "note": "Syrgas ökad."}),
    Step("anna", f"{_ALERT}/undo"),
    Step("anna", f"{_ALERT}/resolve",
         {"outcome": "true_alarm", "cause": "deterioration", "action": "visited", "note": "Syrgas ökad."}),
    Step("ivar", f"{_ALERT}/claim", at={"alert_id": "second_alert"}),
    Step("ivar", f"{_ALERT}/offer", {"staff": "$staff_anna"}, at={"alert_id": "second_alert"}),
    Step("anna", "PUT /api/alerts/{alert_id}/consequence", {"consequence": "avoided_emergency"}),
]  # fmt: skip
_CARE = [
    Step("anna", f"POST {_PATIENT}/events", {"kind": "note", "words": "Ringde på förmiddagen. Mår bättre, äter."},
         keep={"note_id": "event_id"}),
    Step("anna", f"POST {_PATIENT}/events", _MEDICATION, keep={"pill_id": "event_id"}),
    Step("ivar", f"POST {_PATIENT}/events/read", {"event_ids": ["$note_id"]}),
    Step("anna", f"GET {_PATIENT}/events/{{event_id}}", at={"event_id": "note_id"}),
    Step("anna", f"POST {_PATIENT}/events/{{event_id}}/error", {"reason": "Fel dag"}, at={"event_id": "note_id"}),
    Step("anna", f"GET {_PATIENT}/effect", query={"event": "$pill_id"}),
    Step("anna", f"POST {_PATIENT}/effect", {}, {"event": "$pill_id"}, {"effect_id": "report_id"}),
    Step("ivar", "POST /api/effect-reports/{report_id}/seen", at={"report_id": "effect_id"}),
    Step("ivar", "POST /api/effect-reports/{report_id}/answer", {"answer": "ok", "note": "Behåll dosen."},
         at={"report_id": "effect_id"}),
    Step("ivar", "GET /api/effect-reports"),
    Step("anna", f"POST {_PATIENT}/readings",
         {"values": [{"kind": "temperature", "value": 37.4, "unit": "Cel"}, {"kind": "consciousness", "value": "A"}]}),
    Step("tolvan", f"POST {_PATIENT}/check-ins", {"answers": [{"question": "breathing_worse", "answer": False}]}),
    Step("anna", f"PUT {_PATIENT}/next-step",
         {"what": "Hembesök med provtagning", "who": "Anna Provsson", "turn_to": "Testteamet, telefon 000",
          "at": "2026-01-15T09:00:00Z"}),
    Step("anna", f"POST {_PATIENT}/ambulance-cards", {"reason": "Ambulans på väg", "hours": 4}, keep={"card": "path"}),
    Step(None, "POST /api/ambulance-card", {"token": "$card"}),
    Step("anna", "PUT /api/teams/{team_id}/round/{patient_id}",
         {"plan": "Telefon lördag 10. Vikt varje morgon; över 84 kg: ring jouren."}),
    Step("anna", "PUT /api/stays/{stay_id}/outcome", {"disposition": "home"}, at={"stay_id": "past_stay"}),
]  # fmt: skip
_PLANS = [
    Step("anna", f"PUT {_PLAN}", {"overlay": _TIGHT, **_WHY}),
    Step("anna", f"GET {_PLAN}/doctors"),
    Step("anna", f"POST {_PLAN}/drafts", {"overlay": {"news2_rise": 2}, **_WHY}, keep={"draft": "version"}),
    Step("anna", f"POST {_PLAN}/versions/{{version}}/silent", at={"version": "draft"}),
    Step("anna", f"POST {_PLAN}/versions/{{version}}/promote", _WHY, at={"version": "draft"}),
    Step("anna", f"POST {_PLAN}/drafts", {"overlay": _LOOSE, **_WHY}, keep={"loose": "version"}),
    Step("anna", f"POST {_PLAN}/versions/{{version}}/promote", _WHY, keep={"asked": "version"},
         at={"version": "loose"}),
    Step("ivar", f"POST {_PLAN}/versions/{{version}}/approve", {"reason": "KOL, lågt utgångsvärde"},
         at={"version": "asked"}),
    Step("anna", f"PUT {_PLAN}", {**_LOWER, **_WHY}, keep={"more": "version"}),
    Step("anna", f"POST {_PLAN}/versions/{{version}}/withdraw", {"reason": "Behövs inte"}, at={"version": "more"}),
    Step("anna", f"PUT {_PLAN}", {"overlay": {"spo2_scale": 2, "scale_2_order": _ORDER}, **_WHY},
         keep={"ordered": "version"}),
    Step("ivar", "GET /api/orders"),
    Step("anna", f"POST {_PLAN}/versions/{{version}}/withdraw", {"reason": "Behövs inte"}, at={"version": "ordered"}),
    Step("anna", f"POST {_PLAN}/review", {"overlay": _TIGHT, **_WHY}),
    Step("anna", "GET /api/team-plans"),
    Step("anna", f"POST {_TEAM_PLAN}/drafts", {"overlay": _TIGHT, **_WHY}, _AT_HOME, {"drafted": "version"}),
    Step("anna", f"POST {_TEAM_PLAN}/versions/{{version}}/silent", None, _AT_HOME, at={"version": "drafted"}),
    Step("anna", f"POST {_TEAM_PLAN}/versions/{{version}}/promote", _WHY, _AT_HOME, at={"version": "drafted"}),
    Step("anna", f"POST {_TEAM_PLAN}/drafts", {"overlay": _LOOSE, **_WHY}, _AT_HOME, {"drafted": "version"}),
    Step("anna", f"POST {_TEAM_PLAN}/versions/{{version}}/promote", _WHY, _AT_HOME, at={"version": "drafted"}),
    Step("anna", f"PUT {_TEAM_PLAN}", {"overlay": _TIGHT, **_WHY}, _AT_HOME),
    Step("anna", f"PUT {_TEAM_PLAN}", {"overlay": _LOOSE, **_WHY}, _AT_HOME, {"of_team": "version"}),
    Step("ivar", f"POST {_TEAM_PLAN}/versions/{{version}}/approve", _WHY, _AT_HOME, at={"version": "of_team"}),
    Step("anna", f"PUT {_TEAM_PLAN}", {**_LOWER, **_WHY}, _AT_HOME,
         {"of_team": "version"}),
    Step("anna", f"POST {_TEAM_PLAN}/versions/{{version}}/withdraw", _WHY, _AT_HOME, at={"version": "of_team"}),
    Step("anna", "POST /api/backtests",
         {"patients": ["$patient_id"], "from": "2026-01-13T00:00:00Z", "to": "2026-01-14T00:00:00Z",
          "plan": _TIGHT, "name": "Tidigare varning för puls"}),
]  # fmt: skip
_BATON = f"POST {_PATIENT}/responsibility"
_OFFER = {"team_id": "$team_fifth", "note": "Flyttad till dottern i helgen"}
_DUTY = [
    Step("anna", f"{_BATON}/withdraw", {"baton_id": "$baton_id"}),
    Step("anna", f"{_BATON}/offer", _OFFER, keep={"baton": "batons.0.baton_id"}),
    Step("dag", f"{_BATON}/decline", {"baton_id": "$baton"}),
    Step("anna", f"{_BATON}/offer", _OFFER, keep={"baton": "batons.0.baton_id"}),
    Step("dag", f"{_BATON}/accept", {"baton_id": "$baton"}),
    Step("dag", f"{_BATON}/return", {"baton_id": "$baton"}),
    Step("anna", "PUT /api/teams/{team_id}/schedule", {"shifts": _SHIFTS}),
    Step("anna", "POST /api/teams/{team_id}/overrides",
         {"from_at": "2026-02-01T07:00:00Z", "until": "2026-02-01T15:00:00Z", "crew": ["$staff_anna"],
          "reason": "Byter pass"}, keep={"changed": "override_id"}),
    Step("anna", "POST /api/teams/{team_id}/overrides/{override_id}/withdraw", {"reason": "Inställt"},
         at={"override_id": "changed"}),
    Step("anna", "POST /api/teams/{team_id}/handover/{handover_id}/accept", {}),
    Step("anna", "POST /api/teams/{team_id}/handover",
         {"note": "Lugn natt.", "patients": [{"patient_id": "$patient_id", "note": "Syrgas 1 l/min sedan 22."}]},
         keep={"given": "handover_id"}),
    Step("ivar", "POST /api/teams/{team_id}/handover/{handover_id}/accept", {}, at={"handover_id": "given"}),
    Step("oskar", "POST /api/routing", {"name": "Hemsjukvård norr", "base_team_id": "$team_own", "routes": []}),
    Step("oskar", "PUT /api/routing/{unit_id}",
         {"base_team_id": "$team_own",
          "routes": [{"team_id": "$team_fifth", "window": {"days": _WEEK, "starts": "21:00:00", "ends": "07:00:00"}},
                     {"team_id": "$team_away", "needs": ["dialys"]}]}),
    Step("astrid", "PUT /api/routing/{unit_id}/consents/{team_id}", at={"team_id": "team_away"}),
    Step("astrid", "DELETE /api/routing/{unit_id}/consents/{team_id}", at={"team_id": "team_away"}),
    Step("anna", f"PUT {_PATIENT}/responsibility", {"unit_id": "$unit_id", "needs": []}),
    Step("anna", f"POST {_PATIENT}/transfer", {"to_team": "$team_fifth"}),
    Step("dag", f"POST {_PATIENT}/transfer/decline"),
    Step("anna", f"POST {_PATIENT}/transfer", {"to_team": "$team_fifth"}),
    Step("dag", f"POST {_PATIENT}/transfer/accept"),
    Step("anna", f"GET {_PATIENT}/transfer"),
    Step("anna", f"POST {_PATIENT}/transfer/cancel"),
]  # fmt: skip
_KIT = [
    Step("oskar", "POST /api/devices", {"device_id": "hv-exempel-7", "model": "Exempelmätare 2", "mode": "real"}),
    Step("oskar", "PUT /api/devices/{device_id}/config", {"interval_s": {"spo2": 60}}, at={"device_id": "new_device"}),
    Step("oskar", "POST /api/devices/{device_id}/secret", {"reason": "Byte av batteri på verkstad"},
         at={"device_id": "new_device"}),
    Step("anna", "POST /api/devices/{device_id}/bindings",
         {"patient_id": "$patient_id", "from": "2026-01-14T07:00:00Z"}, None, {"bound": "binding_id"},
         {"device_id": "new_device"}),
    Step("anna", "POST /api/devices/{device_id}/bindings/{binding_id}/confirm", _BY_BIRTH,
         at={"device_id": "new_device", "binding_id": "bound"}),
    Step("anna", "POST /api/devices/{device_id}/bindings/{binding_id}/end", {"reason": "Lånet är slut"},
         at={"device_id": "new_device", "binding_id": "bound"}),
    Step("oskar", "POST /api/devices/{device_id}/revoke", {"reason": "Borttappad"}, at={"device_id": "new_device"}),
    Step("anna", "POST /api/quarantine/{quarantine_id}/assign",
         {**_BY_BIRTH, "patient_id": "$patient_id", "reason": "Bar mätaren före kopplingen"},
         at={"quarantine_id": "early"}),
    Step("anna", "POST /api/quarantine/{quarantine_id}/dismiss", {"reason": "Prov i verkstaden"},
         at={"quarantine_id": "earlier"}),
    Step("anna", "POST /api/me/channels", {"kind": "sms", "address": "+46700000002", "mode": "real"}),
    Step("anna", "POST /api/me/push-subscriptions", _SUBSCRIPTION),
    Step("oskar", "POST /api/teams/{team_id}/channels",
         {"kind": "email", "address": "team@example.org", "mode": "real"}),
]  # fmt: skip
_SHARING = [
    Step("tolvan", f"POST {_PATIENT}/consents", {"organisation_id": "$organisation_third"}),
    Step("anna", f"POST {_PATIENT}/blocks", {"team_id": "$team_other"}),
    Step("tolvan", f"POST {_PATIENT}/relatives", {"username": "olle", "opens": ["values", "contacts"]},
         keep={"opened": "items.0.access_id"}),
    Step("bea", "POST /api/patients/lookup", {"personal_number": "19400101-9802", "reason": "Hittad medvetslös"}),
    Step("bea", f"POST {_PATIENT}/emergency", {"reason": "Hittad medvetslös"}, at={"patient_id": "other_patient"}),
    Step("anna", "POST /api/patients/search", {"name": "Testsson"}),
    Step("oskar", "POST /api/audit/reviews",
         {"from": "2026-01-07T00:00:00Z", "to": "2026-01-14T00:00:00Z", "conclusion": "Inget att anmärka."}),
]  # fmt: skip
_FHIR = [
    Step("journal", "POST /fhir/Observation", _SPO2),
    Step("journal", "POST /fhir/Observation", _SPO2),
    Step("journal", "GET /fhir/Observation", query={"patient": "$patient_id", "code": "59408-5", "_count": "2"},
         keep={"observation": "entry.0.resource.id"}),
    Step("journal", "GET /fhir/Observation/{id}", at={"id": "observation"}),
    Step("journal", "POST /fhir/Observation/_search", {"patient": "$patient_id", "code": "8867-4"}),
    Step("journal", "GET /fhir/DeviceMetric", query={"source": "hv-1"}, keep={"metric": "entry.0.resource.id"}),
    Step("journal", "GET /fhir/DeviceMetric/{id}", at={"id": "metric"}),
    Step("journal", "POST /fhir/DeviceMetric/_search", {"source": "hv-1"}),
    Step("oskar", "GET /fhir/AuditEvent", query={"_count": "2"}, keep={"entry": "entry.0.resource.id"}),
    Step("oskar", "GET /fhir/AuditEvent/{id}", at={"id": "entry"}),
    Step("oskar", "POST /fhir/AuditEvent/_search", {"patient": "$patient_id", "_count": "2"}),
    Step("journal", "POST /fhir/Patient/_search", {"identifier": "http://electronichealth.se/identifier/personnummer|194001019801"}),
    Step("journal", "POST /fhir/Device/_search", {"patient": "$patient_id"}),
    Step("journal", "POST /fhir/Encounter/_search", {"patient": "$patient_id"}),
    Step("journal", "POST /fhir/DetectedIssue/_search", {"patient": "$patient_id", "_count": "2"}),
    Step("journal", "POST /fhir/Organization/_search", {"_id": "$organisation_home"}),
    Step("journal", "POST /fhir",
         {"resourceType": "Bundle", "type": "batch",
          "entry": [{"resource": _LATER, "request": {"method": "POST", "url": "Observation"}}]}),
]  # fmt: skip
_INVITED = {"name": "Svea Närståendesson", "opens": ["values", "contacts"], "hours": 48}
_INVITATIONS = [
    Step("tolvan", f"POST {_PATIENT}/invitations", _INVITED, keep={"code": "code"}),
    Step(None, "POST /api/invitations/look", {"code": "$code"}),
    Step(None, "POST /api/invitations/accept", {"code": "$code", "username": "svea", "password": _NEW_PASSWORD}),
    Step("tolvan", f"POST {_PATIENT}/invitations", {**_INVITED, "name": "Maja Provsson"}, keep={"code_again": "code"}),
    Step("maja", "POST /api/invitations/join", {"code": "$code_again"}),
]
BEFORE = [
    *_ENTRY, *_ACCOUNTS, *_ALERTS, *_CARE, *_PLANS, *_DUTY, *_KIT, *_SHARING, *_INVITATIONS, *_FHIR,
]  # fmt: skip

# What takes away, ends or rings comes when all has been shown.
AFTER = [
    Step("tolvan", f"POST {_PATIENT}/help", {}),
    Step(
        "tolvan",
        f"PUT {_PATIENT}/relatives/{{access_id}}",
        {"opens": ["contacts"]},
        keep={"opened": "items.0.access_id"},
        at={"access_id": "opened"},
    ),
    Step("tolvan", f"DELETE {_PATIENT}/invitations/{{invitation_id}}"),
    Step("tolvan", f"DELETE {_PATIENT}/relatives/{{access_id}}", at={"access_id": "opened"}),
    Step("hedda", "POST /api/emergencies/{opening_id}/end"),
    Step("anna", "POST /api/session/password", {"old": PASSWORD, "new": _NEW_PASSWORD}),
    Step("oskar", f"DELETE {_ACCOUNT}/sessions", at={"account_id": "account_id"}),
    Step("hedda", "DELETE /api/session/all"),
    Step("kim", "POST /api/session/oidc/logout"),
    Step("oskar", "POST /api/accounts/end-all-sessions", {"reason": "Övning"}),
]
