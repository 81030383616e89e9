"""The vital signs of a body at every second, in stretches of four minutes that are computed once. Pure.

Waveforms ask for a body's rate or movement at each of thousands of samples; between two seconds they take the straight
line. The invariant: a stretch depends on (body, number) alone, so what is kept is a memory and never a state.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from simulator.course import Target, added
from simulator.noise import Floats
from simulator.physiology import Body, vitals_at

STRETCH_S: Final = 240.0
"""The beats and the breaths of a stretch are whole: a rate is off by at most half a beat in four minutes."""

_KEPT: Final = 512  # stretches: two for each of some 250 bodies, 20 kB each


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """(n,) float64 each, at `at_s`, one second apart; rates per second, shares 0 to 1."""

    at_s: Floats
    heart_hz: Floats
    breath_hz: Floats
    spo2: Floats
    systolic: Floats
    activity: Floats
    asleep: Floats
    fibrillating: Floats
    ectopy: Floats
    running: Floats
    sensor_noise: Floats


@lru_cache(maxsize=_KEPT)
def stretch(body: Body, number: int) -> Seconds:
    """Return the seconds of the stretch `number`, its last one being the first of the next."""
    at_s = number * STRETCH_S + np.arange(STRETCH_S + 1)
    vitals, course = vitals_at(body, at_s), body.course
    always = float(body.baseline.irregularity > 0)
    return Seconds(
        at_s=at_s,
        heart_hz=vitals.heart_rate / 60.0,
        breath_hz=vitals.resp_rate / 60.0,
        spo2=vitals.spo2,
        systolic=vitals.systolic,
        activity=vitals.activity,
        asleep=vitals.asleep,
        fibrillating=np.clip(always + added(course, Target.ATRIAL_FIBRILLATION, at_s), 0.0, 1.0),
        ectopy=np.clip(body.baseline.ectopy + added(course, Target.VENTRICULAR_ECTOPY, at_s), 0.0, 0.5),
        running=np.clip(added(course, Target.VENTRICULAR_RUN, at_s), 0.0, 1.0),
        sensor_noise=np.clip(added(course, Target.SENSOR_NOISE, at_s), 0.0, 1.0),
    )


def numbers(from_s: float, until_s: float) -> range:
    """Return the numbers of the stretches that [from_s, until_s] touches."""
    return range(int(np.floor(from_s / STRETCH_S)), int(np.floor(until_s / STRETCH_S)) + 1)


def along(body: Body, name: str, t_s: Floats) -> Floats:
    """Return a field of `Seconds` at instants in rising order, (n,) float64."""
    if not len(t_s):
        return np.zeros(0)
    parts = [stretch(body, number) for number in numbers(float(t_s[0]), float(t_s[-1]))]
    at_s = np.concatenate([each.at_s[:-1] for each in parts] + [parts[-1].at_s[-1:]])
    values = np.concatenate([getattr(each, name)[:-1] for each in parts] + [getattr(parts[-1], name)[-1:]])
    return np.asarray(np.interp(t_s, at_s, values), dtype=np.float64)
