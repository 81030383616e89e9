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

_SIDES = (4, 8, 16)  # how many neighbours on each side: what is smooth is told by more of them
_MOST = _SIDES[-1]
_TOP = 64  # samples that are left to themselves
_ONE = 1 << 12  # the weight that stands for 1
_RIDGE = 0.1  # keeps the fit calm where a block is flat
_EVEN = 1 / 12  # the variance of rounding: nothing is predicted better


def encode(samples: Int16s) -> bytes:
    """Encode samples, shape (n,), n >= 1."""
    levels = [samples]
    while len(levels[-1]) > _TOP:
        levels.append(levels[-1][::2])
    parts = [levels[-1].astype("<i2").tobytes()]
    beside = np.zeros(0, dtype=np.int16)
    for finer, known in zip(levels[-2::-1], levels[:0:-1], strict=True):
        wanted = finer[1::2]
        weights = _fit(known, wanted)
        residuals = wanted - _predict(known, weights, len(wanted))
        order = _calm_first(known, beside, len(wanted))
        parts += [bytes([len(weights) // 2]), weights.astype("<i2").tobytes(), pack(fold(residuals)[order])]
        beside = residuals
    return b"".join(parts)


def decode(data: memoryview, count: int) -> Int16s:
    """Undo `encode` for `count` samples."""
    top, *finer = _sizes(count)
    known = np.frombuffer(data, dtype="<i2", count=top).astype(np.int16)
    data = data[2 * top :]
    beside = np.zeros(0, dtype=np.int16)
    for size in finer:
        taps = 2 * data[0]
        weights = np.frombuffer(data, dtype="<i2", count=taps, offset=1).astype(np.int16)
        values, data = unpack(data[1 + 2 * taps :], size // 2)
        residuals = np.empty(size // 2, dtype=np.int16)
        residuals[_calm_first(known, beside, size // 2)] = unfold(values)
        level = np.empty(size, dtype=np.int16)
        level[::2] = known
        level[1::2] = _predict(known, weights, size // 2) + residuals
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


def _neighbours(known: Int16s | Floats, side: int, count: int) -> list[Floats]:
    """Return, for each tap from left to right, the known samples there, shape (count,); the edges are repeated."""
    padded = np.pad(known.astype(np.float64), (side - 1, side + 1), mode="edge")
    return [padded[tap : tap + count] for tap in range(2 * side)]


def _fit(known: Int16s, wanted: Int16s) -> NDArray[np.int16]:
    """Return the weights, in units of 1 / `_ONE`, of as many neighbours as are worth their bytes; they sum up to 1.

    Least squares, for the largest number of neighbours once; fewer of them are the middle of it.
    """
    mean = known.mean()
    there, target = known - mean, wanted - mean
    around = _neighbours(there, _MOST, len(target))
    alike = _products(around)
    like_target = np.array([(samples * target).sum() for samples in around])
    power = (target * target).sum()
    found = []
    for side in _SIDES:
        middle = slice(_MOST - side, _MOST + side)
        toward = like_target[middle]
        weights = np.linalg.solve(alike[middle, middle] + np.eye(2 * side) * (_RIDGE * len(target)), toward)
        missed = max((power - weights @ toward) / len(target), _EVEN)
        found.append((4 * side + len(target) / 16 * np.log2(missed), weights))
    weights = np.rint(min(found, key=lambda each: each[0])[1] * _ONE)
    weights[len(weights) // 2] += _ONE - weights.sum()
    fitted: NDArray[np.int16] = np.clip(weights, -32_768, 32_767).astype(np.int16)
    return fitted


def _products(around: list[Floats]) -> Floats:
    """Return the sums of products of each two taps, shape (taps, taps).

    Two taps at a distance see nearly the same products as the next two, but for one at either end. So each distance is
    summed once; a library's product of matrices would do many times as much, and keep every core busy.
    """
    taps = len(around)
    ends = np.array([[samples[0], samples[-1]] for samples in around])
    sums = np.empty((taps, taps))
    for distance in range(taps):
        first = (around[0] * around[distance]).sum()
        left, right = ends[: taps - distance], ends[distance:]
        changes = left[1:, 1] * right[1:, 1] - left[:-1, 0] * right[:-1, 0]
        along = first + np.concatenate([[0.0], np.cumsum(changes)])
        at = np.arange(taps - distance)
        sums[at, at + distance] = sums[at + distance, at] = along
    return sums


def _predict(known: Int16s, weights: NDArray[np.int16], count: int) -> Int16s:
    total, share = np.full(count, _ONE / 2), np.empty(count)
    for samples, weight in zip(_neighbours(known, len(weights) // 2, count), weights.tolist(), strict=True):
        np.multiply(samples, weight, out=share)
        total += share
    np.floor(np.divide(total, _ONE, out=total), out=total)
    return np.clip(total, -32_768, 32_767, out=total).astype(np.int16)


def _calm_first(known: Int16s, beside: Int16s, count: int) -> NDArray[np.int64]:
    """Return the order of the wanted samples by how much the signal moves there, in octaves; ties stay in time."""
    padded = np.pad(known, (2, 4), mode="edge").astype(np.int32)
    steps = np.abs(np.diff(padded))
    bends = np.abs(np.diff(padded, n=2))
    moves = steps[1 : 1 + count] + steps[2 : 2 + count] + steps[3 : 3 + count]
    moves += 2 * sum(bends[at : at + count] for at in range(4))
    if len(beside):
        moves += _misses(beside, len(moves))
    _, octave = np.frexp(moves.astype(np.float64))
    return np.argsort(octave.astype(np.uint8), kind="stable")


def _misses(beside: Int16s, count: int) -> NDArray[np.int32]:
    """Return how badly the samples around were predicted, one level up; `beside` stands at every second known one."""
    at = np.zeros(count + 8, dtype=np.int32)
    missed = np.abs(beside.astype(np.int32))[: (count + 4) // 2]
    at[4 : 4 + 2 * len(missed) : 2] = missed  # known sample 1 lies right of wanted sample 0
    shifted = [at[by : by + count] for by in range(8)]
    near, beyond = shifted[3] + shifted[4], shifted[2] + shifted[5]
    misses: NDArray[np.int32] = 2 * (near + beyond) + shifted[1] + shifted[6] + shifted[0] + shifted[7]
    return misses
