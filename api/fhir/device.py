"""Device: what patients wear or wore. Who keeps devices sees every one of them, and nobody's patient."""

import re
from collections.abc import Sequence

from api.fhir import numbering
from api.fhir.reads import Reads
from api.fhir.search import NOTHING, Form, Kind, Page, Parameter, Query
from ward.fhir import devices
from ward.fhir.codes import OWN
from ward.fhir.observations import device_identity
from ward.store import fhir_people
from ward.store.fhir_people import Asked

KIND = Kind(
    name="Device",
    about="Devices that patients wear or wore.",
    parameters=(
        Parameter(name="identifier", form=Form.TOKEN, about="The id under which a device publishes."),
        Parameter(name="patient", form=Form.REFERENCE, target="Patient", about="Who wears or wore it."),
    ),
    includes={"patient": "patient"},
)
_BY_NUMBER = re.compile(r"device-([1-9][0-9]{0,17})")


async def find(reads: Reads, query: Query) -> Page:
    """Return a page of devices, by number."""
    wanted = query.one_of("identifier")
    numbers, names = (None, None) if query.ids is None else named(query.ids)
    if wanted is not None:
        given = [each.value for each in wanted if each.system in {None, f"{OWN}/device"}]
        if query.ids is not None:
            return NOTHING
        numbers, names = None, given
    place = numbering.after(query)
    asked = Asked(
        scope=reads.scope,
        patients=numbering.referred(query, "patient"),
        ids=numbers,
        after=place[0] if place else 0,
        limit=query.count + 1,
    )
    found = await fhir_people.find_devices(reads.conn, asked, reads.now, names=names)
    if query.ids is not None:  # a number is the id of those alone whose name FHIR cannot spell
        found = [each for each in found if device_identity(each.device_no, each.device_id) in query.ids]
    return numbering.page(query, found, devices.device, lambda row: row.device_no)


def named(ids: Sequence[str]) -> tuple[list[int], list[str]]:
    """Return the numbers and the names of devices that these ids stand for (`observations.device_identity`)."""
    numbers = [int(found[1]) for each in ids if (found := _BY_NUMBER.fullmatch(each))]
    return numbers, [each for each in ids if _BY_NUMBER.fullmatch(each) is None]
