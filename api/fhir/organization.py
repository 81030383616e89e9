"""Organization: who gives care. That an organisation exists is no secret."""

from api.fhir import numbering
from api.fhir.reads import Reads
from api.fhir.search import Form, Kind, Page, Parameter, Query
from ward.fhir import people
from ward.fhir.identifiers import HSA_ID
from ward.store import fhir_people
from ward.store.fhir_people import Asked

KIND = Kind(
    name="Organization",
    about="Organisations that give care.",
    parameters=(Parameter(name="identifier", form=Form.TOKEN, about="The organisation's HSA-id."),),
)


async def find(reads: Reads, query: Query) -> Page:
    """Return a page of organisations, by id."""
    wanted = query.one_of("identifier")
    hsa = None if wanted is None else next((each.value for each in wanted if each.system in {None, HSA_ID}), "")
    place = numbering.after(query)
    asked = Asked(scope=None, ids=numbering.numbers(query.ids), after=place[0] if place else 0, limit=query.count + 1)
    rows = await fhir_people.find_providers(reads.conn, asked, reads.now, hsa_id=hsa)
    return numbering.page(query, rows, people.organisation, lambda row: row.organisation_id)
