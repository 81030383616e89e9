"""Stretches of ragged columns: which readings a moment sees, their medians, and bucket medians of absolute time.

Not here: what is made of them. The invariant: a stretch's result depends on its own readings alone, to the last bit,
whatever else is computed in the same call.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal.records import Bools, Floats, Ints
from alerting.signal.series import Course, Lack, Moments, Support

_CELLS: Final = 1 << 18
"""Cells of one block of `blocks`: fits a processor's second cache a few times over."""

_MANY: Final = 4
"""With at least one moment for so many readings, all are numbered in one order first; else each is looked for alone."""

_LARGEST: Final = 1 << 62

_QUALITY_STEPS: Final = 1 << 20
"""Qualities are added as whole numbers of this fraction, so that their sums are exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Stretches of flat columns: stretch i is `[first[i], end[i])`, (k,) int64 each, empty where they are equal."""

    first: Ints
    end: Ints

    @property
    def count(self) -> Ints:
        """(k,) int64, how many readings each holds."""
        return self.end - self.first


def after(course: Course, row: Ints, at_s: Floats) -> Ints:
    """Return for each (row, time) the index behind the stay's last reading at or before the time: (k,) int64."""
    if len(row) < len(course.t_s) // _MANY or not len(course.t_s):
        return _bisected(course, row, at_s)
    ranks = _ranks(course.t_s)
    lowest, stride = int(ranks.min()), int(ranks.max()) - int(ranks.min()) + 2
    if stride * course.stays >= _LARGEST:
        return _bisected(course, row, at_s)
    asked = np.clip(_ranks(at_s), lowest - 1, lowest + stride - 2)
    found: Ints = np.searchsorted(course.row * stride + (ranks - lowest), row * stride + (asked - lowest), side="right")
    return found.astype(np.int64)


def between(course: Course, row: Ints, from_s: Floats, to_s: Floats) -> Spans:
    """Return the stretches of the readings of [from_s, to_s] of each row: all (k,)."""
    first = after(course, row, np.nextafter(from_s, -np.inf))
    return Spans(first=first, end=np.maximum(after(course, row, to_s), first))


def behind(course: Course, window_s: float) -> Spans:
    """Return at each reading the stretch of the readings of the time before it, itself the last."""
    first = after(course, course.row, np.nextafter(course.t_s - window_s, -np.inf))
    return Spans(first=first, end=np.arange(1, len(course.t_s) + 1))


def trailing(course: Course, at: Moments, window_s: float) -> Spans:
    """Return the stretches of the readings of [at - window_s, at]."""
    return between(course, at.row, at.at_s - window_s, at.at_s)


def blocks(spans: Spans, work: int = 1) -> Iterator[tuple[Ints, Ints, Bools]]:
    """Yield stretches of about the same length together, as much as a cache holds with `work` cells for each reading.

    Yields
    ------
    which (b,), the stretches; index (b, w), their readings; held (b, w), False where a shorter one is filled up with
    repeats of its own last reading. Empty stretches are not yielded.
    """
    count = spans.count
    width = _width(count)
    widths = np.flatnonzero(np.bincount(width)) if len(width) else np.empty(0, np.int64)
    place = np.searchsorted(widths, width).astype(np.int16)
    order = np.argsort(place, kind="stable")
    stops = np.cumsum(np.bincount(place, minlength=len(widths))).tolist()
    for wide, start, stop in zip(widths.tolist(), [0, *stops], stops, strict=False):
        rows = max(1, _CELLS // max(wide * work, 1))
        for begin in range(start, stop if wide else start, rows):
            which = order[begin : min(begin + rows, stop)]
            held = np.arange(wide) < count[which, None]
            index = spans.first[which, None] + np.arange(wide)
            yield which, index if held.all() else np.minimum(index, spans.end[which, None] - 1), held


def taken(value: Floats, index: Ints, held: Bools, fill: float) -> Floats:
    """Return `value` at a block of `blocks`: (b, w), `fill` where it is not held."""
    found = value[index]
    if not held.all():
        found[~held] = fill
    return found


def medians(value: Floats, spans: Spans) -> Floats:
    """Return the median of each stretch: (k,) float64, NaN where it is empty; an even count averages the two middle."""
    middle = np.full(len(spans.first), np.nan)
    count = spans.count
    for which, index, held in blocks(spans):
        ordered = taken(value, index, held, np.inf)
        ordered.sort(axis=1)
        middle[which] = sorted_median(ordered, count[which])
    return middle


def located(value: Floats, spans: Spans) -> tuple[Floats, Floats]:
    """Return median and median absolute deviation from it of each stretch: (k,) float64 each, NaN where empty."""
    middle, spread = np.full((2, len(spans.first)), np.nan)
    count = spans.count
    for which, index, held in blocks(spans):
        ordered = taken(value, index, held, np.inf)
        ordered.sort(axis=1)
        middle[which] = sorted_median(ordered, count[which])
        ordered -= middle[which, None]
        np.abs(ordered, out=ordered)
        ordered.sort(axis=1)
        spread[which] = sorted_median(ordered, count[which])
    return middle, spread


def sorted_median(ordered: Floats, count: Ints) -> Floats:
    """Return the median of the first `count` (b,) columns of rows (b, w) in rising order: (b,)."""
    rows = np.arange(len(ordered))
    middle: Floats = 0.5 * (ordered[rows, (count - 1) // 2] + ordered[rows, count // 2])
    return middle


def thinned(course: Course, spans: Spans, spacing_s: float) -> Course:
    """Return bucket medians of each stretch: one value for each bucket of absolute time in which it has readings.

    A bucket is [i * spacing_s, (i + 1) * spacing_s) since 1970, so a stretch is cut the same way whoever asks; of a
    bucket at its edge only what lies inside counts. Value and time are medians. The k stretches are the result's stays.
    """
    bucket = np.floor(course.t_s / spacing_s)
    begins = np.ones(len(bucket), np.bool_)
    begins[1:] = np.diff(bucket) != 0
    begins[course.offsets[:-1][np.diff(course.offsets) > 0]] = True
    run = np.cumsum(begins) - 1
    run_first = np.append(np.flatnonzero(begins), len(bucket))
    held = spans.count > 0
    lowest = np.zeros(len(held), np.int64)
    lowest[held] = run[spans.first[held]]
    pieces = np.zeros(len(held), np.int64)
    pieces[held] = run[spans.end[held] - 1] - lowest[held] + 1
    offsets = np.concatenate(([0], np.cumsum(pieces)))
    owner = np.repeat(np.arange(len(held)), pieces)
    which = lowest[owner] + np.arange(offsets[-1]) - offsets[owner]
    cut = Spans(
        first=np.maximum(run_first[which], spans.first[owner]), end=np.minimum(run_first[which + 1], spans.end[owner])
    )
    early, late = cut.first + (cut.count - 1) // 2, cut.first + cut.count // 2
    return Course(
        t_s=0.5 * (course.t_s[early] + course.t_s[late]),
        value=medians(course.value, cut),
        quality=_quality(course.quality, cut),
        offsets=offsets,
    )


def support(course: Course, at: Moments, spans: Spans, lack: npt.NDArray[np.uint8] | None = None) -> Support:
    """Return what stretches that end at or before the moments hold; without `lack`, `Lack.FEW` where empty."""
    held = spans.count > 0
    newest = np.full(len(held), -np.inf)
    newest[held] = course.t_s[spans.end[held] - 1]
    span_s = np.zeros(len(held))
    span_s[held] = newest[held] - course.t_s[spans.first[held]]
    none = np.where(held, Lack.NONE, Lack.FEW).astype(np.uint8)
    return Support(
        readings=spans.count,
        span_s=span_s,
        age_s=at.at_s - newest,
        quality=_quality(course.quality, spans),
        lack=none if lack is None else lack,
    )


def _bisected(course: Course, row: Ints, at_s: Floats) -> Ints:
    low, high = course.offsets[row], course.offsets[row + 1]
    longest = int((high - low).max(initial=0))
    last = len(course.t_s) - 1
    for _ in range(longest.bit_length()):
        middle = (low + high) >> 1
        passed = (course.t_s[np.minimum(middle, last)] <= at_s) & (low < high)
        low, high = np.where(passed, middle + 1, low), np.where(passed, high, middle)
    return low


def _ranks(t_s: Floats) -> Ints:
    """Return whole numbers in the exact order of floats: their own bits, negative ones turned round."""
    bits = np.ascontiguousarray(t_s).view(np.int64)
    return np.where(bits < 0, np.iinfo(np.int64).min - bits, bits)


def _width(count: Ints) -> Ints:
    """Round counts above 16 up to an eighth of their power of two: few widths, little filling up."""
    step = np.left_shift(1, np.maximum(np.frexp(count.astype(np.float64))[1] - 4, 0).astype(np.int64))
    width: Ints = (count + step - 1) // step * step
    return width


def _quality(quality: Floats, spans: Spans) -> Floats:
    known = np.isfinite(quality)
    if not known.any():
        return np.full(len(spans.first), np.nan)
    total = np.concatenate(([0], np.cumsum(np.rint(np.where(known, quality, 0) * _QUALITY_STEPS).astype(np.int64))))
    count = np.concatenate(([0], np.cumsum(known)))
    number = count[spans.end] - count[spans.first]
    summed = (total[spans.end] - total[spans.first]) / _QUALITY_STEPS
    mean: Floats = np.divide(summed, number, out=np.full(len(number), np.nan), where=number > 0)
    return mean
