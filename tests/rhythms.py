"""Rhythms that are known because they were made: RR intervals in ms, and an ECG drawn from them.

Not physiology in depth: each rhythm has the one property that its name stands for. The invariant: same seed, same
rhythm.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from tests.builders_hearts import bells

Floats = npt.NDArray[np.float64]

JITTER_MS: Final = 6.0
"""What a regular rhythm varies from beat to beat, and what detection adds."""


def sinus(beats: int, *, rr_ms: float = 850.0, breathing: float = 0.03, seed: int = 1) -> Floats:
    """Return sinus rhythm whose rate follows breathing (15/min) by this share of the interval, to and fro."""
    rng = np.random.default_rng(seed)
    made = np.empty(beats)
    at_s = 0.0
    for each in range(beats):
        made[each] = rr_ms * (1 + breathing * np.sin(2 * np.pi * at_s / 4)) + rng.normal(0, JITTER_MS)
        at_s += made[each] / 1000
    return made


def with_ectopics(beats: int, *, period: int, rr_ms: float = 850.0, coupling: float = 0.6, seed: int = 1) -> Floats:
    """Return sinus rhythm with every `period`-th beat premature and a full compensatory pause: 2 is bigeminy."""
    made = sinus(beats, rr_ms=rr_ms, seed=seed)
    rng = np.random.default_rng(seed + 1)
    for each in range(period - 2, beats - 1, period):
        early = coupling * rr_ms + rng.normal(0, 2 * JITTER_MS)
        made[each : each + 2] = early, 2 * rr_ms - early
    return made


def with_random_ectopics(beats: int, *, share: float, rr_ms: float = 850.0, seed: int = 1) -> Floats:
    """Return sinus rhythm in which this share of the beats is premature, now and then, each with its pause."""
    made = sinus(beats, rr_ms=rr_ms, seed=seed)
    rng = np.random.default_rng(seed + 1)
    for each in np.flatnonzero(rng.random(beats - 1) < share):
        early = rng.normal(0.6, 0.02) * rr_ms
        made[each : each + 2] = early, 2 * rr_ms - early
    return made


def fibrillation(beats: int, *, rr_ms: float = 700.0, spread: float = 0.2, seed: int = 1) -> Floats:
    """Return intervals drawn independently, skewed to the right, never below the node's refractory time."""
    rng = np.random.default_rng(seed)
    drawn = rr_ms * (1 - 1.5 * spread) + rng.gamma(2.25, spread * rr_ms / 1.5, beats)
    return np.maximum(drawn, 280.0)


def flutter(beats: int, *, ratios: tuple[int, ...] = (2,), cycle_ms: float = 200.0, seed: int = 1) -> Floats:
    """Return atrial flutter: every interval a whole number of atrial cycles, drawn from `ratios`."""
    rng = np.random.default_rng(seed)
    return rng.choice(ratios, beats) * cycle_ms + rng.normal(0, JITTER_MS, beats)


def paced(beats: int, *, rr_ms: float = 1000.0) -> Floats:
    """Return a pacemaker's rhythm: the same interval, to the millisecond."""
    return np.full(beats, rr_ms)


def ecg(rr_ms: Floats, *, fs_hz: float = 300.0, p_mv: float = 0.12, noise_mv: float = 0.01, seed: int = 1) -> Floats:
    """Return an ECG in mV with its first R peak at 1 s: P (none if 0 mV, and then fibrillatory waves), QRS and T."""
    rng = np.random.default_rng(seed)
    peaks_s = 1 + np.concatenate(([0.0], np.cumsum(rr_ms) / 1000))
    time_s = np.arange(int((peaks_s[-1] + 1) * fs_hz)) / fs_hz
    made = rng.normal(0, noise_mv, len(time_s))
    if p_mv == 0:
        made += 0.04 * np.sin(2 * np.pi * 6 * time_s + np.cumsum(rng.normal(0, 0.1, len(time_s))))
    made += bells(time_s, peaks_s, ((-0.16, 0.025, p_mv), (0.0, 0.012, 1.2), (0.035, 0.012, -0.25)))
    rt_s = 0.3 * np.sqrt(np.minimum(np.append(np.diff(peaks_s), 1.0), 1.0))
    return made + bells(time_s, peaks_s + rt_s, ((0.0, 0.05, 0.3),))
