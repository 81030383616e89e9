"""Fit the index of signal quality on public recordings, and say what it reaches on records that it was not fitted on.

    python -m benchmarks.fit_quality ../shared/data

Prints the numbers to be copied into `alerting.signal.quality` and, for each source of windows, the area under the curve
and how often beats were right where the index said so, both by weights from the other records.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from alerting.signal.quality import ECG_MODEL, PPG_MODEL
from alerting.signal.quality_model import NAMES, Model
from benchmarks.quality_cases import Cases, ecg_cases, ppg_cases

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PENALTY: Final = 1e-4
TIMES: Final = {"lead 0": 6.0, "lead 1": 4.0, "bidmc": 6.0, "cinc2015": 4.0}
"""How much the windows of a source count together; those of another source count 1."""
EDGES: Final = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 1.001)


def main() -> None:
    """Fit both indices and print them."""
    folder = Path(sys.argv[1])
    _report("ECG_MODEL", ECG_MODEL, ecg_cases(folder))
    _report("PPG_MODEL", PPG_MODEL, ppg_cases(folder))


def _report(name: str, model: Model, cases: Iterable[Cases]) -> None:
    each = list(cases)
    count = [len(one.right) for one in each]
    source, record = (np.repeat([getattr(one, key) for one in each], count) for key in ("source", "record"))
    right = np.concatenate([one.right for one in each])
    design = np.clip(np.concatenate([one.measures for one in each]), model.good, model.bad) - np.array(model.good)
    weight = np.zeros(len(right))
    for one in np.unique(source):
        weight[source == one] = TIMES.get(str(one), 1.0) / np.count_nonzero(source == one)
    index = np.zeros(len(right))
    for one in np.unique(record):
        out = record == one
        index[out] = _index(design[out], _fitted(design[~out], right[~out], weight[~out]))
    found = _fitted(design, right, weight)
    print(name, f"intercept {found[0]:.2f},", ", ".join(f"{k} {v:.2f}" for k, v in zip(NAMES, found[1:], strict=True)))
    for one in (*np.unique(source), ""):
        some = (source == one) | (one == "")
        print(f"  {one or 'all':16} {_said(index[some], right[some])}")


def _fitted(design: Floats, right: Bools, weight: Floats) -> Floats:
    """Return (1 + k,) intercept and weights, none of which speaks for a window."""

    def cost(found: Floats) -> tuple[float, Floats]:
        logit = found[0] - design @ found[1:]
        gain = weight * (1 / (1 + np.exp(-logit)) - right)
        loss = (weight * (np.logaddexp(0, logit) - right * logit)).sum() + PENALTY * weight.sum() * (
            found[1:] ** 2
        ).sum()
        slope = np.concatenate(([gain.sum()], 2 * PENALTY * weight.sum() * found[1:] - design.T @ gain))
        return loss / weight.sum(), slope / weight.sum()

    start = np.concatenate(([4.0], np.ones(design.shape[1])))
    bounds = [(None, None), *[(0.0, None)] * design.shape[1]]
    return np.asarray(minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds).x)


def _index(design: Floats, found: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(design @ found[1:] - found[0])))


def _said(index: Floats, right: Bools) -> str:
    place = np.digitize(index, EDGES) - 1
    parts = [
        f"{index[place == k].mean():.2f} is {right[place == k].mean():.2f}"
        for k in range(len(EDGES) - 1)
        if np.count_nonzero(place == k) >= 20
    ]
    return f"{len(right):6} windows, right {100 * right.mean():5.1f} %, {_area(index, right)}; said {', '.join(parts)}"


def _area(index: Floats, right: Bools) -> str:
    """Return the area under the curve: how often a right window has a higher index than a wrong one."""
    if right.all() or not right.any():
        return "AUROC -    "
    wrong = np.sort(index[~right])
    below = (np.searchsorted(wrong, index[right], "left") + np.searchsorted(wrong, index[right], "right")) / 2
    return f"AUROC {below.mean() / len(wrong):.3f}"


if __name__ == "__main__":
    main()
