"""What a rule says over time: the verdicts of a batch of stays as ragged columns on event time.

Pure. A rule over readings is one function, `judge(batch)`, that knows no clock: it says what holds from each
instant on if nothing newer comes, so live evaluation reads the track at now, the next row tells when time alone
changes something, a late reading shows up as rows in the past, and a back-test reads the whole of it.

The invariants, each a property test of every rule: causal (judging what was measured until t and all of it agree until
t), bounded (of the readings older than the rule's look-back before t only the newest of each kind may change what is
said from t on), and apart (a stay's rows do not depend on the others of the batch).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from alerting.features import Bools, Floats, Ints
from ward.alerts import Priority

Verdicts = npt.NDArray[np.int8]


class Verdict(IntEnum):
    """What is said from an instant on; from LOW it is a finding, and its number less `FINDING` its priority."""

    UNKNOWN = 0
    QUIET = 1
    PENDING = 2
    LOW = 3
    MEDIUM = 4
    HIGH = 5


FINDING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One rule's verdicts over `m` stays, stay after stay; before its first row a stay is UNKNOWN.

    offsets : (m + 1,) int64, stay `i` owns rows `[offsets[i], offsets[i + 1])`
    from_s : (k,) float64, seconds since 1970, strictly rising within a stay; a row holds until the next one;
        -inf for a stay for which the plan has nothing that this rule could find (QUIET)
    verdict : (k,) int8, `Verdict`
    began_s : (k,) float64, since when what is found has been there; NaN for UNKNOWN and QUIET
    place : (k,) int64, the reading that speaks for it, in the series that the rule's evidence reads; -1 for none
    most : (k,) int8, the worst `Verdict` that cannot be excluded where a finding says what is certain
    """

    offsets: Ints
    from_s: Floats
    verdict: Verdicts
    began_s: Floats
    place: Ints
    most: Verdicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a track: `stay` is the index in the batch, `from_s` since when the verdict is the one it is."""

    stay: int
    from_s: float
    verdict: Verdict
    began_s: float
    place: int

    @property
    def priority(self) -> Priority:
        """The priority of a finding."""
        return Priority(self.verdict - FINDING)


def track(
    stays: int,
    stay: Ints,
    from_s: Floats,
    verdict: npt.NDArray[np.integer],
    began_s: Floats,
    *,
    place: Ints | None = None,
    most: npt.NDArray[np.integer] | None = None,
) -> Track:
    """Make a track of rows that are sorted by stay and time; a row that says what the one before says is left out."""
    said = verdict.astype(np.int8)
    began = np.where(said < Verdict.PENDING, np.nan, began_s)
    kept = np.ones(len(said), np.bool_)
    kept[1:] = (stay[1:] != stay[:-1]) | (said[1:] != said[:-1]) | (
        (began[1:] != began[:-1]) & ~(np.isnan(began[1:]) & np.isnan(began[:-1]))
    )  # fmt: skip
    first = np.ones(len(said), np.bool_)
    first[1:] = stay[1:] != stay[:-1]
    bound = said if most is None else np.maximum(most.astype(np.int8), said)
    kept[1:] |= bound[1:] != bound[:-1]
    kept &= ~(first & (said == Verdict.UNKNOWN))
    places = np.full(len(said), -1, np.int64) if place is None else place
    return Track(
        offsets=np.searchsorted(stay[kept], np.arange(stays + 1)).astype(np.int64),
        from_s=from_s[kept],
        verdict=said[kept],
        began_s=began[kept],
        place=places[kept],
        most=bound[kept],
    )


def stay_of(of: Track) -> Ints:
    """Return (k,) int64: whose each row is."""
    return np.repeat(np.arange(len(of.offsets) - 1), np.diff(of.offsets))


def in_force(of: Track, at_s: float) -> Ints:
    """Return (m,) int64: the row of each stay that holds at `at_s`, -1 where none does."""
    passed = np.concatenate(([0], np.cumsum(of.from_s <= at_s)))
    first = of.offsets[:-1]
    count = passed[of.offsets[1:]] - passed[first]
    return np.where(count > 0, first + count - 1, -1)


def next_s(of: Track, at_s: float) -> Floats:
    """Return (m,) float64: when each stay's next row after `at_s` begins, inf where there is none."""
    row = np.maximum(in_force(of, at_s), of.offsets[:-1] - 1) + 1
    there = row < of.offsets[1:]
    found = np.full(len(row), np.inf)
    found[there] = of.from_s[row[there]]
    return found


def row_of(of: Track, index: int) -> Row:
    """Return one row."""
    return Row(
        stay=int(np.searchsorted(of.offsets, index, side="right")) - 1,
        from_s=float(of.from_s[index]),
        verdict=Verdict(int(of.verdict[index])),
        began_s=float(of.began_s[index]),
        place=int(of.place[index]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A stretch in which something was found, until it was certainly over or nobody could know.

    first, worst : int, rows of the track: the first finding, and the first of the worst priority
    ended_s : when it was over by what is known; inf where it goes on
    """

    first: int
    worst: int
    ended_s: float


def episodes(of: Track, stay: int, until_s: float) -> Iterator[Episode]:
    """Yield what one stay's rows until an instant found, in order of time; not knowing parts no episode."""
    first = worst = -1
    over_s = np.inf
    for row in range(int(of.offsets[stay]), int(of.offsets[stay + 1])):
        if of.from_s[row] > until_s:
            break
        verdict = of.verdict[row]
        if verdict >= Verdict.LOW:
            first, over_s = (row if first < 0 else first), np.inf
            worst = row if worst < 0 or verdict > of.verdict[worst] else worst
        elif first >= 0:
            over_s = min(over_s, float(of.from_s[row]))
            if verdict == Verdict.QUIET:
                yield Episode(first=first, worst=worst, ended_s=over_s)
                first = worst = -1
                over_s = np.inf
    if first >= 0:
        yield Episode(first=first, worst=worst, ended_s=over_s)


def without(of: Track, stays: Bools) -> Track:
    """Let nothing be found in the stays marked: one QUIET row since ever in place of theirs."""
    return joined([of], np.where(stays, -1, 0)) if stays.any() else of


def joined(parts: Sequence[Track], which: Ints) -> Track:
    """Return for each stay the rows of the part that `which` (m,) names; one QUIET row since ever for -1."""
    sizes = [len(part.from_s) for part in parts]
    owner = np.concatenate([stay_of(part) for part in parts])
    part_of = np.repeat(np.arange(len(parts)), sizes)
    rows = np.flatnonzero(which[owner] == part_of)
    silent = np.flatnonzero(which < 0)
    stay = np.concatenate((owner[rows], silent))
    order = np.argsort(stay, kind="stable")
    # One row behind the last stands for each that is silent.
    row = np.concatenate((rows, np.full(len(silent), len(owner))))[order]
    quiet = np.array([Verdict.QUIET], np.int8)
    return Track(
        offsets=np.searchsorted(stay[order], np.arange(len(which) + 1)).astype(np.int64),
        from_s=np.concatenate([*(part.from_s for part in parts), [-np.inf]])[row],
        verdict=np.concatenate([*(part.verdict for part in parts), quiet])[row],
        began_s=np.concatenate([*(part.began_s for part in parts), [np.nan]])[row],
        place=np.concatenate([*(part.place for part in parts), [-1]])[row],
        most=np.concatenate([*(part.most for part in parts), quiet])[row],
    )
