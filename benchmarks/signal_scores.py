"""How good a detector is: matching of beats, rates, ranks. Pure, and the same for us and for everybody beside us."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Reference beats found, found without a reference, and missed."""

    found: int = 0
    extra: int = 0
    missed: int = 0

    def __add__(self, other: Self) -> "Hits":
        """Return the sum of both."""
        return Hits(found=self.found + other.found, extra=self.extra + other.extra, missed=self.missed + other.missed)

    @property
    def f1_pct(self) -> float:
        """The F1 score in per cent; NaN of nothing."""
        beats = 2 * self.found + self.extra + self.missed
        return 200 * self.found / beats if beats else float("nan")


def match(reference: npt.ArrayLike, detected: npt.ArrayLike, tolerance: float) -> Hits:
    """Match beats one to one, at most `tolerance` apart, as many as can be (both in samples, in any order)."""
    expected, got = np.sort(np.asarray(reference, float)), np.sort(np.asarray(detected, float))
    at = found = 0
    for beat in expected:
        while at < len(got) and got[at] < beat - tolerance:
            at += 1
        if at < len(got) and got[at] <= beat + tolerance:
            found += 1
            at += 1
    return Hits(found=found, extra=len(got) - found, missed=len(expected) - found)


def auroc(score: npt.ArrayLike, positive: npt.ArrayLike) -> float:
    """Return the chance that a positive scores above a negative (ties count half); NaN where one kind is absent."""
    scores, is_positive = np.asarray(score, float), np.asarray(positive, bool)
    ones = int(is_positive.sum())
    zeros = len(scores) - ones
    if not ones or not zeros:
        return float("nan")
    _, which, counts = np.unique(scores, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[which]
    return float((rank[is_positive].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def best_threshold(score: Floats, positive: Bools) -> float:
    """Return the threshold at which sensitivity and specificity add up to most (Youden)."""
    candidates = np.unique(score)
    gains = [(score[positive] >= each).mean() + (score[~positive] < each).mean() for each in candidates]
    return float(candidates[int(np.argmax(gains))])


def challenge_2015(believed: Bools, is_true: Bools) -> float:
    """Return the score of the Challenge of 2015 in per cent: a true alarm that is silenced costs five.

    Clifford et al. 2015, doi:10.1109/CIC.2015.7408639.
    """
    silenced = int((is_true & ~believed).sum())
    right = int((believed == is_true).sum())
    return 100 * right / (len(is_true) + 4 * silenced)


def noise(samples: int, fs_hz: float, seed: int) -> Floats:
    """Return noise of unit variance: baseline wander, bursts of motion in half of all 3 s, and muscle."""
    from scipy import signal  # noqa: PLC0415 - only here

    draw = np.random.default_rng(seed)

    def band(low_hz: float, high_hz: float) -> Floats:
        sections = signal.butter(2, (low_hz, high_hz), "bandpass", fs=fs_hz, output="sos")
        made = signal.sosfilt(sections, draw.standard_normal(samples))
        return np.asarray(made / made.std(), np.float64)

    three_s = int(3 * fs_hz)
    bursts = np.repeat((draw.random(samples // three_s + 1) < 0.5) + 0.2, three_s)[:samples]
    made = 0.6 * band(0.05, 0.5) + bursts * band(1, 10) + 0.5 * band(20, 100)
    return np.asarray(made / made.std(), np.float64)
