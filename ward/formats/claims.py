"""What a message says before anybody has checked it: the one value that the decoder of every format ends in.

A `Claim` is a reading as the device put it: any kind, any unit, any time. `settle` decides which of them are readings.
The invariant: every element of a message is a claim, a block, an event, the status, or a reject, and never two of them.
"""

from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec

from ward.wire import Reason, Reject, WireStatus

# Nesting thousands deep ends in a RecursionError; one device's nonsense must not end the process of all.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Claim(msgspec.Struct, gc=False):
    """One reading as a device claims it.

    `measured_at` is whole milliseconds since 1970, or RFC 3339 text with an offset. `unit` None means the kind's own.
    `quality` is 0-1.
    """

    kind: str
    value: int | float | str
    measured_at: int | str
    unit: str | None = None
    quality: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    seq: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)] | None = None


class Decoded(msgspec.Struct):
    """What a payload came to.

    `split` takes an array's payload apart into its elements as they were sent; None where the payload is one element.
    `at` tells where the claims stood in the array; None where they are all of it, in order.
    """

    payload: bytes
    claims: list[Claim] = []
    rejects: list[Reject] = []
    split: Callable[[bytes], Sequence[bytes]] | None = None
    at: list[int] | None = None
    status: WireStatus | None = None

    def refuse(self, number: int, reason: Reason, detail: str, elements: Sequence[bytes] | None) -> Reject:
        """Return the reject of claim `number`; `elements` are the payload's, taken apart once for all of them."""
        if elements is None:
            return Reject(reason, detail, self.payload)
        index = number if self.at is None else self.at[number]
        return Reject(reason, detail, bytes(elements[index]), index)

    def elements(self) -> Sequence[bytes] | None:
        """Return an array's elements as they were sent; None where the payload is one element."""
        return None if self.split is None else self.split(self.payload)


def fault_of(error: Exception) -> Reason:
    """Return the reason for what a decoder raised (`UNREADABLE`)."""
    return Reason.BAD_FIELD if isinstance(error, msgspec.ValidationError) else Reason.MALFORMED
