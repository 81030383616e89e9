"""Fit the weights of `rhythm_score` and `rhythm_strip` on public recordings, and say what they reach on records unseen.

    python -m benchmarks.fit_rhythm ../shared/data

Prints the tables to be copied into the modules and, cross-validated over records, how well they tell.
"""

import sys
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from alerting.signal.rhythm_score import Weights
from alerting.signal.rhythm_strip import RAISED, Fibrillating, Noisy
from benchmarks.logistic import Bools, Floats, Keys, auroc, cells, crossed, fitted, probability
from benchmarks.rhythm_cases import EVIDENCE, Strips, Windows, strips, windows

PENALTY: Final = 0.1
STRIP_PENALTY: Final = 1.0
REFUSED: Final = 0.025
"""The share of normal strips that the gate may refuse: where its threshold is put."""


def main() -> None:
    """Print the tables and what they reach."""
    folder = Path(sys.argv[1])
    short = strips(folder)
    _windows(windows(folder, short))
    _strips(short)


def _windows(cases: Windows) -> None:
    weight = cases.weights()
    print("rhythm_score", _table(Weights, fitted(cases.measures, cases.af, weight, PENALTY)))
    group = np.char.add(cases.source, cases.record)
    odds = crossed(cases.measures, cases.af, weight, group, PENALTY)
    for cell in cells(cases.source, cases.intervals):
        af, share = cases.af[cell], weight[cell]
        area = f"AUROC {auroc(odds[cell], af, share):.4f}, " if af.any() else ""
        print(
            f"  {cases.source[cell[0]]:8} {cases.intervals[cell[0]]:4} intervals, {len(cell):4} windows:"
            f" {area}{_at_half(odds[cell], af, share)}"
        )


def _at_half(odds: Floats, truth: Bools, weight: Floats) -> str:
    """Say what is right at a probability of a half, and what is true among what was thought likely to a degree."""
    right = (odds >= 0) == truth
    se, sp = (100 * np.average(right[each], weights=weight[each]) if each.any() else np.nan for each in (truth, ~truth))
    said = probability(odds)
    edges = (0, 0.2, 0.8, 1.01)
    within = [(said >= low) & (said < high) for low, high in pairwise(edges)]
    means = [
        f"{np.average(said[each], weights=weight[each]):.2f} is {np.average(truth[each], weights=weight[each]):.2f}"
        for each in within
        if each.any()
    ]
    return f"Se {se:.1f} Sp {sp:.1f}; said {', '.join(means)}"


def _strips(cases: Strips) -> None:
    known = ~np.isnan(cases.evidence).any(axis=-1)
    label, fold = cases.label[known], cases.fold[known]
    column = dict(zip(EVIDENCE, cases.evidence[known].T, strict=True))
    print(f"strips with too few beats: {''.join(cases.label[~known]) or 'none'}")
    af_odds = _logistic(Fibrillating, np.column_stack([column[k] for k in EVIDENCE[:3]]), label == "A", fold)
    af_odds = np.minimum(af_odds, column["rhythm"] + RAISED)
    noisy_odds = _logistic(Noisy, np.column_stack([column[k] for k in EVIDENCE[2:]]), label == "~", fold)
    refused = float(np.quantile(noisy_odds[label == "N"], 1 - REFUSED))
    out, called = noisy_odds >= refused, af_odds >= 0
    for against in ("N", "O", "NO"):
        some = np.isin(label, ["A", *against])
        af = label[some] == "A"
        even = np.ones(len(af))
        print(f"  A against {against}: AUROC {auroc(af_odds[some], af):.3f}, {_at_half(af_odds[some], af, even)}")
    print(f"  refused from {refused:.2f} on:", *(f"{each} {100 * out[label == each].mean():.1f} %" for each in "NAO~"))
    print("  called af:", *(f"{each} {100 * (called & ~out)[label == each].mean():.1f} %" for each in "NAO~"))


def _logistic(table: type, features: Floats, truth: Bools, fold: Keys) -> Floats:
    """Print a table fitted on all strips, and return the logits by tables fitted without the strip."""
    weight = np.where(truth, 0.5 / truth.mean(), 0.5 / (~truth).mean())
    print("rhythm_strip", _table(table, fitted(features, truth, weight, STRIP_PENALTY)))
    return crossed(features, truth, weight, fold, STRIP_PENALTY)


def _table(table: type, found: Floats) -> str:
    names = [each.name for each in fields(table)][: len(found)]
    values = ", ".join(f"{name}={value:.3g}" for name, value in zip(names, found, strict=True))
    return f"{table.__name__}({values})"


if __name__ == "__main__":
    main()
