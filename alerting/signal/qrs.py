"""R peaks in an ECG, each at the peak itself.

Peaks of the QRS energy are candidates. About each decide how high it is, how it stands out from what lies right beside
it, how far the nearest strong candidate is in terms of the RR interval, and how restless the record is around it; what
is doubtful and lies between two sure beats of a regular rhythm is none.
Not here: what kind of beat it is (`ecg`), and whether the signal can be trusted (`quality`): in noise alone there are
candidates too. The invariant: a beat at t is settled by the samples of [t - BACK_S, t + AHEAD_S], on the grid of blocks
from sample 0, and by no unit, offset or polarity. Nothing is found within a gap.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal.events import Beats
from alerting.signal.qrs_energy import (
    AHEAD_BLOCKS,
    BACK_BLOCKS,
    BLOCK_S,
    Energy,
    Singles,
    block,
    energy,
    middle,
    sliding_max,
    sliding_sum,
)
from alerting.signal.qrs_peak import PEAK_BACK_S, peaks
from alerting.signal.records import Bools, Floats, Ints, bridged, rate, rows

LEAST_HZ, MOST_HZ = 100.0, 1000.0

_APART_S: Final = 0.16
"""A candidate is the highest point from this long before to this long after it."""
_LEAST: Final = 0.15
"""Of the usual height: less is no candidate."""
_STRONG: Final = 0.45
"""Of the usual height: more is a beat most probably, and its neighbours are judged by it."""

_NEAR_S, _INNER_S = 0.5, 0.1
"""A candidate is compared with what lies this near, but for its own complex."""

_FELLOWS, _FELLOWS_S = 8, 10.0
"""The RR interval is the median of at most so many of strong candidates, within so many seconds before."""
_RR_S, _LEAST_RR_S, _MOST_RR_S = 0.8, 0.3, 1.5

_AROUND_S: Final = 5.0
_MOST_HEIGHT, _MOST_STANDS_OUT = 0.7, 3.0

WEIGHTS: Final = (0.50, -1.82, 6.53, 2.97, -1.86, 1.85, 0.97)
INTERCEPT: Final = -8.86
"""Logistic in `measures`. Fitted by `python -m benchmarks.fit_qrs` on 16 records of MIT-BIH, each as it is and with
noise added at three levels; judged there on each record by the weights of the others."""

_DOUBTFUL, _SURER = 4.0, 1.5
"""A beat of a lower score than this, and lower by so much than both of its neighbours', is doubtful …"""
_ONE_INTERVAL, _REGULAR = 1.4, 0.05
"""… and none, where these are less than so many usual intervals apart, and the intervals before differ by less."""
_BEATS_BEFORE, _LEAST_BEFORE, _BEFORE_S = 6, 3, 8.0

_JUDGED_BACK_S: Final = _BEFORE_S + _FELLOWS_S + (BACK_BLOCKS + 1) * BLOCK_S + 1.0
BACK_S: Final = PEAK_BACK_S + _JUDGED_BACK_S
AHEAD_S: Final = (AHEAD_BLOCKS + 1) * BLOCK_S + (1 + _ONE_INTERVAL) * _MOST_RR_S + 1.0


def grid(fs_hz: float) -> int:
    """Return after how many samples the blocks are where they were at sample 0: a stream is cut there."""
    return block(fs_hz)


def detect(ecg: npt.ArrayLike, fs_hz: float) -> Beats:
    """Return the R peaks of a batch of ECG, one lead a record.

    Parameters
    ----------
    ecg : (samples,) or (n, samples), any unit, uniform at `fs_hz`; NaN and infinities are missing samples
    fs_hz : Hz, 100 to 1000

    Returns
    -------
    Beats
        The sample of the largest deflection of each QRS complex, upwards or downwards; none in a flat record.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    Energy of the QRS complex after Pan & Tompkins 1985 (doi:10.1109/TBME.1985.325532). Differs: changes of the slope
    at one delay instead of a band-pass, without phase; a local usual height instead of running estimates of signal and
    noise, so nothing is learnt and nothing can be learnt wrongly; one decision on several measures instead of
    thresholds and a search back. Checked: tests/unit/signal/test_qrs.py, tests/property/test_signal_qrs.py, floors on
    MIT-BIH and under noise in tests/unit/signal/test_qrs_floors.py.
    """
    fs = rate(fs_hz, least=LEAST_HZ, most=MOST_HZ)
    signal = bridged(rows(ecg, name="ecg"), fs)
    seen = energy(signal, fs)
    row, point = candidates(seen)
    beat = _is_beat(seen, row, point)
    row, exact = row[beat], seen.sample(peaks(seen, row[beat], point[beat]))
    sample = np.rint(exact).astype(np.int64)
    later = np.ones(
        len(row), np.bool_
    )  # in noise, the largest deflections of two neighbours may be one, or change places
    later[1:] = (row[1:] != row[:-1]) | (sample[1:] > _so_far(row, sample)[:-1])
    row, sample, exact = row[later], sample[later], exact[later]
    return Beats(row=row, sample=sample, fs_hz=fs, records=len(signal), shift=exact - sample)


def _so_far(row: Ints, sample: Ints) -> Ints:
    """Return the latest sample of the record up to each beat."""
    if not len(row):
        return sample
    apart = int(sample.max()) + 1
    return np.maximum.accumulate(row * apart + sample) - row * apart


def candidates(seen: Energy) -> tuple[Ints, Ints]:
    """Return record and point of the peaks of the height."""
    apart = round(_APART_S * seen.fs_hz)
    highest = sliding_max(np.pad(seen.height, ((0, 0), (apart, apart))), 2 * apart + 1)
    enough = seen.height > np.float32(_LEAST) * seen.usual
    row, point = np.nonzero((seen.height == highest) & enough & (seen.usual > 0) & ~seen.gone)
    return row.astype(np.int64), point.astype(np.int64)


def _is_beat(seen: Energy, row: Ints, point: Ints) -> Bools:
    score = measures(seen, row, point) @ np.array(WEIGHTS) + INTERCEPT
    beat = np.asarray(score > 0, np.bool_)
    place = np.flatnonzero(beat)
    extra = _interposed(row[place], point[place] / seen.fs_hz, score[place])
    beat[place[extra]] = False
    return beat


def _interposed(row: Ints, at_s: Floats, score: Floats) -> Bools:
    """Return which beats are doubtful and lie between two surer ones, one interval of a regular rhythm apart."""
    extra = np.zeros(len(row), np.bool_)
    if len(row) < 3:
        return extra
    usual_s, irregular = _rhythm(row, at_s)
    doubtful = (score[1:-1] < _DOUBTFUL) & (score[1:-1] + _SURER < np.minimum(score[2:], score[:-2]))
    most_s = _ONE_INTERVAL * np.minimum(usual_s[1:-1], _MOST_RR_S)
    one_interval = (row[2:] == row[:-2]) & (at_s[2:] - at_s[:-2] < most_s)
    extra[1:-1] = doubtful & one_interval & (irregular[1:-1] < _REGULAR)
    return extra


def _rhythm(row: Ints, at_s: Floats) -> tuple[Floats, Floats]:
    """Return the median of the intervals before each beat, and their median deviation from it as a share of it.

    The interval that ends at the beat itself is not among them; infinite where there are fewer than three.
    """
    before = np.full((_BEATS_BEFORE, len(row)), np.inf)
    for step in range(1, min(_BEATS_BEFORE, len(row) - 2) + 1):
        earlier = at_s[: -step - 1]
        there = (row[: -step - 1] == row[step + 1 :]) & (at_s[step + 1 :] - earlier < _BEFORE_S)
        before[step - 1, step + 1 :] = np.where(there, at_s[1:-step] - earlier, np.inf)
    known = np.isfinite(before)
    before[:, known.sum(axis=0) < _LEAST_BEFORE] = np.inf
    median = _median(before)
    finite = np.where(np.isfinite(median), median, 1.0)
    apart = _median(np.where(np.isfinite(before), np.abs(before - finite), np.inf))
    return median, apart / finite


def _median(values: Floats) -> Floats:
    """Return the median along the first axis; infinite values are left out, if not all are."""
    known = np.maximum(np.isfinite(values).sum(axis=0), 1)[None]
    ranked = np.sort(values, axis=0)
    lower, upper = (np.take_along_axis(ranked, place, axis=0)[0] for place in ((known - 1) // 2, known // 2))
    return np.where(np.isfinite(lower), (lower + np.where(np.isfinite(upper), upper, lower)) / 2, np.inf)


def measures(seen: Energy, row: Ints, point: Ints) -> Floats:
    """Return what is known of each candidate, (k, 7): what the weights are for.

    The logarithm of its height over the usual one (at most 0.7), and the square of that below 0; the logarithm of its
    height over what lies right beside it (at most 3); how far the nearest strong candidate is, in RR intervals (at most
    1); the logarithm of the mean height around over the usual one, which is high in noise; and the products of that
    with the first and the third, because in noise both must be larger.
    """
    height = seen.height[row, point].astype(np.float64)
    usual = seen.usual[row, point].astype(np.float64)
    level = np.minimum(np.log(height / usual), _MOST_HEIGHT)
    stands_out = np.minimum(np.log(height / (_beside(seen)[row, point] + 1e-3 * usual)), _MOST_STANDS_OUT)
    restless = np.log(_around(seen, row, point) / usual + 1e-6)
    distance = _distance(row, point / seen.fs_hz, height > _STRONG * usual)
    low = np.minimum(level, 0) ** 2
    with_noise = (level * (1 + restless), stands_out * (1 + restless))
    return np.stack((level, low, stands_out, distance, restless, *with_noise), axis=1)


def _around(seen: Energy, row: Ints, point: Ints) -> Floats:
    """Return the mean height of the seconds around points: how restless the record is."""
    reach, count = round(_AROUND_S * seen.fs_hz), seen.height.shape[1]
    sums = np.zeros((len(seen.height), count + 1))
    np.cumsum(seen.height, axis=1, dtype=np.float64, out=sums[:, 1:])
    low, high = np.maximum(point - reach, 0), np.minimum(point + reach, count)
    return np.asarray((sums[row, high] - sums[row, low]) / (high - low), np.float64)


def _beside(seen: Energy) -> Singles:
    """Return the mean height beside each point, without its own complex."""
    near, inner = (round(each * seen.fs_hz) for each in (_NEAR_S, _INNER_S))
    padded = np.pad(seen.height, ((0, 0), (near, near)))
    wide = sliding_sum(padded, 2 * near + 1)
    own = middle(sliding_sum(padded, 2 * inner + 1), wide.shape[1])
    return (wide - own) / np.float32(2 * (near - inner))


def _distance(row: Ints, at_s: Floats, strong: npt.NDArray[np.bool_]) -> Floats:
    """Return how far the nearest other strong candidate of the record is, in RR intervals, at most 1."""
    place = np.flatnonzero(strong)
    before = np.searchsorted(place, np.arange(len(row)))
    after = before + strong
    nearest = np.full(len(row), np.inf)
    for which in (before - 1, after):
        there = (which >= 0) & (which < len(place))
        if not there.any():
            continue
        other = place[np.clip(which, 0, len(place) - 1)]
        apart = np.where(there & (row[other] == row), np.abs(at_s[other] - at_s), np.inf)
        nearest = np.minimum(nearest, apart)
    return np.minimum(nearest / _rr_s(row, at_s, place, before), 1.0)


def _rr_s(row: Ints, at_s: Floats, place: Ints, before: Ints) -> Floats:
    """Return the RR interval before each candidate, from the strong ones before it."""
    steps = np.full((_FELLOWS, len(row)), np.inf)
    for step in range(_FELLOWS if len(place) else 0):
        later = np.maximum(before - 1 - step, 0)
        last, first = place[later], place[np.maximum(later - 1, 0)]
        there = (before - 1 - step >= 1) & (row[first] == row) & (at_s[first] > at_s - _FELLOWS_S)
        steps[step] = np.where(there, at_s[last] - at_s[first], np.inf)
    median = _median(steps)
    return np.where(np.isfinite(median), np.clip(median, _LEAST_RR_S, _MOST_RR_S), _RR_S)
