"""Numbers that change at instants: what rules over event time are built of.

Pure and vectorised over a whole ragged batch; no loop over stays or readings. A `Steps` holds a value from each of its
instants until the next, and 0 (NaN for floats) before a stay's first. The invariant: rows are sorted by stay and time,
times strictly rise within a stay, and all that is made here keeps that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from alerting.features import Bools, Floats, Ints

# Whole or real numbers.
Values = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """A number over time for each of `stays` stays.

    stay : (k,) int64, index of the stay, never falling; from_s : (k,) float64, strictly rising within a stay
    value : (k,) int64 or float64, holds from `from_s` until the stay's next row
    """

    stays: int
    stay: Ints
    from_s: Floats
    value: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """Several steps on the instants of all of them; `values[i]` (k,) belongs to the i-th."""

    stays: int
    stay: Ints
    from_s: Floats
    values: tuple[Values, ...]


def following_s(stay: Ints, from_s: Floats) -> Floats:
    """Return (k,): when the next row of the same stay begins, inf for the last one."""
    later = np.full(len(from_s), np.inf)
    same = stay[1:] == stay[:-1]
    later[:-1][same] = from_s[1:][same]
    return later


def hold(
    stays: int,
    stay: Ints,
    from_s: Floats,
    last_s: Floats,
    value: Values,
    keep_s: float | Floats,
    *,
    gone: float = 0,
) -> Steps:
    """Let each value hold until the next one, or until `keep_s` after `last_s`, from when it is `gone`."""
    gone_s = last_s + keep_s
    index = np.repeat(np.arange(len(from_s)), 1 + (gone_s < following_s(stay, from_s)))
    over = np.zeros(len(index), np.bool_)
    over[1:] = index[1:] == index[:-1]
    return Steps(
        stays=stays,
        stay=stay[index],
        from_s=np.where(over, gone_s[index], from_s[index]),
        value=np.where(over, np.array(gone, value.dtype), value[index]),
    )


def changes(of: Steps) -> Steps:
    """Leave out the rows that change nothing."""
    kept = np.ones(len(of.stay), np.bool_)
    kept[1:] = (of.stay[1:] != of.stay[:-1]) | (of.value[1:] != of.value[:-1])
    kept[:1] = True
    first = np.ones(len(kept), np.bool_)
    first[1:] = of.stay[1:] != of.stay[:-1]
    kept &= ~(first & (of.value == 0))
    return of if kept.all() else Steps(stays=of.stays, stay=of.stay[kept], from_s=of.from_s[kept], value=of.value[kept])


def align(parts: Sequence[Steps]) -> Aligned:
    """Bring steps of the same stays onto the instants at which any of them has a row."""
    lengths = [len(each.stay) for each in parts]
    stay = np.concatenate([each.stay for each in parts])
    from_s = np.concatenate([each.from_s for each in parts])
    which = np.repeat(np.arange(len(parts)), lengths)
    place = np.concatenate([np.arange(each) for each in lengths])
    order = np.lexsort((from_s, stay))
    stay, from_s, which, place = stay[order], from_s[order], which[order], place[order]
    last = np.ones(len(stay), np.bool_)
    last[:-1] = (stay[1:] != stay[:-1]) | (from_s[1:] != from_s[:-1])
    values = tuple(_carried(each, stay, np.where(which == at, place, -1), last) for at, each in enumerate(parts))
    return Aligned(stays=parts[0].stays, stay=stay[last], from_s=from_s[last], values=values)


def _carried(part: Steps, stay: Ints, place: Ints, last: Bools) -> Values:
    """Return what a part says at each instant: its newest row of the same stay, 0 (NaN for floats) before the first."""
    nothing = np.nan if part.value.dtype.kind == "f" else 0
    if not len(part.stay):
        return np.full(int(last.sum()), nothing, part.value.dtype)
    newest = np.maximum.accumulate(place)[last]
    found = np.maximum(newest, 0)
    own = (newest >= 0) & (part.stay[found] == stay[last])
    return np.where(own, part.value[found], nothing)


def total(parts: Sequence[Steps]) -> Steps:
    """Return the sum of whole-numbered steps of the same stays."""
    change = [_change(each) for each in parts]
    stay = np.concatenate([each.stay for each in parts])
    from_s = np.concatenate([each.from_s for each in parts])
    order = np.lexsort((from_s, stay))
    stay, from_s = stay[order], from_s[order]
    summed = np.cumsum(np.concatenate(change)[order])
    last = np.ones(len(stay), np.bool_)
    last[:-1] = (stay[1:] != stay[:-1]) | (from_s[1:] != from_s[:-1])
    stay, from_s, summed = stay[last], from_s[last], summed[last]
    # What the stays before have summed up to is not this one's.
    first = np.searchsorted(stay, np.arange(parts[0].stays))
    before = np.where(first > 0, summed[np.maximum(first - 1, 0)] if len(summed) else 0, 0)
    return Steps(stays=parts[0].stays, stay=stay, from_s=from_s, value=summed - before[stay])


def _change(of: Steps) -> Ints:
    value = of.value.astype(np.int64)
    change = value.copy()
    same = of.stay[1:] == of.stay[:-1]
    change[1:][same] -= value[:-1][same]
    return change


def since(of: Steps, delay_s: float | Floats) -> Steps:
    """Return since when a yes-or-no step has been yes, NaN while it is not; with a row of its own after `delay_s`.

    delay_s : a number, or (stays,) float64. Something has lasted long enough at `at_s` where `at_s >= value + delay_s`.
    """
    yes = changes(of)
    due_s = yes.from_s + (delay_s[yes.stay] if isinstance(delay_s, np.ndarray) else delay_s)
    on = yes.value != 0
    runs_out = on & (due_s < following_s(yes.stay, yes.from_s)) & (due_s > yes.from_s)
    index = np.repeat(np.arange(len(on)), 1 + runs_out)
    again = np.zeros(len(index), np.bool_)
    again[1:] = index[1:] == index[:-1]
    return Steps(
        stays=of.stays,
        stay=yes.stay[index],
        from_s=np.where(again, due_s[index], yes.from_s[index]),
        value=np.where(on[index], yes.from_s[index], np.nan),
    )


def where(of: Steps, yes: Bools) -> Steps:
    """Return the same instants with 1 where `yes`, else 0."""
    return Steps(stays=of.stays, stay=of.stay, from_s=of.from_s, value=yes.astype(np.int64))
