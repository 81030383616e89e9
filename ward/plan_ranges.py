"""How far each field of a plan may lie: one table, which the checks refuse by and an editor shows beside the field.

Pure. A limit, or a bound of a combination, lies within what is plausible of its kind (`ward.vitals`). The numbers are
the project's proposal (docs/clinical-sources.md). The invariant: no range is written anywhere else.
"""

from dataclasses import dataclass
from types import MappingProxyType

from ward.plans import HIGHEST_NEWS2
from ward.vitals import VITALS, VitalKind

# Seconds: no violation goes on longer unheard, no signal may be promised more seldom.
LONGEST_DELAY_S, LONGEST_EXPECTED_S = 3600.0, 7 * 86_400.0
LONGEST_MEDIAN_S, LONGEST_RISE_S = 600.0, 86_400.0
SHORTEST_REMEASURE_S, LONGEST_REMEASURE_S = 60.0, 7 * 86_400.0
# A doubtful fall of SpO2 waits no longer to be measured again, whatever a plan says.
LONGEST_WAIT_S = 60.0
MOST_COUNTED = 20
MINUTES = 24 * 60
# A slower change than this per hour, in the kind's unit, is none.
SLOWEST_PER_HOUR = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The lowest and the highest that a field may be, in a unit (UCUM; empty for a plain number)."""

    low: float
    high: float
    unit: str = ""


def _s(low: float, high: float) -> Range:
    return Range(low=low, high=high, unit="s")


_OFTEN = _s(SHORTEST_REMEASURE_S, LONGEST_REMEASURE_S)

RANGES: MappingProxyType[str, Range] = MappingProxyType(
    {
        "limits.*.delay_s": _s(0, LONGEST_DELAY_S),
        "limits.*.median_s": _s(0, LONGEST_MEDIAN_S),
        "limits.*.n": Range(low=1, high=MOST_COUNTED),
        "night.begins": Range(low=0, high=MINUTES - 1),
        "night.ends": Range(low=0, high=MINUTES - 1),
        "news2_medium": Range(low=1, high=HIGHEST_NEWS2),
        "news2_high": Range(low=1, high=HIGHEST_NEWS2),
        "news2_rise": Range(low=0, high=HIGHEST_NEWS2),
        "news2_rise_s": _s(60, LONGEST_RISE_S),
        "expected.*": _s(1, LONGEST_EXPECTED_S),
        "slopes.*.over_s": _s(900, 7 * 86_400),
        "deviations.*.sds": Range(low=1, high=20),
        "deviations.*.hold_s": _s(0, 86_400),
        "gain.kg": Range(low=0.2, high=20, unit="kg"),
        "gain.within_s": _s(3600, 30 * 86_400),
        "support.spo2_fall": Range(low=0.5, high=30, unit="%"),
        "support.flow_rise": Range(low=0.1, high=30, unit="L/min"),
        "support.within_s": _s(600, 7 * 86_400),
        "second_signal.wait_s": _s(1, LONGEST_WAIT_S),
        "second_signal.quality_below": Range(low=0, high=1),
        "second_signal.heart_rate_within": Range(low=0, high=30, unit="/min"),
        "second_signal.resp_rate_within": Range(low=0, high=15, unit="/min"),
        "remeasure.high_s": _OFTEN,
        "remeasure.medium_s": _OFTEN,
        "remeasure.single_s": _OFTEN,
        "remeasure.low_s": _OFTEN,
        "remeasure.routine_s": _OFTEN,
        "combinations.*.delay_s": _s(0, LONGEST_DELAY_S),
        "rhythm.pause_s": _s(2, 10),
        "rhythm.ventricular_run": Range(low=3, high=30),
    }
)
"""By the field's path; `*` is a kind, a name or a place in a list."""


def plausible(kind: VitalKind) -> Range:
    """Return what a limit of a kind may be."""
    vital = VITALS[kind]
    return Range(low=vital.low, high=vital.high, unit=vital.unit)


def per_hour(kind: VitalKind) -> Range:
    """Return how fast a change of a kind may be asked for, whichever way."""
    vital = VITALS[kind]
    return Range(low=SLOWEST_PER_HOUR, high=vital.high - vital.low, unit=vital.unit)
