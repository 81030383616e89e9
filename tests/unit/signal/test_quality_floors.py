"""What the index of quality reaches on public recordings: changes must not make it worse."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from alerting.signal import pulses, qrs, quality
from alerting.signal.quality import READABLE
from benchmarks import annotated
from benchmarks.quality_cases import mixture, wrong_beats

Floats = npt.NDArray[np.float64]


def area(low: Floats, high: Floats) -> float:
    """Return how often one of `high` is above one of `low`."""
    return float((np.subtract.outer(high, low) > 0).mean() + (np.subtract.outer(high, low) == 0).mean() / 2)


@pytest.mark.parametrize("name", ["106", "208", "210", "219", "222", "107"])
def test_arrhythmia_is_readable(recordings: Path, name: str) -> None:
    """Ventricular bigeminy and runs, fibrillation, flutter and pacing are read: next to no window is refused."""
    found = annotated.mitdb(recordings, name)
    signal = found.ecg_mv[:1, : round(600 * found.fs_hz)]

    index = quality.ecg(signal, found.fs_hz, qrs.detect(signal, found.fs_hz)).index

    assert (index >= READABLE).mean() > 0.96


def test_strips_called_noisy_have_a_low_index(recordings: Path) -> None:
    """The mean index of a strip tells those that experts could not read from the others, fibrillation among these."""
    index, label = [], []
    for strip in annotated.cinc2017(recordings):
        found = quality.ecg(strip.ecg_mv, strip.fs_hz, qrs.detect(strip.ecg_mv, strip.fs_hz)).index
        index.append(found.mean())
        label.append(strip.label)
    mean, noisy = np.array(index), np.array(label) == "~"
    fibrillating, normal = np.array(label) == "A", np.array(label) == "N"

    assert area(mean[noisy], mean[~noisy]) > 0.92
    assert area(mean[noisy], mean[fibrillating]) > 0.93
    assert (mean[normal] < READABLE).mean() <= 0.05


def test_windows_that_are_read_in_electrode_motion_are_right(recordings: Path) -> None:
    """In much noise far fewer windows are read than in none, and most of those that are have no wrong beat."""
    read, right = [], []
    for snr_db in (24, 12, 6, 0):
        record = annotated.nstdb(recordings, snr_db)
        found = qrs.detect(record.ecg_mv[0], record.fs_hz)
        readable = quality.ecg(record.ecg_mv[0], record.fs_hz, found).readable[0, 3:-1]
        wrong = wrong_beats(record.annotations.sample, found.sample, record.fs_hz, len(readable) + 4)[3:-1]
        read.append(readable.mean())
        right.append((wrong[readable] == 0).mean())

    assert read[0] == 1
    assert max(read[2:]) < min(0.65, read[1])
    assert min(right) > 0.55


def test_windows_that_are_read_in_a_mixture_of_noise_are_right(recordings: Path) -> None:
    """At 6 dB nearly all windows that are read have no wrong beat, and of those that are not read nearly half have."""
    right, read = [], []
    for name in ("100", "118", "219"):
        record = annotated.mitdb(recordings, name)
        signal = record.ecg_mv[0, : round(300 * record.fs_hz)]
        beats = record.annotations.sample[record.annotations.is_beat]
        beats = beats[beats < len(signal)]
        size = np.median([np.ptp(signal[at - 18 : at + 18]) for at in beats[1:]])
        noise = mixture(len(signal), record.fs_hz, np.random.default_rng(int(name)))
        signal = signal + noise * np.sqrt(size**2 / 8 / 10**0.6)
        found = qrs.detect(signal, record.fs_hz)
        readable = quality.ecg(signal, record.fs_hz, found).readable[0, 1:-1]
        read.append(readable)
        right.append(wrong_beats(beats, found.sample, record.fs_hz, len(readable) + 2)[1:-1] == 0)
    were_read, were_right = np.concatenate(read), np.concatenate(right)

    assert were_right[were_read].mean() > 0.9
    assert were_right[~were_read].mean() < 0.6


def test_pulse_waves_of_the_ward_are_readable(recordings: Path) -> None:
    """Nearly all of the pulse wave of resting patients can be read; with swings added, much of it cannot."""
    plain: list[float] = []
    moving: list[float] = []
    for name in ("bidmc_03", "bidmc_21", "bidmc_45"):
        record = annotated.bidmc(recordings, name)
        noise = np.convolve(np.random.default_rng(3).standard_normal(len(record.ppg)), np.hanning(30), "same")
        for signal, into in (
            (record.ppg, plain),
            (record.ppg + 2 * record.ppg.std() * noise / noise.std(), moving),
        ):
            found = quality.ppg(signal, record.fs_hz, pulses.detect(signal, record.fs_hz))
            into.append(float(found.readable.mean()))

    assert np.mean(plain) > 0.95
    assert np.mean(moving) < 0.4
