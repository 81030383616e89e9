"""Heart beats: when each comes, where it starts, how much blood it moves. Pure.

The rate is that of the body's vital signs; what is added is what makes two beats differ: breathing (respiratory sinus
arrhythmia), the slow waves of blood pressure, atrial fibrillation, ventricular beats and runs. The invariant: a stretch
of four minutes holds a whole number of beats, as many as the heart rate asks for; so a beat depends on (body, stretch)
alone.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from simulator.noise import Bools, Floats, Ints, Stream, drift, normal, own, uniform
from simulator.physiology import Body
from simulator.sleep import Stage, stage_at
from simulator.waves.breaths import lungs
from simulator.waves.seconds import STRETCH_S, along, numbers, stretch

_GRID_S: Final = 0.25
_PER_STRETCH: Final = 4096

# Sizes that give the RMSSD and SDNN of the ages (Umetani 1998, doi:10.1016/S0735-1097(97)00554-8): shares of the rate.
RSA_YOUNG, RSA_FADES_YEARS = 0.22, 35.0
"""Peak to peak of what breathing does, at the age of nought, and the years in which it fades to a third."""
MAYER: Final = 0.018
_PEOPLE: Final = 0.35  # how much people differ in both
MAYER_HZ: Final = 0.1  # Julien 2006, doi:10.1016/j.cardiores.2005.11.008
_SLEEPING: Final = {Stage.AWAKE: 1.0, Stage.REM: 0.8, Stage.LIGHT: 1.2, Stage.DEEP: 1.4}
"""How much of it there is in a stage: most in deep sleep, as breathing rules there alone; sizes are ours."""

UNEVEN_SINUS: Final = 0.007
UNEVEN_FIBRILLATION: Final = (
    0.22  # of the mean interval, as in recordings (`benchmarks.simulated`: fibrillation, spread)
)
UNEVEN_RUN: Final = 0.012
EARLY: Final = 0.36  # of an interval by which a ventricular beat comes too soon; the pause after it is full
STROKE_VENTRICULAR: Final = 0.45
LEAST_STROKE: Final = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Beats:
    """(k,) each: R peak (s), the interval that the rate asks for here (s), its kind, blood moved."""

    at_s: Floats
    usual_s: Floats
    ventricular: Bools
    fibrillating: Bools
    stroke: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    at_s: Floats
    usual_s: Floats
    ventricular: Bools
    fibrillating: Bools


@lru_cache(maxsize=512)
def _beats(body: Body, number: int) -> _Stretch:
    at_s = number * STRETCH_S + np.arange(0.0, STRETCH_S + _GRID_S / 2, _GRID_S)
    fibrillating, running = along(body, "fibrillating", at_s) >= 0.5, along(body, "running", at_s) >= 0.5
    rate = along(body, "heart_hz", at_s) * (1.0 + np.where(fibrillating | running, 0.0, _swing(body, at_s)))
    phase = np.concatenate(([0.0], np.cumsum((rate[1:] + rate[:-1]) / 2 * _GRID_S)))
    count = max(1, round(phase[-1]))
    counter = number * _PER_STRETCH + np.arange(count)
    place = np.minimum(np.interp(np.arange(count) * phase[-1] / count, phase, np.arange(len(phase))), len(phase) - 1)
    fib, run = fibrillating[place.astype(int)], running[place.astype(int)]
    unsteady = UNEVEN_FIBRILLATION * own(body.seed, 3, 0.15)
    spread = np.where(run, UNEVEN_RUN, np.where(fib, unsteady, UNEVEN_SINUS))
    lengths = np.exp(spread * normal(body.seed, Stream.BEAT, counter))
    begins = np.concatenate(([0.0], np.cumsum(lengths)[:-1])) / lengths.sum() * phase[-1]
    beat_s = np.interp(begins, phase, at_s)
    wide = run | _ectopic(body, counter, np.interp(beat_s, at_s, along(body, "ectopy", at_s)), ~run)
    early = wide & ~run
    beat_s[1:] -= np.where(early[1:], EARLY * np.diff(beat_s), 0.0)
    seconds = stretch(body, number)
    usual_s = 1.0 / np.interp(beat_s, seconds.at_s, seconds.heart_hz)
    return _Stretch(at_s=beat_s, usual_s=usual_s, ventricular=wide, fibrillating=fib & ~wide)


def between(body: Body, from_s: float, until_s: float) -> Beats:
    """Return the beats of [from_s, until_s), in order."""
    found = numbers(from_s, until_s)
    parts = [_beats(body, number) for number in range(found.start - 1, found.stop)]
    at_s = np.concatenate([each.at_s for each in parts])
    usual_s = np.concatenate([each.usual_s for each in parts])
    wide = np.concatenate([each.ventricular for each in parts])
    fibrillating = np.concatenate([each.fibrillating for each in parts])
    before_s = np.concatenate(([usual_s[0]], np.diff(at_s)))
    # A heart that had less time fills less; what is left out after an early beat comes with the next one.
    filled = np.clip(1.0 - 1.1 * (1.0 - before_s / usual_s), LEAST_STROKE, 1.25)
    stroke = filled * np.where(wide, STROKE_VENTRICULAR, 1.0)
    inside = slice(*np.searchsorted(at_s, (from_s, until_s)))
    return Beats(
        at_s=at_s[inside],
        usual_s=usual_s[inside],
        ventricular=wide[inside],
        fibrillating=fibrillating[inside],
        stroke=stroke[inside],
    )


def _swing(body: Body, t_s: Floats) -> Floats:
    """Return by what share a sinus node runs faster or slower than the mean: with the breaths, and in slow waves."""
    stages = stage_at(body, t_s)
    much = np.array([_SLEEPING[Stage(each)] for each in range(len(Stage))])[stages]
    rsa = RSA_YOUNG * np.exp(-body.baseline.age_years / RSA_FADES_YEARS) + 0.006
    rsa, mayer = rsa * own(body.seed, 1, _PEOPLE), MAYER * own(body.seed, 2, _PEOPLE)
    slow = np.sin(2 * np.pi * MAYER_HZ * t_s + 1.5 * drift(body.seed, Stream.MAYER, t_s, 25.0))
    return np.asarray(much * (rsa * (lungs(body, t_s) - 0.5) + mayer * slow), dtype=np.float64)


def _ectopic(body: Body, counter: Ints, share: Floats, may: Bools) -> Bools:
    """Return which beats are ventricular by chance: never two in a row, and never the first of a stretch."""
    drawn = (uniform(body.seed, Stream.ECTOPY, counter) < share) & may
    drawn[0] = False
    kept = drawn.copy()
    kept[1:] &= ~drawn[:-1]
    return kept
