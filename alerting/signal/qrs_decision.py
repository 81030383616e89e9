"""Which candidates are beats, and which way each one's R peak points: from columns alone, without the signal.

How high a candidate is, how it stands out from what lies right beside it, how far the nearest strong one is in terms
of the RR interval, and how restless the record is around it decide; what is doubtful and lies between two sure beats of
a regular rhythm is none. Not here: the candidates (`qrs_candidates`). The invariant: what is decided of a candidate at
t depends on the candidates of [t - BACK_S, t + AHEAD_S] of its record.
"""

from typing import Final

import numpy as np

from alerting.signal.events import Beats
from alerting.signal.qrs_candidates import Candidates
from alerting.signal.records import Bools, Floats, Ints

_STRONG: Final = 0.45
"""Of the usual height: more is a beat most probably, and its neighbours are judged by it."""

_FELLOWS, _FELLOWS_S = 8, 10.0
"""The RR interval is the median of at most so many of strong candidates, within so many seconds before."""
_RR_S, _LEAST_RR_S, _MOST_RR_S = 0.8, 0.3, 1.5

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

_UPWARDS: Final = 0.1
"""How much (in logarithms) a deflection upwards is preferred."""
_WAYS, _WAYS_S = 8, 8.0
"""Where a beat's two deflections are nearly alike, the median of so many beats before, within this, has a say …"""
_WEIGHT: Final = 0.3
"""… of this, beside the beat's own; both in logarithms, at most 1 and 2."""

BACK_S: Final = _WAYS_S + _BEFORE_S + _FELLOWS_S + _MOST_RR_S
AHEAD_S: Final = (1 + _ONE_INTERVAL) * _MOST_RR_S + 0.5


def beats(found: Candidates, fs_hz: float) -> Beats:
    """Return the R peaks among candidates; fs_hz : Hz, of the samples."""
    found = found.where(_is_beat(found))
    way = np.where(_upwards(found), found.up, found.down)
    beside = (way + 0.5) * found.by - 0.5  # in samples, from the first one of the point
    sample = found.point * found.by + np.rint(beside).astype(np.int64)
    shift = beside - np.rint(beside)
    later = _later(found.row, sample)
    return Beats(row=found.row[later], sample=sample[later], fs_hz=fs_hz, records=found.records, shift=shift[later])


def _later(row: Ints, sample: Ints) -> Bools:
    """Return which beats lie after all before them: the extremes of two neighbours in noise may be one, or swapped."""
    later = np.ones(len(row), np.bool_)
    if len(row):
        apart = int(sample.max()) + 1
        latest = np.maximum.accumulate(row * apart + sample) - row * apart
        later[1:] = (row[1:] != row[:-1]) | (sample[1:] > latest[:-1])
    return later


def _is_beat(found: Candidates) -> Bools:
    score = measures(found) @ np.array(WEIGHTS) + INTERCEPT
    beat = np.asarray(score > 0, np.bool_)
    place = np.flatnonzero(beat)
    extra = _interposed(found.row[place], found.point[place], score[place], found.fs_hz)
    beat[place[extra]] = False
    return beat


def measures(found: Candidates) -> Floats:
    """Return what is known of each candidate, (k, 7): what the weights are for.

    The logarithm of its height over the usual one (at most 0.7), and the square of that below 0; the logarithm of its
    height over what lies right beside it (at most 3); how far the nearest strong candidate is, in RR intervals (at most
    1); the logarithm of the mean height around over the usual one, which is high in noise; and the products of that
    with the first and the third, because in noise both must be larger.
    """
    height, usual = found.height, found.usual
    level = np.minimum(np.log(height / usual), _MOST_HEIGHT)
    stands_out = np.minimum(np.log(height / (found.beside + 1e-3 * usual)), _MOST_STANDS_OUT)
    restless = np.log(found.around / usual + 1e-6)
    distance = _distance(found, np.greater(height, _STRONG * usual))
    low = np.minimum(level, 0) ** 2
    with_noise = (level * (1 + restless), stands_out * (1 + restless))
    return np.stack((level, low, stands_out, distance, restless, *with_noise), axis=1)


def _distance(found: Candidates, strong: Bools) -> Floats:
    """Return how far the nearest other strong candidate of the record is, in RR intervals, at most 1."""
    row, point = found.row, found.point
    place = np.flatnonzero(strong)
    before: Ints = np.cumsum(strong) - strong
    nearest = np.full(len(row), np.inf)
    for which in (before - 1, before + strong):
        there: Bools = (which >= 0) & (which < len(place))
        if not there.any():
            continue
        other = place[np.clip(which, 0, len(place) - 1)]
        apart = np.where(there & (row[other] == row), np.abs(point[other] - point), np.inf)
        nearest = np.minimum(nearest, apart)
    return np.minimum(nearest / found.fs_hz / _rr_s(found, place, before), 1.0)


def _rr_s(found: Candidates, place: Ints, before: Ints) -> Floats:
    """Return the RR interval before each candidate, from the strong ones before it."""
    if len(place) < 2:
        return np.full(len(found.row), _RR_S)
    row, point = found.row[place], found.point[place]
    # Of each strong candidate: the interval that ends with it. Of each candidate: the last intervals before it.
    step = np.where(row[1:] == row[:-1], np.diff(point), np.inf)
    last = before[None] - 2 - np.arange(_FELLOWS)[:, None]
    first = np.maximum(last, 0)
    there = (last >= 0) & (row[first] == found.row) & (point[first] > found.point - _FELLOWS_S * found.fs_hz)
    median = _median(np.where(there, step[first], np.inf)) / found.fs_hz
    return np.where(np.isfinite(median), np.clip(median, _LEAST_RR_S, _MOST_RR_S), _RR_S)


def _interposed(row: Ints, point: Ints, score: Floats, fs_hz: float) -> Bools:
    """Return which beats are doubtful and lie between two surer ones, one interval of a regular rhythm apart."""
    extra = np.zeros(len(row), np.bool_)
    if len(row) < 3:
        return extra
    doubtful = (score[1:-1] < _DOUBTFUL) & (score[1:-1] + _SURER < np.minimum(score[2:], score[:-2]))
    which = np.flatnonzero(doubtful & (row[2:] == row[:-2])) + 1
    usual_s, irregular = _rhythm(row, point, which, fs_hz)
    one_interval = (point[which + 1] - point[which - 1]) / fs_hz < _ONE_INTERVAL * np.minimum(usual_s, _MOST_RR_S)
    extra[which[one_interval & (irregular < _REGULAR)]] = True
    return extra


def _rhythm(row: Ints, point: Ints, which: Ints, fs_hz: float) -> tuple[Floats, Floats]:
    """Return the median of the intervals before some beats, and their median deviation from it as a share of it.

    The interval that ends at the beat itself is not among them; infinite where there are fewer than three.
    """
    begin = which - 1 - np.arange(1, _BEATS_BEFORE + 1)[:, None]
    first = np.maximum(begin, 0)
    near = (point[which] - point[first]) / fs_hz < _BEFORE_S
    there = (begin >= 0) & (row[first] == row[which]) & near
    before = np.where(there, (point[first + 1] - point[first]) / fs_hz, np.inf)
    before[:, there.sum(axis=0) < _LEAST_BEFORE] = np.inf
    median = _median(before)
    finite = np.where(np.isfinite(median), median, 1.0)
    apart = _median(np.where(np.isfinite(before), np.abs(before - finite), np.inf))
    return median, apart / finite


def _upwards(found: Candidates) -> Bools:
    """Return which beats' R peaks point upwards: the larger deflection, or the way of their fellows before them."""
    tiny = np.finfo(np.float64).tiny
    own = np.clip(np.log((found.rises + tiny) / (found.falls + tiny)), -2, 2) + _UPWARDS
    unsure = np.flatnonzero(np.abs(own) <= _WEIGHT)
    before = unsure - np.arange(1, _WAYS + 1)[:, None]
    first = np.maximum(before, 0)
    near = (found.point[unsure] - found.point[first]) / found.fs_hz < _WAYS_S
    there = (before >= 0) & (found.row[first] == found.row[unsure]) & near
    theirs = _lower_median(np.where(there, own[first], np.inf))
    own[unsure] += _WEIGHT * np.where(np.isfinite(theirs), np.clip(theirs, -1, 1), 0.0)
    return np.greater(own, 0)


def _lower_median(values: Floats) -> Floats:
    """Return the median along the first axis, the lower one of two; infinite values are left out, if not all are."""
    known = np.maximum(np.isfinite(values).sum(axis=0), 1)[None]
    lower: Floats = np.take_along_axis(np.sort(values, axis=0), (known - 1) // 2, axis=0)[0]
    return lower


def _median(values: Floats) -> Floats:
    """Return the median along the first axis; infinite values are left out, if not all are."""
    known = np.maximum(np.isfinite(values).sum(axis=0), 1)[None]
    ranked = np.sort(values, axis=0)
    lower, upper = (np.take_along_axis(ranked, place, axis=0)[0] for place in ((known - 1) // 2, known // 2))
    return np.where(np.isfinite(lower), (lower + np.where(np.isfinite(upper), upper, lower)) / 2, np.inf)
