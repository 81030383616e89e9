"""Values that people read off and type in: which kinds, which units, what is plausible. Pure.

Not here: how they are kept (`ward.store.manual_readings`). The invariant: what passes is a finite number of the kind's
canonical unit within its plausible range, or a level of consciousness; nothing missing becomes a zero.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from ward.people import DeviceNo
from ward.timeline import ByHand
from ward.vitals import ACVPU, VITALS, VitalKind

BY_HAND = DeviceNo(0)
"""The number that stands where a reading has its device's; `by-hand` is its id and no device can have it."""

NEVER_BY_HAND = frozenset({VitalKind.STEPS, VitalKind.PERFUSION_INDEX, VitalKind.MEAN_PRESSURE})
# Whether a patient is awake and clear, and what they breathe, is for others to judge.
BY_STAFF_ALONE = frozenset({VitalKind.CONSCIOUSNESS, VitalKind.FIO2}) | NEVER_BY_HAND
BY_STAFF = frozenset(VitalKind) - NEVER_BY_HAND
BY_PATIENT = frozenset(VitalKind) - BY_STAFF_ALONE


class Fault(StrEnum):
    """Why a value is refused."""

    KIND = "kind"
    UNIT = "unit"
    NUMBER = "number"
    IMPLAUSIBLE = "implausible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A value that is refused, and why, in words of both languages."""

    kind: VitalKind
    fault: Fault
    sv: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A value as it was typed; without a unit in the kind's own."""

    kind: VitalKind
    value: float | str
    unit: str | None = None


def settle(typed: Typed, allowed: frozenset[VitalKind]) -> ByHand | Refused:
    """Return a value in its canonical unit, or why it cannot be taken."""
    if typed.kind not in allowed:
        return _refused(typed, Fault.KIND, "kan inte skrivas in för hand här", "cannot be entered by hand here")
    if typed.kind is VitalKind.CONSCIOUSNESS:
        level = ACVPU.get(typed.value) if isinstance(typed.value, str) and typed.unit is None else None
        if level is None:
            return _refused(typed, Fault.NUMBER, "är A, C, V, P eller U", "is A, C, V, P or U")
        return ByHand(kind=typed.kind, value=float(level))
    if isinstance(typed.value, str) or not math.isfinite(typed.value):
        return _refused(typed, Fault.NUMBER, "är ett tal", "is a number")
    return _converted(typed, typed.value)


def _converted(typed: Typed, value: float) -> ByHand | Refused:
    vital = VITALS[typed.kind]
    conversion = vital.units.get(typed.unit or vital.unit)
    if conversion is None:
        known = ", ".join(vital.units)
        return _refused(typed, Fault.UNIT, f"mäts i {known}", f"is measured in {known}")
    settled = value * conversion[0] + conversion[1]
    if not vital.low <= settled <= vital.high:
        span = f"{vital.low:g}\N{EN DASH}{vital.high:g} {vital.unit}"
        sv, en = f"ligger utanför {span}: mät igen", f"is outside {span}: measure again"
        return _refused(typed, Fault.IMPLAUSIBLE, sv, en)
    return ByHand(kind=typed.kind, value=settled)


def _refused(typed: Typed, fault: Fault, sv: str, en: str) -> Refused:
    return Refused(kind=typed.kind, fault=fault, sv=f"{typed.kind.value} {sv}", en=f"{typed.kind.value} {en}")
