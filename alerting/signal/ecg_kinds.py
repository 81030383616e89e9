"""What kind of beat each one is: normal, ventricular, supraventricular ectopic, or unreadable.

A beat is compared with its fellows, the beats before and after it: how many look like it, whether it is wider than they
are, whether it came early. What is usual for the person is normal: bundle branch block and pacing are usual, not
ventricular. Not here: what follows from a kind (`ecg_intervals`, `ecg_runs`). The invariant: a kind depends on no unit,
offset or sign of the signal, and only on beats whose fellows reach `REACH_S` twice: its own, and theirs.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal.ecg_shapes import Looks, looks
from alerting.signal.events import Beats
from alerting.signal.records import Bools, Floats, Ints

Kinds = npt.NDArray[np.uint8]

FELLOWS: Final = 8
"""Beats before, and as many after, that a beat is compared with."""
REACH_S: Final = 10.0
"""But none farther away than this."""
EARLY: Final = 0.88
"""A beat that comes before this part of the usual interval has passed is premature."""
REGULAR: Final = 0.08
"""Prematurity means something where most intervals around differ by less than this part from their median."""


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
    """Which beats are compared with which: (k, 2 * FELLOWS) places and whether there is one."""

    place: Ints
    there: Bools


def fellowship(beats: Beats) -> Fellowship:
    """Return the fellows of each beat."""
    k = len(beats.sample)
    apart = np.concatenate((np.arange(-FELLOWS, 0), np.arange(1, FELLOWS + 1)))
    wanted = np.arange(k)[:, None] + apart
    place = np.clip(wanted, 0, max(0, k - 1))
    if k == 0:
        return Fellowship(place=place, there=np.zeros(place.shape, np.bool_))
    near = np.abs(beats.sample[place] - beats.sample[:, None]) <= REACH_S * beats.fs_hz
    return Fellowship(place=place, there=(place == wanted) & (beats.row[place] == beats.row[:, None]) & near)


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
    """Return the correlation of each beat with each fellow, (k, 2 * FELLOWS); 0 where there is none."""
    made = np.zeros(fellows.place.shape)
    k = len(made)
    for apart in range(1, min(FELLOWS, k - 1) + 1):
        r = (seen.shape[apart:] * seen.shape[:-apart]).sum(axis=-1)
        made[apart:, FELLOWS - apart] = r
        made[:-apart, FELLOWS + apart - 1] = r
    return np.where(fellows.there, made, 0.0)


def signs(beats: Beats, seen: Looks, fellows: Fellowship, r: Floats) -> Floats:
    """Return what speaks for a ventricular beat before anything is known of its fellows, (k, len(SIGNS))."""
    before_s, after_s = _around(beats)
    usual_s = median(before_s[fellows.place], fellows.there & ~np.isnan(before_s[fellows.place]))
    width, size = np.log(seen.width_s), np.log(seen.size)
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = (
            1 - median(r, fellows.there),
            width - median(width[fellows.place], fellows.there),
            width - np.log(USUAL_WIDTH_S),
            np.clip(1 - before_s / usual_s, -0.5, 0.5),
            np.clip(after_s / usual_s - 1, -0.5, 0.5),
            np.abs(size - median(size[fellows.place], fellows.there)),
        )
    return np.nan_to_num(np.stack(columns, axis=-1), nan=0.0, posinf=0.0, neginf=0.0)


def later_signs(first: Floats, seen: Looks, fellows: Fellowship, r: Floats) -> Floats:
    """Return what more speaks for it once each beat has a first probability, (k, len(LATER_SIGNS))."""
    likely = np.where(fellows.there, first[fellows.place], 0)
    usual = np.where(fellows.there, 1 - first[fellows.place], 0)
    width = np.log(seen.width_s)
    columns = (
        np.log(first / (1 - first)),
        _weighed(r, usual),
        _weighed(r, likely),
        width - _weighed(width[fellows.place], usual, width),
    )
    return np.stack(columns, axis=-1)


def _weighed(values: Floats, weight: Floats, otherwise: Floats | float = 0.0) -> Floats:
    """Return the mean of each row with these weights, leaning on `otherwise` by the weight of half a beat."""
    return ((values * weight).sum(axis=-1) + 0.5 * otherwise) / (weight.sum(axis=-1) + 0.5)


SIGNS: Final = ("unlike", "wider", "wide", "early", "pause", "size")
LATER_SIGNS: Final = ("first", "like usual", "like ventricular", "wider than usual")
USUAL_WIDTH_S: Final = 0.025


def _around(beats: Beats) -> tuple[Floats, Floats]:
    """Return the RR interval before and after each beat, (k,) s each; NaN at a record's ends."""
    before = np.full(len(beats.sample), np.nan)
    after = before.copy()
    rr = np.where(np.diff(beats.row) == 0, np.diff(beats.sample) / beats.fs_hz, np.nan)
    before[1:], after[:-1] = rr, rr
    return before, after
