"""Breaths along a record, pauses between them, and the windows of a long record."""

import numpy as np
import pytest

from alerting.signal import respiration_pauses
from alerting.signal.events import Beats
from alerting.signal.records import Floats
from alerting.signal.respiration_pauses import PAUSE_S, follow
from alerting.signal.respiration_windows import beats_in, cut
from tests.builders_breathing import FS_HZ, a_chest, times


def paused(start_s: float, length_s: float, *, seconds: float = 200.0, per_min: float = 15) -> Floats:
    """Return a chest that stops breathing for a while; the heart's ripple goes on."""
    t = times(seconds)
    breathing = a_chest(per_min, seconds=seconds, heart=0, noise=0)
    still = 1 / (1 + np.exp(-4 * (t - start_s))) / (1 + np.exp(4 * (t - start_s - length_s)))
    ripple = 0.08 * np.sin(2 * np.pi * 1.2 * t) + 0.02 * np.random.default_rng(2).standard_normal(len(t))
    made: Floats = breathing * (1 - still) + ripple
    return made


def test_breaths_are_found_where_the_wave_is_highest() -> None:
    """Fifteen breaths a minute are found one by one, to a quarter of a second."""
    t = times(120)
    found = follow(np.sin(2 * np.pi * 15 / 60 * t), FS_HZ)

    true_s = np.arange(1.0, found.settled_s, 4.0)
    assert len(found.at_s) == len(true_s)
    np.testing.assert_allclose(found.at_s, true_s, atol=0.25)
    assert len(found.pauses.row) == 0


@pytest.mark.parametrize("length_s", [12, 20, 30])
def test_pause_is_found_with_its_length(length_s: float) -> None:
    """A pause of 12, 20 or 30 s is found where it is, to a breath, though the heart beats on."""
    found = follow(paused(90, length_s), FS_HZ).pauses

    assert len(found.row) == 1
    assert found.start_s[0] == pytest.approx(90, abs=3)
    assert found.length_s[0] == pytest.approx(length_s, abs=4)
    assert found.over[0]


def test_pause_that_lasts_is_told_before_it_is_over() -> None:
    """A record that ends in a pause says that it is going on."""
    found = follow(paused(150, 60), FS_HZ)

    assert found.pauses.over.tolist() == [False]
    assert found.pauses.start_s[0] == pytest.approx(150, abs=3)
    assert found.pauses.length_s[0] == pytest.approx(found.settled_s - 150, abs=4)


def test_slow_breathing_is_no_pause() -> None:
    """Six breaths a minute are breaths."""
    found = follow(a_chest(6, seconds=180), FS_HZ)

    assert len(found.pauses.row) == 0
    assert len(found.at_s) == pytest.approx(found.settled_s / PAUSE_S, abs=1)


def test_missing_signal_is_no_pause() -> None:
    """Twenty seconds without samples are a gap; the breaths on both sides are there."""
    wave = a_chest(15, seconds=180)
    wave[round(80 * FS_HZ) : round(100 * FS_HZ)] = np.nan

    found = follow(wave, FS_HZ)

    assert len(found.pauses.row) == 0
    assert not ((found.at_s > 80) & (found.at_s < 100)).any()
    assert len(found.at_s) == pytest.approx((found.settled_s - 20) / 4, abs=2)


@pytest.mark.parametrize("wave", [np.zeros(30_000), np.full(30_000, np.nan), np.zeros(100), np.zeros((0, 30_000))])
def test_nothing_gives_no_breath_and_no_pause(wave: Floats) -> None:
    """A flat, missing or short record, or none, holds neither breaths nor pauses."""
    found = follow(wave, FS_HZ)

    assert len(found.at_s) == len(found.pauses.row) == 0


def test_windows_begin_every_ten_seconds() -> None:
    """A minute and a half holds six windows of 32 s; a record below 32 s none."""
    record = np.arange(90 * 125.0)[None]

    found = cut(record, FS_HZ)

    assert found.shape == (1, 6, 4000)
    assert found[0, :, 0].tolist() == [0, 1250, 2500, 3750, 5000, 6250]
    assert cut(record[:, :3999], FS_HZ).shape == (1, 0, 4000)


def test_beats_come_with_every_window_that_holds_them() -> None:
    """The beats of each window are those of the record between its begin and its end."""
    rng = np.random.default_rng(4)
    each = [np.sort(rng.choice(11_250, 90, replace=False)) for _ in range(3)]
    beats = Beats(row=np.repeat(np.arange(3), 90), sample=np.concatenate(each), fs_hz=FS_HZ, records=3)

    found = beats_in(beats, 11_250).split()

    assert len(found) == 18
    for place, samples in enumerate(found):
        start = place % 6 * 1250
        inside = [beat - start for beat in each[place // 6] if start <= beat < start + 4000]
        assert samples.tolist() == inside


def test_people_looked_at_a_few_at_a_time_are_as_those_looked_at_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many fit into memory at once, everybody's breaths and pauses are their own."""
    chests = np.stack([paused(60 + 20 * place, 15, per_min=12 + place) for place in range(5)])
    together = follow(chests, FS_HZ)
    monkeypatch.setattr(respiration_pauses, "_AT_ONCE", 45)
    apart = follow(chests, FS_HZ)

    np.testing.assert_array_equal(apart.row, together.row)
    np.testing.assert_array_equal(apart.at_s, together.at_s)
    np.testing.assert_array_equal(apart.pauses.row, together.pauses.row)
    assert together.pauses.row.tolist() == [0, 1, 2, 3, 4]
