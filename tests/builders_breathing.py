"""Bodies that breathe at a known rate, as a chest, a pulse wave and an ECG see them, with their beats."""

import numpy as np

from alerting.signal.events import Beats
from alerting.signal.records import Floats

FS_HZ = 125.0
PULSE_PER_MIN = 77.0


def times(seconds: float = 32.0, fs_hz: float = FS_HZ) -> Floats:
    """Return the times of the samples in s."""
    return np.arange(round(seconds * fs_hz)) / fs_hz


def a_breath(t: Floats, per_min: float) -> Floats:
    """Return the movement of the chest: in faster than out, about -1 to 1."""
    angle = 2 * np.pi * per_min / 60 * t
    return np.sin(angle) + 0.2 * np.sin(2 * angle + 0.5)


def a_chest(per_min: float, *, seconds: float = 32.0, noise: float = 0.05, heart: float = 0.1) -> Floats:
    """Return impedance in ohm, (samples,): breaths of 1 ohm, the heart's ripple and white noise."""
    t = times(seconds)
    ripple = heart * np.sin(2 * np.pi * PULSE_PER_MIN / 60 * t)
    return a_breath(t, per_min) + ripple + noise * np.random.default_rng(3).standard_normal(len(t))


def an_irregular_chest(lengths_s: list[float], *, noise: float = 0.03) -> Floats:
    """Return impedance with breaths of these lengths, one after the other."""
    ends = np.concatenate(([0], np.cumsum(lengths_s)))
    t = times(ends[-1])
    phase = np.interp(t, ends, np.arange(len(ends)))
    return np.sin(2 * np.pi * phase) + noise * np.random.default_rng(3).standard_normal(len(t))


def heart_beats(seconds: float = 32.0, fs_hz: float = FS_HZ) -> Beats:
    """Return R peaks of a heart that is not quite even."""
    count = int(seconds * PULSE_PER_MIN / 60)
    at_s = (np.arange(count) + 0.5 + 0.03 * np.random.default_rng(6).standard_normal(count)) * 60 / PULSE_PER_MIN
    return Beats.of(np.round(at_s * fs_hz).astype(np.int64), fs_hz)


def an_ecg(per_min: float, *, depth: float = 0.1, seconds: float = 32.0, noise: float = 0.01) -> Floats:
    """Return an ECG in mV, (samples,), whose QRS complexes grow and shrink by `depth` with the breath."""
    t, beats = times(seconds), heart_beats(seconds)
    at_s = beats.sample / FS_HZ
    size = 1 + depth * a_breath(at_s, per_min)
    since = t[:, None] - at_s
    complexes = np.exp(-0.5 * (since / 0.012) ** 2) - 0.25 * np.exp(-0.5 * ((since - 0.03) / 0.012) ** 2)
    made: Floats = complexes @ size + noise * np.random.default_rng(4).standard_normal(len(t))
    return made


def a_pulse_wave(per_min: float, *, depth: float = 0.1, seconds: float = 32.0, noise: float = 0.01) -> Floats:
    """Return a pulse wave, (samples,), whose baseline rises and falls by `depth` with the breath."""
    t = times(seconds)
    at_s = heart_beats(seconds).sample / FS_HZ + 0.25
    since = t[:, None] - at_s
    pulses = np.exp(-0.5 * (since / 0.1) ** 2).sum(axis=1)
    made: Floats = pulses + depth * a_breath(t, per_min) + noise * np.random.default_rng(5).standard_normal(len(t))
    return made


def pulse_beats(seconds: float = 32.0) -> Beats:
    """Return the pulses that belong to `heart_beats`."""
    heart = heart_beats(seconds)
    late = heart.sample + round(0.25 * FS_HZ)
    return Beats.of(late[late < round(seconds * FS_HZ)], FS_HZ)


def many(beats: Beats, records: int) -> Beats:
    """Return the same beats in each of some records."""
    row = np.repeat(np.arange(records), len(beats.sample))
    return Beats(row=row, sample=np.tile(beats.sample, records), fs_hz=beats.fs_hz, records=records)
