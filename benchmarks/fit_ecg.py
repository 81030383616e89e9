"""Fit what tells ventricular beats, and the confidence of a heart rate, on public recordings.

    python -m benchmarks.fit_ecg ../shared/data

Prints the numbers to be copied into `alerting.signal.ecg_kinds` and `ecg_rate`, and what they reach on records that
they were not fitted on.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from alerting.signal import ecg, ecg_rate, qrs
from alerting.signal.ecg_kinds import Fellowship, fellowship, later_signs, likeness, probability, signs
from alerting.signal.ecg_shapes import looks
from alerting.signal.events import Beats
from benchmarks import annotated
from benchmarks.heart_rates import WITHIN_PER_MIN, interval_rates
from benchmarks.quality_cases import ecg_trials

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PENALTY: Final = 1e-3
TIMES: Final = {"lead 0": 6.0, "lead 1": 4.0}
"""How much the windows of a source count together in the confidence of a rate; those of another source count 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beating:
    """The annotated beats of a record: which are ventricular, which count, and how they look beside each other."""

    ventricular: Bools
    counts: Bools
    first: Floats
    later: "Later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """What later signs are reckoned from, once there is a first probability."""

    ecg_mv: Floats
    beats: Beats

    def signs(self, first: Floats) -> Floats:
        """Return the later signs, (k, 6)."""
        seen, fellows = looks(self.ecg_mv, self.beats), _fellows(self.beats)
        return later_signs(first, seen, fellows, likeness(seen, fellows))


def _fellows(beats: Beats) -> Fellowship:
    return fellowship(beats, np.arange(len(beats.sample)))


def main() -> None:
    """Fit and print both."""
    folder = Path(sys.argv[1])
    _kinds([_beating(annotated.mitdb(folder, name)) for name in annotated.names(folder, "mitdb", ".dat.xz")])
    _rates(folder)


def _beating(record: annotated.Ecg) -> Beating:
    marks = record.annotations
    sample, symbol = marks.sample[marks.is_beat], marks.symbol[marks.is_beat]
    later = Later(ecg_mv=record.ecg_mv[:1], beats=Beats.of(sample, record.fs_hz))
    seen, fellows = looks(later.ecg_mv, later.beats), _fellows(later.beats)
    first = signs(later.beats, seen, fellows, likeness(seen, fellows))
    return Beating(ventricular=np.isin(symbol, ["V", "E"]), counts=symbol != "F", first=first, later=later)


def _kinds(records: list[Beating]) -> None:
    counts = np.zeros(3)
    for place, out in enumerate(records):
        first, later = _weights(records[:place] + records[place + 1 :])
        said = probability(later, out.later.signs(probability(first, out.first))) >= 0.5
        true, known = out.ventricular, out.counts
        counts += [np.count_nonzero(each) for each in (said & true, said & ~true & known, true & ~said)]
    first, later = _weights(records)
    print("FIRST", np.round(first, 2).tolist())
    print("LATER", np.round(later, 2).tolist())
    print(
        f"  ventricular: Se {100 * counts[0] / (counts[0] + counts[2]):.1f} P+ {100 * counts[0] / counts[:2].sum():.1f}"
    )


def _weights(records: list[Beating]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the first and the later weights. A record counts the same in the first, a beat in the later ones."""
    truth = np.concatenate([each.ventricular for each in records])
    weight = np.concatenate([np.full(len(each.ventricular), 1 / len(each.ventricular)) for each in records])
    first = _fitted(np.concatenate([each.first for each in records]), truth, weight)
    later = np.concatenate([each.later.signs(probability(first, each.first)) for each in records])
    return first, _fitted(later, truth, np.ones(len(truth)))


def _rates(folder: Path) -> None:
    columns, right, source, record = [], [], [], []
    for trial in ecg_trials(folder):
        found = ecg.read(trial.signal, trial.fs_hz, qrs.detect(trial.signal, trial.fs_hz))
        seen = ecg_rate.evidence(found.intervals, found.quality, ecg_rate.WINDOW_S)
        truth = interval_rates(trial.beats, len(trial.signal), trial.fs_hz)
        windows = len(truth)
        filled = seen.filled_s[0, :windows]
        known = ~np.isnan(truth) & (filled >= ecg_rate.LEAST_SHARE * ecg_rate.WINDOW_S)
        error = np.abs(60 * seen.count[0, :windows][known] / filled[known] - truth[known])
        columns.append(ecg_rate.signs(seen)[0, :windows][known])
        right.append(error <= WITHIN_PER_MIN)
        source += [trial.source] * len(error)
        record += [trial.record] * len(error)
    features, within = np.concatenate(columns), np.concatenate(right)
    sources, records = np.array(source), np.array(record)
    weight = np.zeros(len(within))
    for one in np.unique(sources):
        weight[sources == one] = TIMES.get(str(one), 1.0) / np.count_nonzero(sources == one)
    print("SURE", np.round(_fitted(features, within, weight), 2).tolist())
    said = np.zeros(len(within))
    for one in np.unique(records):
        out = records == one
        said[out] = probability(_fitted(features[~out], within[~out], weight[~out]), features[out])
    for one in np.unique(sources):
        some = sources == one
        sure = said[some] >= ecg_rate.LEAST_SURE
        print(
            f"  {one:14} {len(sure):5} windows, right {100 * within[some].mean():5.1f} %, of the"
            f" {100 * sure.mean():5.1f} % that are sure {100 * within[some][sure].mean():5.1f} %"
        )


def _fitted(features: Floats, truth: Bools, weight: Floats) -> tuple[float, ...]:
    """Return intercept and weights of a logistic regression, with a small penalty on the standardised weights."""
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    design = np.column_stack((np.ones(len(features)), (features - mean) / spread))
    share = weight / weight.sum()

    def cost(found: Floats) -> tuple[float, Floats]:
        logit = design @ found
        loss = (share * (np.logaddexp(0, logit) - truth * logit)).sum() + PENALTY * (found[1:] ** 2).sum()
        slope = design.T @ (share * (1 / (1 + np.exp(-logit)) - truth))
        slope[1:] += 2 * PENALTY * found[1:]
        return loss, slope

    found = np.asarray(minimize(cost, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B").x)
    plain = found[1:] / spread
    return (float(found[0] - (plain * mean).sum()), *plain.tolist())


if __name__ == "__main__":
    main()
