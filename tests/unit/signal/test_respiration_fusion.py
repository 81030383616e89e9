"""The breathing rate from pulse wave and ECG: each alone, both together, at odds, and missing."""

import numpy as np
import numpy.typing as npt
import pytest

from alerting.signal.events import Beats
from alerting.signal.quality_verdict import Reason
from alerting.signal.respiration import Estimate, fused
from tests.builders_breathing import FS_HZ, a_pulse_wave, an_ecg, heart_beats, pulse_beats

NO_BEATS = Beats.of(np.zeros(0, np.int64), FS_HZ)


def both(ppg: npt.ArrayLike, ecg: npt.ArrayLike) -> Estimate:
    """Return the estimate of one window with the beats that belong to it."""
    return fused(ppg, ecg, FS_HZ, pulses=pulse_beats(), beats=heart_beats())


@pytest.mark.parametrize("per_min", [6, 9, 12, 16, 20, 25, 29])
def test_known_rate_is_found_by_both(per_min: float) -> None:
    """Rates from 6 to near half the heart rate, here 38, are given to half a breath."""
    found = both(a_pulse_wave(per_min), an_ecg(per_min))

    assert found.rate_per_min[0] == pytest.approx(per_min, abs=0.5)
    assert found.confidence[0] > 0.9


@pytest.mark.parametrize("seconds", [16.0, 20.5, 45.0, 64.0])
def test_any_length_of_window_will_do(seconds: float) -> None:
    """A quarter of a minute to a minute tells the rate."""
    ppg, ecg = a_pulse_wave(18, seconds=seconds), an_ecg(18, seconds=seconds)

    found = fused(ppg, ecg, FS_HZ, pulses=pulse_beats(seconds), beats=heart_beats(seconds))

    assert found.rate_per_min[0] == pytest.approx(18, abs=1)


@pytest.mark.parametrize("per_min", [10, 15, 21])
def test_one_source_is_enough(per_min: float) -> None:
    """A pulse wave without an ECG, and an ECG without a pulse wave, tell the rate."""
    by_pulse = fused(a_pulse_wave(per_min), None, FS_HZ, pulses=pulse_beats())
    by_heart = fused(None, an_ecg(per_min), FS_HZ, beats=heart_beats())

    assert by_pulse.rate_per_min[0] == pytest.approx(per_min, abs=0.5)
    assert by_heart.rate_per_min[0] == pytest.approx(per_min, abs=0.5)


def test_disagreement_lowers_the_confidence_and_is_told() -> None:
    """A pulse wave that breathes at 12 and an ECG that breathes at 21 are each read alone, and not together."""
    by_pulse = fused(a_pulse_wave(12), None, FS_HZ, pulses=pulse_beats())
    by_heart = fused(None, an_ecg(21), FS_HZ, beats=heart_beats())

    found = both(a_pulse_wave(12), an_ecg(21))
    assert by_pulse.rate_per_min[0] == pytest.approx(12, abs=0.5)
    assert by_heart.rate_per_min[0] == pytest.approx(21, abs=0.5)
    assert np.isnan(found.rate_per_min[0])
    assert found.reasons[0] & Reason.DISAGREEMENT


def test_weak_evidence_leaves_the_usual_rate_unread() -> None:
    """Beats that no breath moves give no rate; the best guess stays near the usual one."""
    rng = np.random.default_rng(12)
    found = both(a_pulse_wave(30, depth=0) + 0.05 * rng.standard_normal(4000), an_ecg(30, depth=0, noise=0.1))

    assert np.isnan(found.rate_per_min[0])
    assert found.reasons[0] & Reason.NOISE
    assert 10 < found.best_per_min[0] < 26


def test_blood_pressure_waves_are_not_read_as_breaths() -> None:
    """A pulse wave that sways at 6/min by itself does not outvote the ECG."""
    t = np.arange(4000) / FS_HZ
    sway = 0.3 * np.sin(2 * np.pi * 6 / 60 * t)

    assert both(a_pulse_wave(18) + sway, an_ecg(18)).rate_per_min[0] == pytest.approx(18, abs=0.5)


@pytest.mark.parametrize(
    ("ppg", "ecg", "reason"),
    [
        (np.full(4000, np.nan), np.full(4000, np.nan), Reason.MISSING),
        (np.zeros(4000), np.zeros(4000), Reason.FLAT),
        (a_pulse_wave(15)[:1000], an_ecg(15)[:1000], Reason.SHORT),
    ],
    ids=["missing", "flat", "short"],
)
def test_nothing_to_hear_is_unreadable(ppg: npt.ArrayLike, ecg: npt.ArrayLike, reason: Reason) -> None:
    """Without beats there is no rate, a reason, and the usual rate as a guess of little confidence."""
    found = fused(ppg, ecg, FS_HZ, pulses=NO_BEATS, beats=NO_BEATS)

    assert np.isnan(found.rate_per_min[0])
    assert found.reasons[0] & reason
    assert found.confidence[0] < 0.5


@pytest.mark.parametrize(
    "signal",
    [
        np.zeros(0),
        np.zeros((0, 4000)),
        np.zeros(5),
        np.zeros(4000),
        np.full(4000, np.nan),
        np.full(4000, np.inf),
        np.full(4000, 32_767, np.int16),
        np.random.default_rng(1).standard_normal(4000),
        1e6 * np.random.default_rng(2).standard_normal((2, 4000)),
    ],
    ids=["empty", "no window", "short", "zero", "missing", "infinite", "saturated", "noise", "loud noise"],
)
def test_nothing_is_read_where_no_heart_is(signal: npt.NDArray[np.float64]) -> None:
    """Whatever is no pulse wave and no ECG gives NaN and a reason, with the beats that are found in it."""
    found = fused(signal, signal, FS_HZ)

    assert found.rate_per_min.shape == np.atleast_2d(signal).shape[:1]
    assert np.isnan(found.rate_per_min).all()
    assert (found.reasons != 0).all()
    assert np.isfinite(found.best_per_min).all()


@pytest.mark.parametrize("per_min", [9, 15, 22])
def test_clipped_integers_with_the_beats_found_in_them_are_read(per_min: float) -> None:
    """Counts of a small range, cut off below, keep their rate."""
    ppg = np.clip(a_pulse_wave(per_min) * 800, 150, 4095).astype(np.int16)
    ecg = (an_ecg(per_min) * 400).astype(np.int16)

    assert fused(ppg, ecg, FS_HZ).rate_per_min[0] == pytest.approx(per_min, abs=0.5)


def test_signal_without_beats_is_a_lead_off() -> None:
    """A signal that moves and holds no beat came from nobody."""
    noise = np.random.default_rng(13).standard_normal(4000)

    assert fused(noise, None, FS_HZ, pulses=NO_BEATS).reasons[0] & Reason.LEAD_OFF


def test_missing_signal_costs_nothing() -> None:
    """An ECG of missing samples leaves the pulse wave's estimate as it is without an ECG."""
    alone = fused(a_pulse_wave(15), None, FS_HZ, pulses=pulse_beats())
    beside = fused(a_pulse_wave(15), np.full(4000, np.nan), FS_HZ, pulses=pulse_beats(), beats=NO_BEATS)

    np.testing.assert_allclose(beside.best_per_min, alone.best_per_min)
    np.testing.assert_allclose(beside.confidence, alone.confidence)


def test_gap_in_one_signal_leaves_the_rate() -> None:
    """Eight missing seconds, with the beats in them, do not change the rate."""
    ppg, ecg = a_pulse_wave(16), an_ecg(16)
    ppg[1000:2000] = ecg[1000:2000] = np.nan
    heart, pulse = (each.sample[(each.sample < 1000) | (each.sample > 2000)] for each in (heart_beats(), pulse_beats()))

    found = fused(ppg, ecg, FS_HZ, pulses=Beats.of(pulse, FS_HZ), beats=Beats.of(heart, FS_HZ))

    assert found.rate_per_min[0] == pytest.approx(16, abs=1)


def test_ectopic_beats_and_an_artefact_leave_the_rate() -> None:
    """Three wide beats and a spike of the pulse wave do not change the rate."""
    ppg, ecg = a_pulse_wave(14), an_ecg(14)
    ppg[900:930] += 20
    for beat in heart_beats().sample[[7, 19, 30]]:
        ecg[beat - 8 : beat + 9] *= -3

    assert both(ppg, ecg).rate_per_min[0] == pytest.approx(14, abs=0.5)


def test_ecg_may_have_a_rate_of_its_own() -> None:
    """An ECG at twice the pulse wave's rate of samples tells the same."""
    fast = np.repeat(an_ecg(19), 2)
    beats = Beats.of(2 * heart_beats().sample, 2 * FS_HZ)

    found = fused(a_pulse_wave(19), fast, FS_HZ, ecg_fs_hz=2 * FS_HZ, pulses=pulse_beats(), beats=beats)

    assert found.rate_per_min[0] == pytest.approx(19, abs=0.5)


@pytest.mark.parametrize(
    ("ppg", "ecg", "fs_hz", "fault"),
    [
        (None, None, FS_HZ, "ppg, ecg: are both None"),
        (np.zeros(4000), None, 19.0, "fs_hz: is 19"),
        (None, np.zeros(4000), 99.0, "fs_hz: is 99"),
        (np.zeros(4000), np.zeros((2, 4000)), FS_HZ, "ppg, ecg: are"),
        (np.zeros(4000), np.zeros(3000), FS_HZ, "ppg, ecg: are"),
        (np.zeros(9000), None, FS_HZ, "ppg: is 72 s long"),
        (np.zeros((2, 2, 2)), None, FS_HZ, "ppg: has 3 dimensions"),
    ],
)
def test_wrong_arguments_are_named(
    ppg: npt.ArrayLike | None, ecg: npt.ArrayLike | None, fs_hz: float, fault: str
) -> None:
    """A wrong argument is a ValueError with its name and the rule."""
    with pytest.raises(ValueError, match=fault):
        fused(
            ppg,
            ecg,
            fs_hz,
            pulses=None if ppg is None else empty(ppg, fs_hz),
            beats=None if ecg is None else empty(ecg, fs_hz),
        )


def empty(signal: npt.ArrayLike, fs_hz: float) -> Beats:
    """Return no beats of a signal's records."""
    none = np.zeros(0, np.int64)
    return Beats(row=none, sample=none, fs_hz=fs_hz, records=len(np.atleast_2d(signal)))


def test_beats_of_other_records_are_refused() -> None:
    """Beats at another rate, or of another number of records, are not this signal's."""
    with pytest.raises(ValueError, match="ppg: 1 windows at 125 Hz came with beats of 1 at 250 Hz"):
        fused(a_pulse_wave(15), None, FS_HZ, pulses=Beats.of(pulse_beats().sample, 250.0))
