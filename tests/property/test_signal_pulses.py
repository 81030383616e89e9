"""What changes nothing about pulses: unit, offset, company, rate of sampling, and how a stream is cut."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.signal import pulses
from tests.unit.signal.waves import pulse_wave

FS_HZ = 125.0
seeds = st.integers(0, 10_000)


def a_wave(seed: int, length_s: float = 40.0) -> np.typing.NDArray[np.float64]:
    """An uneven rhythm with noise and wander, the same for the same seed."""
    draw = np.random.default_rng(seed)
    onsets = 0.4 + np.cumsum(draw.uniform(0.45, 1.2, 90))
    onsets = onsets[onsets < length_s - 0.6]
    wave = pulse_wave(onsets, length_s, FS_HZ, draw.uniform(0.6, 1.2, len(onsets)))
    t_s = np.arange(len(wave)) / FS_HZ
    return wave + 0.5 * np.sin(2 * np.pi * 0.25 * t_s) + 0.01 * draw.standard_normal(len(wave))


@settings(deadline=None, max_examples=25)
@given(seed=seeds, scale=st.sampled_from([1e-6, 1e-3, 1.0, 1e3, 1e6]), offset=st.floats(-100, 100))
def test_unit_and_offset(seed: int, scale: float, offset: float) -> None:
    """A wave in another unit, on another level, has the same pulses."""
    wave = a_wave(seed)

    np.testing.assert_array_equal(
        pulses.detect(scale * (wave + offset), FS_HZ).sample, pulses.detect(wave, FS_HZ).sample
    )


@settings(deadline=None, max_examples=15)
@given(some=st.lists(seeds, min_size=1, max_size=5))
def test_company(some: list[int]) -> None:
    """A record's pulses are its own, whatever else is in its batch, in any order."""
    waves = np.array([a_wave(seed, 20.0) for seed in some])
    together = pulses.detect(waves, FS_HZ).split()

    for wave, found in zip(waves, together, strict=True):
        np.testing.assert_array_equal(pulses.detect(wave, FS_HZ).sample, found)


@settings(deadline=None, max_examples=15)
@given(seed=seeds, by=st.sampled_from([2, 4]))
def test_rate_of_sampling(seed: int, by: int) -> None:
    """A wave that is sampled more densely has its pulses at the same times, within 20 ms."""
    wave = a_wave(seed)
    at = np.arange(len(wave) * by) / by
    dense = np.interp(at, np.arange(len(wave)), wave)
    once, again = pulses.detect(wave, FS_HZ).exact / FS_HZ, pulses.detect(dense, FS_HZ * by).exact / FS_HZ / by

    assert len(once) == len(again)
    np.testing.assert_allclose(once, again, atol=0.02)


@settings(deadline=None, max_examples=25)
@given(seed=seeds, at_s=st.floats(15, 45))
def test_what_lies_beyond_reach_changes_nothing(seed: int, at_s: float) -> None:
    """Whether there is a pulse at t is settled by the samples from BACK_S before it to AHEAD_S after it."""
    wave = a_wave(seed, 60.0)
    whole = pulses.detect(wave, FS_HZ).sample
    step = pulses.grid(FS_HZ)
    begin = int((at_s - pulses.BACK_S) * FS_HZ) // step * step
    begin, end = max(0, begin), min(len(wave), int((at_s + 5 + pulses.AHEAD_S) * FS_HZ))
    piece = pulses.detect(wave[begin:end], FS_HZ).sample + begin
    first, until = int(at_s * FS_HZ), int((at_s + 5) * FS_HZ)

    np.testing.assert_array_equal(piece[(piece >= first) & (piece < until)], whole[(whole >= first) & (whole < until)])
