"""Codec for blocks as they arrive: differences of the order that fits best, packed. Quick, for some thousand samples.

Differences of order 0 to 3 are the fixed predictors of Shorten and FLAC (RFC 9639, 9.2.5). They are taken modulo 2^16,
so that any samples come back, by as many cumulative sums. Little depends on the order; a few are tried.
"""

import numpy as np
from numpy.typing import NDArray

from ward.wavecodec.packing import fold, pack, unfold, unpack

Int16s = NDArray[np.int16]
_MOST_ORDER = 3


def encode(samples: Int16s) -> bytes:
    """Encode samples, shape (n,), n >= 1."""
    order, residuals = _best(samples)
    return bytes([order]) + pack(fold(residuals))


def decode(data: memoryview, count: int) -> Int16s:
    """Undo `encode` for `count` samples."""
    values, _ = unpack(data[1:], count)
    samples = unfold(values)
    for _ in range(data[0]):
        samples = np.cumsum(samples, dtype=np.int16)
    return samples


def _best(samples: Int16s) -> tuple[int, Int16s]:
    """Return the order whose residuals are smallest in sum, and these; the first ones stand in for what came before."""
    zero = np.zeros(1, dtype=np.int16)
    order, best, least = 0, samples, _size(samples)
    residuals = samples
    for number in range(1, _MOST_ORDER + 1):
        residuals = np.diff(residuals, prepend=zero)
        size = _size(residuals)
        if size < least:
            order, best, least = number, residuals, size
    return order, best


def _size(residuals: Int16s) -> int:
    return int(np.abs(residuals).view(np.uint16).sum(dtype=np.int64))  # also of -32768, which has no int16 opposite
