"""What must hold of breathing rates and breaths whatever the unit, the sign, the batch and the way a stream is cut."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.signal.records import Floats
from alerting.signal.respiration import Estimate, chest, fused
from alerting.signal.respiration_pauses import AHEAD_S, BACK_S, Breathing, follow, step
from alerting.signal.respiration_windows import HOP_S, beats_in, cut
from tests.builders_breathing import FS_HZ, a_chest, a_pulse_wave, an_ecg, heart_beats, many, pulse_beats

modest = settings(max_examples=15, deadline=None)
per_min = st.floats(6, 36)
scales = st.sampled_from((1e-6, 0.01, 1.0, 37.0, 1e6))
offsets = st.sampled_from((-1000.0, -1.0, 0.0, 5.0, 1000.0))


def same(one: Estimate, other: Estimate) -> None:
    """Two estimates are the same, but for the last bits of sums in another order."""
    np.testing.assert_allclose(one.rate_per_min, other.rate_per_min, rtol=1e-3)
    np.testing.assert_allclose(one.best_per_min, other.best_per_min, rtol=1e-3)
    np.testing.assert_allclose(one.confidence, other.confidence, atol=1e-3)
    np.testing.assert_array_equal(one.reasons, other.reasons)


@modest
@given(per_min, scales, offsets, st.sampled_from((1, -1)))
def test_unit_offset_and_sign_of_a_chest_do_not_matter(rate: float, scale: float, offset: float, sign: int) -> None:
    """Ohm or counts, from any zero, in or out upwards: the rate is the same."""
    wave = a_chest(rate)

    same(chest(sign * scale * (wave + offset), FS_HZ), chest(wave, FS_HZ))


@modest
@given(per_min, scales, offsets, st.sampled_from((1, -1)))
def test_unit_offset_and_sign_of_beats_do_not_matter(rate: float, scale: float, offset: float, sign: int) -> None:
    """Volts or counts, from any zero, either way up, with the same beats: the rate is the same."""
    ppg, ecg = a_pulse_wave(rate), an_ecg(rate)
    other_ppg, other_ecg = sign * scale * (ppg + offset), sign * scale * (ecg - offset)

    moved = fused(other_ppg, other_ecg, FS_HZ, pulses=pulse_beats(), beats=heart_beats())

    same(moved, fused(ppg, ecg, FS_HZ, pulses=pulse_beats(), beats=heart_beats()))


@modest
@given(
    st.lists(per_min, min_size=1, max_size=6).flatmap(
        lambda each: st.tuples(st.just(each), st.permutations(range(len(each))))
    )
)
def test_window_is_read_the_same_in_any_company(case: tuple[list[float], list[int]]) -> None:
    """What is said of a window does not depend on what else is in its batch, or on the order."""
    rates, order = case
    waves = np.stack([a_chest(rate, noise=0.5) for rate in rates])
    ppg, ecg = (np.stack([make(rate, depth=0.03) for rate in rates]) for make in (a_pulse_wave, an_ecg))

    together = chest(waves[order], FS_HZ)
    pulses, beats = (many(each, len(rates)) for each in (pulse_beats(), heart_beats()))
    both = fused(ppg[order], ecg[order], FS_HZ, pulses=pulses, beats=beats)

    for place, row in enumerate(order):
        alone = chest(waves[row], FS_HZ)
        np.testing.assert_allclose(together.best_per_min[place], alone.best_per_min[0], rtol=1e-3)
        alone = fused(ppg[row], ecg[row], FS_HZ, pulses=pulse_beats(), beats=heart_beats())
        np.testing.assert_allclose(both.best_per_min[place], alone.best_per_min[0], rtol=1e-3)


def wandering(seconds: float) -> Floats:
    """Return a chest whose rate wanders, and which stops once."""
    t = np.arange(round(seconds * FS_HZ)) / FS_HZ
    phase = np.cumsum(16 + 4 * np.sin(t / 40)) / 60 / FS_HZ
    wave = np.sin(2 * np.pi * phase) + 0.05 * np.random.default_rng(1).standard_normal(len(t))
    return np.where((t > 250) & (t < 268), 0.05 * wave, wave)


@modest
@given(st.integers(0, 12), st.integers(0, 1250))
def test_stream_has_the_windows_of_the_record(dropped: int, more: int) -> None:
    """A buffer that lost whole hops at its front, and ends anywhere, has the record's windows."""
    record = wandering(240)
    hop = round(HOP_S * FS_HZ)
    beats = heart_beats(240)
    end = len(record) - more

    buffer = cut(record[dropped * hop : end], FS_HZ)
    inside = beats.sample[(beats.sample >= dropped * hop) & (beats.sample < end)] - dropped * hop
    its_beats = beats_in(type(beats).of(inside, FS_HZ), end - dropped * hop).split()

    whole = cut(record, FS_HZ)[:, dropped : dropped + buffer.shape[1]]
    np.testing.assert_array_equal(buffer, whole)
    for mine, its in zip(its_beats, beats_in(beats, len(record)).split()[dropped:], strict=False):
        np.testing.assert_array_equal(mine, its)


def told(found: Breathing, since_s: float, until_s: float, shift_s: float = 0.0) -> tuple[list[float], list[float]]:
    """Return the breaths and the begins of pauses between two times."""
    begins = found.pauses.start_s + shift_s
    at_s = found.at_s + shift_s
    return (
        np.round(at_s[(at_s > since_s) & (at_s < until_s)], 6).tolist(),
        np.round(begins[(begins > since_s) & (begins < until_s)], 6).tolist(),
    )


@settings(max_examples=6, deadline=None)
@given(st.integers(1, 10), st.integers(0, 5000))
def test_stream_breathes_as_the_record(dropped: int, more: int) -> None:
    """Breaths and pauses of a trailing buffer are those of the record, as far as it is settled."""
    record = wandering(320)
    first, end = dropped * step(FS_HZ), len(record) - more
    since_s, until_s = first / FS_HZ + BACK_S, end / FS_HZ - AHEAD_S

    buffer = follow(record[first:end], FS_HZ)

    assert told(buffer, since_s, until_s, first / FS_HZ) == told(follow(record, FS_HZ), since_s, until_s)
