"""Figures out of measurements: percentiles, latencies by matching, tables. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def percentile(values: npt.NDArray[np.generic], rank: float) -> float:
    """Return the nearest-rank percentile, NaN of nothing."""
    if not len(values):
        return float("nan")
    return round(float(np.percentile(values.astype(np.float64), rank, method="inverted_cdf")), 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A distribution of latencies in milliseconds."""

    count: int
    p50: float
    p95: float
    p99: float
    worst: float


def spread(latencies_ms: Floats) -> Spread:
    """Summarise latencies."""
    p50, p95, p99, worst = (percentile(latencies_ms, rank) for rank in (50, 95, 99, 100))
    return Spread(count=len(latencies_ms), p50=p50, p95=p95, p99=p99, worst=worst)


def first_seen(measured: npt.NDArray[np.int64], shown: npt.NDArray[np.int64], at: npt.NDArray[np.int64]) -> Floats:
    """Return for each reading the ms from its publishing until something at least as new was shown.

    Parameters
    ----------
    measured : (n,) int64
        When the readings of one series were published, microseconds, any order.
    shown, at : (m,) int64
        What was shown (its measured time) and when, in the order of arrival, microseconds.

    Returns
    -------
    (n,) float64, milliseconds; inf for a reading that was never seen.
    """
    newest = np.maximum.accumulate(shown) if len(shown) else shown
    where = np.searchsorted(newest, measured, side="left")
    arrival = np.append(at.astype(np.float64), np.inf)
    out: Floats = (arrival[where] - measured) / 1e3
    return out


def middle(values: Sequence[float]) -> float:
    """Return the median of some runs."""
    return float(median(values))


def row(*cells: object) -> str:
    """Return a line of a Markdown table; floats with the digits that matter."""
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def head(*names: str) -> str:
    """Return the two head lines of a Markdown table."""
    return row(*names) + "\n" + "|" + "---|" * len(names)


def _cell(cell: object) -> str:
    if not isinstance(cell, float):
        return str(cell)
    return f"{cell:.2f}" if abs(cell) < 10 else f"{cell:.1f}" if abs(cell) < 100 else f"{cell:,.0f}"
