"""R peaks where they are known: every rate and rate of sampling, low and wide beats, pauses, and what is none."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from alerting.signal import qrs
from tests.builders_hearts import an_ecg, evenly

FS_HZ = 250.0


@pytest.mark.parametrize("per_min", [30, 50, 75, 110, 150, 200])
@pytest.mark.parametrize("fs_hz", [100.0, 125.0, 250.0, 360.0, 1000.0])
def test_every_r_peak_is_found_at_the_peak(per_min: float, fs_hz: float) -> None:
    """From 30 to 200 a minute, at any rate of sampling, each R peak is found within 8 ms of where it is."""
    peaks = evenly(per_min, 40)
    found = qrs.detect(an_ecg(peaks, 40, fs_hz), fs_hz)

    assert len(found.sample) == len(peaks)
    np.testing.assert_allclose(found.exact / fs_hz, peaks, atol=0.008)


def test_inverted_lead_gives_the_same_beats() -> None:
    """A lead that is upside down has its R peaks at the same samples."""
    signal = an_ecg(evenly(75, 40), 40)

    np.testing.assert_allclose(qrs.detect(-signal, FS_HZ).exact, qrs.detect(signal, FS_HZ).exact, atol=1)


def test_ventricular_and_low_beats_are_beats() -> None:
    """Wide premature beats, and normal ones a third as high, are found like all others."""
    peaks = evenly(75, 40)
    signal = an_ecg(peaks, 40, kinds="NNNNNVNNNNNNVNN")
    low = slice(int(25 * FS_HZ), int(35 * FS_HZ))
    signal[low] *= 0.4
    found = qrs.detect(signal, FS_HZ).exact / FS_HZ

    assert len(found) == len(peaks)
    assert np.abs(found - peaks).max() < 0.05


def test_pause_is_left_empty() -> None:
    """Five seconds without a beat stay without one, small noise and all."""
    peaks = evenly(75, 40)
    peaks = peaks[(peaks < 15) | (peaks > 20)]
    found = qrs.detect(an_ecg(peaks, 40), FS_HZ)

    assert len(found.sample) == len(peaks)


def test_tall_t_waves_are_no_beats() -> None:
    """T waves as high as the R waves are taken for what they are."""
    peaks = evenly(60, 40)
    t_s = np.arange(40 * 250) / FS_HZ
    signal = an_ecg(peaks, 40) + sum(0.8 * np.exp(-(((t_s - each - 0.26) / 0.05) ** 2) / 2) for each in peaks)

    assert len(qrs.detect(signal, FS_HZ).sample) == len(peaks)


def test_step_and_wander_are_no_beats() -> None:
    """A step of the baseline and a slow wander of several millivolts neither hide beats nor make many."""
    peaks = evenly(75, 60)
    t_s = np.arange(60 * 250) / FS_HZ
    signal = an_ecg(peaks, 60) + 3 * np.sin(2 * np.pi * 0.2 * t_s)
    signal[7600:] += 5
    found = qrs.detect(signal, FS_HZ).exact / FS_HZ

    assert all(np.abs(found - each).min() < 0.05 for each in peaks if abs(each - 30.4) > 0.3)
    assert len(found) <= len(peaks) + 1


def test_nothing_is_found_in_a_gap_and_all_beside_it() -> None:
    """Missing samples hold no beat, whatever the level before and after, and cost those within them alone."""
    peaks = evenly(75, 40)
    signal = an_ecg(peaks, 40)
    signal[5000:] += 2
    signal[4000:5000] = np.nan
    found = qrs.detect(signal, FS_HZ).exact / FS_HZ

    assert not ((found > 15.95) & (found < 20.05)).any()
    kept = peaks[(peaks < 15.95) | (peaks > 20.05)]
    np.testing.assert_allclose(found, kept, atol=0.01)


def test_short_gap_is_bridged() -> None:
    """Three samples lost here and there cost nothing."""
    peaks = evenly(75, 40)
    signal = an_ecg(peaks, 40)
    signal[500::700] = np.nan
    signal[501::700] = np.inf

    assert len(qrs.detect(signal, FS_HZ).sample) == len(peaks)


@pytest.mark.parametrize(
    "signal",
    [
        [],
        [1.0],
        np.zeros(30),
        np.zeros(5000),
        np.full(5000, 7, np.int16),
        np.full(5000, np.nan),
        np.full((3, 2000), math.inf),
    ],
    ids=["empty", "one sample", "short", "flat", "flat integers", "missing", "infinite"],
)
def test_nothing_in_nothing(signal: npt.ArrayLike) -> None:
    """What holds no signal holds no beat, and says for how many records."""
    found = qrs.detect(signal, FS_HZ)

    assert len(found.sample) == 0
    assert found.records == np.atleast_2d(np.asarray(signal)).shape[0]


@pytest.mark.parametrize("fs_hz", [0, -250, 99.9, 1001, math.nan, math.inf])
def test_rate_out_of_range_is_refused(fs_hz: float) -> None:
    """A sampling rate that cannot show a QRS complex is an error with the range."""
    with pytest.raises(ValueError, match=r"fs_hz: is .*between 100 and 1000 Hz"):
        qrs.detect(np.zeros(1000), fs_hz)


@pytest.mark.parametrize("seed", range(20))
def test_beats_rise_strictly_in_noise(seed: int) -> None:
    """Whatever is found in what is no ECG, no two beats are one and none comes before the one before it."""
    noise = np.sign(np.random.default_rng(seed).standard_normal((2, 6000)))
    found = qrs.detect(noise, FS_HZ)

    assert all((np.diff(each) > 0).all() for each in found.split())


@pytest.mark.parametrize("samples", [2, 5, 10, 50, 100, 200, 300])
def test_short_record_is_no_error(samples: int) -> None:
    """A piece of an ECG of any length is looked at without a warning."""
    signal = an_ecg([0.4], 2)[:samples]

    assert len(qrs.detect(signal, FS_HZ).sample) <= 1


def test_integers_and_clipped_tops_are_taken() -> None:
    """Samples as a converter gives them, R waves cut off at its rail, give the same beats."""
    peaks = evenly(75, 40)
    counts = np.clip(np.rint(an_ecg(peaks, 40) * 20_000), -32_768, 14_000).astype(np.int16)

    assert len(qrs.detect(counts, FS_HZ).sample) == len(peaks)


def test_caller_keeps_the_array() -> None:
    """What was handed in is as it was."""
    signal = an_ecg(evenly(75, 20), 20)
    signal[100:104] = np.nan
    before = signal.copy()
    qrs.detect(signal, FS_HZ)

    np.testing.assert_array_equal(signal, before)
