"""Codec for long blocks: samples predicted from both sides, level by level, and packed with those alike.

Every second sample is predicted from its neighbours left and right, which are known by then; they in turn, every
second of them, from theirs; and so on down to some tens of samples. The filter of each level is fitted to the block by
least squares and kept with it as whole numbers, so decoding is exact on any machine. Residuals are large where the
signal moves (a QRS complex) and small where it rests. How much it moves is known from the neighbours and from the
residuals beside them, so the residuals of a level are packed in the order of that, and each stretch of them gets codes
of its own. Unlike linear prediction from the past, all of it is a few operations on whole arrays.

Sums of weights times samples stay below 2^53, where float64 is exact in any order of summing; the rest is modulo 2^16.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ward.wavecodec.packing import fold, pack, unfold, unpack

Int16s = NDArray[np.int16]
Floats = NDArray[np.float64]

_SIDE = 6  # neighbours on each side
_TAPS = 2 * _SIDE
_TOP = 64  # samples that are left to themselves
_ONE = 1 << 12  # the weight that stands for 1
_RIDGE = 0.1  # keeps the fit calm where a block is flat
_NEAREST = slice(_SIDE - 3, _SIDE + 3)


def encode(samples: Int16s) -> bytes:
    """Encode samples, shape (n,), n >= 1."""
    levels = [samples]
    while len(levels[-1]) > _TOP:
        levels.append(levels[-1][::2])
    parts = [levels[-1].astype("<i2").tobytes()]
    beside = np.zeros(0, dtype=np.int16)
    for finer, known in zip(levels[-2::-1], levels[:0:-1], strict=True):
        wanted = finer[1::2]
        around = _neighbours(known, len(wanted))
        weights = _fit(around, wanted)
        residuals = wanted - _predict(around, weights)
        order = _calm_first(around, beside)
        parts += [weights.astype("<i2").tobytes(), pack(fold(residuals)[order])]
        beside = residuals
    return b"".join(parts)


def decode(data: memoryview, count: int) -> Int16s:
    """Undo `encode` for `count` samples."""
    top, *finer = _sizes(count)
    known = np.frombuffer(data, dtype="<i2", count=top).astype(np.int16)
    data = data[2 * top :]
    beside = np.zeros(0, dtype=np.int16)
    for size in finer:
        weights = np.frombuffer(data, dtype="<i2", count=_TAPS).astype(np.int16)
        values, data = unpack(data[2 * _TAPS :], size // 2)
        around = _neighbours(known, size // 2)
        residuals = np.empty(size // 2, dtype=np.int16)
        residuals[_calm_first(around, beside)] = unfold(values)
        level = np.empty(size, dtype=np.int16)
        level[::2] = known
        level[1::2] = _predict(around, weights) + residuals
        known, beside = level, residuals
    return known


def _sizes(count: int) -> list[int]:
    """Return how many samples each level has, the fewest first."""

    def halving(size: int) -> Iterator[int]:
        yield size
        while size > _TOP:
            size = (size + 1) // 2
            yield size

    return list(halving(count))[::-1]


def _neighbours(known: Int16s, count: int) -> list[Floats]:
    """Return, for each tap from left to right, the known samples there, shape (count,); the edges are repeated."""
    padded = np.pad(known, (_SIDE - 1, _SIDE + 1), mode="edge").astype(np.float64)
    return [padded[tap : tap + count] for tap in range(_TAPS)]


def _fit(around: list[Floats], wanted: Int16s) -> NDArray[np.int16]:
    """Return the weights, in units of 1 / `_ONE`, with which the neighbours predict best; they sum up to 1."""
    known = np.stack(around)
    mean = known.mean()
    known = known - mean
    gram = known @ known.T + np.eye(_TAPS) * (_RIDGE * len(wanted))
    weights = np.rint(np.linalg.solve(gram, known @ (wanted - mean)) * _ONE)
    weights[_SIDE] += _ONE - weights.sum()
    fitted: NDArray[np.int16] = np.clip(weights, -32_768, 32_767).astype(np.int16)
    return fitted


def _predict(around: list[Floats], weights: NDArray[np.int16]) -> Int16s:
    total = np.full(len(around[0]), _ONE / 2)
    for samples, weight in zip(around, weights.tolist(), strict=True):
        total += samples * weight
    return np.clip(np.floor(total / _ONE), -32_768, 32_767).astype(np.int16)


def _calm_first(around: list[Floats], beside: Int16s) -> NDArray[np.int64]:
    """Return the order of the wanted samples by how much the signal moves there, in octaves; ties stay in time."""
    steps = [np.abs(right - left) for left, right in zip(around[_NEAREST], around[_NEAREST][1:], strict=False)]
    bends = [
        np.abs(left - 2 * middle + right)
        for left, middle, right in zip(around[_NEAREST], around[_NEAREST][1:], around[_NEAREST][2:], strict=False)
    ]
    moves = steps[1] + steps[2] + steps[3] + 2 * (bends[0] + bends[1] + bends[2] + bends[3])
    if len(beside):
        moves += _misses(beside, len(moves))
    _, octave = np.frexp(moves)
    return np.argsort(octave.astype(np.uint8), kind="stable")


def _misses(beside: Int16s, count: int) -> Floats:
    """Return how badly the samples around were predicted, one level up; `beside` stands at every second known one."""
    at = np.zeros(count + 8)
    missed = np.abs(beside.astype(np.float64))[: (count + 4) // 2]
    at[4 : 4 + 2 * len(missed) : 2] = missed  # known sample 1 lies right of wanted sample 0
    pairs = at[:-1] + at[1:]
    near, beyond = pairs[3 : 3 + count], at[2 : 2 + count] + at[5 : 5 + count]
    far = at[1 : 1 + count] + at[6 : 6 + count] + at[:count] + at[7 : 7 + count]
    misses: Floats = 2 * near + 2 * beyond + far
    return misses
