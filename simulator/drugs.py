"""What medicines do to a body, and how soon: one compartment with absorption, and an effect that saturates. Pure.

A dose is part of a course (`[[course.doses]]`). The invariant: an effect depends on the dose and the time since alone,
is nothing before, never jumps, and is larger with a larger dose. Sizes are for a simulator, never for prescribing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np

from simulator.noise import Floats
from simulator.targets import Target

_HOUR: Final = 3600.0


class Drug(StrEnum):
    """What may be given; the words of the scenario files."""

    FUROSEMIDE = "furosemide"
    MORPHINE = "morphine"
    NALOXONE = "naloxone"
    METOPROLOL = "metoprolol"
    PARACETAMOL = "paracetamol"
    ANTIBIOTIC = "antibiotic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """So much of a drug, `at_s` seconds after the start of the course, in the unit of the table."""

    drug: Drug
    at_s: float
    dose: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a drug does.

    `usual` is the dose of which the figures are; half-lives of getting into effect and of leaving (s). `adds`: what the
    usual dose adds at its height, and the most that any dose can. `takes`: the share of what an illness adds to a vital
    sign that is taken back at the height; `counters`: the share of what another drug adds. `lasting`: what stays (water
    that has left), at the usual dose; `mends`: the share of what the illness adds that is gone for good in the end.
    """

    usual: float
    unit: str
    into_s: float
    out_s: float
    adds: Mapping[Target, tuple[float, float]] = field(default_factory=dict)
    takes: Mapping[Target, float] = field(default_factory=dict)
    counters: Mapping[Drug, float] = field(default_factory=dict)
    lasting: Mapping[Target, float] = field(default_factory=dict)
    mends: Mapping[Target, float] = field(default_factory=dict)


_MOST_LASTING_KG: Final = -4.0  # of water, however much of a diuretic
_ILL: Final = (Target.HEART_RATE, Target.RESP_RATE, Target.SYSTOLIC, Target.SPO2, Target.TEMPERATURE)

ACTIONS: Final[Mapping[Drug, Action]] = MappingProxyType(
    {
        # By mouth: diuresis within the hour, most in the first or second, 6 to 8 hours long (US label of furosemide).
        Drug.FUROSEMIDE: Action(
            usual=40.0, unit="mg", into_s=0.7 * _HOUR, out_s=1.5 * _HOUR,
            adds={Target.SYSTOLIC: (-4.0, -15.0)}, lasting={Target.WEIGHT: -1.1},
            mends={Target.SPO2: 0.5, Target.RESP_RATE: 0.5, Target.HEART_RATE: 0.4},
        ),
        # By mouth: at its height after an hour, half-life 2 to 4 hours (US label of morphine); how far breathing falls
        # with the dose is ours.
        Drug.MORPHINE: Action(
            usual=10.0, unit="mg", into_s=0.4 * _HOUR, out_s=3.0 * _HOUR,
            adds={
                Target.RESP_RATE: (-1.8, -16.0), Target.SPO2: (-0.6, -14.0), Target.HEART_RATE: (-1.5, -10.0),
                Target.ACTIVITY: (-0.2, -1.0), Target.CONSCIOUSNESS: (0.12, 3.6),
            },
        ),
        # Into a muscle: begins in minutes, half-life half an hour to an hour and a half (US label of naloxone), shorter
        # than the opioid's, which comes back.
        Drug.NALOXONE: Action(
            usual=0.4, unit="mg", into_s=0.03 * _HOUR, out_s=0.8 * _HOUR,
            counters={Drug.MORPHINE: 0.9},
        ),
        # By mouth: within the hour, half-life 3 to 7 hours, pulse at rest lower by a tenth (US label of metoprolol).
        Drug.METOPROLOL: Action(
            usual=50.0, unit="mg", into_s=0.6 * _HOUR, out_s=4.0 * _HOUR,
            adds={Target.HEART_RATE: (-8.0, -24.0), Target.SYSTOLIC: (-6.0, -20.0)},
        ),
        # By mouth: in the blood within the hour, in effect about another one later (Anderson 1999, of pain in children,
        # doi:10.1097/00000542-199902000-00014), so that fever falls most after two hours and is back after six.
        Drug.PARACETAMOL: Action(
            usual=1000.0, unit="mg", into_s=0.9 * _HOUR, out_s=2.2 * _HOUR, takes={Target.TEMPERATURE: 0.6},
        ),
        # The right one: half with pneumonia are stable in 2 to 4 days (Halm 1998, doi:10.1001/jama.279.18.1452).
        Drug.ANTIBIOTIC: Action(
            usual=1.0, unit="course", into_s=12.0 * _HOUR, out_s=30.0 * _HOUR, mends=dict.fromkeys(_ILL, 0.9),
        ),
    }
)  # fmt: skip


def added_by(doses: tuple[Dose, ...], target: Target, since_s: Floats) -> Floats:
    """Return what the doses add to `target` by themselves, (n,) float64, in its unit."""
    total = np.zeros_like(since_s)
    for dose in doses:
        action = ACTIONS[dose.drug]
        size = dose.dose / action.usual
        if target in action.adds:
            usual, most = action.adds[target]
            level = size * _level(action, since_s - dose.at_s)
            total += _saturated(level, usual, most) * _uncountered(doses, dose.drug, since_s)
        if target in action.lasting:
            total += _saturated(size * _done(action, since_s - dose.at_s), action.lasting[target], _MOST_LASTING_KG)
    return total


def left_by(doses: tuple[Dose, ...], target: Target, since_s: Floats) -> Floats:
    """Return the share of what an illness adds to `target` that the doses leave, (n,) float64, 0 to 1."""
    left = np.ones_like(since_s)
    for dose in doses:
        action = ACTIONS[dose.drug]
        size = dose.dose / action.usual
        if target in action.takes:
            left *= 1.0 - _share(action.takes[target], size * _level(action, since_s - dose.at_s))
        if target in action.mends:
            left *= 1.0 - _share(action.mends[target], size * _done(action, since_s - dose.at_s))
    return left


def _uncountered(doses: tuple[Dose, ...], drug: Drug, since_s: Floats) -> Floats:
    left = np.ones_like(since_s)
    for dose in doses:
        action = ACTIONS[dose.drug]
        if drug in action.counters:
            left *= 1.0 - _share(action.counters[drug], dose.dose / action.usual * _level(action, since_s - dose.at_s))
    return left


def _rates(action: Action) -> tuple[float, float]:
    """Return how fast a drug comes into effect and leaves, 1/s, never alike."""
    into, out = np.log(2) / action.into_s, np.log(2) / action.out_s
    return (into * 1.001, out) if into == out else (into, out)


def height_s(action: Action) -> float:
    """Return after how many seconds there is most of a drug."""
    into, out = _rates(action)
    return float(np.log(into / out) / (into - out))


def _level(action: Action, since_s: Floats) -> Floats:
    """Return how much of the usual dose's height is there: Bateman's function, 1 at its height."""
    into, out = _rates(action)
    at_s = height_s(action)
    height = np.exp(-out * at_s) - np.exp(-into * at_s)
    past_s = np.maximum(since_s, 0.0)
    return np.asarray((np.exp(-out * past_s) - np.exp(-into * past_s)) / height, dtype=np.float64)


def _done(action: Action, since_s: Floats) -> Floats:
    """Return the share of a drug's work that is done: the area under Bateman's function so far."""
    into, out = _rates(action)
    past_s = np.maximum(since_s, 0.0)
    left = (into * np.exp(-out * past_s) - out * np.exp(-into * past_s)) / (into - out)
    return np.asarray(1.0 - left, dtype=np.float64)


def _saturated(level: Floats, usual: float, most: float) -> Floats:
    """Return the effect of a level (1: the usual dose at its height), which no level drives beyond `most`: Emax."""
    return np.asarray(most * level / (level + most / usual - 1.0), dtype=np.float64)


def _share(usual: float, level: Floats) -> Floats:
    """Return what share is taken back at a level: `usual` at 1, never more than all."""
    return np.asarray(1.0 - (1.0 - usual) ** level, dtype=np.float64)
