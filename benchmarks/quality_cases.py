"""Windows of public recordings, and whether the beats found in them are right: what the index of quality is fitted on.

ECG: both leads of the MIT-BIH records, their first leads with noise added (a mixture of wander, motion and muscle as in
the noise stress test, and the electrode motion of record 118e), and 118e itself. Pulse waves: BIDMC and the Challenge
of 2015, plain and with motion added; there the beats of the ECG, late by one lag for the record, are the truth wherever
the ECG itself is beyond doubt.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, sosfilt

from alerting.signal import pulses, qrs, quality
from alerting.signal.quality_model import measures
from benchmarks import annotated

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

NEAR_S: Final = 0.15
"""A beat is right if it lies this near to an annotated one, and nearest to it."""
SNR_DB: Final = (24, 12, 6, 0)
NOISY_S: Final = (60, 360)
"""From the first to the sixth minute of a record noise is added."""
SURE: Final = 0.8
"""Where the ECG's own index is at least this, its beats are the truth about pulses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One lead, (samples,): annotated beats, pairs of samples between which nothing counts, and where it is from."""

    source: str
    record: str
    signal: Floats
    fs_hz: float
    beats: Ints
    without: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """Windows of a trial: measures (n, 6), whether the beats are right (n,), the index as it is now (n,)."""

    source: str
    record: str
    measures: Floats
    right: Bools
    index: Floats


def ecg_trials(folder: Path) -> Iterator[Trial]:
    """Yield every trial of ECG."""
    for snr_db in SNR_DB:
        found = annotated.nstdb(folder, snr_db)
        beats = found.annotations.sample
        yield Trial(source=f"118e{snr_db:02}", record="118", signal=found.ecg_mv[0], fs_hz=360.0, beats=beats)
    motion = _unit(annotated.nstdb(folder, 0).ecg_mv[0] - annotated.nstdb(folder, 24).ecg_mv[0])
    for name in annotated.names(folder, "mitdb", ".dat.xz"):
        found = annotated.mitdb(folder, name)
        marks = found.annotations
        beats, fs_hz = marks.sample[marks.is_beat], found.fs_hz
        flutter = tuple(zip(marks.sample[marks.symbol == "["], marks.sample[marks.symbol == "]"], strict=True))
        for lead, signal in enumerate(found.ecg_mv):
            yield Trial(source=f"lead {lead}", record=name, signal=signal, fs_hz=fs_hz, beats=beats, without=flutter)
        yield from _noisy(name, found.ecg_mv[0], fs_hz, beats, flutter, motion)


def _noisy(
    name: str, signal: Floats, fs_hz: float, beats: Ints, flutter: tuple[tuple[int, int], ...], motion: Floats
) -> Iterator[Trial]:
    first, end = (round(each * fs_hz) for each in NOISY_S)
    part, inside = signal[first:end], beats[(beats >= first) & (beats < end)] - first
    reach = int(0.05 * fs_hz)
    size = np.median([np.ptp(part[max(0, at - reach) : at + reach]) for at in inside if at > reach])
    left = tuple((begin - first, stop - first) for begin, stop in flutter)
    moving = np.roll(np.resize(np.concatenate((motion, motion[::-1])), len(part)), 97 * int(name))
    mixed = mixture(len(part), fs_hz, np.random.default_rng(int(name)))
    for kind, noise in (("mixture", mixed), ("motion", moving)):
        for snr_db in SNR_DB:
            scale = np.sqrt(size**2 / 8 / 10 ** (snr_db / 10))
            yield Trial(
                source=f"{kind} {snr_db} dB",
                record=name,
                signal=part + scale * noise,
                fs_hz=fs_hz,
                beats=inside,
                without=left,
            )


def mixture(samples: int, fs_hz: float, rng: np.random.Generator) -> Floats:
    """Return wander, motion that comes and goes, and muscle noise together, of variance 1."""
    block = int(3 * fs_hz)
    strength = np.repeat((rng.random(samples // block + 1) < 0.5) + 0.2, block)[:samples]
    slow, middle, fast = (_band(samples, fs_hz, rng, *band) for band in ((0.05, 0.5), (1, 10), (20, 100)))
    return _unit(0.6 * slow + strength * middle + 0.5 * fast)


def _band(samples: int, fs_hz: float, rng: np.random.Generator, low_hz: float, high_hz: float) -> Floats:
    sos = butter(2, [low_hz, high_hz], "band", fs=fs_hz, output="sos")
    return _unit(np.asarray(sosfilt(sos, rng.standard_normal(samples))))


def _unit(noise: Floats) -> Floats:
    return np.asarray(noise / noise.std())


def ecg_cases(folder: Path) -> Iterator[Cases]:
    """Yield the windows of every trial of ECG."""
    for trial in ecg_trials(folder):
        found = qrs.detect(trial.signal, trial.fs_hz)
        measured = quality.measured_ecg(trial.signal, trial.fs_hz, found)
        index = quality.ecg(trial.signal, trial.fs_hz, found).index[0]
        step = round(quality.WINDOW_S * trial.fs_hz)
        kept = np.ones(len(index), np.bool_)
        kept[:3] = kept[-1] = False
        for begin, end in trial.without:
            kept[max(0, begin) // step : max(0, end // step + 1)] = False
        right = wrong_beats(trial.beats, found.sample, trial.fs_hz, len(index)) == 0
        yield Cases(
            source=trial.source,
            record=trial.record,
            measures=measures(measured)[:, 0, kept].T,
            right=right[kept],
            index=index[kept],
        )


def ppg_cases(folder: Path) -> Iterator[Cases]:
    """Yield the windows of pulse waves, plain and with motion added."""
    rng = np.random.default_rng(5)
    for trial, sure in _pulse_trials(folder):
        found = pulses.detect(trial.signal, trial.fs_hz)
        truth = _late(trial.beats, found.sample, trial.fs_hz)
        yield _pulse_cases(trial, truth, sure)
        if trial.source == "bidmc":
            block = int(6 * trial.fs_hz)
            strength = np.repeat(rng.random(len(trial.signal) // block + 1) ** 2, block)[: len(trial.signal)]
            moving = uniform_filter1d(strength, int(trial.fs_hz)) * _band(len(strength), trial.fs_hz, rng, 0.5, 6)
            for times in (1, 3):
                signal = trial.signal + times * np.nanstd(trial.signal) * moving
                noisy = Trial(
                    source=f"motion x{times}", record=trial.record, signal=signal, fs_hz=trial.fs_hz, beats=trial.beats
                )
                yield _pulse_cases(noisy, truth, sure)


def _pulse_trials(folder: Path) -> Iterator[tuple[Trial, Floats]]:
    """Yield pulse waves with the beats of the ECG beside them, and the index of that ECG."""
    for name in annotated.names(folder, "bidmc", "_Signals.csv.xz"):
        both = annotated.bidmc(folder, name)
        beats, sure = _beats_and_index(both.ecg, both.fs_hz)
        yield Trial(source="bidmc", record=name, signal=both.ppg, fs_hz=both.fs_hz, beats=beats), sure
    for alarm in annotated.cinc2015(folder):
        leads = [values for name, values in alarm.channels.items() if name not in {"PLETH", "ABP", "RESP"}]
        if "PLETH" in alarm.channels and leads:
            beats, sure = max((_beats_and_index(lead, alarm.fs_hz) for lead in leads), key=lambda each: each[1].mean())
            signal = alarm.channels["PLETH"]
            yield Trial(source="cinc2015", record=alarm.name, signal=signal, fs_hz=alarm.fs_hz, beats=beats), sure


def _beats_and_index(ecg: Floats, fs_hz: float) -> tuple[Ints, Floats]:
    found = qrs.detect(ecg, fs_hz)
    return found.sample, quality.ecg(ecg, fs_hz, found).index[0]


def _late(beats: Ints, found: Ints, fs_hz: float) -> Ints:
    """Return the beats shifted by the lag, of 0 to 0.8 s, at which most of them are found."""
    lags = np.round(np.arange(0, 0.8, 0.02) * fs_hz).astype(np.int64)
    right = [np.count_nonzero(_matched(beats + lag, found, fs_hz)[0]) for lag in lags]
    return np.asarray(beats + lags[int(np.argmax(right))])


def _pulse_cases(trial: Trial, truth: Ints, sure: Floats) -> Cases:
    found = pulses.detect(trial.signal, trial.fs_hz)
    measured = quality.measured_ppg(trial.signal, trial.fs_hz, found)
    index = quality.ppg(trial.signal, trial.fs_hz, found).index[0]
    windows = min(len(index), len(sure))
    padded = np.pad(sure[:windows], 1)
    kept = np.minimum(np.minimum(padded[:-2], padded[1:-1]), padded[2:]) > SURE
    kept[:2] = kept[-2:] = False
    kept &= ~np.isnan(measures(measured)[:, 0, :windows]).any(axis=0)
    right = wrong_beats(truth, found.sample, trial.fs_hz, len(index))[:windows] == 0
    return Cases(
        source=trial.source,
        record=trial.record,
        measures=measures(measured)[:, 0, :windows][:, kept].T,
        right=right[kept],
        index=index[:windows][kept],
    )


def wrong_beats(truth: Ints, found: Ints, fs_hz: float, windows: int) -> Ints:
    """Return how many beats of each window are missed or made up, (windows,) int64."""
    hit, right = _matched(truth, found, fs_hz)
    wrong = np.concatenate((truth[~hit], found[~right])) // round(quality.WINDOW_S * fs_hz)
    return np.bincount(np.clip(wrong, 0, windows - 1), minlength=windows)


def _matched(truth: Ints, found: Ints, fs_hz: float) -> tuple[Bools, Bools]:
    """Tell which annotated beats are found, and which found ones are right: each is nearest to the other, and near."""
    if len(truth) == 0 or len(found) == 0:
        return np.zeros(len(truth), np.bool_), np.zeros(len(found), np.bool_)
    there, back = _nearest(truth, found), _nearest(found, truth)
    hit = (np.abs(truth - found[there]) <= NEAR_S * fs_hz) & (back[there] == np.arange(len(truth)))
    right = (np.abs(found - truth[back]) <= NEAR_S * fs_hz) & (there[back] == np.arange(len(found)))
    return hit, right


def _nearest(these: Ints, those: Ints) -> Ints:
    after = np.searchsorted(those, these)
    left, right = np.clip(after - 1, 0, len(those) - 1), np.clip(after, 0, len(those) - 1)
    return np.where(these - those[left] <= those[right] - these, left, right)
