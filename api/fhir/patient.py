"""Patient: who may be seen, by id or by identifier. A personal number is asked for in a body, never in an address."""

from api.fhir import numbering
from api.fhir.reads import Reads
from api.fhir.search import Form, Kind, Page, Parameter, Query
from api.fhir.values import Token
from ward.fhir import people
from ward.fhir.identifiers import OWN_PATIENT, personal_number
from ward.store import fhir_people
from ward.store.fhir_people import Asked

KIND = Kind(
    name="Patient",
    about="Patients in care or cared for before, of whom the caller may know.",
    parameters=(
        Parameter(
            name="identifier",
            form=Form.TOKEN,
            about="A personal number (URI or OID of its system), by POST _search alone; or our own number.",
        ),
    ),
)


async def find(reads: Reads, query: Query) -> Page:
    """Return a page of patients, by id."""
    wanted = query.one_of("identifier")
    number = None
    patients = numbering.numbers(query.ids)
    if wanted is not None:
        own = [each for each in wanted if each.system == OWN_PATIENT]
        number = next((found for each in wanted if (found := _personal(each)) is not None), None)
        if number is None:
            named = numbering.numbers([each.value for each in own]) or []
            patients = named if patients is None else [each for each in patients if each in named]
    place = numbering.after(query)
    asked = Asked(scope=reads.sight, patients=patients, after=place[0] if place else 0, limit=query.count + 1)
    rows = await fhir_people.find_patients(reads.conn, asked, reads.now, personal_number=number)
    return numbering.page(query, rows, people.patient, lambda row: row.patient_id)


def _personal(wanted: Token) -> str | None:
    return None if wanted.system == OWN_PATIENT else personal_number(wanted.system, wanted.value)
