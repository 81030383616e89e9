"""MQTT topics and native JSON payloads, version 1: encode and decode side by side.

Decoding gives `Reading` values or `Reject` values, never an exception for bad data.
A bad reading in an array never stops its neighbours.
"""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from ward.clock import EPOCH, to_us
from ward.vitals import ACVPU, BY_CODE, VITALS, Acvpu, Reading, VitalKind

PREFIX = "hemvakt"
VERSION = 1
MAX_READINGS = 1000
MAX_PAYLOAD_BYTES = 1 << 20
DEVICE_ID_RULE = "1 to 64 of A-Z, a-z, 0-9, '-', '_' and '.', starting with a letter or digit"
_DEVICE_FIRST = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_DEVICE_REST = _DEVICE_FIRST | frozenset("-_.")
_YEAR_9999_MS = 253_402_300_799_999


class Leaf(StrEnum):
    """The last level of a topic."""

    VITALS = "vitals"
    WAVEFORM = "waveform"
    EVENT = "event"
    STATUS = "status"
    SENML = "senml"
    FHIR = "fhir"
    CONFIG = "config"
    REJECTS = "rejects"


FROM_DEVICE = frozenset({Leaf.VITALS, Leaf.WAVEFORM, Leaf.EVENT, Leaf.STATUS, Leaf.SENML, Leaf.FHIR})


class Reason(StrEnum):
    """Why something was refused; the word in `rejects`, in the quarantine and in the counters."""

    BAD_TOPIC = "bad_topic"
    FOREIGN_TOPIC = "foreign_topic"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    MALFORMED = "malformed"
    BAD_FIELD = "bad_field"
    UNKNOWN_KIND = "unknown_kind"
    WRONG_UNIT = "wrong_unit"
    IMPLAUSIBLE = "implausible"
    UNKNOWN_DEVICE = "unknown_device"
    NO_BINDING = "no_binding"
    FUTURE = "future"
    TOO_OLD = "too_old"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Reject:
    """A message, or one reading of it (`index`), that cannot be used, and why."""

    reason: Reason
    detail: str
    item: bytes
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of ours, taken apart."""

    device_id: str
    leaf: Leaf


def is_device_id(text: str) -> bool:
    """Tell whether `text` may name a device (`DEVICE_ID_RULE`)."""
    return 1 <= len(text) <= 64 and text[0] in _DEVICE_FIRST and _DEVICE_REST.issuperset(text)


def topic(device_id: str, leaf: Leaf) -> str:
    """Return the topic of a device's `leaf`: `hemvakt/1/{device}/{leaf}`."""
    return f"{PREFIX}/{VERSION}/{device_id}/{leaf}"


def parse_topic(text: str) -> Topic | Reject:
    """Take a topic apart; anything that is not ours is a `Reject`."""
    parts = text.split("/")
    if len(parts) != 4 or parts[0] != PREFIX:
        return Reject(Reason.BAD_TOPIC, f"expected hemvakt/1/DEVICE/LEAF, got {text[:200]!r}", b"")
    if parts[1] != str(VERSION):
        return Reject(Reason.UNSUPPORTED, f"wire format version {parts[1][:20]!r}; this platform reads version 1", b"")
    if not is_device_id(parts[2]):
        return Reject(Reason.BAD_TOPIC, f"device id {parts[2][:80]!r}; expected {DEVICE_ID_RULE}", b"")
    try:
        return Topic(parts[2], Leaf(parts[3]))
    except ValueError:
        return Reject(Reason.BAD_TOPIC, f"unknown last level {parts[3][:40]!r}", b"")


class WireReading(msgspec.Struct):
    """One reading as it stands in the JSON. Unknown fields are ignored."""

    kind: str
    value: int | float | str
    measured_at: int | Annotated[datetime, msgspec.Meta(tz=True)]
    unit: str | None = None
    quality: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    seq: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)] | None = None


class WireStatus(msgspec.Struct, omit_defaults=True):
    """A device's status, also its will message. Unknown fields are ignored."""

    online: bool
    battery_pct: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None
    firmware: Annotated[str, msgspec.Meta(max_length=64)] | None = None


_one = msgspec.json.Decoder(WireReading)
_array = msgspec.json.Decoder(list[WireReading])
_raw_array = msgspec.json.Decoder(list[msgspec.Raw])
_status = msgspec.json.Decoder(WireStatus)
# Arrays nested thousands deep end in a RecursionError; one device's nonsense must not end the process of all.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_CODES = {str(kind): vital for kind, vital in VITALS.items()}


def decode_vitals(payload: bytes) -> tuple[list[Reading], list[Reject]]:
    """Decode one reading or an array of them; every element ends in exactly one of the two lists."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        limit = f"{len(payload)} bytes; a message holds at most {MAX_PAYLOAD_BYTES}"
        return [], [Reject(Reason.TOO_LARGE, limit, payload)]
    head = payload.lstrip()[:1]
    try:
        wired = _array.decode(payload) if head == b"[" else [_one.decode(payload)]
    except _UNREADABLE as error:
        return _decode_each(payload, head, error)
    if len(wired) > MAX_READINGS:
        return [], [_too_many(len(wired), payload)]
    readings: list[Reading] = []
    refused: list[tuple[int, Reason, str]] = []
    for index, each in enumerate(wired):
        result = _check(each)
        if isinstance(result, Reading):
            readings.append(result)
        else:
            refused.append((index, *result))
    if head != b"[":
        return readings, [Reject(reason, detail, payload) for _, reason, detail in refused]
    # What was refused is kept as it was sent: encoded anew it would lose fields, or not be a number that can be.
    raws = _raw_array.decode(payload) if refused else []
    return readings, [Reject(reason, detail, bytes(raws[index]), index) for index, reason, detail in refused]


def _decode_each(payload: bytes, head: bytes, error: Exception) -> tuple[list[Reading], list[Reject]]:
    """Decode an array element by element, after decoding it whole has failed."""
    if head != b"[":
        return [], [Reject(_fault(error), str(error), payload)]
    try:
        raws = _raw_array.decode(payload)
    except _UNREADABLE as whole:
        return [], [Reject(Reason.MALFORMED, str(whole), payload)]
    if len(raws) > MAX_READINGS:
        return [], [_too_many(len(raws), payload)]
    readings: list[Reading] = []
    rejects: list[Reject] = []
    for index, raw in enumerate(raws):
        item = bytes(raw)
        try:
            result = _check(_one.decode(item))
        except _UNREADABLE as each:
            rejects.append(Reject(_fault(each), str(each), item, index))
            continue
        if isinstance(result, Reading):
            readings.append(result)
        else:
            rejects.append(Reject(result[0], result[1], item, index))
    return readings, rejects


def _fault(error: Exception) -> Reason:
    return Reason.BAD_FIELD if isinstance(error, msgspec.ValidationError) else Reason.MALFORMED


def _too_many(count: int, payload: bytes) -> Reject:
    return Reject(Reason.TOO_MANY, f"{count} readings; an array holds at most {MAX_READINGS}", payload)


def _check(wired: WireReading) -> Reading | tuple[Reason, str]:
    vital = _CODES.get(wired.kind)
    if vital is None:
        return Reason.UNKNOWN_KIND, f"kind {wired.kind[:40]!r}; expected one of {', '.join(_CODES)}"
    if isinstance(wired.measured_at, int):
        if not 0 <= wired.measured_at <= _YEAR_9999_MS:
            return Reason.BAD_FIELD, f"measured_at {str(wired.measured_at)[:40]}; expected milliseconds since 1970"
        measured_at = datetime.fromtimestamp(wired.measured_at // 1000, UTC).replace(
            microsecond=wired.measured_at % 1000 * 1000
        )
    else:
        try:
            measured_at = wired.measured_at.astimezone(UTC)
        except OverflowError:
            return Reason.BAD_FIELD, "measured_at lies outside the calendar"
        if measured_at < EPOCH:
            return Reason.TOO_OLD, f"measured at {measured_at.isoformat()}, before 1970"
    value = _canonical(vital.kind, wired)
    if isinstance(value, tuple):
        return value
    return Reading(kind=vital.kind, value=value, measured_at=measured_at, quality=wired.quality, seq=wired.seq)


def _canonical(kind: VitalKind, wired: WireReading) -> float | tuple[Reason, str]:
    vital = VITALS[kind]
    if kind is VitalKind.CONSCIOUSNESS:
        level = ACVPU.get(wired.value) if isinstance(wired.value, str) else None
        if level is None:
            return Reason.BAD_FIELD, f"consciousness is one of A, C, V, P, U; got {str(wired.value)[:40]!r}"
        return float(level)
    if isinstance(wired.value, str):
        return Reason.BAD_FIELD, f"value of {kind} is a number; got the text {wired.value[:40]!r}"
    factor, offset = 1.0, 0.0
    if wired.unit is not None:
        conversion = vital.units.get(wired.unit)
        if conversion is None:
            return Reason.WRONG_UNIT, f"unit {wired.unit[:40]!r} of {kind}; expected one of {', '.join(vital.units)}"
        factor, offset = conversion
    try:
        value = float(wired.value) * factor + offset
    except OverflowError:  # a whole number of hundreds of digits
        value = math.inf
    if not vital.low <= value <= vital.high:
        return (
            Reason.IMPLAUSIBLE,
            f"{kind} {value:g} {vital.unit} is outside {vital.low:g} to {vital.high:g} {vital.unit}",
        )
    return value


def decode_status(payload: bytes) -> WireStatus | Reject:
    """Decode a status message (or will)."""
    try:
        return _status.decode(payload)
    except _UNREADABLE as error:
        return Reject(_fault(error), str(error), payload)


def encode_status(status: WireStatus) -> bytes:
    """Encode a status message."""
    return msgspec.json.encode(status)


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


def encode_reject(reject: Reject, payload: bytes) -> bytes:
    """Encode the answer to a device about something refused in `payload`."""
    answer: dict[str, object] = {
        "reason": str(reject.reason),
        "detail": reject.detail,
        "payload_sha256": hashlib.sha256(payload).hexdigest(),
    }
    if reject.index is not None:
        answer["index"] = reject.index
    return msgspec.json.encode(answer)


def encode_receipt(*, stored: int, rejected: int) -> bytes:
    """Encode the answer to a publish with a Response Topic, sent after the commit."""
    return msgspec.json.encode({"stored": stored, "rejected": rejected})


def reading_of(code: int, value: float, measured_at_us: int) -> Reading:
    """Build a reading from what the store keeps."""
    return Reading(kind=BY_CODE[code].kind, value=value, measured_at=datetime.fromtimestamp(measured_at_us / 1e6, UTC))


def measured_us(reading: Reading) -> int:
    """Return the key's time: microseconds since 1970."""
    return to_us(reading.measured_at)
