"""Windows and strips of public recordings with their rhythm: what the weights of the rhythm modules are fitted on.

Three sets: the Long-Term AF Database (few patients, many hours), MIT-BIH (ectopic beats in plenty) and the strips of
the Challenge of 2017 (many patients, beats as they are found). They count the same, however many windows they have.
None has a healthy young heart at rest, so a little of that is made: intervals that follow breathing, deeply.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal import qrs, quality
from alerting.signal.events import Beats
from alerting.signal.rhythm_score import Irregularity, Weights, irregularity
from alerting.signal.rhythm_strip import Evidence, evidence
from benchmarks import annotated
from benchmarks.logistic import Bools, Floats, Ints, Keys, cells

LENGTHS: Final = (16, 30, 64, 128)
MOST_WINDOWS: Final = 150
"""Of one record, label and length: more of the same patient teach nothing."""
BREATHING: Final = 60
BREATHING_WEIGHT: Final = 0.15
"""How many windows of each length are made to follow breathing, and what they count beside a set of recordings."""
FOLDS: Final = 10
"""Strips are left out a tenth at a time."""
MEASURES: Final = tuple(each.name for each in fields(Weights))[1:]
EVIDENCE: Final = tuple(each.name for each in fields(Evidence))


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Windows of RR intervals, (n, …): measures, whether af, of which set, which record, of how many intervals."""

    measures: Floats
    af: Bools
    source: Keys
    record: Keys
    intervals: Ints

    def weights(self) -> Floats:
        """Return (n,): sets, lengths and labels count the same, records by the root of their windows."""
        weight = np.zeros(len(self.af))
        for cell in cells(self.source, self.intervals, self.af):
            for part in cells(self.record[cell]):
                weight[cell[part]] = 1 / np.sqrt(len(part))
            weight[cell] *= (BREATHING_WEIGHT if self.source[cell[0]] == "made" else 1) / weight[cell].sum()
        return np.asarray(weight * len(weight) / weight.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Strips:
    """Strips of the Challenge of 2017: evidence (n, 4), NaN with too few beats; label N, A, O or ~; intervals."""

    evidence: Floats
    label: Keys
    rr_ms: tuple[Floats, ...]

    @property
    def fold(self) -> Keys:
        """Which strips are left out together."""
        return (np.arange(len(self.label)) % FOLDS).astype(np.str_)


def strips(folder: Path) -> Strips:
    """Return the evidence of every strip, the noisy ones too."""
    found, label, intervals = [], [], []
    for each in annotated.cinc2017(folder):
        beats = qrs.detect(each.ecg_mv[None], each.fs_hz)
        seen = evidence(each.ecg_mv[None], beats, quality.ecg(each.ecg_mv[None], each.fs_hz, beats))
        found.append([getattr(seen, name)[0] for name in EVIDENCE])
        label.append(each.label)
        intervals.append(np.diff(beats.sample) / each.fs_hz * 1000)
    return Strips(evidence=np.array(found), label=np.array(label), rr_ms=tuple(intervals))


def windows(folder: Path, seen: Strips) -> Windows:
    """Return windows of every length from all three sets."""
    parts = [*_long(folder), *_short(seen), *_made()]
    counts = [len(part[1]) for part in parts]
    measures, af, source, record, intervals = zip(*parts, strict=True)
    return Windows(
        measures=np.concatenate(measures),
        af=np.concatenate(af),
        source=np.repeat(source, counts),
        record=np.repeat(record, counts),
        intervals=np.repeat(np.array(intervals, np.int64), counts),
    )


def cut(rr_ms: Floats, label: Ints, intervals: int) -> tuple[Floats, Bools]:
    """Return the windows (n, intervals) of one rhythm in nine tenths of them, flutter left out; and which are af."""
    many = len(rr_ms) // intervals
    rows, told = (each[: many * intervals].reshape(many, intervals) for each in (rr_ms, label))
    share = (told == 1).mean(axis=-1)
    kept = ((told == -1).mean(axis=-1) <= 0.1) & ((share <= 0.1) | (share >= 0.9))
    return rows[kept], share[kept] >= 0.9


def rhythm_of(notes: annotated.Annotations) -> tuple[Floats, Ints]:
    """Return the RR intervals in ms, and 1 af, 0 another rhythm, -1 flutter, as it was where each ends."""
    changes = np.flatnonzero((notes.symbol == "+") & np.char.startswith(notes.aux, "("))
    af, flutter = (np.char.startswith(notes.aux[changes], name) for name in ("(AFIB", "(AFL"))
    told = np.concatenate(([0], af.astype(np.int64) - flutter))
    beat = np.flatnonzero(notes.is_beat)
    label = told[np.searchsorted(changes, beat)]
    return np.diff(notes.sample[beat]) / notes.fs_hz * 1000, label[1:]


def beats_of(notes: annotated.Annotations) -> Beats:
    """Return the annotated beats of one record."""
    return Beats.of(notes.sample[notes.is_beat], notes.fs_hz)


def measured(rr_ms: npt.ArrayLike) -> Floats:
    """Return the measures of windows as columns, 0 where there is none."""
    found: Irregularity = irregularity(rr_ms)
    return np.asarray(np.nan_to_num(np.column_stack([getattr(found, name) for name in MEASURES])))


def _long(folder: Path) -> Iterator[tuple[Floats, Bools, str, str, int]]:
    rng = np.random.default_rng(0)
    for source, name, notes in _annotations(folder):
        rr_ms, label = rhythm_of(notes)
        for intervals in LENGTHS:
            rows, af = cut(rr_ms, label, intervals)
            taken = np.concatenate(
                [rng.permutation(np.flatnonzero(af == each))[:MOST_WINDOWS] for each in (False, True)]
            )
            yield measured(rows[taken]), af[taken], source, name, intervals


def _short(seen: Strips) -> Iterator[tuple[Floats, Bools, str, str, int]]:
    for rr_ms, label, fold in zip(seen.rr_ms, seen.label, seen.fold, strict=True):
        for intervals in LENGTHS[:-1] if label != "~" and len(rr_ms) >= 8 else ():
            yield measured(rr_ms[:intervals]), np.array([label == "A"]), "cinc2017", str(fold), intervals


def breathing(intervals: int, rng: np.random.Generator) -> Floats:
    """Return intervals in ms that follow a breath of 3 to 7 s by 5 to 15 % to and fro."""
    rr_ms, depth, breath_s = rng.uniform(600, 1100), rng.uniform(0.05, 0.15), rng.uniform(3, 7)
    made, phase = np.empty(intervals), 0.0
    for each in range(intervals):
        made[each] = rr_ms * (1 + depth * np.sin(phase)) + rng.normal(0, 8)
        phase += 2 * np.pi * made[each] / 1000 / breath_s * np.exp(rng.normal(0, 0.15))
    return made


def _made() -> Iterator[tuple[Floats, Bools, str, str, int]]:
    rng = np.random.default_rng(1)
    for intervals in LENGTHS:
        for each in range(BREATHING):
            yield measured(breathing(intervals, rng)), np.array([False]), "made", str(each % FOLDS), intervals


def _annotations(folder: Path) -> Iterator[tuple[str, str, annotated.Annotations]]:
    for name in annotated.names(folder, "ltafdb_rr", ".csv.xz"):
        yield "ltafdb", name, annotated.ltafdb(folder, name)
    for name in annotated.names(folder, "mitdb", ".dat.xz"):
        yield "mitdb", name, annotated.mitdb(folder, name).annotations
