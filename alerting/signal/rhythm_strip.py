"""A short single-lead ECG, 9 to 61 s: atrial fibrillation, another rhythm, or nobody can tell.

Three things are asked: are the intervals irregular, do the beats have P waves, and how much is there beside the beats.
The last decides first: a strip that cannot be read has no score, whatever its intervals. Not here: what other rhythm
it is. The invariant: score is NaN exactly where `readable` is not set, and reasons are given exactly there.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal import qrs, quality
from alerting.signal.events import Beats
from alerting.signal.quality import READABLE, Quality, Reason
from alerting.signal.records import Bools, Floats, bridged, missing, rate, rows
from alerting.signal.rhythm_score import af_logit
from alerting.signal.rhythm_waves import waves

LONGEST_S: Final = 300.0
"""A longer record is no strip: its rhythm may change, and `rhythm_burden` says when."""

LEAST_SHARE: Final = 1 / 3
"""Least share of a strip's windows whose quality must be readable. Ours."""

RAISED: Final = 3.5
"""How far missing P waves may raise the odds of the intervals, as a logarithm: a regular rhythm without P waves, paced
or junctional, is not fibrillation. Chosen on strips cut from MIT-BIH, of which the weights know nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fibrillating:
    """A logistic for atrial fibrillation against normal, other and noisy strips: weights in the features' own units."""

    intercept: float
    rhythm: float
    p_likeness: float
    log_residue: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Noisy:
    """A logistic for strips that cannot be read; refused from this logarithm of the odds on."""

    intercept: float
    log_residue: float
    quality: float
    refused: float


FIBRILLATING: Final = Fibrillating(intercept=-3.77, rhythm=0.521, p_likeness=-6.16, log_residue=-2.65)
NOISY: Final = Noisy(intercept=5.36, log_residue=1.71, quality=-0.846, refused=2.06)
"""Fitted by `benchmarks.fit_rhythm`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """What n strips tell, (n,) each.

    score : float64, probability 0-1 of atrial fibrillation where it and the rest are equally likely beforehand; NaN
        where unreadable
    readable : bool
    reasons : uint16, `quality.Reason` flags, why it is unreadable; 0 where it is readable
    suspicion : float64, what the score would be if the strip were believed; to measure with, not to act on; NaN where
        there are too few beats
    """

    score: Floats
    readable: Bools
    reasons: npt.NDArray[np.uint16]
    suspicion: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is weighed, (n,) float64 each; NaN where there are too few beats.

    rhythm : logarithm of the odds by the intervals; p_likeness : `rhythm_waves.Waves`
    log_residue : logarithm of the residue; quality : logarithm of the odds that the median index of quality stands for
    """

    rhythm: Floats
    p_likeness: Floats
    log_residue: Floats
    quality: Floats


def strip(ecg: npt.ArrayLike, fs_hz: float, beats: Beats | None = None, looked_at: Quality | None = None) -> Strip:
    """Return whether short ECGs show atrial fibrillation, or cannot be read.

    Parameters
    ----------
    ecg : (samples,) or (n, samples), any unit, uniform at `fs_hz`, either way up; NaN is missing
    fs_hz : Hz, 100 to 1000
    beats : their R peaks; found here (`qrs.detect`) if not given
    looked_at : their quality (`quality.ecg`), where it is known already

    Raises
    ------
    ValueError
        If `ecg` is no record or batch of real numbers or longer than `LONGEST_S`, `fs_hz` is out of range, or the beats
        are of other records.

    Notes
    -----
    P waves by likeness and intervals by entropy, as the entries to the Challenge of 2017 combined them (Clifford 2017,
    doi:10.22489/CinC.2017.065-469); few measures instead of many. A regular atrial tachycardia or flutter with a fixed
    block is not found. A P wave further than 0.22 s ahead of R is not seen.
    """
    given = rows(ecg, name="ecg")
    fs = rate(fs_hz, least=100, most=1000)
    if given.shape[-1] > LONGEST_S * fs:
        raise ValueError(f"ecg: lasts {given.shape[-1] / fs:.0f} s, a strip must last at most {LONGEST_S:g} s")
    if beats is None:
        beats = qrs.detect(given, fs)
    if beats.records != len(given) or beats.fs_hz != fs:
        raise ValueError(f"beats: of {beats.records} records at {beats.fs_hz:g} Hz, must be {len(given)} at {fs:g} Hz")
    judged = quality.ecg(given, fs, beats) if looked_at is None else looked_at
    seen = evidence(given, beats, judged)
    reasons = _reasons(seen, judged)
    readable = reasons == Reason.NONE
    suspicion = 1 / (1 + np.exp(-fibrillating(seen)))
    score = np.where(readable, suspicion, np.nan)
    return Strip(score=score, readable=readable, reasons=reasons, suspicion=suspicion)


def evidence(ecg: Floats, beats: Beats, judged: Quality) -> Evidence:
    """Return what `strip` weighs, of (n, samples), their beats and their quality."""
    signal = bridged(ecg, beats.fs_hz)
    shown = waves(signal, beats)
    index = np.median(judged.index, axis=-1) if judged.index.shape[-1] else np.zeros(len(ecg))
    return Evidence(
        rhythm=af_logit(_intervals(beats, missing(signal))),
        p_likeness=shown.p_likeness,
        log_residue=np.log(shown.residue + 0.01),
        quality=np.log((index + 0.01) / (1.01 - index)),
    )


def fibrillating(seen: Evidence) -> Floats:
    """Return the logarithm of the odds of atrial fibrillation; NaN where there are too few beats."""
    odds = (
        FIBRILLATING.intercept
        + FIBRILLATING.rhythm * seen.rhythm
        + FIBRILLATING.p_likeness * seen.p_likeness
        + FIBRILLATING.log_residue * seen.log_residue
    )
    return np.asarray(np.minimum(odds, seen.rhythm + RAISED))


def noisy(seen: Evidence) -> Floats:
    """Return the logarithm of the odds that a strip cannot be read."""
    return np.asarray(NOISY.intercept + NOISY.log_residue * seen.log_residue + NOISY.quality * seen.quality)


def _reasons(seen: Evidence, judged: Quality) -> npt.NDArray[np.uint16]:
    """Return why each strip is unreadable: too few beats, too much beside them, or the index of quality says so."""
    few = np.isnan(seen.rhythm) | np.isnan(seen.p_likeness)
    noise = noisy(seen) >= NOISY.refused
    poor = judged.index < READABLE
    refused = few | noise | (poor.sum(axis=-1) > (1 - LEAST_SHARE) * poor.shape[-1])
    said = np.bitwise_or.reduce(np.where(poor, judged.reasons, 0), axis=-1)
    said |= np.where(few, Reason.SHORT, 0).astype(np.uint16) | np.where(noise, Reason.NOISE, 0).astype(np.uint16)
    said = np.where(said == Reason.NONE, Reason.NOISE, said)
    return np.where(refused, said, Reason.NONE).astype(np.uint16)


def _intervals(beats: Beats, gap: Bools) -> Floats:
    """Return (n, most) intervals in ms, each record's own first, then NaN; one that holds a gap is none."""
    within = np.flatnonzero(beats.row[1:] == beats.row[:-1])
    row = beats.row[within]
    first = np.searchsorted(row, np.arange(beats.records))
    place = np.arange(len(row)) - first[row]
    made = np.full((beats.records, int(place.max(initial=-1)) + 1), np.nan)
    rr_ms = (beats.sample[within + 1] - beats.sample[within]) / beats.fs_hz * 1000
    rr_ms[rr_ms <= 0] = np.nan  # two beats at one place are none
    if gap.any():
        gone = np.cumsum(gap, axis=-1)
        rr_ms[gone[row, beats.sample[within]] != gone[row, beats.sample[within + 1]]] = np.nan
    made[row, place] = rr_ms
    return made
