"""What a message says before anybody has checked it: the one value that the decoder of every format ends in.

A `Claim` is a reading as the device put it: any kind, any unit, any time. `settle` decides which of them are readings.
The invariant: every element of a message is a claim, a block, an event, the status, or a reject, and never two of them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import msgspec

from ward.events import DeviceEvent
from ward.waveforms import WaveformBlock
from ward.wire import MAX_PAYLOAD_BYTES, Reason, Reject, WireStatus

# Nesting thousands deep ends in a RecursionError; one device's nonsense must not end the process of all.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
Fault = tuple[Reason, str]
MAX_READINGS = 1000  # of one message, in any format
_LONGEST = 300  # characters of what is told about a fault; a decoder's own words may quote the message


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


class Decoded(msgspec.Struct, gc=False):
    """What a payload came to.

    `split` takes an array's payload apart into its elements as they were sent; None where the payload is one element.
    `at` tells where the claims stood in the array; None where they are all of it, in order. One element may hold
    several claims. `named` are the devices that some claims (by number) say they come from: see `of`.
    """

    payload: bytes
    claims: Sequence[Claim] = ()
    rejects: Sequence[Reject] = ()
    split: Callable[[bytes], Sequence[bytes]] | None = None
    at: list[int] | None = None
    status: WireStatus | None = None
    events: Sequence[DeviceEvent] = ()
    named: Mapping[int, str] | None = None
    blocks: Sequence[WaveformBlock] = ()

    def of(self, device_id: str) -> "Decoded":
        """Return this as a message of `device_id`: what says that another device measured it is refused (H6)."""
        foreign = {number: name for number, name in (self.named or {}).items() if name != device_id}
        if not foreign:
            return self
        elements = self.elements()
        rejects = [
            self.refuse(number, Reason.FOREIGN_TOPIC, f"it says that device {name[:64]!r} measured it", elements)
            for number, name in sorted(foreign.items())
        ]
        own = [number for number in range(len(self.claims)) if number not in foreign]
        return msgspec.structs.replace(
            self,
            claims=[self.claims[number] for number in own],
            rejects=[*self.rejects, *rejects],
            at=[number if self.at is None else self.at[number] for number in own],
            named=None,
        )

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


def refused(payload: bytes, reason: Reason, detail: str) -> Decoded:
    """Return that a message is refused whole."""
    return Decoded(payload, rejects=[Reject(reason, detail[:_LONGEST], payload)])


def unreadable(payload: bytes, error: Exception) -> Decoded:
    """Return that a message is refused whole for what a decoder raised (`UNREADABLE`)."""
    return refused(payload, fault_of(error), said(error))


def said(error: Exception) -> str:
    """Return a decoder's own words about a fault, cut to a bearable length."""
    return str(error)[:_LONGEST]


def too_large(payload: bytes) -> Decoded | None:
    """Return the refusal of a message that is too large to be decoded at all, None where it is not."""
    if len(payload) <= MAX_PAYLOAD_BYTES:
        return None
    return refused(payload, Reason.TOO_LARGE, f"{len(payload)} bytes; a message holds at most {MAX_PAYLOAD_BYTES}")


def too_many(payload: bytes, count: int) -> Decoded:
    """Return the refusal of a message of more than `MAX_READINGS`."""
    return refused(payload, Reason.TOO_MANY, f"{count} readings; an array holds at most {MAX_READINGS}")
