"""The pulse wave at a finger and the chest's impedance, from the same beats and breaths as the ECG. Pure.

Each beat's blood arrives as two bells, the wave and its echo; breathing changes their size (AM), their intervals (FM,
in `beats`) and the blood they stand on (BW). Of red and infrared light as much is swallowed as SpO2 asks for.
The invariant: a sample depends on (body, lead, its number) alone.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from simulator.noise import Floats, Stream, normal, own, wander
from simulator.physiology import Body
from simulator.waves import beats as heart
from simulator.waves.bells import draw
from simulator.waves.breaths import lungs
from simulator.waves.movement import shaken
from simulator.waves.seconds import along

WAVE: Final = ((0.0, 0.075, 1.0), (0.24, 0.11, 0.36))
"""The pulse and its echo: s from the top, width s, height, at an interval of 0.85 s."""
_INTERVAL_S: Final = 0.85
TOP_S: Final = 0.32
"""From the R peak to the top of the pulse at a finger, at 130 mmHg, and what a mmHg more takes off it. Both go together
more loosely in life (Payne 2006, doi:10.1152/japplphysiol.00657.2005); the sizes are ours."""
TOP_S_PER_MMHG: Final = -0.0007
ARRIVAL_SPREAD_S: Final = 0.009
ARRIVAL_BREATH_S: Final = 0.016  # later at the top of a breath than at its end
AM: Final = 0.14
BW: Final = 0.17
_PEOPLE: Final = 0.35  # how much people differ in both
_PERFUSION: Final = 0.02  # of the light: what a good pulse swallows
_NOISE: Final = 0.006
_FLAT_MMHG: Final = 55.0  # below it hardly a pulse comes through

RATIO_AT: Final = (110.0, 25.0)
"""SpO2 = 110 - 25 * (red pulse / red light) / (infrared pulse / infrared light), the usual line of calibration
(Webster 1997, Design of Pulse Oximeters)."""
LEADS: Final[Mapping[str, int]] = MappingProxyType({"pleth": 0, "red": 1, "infrared": 2})


def light(body: Body, lead: str, first: int, count: int, fs_hz: float) -> Floats:
    """Return samples of a pulse oximeter, (count,) float64: pleth about 0 to 1 and up with the blood, light about 1.

    Number n is at n / fs_hz seconds.
    """
    t_s = (first + np.arange(count)) / fs_hz
    blood = _blood(body, t_s, first, fs_hz)
    shaking = shaken(body, 0, t_s)
    noise = normal(body.seed, Stream.MUSCLE + 3 + LEADS[lead], first + np.arange(count))
    fails = along(body, "sensor_noise", t_s)
    if lead == "pleth":
        return np.asarray(0.25 + 0.6 * blood + 0.9 * shaking + (_NOISE + 0.2 * fails) * noise, dtype=np.float64)
    highest, slope = RATIO_AT
    ratio = (highest - along(body, "spo2", t_s)) / slope if lead == "red" else 1.0
    swallowed = _PERFUSION * (ratio * blood + 1.5 * shaking + (_NOISE + 0.2 * fails) * noise)
    return np.asarray(1.0 - swallowed, dtype=np.float64)


def impedance(body: Body, first: int, count: int, fs_hz: float) -> Floats:
    """Return samples of the chest's impedance, (count,) float64, ohms about its mean: breath, heart and movement."""
    t_s = (first + np.arange(count)) / fs_hz
    found = heart.between(body, float(t_s[0]) - 1.0, float(t_s[-1]) + 1.0)
    beaten = draw(first, count, fs_hz, found.at_s + 0.12, 0.09, 0.04 * found.stroke)
    noise = 0.01 * normal(body.seed, Stream.MUSCLE + 6, first + np.arange(count))
    drifts = 0.1 * wander(body.seed, Stream.BASELINE + 10, t_s, 20.0)
    return np.asarray(lungs(body, t_s) - beaten + 0.8 * shaken(body, 3, t_s) + drifts + noise, dtype=np.float64)


def _blood(body: Body, t_s: Floats, first: int, fs_hz: float) -> Floats:
    """Return the blood in the finger, (n,): a usual pulse is 1 high."""
    found = heart.between(body, float(t_s[0]) - 2.0, float(t_s[-1]) + 1.0)
    systolic = along(body, "systolic", found.at_s)
    filled = lungs(body, found.at_s)
    uneven = ARRIVAL_SPREAD_S * normal(body.seed, Stream.ARRIVAL, np.round(1000 * found.at_s).astype(np.int64))
    arrives_s = np.clip(TOP_S + TOP_S_PER_MMHG * (systolic - 130.0), 0.18, 0.45)
    arrives_s = arrives_s + uneven + ARRIVAL_BREATH_S * (filled - 0.5)
    comes_through = np.clip((systolic - _FLAT_MMHG) / 40.0, 0.03, 1.0)
    breathed = 1.0 - AM * own(body.seed, 4, _PEOPLE) * (filled - 0.5)
    stretched = np.sqrt(found.usual_s / _INTERVAL_S)
    blood = np.zeros(len(t_s))
    for offset_s, width_s, top in WAVE:
        at_s = found.at_s + arrives_s + offset_s * stretched
        blood += draw(first, len(t_s), fs_hz, at_s, width_s * stretched, top * found.stroke * comes_through * breathed)
    slow = 0.06 * wander(body.seed, Stream.BASELINE + 11, t_s, 8.0)
    stands_on = BW * own(body.seed, 5, _PEOPLE) * (lungs(body, t_s) - 0.5)
    return np.asarray(blood - stands_on + slow, dtype=np.float64)
