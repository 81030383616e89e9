"""Encounter: a stay in care at home, to which Observations and alerts belong."""

from api.fhir import numbering
from api.fhir.reads import Reads
from api.fhir.search import Form, Kind, Page, Parameter, Query
from ward.fhir import people
from ward.store import fhir_people
from ward.store.fhir_people import Asked

KIND = Kind(
    name="Encounter",
    about="Stays in care at home (class HH).",
    parameters=(
        Parameter(
            name="patient", alias="subject", form=Form.REFERENCE, target="Patient", about="The patient of the stay."
        ),
    ),
    includes={"patient": "subject"},
)


async def find(reads: Reads, query: Query) -> Page:
    """Return a page of stays, by id."""
    place = numbering.after(query)
    asked = Asked(
        scope=reads.sight,
        patients=numbering.referred(query, "patient"),
        ids=numbering.numbers(query.ids),
        after=place[0] if place else 0,
        limit=query.count + 1,
    )
    rows = await fhir_people.find_stays(reads.conn, asked, reads.now)
    return numbering.page(
        query, rows, lambda row: people.encounter(row.episode, row.organisation_id), lambda row: row.episode.stay_id
    )
