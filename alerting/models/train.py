"""`python -m alerting.models.train --data FOLDER`: fits the deterioration score and prints what it is worth.

Deterministic: the same files give the same weights and figures. Every figure is cross-validated over patients: whoever
is scored was in no training part; the folds are drawn anew `REPEATS` times and the figures averaged. One model for both
data sets: they share every effect and differ in the intercept only. Of the two intercepts the one of deaths is kept.
A shell: reads the folder, writes the file of weights. Not here: the loss (`fit`), the figures (`figures`).
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from scipy.special import expit

from alerting.models import datasets, deterioration, figures
from alerting.models.datasets import DEATHS, Cohort
from alerting.models.deterioration import DataSet, EffectLine, Figure, ReachLine, Training, Weights
from alerting.models.fit import Fitted, Rows, design, effects, fit
from alerting.models.shapes import SHAPES
from alerting.signal.records import Bools, Floats, Ints
from alerting.signal.risk_features import features
from alerting.signal.risk_model import Effect
from ward.clock import SystemClock

VERSION: Final = 1
FOLDS: Final = 5
REPEATS: Final = 3
RIDGE: Final = 1e-3
ROUGHNESS: Final = 3e-3
"""Chosen by cross-validation among 1e-3 to 1e-2; the figures change by less than 0.01 in between."""
SEPSIS_WEIGHS: Final = 1.5
"""What the data set of sepsis weighs beside that of deaths, chosen among 1, 1.5 and 2 so that neither is sacrificed."""
THINNED_S: Final = 3 * 3600
"""Fitted to a patient's newest row in each three hours: neighbours in time tell nearly the same."""
DECIMALS: Final = 3
REACH_PCT: Final = (5, 95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One data set, ready to be fitted to.

    design : (rows, rises); features : (shapes, rows); thin : (rows,) bool, the rows that are fitted to
    """

    cohort: Cohort
    design: Floats
    features: Floats
    thin: Bools

    @property
    def patient(self) -> Ints:
        """(rows,) whose row it is."""
        return self.cohort.courses.patient


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit, judge, print, write."""
    asked = _asked(arguments)
    parts = [_part(cohort) for cohort in (datasets.deaths(asked.data), datasets.sepsis(asked.data))]
    runs = []
    for repeat in range(asked.repeats):
        runs.append(_judged(parts, repeat))
        print(f"repeat {repeat + 1} of {asked.repeats} is done", flush=True)  # noqa: T201 - a command prints
    found = _weights(parts, figures.averaged(runs), asked)
    for figure in found.figures:
        interval = f"  95 % {figure.interval[0]:.3f} to {figure.interval[1]:.3f}" if figure.interval else ""
        print(f"{figure.data}  {figure.group:16s} {figure.what:28s} {figure.found:.4f}{interval}")  # noqa: T201
    asked.out.write_text(deterioration.text(found), encoding="utf-8")


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m alerting.models.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with cinc2012/ and cinc2019/")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name(deterioration.NAME), help="file to write")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="how often the folds are drawn anew")
    parser.add_argument("--made-on", default=f"{SystemClock().now():%Y-%m-%d}", help="date to write into the file")
    return parser.parse_args(arguments)


def _part(cohort: Cohort) -> Part:
    found, _ = features(cohort.courses, [shape.feature for shape in SHAPES], [])
    return Part(cohort=cohort, design=design(SHAPES, found), features=found, thin=_thin(cohort))


def _thin(cohort: Cohort) -> Bools:
    patient, block = cohort.courses.patient, cohort.courses.t_s // THINNED_S
    return np.append((np.diff(patient) != 0) | (np.diff(block) != 0), [True] * bool(len(block)))


def _rows(parts: Sequence[Part], chosen: Sequence[Bools]) -> Rows:
    """Return the chosen rows of all data sets; each data set weighs as much as its outcome varies little.

    A death is a patient's, so patients weigh the same; sepsis is an hour's, so hours do.
    """
    weights = []
    for part, rows in zip(parts, chosen, strict=True):
        patient = part.patient[rows]
        weight = 1 / np.bincount(patient)[patient] if part.cohort.name == DEATHS else np.ones(len(patient))
        share = np.average(part.cohort.event[rows], weights=weight)
        balance = 1.0 if part.cohort.name == DEATHS else SEPSIS_WEIGHS
        weights.append(balance * weight / weight.sum() / (share * (1 - share)))
    return Rows(
        design=np.vstack([part.design[rows] for part, rows in zip(parts, chosen, strict=True)]),
        event=np.concatenate([part.cohort.event[rows] for part, rows in zip(parts, chosen, strict=True)]),
        source=np.repeat(np.arange(len(parts)), [int(rows.sum()) for rows in chosen]),
        weight=np.concatenate(weights),
    )


def _fitted(parts: Sequence[Part], chosen: Sequence[Bools]) -> Fitted:
    return fit(_rows(parts, chosen), SHAPES, RIDGE, ROUGHNESS)


def _judged(parts: Sequence[Part], seed: int) -> list[Figure]:
    """Return every figure of scores that were made without the patient scored.

    Ranking is by the score as it is shown, with the intercept of deaths; calibration is with each data set's own.
    """
    rng = np.random.default_rng(seed)
    folds = [_folds(part.cohort.outcome, rng) for part in parts]
    shown, own = ([np.zeros(len(part.thin)) for part in parts] for _ in range(2))
    for fold in range(FOLDS):
        out = [which[part.patient] == fold for part, which in zip(parts, folds, strict=True)]
        found = _fitted(parts, [part.thin & ~rows for part, rows in zip(parts, out, strict=True)])
        for index, (part, rows) in enumerate(zip(parts, out, strict=True)):
            logit = part.design[rows] @ found.rises
            shown[index][rows] = expit(logit + found.intercepts[0])
            own[index][rows] = expit(logit + found.intercepts[index])
    made: list[Figure] = []
    for part, score, predicted in zip(parts, shown, own, strict=True):
        groups = figures.groups(part.cohort)
        made += figures.ranking(part.cohort, score, "score", groups)
        made += figures.ranking(part.cohort, figures.early_warning(part.cohort), "NEWS2", groups)
        made += figures.calibrated(part.cohort, predicted)
        made += figures.shares(part.cohort, predicted, groups)
    return made


def _folds(outcome: Bools, rng: np.random.Generator) -> Ints:
    """Return (n,) each patient's fold; those with and without the outcome are dealt out apart, so folds are alike."""
    found = np.zeros(len(outcome), np.int64)
    for chosen in (outcome, ~outcome):
        found[chosen] = rng.permutation(int(chosen.sum())) % FOLDS
    return found


def _weights(parts: Sequence[Part], judged: list[Figure], asked: argparse.Namespace) -> Weights:
    found = _fitted(parts, [part.thin for part in parts])
    lines = effects(SHAPES, found.rises, DECIMALS)
    return Weights(
        schema=deterioration.SCHEMA,
        intercept=round(float(found.intercepts[0]), DECIMALS),
        figures=judged,
        training=Training(
            script="alerting.models.train",
            script_version=VERSION,
            made_on=asked.made_on,
            files_sha256=datasets.checksum(asked.data),
            ridge=RIDGE,
            roughness=ROUGHNESS,
            sepsis_weighs=SEPSIS_WEIGHS,
            data=[_data_set(part) for part in parts],
        ),
        effect=[
            EffectLine(signal=e.signal, statistic=e.statistic, knots=list(e.knots), heights=list(e.heights))
            for e in lines
        ],
        reach=_reaches(parts, lines),
    )


def _data_set(part: Part) -> DataSet:
    cohort = part.cohort
    return DataSet(
        name=cohort.name,
        patients=len(cohort.outcome),
        rows=len(cohort.event),
        rows_fitted=int(part.thin.sum()),
        outcomes=int(cohort.outcome.sum()),
    )


def _reaches(parts: Sequence[Part], lines: Sequence[Effect]) -> list[ReachLine]:
    """Return for each signal what its effects added together, where it was known: the 5th and 95th percentile."""
    made = []
    values = np.hstack([part.features for part in parts])
    for signal in dict.fromkeys(line.signal for line in lines):
        own = [(line, given) for line, given in zip(lines, values, strict=True) if line.signal is signal]
        known = np.any([~np.isnan(given) for _, given in own], axis=0)
        added = sum((line.at(given[known]) for line, given in own), start=np.zeros(int(known.sum())))
        low, high = np.percentile(added, REACH_PCT) if len(added) else (0.0, 0.0)
        made.append(ReachLine(signal=signal, low=round(float(low), DECIMALS), high=round(float(high), DECIMALS)))
    return made


if __name__ == "__main__":
    main()
