"""What other people's codes mean: LOINC, MDC and SNOMED CT codes of our kinds, one table each, with their sources.

Codes are more than `Vital` lists: devices send older, narrower or unit-bound ones. Not here: how a format spells a
code, and what a unit is worth (`ward.vitals`). The invariant: no code stands for two kinds, and never LOINC 8310-5 for
the skin's temperature. Sources and what is still to be verified: docs/clinical-sources.md.
"""

from dataclasses import dataclass
from types import MappingProxyType

from ward.vitals import VITALS, Acvpu, VitalKind

LOINC, UCUM, SNOMED = "http://loinc.org", "http://unitsofmeasure.org", "http://snomed.info/sct"
MDC = "urn:iso:std:iso:11073:10101"
_LITRES = {"mmol/l": "mmol/L", "mg/dl": "mg/dL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A kind; `unit` is the one unit that the code itself states (a mass is no amount of substance), else None."""

    kind: VitalKind
    unit: str | None = None


def _codes(*rows: tuple[VitalKind, str]) -> dict[str, Code]:
    return {code: Code(kind=kind) for kind, codes in rows for code in codes.split()}


LOINC_CODES: MappingProxyType[str, Code] = MappingProxyType(
    {
        **{vital.loinc: Code(kind=vital.kind) for vital in VITALS.values()},
        **_codes(
            (VitalKind.HEART_RATE, "8889-8 8893-0"),  # by pulse oximetry; palpated at an artery
            (VitalKind.SPO2, "2708-6"),
            (VitalKind.SYSTOLIC, "76534-7"),  # non-invasive
            (VitalKind.DIASTOLIC, "76535-4"),
            (VitalKind.MEAN_PRESSURE, "76536-2"),
            (VitalKind.TEMPERATURE, "8331-1 8333-7 8328-7 8332-9 8329-5"),  # mouth, ear, armpit, rectum, core
            (VitalKind.WEIGHT, "3141-9"),  # measured
            (VitalKind.CONSCIOUSNESS, "67775-7"),  # level of responsiveness
        ),
        "15074-8": Code(kind=VitalKind.GLUCOSE, unit="mmol/L"),
        "14743-9": Code(kind=VitalKind.GLUCOSE, unit="mmol/L"),
        "2339-0": Code(kind=VitalKind.GLUCOSE, unit="mg/dL"),
        "41653-7": Code(kind=VitalKind.GLUCOSE, unit="mg/dL"),
    }
)
MDC_CODES: MappingProxyType[str, Code] = MappingProxyType(
    {
        **{str(vital.mdc): Code(kind=vital.kind) for vital in VITALS.values() if vital.mdc is not None},
        **_codes(
            (VitalKind.HEART_RATE, "149530 149546"),
            (VitalKind.RESP_RATE, "151578 151594 151650 151658"),
            (VitalKind.TEMPERATURE, "188424 188428 150392 188452 188420 150368"),
            (VitalKind.GLUCOSE, "160184"),
        ),
    }
)
# Containers: they have no value of their own, and their components are judged by their own codes.
PANELS: MappingProxyType[str, frozenset[str]] = MappingProxyType(
    {LOINC: frozenset({"85354-9", "55284-4", "35094-2", "85353-1"}), MDC: frozenset({"150020"})}
)
CODES: MappingProxyType[str, MappingProxyType[str, Code]] = MappingProxyType({LOINC: LOINC_CODES, MDC: MDC_CODES})
# Answers to 80288-4 and 67775-7: LOINC's own answers, and findings of SNOMED CT.
LEVELS: MappingProxyType[str, MappingProxyType[str, Acvpu]] = MappingProxyType(
    {
        LOINC: MappingProxyType(
            {
                "LA9340-6": Acvpu.A,
                "LA6560-2": Acvpu.C,
                "LA17108-4": Acvpu.V,
                "LA17107-6": Acvpu.P,
                "LA9343-0": Acvpu.U,
            }
        ),
        SNOMED: MappingProxyType(
            {
                "248234008": Acvpu.A,
                "130987000": Acvpu.C,
                "300202002": Acvpu.V,
                "450847001": Acvpu.P,
                "422768004": Acvpu.U,
            }
        ),
    }
)


def named(name: str) -> Code | None:
    """Return what a bare code stands for: LOINC has a hyphen, MDC has none."""
    return LOINC_CODES.get(name) or MDC_CODES.get(name)


def kind_of(system: str, code: str) -> Code | None:
    """Return what a code of a system stands for, None where it is none of ours."""
    known = CODES.get(system)
    return None if known is None else known.get(code)


def level_of(system: str, code: str) -> Acvpu | None:
    """Return the level of consciousness that an answer stands for, None where it is none of ours."""
    known = LEVELS.get(system)
    return None if known is None else known.get(code)


def ucum(unit: str) -> str:
    """Return a UCUM unit as `ward.vitals` spells it: an annotation means nothing in UCUM, and a litre is l or L."""
    if unit.startswith("{") and unit.endswith("}/min"):
        return "/min"
    return _LITRES.get(unit, unit)
