"""AuditEvent: what the audit has kept of an organisation, for its operators (`Permission.FHIR_AUDIT_EVENT_READ`)."""

from dataclasses import replace

from api.fhir import numbering, outcome
from api.fhir.outcome import Refused
from api.fhir.reads import Reads
from api.fhir.search import NOTHING, Form, Kind, Order, Page, Parameter, Query
from api.fhir.values import EVER
from ward.access.principals import AccountId
from ward.fhir import audits
from ward.fhir.audits import ACCOUNT, DEVICE, Entry
from ward.fhir.codes import Resource
from ward.people import PatientId, StayId
from ward.store import audit
from ward.store.audit import Wanted

KIND = Kind(
    name="AuditEvent",
    about="Who did what to whom, when and why. The newest first.",
    parameters=(
        Parameter(name="patient", form=Form.REFERENCE, target="Patient", about="Of whom."),
        Parameter(name="date", form=Form.DATE, about="When it was done."),
        Parameter(name="agent", form=Form.REFERENCE, identifiers=(ACCOUNT,), about="Who did it, by their account."),
        Parameter(
            name="entity",
            form=Form.REFERENCE,
            target="Patient",
            others=("Encounter",),
            identifiers=(DEVICE,),
            about="To whom or what: a patient, a stay, or a device by its identifier.",
        ),
    ),
    most=500,
)


async def find(reads: Reads, query: Query) -> Page:
    """Return a page of deeds, the newest first."""
    if query.order is Order.OLDEST:
        raise Refused(outcome.bad_parameter("_sort", "The newest come first, always."))
    wanted = _wanted(reads, query)
    if wanted is None:
        return NOTHING
    if query.ids is None:
        return numbering.page(query, await audit.read(reads.conn, wanted), _resource, lambda row: row.audit_id)
    rows = []
    for number in numbering.numbers(query.ids) or []:
        found = await audit.read(reads.conn, replace(wanted, before=number + 1, limit=1))
        rows += [row for row in found if row.audit_id == number]
    return numbering.page(query, rows, _resource, lambda row: row.audit_id)


def _wanted(reads: Reads, query: Query) -> Wanted | None:
    """Return what is asked for; None where nothing can fit."""
    agent, device = _identified(query, "agent", ACCOUNT), _identified(query, "entity", DEVICE)
    accounts = None if agent is None else numbering.numbers([agent])
    patients, stays = _named(query, "Patient"), _named(query, "Encounter")
    if reads.organisation_id is None or [] in (accounts, patients, stays) or device == "":
        return None
    place, times = numbering.after(query), query.times.get("date", EVER)
    return Wanted(
        organisation_id=reads.organisation_id,
        account_id=AccountId(accounts[0]) if accounts else None,
        patient_id=PatientId(patients[0]) if patients else None,
        stay_id=StayId(stays[0]) if stays else None,
        device_id=device,
        since=times.start,
        until=times.end,
        before=place[0] if place else None,
        limit=query.count + 1,
    )


def _named(query: Query, kind: str) -> list[int] | None:
    """Return the number of the resource of a type that is asked for, as a list; None where none is, [] for no such."""
    entity, _, identity = query.references.get("entity", "").partition("/")
    given = {identity} if entity == kind else set()
    if kind == "Patient" and "patient" in query.references:
        given.add(query.references["patient"])
    numbers = numbering.numbers(sorted(given)) or []
    return None if not given else numbers if len(given) == 1 else []


def _identified(query: Query, name: str, system: str) -> str | None:
    """Return the identifier that is asked for, "" for one that nothing here has; None where none is."""
    asked = query.one_of(name)
    if asked is None:
        return None
    return asked[0].value if asked[0].system in {None, system} else ""


def _resource(row: audit.Entry) -> Resource:
    return audits.audit_event(
        Entry(
            audit_id=row.audit_id,
            at=row.at,
            account_id=row.account_id,
            name=row.name,
            role=row.role,
            organisation_id=row.organisation_id,
            action=row.action,
            device_id=row.device_id,
            patient_id=row.patient_id,
            stay_id=row.stay_id,
            reason=row.reason,
        )
    )
