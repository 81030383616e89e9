"""DeviceMetric: the kinds that devices of those in care measure, as far as their newest readings tell."""

import re

from api.fhir import device, numbering
from api.fhir.reads import Reads
from api.fhir.search import Form, Kind, Page, Parameter, Query
from ward.fhir import codes, devices
from ward.record import Metric
from ward.store import fhir_people
from ward.store.fhir_people import Asked
from ward.vitals import VITALS

KIND = Kind(
    name="DeviceMetric",
    about="What a device measures: a kind of which a stay's newest reading is its own.",
    parameters=(
        Parameter(name="source", form=Form.REFERENCE, target="Device", about="The device."),
        Parameter(name="type", form=Form.TOKEN, about="What is measured, as LOINC or MDC."),
    ),
    includes={"source": "source"},
)
_ID = re.compile(r"([1-9][0-9]{0,15})-([1-9][0-9]?)")


async def find(reads: Reads, query: Query) -> Page:
    """Return a page of metrics, by device and kind."""
    source = query.references.get("source")
    numbers, names = (None, None) if source is None else device.named((source,))
    wanted = query.one_of("type")
    kinds = (
        None
        if wanted is None
        else [
            vital.code
            for vital in VITALS.values()
            if any(token.is_of(*pair) for token in wanted for pair in codes.kind_codings(vital.kind))
        ]
    )
    place = numbering.after(query)
    asked = Asked(
        scope=reads.sight,
        ids=None if query.ids is None else [_number(each) for each in query.ids],
        after=place[0] if place else 0,
        limit=query.count + 1,
    )
    found = await fhir_people.find_metrics(reads.conn, asked, reads.now, numbers=numbers, names=names, kinds=kinds)
    return numbering.page(query, found, devices.metric, _place)


def _number(identity: str) -> int:
    """Return the number that the store knows a metric by; 0, which none has, for an id of another form."""
    found = _ID.fullmatch(identity)
    return 0 if found is None else fhir_people.metric_number(int(found[1]), int(found[2]))


def _place(row: Metric) -> int:
    return fhir_people.metric_number(row.device_no, VITALS[row.kind].code)
