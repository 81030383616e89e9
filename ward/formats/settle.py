"""Claims to readings: known kind, canonical unit, plausible value, an instant. Many at once, and pure.

Who wore the device, and whether the time may be right, is not asked here. The invariant: every claim ends as a usable
row, as an implausible row (`Validity.OFLW` or `UFLW`, which also has a fault), or as a fault alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ward import clock
from ward.formats import instants, vitals
from ward.formats.claims import Claim, Decoded, Fault
from ward.vitals import ACVPU, BY_CODE, VITALS, Reading, Validity, Vital, VitalKind
from ward.wire import Reason, Reject

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_KINDS = {str(kind): vital for kind, vital in VITALS.items()}
# One row for each kind and each spelling of a unit; the last row, -1, stands for what is not in the table.
_SPELLINGS = [(vital, unit) for vital in VITALS.values() for unit in (None, *vital.units)]
_ROW_OF = {(str(vital.kind), unit): row for row, (vital, unit) in enumerate(_SPELLINGS)}
_VITALS: list[Vital] = [vital for vital, _ in _SPELLINGS]
_CONVERSIONS = [(1.0, 0.0) if unit is None else vital.units[unit] for vital, unit in _SPELLINGS]
_CODE = np.array([*(vital.code for vital in _VITALS), 0])
_FACTOR = np.array([*(factor for factor, _ in _CONVERSIONS), 1.0])
_OFFSET = np.array([*(offset for _, offset in _CONVERSIONS), 0.0])
_LOW = np.array([*(vital.low for vital in _VITALS), -math.inf])
_HIGH = np.array([*(vital.high for vital in _VITALS), math.inf])
_LETTERED = np.array([*(vital.kind is VitalKind.CONSCIOUSNESS for vital in _VITALS), False])
_NUMBERS = frozenset((int, float))
_INTS, _TEXTS = frozenset((int,)), frozenset((str,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Claims as columns of one length, in their order.

    `kind` is the code; `value` in the kind's own unit; `measured_us` since 1970; `quality` 0-100 or -1; `usable` is
    false where there is nothing that could be stored; `faults` says what is wrong, by row.
    """

    kind: Ints
    value: Floats
    measured_us: Ints
    quality: Ints
    validity: Ints
    usable: NDArray[np.bool_]
    faults: dict[int, Fault] = field(default_factory=dict)


def settle(claims: Sequence[Claim]) -> Settled:
    """Check and convert claims."""
    faults: dict[int, Fault] = {}
    rows = np.array([_ROW_OF.get((each.kind, each.unit), -1) for each in claims], dtype=np.int64)
    for row in np.flatnonzero(rows < 0).tolist():
        faults[row] = _unknown(claims[row])
    value = _values(claims, rows, faults) * _FACTOR[rows] + _OFFSET[rows]
    measured_us = _instants(claims, faults)
    usable = np.ones(len(claims), dtype=np.bool_)
    usable[list(faults)] = False
    high, low = value > _HIGH[rows], value < _LOW[rows]
    for row in np.flatnonzero((high | low) & usable).tolist():
        faults[row] = _implausible(claims[row], float(value[row]))
    quality = [-1 if each.quality is None else each.quality * 100 for each in claims]
    return Settled(
        kind=_CODE[rows],
        value=value,
        measured_us=measured_us,
        quality=np.rint(np.array(quality, dtype=np.float64)).astype(np.int64),
        validity=np.where(high, Validity.OFLW.value, np.where(low, Validity.UFLW.value, Validity.VLD.value)),
        usable=usable & np.isfinite(value),
        faults=faults,
    )


def readings_of(decoded: Decoded) -> tuple[list[Reading], list[Reject]]:
    """Return what a message's claims came to, without asking whose they are."""
    settled = settle(decoded.claims)
    elements = decoded.elements() if settled.faults else None
    rejects = [decoded.refuse(row, *fault, elements) for row, fault in sorted(settled.faults.items())]
    readings = [
        Reading(
            kind=BY_CODE[int(settled.kind[row])].kind,
            value=float(settled.value[row]),
            measured_at=clock.from_us(int(settled.measured_us[row])),
            quality=claim.quality,
            seq=claim.seq,
        )
        for row, claim in enumerate(decoded.claims)
        if row not in settled.faults
    ]
    return readings, [*decoded.rejects, *rejects]


def native(settled: Settled, row: int) -> bytes:
    """Return one usable row as a native reading, as it is kept where it is nobody's (`ward.redecode`)."""
    quality = int(settled.quality[row])
    return vitals.encode_reading(
        Reading(
            kind=BY_CODE[int(settled.kind[row])].kind,
            value=float(settled.value[row]),
            measured_at=clock.from_us(int(settled.measured_us[row])),
            quality=None if quality < 0 else quality / 100,
        )
    )


def _unknown(claim: Claim) -> Fault:
    vital = _KINDS.get(claim.kind)
    if vital is None:
        return Reason.UNKNOWN_KIND, f"kind {claim.kind[:40]!r}; expected one of {', '.join(_KINDS)}"
    unit = (claim.unit or "")[:40]
    return Reason.WRONG_UNIT, f"unit {unit!r} of {claim.kind}; expected one of {', '.join(vital.units)}"


def _values(claims: Sequence[Claim], rows: Ints, faults: dict[int, Fault]) -> Floats:
    """Return the values as they were sent; text is a level of consciousness or a fault."""
    values = [each.value for each in claims]
    if _LETTERED[rows].any() or not _NUMBERS.issuperset(map(type, values)):
        values = [_value(claim, row, faults) for row, claim in enumerate(claims)]
    try:
        return np.array(values, dtype=np.float64)
    except OverflowError:  # a whole number of hundreds of digits
        return np.array([_finite(each) for each in values], dtype=np.float64)


def _value(claim: Claim, row: int, faults: dict[int, Fault]) -> int | float:
    value = claim.value
    if claim.kind == VitalKind.CONSCIOUSNESS:
        level = ACVPU.get(value) if isinstance(value, str) else None
        if level is None:
            said = str(value)[:40] if isinstance(value, str) or abs(value) < 1e40 else "a number"
            faults.setdefault(row, (Reason.BAD_FIELD, f"consciousness is one of A, C, V, P, U; got {said!r}"))
            return 0
        return int(level)
    if isinstance(value, str):
        fault = f"value of {claim.kind[:40]} is a number; got the text {value[:40]!r}"
        faults.setdefault(row, (Reason.BAD_FIELD, fault))
        return 0
    return value


def _finite(value: float | str) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _implausible(claim: Claim, value: float) -> Fault:
    vital = _KINDS[claim.kind]
    bounds = f"{vital.low:g} to {vital.high:g} {vital.unit}"
    return Reason.IMPLAUSIBLE, f"{claim.kind} {value:g} {vital.unit} is outside {bounds}"


def _instants(claims: Sequence[Claim], faults: dict[int, Fault]) -> Ints:
    """Return when the claims were measured, in microseconds since 1970."""
    times = [each.measured_at for each in claims]
    kinds = set(map(type, times))
    if kinds == _TEXTS:
        found = instants.read([str(each) for each in times])
    elif kinds <= _INTS:
        found = np.array([instants.of_ms(each) for each in times], dtype=np.int64)
    else:
        found = np.array([instants.one(each) for each in times], dtype=np.int64)
    for row in np.flatnonzero(found < 0).tolist():
        faults.setdefault(row, instants.refusal(times[row], int(found[row])))
    return found
