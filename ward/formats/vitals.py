"""Native vitals: JSON, one reading or an array of at most `MAX_READINGS`. Decode and encode side by side.

Decoding gives claims, never an exception; whether a claim is plausible is not asked here.
A bad element of an array never stops its neighbours.
"""

from collections.abc import Iterator, Sequence

import msgspec

from ward.formats.claims import (
    MAX_READINGS,
    UNREADABLE,
    Claim,
    Decoded,
    fault_of,
    said,
    too_large,
    too_many,
    unreadable,
)
from ward.vitals import VITALS, Acvpu, Reading, VitalKind
from ward.wire import Reject

__all__ = ["MAX_READINGS", "decode", "encode_reading", "encode_readings", "split"]

_one = msgspec.json.Decoder(Claim)
_array = msgspec.json.Decoder(list[Claim])
_raw_array = msgspec.json.Decoder(list[msgspec.Raw])


def split(payload: bytes) -> Sequence[bytes]:
    """Take a JSON array apart into its elements, as they were sent."""
    return [bytes(each) for each in _raw_array.decode(payload)]


def decode(payload: bytes) -> Decoded:
    """Decode one reading or an array of them."""
    if (refusal := too_large(payload)) is not None:
        return refusal
    try:
        if payload[:1] == b"{":
            return Decoded(payload, (_one.decode(payload),))
        if payload.lstrip()[:1] != b"[":
            return Decoded(payload, (_one.decode(payload),))
        claims = _array.decode(payload)
    except UNREADABLE as error:
        return _decode_each(payload, error)
    if len(claims) > MAX_READINGS:
        return too_many(payload, len(claims))
    return Decoded(payload, claims, split=split)


def _decode_each(payload: bytes, error: Exception) -> Decoded:
    """Decode an array element by element, after decoding it whole has failed."""
    if payload.lstrip()[:1] != b"[":
        return unreadable(payload, error)
    try:
        elements = split(payload)
    except UNREADABLE as whole:
        return unreadable(payload, whole)
    if len(elements) > MAX_READINGS:
        return too_many(payload, len(elements))
    claims: list[Claim] = []
    rejects: list[Reject] = []
    at: list[int] = []
    for index, element in enumerate(elements):
        try:
            claims.append(_one.decode(element))
            at.append(index)
        except UNREADABLE as each:
            rejects.append(Reject(fault_of(each), said(each), element, index))
    return Decoded(payload, claims, rejects, split=split, at=at)


def encode_reading(reading: Reading) -> bytes:
    """Encode one reading."""
    return msgspec.json.encode(_wired(reading))


def encode_readings(readings: Sequence[Reading]) -> Iterator[bytes]:
    """Encode readings as arrays of at most `MAX_READINGS`."""
    for start in range(0, len(readings), MAX_READINGS):
        yield msgspec.json.encode([_wired(each) for each in readings[start : start + MAX_READINGS]])


def _wired(reading: Reading) -> dict[str, object]:
    vital = VITALS[reading.kind]
    conscious = reading.kind is VitalKind.CONSCIOUSNESS
    wired: dict[str, object] = {
        "kind": str(reading.kind),
        "value": Acvpu(int(reading.value)).name if conscious else reading.value,
        "measured_at": reading.measured_at,
    }
    if not conscious:
        wired["unit"] = vital.unit
    if reading.quality is not None:
        wired["quality"] = reading.quality
    if reading.seq is not None:
        wired["seq"] = reading.seq
    return wired
