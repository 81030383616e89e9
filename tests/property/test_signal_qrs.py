"""What changes nothing about R peaks: unit, offset, polarity, company, rate of sampling, how a stream is cut."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.signal import qrs
from alerting.signal.records import Floats
from alerting.signal.stream import Reach, Stream, beats_between
from tests.builders_hearts import an_ecg

FS_HZ = 250.0
seeds = st.integers(0, 10_000)


def a_signal(seed: int, length_s: float = 40.0, fs_hz: float = FS_HZ) -> Floats:
    """An uneven rhythm with a ventricular beat here and there, wander and noise; the same for the same seed."""
    draw = np.random.default_rng(seed)
    peaks = 0.5 + np.cumsum(draw.uniform(0.45, 1.2, 200))
    peaks = peaks[peaks < length_s - 0.4]
    kinds = "".join(draw.choice(["N", "V"], len(peaks), p=[0.9, 0.1]))
    made = an_ecg(peaks, length_s, fs_hz, kinds=kinds)
    wander: Floats = 0.4 * np.sin(2 * np.pi * 0.2 * np.arange(len(made)) / fs_hz)
    return made + wander


def a_hard_signal(seed: int, length_s: float, fs_hz: float = FS_HZ) -> Floats:
    """As `a_signal`, with a size that changes every few seconds and as much noise: many a beat is a close decision."""
    draw = np.random.default_rng(seed)
    made = a_signal(seed, length_s, fs_hz)
    size = np.repeat(draw.uniform(0.1, 1.0, int(length_s / 3) + 1), int(3 * fs_hz))[: len(made)]
    return size * made + 0.12 * draw.standard_normal(len(made))


@settings(deadline=None, max_examples=25)
@given(seed=seeds, scale=st.sampled_from([1e-6, 1e-4, 1.0, 1e4, 1e6]), offset=st.floats(-100, 100))
def test_unit_and_offset(seed: int, scale: float, offset: float) -> None:
    """A signal in another unit, on another level, has the same R peaks."""
    signal = a_signal(seed)

    np.testing.assert_array_equal(qrs.detect(scale * (signal + offset), FS_HZ).sample, qrs.detect(signal, FS_HZ).sample)


@settings(deadline=None, max_examples=15)
@given(seed=seeds)
def test_polarity(seed: int) -> None:
    """An inverted signal has as many beats, each within its own QRS complex."""
    signal = a_signal(seed)
    once, again = qrs.detect(signal, FS_HZ).sample, qrs.detect(-signal, FS_HZ).sample

    assert len(once) == len(again)
    assert np.abs(once - again).max(initial=0) <= 0.1 * FS_HZ


@settings(deadline=None, max_examples=15)
@given(some=st.lists(seeds, min_size=1, max_size=5))
def test_company(some: list[int]) -> None:
    """A record's beats are its own, whatever else is in its batch, in any order."""
    signals = np.array([a_signal(seed, 20.0) for seed in some])
    together = qrs.detect(signals, FS_HZ).split()

    for signal, found in zip(signals, together, strict=True):
        np.testing.assert_array_equal(qrs.detect(signal, FS_HZ).sample, found)


@settings(deadline=None, max_examples=15)
@given(seed=seeds, fs_hz=st.sampled_from([125.0, 500.0, 360.0]))
def test_rate_of_sampling(seed: int, fs_hz: float) -> None:
    """The same heart sampled at another rate has its R peaks at the same times, within 12 ms."""
    signal = a_signal(seed, fs_hz=1000.0)
    at_s = np.arange(int(40 * fs_hz)) / fs_hz
    other = np.interp(at_s, np.arange(len(signal)) / 1000, signal)
    once, again = qrs.detect(signal, 1000.0).exact / 1000, qrs.detect(other, fs_hz).exact / fs_hz

    assert len(once) == len(again)
    np.testing.assert_allclose(once, again, atol=0.012)


@settings(deadline=None, max_examples=20)
@given(seed=seeds, cuts=st.lists(st.integers(1, 20_000), max_size=12))
def test_chunks(seed: int, cuts: list[int]) -> None:
    """A stream, cut in any way, gives the R peaks of the whole record."""
    signal = a_signal(seed, 90.0)
    reach = Reach.of(back_s=qrs.BACK_S, ahead_s=qrs.AHEAD_S, hop_s=5, grid=qrs.grid(FS_HZ), fs_hz=FS_HZ)
    stream = Stream(lambda kept: qrs.detect(kept, FS_HZ), beats_between, reach=reach)
    given_ = [stream.push(chunk) for chunk in np.split(signal, sorted(min(each, len(signal)) for each in cuts))]
    pieces = [each.sample for each in (*given_, stream.finish()) if each is not None]

    np.testing.assert_array_equal(np.concatenate(pieces), qrs.detect(signal, FS_HZ).sample)


@settings(deadline=None, max_examples=12)
@given(
    some=st.lists(seeds, min_size=1, max_size=3),
    sizes=st.lists(st.integers(60, 4000), min_size=1, max_size=6),
    hop_s=st.sampled_from([0.5, 5.0]),
    gap_s=st.floats(0, 50),
)
def test_followed(some: list[int], sizes: list[int], hop_s: float, gap_s: float) -> None:
    """Records that are followed, cut in any way and with a long gap, give the R peaks of the whole, exactly."""
    signals = np.array([a_hard_signal(seed, 80.0) for seed in some])
    signals[0, int(gap_s * FS_HZ) : int((gap_s + 25) * FS_HZ)] = np.nan
    whole = qrs.detect(signals, FS_HZ)
    following = qrs.Following(FS_HZ, hop_s=hop_s)
    given_ = [
        piece for piece in (*map(following.push, chunks(signals, sizes)), following.finish()) if piece is not None
    ]

    found = np.concatenate([[piece.row, piece.sample, piece.exact] for piece in given_], axis=1)
    found = found[:, np.lexsort((found[1], found[0]))]
    np.testing.assert_array_equal(found, [whole.row, whole.sample, whole.exact])


def chunks(signals: Floats, sizes: list[int]) -> list[Floats]:
    """Return records cut into chunks of these sizes, again and again."""
    length = signals.shape[1]
    edges = np.cumsum(np.resize(sizes, -(-length * len(sizes) // sum(sizes)) + len(sizes)))
    return np.split(signals, edges[edges < length], axis=1)
