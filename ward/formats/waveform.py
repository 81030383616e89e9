"""Native waveforms: CBOR (RFC 8949), one block of one channel. Decode and encode side by side.

Decoding gives one block or one reject, never an exception. Samples are a byte string or a typed array (RFC 8746) of
little-endian int16. Nothing is decoded that a block does not need: tags mean nothing here but times and typed arrays,
so that no sender can have numbers of a hundred thousand digits converted, or expressions compiled.
"""

import io
import math
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Final, NoReturn

import cbor2
import msgspec

from ward.clock import from_us, to_us
from ward.formats.claims import Decoded
from ward.waveforms import (
    HIGHEST_FS_HZ,
    LOWEST_FS_HZ,
    MOST_S,
    MOST_SAMPLES,
    SAMPLE_BYTES,
    WAVES,
    Wave,
    WaveformBlock,
    WaveKind,
)
from ward.wire import Reason, Reject

MAX_BLOCK_BYTES: Final = MOST_SAMPLES * SAMPLE_BYTES + 4096  # samples, and ample room for the rest
_INT16_LITTLE_ENDIAN = 77  # RFC 8746, 2.1
_DEPTH = 8
_LATEST_US = (253_402_300_799 - MOST_S) * 1_000_000  # so that the end of a block still lies in the year 9999
_LARGEST = 1e12  # of scale and offset, either way

# What cbor2 would convert by itself. Tags 0 and 1 stay: they are times.
_CONVERTED = (2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43_000, 55_799)


def _as_it_is(value: object, _immutable: bool) -> object:  # noqa: FBT001 - cbor2 calls it so
    return value


_TAGS = MappingProxyType(dict.fromkeys(_CONVERTED, _as_it_is))
_Zoned = Annotated[datetime, msgspec.Meta(tz=True)]


class _Refused(Exception):  # noqa: N818 - reads as what happened
    """A field that cannot be used; never leaves this module."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def decode(payload: bytes) -> Decoded:
    """Decode one block."""
    try:
        return Decoded(payload, blocks=[_block(_fields(payload))])
    except _Refused as refused:
        return Decoded(payload, rejects=[Reject(refused.reason, str(refused), payload)])


def encode(block: WaveformBlock) -> bytes:
    """Encode a block; a time between two milliseconds is written as text."""
    measured_ms, rest_us = divmod(block.measured_us, 1000)
    return cbor2.dumps(
        {
            "kind": str(block.kind),
            "lead": block.lead,
            "measured_at": from_us(block.measured_us).isoformat() if rest_us else measured_ms,
            "fs_hz": block.fs_hz,
            "unit": block.unit,
            "scale": block.scale,
            "offset": block.offset,
            "samples": block.samples,
        }
    )


def _fields(payload: bytes) -> Mapping[object, object]:
    if len(payload) > MAX_BLOCK_BYTES:
        raise _Refused(Reason.TOO_LARGE, f"{len(payload)} bytes; a block has at most {MAX_BLOCK_BYTES}")
    stream = io.BytesIO(payload)
    decoder = cbor2.CBORDecoder(
        stream,
        semantic_decoders=_TAGS,
        max_depth=_DEPTH,
        allow_indefinite=False,
        allow_duplicate_keys=False,
        strict_hashable_types=True,
    )
    try:
        decoded = decoder.decode()
    except (cbor2.CBORDecodeError, ValueError, TypeError, OverflowError, RecursionError, MemoryError) as error:
        raise _Refused(Reason.MALFORMED, f"not CBOR that is read here: {str(error)[:200]}") from error
    left = len(payload) - stream.tell()
    if left:
        raise _Refused(Reason.MALFORMED, f"{left} bytes follow the block; a message is one block")
    if not isinstance(decoded, Mapping):
        raise _Refused(Reason.BAD_FIELD, "a block is a map of fields")
    return decoded


def _block(fields: Mapping[object, object]) -> WaveformBlock:
    wave = _wave(fields)
    samples = _samples(fields)
    fs_hz = _number(fields, "fs_hz")
    unit, factor = _unit(fields, wave)
    scale, offset = _number(fields, "scale") * factor, _number(fields, "offset", 0.0) * factor
    if not LOWEST_FS_HZ <= fs_hz <= HIGHEST_FS_HZ:
        _refuse(f"fs_hz {fs_hz:g}; expected {LOWEST_FS_HZ:g} to {HIGHEST_FS_HZ:g}")
    if not 1 / _LARGEST <= abs(scale) <= _LARGEST or abs(offset) > _LARGEST:
        _refuse(f"scale {scale:g}, offset {offset:g}; a scale of 0, or numbers beyond {_LARGEST:g}, are of no use")
    block = WaveformBlock(
        kind=wave.kind,
        lead=_lead(fields, wave),
        measured_us=_instant_us(fields),
        fs_hz=fs_hz,
        unit=unit,
        scale=scale,
        offset=offset,
        samples=samples,
    )
    if block.duration_us > MOST_S * 1_000_000:
        raise _Refused(Reason.TOO_LARGE, f"{block.duration_us / 1e6:.0f} s; a block lasts at most {MOST_S} s")
    return block


def _wave(fields: Mapping[object, object]) -> Wave:
    kind = _text_of(fields, "kind")
    try:
        return WAVES[WaveKind(kind)]
    except ValueError:
        expected = ", ".join(WaveKind)
        raise _Refused(Reason.UNKNOWN_KIND, f"kind {kind[:40]!r}; expected one of {expected}") from None


def _lead(fields: Mapping[object, object], wave: Wave) -> str:
    lead = _text_of(fields, "lead")
    if lead not in wave.leads:
        _refuse(f"lead {lead[:40]!r} of {wave.kind}; expected one of {', '.join(wave.leads)}")
    return lead


def _unit(fields: Mapping[object, object], wave: Wave) -> tuple[str, float]:
    """Return the unit that is stored and the factor to it."""
    unit = next(iter(wave.units)) if fields.get("unit") is None else _text_of(fields, "unit")
    if unit not in wave.units:
        expected = ", ".join(wave.units)
        raise _Refused(Reason.WRONG_UNIT, f"unit {unit[:40]!r} of {wave.kind}; expected one of {expected}")
    return wave.units[unit]


def _samples(fields: Mapping[object, object]) -> bytes:
    samples = fields.get("samples")
    if isinstance(samples, cbor2.CBORTag):
        if samples.tag != _INT16_LITTLE_ENDIAN:
            _refuse(f"samples are tagged {samples.tag}; of typed arrays {_INT16_LITTLE_ENDIAN} is taken: sint16, LE")
        samples = samples.value
    if not isinstance(samples, bytes):
        _refuse("samples are a byte string of little-endian int16")
    if not samples or len(samples) % SAMPLE_BYTES:
        _refuse(f"samples of {len(samples)} bytes; expected {SAMPLE_BYTES} for each, and at least one")
    if len(samples) > MOST_SAMPLES * SAMPLE_BYTES:
        count = len(samples) // SAMPLE_BYTES
        raise _Refused(Reason.TOO_LARGE, f"{count} samples; a block has at most {MOST_SAMPLES}")
    return samples


def _number(fields: Mapping[object, object], name: str, default: float | None = None) -> float:
    """Return a finite number."""
    value = fields.get(name)
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        _refuse(f"{name} is a finite number")
    return float(value)


def _text_of(fields: Mapping[object, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        _refuse(f"{name} is a text")
    return value


def _instant_us(fields: Mapping[object, object]) -> int:
    """Return when the first sample was measured, in microseconds since 1970."""
    value = fields.get("measured_at")
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value <= _LATEST_US // 1000:
            _refuse("measured_at is whole milliseconds since 1970, or RFC 3339 text with an offset")
        return value * 1000
    try:
        at_us = to_us(msgspec.convert(value, _Zoned, strict=True))
    except (msgspec.ValidationError, OverflowError) as error:
        _refuse(f"measured_at: {error}")
    if at_us < 0:
        raise _Refused(Reason.TOO_OLD, "measured before 1970")
    if at_us > _LATEST_US:
        _refuse("measured_at lies outside the calendar")
    return at_us


def _refuse(detail: str) -> NoReturn:
    raise _Refused(Reason.BAD_FIELD, detail)
