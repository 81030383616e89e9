"""A short ECG: fibrillation, another rhythm, or unreadable with a reason; never a score for what cannot be read."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from alerting.signal.events import Beats
from alerting.signal.quality import Reason
from alerting.signal.rhythm import AF, Strip, strip
from alerting.signal.rhythm_waves import LEAST_BEATS, waves
from tests.rhythms import Floats, ecg, fibrillation, paced, sinus, with_ectopics, with_random_ectopics

FS_HZ = 300.0


def of_sinus(seed: int = 1) -> Floats:
    """Return half a minute of sinus rhythm."""
    return ecg(sinus(36, seed=seed), seed=seed)


def of_fibrillation(seed: int = 1) -> Floats:
    """Return half a minute of fibrillation: intervals without memory, no P waves, fibrillatory waves."""
    return ecg(fibrillation(42, seed=seed), p_mv=0.0, seed=seed)


def noise(seconds: float = 30, seed: int = 1) -> Floats:
    """Return noise with the band of an ECG and no heart in it."""
    rng = np.random.default_rng(seed)
    white = rng.normal(0, 1, int(seconds * FS_HZ))
    return np.convolve(white, np.hanning(9), "same") + np.cumsum(rng.normal(0, 0.05, len(white)))


def same(one: Strip, other: Strip) -> None:
    """Assert that two results say the same."""
    np.testing.assert_array_equal(one.readable, other.readable)
    np.testing.assert_allclose(one.score, other.score, atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_fibrillation_is_called_so(seed: int) -> None:
    """Irregular intervals without P waves are atrial fibrillation, readable and without a reason."""
    made = strip(of_fibrillation(seed), FS_HZ)

    assert made.readable[0]
    assert made.reasons[0] == Reason.NONE
    assert made.score[0] >= AF


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "rr_ms",
    [
        sinus(36),
        sinus(36, rr_ms=900, breathing=0.1),
        with_ectopics(36, period=2),
        with_ectopics(36, period=3),
        with_random_ectopics(36, share=0.15),
        paced(30),
    ],
    ids=["sinus", "breathing", "bigeminy", "trigeminy", "ectopics", "paced"],
)
def test_rhythm_with_p_waves_is_not_fibrillation(rr_ms: Floats, seed: int) -> None:
    """What has its P waves is not called fibrillation, however irregular."""
    made = strip(ecg(rr_ms, seed=seed), FS_HZ)

    assert made.readable[0]
    assert made.score[0] < AF


@pytest.mark.parametrize("seed", range(3))
def test_regular_rhythm_without_p_waves_is_not_called(seed: int) -> None:
    """A paced or junctional rhythm has no P waves and regular intervals: the intervals decide, a limit for both."""
    made = strip(ecg(paced(36, rr_ms=860), p_mv=0.0, seed=seed), FS_HZ)

    assert made.readable[0]
    assert made.score[0] < AF


def test_p_waves_weigh_against_the_same_intervals() -> None:
    """The same irregular intervals are less of a suspicion where every beat has its P wave."""
    rr_ms = fibrillation(42, spread=0.12)
    with_p, without = (strip(ecg(rr_ms, p_mv=p_mv), FS_HZ).suspicion[0] for p_mv in (0.15, 0.0))

    assert with_p < without - 0.2


@pytest.mark.parametrize("seed", range(6))
def test_h16_noise_is_unreadable_and_not_fibrillation(seed: int) -> None:
    """Noise has no score, whatever intervals a detector finds in it, and a reason why."""
    made = strip(noise(seed=seed), FS_HZ)

    assert not made.readable[0]
    assert np.isnan(made.score[0])
    assert made.reasons[0] != Reason.NONE


@pytest.mark.parametrize(
    "signal",
    [
        np.empty(0),
        np.zeros(3),
        np.zeros(9000),
        np.full(9000, np.nan),
        np.full(9000, 5.0),
        np.full(9000, np.inf),
        np.sign(noise()),
        of_sinus()[:1200],
        np.where(np.arange(9000) < 1500, of_sinus()[:9000], np.nan),
        np.zeros(9000, np.int16),
    ],
    ids=[
        "empty",
        "three",
        "zero",
        "missing",
        "flat",
        "infinite",
        "saturated",
        "four seconds",
        "five seconds",
        "integers",
    ],
)
def test_strip_without_enough_heart_is_unreadable(signal: npt.ArrayLike) -> None:
    """Nothing, next to nothing, and nothing that moves: unreadable with a reason, no score and no error."""
    made = strip(signal, FS_HZ)

    assert not made.readable[0]
    assert np.isnan(made.score[0])
    assert made.reasons[0] != Reason.NONE


def test_clipped_strip_is_read_or_refused_but_not_misread() -> None:
    """Sinus rhythm cut off at half its height is sinus rhythm or unreadable."""
    made = strip(np.clip(of_sinus(), -0.2, 0.5), FS_HZ)

    assert np.nan_to_num(made.score[0]) < AF


def test_short_gaps_do_not_make_fibrillation() -> None:
    """Sinus rhythm of which a second is missing here and there stays what it is, or is refused."""
    signal = of_sinus()
    for first in range(1500, 9000, 2400):
        signal[first : first + 300] = np.nan

    assert np.nan_to_num(strip(signal, FS_HZ).score[0]) < AF


@pytest.mark.parametrize("change", [lambda x: -x, lambda x: 1e6 * x, lambda x: 1e-3 * x, lambda x: x + 500.0])
def test_lead_the_other_way_up_and_any_scale_is_the_same(change: Callable[[Floats], Floats]) -> None:
    """An inverted, scaled or shifted lead tells what it told."""
    for signal in (of_sinus(), of_fibrillation()):
        same(strip(change(signal), FS_HZ), strip(signal, FS_HZ))


def test_small_integers_are_taken_as_they_are() -> None:
    """An ECG in counts of a small integer type is widened before anything is computed."""
    counts = np.round(of_fibrillation() * 10_000).astype(np.int16)

    same(strip(counts, FS_HZ), strip(counts.astype(np.float64), FS_HZ))


@pytest.mark.parametrize("fs_hz", [0, -300, 20, 5000, float("nan"), float("inf")])
def test_impossible_rate_is_refused_by_name(fs_hz: float) -> None:
    """A rate at which no ECG is recorded is an error that says so."""
    with pytest.raises(ValueError, match="fs_hz: is"):
        strip(of_sinus(), fs_hz)


def test_hour_is_no_strip() -> None:
    """A record in which the rhythm may change has no single answer: it is refused, not averaged."""
    with pytest.raises(ValueError, match="ecg: lasts 3600 s"):
        strip(np.zeros(int(3600 * FS_HZ)), FS_HZ)


def test_beats_of_other_records_are_refused() -> None:
    """Beats must be of the records they come with, at their rate."""
    other = Beats.of(np.arange(100, 8000, 250), 250.0)

    with pytest.raises(ValueError, match="beats: of 1 records at 250 Hz"):
        strip(of_sinus(), FS_HZ, other)


def test_few_beats_show_no_waves() -> None:
    """Fewer whole beats than `LEAST_BEATS` have nothing in common to speak of; one more has."""
    signal = of_sinus()[None]
    beats = np.rint((1 + np.concatenate(([0], np.cumsum(sinus(36)) / 1000))) * FS_HZ).astype(np.int64)

    assert np.isnan(waves(signal, Beats.of(beats[: LEAST_BEATS - 1], FS_HZ)).p_likeness[0])
    assert waves(signal, Beats.of(beats[:LEAST_BEATS], FS_HZ)).p_likeness[0] > 0.8


def test_p_waves_are_seen_by_their_likeness() -> None:
    """P waves alike before each beat give a likeness near 1, fibrillatory waves one near 0."""
    for rr_ms, p_mv, low, high in ((sinus(36), 0.12, 0.8, 1.0), (fibrillation(42), 0.0, -0.2, 0.3)):
        signal = ecg(rr_ms, p_mv=p_mv)
        beats = np.rint((1 + np.concatenate(([0], np.cumsum(rr_ms) / 1000))) * FS_HZ).astype(np.int64)

        assert low <= waves(signal[None], Beats.of(beats, FS_HZ)).p_likeness[0] <= high
