"""Synthetic hearts: an ECG lead, a finger's pulse wave and an arterial pressure made from the same list of beats.

Shapes are sums of bell curves, so what is true of a signal is known because it was made so. Every channel breathes and
has an amplifier's noise, a hundredth of a beat: a line without any is a lead that is off. The bells, and a
ventricular beat, are those of the simulator; a heart that lives is `simulator.waves`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import signal as scipy_signal

from alerting.signal.records import Floats
from simulator.waves.bells import draw
from simulator.waves.ecg import VENTRICULAR

FS_HZ: Final = 250.0
LENGTH_S: Final = 60.0

NORMAL: Final = (
    (-0.18, 0.025, 0.12),
    (-0.025, 0.008, -0.1),
    (0.0, 0.011, 1.0),
    (0.025, 0.009, -0.2),
    (0.26, 0.05, 0.3),
)
"""A normal beat: s from the R peak, width s, mV, of P, Q, R, S and T."""
PULSE: Final = ((0.0, 0.07, 1.0), (0.22, 0.10, 0.35))
DELAY_S: Final = 0.22
"""From the R peak to the top of the pulse wave at the finger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heart:
    """When a heart beats, which of the beats are ventricular, and how much blood each one moves (1 is usual)."""

    beat_s: Floats
    ventricular: npt.NDArray[np.bool_]
    stroke: Floats


def evenly(per_min: float, length_s: float, from_s: float = 0.7) -> Floats:
    """Return beats at an even rate, to the last of which the T wave is whole."""
    return np.arange(from_s, length_s - 0.4, 60 / per_min)


def an_ecg(
    at_s: npt.ArrayLike,
    length_s: float,
    fs_hz: float = FS_HZ,
    *,
    kinds: str = "",
    noise_mv: float = 0.01,
    widened_s: float = 0.0,
) -> Floats:
    """Return an ECG, (samples,) mV, with its R peaks at `at_s`.

    kinds : a letter for each beat, V where it is ventricular, normal if anything else or not said
    noise_mv : standard deviation of white noise; widened_s : by how much each wave of a normal beat is wider
    """
    time_s = np.arange(round(length_s * fs_hz)) / fs_hz
    beat_s = np.asarray(at_s, float)
    wide = np.array([letter == "V" for letter in kinds.ljust(len(beat_s), "N")[: len(beat_s)]], bool)
    broad = tuple((offset_s, width_s + widened_s, top) for offset_s, width_s, top in NORMAL)
    made = bells(time_s, beat_s[~wide], broad) + bells(time_s, beat_s[wide], VENTRICULAR)
    return made + noise_mv * np.random.default_rng(7).standard_normal(len(time_s))


def steady(rate_per_min: float, *, start_s: float = 0.3, end_s: float = LENGTH_S, seed: int = 1) -> Floats:
    """Return beats at a rate, with the small unevenness of breathing."""
    step = 60 / rate_per_min
    count = int((end_s - start_s) / step) + 1
    return start_s + np.arange(count) * step + np.random.default_rng(seed).normal(0, 0.01 * step, count)


def heart(*normal: Floats, ventricular: Floats | None = None, stroke: float = 0.25) -> Heart:
    """Return a heart with these normal beats, and ventricular ones that move `stroke` of the usual blood."""
    wide = np.empty(0) if ventricular is None else ventricular
    beats = np.concatenate([*normal, wide])
    is_wide = np.concatenate([np.zeros(sum(map(len, normal)), bool), np.ones(len(wide), bool)])
    order = np.argsort(beats)
    return Heart(beat_s=beats[order], ventricular=is_wide[order], stroke=np.where(is_wide, stroke, 1.0)[order])


def lead(of: Heart, *, size: float = 1.0, fs_hz: float = FS_HZ, length_s: float = LENGTH_S) -> Floats:
    """Return an ECG lead, mV."""
    time_s = np.arange(round(length_s * fs_hz)) / fs_hz
    usual = bells(time_s, of.beat_s[~of.ventricular], NORMAL)
    return size * (usual + bells(time_s, of.beat_s[of.ventricular], VENTRICULAR) + _floor(time_s, 0.01))


def pulse(of: Heart, *, fs_hz: float = FS_HZ, length_s: float = LENGTH_S) -> Floats:
    """Return the pulse wave of a finger, in no unit."""
    time_s = np.arange(round(length_s * fs_hz)) / fs_hz
    return bells(time_s, of.beat_s + DELAY_S, PULSE, of.stroke) + _floor(time_s, 0.01)


def pressure(of: Heart, *, fs_hz: float = FS_HZ, length_s: float = LENGTH_S) -> Floats:
    """Return an arterial pressure, mmHg: 40 at the usual stroke's pulse, running off with a time constant of 1.5 s."""
    time_s = np.arange(round(length_s * fs_hz)) / fs_hz
    strokes = bells(time_s, of.beat_s + 0.15, ((0.0, 0.05, 1.0),), of.stroke)
    kept = np.exp(-1 / (1.5 * fs_hz))
    held: Floats = scipy_signal.lfilter([40 / (0.125 * fs_hz)], [1, -kept], strokes)
    return 20 + held + 40 * _floor(time_s, 0.01)


def fibrillation(*, start_s: float, fs_hz: float = FS_HZ, length_s: float = LENGTH_S, seed: int = 3) -> Floats:
    """Return the waves of a fibrillating heart from `start_s` on, mV: 4 to 6 Hz, wandering in rate and size."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(length_s * fs_hz)) / fs_hz
    knots = np.arange(0, length_s + 1, 0.5)
    hertz = np.interp(time_s, knots, rng.uniform(4, 6, len(knots)))
    size = np.interp(time_s, knots, rng.uniform(0.35, 0.7, len(knots)))
    waves: Floats = size * np.sin(2 * np.pi * np.cumsum(hertz) / fs_hz)
    return np.where(time_s >= start_s, waves, 0.0)


def noise(size: float, *, fs_hz: float = FS_HZ, length_s: float = LENGTH_S, seed: int = 5) -> Floats:
    """Return movement: a random walk pulled back to nought, with muscle on top, of about this size."""
    rng = np.random.default_rng(seed)
    count = round(length_s * fs_hz)
    kernel = np.exp(-np.arange(round(0.3 * fs_hz)) / (0.06 * fs_hz))
    slow = np.convolve(rng.normal(0, 1, count), kernel, mode="same")
    made: Floats = size * (slow / slow.std() + 0.5 * rng.normal(0, 1, count))
    return made


def _floor(time_s: Floats, size: float) -> Floats:
    """Return breathing, 15 a minute, and noise."""
    return size * (np.sin(2 * np.pi * 0.25 * time_s) + 0.5 * np.random.default_rng(7).standard_normal(len(time_s)))


def bells(
    time_s: Floats, at_s: Floats, form: tuple[tuple[float, float, float], ...], size: npt.ArrayLike = 1.0
) -> Floats:
    """Return the sum of bell curves around each moment: offset s, width s and height of each; size : of each moment."""
    fs_hz = 1 / (time_s[1] - time_s[0])
    scale = np.broadcast_to(np.asarray(size, float), at_s.shape)
    first = round(time_s[0] * fs_hz)
    made = [draw(first, len(time_s), fs_hz, at_s + offset_s, width_s, scale * top) for offset_s, width_s, top in form]
    return np.asarray(np.sum(made, axis=0), float)
