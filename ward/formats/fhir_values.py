"""The values of a FHIR R4 Observation: one `code` with one `value[x]`, the observation's own or a component's.

Not here: when it was measured and whether the observation may be used (`fhir`). The invariant: a value is one claim
or one fault; nothing is read that has no code, no unit or a comparator, and an absent value is never zero.
"""

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from ward.formats import codes
from ward.formats.claims import Claim, Fault
from ward.formats.codes import UCUM, Code
from ward.vitals import VITALS, VitalKind
from ward.wire import Reason

_NOTHING = msgspec.Raw(b"")
_UNITLESS = frozenset({"{score}", "{steps}"})


Codes = tuple[tuple[str, str], ...]


class Coding(msgspec.Struct, gc=False):
    """A code of a system."""

    system: str | None = None
    code: str | None = None


class Concept(msgspec.Struct, gc=False):
    """One thing in the words of several systems."""

    coding: list[Coding] = []

    def codes(self) -> Codes:
        """Return the codings that name both their system and a code."""
        return tuple((each.system, each.code) for each in self.coding if each.system and each.code)


class Quantity(msgspec.Struct, gc=False):
    """A number and its unit: `code` of `system` for programs, `unit` for people."""

    value: float | None = None
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Component(msgspec.Struct, rename="camel", gc=False):
    """What an observation and its components have in common; `value_string` and its like are only seen to be there."""

    code: Concept
    value_quantity: Quantity | None = None
    value_codeable_concept: Concept | None = None
    value_integer: int | None = None
    value_string: msgspec.Raw = _NOTHING
    value_boolean: msgspec.Raw = _NOTHING
    value_range: msgspec.Raw = _NOTHING
    value_ratio: msgspec.Raw = _NOTHING
    value_sampled_data: msgspec.Raw = _NOTHING
    value_time: msgspec.Raw = _NOTHING
    value_date_time: msgspec.Raw = _NOTHING
    value_period: msgspec.Raw = _NOTHING
    data_absent_reason: Concept | None = None
    modifier_extension: list[msgspec.Raw] = []

    def has_value(self) -> bool:
        """Tell whether there is a value of any type, or word of its absence."""
        absent = self.data_absent_reason is not None
        return absent or any(getattr(self, each) is not None for each in _READ.values()) or bool(self.unread())

    def unread(self) -> list[str]:
        """Return the names of the values that are there and are of no use to us."""
        return [name for name, each in _UNREAD.items() if bytes(getattr(self, each)) not in {b"", b"null"}]


_READ = {
    "valueQuantity": "value_quantity",
    "valueCodeableConcept": "value_codeable_concept",
    "valueInteger": "value_integer",
}
_UNREAD = {
    "valueString": "value_string",
    "valueBoolean": "value_boolean",
    "valueRange": "value_range",
    "valueRatio": "value_ratio",
    "valueSampledData": "value_sampled_data",
    "valueTime": "value_time",
    "valueDateTime": "value_date_time",
    "valuePeriod": "value_period",
}


class Panel:
    """The meaning of a code that is a container: its components have the values."""


PANEL = Panel()


def claim_of(component: Component, code: Code, measured_at: str) -> Claim | Fault:
    """Return what one value claims."""
    fault = _unusable(component)
    if fault is not None:
        return fault
    if component.value_quantity is not None:
        return _measured(component.value_quantity, code, measured_at)
    if component.value_integer is not None:
        if VITALS[code.kind].unit not in _UNITLESS:
            return Reason.WRONG_UNIT, f"valueInteger has no unit, and {code.kind} needs one; send a valueQuantity"
        return Claim(str(code.kind), component.value_integer, measured_at)
    return _level(component.value_codeable_concept or Concept(), code, measured_at)


def meaning(concept: Concept) -> Code | Panel | Fault:
    """Return what a code stands for; several codings must stand for the same."""
    found = concept.codes()
    short = len(found) <= _FEW and all(len(system) + len(code) <= _SHORT for system, code in found)
    return (_remembered if short else _meaning)(found)


def _meaning(given: Codes) -> Code | Panel | Fault:
    if any(code in codes.PANELS.get(system, ()) for system, code in given):
        return PANEL
    found = [code for system, each in given if (code := codes.kind_of(system, each)) is not None]
    kinds = {each.kind for each in found}
    if not kinds:
        told = ", ".join(code[:20] for _, code in given[:5]) or "no coding with a system"
        return Reason.UNKNOWN_KIND, f"{told}; expected a LOINC or MDC code of ours"
    units = {each.unit for each in found if each.unit is not None}
    if len(kinds) > 1 or len(units) > 1:
        return Reason.UNKNOWN_KIND, f"its codings contradict each other: {', '.join(sorted(kinds | units))}"
    return Code(kind=kinds.pop(), unit=units.pop() if units else None)


_FEW, _SHORT = 8, 100  # codings, and characters of one: what a stranger makes up must not fill the memory
_remembered = lru_cache(maxsize=4096)(_meaning)


def _unusable(component: Component) -> Fault | None:
    """Say why a component has no one value that can be read."""
    if component.modifier_extension:
        return Reason.BAD_FIELD, "a modifierExtension may change what it means, and is not understood"
    there = [name for name, field in _READ.items() if getattr(component, field) is not None]
    if component.data_absent_reason is not None:
        why = ", ".join(code[:40] for _, code in component.data_absent_reason.codes()) or "no code"
        return Reason.BAD_FIELD, f"there is no value: dataAbsentReason {why}"
    if len(there) == 1:
        return None
    if not there and (unread := component.unread()):
        return Reason.BAD_FIELD, f"{unread[0]} is no reading; expected one of {', '.join(_READ)}"
    return Reason.BAD_FIELD, f"{' and '.join(there)} together" if there else "no value, and no dataAbsentReason"


def _measured(quantity: Quantity, code: Code, measured_at: str) -> Claim | Fault:
    if quantity.comparator is not None:
        return Reason.BAD_FIELD, f"comparator {quantity.comparator[:4]!r}: the value itself is not known"
    if quantity.value is None:
        return Reason.BAD_FIELD, "a valueQuantity without value"
    unit = _unit(quantity, VITALS[code.kind].units)
    if isinstance(unit, tuple):
        return unit
    if code.unit not in {None, unit}:
        return Reason.WRONG_UNIT, f"unit {unit[:40]!r}; this code is in {code.unit}"
    return Claim(str(code.kind), quantity.value, measured_at, unit)


def _unit(quantity: Quantity, known: Mapping[str, tuple[float, float]]) -> str | Fault:
    """Return the unit: the UCUM code, else the unit's name; both must mean the same where both are known."""
    code = quantity.code if quantity.system in {None, UCUM} else None
    if code and (code == quantity.unit or not quantity.unit):
        return codes.ucum(code)
    spelled = [codes.ucum(each) for each in (code, quantity.unit) if each]
    if not spelled:
        return Reason.WRONG_UNIT, "a valueQuantity needs a unit: a UCUM code, or its name"
    if len({known[each] for each in spelled if each in known}) > 1:
        return Reason.WRONG_UNIT, f"code and unit contradict each other: {', '.join(each[:20] for each in spelled)}"
    return spelled[0]


def _level(concept: Concept, code: Code, measured_at: str) -> Claim | Fault:
    if code.kind is not VitalKind.CONSCIOUSNESS:
        return Reason.BAD_FIELD, f"valueCodeableConcept of {code.kind}; expected a valueQuantity"
    levels = {codes.level_of(system, each) for system, each in concept.codes()} - {None}
    if len(levels) != 1:
        told = ", ".join(each[:20] for _, each in concept.codes()[:5]) or "no coding with a system"
        return Reason.BAD_FIELD, f"level of consciousness {told}; expected one of SNOMED CT's or LOINC's ACVPU answers"
    return Claim(str(code.kind), next(level.name for level in levels if level is not None), measured_at)
