"""Forms of waves: beats like the usual one, beats unlike it, and leads that are nearly a sine wave."""

import numpy as np
import pytest

from alerting.signal.records import Floats
from alerting.signal.verify_waves import decimated, least_leakage, likeness
from tests import builders_hearts as body

HZ = 125.0


def bumps(at: list[int], width: float, samples: int = 2500) -> Floats:
    """Return bell curves of this width in samples."""
    time = np.arange(samples)
    return np.asarray(sum(np.exp(-0.5 * ((time - each) / width) ** 2) for each in at))


def test_beats_of_one_form_are_alike_and_another_is_not() -> None:
    """Nine narrow beats correlate with their usual one; a broad inverted one does not, and is larger."""
    at = [200 * each for each in range(1, 11)]
    signal = bumps([*at[:4], *at[5:]], 3) - 3 * bumps([at[4]], 12)

    found = likeness(signal, np.array(at), HZ, 0.14, 0.16, np.ones(10, bool))

    assert np.delete(found.likeness, 4) == pytest.approx(np.ones(9), abs=1e-6)
    assert np.delete(found.height, 4) == pytest.approx(np.ones(9), abs=1e-6)
    assert found.likeness[4] < 0.3
    assert found.height[4] > 2
    assert found.size == pytest.approx(1, abs=0.01)


def test_frequent_ectopic_beats_do_not_blur_the_usual_one() -> None:
    """Where four of ten beats are strange, the usual one is the form of the six."""
    at = [200 * each for each in range(1, 11)]
    signal = bumps(at[:6], 3) - bumps(at[6:], 12)

    found = likeness(signal, np.array(at), HZ, 0.14, 0.16, np.ones(10, bool))

    assert found.likeness[:6] == pytest.approx(np.ones(6), abs=1e-6)
    assert (found.likeness[6:] < 0.3).all()


def test_usual_beat_is_that_of_before_the_event() -> None:
    """Ten strange beats in the event do not become usual against seven before it."""
    at = [140 * each for each in range(1, 18)]
    signal = bumps(at[:7], 3) - bumps(at[7:], 12)

    found = likeness(signal, np.array(at), HZ, 0.14, 0.16, np.arange(17) < 7)

    assert (found.likeness[:7] > 0.99).all()
    assert (found.likeness[7:] < 0.3).all()


@pytest.mark.parametrize(("factor", "offset"), [(1, 50), (1e6, 0), (-1, 0), (1e-6, 0)])
def test_unit_offset_and_sign_change_no_likeness(factor: float, offset: float) -> None:
    """Forms are compared without their mean and size."""
    lead = body.lead(body.heart(body.steady(70)))[::2]
    at = np.round(body.steady(70) * HZ).astype(np.int64)[:-1]
    earlier = np.ones(len(at), bool)

    before = likeness(lead, at, HZ, 0.14, 0.16, earlier)
    after = likeness(factor * lead + offset, at, HZ, 0.14, 0.16, earlier)

    np.testing.assert_allclose(after.likeness, before.likeness, atol=1e-6)
    np.testing.assert_allclose(after.height, before.height, atol=1e-6)


@pytest.mark.parametrize(("width", "width_s"), [(1.5, 0.05), (5.0, 0.14)])
def test_width_of_the_usual_beat_is_that_of_its_slopes(width: float, width_s: float) -> None:
    """A bell curve has nearly all of its squared slope within four standard deviations."""
    at = [200 * each for each in range(1, 11)]

    found = likeness(bumps(at, width), np.array(at), HZ, 0.14, 0.16, np.ones(10, bool))

    assert found.width_s == pytest.approx(width_s, rel=0.2)


def test_too_few_beats_before_the_event_are_no_usual_one() -> None:
    """Five earlier beats and twenty of the event: none is like the usual one, for there is none."""
    at = np.arange(1, 26) * 80

    found = likeness(bumps(list(at), 3), at, HZ, 0.14, 0.16, np.arange(25) < 5)

    assert not found.likeness.any()
    assert (found.size, found.width_s) == (0, 0)


def test_beat_with_a_missing_sample_is_like_nothing() -> None:
    """A gap within a beat, and a beat cut off by the end of the record, give no likeness and no height."""
    at = [200 * each for each in range(1, 11)]
    signal = bumps(at, 3)
    signal[805] = np.nan

    found = likeness(signal, np.array([*at, 2498]), HZ, 0.14, 0.16, np.ones(11, bool))

    assert found.likeness[[3, 10]].tolist() == [0, 0]
    assert found.height[[3, 10]].tolist() == [0, 0]
    assert (np.delete(found.likeness, [3, 10]) > 0.99).all()


@pytest.mark.parametrize("signal", [np.zeros(2500), np.full(2500, np.nan)], ids=["flat", "missing"])
def test_signal_without_form_is_like_nothing(signal: Floats) -> None:
    """Beats claimed where nothing moves, and none at all, are no error."""
    for at in (np.array([500, 1000]), np.empty(0, np.int64)):
        found = likeness(signal, at, HZ, 0.14, 0.16, np.ones(len(at), bool))

        assert found.likeness.tolist() == [0] * len(at)
        assert found.size == 0


def test_leakage_tells_waves_from_beats() -> None:
    """A sine wave leaks nothing, fibrillation little, a normal rhythm most of it."""
    time_s = np.arange(int(20 * HZ)) / HZ
    sine = np.sin(2 * np.pi * 5 * time_s)
    fibrillating = body.fibrillation(start_s=0)[::2]
    normal = body.lead(body.heart(body.steady(80)))[::2]

    assert least_leakage(sine, HZ) < 0.1
    assert least_leakage(fibrillating, HZ) < 0.45
    assert least_leakage(normal, HZ) > 0.6


def test_four_seconds_of_waves_are_found_among_beats() -> None:
    """Waves that begin 5 s before the end are found; waves that ended 20 s ago are not."""
    normal = body.lead(body.heart(body.steady(80)))[::2]
    waves = body.fibrillation(start_s=0)[::2]
    late, early = normal.copy(), normal.copy()
    late[-int(5 * HZ) :] = waves[-int(5 * HZ) :]
    early[-int(30 * HZ) : -int(20 * HZ)] = waves[-int(30 * HZ) : -int(20 * HZ)]

    assert least_leakage(late, HZ) < 0.5
    assert least_leakage(early, HZ) > 0.6


@pytest.mark.parametrize("signal", [np.zeros(5000), np.full(5000, np.nan), np.zeros(100), np.empty(0)])
def test_no_waves_where_nothing_moves(signal: Floats) -> None:
    """Flat, missing and short signals are no fibrillation."""
    assert least_leakage(signal, HZ) == 1


@pytest.mark.parametrize(("fs_hz", "made_hz"), [(100, 100), (125, 125), (250, 125), (360, 120), (1000, 125)])
def test_forms_are_compared_at_about_125_hz(fs_hz: float, made_hz: float) -> None:
    """Whole numbers of samples are averaged; what is left over at the end is dropped."""
    points, hz = decimated(np.arange(1001.0), fs_hz)

    assert hz == made_hz
    assert len(points) == 1001 // round(fs_hz / made_hz)
