"""Saturation and its price: falling SpO2, and SpO2 that is kept up by ever more oxygen.

Not here: limits. The invariant: a reading at which no oxygen flow is known says nothing about the ratio; unknown is
not air.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from alerting.signal.records import Floats
from alerting.signal.series import Course, Moments, Ragged, at_moments, present
from alerting.signal.spans import after
from alerting.signal.trend import Neighbours, Slope, slope

FLOW_HELD_S: Final = 12 * 3600.0
"""An oxygen flow written down holds until the next one, but no longer than this (`ward.vitals`: stale by hand)."""

AIR: Final = 0.21
PER_LITRE: Final = 0.04
MOST_FRACTION: Final = 0.60
"""Inspired fraction from nasal flow: 4 % a litre above air, a rule of thumb good to 6 L/min, flattened at 0.60; only
the direction of the change is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Oxygenation:
    """SpO2 and what it takes to keep it, over one window; k moments.

    saturation : slope of SpO2, % per hour; ratio : slope of ln(SpO2 / FiO2) per hour, which falls when saturation falls
    or when oxygen is turned up to keep it (the ratio: Rice 2007, doi:10.1378/chest.07-0617); its interval takes
    neighbours as independent: the stairs of a flow that somebody sets are no noise
    flow_change : (k,) float64, L/min, flow in force at the moment minus that where the window begins, NaN unknown
    worsening : (k,) float64, 1 - p of Mann-Kendall for the ratio where it falls, 0 where it does not, NaN unknown
    """

    saturation: Slope
    ratio: Slope
    flow_change: Floats
    worsening: Floats


def look_back_s(window_s: float) -> float:
    """Return how far back `oxygenation` looks: its window, and a flow that was in force when it began."""
    return window_s + FLOW_HELD_S


def oxygenation(spo2: Ragged, flow: Ragged, at: Moments, window_s: float, *, spacing_s: float = 0.0) -> Oxygenation:
    """Return the joint trend of SpO2 (%) and oxygen flow (L/min, 0 is air) over [at - window_s, at].

    A reading of SpO2 at which no flow is known does not enter the ratio: unknown is not air.

    Raises
    ------
    ValueError
        As `trend.slope`; and if the two have not the same stays.
    """
    saturation, oxygen = present(spo2), present(flow)
    if saturation.stays != oxygen.stays:
        raise ValueError(f"flow: has {oxygen.stays} stays, must have those of spo2, {saturation.stays}")
    fraction = np.minimum(AIR + PER_LITRE * _in_force(oxygen, Moments.readings(saturation)), MOST_FRACTION)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.log(saturation.value / fraction)
    asked = at_moments(at, saturation.stays)
    ratio = slope(
        replace(saturation, value=log_ratio), asked, window_s, spacing_s=spacing_s, neighbours=Neighbours.INDEPENDENT
    )
    begin = Moments(row=asked.row, at_s=asked.at_s - window_s)
    return Oxygenation(
        saturation=slope(saturation, asked, window_s, spacing_s=spacing_s),
        ratio=ratio,
        flow_change=_in_force(oxygen, asked) - _in_force(oxygen, begin),
        worsening=np.where(np.isnan(ratio.p), np.nan, np.where(ratio.per_hour < 0, 1 - ratio.p, 0.0)),
    )


def _in_force(course: Course, at: Moments) -> Floats:
    """Return the newest value at or before each moment, NaN where it is older than `FLOW_HELD_S` or there is none."""
    end = after(course, at.row, at.at_s)
    found = end > course.offsets[at.row]
    value = np.full(len(end), np.nan)
    fresh = np.flatnonzero(found)[at.at_s[found] - course.t_s[end[found] - 1] <= FLOW_HELD_S]
    value[fresh] = course.value[end[fresh] - 1]
    return value
