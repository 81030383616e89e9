"""Several readings of one kind at one instant: which of them stands, and which each side of a limit looks at. Pure.

Two devices measure in the same microsecond, or a device whose clock is ahead sends many readings at once, which all
count from when they were received. One of them stands in the series: a good one before a poor one, then the one with
more points in NEWS2, then the worse by `badness`. But what is harmless on one side is what matters on the other: a low
limit looks at the lowest of them, a high one at the highest. The invariant: no reading that speaks for the patient is
hidden from a limit by another one of the same instant.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from alerting.rules.news2 import CHART, points
from alerting.signal.records import Bools, Floats, Ints
from ward.vitals import POOR_BELOW, VITALS, VitalKind, badness

Speaks = Callable[[Floats, Floats], Bools]
"""Which readings speak, by their values and qualities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """All readings of the instants at which several differ: (q,) each; `place` is that of the one which stands."""

    place: Ints
    value: Floats
    quality: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The readings that stand, as places in what was given, in the order of stay and time; None: no instant differs."""

    index: Ints
    ties: Ties | None


def good(value: Floats, quality: Floats) -> Bools:
    """Tell which readings are not of poor quality; what the device does not say is not poor."""
    del value
    return ~(quality < POOR_BELOW)


def every(value: Floats, quality: Floats) -> Bools:
    """Tell that all of them speak, also the poor ones."""
    del quality
    return np.ones(len(value), np.bool_)


def standing(kind: VitalKind, stay: Ints, t_s: Floats, value: Floats, quality: Floats) -> Standing:
    """Sort readings of a kind by stay and time; of those of one instant one stands."""
    order = np.lexsort((t_s, stay))
    last = np.ones(len(order), np.bool_)
    last[:-1] = (stay[order][1:] != stay[order][:-1]) | (t_s[order][1:] != t_s[order][:-1])
    place: Ints = np.cumsum(last) - last
    together = np.flatnonzero(~last | np.append(False, ~last[:-1]))
    order[together] = _worst_last(kind, order[together], place[together], value, quality)
    value = value[order]
    differs = np.zeros(int(last.sum()), np.bool_)
    differs[place[value != value[last][place]]] = True
    if not differs.any():
        return Standing(index=order[last], ties=None)
    tied = differs[place]
    ties = Ties(place=place[tied], value=value[tied], quality=quality[order][tied])
    return Standing(index=order[last], ties=ties)


def _worst_last(kind: VitalKind, rows: Ints, place: Ints, value: Floats, quality: Floats) -> Ints:
    """Return rows so that, of those of one instant (`place`), the one that stands is the last."""
    value, quality = value[rows], quality[rows]
    worse = badness(VITALS[kind].code) * value
    found: Ints = rows[np.lexsort((quality, worse, _points(kind, value), good(value, quality), place))]
    return found


def _points(kind: VitalKind, value: Floats) -> Ints:
    bands = CHART.get(kind.value, CHART["spo2_scale_1"] if kind is VitalKind.SPO2 else None)
    return np.zeros(len(value), np.int64) if bands is None else points(bands, value)[0]


def toward(ties: Ties, sign: int, speaks: Speaks, value: Floats, quality: Floats) -> tuple[Floats, Floats]:
    """Return values and qualities with the furthest reading of each instant in place of the one that stands.

    sign : 1 for the highest, -1 for the lowest; one that `speaks` comes before one that does not
    """
    order = np.lexsort((sign * ties.value, speaks(ties.value, ties.quality), ties.place))
    furthest = order[np.append(ties.place[order][1:] != ties.place[order][:-1], True)]
    value, quality = value.copy(), quality.copy()
    value[ties.place[furthest]] = ties.value[furthest]
    quality[ties.place[furthest]] = ties.quality[furthest]
    return value, quality
