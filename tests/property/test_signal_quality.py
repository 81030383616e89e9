"""What must hold of quality however the signal is cut, scaled, shifted or resampled, and in any company."""

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.signal import quality
from alerting.signal.events import Beats
from alerting.signal.quality import Quality
from alerting.signal.records import Floats
from alerting.signal.stream import Reach, Stream
from tests.builders_signal import FS_HZ, an_even_ecg, its_beats

STEP = 500  # samples of a window
seeds = st.integers(0, 10_000)


def a_troubled_ecg(seed: int, seconds: float = 60.0) -> Floats:
    """Return an ECG with noise that comes and goes, a gap, and a stretch that stands still."""
    rng = np.random.default_rng(seed)
    signal = an_even_ecg(seconds=seconds, rr_s=0.7 + 0.3 * rng.random())
    strength = np.repeat(rng.random(int(seconds)) ** 4, int(FS_HZ))
    signal[0] += strength * rng.standard_normal(signal.shape[1])
    first, second = rng.integers(0, signal.shape[1] - 500, 2)
    signal[0, first : first + int(rng.integers(1, 500))] = np.nan
    signal[0, second : second + int(rng.integers(1, 500))] = signal[0, second]
    return signal


def beats_in(signal: Floats, rr: int = 200) -> Beats:
    """Return beats that any piece of a signal has in the same places: its largest samples, one in each 0.8 s."""
    n, samples = signal.shape
    whole = np.nan_to_num(signal[:, : samples // rr * rr]).reshape(n, -1, rr)
    sample = whole.argmax(axis=-1) + np.arange(whole.shape[1]) * rr
    return Beats(row=np.repeat(np.arange(n), whole.shape[1]), sample=sample.ravel(), fs_hz=FS_HZ, records=n)


def judged(signal: Floats) -> Quality:
    """Return the quality of a signal with the beats in it."""
    return quality.ecg(signal, FS_HZ, beats_in(signal))


def between(found: Quality, start: int, first: int, end: int) -> Quality:
    """Return the windows that end in the samples [first, end) of a stream, looked for from `start` on."""
    ends = start + STEP * np.arange(1, found.index.shape[1] + 1) - 1
    here = (first <= ends) & (ends < end)
    return Quality(index=found.index[:, here], reasons=found.reasons[:, here], window_s=found.window_s)


@settings(max_examples=15)
@given(seeds, st.lists(st.integers(1, 4000), min_size=1, max_size=6))
def test_chunks_give_what_the_whole_record_gives(seed: int, sizes: list[int]) -> None:
    """A stream of chunks of any size says of each window what the whole record says."""
    signal = a_troubled_ecg(seed)
    # The beats of this test lie on a grid of 0.8 s: 4 s is on both grids, and a beat is known 0.8 s later at most.
    reach = Reach.of(
        back_s=quality.BACK_S + quality.WINDOW_S,
        ahead_s=quality.AHEAD_S + 0.8,
        hop_s=2.0,
        grid=2 * STEP,
        fs_hz=FS_HZ,
    )
    stream = Stream(judged, between, reach=reach)
    edges = np.cumsum(np.resize(sizes, signal.shape[1]))
    pieces = np.split(signal, edges[edges < signal.shape[1]], axis=1)
    given_back = [each for piece in pieces if (each := stream.push(piece)) is not None]
    rest = stream.finish()

    whole = judged(signal)
    parts = [*given_back, *([rest] if rest is not None else [])]
    np.testing.assert_allclose(np.concatenate([each.index for each in parts], axis=1), whole.index, atol=1e-9)
    np.testing.assert_array_equal(np.concatenate([each.reasons for each in parts], axis=1), whole.reasons)


@settings(max_examples=15)
@given(st.lists(seeds, min_size=1, max_size=4), st.randoms())
def test_record_is_judged_the_same_in_any_company(records: list[int], order: Random) -> None:
    """A record's quality does not depend on the others of its batch, nor on its place."""
    signals = [a_troubled_ecg(seed, 20.0) for seed in records]
    order.shuffle(signals)

    together = judged(np.concatenate(signals))

    for index, reasons, signal in zip(together.index, together.reasons, signals, strict=True):
        alone = judged(signal)
        np.testing.assert_array_equal(index, alone.index[0])
        np.testing.assert_array_equal(reasons, alone.reasons[0])


@settings(max_examples=20)
@given(seeds, st.sampled_from([-1.0, 1e-6, 1e6, -37.5]), st.floats(-1e3, 1e3))
def test_unit_polarity_and_offset_do_not_matter(seed: int, factor: float, offset: float) -> None:
    """The same signal in another unit, upside down, or on another level is as good as before."""
    signal = a_troubled_ecg(seed, 20.0)
    beats = beats_in(signal)

    plain, other = quality.ecg(signal, FS_HZ, beats), quality.ecg((signal + offset) * factor, FS_HZ, beats)

    np.testing.assert_allclose(other.index, plain.index, atol=1e-5)


@pytest.mark.parametrize("fs_hz", [100.0, 125.0, 128.0, 200.0, 300.0, 360.0, 500.0, 1000.0])
@pytest.mark.parametrize("noise", [0.005, 0.6])
def test_rate_does_not_matter(fs_hz: float, noise: float) -> None:
    """A clean ECG is readable and a very noisy one is not, at any sampling rate."""
    found = quality.ecg(an_even_ecg(noise=noise * np.sqrt(fs_hz / 250), fs_hz=fs_hz), fs_hz, its_beats(fs_hz=fs_hz))

    assert found.index.shape == (1, 15)
    assert (found.index.min() > 0.9) if noise < 0.1 else (np.median(found.index) < 0.5)
