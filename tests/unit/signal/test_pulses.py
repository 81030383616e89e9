"""Pulses where they are known: every rate, weak ones, dicrotic waves, and what is no pulse."""

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from alerting.signal import pulses
from benchmarks import annotated
from benchmarks.signal_lines import pulse
from tests.unit.signal.waves import at_rate, pulse_wave

FS_HZ = 125.0


@pytest.mark.parametrize("per_min", [30, 45, 60, 80, 110, 150, 200, 220])
@pytest.mark.parametrize("fs_hz", [30.0, 64.0, 125.0, 500.0])
def test_every_pulse_of_an_even_rhythm_is_found(per_min: float, fs_hz: float) -> None:
    """From 30 to 220 a minute each pulse is found once, at a lag that is the same for all."""
    onsets = at_rate(per_min, 40)
    found = pulses.detect(pulse_wave(onsets, 40, fs_hz), fs_hz)

    lag_s = found.exact / fs_hz - onsets
    assert len(found.sample) == len(onsets)
    assert 0 < np.median(lag_s) < 0.12
    assert np.ptp(lag_s[1:-1]) < 0.02


def test_weak_early_pulse_is_a_pulse_and_a_dicrotic_wave_is_none() -> None:
    """A premature beat whose pulse is 40 % as high is found; the dicrotic wave after each pulse is not."""
    onsets = np.sort(np.concatenate((at_rate(60, 40), [10.5 + 0.5])))
    height = np.where(onsets == 11.0, 0.4, 1.0)
    found = pulses.detect(pulse_wave(onsets, 40, FS_HZ, height), FS_HZ)

    assert len(found.sample) == len(onsets)


def test_pulse_that_does_not_come_is_not_made_up() -> None:
    """Four seconds without a pulse stay without one."""
    onsets = at_rate(75, 40)
    onsets = onsets[(onsets < 15) | (onsets > 19)]
    found = pulses.detect(pulse_wave(onsets, 40, FS_HZ), FS_HZ)

    assert len(found.sample) == len(onsets)
    assert not ((found.sample / FS_HZ > 15.3) & (found.sample / FS_HZ < 19)).any()


def test_nothing_is_found_in_a_gap_and_all_beside_it() -> None:
    """Samples that are missing hold no pulse, and cost those within them alone."""
    onsets = at_rate(75, 40)
    wave = pulse_wave(onsets, 40, FS_HZ)
    wave[1250:1875] = np.nan
    found = pulses.detect(wave, FS_HZ)

    assert not ((found.sample >= 1250) & (found.sample < 1875)).any()
    kept = onsets[(onsets < 9.7) | (onsets > 15.2)]
    assert len(found.sample) == pytest.approx(len(kept), abs=1)


def test_jolt_does_not_hide_what_follows() -> None:
    """After a jump ten times as high as a pulse, pulses are found again at once."""
    onsets = at_rate(75, 40)
    wave = pulse_wave(onsets, 40, FS_HZ)
    wave[2000:] += 10
    found = pulses.detect(wave, FS_HZ).sample / FS_HZ

    expected = onsets[onsets > 17]
    assert all(np.abs(found - 0.06 - each).min() < 0.1 for each in expected)


@pytest.mark.parametrize(
    "wave",
    [[], [1.0], np.zeros(100), np.full(5000, 7), np.full(5000, np.nan), np.full((3, 2000), math.inf)],
    ids=["empty", "one sample", "short", "flat", "missing", "infinite"],
)
def test_nothing_in_nothing(wave: npt.ArrayLike) -> None:
    """What holds no signal holds no pulse, and says for how many records."""
    found = pulses.detect(wave, FS_HZ)

    assert len(found.sample) == 0
    assert found.records == np.atleast_2d(np.asarray(wave)).shape[0]


@pytest.mark.parametrize("fs_hz", [0, 19.9, 1001, math.nan])
def test_rate_out_of_range_is_refused(fs_hz: float) -> None:
    """A sampling rate that no device has is an error with the range."""
    with pytest.raises(ValueError, match=r"fs_hz: is .*between 20 and 1000 Hz"):
        pulses.detect(np.zeros(1000), fs_hz)


def test_integers_and_clipped_tops_are_taken() -> None:
    """Samples as a converter gives them, the tops cut off at its rail, give the same pulses."""
    onsets = at_rate(75, 40)
    wave = np.clip(np.rint(pulse_wave(onsets, 40, FS_HZ) * 20_000), None, 14_000).astype(np.int16)

    assert len(pulses.detect(wave, FS_HZ).sample) == len(onsets)


def test_floor_on_public_records(recordings: Path) -> None:
    """On BIDMC no change may make it worse."""
    from benchmarks import adapters  # noqa: PLC0415 - not before recordings are there

    figures = pulse(recordings, adapters.pulse, adapters.qrs)

    assert annotated.names(recordings, "bidmc", "_Signals.csv.xz")
    assert figures["PPG beats F1, %"] > 99
    assert figures["pulse rate, MAE /min"] < 1.25
