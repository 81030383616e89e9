"""Breaths: when each begins and how deep it is, and how full the lungs are at any instant. Pure.

Not here: what a sensor makes of them. The invariant: a stretch of four minutes holds a whole number of breaths, as many
as the body's breathing rate asks for; so a breath depends on (body, stretch) alone.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from simulator.noise import Floats, Stream, normal
from simulator.physiology import Body
from simulator.sleep import Stage, stage_at
from simulator.waves.seconds import numbers, stretch

INSPIRING: Final = 0.4  # of a breath: one to one and a half at rest
_UNEVEN: Final = {Stage.AWAKE: 0.12, Stage.REM: 0.15, Stage.LIGHT: 0.07, Stage.DEEP: 0.04}
"""How much a breath's length differs from the next one's, as a share: most when awake and in REM sleep, least in deep
sleep (Rostig 2005, doi:10.1093/sleep/28.4.411; sizes are ours)."""
_DEPTH: Final = 0.15
_PER_STRETCH: Final = 1024  # counters for a stretch: more than the breaths it can hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaths:
    """Beginning (s) and depth (1 is usual) of each breath, (k,) float64; each one lasts until the next."""

    at_s: Floats
    depth: Floats


@lru_cache(maxsize=512)
def _breaths(body: Body, number: int) -> Breaths:
    seconds = stretch(body, number)
    phase = np.concatenate(([0.0], np.cumsum((seconds.breath_hz[1:] + seconds.breath_hz[:-1]) / 2)))
    count = max(1, round(phase[-1]))
    counter = number * _PER_STRETCH + np.arange(count)
    first_s = np.interp(np.arange(count) * phase[-1] / count, phase, seconds.at_s)
    stages = stage_at(body, first_s)
    uneven = np.array([_UNEVEN[Stage(each)] for each in stages.tolist()])
    lengths = np.exp(uneven * normal(body.seed, Stream.BREATH, counter))
    begins = np.concatenate(([0.0], np.cumsum(lengths)[:-1])) / lengths.sum() * phase[-1]
    depth = np.exp(_DEPTH * normal(body.seed, Stream.DEPTH, counter))
    return Breaths(at_s=np.interp(begins, phase, seconds.at_s), depth=depth)


def between(body: Body, from_s: float, until_s: float) -> Breaths:
    """Return breaths that cover [from_s, until_s], the one that ends after it among them."""
    found = numbers(from_s, until_s)
    parts = [_breaths(body, number) for number in range(found.start, found.stop + 1)]
    return Breaths(
        at_s=np.concatenate([each.at_s for each in parts]), depth=np.concatenate([each.depth for each in parts])
    )


def lungs(body: Body, t_s: Floats) -> Floats:
    """Return how full the lungs are, (n,) float64: 0 at the end of a breath, about 1 at its top; `t_s` rising."""
    if not len(t_s):
        return np.zeros(0)
    found = between(body, float(t_s[0]), float(t_s[-1]))
    place = np.searchsorted(found.at_s, t_s, side="right") - 1
    part = (t_s - found.at_s[place]) / (found.at_s[place + 1] - found.at_s[place])
    turn = np.where(part < INSPIRING, part / INSPIRING, 1.0 + (part - INSPIRING) / (1.0 - INSPIRING))
    filled: Floats = found.depth[place] * 0.5 * (1.0 - np.cos(np.pi * turn))
    return filled
