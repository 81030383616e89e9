"""The breathing rate of a chest: known rates, irregular breaths, interference, and what cannot be read."""

import numpy as np
import numpy.typing as npt
import pytest

from alerting.signal.quality_verdict import Reason
from alerting.signal.respiration import chest
from tests.builders_breathing import FS_HZ, a_chest, an_irregular_chest, times


@pytest.mark.parametrize("per_min", [6, 8, 11, 14, 18, 23, 30, 36, 40])
def test_known_rate_is_found(per_min: float) -> None:
    """Rates from 6 to 40/min are given to a third of a breath, with confidence."""
    found = chest(a_chest(per_min), FS_HZ)

    assert found.rate_per_min[0] == pytest.approx(per_min, abs=0.35)
    assert found.confidence[0] > 0.9


@pytest.mark.parametrize("seconds", [16.0, 20.5, 45.0, 64.0])
def test_any_length_of_window_will_do(seconds: float) -> None:
    """A quarter of a minute to a minute of chest movement tells the rate."""
    assert chest(a_chest(18, seconds=seconds), FS_HZ).rate_per_min[0] == pytest.approx(18, abs=0.5)


def test_irregular_breathing_is_counted() -> None:
    """Breaths of 2 to 5 s give their mean rate, where a spectrum has no peak to show."""
    lengths_s = [2.0, 3.5, 2.5, 5.0, 3.0, 4.5, 2.2, 3.8, 2.6, 2.9]

    found = chest(an_irregular_chest(lengths_s), FS_HZ)

    assert found.best_per_min[0] == pytest.approx(60 / np.mean(lengths_s), abs=1)


@pytest.mark.parametrize(
    "interference",
    [
        0.8 * np.sin(2 * np.pi * 1.3 * times()),
        3 * (times() > 17) - 5.0 * (times() > 23),
        2.5 * np.exp(-0.5 * ((times() - 14) / 1.2) ** 2),
        np.cumsum(0.02 * np.random.default_rng(6).standard_normal(4000)),
    ],
    ids=["heart", "steps", "sigh", "drift"],
)
def test_interference_does_not_change_the_rate(interference: npt.NDArray[np.float64]) -> None:
    """The heart's ripple, steps of the baseline, a deep sigh and drift leave the rate within 1/min."""
    found = chest(a_chest(16) + interference, FS_HZ)

    assert found.rate_per_min[0] == pytest.approx(16, abs=1)


def test_missed_breath_does_not_halve_the_rate() -> None:
    """A wave whose every second breath is half as deep is read at its own rate."""
    t = times()
    wave = np.sin(2 * np.pi * 20 / 60 * t) * (1 + 0.3 * np.sign(np.sin(2 * np.pi * 10 / 60 * t)))

    assert chest(wave, FS_HZ).best_per_min[0] == pytest.approx(20, abs=1)


def test_noise_is_rarely_read() -> None:
    """White noise of a chest that does not breathe is refused, but for one window in twenty."""
    noise = np.random.default_rng(8).standard_normal((200, 4000))

    found = chest(noise, FS_HZ)

    assert np.isnan(found.rate_per_min).mean() >= 0.95
    refused = np.isnan(found.rate_per_min)
    assert (found.reasons[refused] != 0).all()


def test_heart_is_no_breath() -> None:
    """A chest in which nothing but the heart moves, at 50 to 120/min, is never read."""
    rng = np.random.default_rng(9)
    hearts = np.sin(2 * np.pi * rng.uniform(50, 120, (100, 1)) / 60 * times()) + 0.2 * rng.standard_normal((100, 4000))

    assert np.isnan(chest(hearts, FS_HZ).rate_per_min).all()


@pytest.mark.parametrize(
    ("wave", "reason"),
    [
        (np.full(4000, np.nan), Reason.MISSING),
        (np.where(times() < 20, np.nan, a_chest(15)), Reason.MISSING),
        (np.full(4000, 512), Reason.FLAT),
        (np.zeros(4000, np.int16), Reason.FLAT),
        (a_chest(15)[:1990], Reason.SHORT),
        (np.zeros(0), Reason.SHORT),
    ],
    ids=["missing", "mostly missing", "flat", "zero", "short", "empty"],
)
def test_what_is_not_there_is_unreadable_with_its_reason(wave: npt.NDArray[np.float64], reason: Reason) -> None:
    """A missing, flat, short or empty window gives NaN, the reason, and a plausible guess."""
    found = chest(wave, FS_HZ)

    assert np.isnan(found.rate_per_min[0])
    assert found.reasons[0] & reason
    assert 12 < found.best_per_min[0] < 24


def test_gap_is_not_breathed_across() -> None:
    """Five missing seconds leave the rate as it is: no breath is counted through them."""
    wave = a_chest(15)
    wave[1500:2125] = np.nan

    assert chest(wave, FS_HZ).rate_per_min[0] == pytest.approx(15, abs=1)


def test_integers_clipped_at_their_range_are_read() -> None:
    """A wave in small integers, cut off at both ends of the range, keeps its rate."""
    wave = np.clip(a_chest(13) * 150, -127, 127).astype(np.int8)

    assert chest(wave, FS_HZ).rate_per_min[0] == pytest.approx(13, abs=0.5)


@pytest.mark.parametrize("fs_hz", [8.0, 12.5, 25.0, 62.5, 250.0, 1000.0])
def test_any_rate_of_samples_will_do(fs_hz: float) -> None:
    """An accelerometer at 12.5 Hz and a monitor at 1 kHz tell the same rate."""
    wave = np.sin(2 * np.pi * 17 / 60 * times(32, fs_hz)) + 0.02 * np.cos(times(32, fs_hz))

    assert chest(wave, fs_hz).rate_per_min[0] == pytest.approx(17, abs=0.3)


@pytest.mark.parametrize(
    ("wave", "fs_hz", "fault"),
    [
        (np.zeros(4000), 0, "fs_hz"),
        (np.zeros(4000), 7.9, "fs_hz: is 7.9, must lie between 8 and 1000 Hz"),
        (np.zeros(4000), float("nan"), "fs_hz"),
        (np.zeros(4000), 50.0, "resp: is 80 s long, must be at most 64 s"),
        (np.zeros((1, 2, 3)), 125.0, "resp: has 3 dimensions"),
        (np.array(["1"]), 125.0, "resp: holds"),
    ],
)
def test_wrong_arguments_are_named(wave: npt.ArrayLike, fs_hz: float, fault: str) -> None:
    """A wrong argument is a ValueError with its name and the rule."""
    with pytest.raises(ValueError, match=fault):
        chest(wave, fs_hz)


def test_no_records_give_no_estimates() -> None:
    """A batch of nothing is nothing."""
    assert chest(np.zeros((0, 4000)), FS_HZ).rate_per_min.shape == (0,)
