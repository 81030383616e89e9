"""Vitals over time on public records: changes must not make them worse at telling who falls ill.

Hourly vital signs of CinC 2019 (set A), sepsis by hour. Nothing here was fitted to them: centres and spreads are the
table's own (`norms`), so an hour is as strange as it is to people in general.
"""

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import rankdata

from alerting.signal import change, trend
from alerting.signal.distance import distance
from alerting.signal.norms import NORMS
from alerting.signal.records import Floats, Ints
from alerting.signal.series import Course, Lack, Moments
from ward.vitals import VITALS, VitalKind

COLUMNS = {
    "HR": VitalKind.HEART_RATE,
    "Resp": VitalKind.RESP_RATE,
    "O2Sat": VitalKind.SPO2,
    "Temp": VitalKind.TEMPERATURE,
    "SBP": VitalKind.SYSTOLIC,
}
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Hourly rows: the courses by kind, a moment for each row, and whether sepsis is near in it (n,) of 0 and 1."""

    courses: dict[VitalKind, Course]
    at: Moments
    septic: Ints


@pytest.fixture(scope="module")
def hours(recordings: Path) -> Hours:
    """CinC 2019, the first 700 of its stays."""
    path = recordings / "cinc2019" / "hourly_vitals_setA.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return arranged(list(csv.DictReader(file)), 700)


def arranged(rows: Sequence[dict[str, str]], stays: int) -> Hours:
    """Bring rows into columns; what is not plausible is missing."""
    names = {name: place for place, name in enumerate(dict.fromkeys(row["patient"] for row in rows))}
    chosen = [row for row in rows if names[row["patient"]] < stays]
    row = np.array([names[each["patient"]] for each in chosen])
    at_s = HOUR_S * np.array([float(each["ICULOS"]) for each in chosen])
    offsets = np.searchsorted(row, np.arange(stays + 1))
    courses = {}
    for name, kind in COLUMNS.items():
        value = np.array([float(each[name] or "nan") for each in chosen])
        wrong = (value < VITALS[kind].low) | (value > VITALS[kind].high)
        known = np.where(wrong, np.nan, value)
        courses[kind] = Course(t_s=at_s, value=known, quality=np.full(len(at_s), np.nan), offsets=offsets)
    septic = np.array([int(each["SepsisLabel"]) for each in chosen])
    return Hours(courses=courses, at=Moments(row=row, at_s=at_s), septic=septic)


def auroc(score: Floats, positive: Ints) -> float:
    """Return how often a positive's score is above a negative's."""
    known = np.isfinite(score)
    rank, is_one = rankdata(score[known]), positive[known] == 1
    ones, noughts = is_one.sum(), (~is_one).sum()
    return float((rank[is_one].sum() - ones * (ones + 1) / 2) / (ones * noughts))


def strangeness(hours: Hours, tau_s: float) -> Floats:
    """Return the surprise of the average vitals of some hours."""
    scores = [
        (change.ewma(course, hours.at, tau_s, hold_s=HOUR_S).value - NORMS[kind].day) / NORMS[kind].spread
        for kind, course in hours.courses.items()
    ]
    return distance(np.stack(scores, axis=1), np.eye(len(scores))).surprise


def test_surprise_of_all_vitals_tells_the_septic(hours: Hours) -> None:
    """Distance from a normal person, fitted to nothing, tells septic hours and stays; each vital alone tells less."""
    surprise = strangeness(hours, 2 * HOUR_S)
    alone = [
        auroc(np.abs(change.ewma(course, hours.at, 2 * HOUR_S, hold_s=HOUR_S).value - NORMS[kind].day), hours.septic)
        for kind, course in hours.courses.items()
    ]

    assert auroc(surprise, hours.septic) > max(0.63, *alone)


def test_hourly_records_give_slopes_with_honest_reasons(hours: Hours) -> None:
    """Most hours with a pulse for 12 h have a slope of it; temperature, taken rarely, mostly has none and says why."""
    pulse = trend.slope(hours.courses[VitalKind.HEART_RATE], hours.at, 12 * HOUR_S)
    temperature = trend.slope(hours.courses[VitalKind.TEMPERATURE], hours.at, 12 * HOUR_S)
    late = hours.at.at_s > 12 * HOUR_S

    assert (pulse.support.lack[late] == Lack.NONE).mean() > 0.9
    assert (temperature.support.lack[late] == Lack.NONE).mean() < 0.5
    for found in (pulse, temperature):
        np.testing.assert_array_equal(np.isnan(found.per_hour), found.support.lack != Lack.NONE)
        told = found.support.lack == Lack.NONE
        assert (found.low[told] <= found.per_hour[told]).all()
        assert (found.per_hour[told] <= found.high[told]).all()


def test_calm_stays_do_not_drift_more_often_than_the_interval_says(hours: Hours) -> None:
    """The pulse of those who never become septic drifts in an eighth of the hours; as independent, in a third."""
    septic = np.bincount(hours.at.row, hours.septic) > 0
    calm = ~septic[hours.at.row]
    found = trend.slope(hours.courses[VitalKind.HEART_RATE], hours.at, 12 * HOUR_S)
    trusting = trend.slope(
        hours.courses[VitalKind.HEART_RATE], hours.at, 12 * HOUR_S, neighbours=trend.Neighbours.INDEPENDENT
    )

    told = calm & np.isfinite(found.p)
    assert np.mean(trusting.p[told] < 0.05) > 0.25
    assert np.mean(found.p[told] < 0.05) < 0.15
