"""The index of quality: high where beats are right, low with a reason where they cannot be, defined for anything."""

import numpy as np
import numpy.typing as npt
import pytest

from alerting.signal import quality
from alerting.signal.events import Beats
from alerting.signal.quality import READABLE, Reason
from tests.builders_signal import a_rhythm, an_even_ecg, its_beats

FS_HZ = 250.0


def judged(signal: npt.ArrayLike) -> quality.Quality:
    """Return the quality of an ECG with the beats of `an_even_ecg`."""
    return quality.ecg(signal, FS_HZ, its_beats())


def test_clean_ecg_is_readable_without_a_reason() -> None:
    """Every window of a clean ECG is nearly certain, and nothing is said against it."""
    found = judged(an_even_ecg())

    assert found.index.shape == (1, 15)
    assert found.index.min() > 0.95
    assert not found.reasons.any()


def test_muscle_noise_is_named() -> None:
    """Fast noise as large as the QRS complex makes a window unreadable."""
    signal = an_even_ecg()
    signal[0, 3000:5000] += np.random.default_rng(3).standard_normal(2000)

    found = judged(signal)

    assert found.index[0, 6:10].max() < READABLE
    assert (found.reasons[0, 6:10] & (Reason.NOISE | Reason.DISAGREEMENT)).all()
    assert found.index[0, :4].min() > READABLE


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(np.nan, Reason.MISSING), (0.0, Reason.FLAT), (np.inf, Reason.MISSING)],
    ids=["NaN", "flat", "infinite"],
)
def test_lost_seconds_make_a_window_unreadable(fault: float, reason: Reason) -> None:
    """Four seconds without a signal cannot be read, and the reason is named; what lies far from them can."""
    signal = an_even_ecg()
    signal[0, 3000:4000] = fault

    found = judged(signal)

    assert found.index[0, 6:8].max() == 0
    assert (found.reasons[0, 6:8] & reason).all()
    assert found.index[0, :5].min() > READABLE
    assert found.index[0, 12:].min() > READABLE


def test_lead_that_is_off_is_named() -> None:
    """Noise alone, in which nothing beats, is called a lead that is off."""
    none = Beats(row=np.zeros(0, np.int64), sample=np.zeros(0, np.int64), fs_hz=FS_HZ, records=1)

    found = quality.ecg(0.01 * np.random.default_rng(3).standard_normal((1, 5000)), FS_HZ, none)

    assert not found.readable.any()
    assert (found.reasons & Reason.LEAD_OFF).all()


def test_h17_heart_that_stands_still_is_not_a_lead_that_is_off() -> None:
    """For some 15 s after the last beat a quiet line is read as one without beats; later nobody can tell."""
    signal = 0.01 * np.random.default_rng(3).standard_normal((1, 15000))
    signal[0, :3750] = an_even_ecg()[0, :3750]
    beats = its_beats().sample
    found = quality.ecg(signal, FS_HZ, Beats.of(beats[beats < 3700], FS_HZ))

    assert found.index[0, :15].min() > READABLE
    assert found.index[0, 20:].max() == 0
    assert (found.reasons[0, 20:] & Reason.LEAD_OFF).all()


@pytest.mark.parametrize("factor", [1e6, 1e-6, -1.0])
def test_quality_knows_no_unit(factor: float) -> None:
    """Scale and polarity change nothing."""
    signal = an_even_ecg(noise=0.1)

    np.testing.assert_allclose(judged(signal * factor).index, judged(signal).index, atol=1e-9)


@pytest.mark.parametrize("letters", ["NV" * 18, "NNV" * 12, "NNNNNV" * 6, "NVVVVVVV" * 5])
def test_ventricular_beats_are_no_fault(letters: str) -> None:
    """Bigeminy, trigeminy, single ventricular beats and long runs of them are as readable as a regular rhythm."""
    signal, beats = a_rhythm(letters)

    found = quality.ecg(signal, FS_HZ, beats)

    assert found.index[:, 1:-1].min() > 0.8


def test_irregular_rhythm_is_no_fault() -> None:
    """In atrial fibrillation no interval is like the other, and the index is as high as ever."""
    signal, beats = a_rhythm("N" * 40, rr_s=np.random.default_rng(3).uniform(0.4, 1.2, 40))

    assert quality.ecg(signal, FS_HZ, beats).index[:, :-1].min() > 0.95


def test_small_beats_are_no_fault() -> None:
    """Beats of 50 microvolts in a quiet lead are as readable as any."""
    assert judged(0.05 * an_even_ecg()).index.min() > 0.95


def test_long_pause_in_a_quiet_lead_is_readable() -> None:
    """Six seconds without a beat, and nothing else that could be one, can be read as such."""
    signal = an_even_ecg()
    quiet = slice(3050, 4550)
    signal[0, quiet] = 0.01 * np.random.default_rng(3).standard_normal(1500)
    beats = its_beats()
    left = Beats.of(beats.sample[(beats.sample < 3050) | (beats.sample >= 4550)], FS_HZ)

    assert quality.ecg(signal, FS_HZ, left).index.min() > READABLE


@pytest.mark.parametrize("samples", [0, 1, 2, 3, 10, 100, 249])
def test_record_shorter_than_a_second_is_not_read(samples: int) -> None:
    """What is too short to judge gives an index of 0 and says so; nothing gives no window."""
    at = Beats.of(np.arange(0, samples, 60), FS_HZ)

    found = quality.ecg(an_even_ecg()[0, :samples], FS_HZ, at)

    assert found.index.shape == (1, 1 if samples else 0)
    assert not found.readable.any()
    assert (found.reasons & Reason.SHORT).all()


@pytest.mark.parametrize("kind", [np.int16, np.int32, np.uint8])
def test_integers_are_read(kind: type) -> None:
    """A signal in units of a converter is read like any other."""
    signal: npt.NDArray[np.generic] = np.round(100 * (an_even_ecg() + 1)).astype(kind)

    assert judged(signal).index.min() > 0.9


@pytest.mark.parametrize("fs_hz", [0.0, 99.0, 1001.0, np.nan])
def test_wrong_rate_is_refused(fs_hz: float) -> None:
    """A rate that no ECG has is a ValueError that names it."""
    with pytest.raises(ValueError, match="fs_hz"):
        quality.ecg(an_even_ecg(), fs_hz)


def test_beats_of_another_signal_are_refused() -> None:
    """Beats of two records, or at another rate, are not those of this signal."""
    for beats in (Beats.of(np.array([5]), 360), Beats(row=np.array([1]), sample=np.array([5]), fs_hz=250, records=2)):
        with pytest.raises(ValueError, match="beats: "):
            quality.ecg(an_even_ecg(), FS_HZ, beats)


def test_index_at_beats_is_that_of_their_window() -> None:
    """Beats take the index of the window they lie in."""
    signal = an_even_ecg()
    signal[0, 3000:4000] = np.nan
    found = judged(signal)

    at = quality.at(found, Beats.of(np.array([10, 3100, 7400]), FS_HZ))

    np.testing.assert_array_equal(at, found.index[0, [0, 6, 14]])
