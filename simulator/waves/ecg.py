"""An ECG lead from a body's beats, by the dynamical model of McSharry et al. 2003 in closed form. Pure.

The model lets a point run round a circle, once a beat, and pushes it up and down as it passes the angles of P, Q, R, S
and T; its equation of z, without the pull to the baseline, is solved by a sum of bell curves over the angle. That pull
(one second) is a high-pass filter of the whole, as every amplifier has one; `tests/unit/test_waves_made.py` shows that
both agree. The invariant: a sample depends on (body, lead, its number) alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from simulator.noise import Floats, Stream, drift, normal, uniform, wander
from simulator.physiology import Body
from simulator.waves import beats as heart
from simulator.waves.beats import Beats
from simulator.waves.bells import draw
from simulator.waves.breaths import lungs
from simulator.waves.seconds import along


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One event of the model: at which angle, how strong the push is, over which angle (rad)."""

    angle: float
    push: float
    width: float


MODEL: Final[Mapping[str, Wave]] = MappingProxyType(
    {
        "P": Wave(angle=-np.pi / 2.571428, push=1.2, width=0.25),
        "Q": Wave(angle=-np.pi / 12, push=-5.0, width=0.1),
        "R": Wave(angle=0.0, push=30.0, width=0.1),
        "S": Wave(angle=np.pi / 12, push=-7.5, width=0.1),
        "T": Wave(angle=np.pi / 1.8, push=0.75, width=0.4),
    }
)
"""McSharry, Clifford, Tarassenko & Smith 2003, doi:10.1109/TBME.2003.808805, table I and as their ECGSYN has it: P at
-70 and T at 100 degrees. Pushes are for an R wave of `_R_MV` here."""

_R_MV: Final = 1.1
VENTRICULAR: Final = ((-0.06, 0.022, 0.5), (0.0, 0.026, 1.5), (0.19, 0.06, -0.6))
"""A ventricular beat, s from its R peak, width s, mV: broad, no P wave, T the other way."""

# What a lead sees of each wave, where lead II sees 1.
LEADS: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "I": MappingProxyType({"P": 0.7, "Q": 1.0, "R": 0.7, "S": 0.6, "T": 0.8}),
        "II": MappingProxyType({"P": 1.0, "Q": 1.0, "R": 1.0, "S": 1.0, "T": 1.0}),
        "patch": MappingProxyType({"P": 0.6, "Q": 0.8, "R": 0.9, "S": 1.2, "T": 0.9}),
    }
)
_FLUTTER_HZ: Final = 6.0  # fibrillatory waves: 4 to 9 a second (Petrutiu 2007, doi:10.1093/europace/eum096)
_FLUTTER_MV: Final = 0.045
_AXIS: Final = 0.07  # of R, by which a full breath turns the heart away
_BREATH_MV: Final = 0.04
_BASELINE_MV: Final = 0.03
_MUSCLE_MV: Final = 0.009
_MAINS_MV: Final = 0.006
MAINS_HZ: Final = 50.0


def millivolts(body: Body, lead: str, first: int, count: int, fs_hz: float) -> Floats:
    """Return samples `first` to `first + count` of a lead, (count,) float64, mV; number n is at n / fs_hz seconds."""
    t_s = (first + np.arange(count)) / fs_hz
    found = heart.between(body, float(t_s[0]) - 1.5, float(t_s[-1]) + 1.5)
    form = _form(body, lead)
    turned = 1.0 - _AXIS * lungs(body, found.at_s)
    drawn = _sinus(found, form, turned, first, count, fs_hz)
    wide = found.ventricular
    for offset_s, width_s, top in VENTRICULAR:
        drawn += draw(first, count, fs_hz, found.at_s[wide] + offset_s, width_s, top * form["R"])
    return drawn + _flutter(body, t_s) + _disturbed(body, lead, t_s, first)


def angles(usual_s: Floats) -> Mapping[str, tuple[Floats, Floats, float]]:
    """Return of each wave where it lies (s from R), how wide it is (s) and how high for an R of 1, at these intervals.

    The model's own stretching with the rate: widths and the angles of Q and S by its root, those of P and T by the
    fourth root (Bazett's correction, as in ECGSYN).
    """
    omega = 2 * np.pi / usual_s
    faster = np.sqrt(1.0 / usual_s)
    bend = {"P": np.sqrt(faster), "Q": faster, "R": faster, "S": faster, "T": np.sqrt(faster)}
    most = MODEL["R"].push * MODEL["R"].width ** 2
    return {
        name: (wave.angle * bend[name] / omega, wave.width * faster / omega, wave.push * wave.width**2 / most)
        for name, wave in MODEL.items()
    }


def _sinus(found: Beats, form: Mapping[str, float], turned: Floats, first: int, count: int, fs_hz: float) -> Floats:
    drawn = np.zeros(count)
    usual = ~found.ventricular
    for name, (offset_s, width_s, height) in angles(found.usual_s).items():
        of = usual & ~found.fibrillating if name == "P" else usual
        top = height * form[name] * (turned[of] if name in "QRS" else 1.0)
        drawn += draw(first, count, fs_hz, (found.at_s + offset_s)[of], width_s[of], top)
    return drawn


def _form(body: Body, lead: str) -> Mapping[str, float]:
    """Return the mV a wave of height 1 comes to in this lead of this person: no two hearts lie alike."""
    drawn = uniform(body.seed, Stream.FORM, np.arange(len(MODEL)))
    own = {name: 0.8 + 0.4 * float(each) for name, each in zip(MODEL, drawn, strict=True)}
    return {name: _R_MV * own[name] * LEADS[lead][name] for name in MODEL}


def _flutter(body: Body, t_s: Floats) -> Floats:
    there = along(body, "fibrillating", t_s)
    if not there.any():
        return np.zeros_like(t_s)
    turn = _FLUTTER_HZ * t_s + 0.5 * drift(body.seed, Stream.FLUTTER, t_s, 0.7)
    return np.asarray(
        _FLUTTER_MV
        * there
        * (1.0 + 0.3 * drift(body.seed, Stream.FLUTTER + 1000, t_s, 2.0))
        * np.sin(2 * np.pi * turn),
        dtype=np.float64,
    )


def _disturbed(body: Body, lead: str, t_s: Floats, first: int) -> Floats:
    """Return what is not the heart: breath and skin under the electrodes, muscles, movement, the mains."""
    seed, number = body.seed, list(LEADS).index(lead)
    moves, fails = along(body, "activity", t_s), along(body, "sensor_noise", t_s)
    slow = _BREATH_MV * (lungs(body, t_s) - 0.5) + _BASELINE_MV * wander(seed, Stream.BASELINE + number, t_s, 6.0)
    muscle = (_MUSCLE_MV + 0.06 * moves + 0.15 * fails) * normal(
        seed, Stream.MUSCLE + number, first + np.arange(len(t_s))
    )
    mains = _MAINS_MV * np.sin(2 * np.pi * MAINS_HZ * t_s)
    skin = (0.25 * moves + 0.5 * fails) * drift(seed, Stream.SHAKE + number, t_s, 0.4)
    return np.asarray(slow + muscle + mains + skin, dtype=np.float64)
