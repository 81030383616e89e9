"""A device's status, and its will: JSON. Decode and encode side by side.

Not here: when a status counts (it is dated when it arrives). The invariant: a message is the status or one reject.
"""

import msgspec

from ward.formats.claims import UNREADABLE, Decoded, too_large, unreadable
from ward.wire import WireStatus

_status = msgspec.json.Decoder(WireStatus)


def decode(payload: bytes) -> Decoded:
    """Decode a status message (or will)."""
    if (refusal := too_large(payload)) is not None:
        return refusal
    try:
        return Decoded(payload, status=_status.decode(payload))
    except UNREADABLE as error:
        return unreadable(payload, error)


def encode(status: WireStatus) -> bytes:
    """Encode a status message."""
    return msgspec.json.encode(status)
