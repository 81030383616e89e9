"""A refused reading read again: the one place that says by which decoder. Pure.

Whatever format a reading of nobody's came in, ingest keeps it by itself, as a native reading: a record of a pack or an
entry of a Bundle would not say all that it meant. So what is read here is one reading or nothing.
"""

from ward import wire
from ward.formats import vitals
from ward.formats.settle import Settled, settle
from ward.wire import Leaf, Reason, Reject

_OF_READINGS = frozenset({Leaf.VITALS, Leaf.SENML, Leaf.FHIR})


def decode(topic: str, payload: bytes) -> Settled | Reject:
    """Decode the one reading that was refused on `topic`, into columns of one row; or say why it is none."""
    found = wire.parse_topic(topic)
    if isinstance(found, Reject):
        return found
    if found.leaf not in _OF_READINGS:
        return Reject(Reason.UNSUPPORTED, f"{found.leaf} holds no reading", payload)
    decoded = vitals.decode(payload)
    if decoded.rejects or len(decoded.claims) != 1:
        return Reject(Reason.MALFORMED, f"{len(decoded.claims)} readings", payload)
    settled = settle(decoded.claims)
    return Reject(*settled.faults[0], payload) if settled.faults else settled
