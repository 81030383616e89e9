"""DetectedIssue: an alert, with what it rests on and what was done about it."""

from collections.abc import Sequence

from alerting.sentences import sentence
from api.fhir import numbering
from api.fhir.reads import Reads
from api.fhir.search import Form, Kind, Order, Page, Parameter, Query
from api.fhir.values import EVER
from ward.evidence import read
from ward.fhir import alerts
from ward.fhir.codes import Resource, instant, mode_tags
from ward.store import fhir_alerts
from ward.store.fhir_alerts import AskedAlerts, Told

KIND = Kind(
    name="DetectedIssue",
    about="Alerts: what was found, how grave, when, on what evidence, and what people did about it. The newest first.",
    parameters=(
        Parameter(name="patient", alias="subject", form=Form.REFERENCE, target="Patient", about="Whose."),
        Parameter(name="code", form=Form.TOKEN, about="The rule that found it, or its family."),
        Parameter(name="identified", form=Form.DATE, about="When what was found began."),
        Parameter(name="status", form=Form.TOKEN, about="preliminary while it is open, final when it is closed."),
        Parameter(name="_lastUpdated", form=Form.DATE, about="When it, or what people made of it, last changed."),
    ),
    includes={"patient": "patient"},
)
_STATES = {"preliminary": ("open", "acknowledged"), "final": ("resolved",)}


async def find(reads: Reads, query: Query) -> Page:
    """Return a page of alerts, the newest first."""
    rules, states = query.one_of("code"), query.one_of("status")
    identified, updated = query.times.get("identified", EVER), query.times.get("_lastUpdated", EVER)
    place = numbering.after(query)
    asked = AskedAlerts(
        scope=reads.sight,
        patients=numbering.referred(query, "patient"),
        ids=numbering.numbers(query.ids),
        rules=None if rules is None else [each.value for each in rules],
        states=None if states is None else [state for each in states for state in _STATES.get(each.value, ())],
        began_from=identified.start,
        began_until=identified.end,
        changed_from=updated.start,
        changed_until=updated.end,
        after=place[0] if place else None,
        order="desc" if query.order is Order.NEWEST else "asc",
        limit=query.count + 1,
    )
    found: Sequence[Told] = await fhir_alerts.find(reads.conn, asked, reads.now)
    return numbering.page(query, found, resource, lambda told: told.alert.alert_id)


def resource(told: Told) -> Resource:
    """Return an alert as a DetectedIssue of its revision."""
    made = alerts.detected_issue(told.alert, told.events, _in_words(told.alert.evidence))
    meta: Resource = {"versionId": str(told.rev), "lastUpdated": instant(told.changed_at)}
    tags = mode_tags(told.mode)
    return {**made, "meta": {**meta, "tag": tags} if tags else meta}


def _in_words(evidence: str) -> str:
    """Say what was found, in both languages; an older program's evidence may have no words any more."""
    kept = read(evidence)
    try:
        return " / ".join((sentence(kept, "sv"), sentence(kept, "en")))
    except (KeyError, ValueError):
        return ""
