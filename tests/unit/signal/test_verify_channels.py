"""Channels before an alarm: what each name measures, what is refused, what is too poor to be a pulse."""

import numpy as np
import numpy.typing as npt
import pytest

from alerting.signal import verify_channels as channels
from alerting.signal.verify_channels import Sort, read, sort_of
from tests import builders_hearts as body

FS_HZ = body.FS_HZ


@pytest.mark.parametrize(
    ("name", "sort"),
    [
        ("II", Sort.ECG),
        ("aVL", Sort.ECG),
        ("PLETH", Sort.PPG),
        ("pleth", Sort.PPG),
        ("ABP", Sort.PRESSURE),
        ("RESP", None),
        ("CVP", None),
    ],
)
def test_name_says_what_a_channel_measures(name: str, sort: Sort | None) -> None:
    """Pulse waves and pressures are known by name, breathing and venous pressures show no beats, all else is ECG."""
    assert sort_of(name) is sort


def test_each_channel_is_read_in_its_order() -> None:
    """Every beat is found on each of them, up to the alarm, like the usual one and of good quality."""
    heart = body.heart(body.steady(75))
    signals = {"PLETH": body.pulse(heart), "II": body.lead(heart), "RESP": body.noise(1), "ABP": body.pressure(heart)}

    found = read(signals, FS_HZ)

    assert [(each.name, each.sort) for each in found] == [
        ("PLETH", Sort.PPG),
        ("II", Sort.ECG),
        ("ABP", Sort.PRESSURE),
    ]
    for each in found:
        assert np.diff(each.beat_s) == pytest.approx(np.full(len(each.beat_s) - 1, 0.8), abs=0.1)
        assert -1.2 < each.beat_s[-1] <= 0
        assert np.median(each.likeness) > 0.95
        assert np.median(each.height) == pytest.approx(1, abs=0.1)
        assert each.quality > 0.75


@pytest.mark.parametrize("fs_hz", [100.0, 125.0, 250.0, 360.0, 500.0, 1000.0])
def test_rate_of_samples_does_not_matter(fs_hz: float) -> None:
    """The same heart sampled otherwise is seen at the same times."""
    heart = body.heart(body.steady(75))

    (found,) = read({"II": body.lead(heart, fs_hz=fs_hz)}, fs_hz)

    assert len(found.beat_s) == pytest.approx(len(heart.beat_s), abs=1)
    nearest = np.abs(found.beat_s[:, None] + body.LENGTH_S - heart.beat_s).min(axis=1)
    assert nearest.max() < 0.03


@pytest.mark.parametrize(("factor", "good"), [(1.0, True), (0.13, False), (0.05, False), (1e6, False)])
def test_pressure_that_is_no_arterial_pulse_is_not_trusted(factor: float, good: bool) -> None:  # noqa: FBT001 - a case
    """A swing of 6 or 2 mmHg is a damped line or another unit, one of millions is no pressure at all."""
    (found,) = read({"ABP": factor * body.pressure(body.heart(body.steady(75)))}, FS_HZ)

    assert (found.quality > 0.75) is good


@pytest.mark.parametrize("value", [0.0, np.nan], ids=["flat", "missing"])
@pytest.mark.parametrize("name", ["II", "PLETH", "ABP"])
def test_channel_in_which_nothing_moves_is_of_no_quality(name: str, value: float) -> None:
    """It has no beats worth the name, and the others are read as if it were not there."""
    lead = body.lead(body.heart(body.steady(75)))
    alone = read({"V": lead}, FS_HZ)[0]

    beside, empty = read({"V": lead, name: np.full(len(lead), value)}, FS_HZ)

    assert empty.quality < 0.1
    np.testing.assert_array_equal(beside.beat_s, alone.beat_s)
    assert beside.quality == alone.quality


def test_only_the_last_minute_is_looked_at() -> None:
    """What came earlier changes nothing."""
    lead = body.lead(body.heart(body.steady(75)))
    late = np.concatenate([body.noise(3, length_s=20), lead])

    (whole,), (last,) = read({"II": late}, FS_HZ), read({"II": lead}, FS_HZ)

    np.testing.assert_array_equal(whole.beat_s, last.beat_s)
    assert whole.quality == last.quality


@pytest.mark.parametrize(
    ("signals", "fs_hz", "fault"),
    [
        ({"II": np.zeros(100), "V": np.zeros(99)}, 250, r"signals: have II 100, V 99 samples"),
        ({"II": np.zeros((2, 100))}, 250, "II: has 2 dimensions, must be one record"),
        ({"II": np.zeros((1, 100))}, 250, "II: has 2 dimensions, must be one record"),
        ({"II": np.array(["1"])}, 250, "II: holds <U1"),
        ({"II": np.zeros(100)}, 99, "fs_hz: is 99"),
        ({"II": np.zeros(100)}, float("nan"), "fs_hz: is nan"),
    ],
)
def test_wrong_argument_is_refused_by_name(signals: dict[str, npt.ArrayLike], fs_hz: float, fault: str) -> None:
    """What is no set of records of one length at a known rate is refused with the name, the value and the rule."""
    with pytest.raises(ValueError, match=fault):
        read(signals, fs_hz)


@pytest.mark.parametrize("samples", [0, 1, 10, 250, 1000])
def test_short_record_is_no_error(samples: int) -> None:
    """A record shorter than a window gives a channel without quality, or with what can be said."""
    found = read({"II": np.zeros(samples), "PLETH": np.zeros(samples)}, FS_HZ)

    assert [each.quality for each in found] == [pytest.approx(0, abs=0.1)] * 2


def test_event_is_shorter_than_what_is_looked_at() -> None:
    """Usual beats come from before the event."""
    assert channels.EVENT_S < channels.BACK_S / 2


def test_window_that_has_only_begun_does_not_speak_against_a_channel() -> None:
    """A record that ends half a second into a window reads as well as one that ends with it."""
    lead = body.lead(body.heart(body.steady(75)))
    whole, begun = (read({"II": lead[:end]}, FS_HZ)[0] for end in (int(40 * FS_HZ), int(40.5 * FS_HZ)))

    assert begun.quality == pytest.approx(whole.quality, abs=0.02)
