"""The ways in which stored samples are encoded, by number, each with a checksum of the samples.

The invariant: what `decode` returns are the samples that `encode` was given, or it raises `CorruptBlock`.
"""

import struct
import zlib
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ward.errors import CorruptBlock
from ward.wavecodec import differences, pyramid

__all__ = ["Codec", "decode", "encode"]

Int16s = NDArray[np.int16]
_CRC_BYTES = 4


class Codec(IntEnum):
    """How samples are encoded. The store keeps the number: never renumber, never change what a number means."""

    PLAIN = 0
    DIFFERENCES = 1  # quick, for a block as it arrives
    PYRAMID = 2  # small, for minutes of samples together


def encode(codec: Codec, samples: Int16s) -> bytes:
    """Encode samples, shape (n,) int16, n >= 1."""
    plain = samples.astype("<i2").tobytes()
    head = zlib.crc32(plain).to_bytes(_CRC_BYTES, "little")
    if codec is Codec.DIFFERENCES:
        return head + differences.encode(samples)
    if codec is Codec.PYRAMID:
        return head + pyramid.encode(samples)
    return head + plain


def decode(codec: int, count: int, data: bytes) -> Int16s:
    """Decode `count` samples; return them, shape (count,) int16.

    Raises
    ------
    CorruptBlock
        If the bytes are not what `encode` made of so many samples, or the codec's number is unknown.
    """
    body = memoryview(data)[_CRC_BYTES:]
    try:
        samples = _decode(Codec(codec), body, count)
    except (ValueError, IndexError, struct.error, zlib.error) as error:
        raise CorruptBlock(f"a block of codec {codec} cannot be decoded: {error}") from error
    if zlib.crc32(samples.astype("<i2").tobytes()).to_bytes(_CRC_BYTES, "little") != data[:_CRC_BYTES]:
        raise CorruptBlock(f"a block of codec {codec} does not have the checksum that it was stored with")
    return samples


def _decode(codec: Codec, body: memoryview, count: int) -> Int16s:
    if codec is Codec.DIFFERENCES:
        return differences.decode(body, count)
    if codec is Codec.PYRAMID:
        return pyramid.decode(body, count)
    return np.frombuffer(body, dtype="<i2", count=count).astype(np.int16)
