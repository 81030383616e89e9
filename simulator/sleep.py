"""Stages of sleep, minute by minute: the architecture of a night. Pure.

How deep a body sleeps for its vital signs is `physiology.asleep`; stages colour what is between them: how even the
breaths are, how much the heart follows them. The invariant: a stage depends on (body, minute) alone.
"""

from enum import IntEnum
from typing import Final

import numpy as np

from simulator.noise import Floats, Ints, Stream, uniform
from simulator.physiology import Body, asleep, in_bed_s

CYCLE_S: Final = 5400.0
"""One cycle of sleep, 90 minutes (Feinberg & Floyd 1979, doi:10.1111/j.1469-8986.1979.tb02991.x)."""
_DEEP_MIN: Final = (36, 24, 10, 4, 0, 0)
_REM_MIN: Final = (6, 14, 20, 24, 26, 26)
"""Minutes of deep and of REM sleep in each cycle of a night: deep sleep comes first, REM last. With `_WAKES` a night of
seven hours and a half at 70 has the shares of Ohayon 2004, doi:10.1093/sleep/27.7.1255, to within some per cent."""
_LATENCY_MIN: Final = 14  # of a cycle, before its deep sleep
_WAKES: Final = 0.13  # of the minutes, at 70


class Stage(IntEnum):
    """What a polysomnogram would say, N1 and N2 taken together."""

    AWAKE = 0
    REM = 1
    LIGHT = 2
    DEEP = 3


def stage_at(body: Body, t_s: Floats) -> Ints:
    """Return the stage of sleep at each instant, (n,) int64 of `Stage`; old people wake more often."""
    since_s = in_bed_s(body, t_s)
    cycle = np.clip(np.floor(since_s / CYCLE_S), 0, len(_DEEP_MIN) - 1).astype(np.int64)
    minute = (since_s % CYCLE_S) / 60.0
    deep = np.array(_DEEP_MIN)[cycle]
    rem = np.array(_REM_MIN)[cycle]
    stage = np.full(len(t_s), Stage.LIGHT, np.int64)
    stage[(minute >= _LATENCY_MIN) & (minute < _LATENCY_MIN + deep)] = Stage.DEEP
    stage[minute >= CYCLE_S / 60.0 - rem] = Stage.REM
    clock_min: Ints = np.floor(t_s / 60.0).astype(np.int64)
    wakes = _WAKES * np.clip(body.baseline.age_years / 70.0, 0.3, 1.5)
    # One draw for three minutes: who wakes is awake for a while.
    stage[uniform(body.seed, Stream.STAGE, clock_min // 3) < wakes] = Stage.AWAKE
    stage[asleep(body, t_s) < 0.5] = Stage.AWAKE
    return stage
