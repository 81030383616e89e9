"""What kind of beat each one is: normal, ventricular, supraventricular ectopic, or unreadable.

A beat is compared with its fellows, the beats before and after it: how many look like it, whether it is wider than they
are, whether it came early. What is usual for the person is normal: bundle branch block and pacing are usual, not
ventricular. Not here: what follows from a kind (`ecg_intervals`, `ecg_runs`). The invariant: a kind depends on no unit,
offset or sign of the signal, and on the samples from `BACK_S` before the beat to `AHEAD_S` after it only.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal.ecg_shapes import Looks, looks
from alerting.signal.events import Beats
from alerting.signal.quality_verdict import READABLE
from alerting.signal.records import Bools, Floats, Ints

Kinds = npt.NDArray[np.uint8]

BEFORE, AFTER = 12, 4
"""A beat is compared with so many beats before it, and so many after."""
BEFORE_S, AFTER_S = 12.0, 3.0
"""But with none farther away than this: a stream cannot wait long."""
LONGEST_S: Final = 5.0
"""A longer interval says nothing of the rhythm."""
BACK_S: Final = 2 * BEFORE_S + LONGEST_S + 1
AHEAD_S: Final = 2 * AFTER_S + LONGEST_S + 1
"""A beat's fellows, their fellows, the interval beside these, and the wave itself."""
EARLY: Final = 0.88
"""A beat that comes before this part of the usual interval has passed is premature."""
REGULAR: Final = 0.05
"""Prematurity means something where half of the intervals around differ by less than this part from their median."""
USUAL_WIDTH_S: Final = 0.025
"""Width of a usual QRS complex, as `Looks.width_s` measures it."""

FIRST: Final = (-5.07, 2.93, 3.60, 3.38, 8.96, 3.63, 1.52)
"""Intercept and weights of a first probability that a beat is ventricular: unlike its fellows; wider than they; wide;
early; followed by a pause; of another size."""
LATER: Final = (0.49, 0.58, 1.37, 0.61, 0.50, 1.35, -1.10)
"""Intercept and weights of the final one: the first; mean likeness to usual fellows, and to ventricular ones; wider
than usual ones; unlike the usual ones that it resembles most, and the ventricular ones.

Both are logistic regressions on the annotated beats of 16 MIT-BIH records (lead 0). Each record judged by weights from
the other 15: sensitivity 86 %, positive predictivity 93 % for ventricular beats; see `benchmarks.fit_ecg`."""


class Kind(IntEnum):
    """The kind of a beat."""

    NORMAL = 0
    VENTRICULAR = 1
    SUPRAVENTRICULAR = 2
    """Premature and shaped like the usual beats."""
    UNREADABLE = 3
    """In a window that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fellowship:
    """Which beats are compared with which.

    of : (m,) places of the beats that are compared; place : (m, BEFORE + AFTER) places of the fellows of each
    there : (m, BEFORE + AFTER) whether there is one
    """

    of: Ints
    place: Ints
    there: Bools


def kinds(ecg: Floats, beats: Beats, beat_quality: Floats) -> Kinds:
    """Return the kind of each beat, (k,) uint8 of `Kind`.

    Parameters
    ----------
    ecg : (n, samples), any unit, NaN where samples are missing
    beats : R peaks of these records; beat_quality : (k,) index of the window that each lies in

    Notes
    -----
    Signs after de Chazal 2004 (doi:10.1109/TBME.2004.827359): intervals, width, shape. Differs: all are relative to the
    beats around, none needs a lead or a unit, and a second look uses what the first found out about the fellows.
    """
    return told(beats, looks(ecg, beats), beat_quality, np.arange(len(beats.sample)))


def told(beats: Beats, seen: Looks, beat_quality: Floats, asked: Ints) -> Kinds:
    """Return the kind of some beats, (m,), as `kinds`, from how all look; asked : (m,) their places, rising."""
    own = fellowship(beats, asked)
    near = np.zeros(len(beats.sample), np.bool_)
    near[asked] = near[own.place[own.there]] = True
    theirs = fellowship(beats, np.flatnonzero(near))
    r = likeness(seen, theirs)
    first = np.zeros(len(beats.sample))
    first[near] = probability(FIRST, signs(beats, seen, theirs, r))
    ventricular = probability(LATER, later_signs(first, seen, own, r[np.searchsorted(theirs.of, asked)])) >= 0.5
    made = np.full(len(asked), Kind.NORMAL, np.uint8)
    made[_premature(beats, own)] = Kind.SUPRAVENTRICULAR
    made[ventricular] = Kind.VENTRICULAR
    made[beat_quality[asked] < READABLE] = Kind.UNREADABLE
    return made


def probability(model: tuple[float, ...], columns: Floats) -> Floats:
    """Return the probability by logistic regression, (k,), never quite 0 or 1."""
    logit = model[0] + (columns * model[1:]).sum(axis=-1)
    made: Floats = np.clip(1 / (1 + np.exp(-logit)), 0.001, 0.999)
    return made


def _premature(beats: Beats, fellows: Fellowship) -> Bools:
    """Tell which beats come early in a rhythm that is otherwise regular, (m,)."""
    before_s, _ = _around(beats)
    rr_s, there = _intervals_near(before_s, fellows)
    usual_s = median(rr_s, there)
    spread_s = median(np.abs(rr_s - usual_s[:, None]), there)
    with np.errstate(invalid="ignore"):
        return (before_s[fellows.of] < EARLY * usual_s) & (spread_s < REGULAR * usual_s)


def _intervals_near(before_s: Floats, fellows: Fellowship) -> tuple[Floats, Bools]:
    """Return the intervals before each fellow, and where there is one, (m, BEFORE + AFTER) each."""
    rr_s = before_s[fellows.place]
    there = fellows.there & ~np.isnan(rr_s)
    return np.where(there, rr_s, 0), there


def fellowship(beats: Beats, of: Ints) -> Fellowship:
    """Return the fellows of some beats; of : (m,) their places."""
    k = len(beats.sample)
    apart = np.concatenate((np.arange(-BEFORE, 0), np.arange(1, AFTER + 1)))
    wanted = of[:, None] + apart
    place = np.clip(wanted, 0, max(0, k - 1))
    if k == 0:
        return Fellowship(of=of, place=place, there=np.zeros(place.shape, np.bool_))
    passed = beats.sample[place] - beats.sample[of][:, None]
    near = (passed >= -BEFORE_S * beats.fs_hz) & (passed <= AFTER_S * beats.fs_hz)
    there = (place == wanted) & (beats.row[place] == beats.row[of][:, None]) & near
    return Fellowship(of=of, place=place, there=there)


def median(values: Floats, there: Bools) -> Floats:
    """Return the median of each row of (k, f) over where there is a value, (k,); NaN where there is none."""
    if len(values) == 0:
        return np.zeros(0)
    rising = np.sort(np.where(there, values, np.inf), axis=-1)
    count = there.sum(axis=-1)
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, values.shape[1] - 1)
    each = np.arange(len(values))
    return np.where(count > 0, (rising[each, low] + rising[each, high]) / 2, np.nan)


def likeness(seen: Looks, fellows: Fellowship) -> Floats:
    """Return the correlation of beats with each of their fellows, (m, BEFORE + AFTER); 0 where there is none."""
    made = np.zeros(fellows.place.shape)
    k = len(seen.shape)
    for apart in range(1, min(BEFORE, k - 1) + 1):
        r = np.zeros(k + apart)  # of each beat with the one so many before it
        r[apart:k] = np.einsum("kv,kv->k", seen.shape[apart:], seen.shape[:-apart])
        made[:, BEFORE - apart] = r[fellows.of]
        if apart <= AFTER:
            made[:, BEFORE + apart - 1] = r[fellows.of + apart]
    return np.where(fellows.there, made, 0.0)


def signs(beats: Beats, seen: Looks, fellows: Fellowship, r: Floats) -> Floats:
    """Return what speaks for a ventricular beat before anything is known of its fellows, (m, 6): see `FIRST`."""
    before_s, after_s = _around(beats)
    usual_s = median(*_intervals_near(before_s, fellows))
    before_s, after_s = before_s[fellows.of], after_s[fellows.of]
    widths, sizes = np.log(seen.width_s), np.log(seen.size)
    width, size = widths[fellows.of], sizes[fellows.of]
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = (
            1 - median(r, fellows.there),
            width - median(widths[fellows.place], fellows.there),
            width - np.log(USUAL_WIDTH_S),
            np.clip(1 - before_s / usual_s, -0.5, 0.5),
            np.clip(after_s / usual_s - 1, -0.5, 0.5),
            np.abs(size - median(sizes[fellows.place], fellows.there)),
        )
    made: Floats = np.nan_to_num(np.stack(columns, axis=-1), nan=0.0, posinf=0.0, neginf=0.0)
    return made


def later_signs(first: Floats, seen: Looks, fellows: Fellowship, r: Floats) -> Floats:
    """Return what speaks for it once all have a first probability, (k,), for some beats, (m, 6): see `LATER`."""
    likely = np.where(fellows.there, first[fellows.place], 0)
    usual = np.where(fellows.there, 1 - first[fellows.place], 0)
    width, own = np.log(seen.width_s), first[fellows.of]
    columns = (
        np.log(own / (1 - own)),
        _weighed(r, usual),
        _weighed(r, likely),
        width[fellows.of] - _weighed(width[fellows.place], usual, width[fellows.of]),
        _unlike_closest(r * usual),
        _unlike_closest(r * likely),
    )
    return np.stack(columns, axis=-1)


def _unlike_closest(r: Floats) -> Floats:
    """Return log(1 - r) of the mean of the three largest, (k,)."""
    closest: Floats = np.sort(r, axis=-1)[:, -3:].mean(axis=-1)
    return np.log(1.02 - np.clip(closest, 0, 1))


def _weighed(values: Floats, weight: Floats, otherwise: Floats | float = 0.0) -> Floats:
    """Return the mean of each row with these weights, leaning on `otherwise` by the weight of half a beat."""
    made: Floats = ((values * weight).sum(axis=-1) + 0.5 * otherwise) / (weight.sum(axis=-1) + 0.5)
    return made


def _around(beats: Beats) -> tuple[Floats, Floats]:
    """Return the RR interval before and after each beat, (k,) s each; NaN where there is none or it is too long."""
    before = np.full(len(beats.sample), np.nan)
    after = before.copy()
    rr = np.diff(beats.sample) / beats.fs_hz
    rr[(np.diff(beats.row) != 0) | (rr > LONGEST_S)] = np.nan
    before[1:], after[:-1] = rr, rr
    return before, after
