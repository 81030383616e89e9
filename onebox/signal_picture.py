"""A recording as a picture that a clinician or a developer can judge: the signal, and on it what was seen.

Ten seconds a row, ECG on the paper's grid (0.2 s, 0.5 mV where the range allows). What is read is drawn where it was
read: a mark on each beat with its kind, a band for the quality of each window with the reason where it is low, and
below all of it the intervals from beat to beat. Draws values and computes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

Floats = npt.NDArray[np.float64]

ROW_S: Final = 10.0
_WIDTH_IN, _LANE_IN, _HEAD_IN, _FOOT_IN = 14.0, 1.15, 1.0, 2.2
_PAPER: Final = "#f3b9b9"
_INK: Final = "#1d2733"
# Colours that people who do not see red and green alike can tell apart (Okabe & Ito 2008).
_COLOURS: Final = {"": "#0072b2", "N": "#0072b2", "V": "#d55e00", "S": "#cc79a7", "?": "#8a8a8a"}
_GOOD, _FAIR, _POOR = "#009e73", "#f0c000", "#d55e00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Beats on a lane: (k,) seconds and what they are called (`""` for a plain one)."""

    at_s: Floats
    called: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Quality: (w,) index 0-1 of consecutive windows from second 0, and the reason of each, empty where it is good."""

    index: Floats
    reasons: Sequence[str]
    window_s: float
    readable: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One channel: (samples,) from second 0 at `fs_hz`, NaN where a sample is missing."""

    name: str
    signal: Floats
    fs_hz: float
    marks: Marks
    band: Band | None
    is_ecg: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """From beat to beat: (k,) seconds at which each ends, (k,) its length in ms, and what it is called."""

    at_s: Floats
    ms: Floats
    called: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that is drawn: from `begin_s` on, `length_s` seconds."""

    title: str
    said: Sequence[str]
    lanes: Sequence[Lane]
    intervals: Intervals
    begin_s: float
    length_s: float


def draw(page: Page) -> Figure:
    """Return the picture of a page."""
    rows = max(1, int(np.ceil(page.length_s / ROW_S - 1e-9)))
    lanes = max(1, len(page.lanes))
    height = _HEAD_IN + rows * (lanes * _LANE_IN + 0.25) + _FOOT_IN
    figure = Figure(figsize=(_WIDTH_IN, height), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    _head(figure, page, height)
    top = height - _HEAD_IN
    for row in range(rows):
        for place, lane in enumerate(page.lanes):
            low = top - (row * (lanes * _LANE_IN + 0.25)) - (place + 1) * _LANE_IN
            axes = figure.add_axes((0.06, low / height, 0.925, (_LANE_IN - 0.12) / height))
            _lane(axes, lane, page, page.begin_s + row * ROW_S, last=place == lanes - 1)
    _foot(figure.add_axes((0.06, 0.55 / height, 0.925, (_FOOT_IN - 0.95) / height)), page)
    return figure


def save(page: Page, path: Path) -> None:
    """Draw into a file; its ending says which form (`.png`, `.svg`, `.pdf`)."""
    draw(page).savefig(path)


def _head(figure: Figure, page: Page, height: float) -> None:
    figure.text(0.06, 1 - 0.3 / height, page.title, fontsize=13, weight="bold", color=_INK, va="center")
    figure.text(0.06, 1 - 0.62 / height, "   ·   ".join(page.said), fontsize=10.5, color=_INK, va="center")


def _lane(axes: Axes, lane: Lane, page: Page, begin_s: float, *, last: bool) -> None:
    end_s = min(begin_s + ROW_S, page.begin_s + page.length_s)
    first, until = (round(at_s * lane.fs_hz) for at_s in (begin_s, end_s))
    piece = lane.signal[first:until]
    low, high = _range(lane, page)
    t_s = begin_s + np.arange(len(piece)) / lane.fs_hz
    axes.plot(t_s, piece, color=_INK, linewidth=0.7, solid_joinstyle="round", zorder=3)
    axes.set(xlim=(begin_s, begin_s + ROW_S), ylim=(low, high + 0.22 * (high - low)))
    _paper(axes, lane, low, high)
    _mark(axes, lane, begin_s, end_s, high)
    if lane.band is not None:
        _band(axes, lane.band, begin_s, end_s)
    axes.set_ylabel(lane.name, rotation=0, ha="right", va="center", fontsize=9.5, color=_INK)
    axes.tick_params(axis="x", labelbottom=last, labelsize=8, length=2)
    axes.tick_params(axis="y", labelsize=7, length=2)
    if last:
        axes.xaxis.set_major_formatter(lambda at_s, _: f"{int(at_s // 60)}:{at_s % 60:02.0f}" if at_s % 1 == 0 else "")


def _range(lane: Lane, page: Page) -> tuple[float, float]:
    """Return a range that holds nearly all of the page, so that one spike does not flatten the rest."""
    first, until = (round(at_s * lane.fs_hz) for at_s in (page.begin_s, page.begin_s + page.length_s))
    seen = lane.signal[first:until]
    seen = seen[np.isfinite(seen)]
    if not len(seen):
        return -1.0, 1.0
    low, high = (float(each) for each in np.percentile(seen, (0.1, 99.9)))
    margin = 0.08 * (high - low) or max(abs(high), 1.0) * 0.1
    return low - margin, high + margin


def _paper(axes: Axes, lane: Lane, low: float, high: float) -> None:
    axes.xaxis.set_major_locator(MultipleLocator(1.0))
    if lane.is_ecg and 0.5 <= high - low <= 8:
        axes.xaxis.set_minor_locator(MultipleLocator(0.2))
        axes.yaxis.set_major_locator(MultipleLocator(1.0))
        axes.yaxis.set_minor_locator(MultipleLocator(0.5))
        axes.grid(visible=True, which="minor", color=_PAPER, linewidth=0.4)
    axes.grid(visible=True, which="major", color=_PAPER if lane.is_ecg else "#d8dde3", linewidth=0.7)
    for side in axes.spines.values():
        side.set_visible(False)


def _mark(axes: Axes, lane: Lane, begin_s: float, end_s: float, high: float) -> None:
    for at_s, called in zip(lane.marks.at_s, lane.marks.called, strict=True):
        if not begin_s <= at_s < end_s:
            continue
        place = min(round(at_s * lane.fs_hz), len(lane.signal) - 1)
        colour = _COLOURS.get(called, _COLOURS["?"])
        axes.plot(at_s, lane.signal[place], "o", color=colour, markersize=3.6, zorder=4)
        if called not in {"", "N"}:
            axes.text(at_s, high, called, color=colour, fontsize=8.5, weight="bold", ha="center", va="top", zorder=5)


def _band(axes: Axes, band: Band, begin_s: float, end_s: float) -> None:
    """Draw the quality along the upper edge: a line that is thin where all is well."""
    low, high = axes.get_ylim()
    level = high - 0.02 * (high - low)
    for window, index in enumerate(band.index):
        from_s, until_s = max(window * band.window_s, begin_s), min((window + 1) * band.window_s, end_s)
        if from_s >= until_s:
            continue
        poor = index < band.readable
        colour = _POOR if poor else _FAIR if index < (1 + band.readable) / 2 else _GOOD
        piece = [[(from_s, level), (until_s, level)]]
        axes.add_collection(LineCollection(piece, colors=colour, linewidths=6 if poor else 3, zorder=6))
        said = band.reasons[window]
        is_new = from_s == begin_s or band.index[window - 1] >= band.readable or band.reasons[window - 1] != said
        if poor and said and is_new:
            axes.text(from_s + 0.05, level - 0.05 * (high - low), said, color=_POOR, fontsize=7, va="top", zorder=7)


def _foot(axes: Axes, page: Page) -> None:
    """Draw the intervals of the whole page: what is irregular, and where, shows at a glance."""
    given = page.intervals
    inside = (given.at_s >= page.begin_s) & (given.at_s <= page.begin_s + page.length_s)
    axes.plot(given.at_s[inside], given.ms[inside], color="#b6bfc9", linewidth=0.8, zorder=2)
    for called, colour in _COLOURS.items():
        chosen = inside & (np.array(given.called, dtype=object) == called)
        if chosen.any():
            name = {"": "interval", "N": "normal", "V": "ventricular", "S": "early, narrow", "?": "unreadable"}[called]
            axes.plot(given.at_s[chosen], given.ms[chosen], "o", color=colour, markersize=3, label=name, zorder=3)
    axes.set(xlim=(page.begin_s, page.begin_s + page.length_s), ylabel="interval, ms", xlabel="time, s")
    axes.grid(visible=True, color="#d8dde3", linewidth=0.7)
    axes.tick_params(labelsize=8)
    if inside.any():
        axes.set_ylim(0, max(1500.0, 1.1 * float(np.nanmax(given.ms[inside]))))
        axes.legend(loc="lower left", ncols=4, fontsize=8, frameon=False)
    for side in axes.spines.values():
        side.set_visible(False)
