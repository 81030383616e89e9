"""An ECG read as a whole: everything carries the quality it was read at, and what is unreadable is left out."""

import numpy as np
import numpy.typing as npt
import pytest

from alerting.signal import ecg
from alerting.signal.ecg_intervals import Doubt
from alerting.signal.ecg_kinds import Kind
from alerting.signal.ecg_rate import heart_rate
from alerting.signal.ecg_runs import pauses, tachycardia, ventricular
from alerting.signal.events import Beats
from alerting.signal.quality_verdict import READABLE
from tests.builders_signal import FS_HZ, a_rhythm, an_even_ecg, its_beats


def test_ventricular_tachycardia_is_read_from_the_signal() -> None:
    """Five fast wide beats among normal ones: kinds, intervals, the run and its rate."""
    signal, beats = a_rhythm("N" * 12 + "V" * 5 + "N" * 12)

    found = ecg.read(signal, FS_HZ, beats)
    runs = tachycardia(ventricular(found.beats, found.kind, found.intervals))

    assert (runs.beats.tolist(), runs.row.tolist()) == ([5], [0])
    np.testing.assert_allclose(runs.rate_per_min, [125], atol=1)
    assert np.count_nonzero(~found.intervals.normal) == 6


def test_noise_leaves_no_kind_and_no_normal_interval() -> None:
    """Beats in a noisy stretch are unreadable, and so is every interval that touches it."""
    signal = an_even_ecg()
    signal[0, 3000:5000] += np.random.default_rng(1).standard_normal(2000)

    found = ecg.read(signal, FS_HZ, its_beats())
    noisy = (found.beats.sample >= 3000) & (found.beats.sample < 5000)

    assert (found.kind[noisy] == Kind.UNREADABLE).all()
    assert (found.beat_quality[noisy] < READABLE).all()
    inside = (found.intervals.end > 3000) & (found.intervals.begin < 5000)
    assert (found.intervals.doubt[inside] & Doubt.UNREADABLE).all()
    assert (found.kind[found.beats.sample < 2000] == Kind.NORMAL).all()


def test_pause_is_read_and_a_gap_is_none() -> None:
    """Four seconds without a beat are a pause; four seconds without samples are not."""
    signal = np.concatenate((an_even_ecg(), an_even_ecg()))
    signal[0, 3050:4050] = 0.01 * np.random.default_rng(1).standard_normal(1000)
    signal[1, 3050:4050] = np.nan
    one = its_beats().sample
    left = one[(one < 3050) | (one >= 4050)]
    beats = Beats(row=np.repeat([0, 1], len(left)), sample=np.tile(left, 2), fs_hz=FS_HZ, records=2)

    found = pauses(ecg.read(signal, FS_HZ, beats).intervals)

    assert found.row.tolist() == [0]
    assert found.rr_s[0] > 4


def test_rate_of_noise_is_not_read() -> None:
    """In a record of nothing but noise no window has a rate, and each says why."""
    signal = np.random.default_rng(1).standard_normal((1, 7500))

    found = ecg.read(signal, FS_HZ, its_beats())
    rate = heart_rate(found.intervals, found.quality)

    assert np.isnan(rate.per_min).all()
    assert rate.reasons.all()


@pytest.mark.parametrize(
    "signal",
    [
        np.zeros((1, 0)),
        np.zeros((3, 0)),
        np.zeros((0, 2500)),
        np.zeros(1),
        np.zeros((2, 200)),
        np.full((1, 5000), np.nan),
        np.zeros((1, 5000)),
        np.full((1, 5000), 32767, np.int16),
        np.where(np.arange(5000) % 2, 1e12, -1e12)[None],
        np.where(np.arange(5000) % 2, np.inf, -np.inf)[None],
    ],
    ids=["empty", "three empty", "no record", "one sample", "short", "NaN", "flat", "saturated", "huge", "infinite"],
)
def test_bad_signal_gives_a_defined_result(signal: npt.NDArray[np.generic]) -> None:
    """Whatever is no ECG is unreadable throughout: no kind but unreadable, no normal interval, no rate."""
    n, samples = np.atleast_2d(signal).shape
    at = np.arange(50, samples, 200)
    beats = Beats(row=np.repeat(np.arange(n), len(at)), sample=np.tile(at, n), fs_hz=FS_HZ, records=n)

    found = ecg.read(signal, FS_HZ, beats)
    rate = heart_rate(found.intervals, found.quality)

    assert not found.quality.readable.any()
    assert (found.kind == Kind.UNREADABLE).all()
    assert not found.intervals.normal.any()
    assert np.isnan(rate.per_min).all()


@pytest.mark.parametrize(
    ("signal", "fs_hz", "beats", "fault"),
    [
        (np.zeros((1, 1, 9)), 250.0, its_beats(), "ecg: has 3 dimensions"),
        (an_even_ecg(), 50.0, its_beats(), "fs_hz: is 50.0"),
        (an_even_ecg(), 360.0, its_beats(), "beats: of 1 records at 250 Hz"),
        (np.zeros((2, 7500)), 250.0, its_beats(), "beats: of 1 records"),
    ],
)
def test_wrong_argument_is_refused_by_name(
    signal: npt.NDArray[np.float64], fs_hz: float, beats: Beats, fault: str
) -> None:
    """What cannot be an ECG, its rate or its beats is a ValueError that says what is wrong."""
    with pytest.raises(ValueError, match=fault):
        ecg.read(signal, fs_hz, beats)


def test_beats_are_found_where_none_are_given() -> None:
    """A clean ECG without beats is read as with its own."""
    found = ecg.read(an_even_ecg(), FS_HZ)

    assert np.abs(found.beats.sample - its_beats().sample).max() <= 2
    assert (found.kind == Kind.NORMAL).all()
    assert found.quality.index.min() > 0.9
