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

_HEAD = struct.Struct("<BI")  # how many low bits, and whether two values share a byte; the length of the codes
_PAIRED = 0x80
_LONG_TAIL = 3  # what is coded keeps this many bits more than a typical value has above 1
_CALM = 3  # below this mean a code of its own, one bit at least, may be too long for a value
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
    above = values >> np.uint16(low_bits)
    coded = _HEAD.pack(low_bits, len(single := _code(above))) + single + _escaped(above, 255)
    if above.sum(dtype=np.int64) < _CALM * len(above):
        paired = _code(_pairs(np.minimum(above, 15)))
        head = _HEAD.pack(low_bits | _PAIRED, len(paired))
        coded = min(coded, head + paired + _escaped(above, 15), key=len)
    return coded + _bits(values, low_bits)


def unpack(data: memoryview, count: int) -> tuple[UInt16s, memoryview]:
    """Decode `count` values; return them, shape (count,), and what follows them in `data`."""
    flags, length = _HEAD.unpack_from(data)
    low_bits, paired = flags & ~_PAIRED, bool(flags & _PAIRED)
    coded = zlib.decompress(data[_HEAD.size : _HEAD.size + length], _RAW, count)
    single = np.frombuffer(coded, dtype=np.uint8, count=-(-count // 2) if paired else count)
    above = (_singles(single)[:count] if paired else single).astype(np.uint16)
    rest = data[_HEAD.size + length :]
    large = np.flatnonzero(above == (15 if paired else 255))
    above[large] = np.frombuffer(rest, dtype="<u2", count=len(large))
    rest = rest[len(large) * 2 :]
    size = -(-count * low_bits // 8)
    return (above << low_bits) | _from_bits(rest[:size], low_bits, count), rest[size:]


def _code(above: UInt16s) -> bytes:
    """Return Huffman codes of values, 255 standing for all that are larger."""
    coder = zlib.compressobj(9, zlib.DEFLATED, _RAW, _TABLE_OF, zlib.Z_HUFFMAN_ONLY)
    return coder.compress(np.minimum(above, 255).astype(np.uint8).tobytes()) + coder.flush()


def _escaped(above: UInt16s, limit: int) -> bytes:
    """Return the values that are told as `limit`, in full."""
    return above[above >= limit].astype("<u2").tobytes()


def _pairs(above: UInt16s) -> UInt16s:
    """Put two values below 16 into one below 256; a last one stands alone."""
    even = np.append(above, np.zeros(len(above) % 2, dtype=np.uint16))
    return even[::2] << np.uint16(4) | even[1::2]


def _singles(pairs: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.stack([pairs >> 4, pairs & 15], axis=1).ravel()


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
