"""SenML's names of units, and what they are in ours.

Sources: IANA's registries "SenML Units" (RFC 8428 section 12.1) and "Secondary Units" (RFC 8798). A name that is in
neither is taken as it stands, so that the units of `ward.vitals` (UCUM) are understood too.

`%` is the trap of that registry: there it is a *ratio*, 0.97, and nearly everybody sends 97. Both cannot be right, and
guessing by size would be a guess. For oxygen saturation and inspired oxygen 97 is taken as per cent; the ratio of the
registry then falls outside what is plausible and is refused, so neither can be mistaken for the other. For the
perfusion index, where both are plausible, `%` is refused: `/100` says per cent and `/` says ratio, without a doubt.
"""

from dataclasses import dataclass
from types import MappingProxyType

from ward.vitals import VitalKind

_DIGITS = 9  # decimals kept, so that 0.57 becomes 57 and not 56.99999999999999


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """A unit of ours, and how a value in SenML's becomes one in it: `value * factor + offset`."""

    unit: str
    factor: float = 1.0
    offset: float = 0.0

    def value(self, given: float) -> float:
        """Return a value in our unit."""
        if self.factor == 1.0 and self.offset == 0.0:
            return given
        return round(given * self.factor + self.offset, _DIGITS)


_PER_MIN = {
    "1/min": Scaled(unit="/min"),
    "1/s": Scaled(unit="/min", factor=60),
    "Hz": Scaled(unit="/min", factor=60),
}
_SHARE = {"/": Scaled(unit="%", factor=100), "/100": Scaled(unit="%"), "/1000": Scaled(unit="%", factor=0.1)}
_PER_CENT = {**_SHARE, "%": Scaled(unit="%")}
_TEMPERATURE = {"Cel": Scaled(unit="Cel"), "K": Scaled(unit="Cel", offset=-273.15)}
_PRESSURE = {"Pa": Scaled(unit="kPa", factor=0.001), "hPa": Scaled(unit="kPa", factor=0.1)}
_MASS = {"kg": Scaled(unit="kg"), "g": Scaled(unit="g")}
_FLOW = {"l/s": Scaled(unit="L/min", factor=60), "m3/s": Scaled(unit="L/min", factor=60_000)}

REGISTRY: MappingProxyType[VitalKind, dict[str, Scaled]] = MappingProxyType(
    {
        VitalKind.HEART_RATE: {**_PER_MIN, "beat/min": Scaled(unit="/min")},
        VitalKind.RESP_RATE: _PER_MIN,
        VitalKind.SPO2: _PER_CENT,
        VitalKind.FIO2: _PER_CENT,
        VitalKind.PERFUSION_INDEX: _SHARE,
        VitalKind.TEMPERATURE: _TEMPERATURE,
        VitalKind.SKIN_TEMPERATURE: _TEMPERATURE,
        VitalKind.SYSTOLIC: _PRESSURE,
        VitalKind.DIASTOLIC: _PRESSURE,
        VitalKind.MEAN_PRESSURE: _PRESSURE,
        VitalKind.WEIGHT: _MASS,
        VitalKind.GLUCOSE: {"kg/m3": Scaled(unit="mg/dL", factor=100)},
        VitalKind.OXYGEN_FLOW: _FLOW,
        VitalKind.PEAK_FLOW: _FLOW,
        VitalKind.STEPS: {"1/min": Scaled(unit="/min")},
        VitalKind.PAIN: {"/": Scaled(unit="1")},
    }
)
# Units that mean two things that are both plausible.
DOUBTFUL: MappingProxyType[tuple[VitalKind, str], str] = MappingProxyType(
    {(VitalKind.PERFUSION_INDEX, "%"): "'%' is a ratio in SenML and per cent elsewhere; send '/' or '/100'"}
)
