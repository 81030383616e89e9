"""Native vitals read as far as can be without knowing whose they are, for tests of the wire format."""

from ward.formats import settle, vitals
from ward.vitals import Reading
from ward.wire import Reject


def read_vitals(payload: bytes) -> tuple[list[Reading], list[Reject]]:
    """Decode and settle a payload; every element ends in exactly one of the two lists."""
    return settle.readings_of(vitals.decode(payload))
