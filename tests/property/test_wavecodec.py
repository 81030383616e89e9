"""Every codec gives back whatever samples it was given, and calls corrupt whatever it did not make itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ward.errors import CorruptBlock
from ward.wavecodec import packing
from ward.wavecodec.codec import Codec, decode, encode

Int16s = NDArray[np.int16]
LOWEST, HIGHEST = -32_768, 32_767
ANY = st.integers(LOWEST, HIGHEST)
SHORT = st.lists(st.one_of(ANY, st.sampled_from([LOWEST, HIGHEST, 0])), min_size=1, max_size=400)


@st.composite
def signals(draw: st.DrawFn) -> Int16s:
    """Samples as a sensor gives them: a walk of some step size, cut off at the ends of int16, with a jump or two."""
    size = draw(st.integers(1, 3000))
    step = draw(st.sampled_from([0, 1, 5, 300, 30_000]))
    generator = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    walk = np.cumsum(generator.integers(-step, step + 1, size))
    walk[generator.integers(0, size) :] += draw(ANY)
    return np.clip(walk, LOWEST, HIGHEST).astype(np.int16)


def assert_comes_back(codec: Codec, samples: Int16s) -> None:
    """What is encoded is decoded to the same samples, of the same type."""
    back = decode(codec, len(samples), encode(codec, samples))

    assert back.dtype == np.int16
    np.testing.assert_array_equal(back, samples)


@pytest.mark.parametrize("codec", Codec)
@given(values=SHORT)
def test_any_samples_come_back(codec: Codec, values: list[int]) -> None:
    """Any short run of int16 comes back, extremes next to each other among them."""
    assert_comes_back(codec, np.array(values, dtype=np.int16))


@pytest.mark.parametrize("codec", Codec)
@given(samples=signals())
def test_any_signal_comes_back(codec: Codec, samples: Int16s) -> None:
    """A longer signal comes back, whatever its noise, flat or clipped."""
    assert_comes_back(codec, samples)


@pytest.mark.parametrize("codec", Codec)
@pytest.mark.parametrize("size", [1, 2, 63, 64, 65, 66, 128, 129, 130, 2500, 20_001])
def test_every_length_comes_back(codec: Codec, size: int) -> None:
    """No length is special: one sample, odd levels, and more than one table of codes."""
    generator = np.random.default_rng(size)

    assert_comes_back(codec, generator.integers(LOWEST, HIGHEST + 1, size).astype(np.int16))
    assert_comes_back(codec, np.full(size, LOWEST, dtype=np.int16))
    assert_comes_back(codec, np.tile(np.array([LOWEST, HIGHEST], dtype=np.int16), size)[:size])


@given(values=st.lists(st.integers(0, 65_535), min_size=1, max_size=500), follows=st.binary(max_size=5))
def test_packed_values_end_where_they_end(values: list[int], follows: bytes) -> None:
    """Packed values come back, and what was written after them is left over."""
    wanted = np.array(values, dtype=np.uint16)
    found, rest = packing.unpack(memoryview(packing.pack(wanted) + follows), len(values))

    np.testing.assert_array_equal(found, wanted)
    assert bytes(rest) == follows


@pytest.mark.parametrize("codec", Codec)
@given(data=st.data())
def test_damage_is_noticed(codec: Codec, data: st.DataObject) -> None:
    """A block with one bit turned, or cut short, is corrupt or as it was; it never passes for another signal."""
    samples = data.draw(signals())[:300]
    encoded = bytearray(encode(codec, samples))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] ^= 1 << data.draw(st.integers(0, 7))

    for damaged in (bytes(encoded), bytes(encoded[:at])):
        try:
            np.testing.assert_array_equal(decode(codec, len(samples), damaged), samples)
        except CorruptBlock:
            continue


def test_turned_bit_is_noticed() -> None:
    """A bit that is turned within the samples themselves is noticed by the checksum."""
    encoded = bytearray(encode(Codec.PLAIN, np.arange(100, dtype=np.int16)))
    encoded[50] ^= 1

    with pytest.raises(CorruptBlock, match="checksum"):
        decode(Codec.PLAIN, 100, bytes(encoded))


@pytest.mark.parametrize("codec", Codec)
@given(noise=st.binary(max_size=300), count=st.integers(1, 5000))
def test_noise_is_corrupt(codec: Codec, noise: bytes, count: int) -> None:
    """Bytes that nobody encoded are refused, by no other exception than the one that says so."""
    with pytest.raises(CorruptBlock):
        decode(codec, count, noise)


def test_unknown_codec_is_refused() -> None:
    """A number that no codec has, from a newer program perhaps, is no guess."""
    with pytest.raises(CorruptBlock, match="codec 99"):
        decode(99, 1, b"\0\0\0\0\0\0")


def test_long_blocks_take_less() -> None:
    """Of a beat with noise the codec of long blocks takes less than the quick one, and that less than a byte each."""
    at = np.arange(60_000)
    beat = 200 * np.exp(-(((at % 200) - 100) ** 2) / 18.0) + np.random.default_rng(1).normal(0, 3, at.size)
    samples = np.rint(beat).astype(np.int16)
    quick, small = (len(encode(codec, samples)) for codec in (Codec.DIFFERENCES, Codec.PYRAMID))

    assert small < quick < len(samples)
