"""Small numbers to few bytes: Huffman codes (zlib's, without its search for repeats) above, plain bits below.

Prediction leaves residuals that are noise: no repeats, only small numbers more often than large ones. Their lowest bits
are as good as random and are stored as they are; what is above becomes a byte each and is Huffman coded in C.
The invariant: any uint16 values come back as they were.
"""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

UInt16s = NDArray[np.uint16]
Int16s = NDArray[np.int16]

_HEAD = struct.Struct("<BI")
_ESCAPE = 255  # stands for a byte that is too large; its value follows apart
_LONG_TAIL = 3  # the byte keeps this many bits more than a typical value has above 1
_TABLE_OF = 7  # zlib's memLevel: 8,192 bytes share a table of codes; fewer adapt faster, and cost more tables
_RAW = -15  # deflate without a head or a checksum: the block has its own


def fold(residuals: Int16s) -> UInt16s:
    """Map 0, -1, 1, -2, 2 … to 0, 1, 2, 3, 4 …."""
    return ((residuals << 1) ^ (residuals >> 15)).view(np.uint16)


def unfold(values: UInt16s) -> Int16s:
    """Undo `fold`."""
    return ((values >> 1) ^ -(values & 1)).view(np.int16)


def pack(values: UInt16s) -> bytes:
    """Encode values, shape (n,); `n` itself is not kept."""
    low_bits = _low_bits(values)
    above = values >> low_bits
    large = above >= _ESCAPE
    coder = zlib.compressobj(9, zlib.DEFLATED, _RAW, _TABLE_OF, zlib.Z_HUFFMAN_ONLY)
    coded = coder.compress(np.minimum(above, _ESCAPE).astype(np.uint8).tobytes()) + coder.flush()
    escaped = above[large].astype("<u2").tobytes()
    return _HEAD.pack(low_bits, len(coded)) + coded + _bits(values, low_bits) + escaped


def unpack(data: memoryview, count: int) -> tuple[UInt16s, memoryview]:
    """Decode `count` values; return them, shape (count,), and what follows them in `data`."""
    low_bits, length = _HEAD.unpack_from(data)
    rest = data[_HEAD.size + length :]
    coded = zlib.decompress(data[_HEAD.size : _HEAD.size + length], _RAW, count)
    above = np.frombuffer(coded, dtype=np.uint8, count=count).astype(np.uint16)
    size = -(-count * low_bits // 8)
    low = _from_bits(rest[:size], low_bits, count)
    large = np.flatnonzero(above == _ESCAPE)
    above[large] = np.frombuffer(rest, dtype="<u2", count=len(large), offset=size)
    return (above << low_bits) | low, rest[size + len(large) * 2 :]


def _low_bits(values: UInt16s) -> int:
    """Return how many of the lowest bits are as good as random."""
    typical = int(values.sum(dtype=np.int64)) // max(len(values), 1)
    return max(typical.bit_length() - _LONG_TAIL, 0)


def _bits(values: UInt16s, low_bits: int) -> bytes:
    """Return the lowest bits of every value, one after the other, the highest of them first."""
    if not low_bits:
        return b""
    unpacked = np.unpackbits(values.astype(">u2").view(np.uint8)).reshape(-1, 16)
    return np.packbits(unpacked[:, 16 - low_bits :]).tobytes()


def _from_bits(data: memoryview, low_bits: int, count: int) -> UInt16s:
    if not low_bits:
        return np.zeros(count, dtype=np.uint16)
    bits = np.zeros((count, 16), dtype=np.uint8)
    bits[:, 16 - low_bits :] = np.unpackbits(np.frombuffer(data, np.uint8), count=count * low_bits).reshape(count, -1)
    return np.packbits(bits).view(">u2").astype(np.uint16)
