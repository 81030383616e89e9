"""What is measured of a body's signals to tell a believable one: one number for each piece or person. Pure.

Knows neither recordings nor simulated bodies, so both are measured alike. A figure that cannot be had is NaN.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal import pulses, qrs

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PIECE_S: Final = 300.0
_MOST_CHANGE: Final = 0.2  # of an interval, between two sinus beats: more is an artefact or an early beat
_LEAST_BEATS: Final = 100
_LEAST_HOURS: Final = 24


def intervals(at_s: Floats, usual: Bools) -> Iterator[Mapping[str, float]]:
    """Yield SDNN, RMSSD (ms) and their like of each five minutes of beats of which `usual` ones begin and end them."""
    for begin in np.arange(at_s[0], at_s[-1] - PIECE_S, PIECE_S):
        inside = (at_s >= begin) & (at_s < begin + PIECE_S)
        rr_ms = 1000 * np.diff(at_s[inside])
        good = usual[inside][1:] & usual[inside][:-1] & (rr_ms > 300) & (rr_ms < 2000)
        if good.sum() < _LEAST_BEATS:
            continue
        change = np.diff(rr_ms)[good[1:] & good[:-1]]
        kept = change[np.abs(change) < _MOST_CHANGE * np.median(rr_ms[good])]
        typical = np.abs(rr_ms - np.median(rr_ms[good])) < 0.3 * np.median(rr_ms[good])
        yield {"SDNN": rr_ms[good & typical].std(), "RMSSD": float(np.sqrt(np.mean(kept**2)))}


def fibrillating(at_s: Floats) -> Iterator[Mapping[str, float]]:
    """Yield how irregular each five minutes of a fibrillating heart's beats are, as shares of the mean interval."""
    for begin in np.arange(at_s[0], at_s[-1] - PIECE_S, PIECE_S):
        rr_s = np.diff(at_s[(at_s >= begin) & (at_s < begin + PIECE_S)])
        rr_s = rr_s[(rr_s > 0.25) & (rr_s < 2.5)]
        if len(rr_s) >= _LEAST_BEATS:
            centred = rr_s - rr_s.mean()
            yield {
                "spread": rr_s.std() / rr_s.mean(),
                "change": float(np.sqrt(np.mean(np.diff(rr_s) ** 2)) / rr_s.mean()),
                "memory": float((centred[1:] * centred[:-1]).mean() / (centred**2).mean()),
            }


def minutes(values: Mapping[str, Floats]) -> Mapping[str, float]:
    """Return of vital signs once a second how far they spread, and how far a minute takes them."""
    found = {}
    for name, series in values.items():
        found[f"{name} spread"] = float(np.nanstd(series))
        found[f"{name} in a minute"] = float(np.nanstd(series[60:] - series[:-60]))
    return found


def hours(values: Mapping[str, Floats]) -> Mapping[str, float]:
    """Return of vital signs once an hour how far an hour takes them, and how they go together."""
    found = {}
    for name, series in values.items():
        change = np.diff(series)
        enough = np.isfinite(change).sum() >= _LEAST_HOURS / 2
        found[f"{name} in an hour"] = float(np.nanstd(change)) if enough else np.nan
    for one, other in (("heart rate", "breaths"), ("heart rate", "temperature"), ("heart rate", "systolic"),
                       ("systolic", "diastolic"), ("breaths", "SpO2")):  # fmt: skip
        both = np.isfinite(values[one]) & np.isfinite(values[other])
        enough = both.sum() >= _LEAST_HOURS and values[one][both].std() > 0 and values[other][both].std() > 0
        found[f"{one} with {other}"] = (
            float(np.corrcoef(values[one][both], values[other][both])[0, 1]) if enough else np.nan
        )
    return found


def waves(ppg: Floats, ecg: Floats, fs_hz: float) -> Mapping[str, float]:
    """Return what breathing does to the pulse wave, and how long a pulse takes to the finger."""
    found = pulses.detect(ppg, fs_hz)
    at = np.asarray(found.sample)
    heights, means = [], []
    for begin, end in pairwise(at):
        piece = ppg[begin:end]
        heights.append(np.nanmax(piece) - np.nanmin(piece))
        means.append(np.nanmean(piece))
    height, mean = np.array(heights), np.array(means)
    r_s = np.asarray(qrs.detect(ecg, fs_hz).exact) / fs_hz
    pulse_s = np.asarray(found.exact) / fs_hz
    before = np.searchsorted(r_s, pulse_s) - 1
    arrival_s = (pulse_s - r_s[before])[before >= 0]
    usual = np.abs(height - np.median(height)) < 0.6 * np.median(height)
    return {
        "pulse height spread": float(height[usual].std() / np.median(height)),
        "baseline spread": float(mean[usual].std() / np.median(height)),
        "arrival, ms": float(1000 * np.median(arrival_s)),
        "arrival spread, ms": float(1000 * np.subtract(*np.percentile(arrival_s, (75, 25))) / 1.35),
    }


def breaths(at_s: Floats) -> Mapping[str, float]:
    """Return how uneven breaths are, as a share of the mean."""
    lengths = np.diff(at_s)
    lengths = lengths[lengths < 3 * np.median(lengths)]
    return {"breath length spread": float(lengths.std() / lengths.mean())}
