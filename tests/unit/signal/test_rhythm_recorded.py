"""Rhythm on public recordings: what has been reached must not be lost."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from alerting.signal import qrs
from alerting.signal.records import Bools
from alerting.signal.rhythm import AF, Rhythm, Timeline, af_score, strip, timeline
from benchmarks import annotated
from benchmarks.logistic import auroc
from benchmarks.rhythm_cases import beats_of, cut, rhythm_of
from tests.rhythms import Floats

BOTH_RHYTHMS = ("10", "122")
"""Long-term records in which fibrillation comes and goes; 122 has many premature beats."""

ECTOPIC = ("106", "200", "208", "228")
FIBRILLATING = ("203", "210", "219")


@cache
def long_term(folder: Path, name: str) -> annotated.Annotations:
    """Read the beats and rhythms of a day, once."""
    return annotated.ltafdb(folder, name)


@cache
def half_hour(folder: Path, name: str) -> annotated.Annotations:
    """Read the beats and rhythms of a record of half an hour, once."""
    return annotated.mitdb(folder, name).annotations


def scored(notes: list[annotated.Annotations], intervals: int) -> tuple[Floats, Bools]:
    """Return the scores of all windows of these records, and which are fibrillation."""
    parts = [cut(*rhythm_of(each), intervals) for each in notes]
    return af_score(np.concatenate([rows for rows, _ in parts])), np.concatenate([af for _, af in parts])


@pytest.mark.parametrize(("intervals", "least"), [(30, 0.995), (64, 0.998), (128, 0.998)])
def test_fibrillation_is_told_from_intervals_over_days(recordings: Path, intervals: int, least: float) -> None:
    """In records where fibrillation comes and goes, windows are told apart as well as they have been."""
    score, af = scored([long_term(recordings, name) for name in BOTH_RHYTHMS], intervals)

    assert auroc(score, af) >= least
    assert np.mean(score[af] >= AF) >= 0.95
    assert np.mean(score[~af] < AF) >= 0.95


@pytest.mark.parametrize(("intervals", "least"), [(30, 0.94), (128, 0.96)])
def test_premature_beats_are_told_from_fibrillation(recordings: Path, intervals: int, least: float) -> None:
    """Records full of premature beats, against records of fibrillation: the hardest there are for intervals alone."""
    notes = [half_hour(recordings, name) for name in (*ECTOPIC, *FIBRILLATING)]

    score, af = scored(notes, intervals)

    assert auroc(score, af) >= least
    assert np.mean(score[af] >= AF) >= 0.95


@pytest.mark.parametrize("name", BOTH_RHYTHMS)
def test_burden_over_a_day_is_the_annotated_one(recordings: Path, name: str) -> None:
    """The share of a day in fibrillation is within five points of what was annotated."""
    notes = long_term(recordings, name)
    beats = beats_of(notes)
    line = timeline(beats, int(beats.sample[-1]) + 1)

    told, truth = share(line), annotated_share(notes)

    assert abs(told - truth) <= 0.05


def share(line: Timeline) -> float:
    """Return the share of the readable cells that is fibrillation."""
    return float((line.state == Rhythm.AF).sum() / (line.state != Rhythm.UNREADABLE).sum())


def annotated_share(notes: annotated.Annotations) -> float:
    """Return the share of the time that was annotated as fibrillation."""
    rr_ms, label = rhythm_of(notes)
    return float(rr_ms[label == 1].sum() / rr_ms.sum())


def test_strips_are_told_apart_and_noise_is_refused(recordings: Path) -> None:
    """Half the strips of the Challenge of 2017: fibrillation told from the rest, noise refused, sinus rhythm not."""
    strips = [each for number, each in enumerate(annotated.cinc2017(recordings)) if number % 2 == 0]
    made = [strip(each.ecg_mv, each.fs_hz, qrs.detect(each.ecg_mv[None], each.fs_hz)) for each in strips]
    label = np.array([each.label for each in strips])
    suspicion, readable = (np.array([getattr(each, name)[0] for each in made]) for name in ("suspicion", "readable"))
    called = readable & (suspicion >= AF)
    clear = label != "~"

    assert auroc(suspicion[clear], label[clear] == "A") >= 0.96
    assert np.mean(called[label == "A"]) >= 0.85
    assert np.mean(~readable[label == "N"]) <= 0.06
    assert np.mean(called[label == "~"]) <= 0.15
    assert np.mean(called[label == "N"]) <= 0.05
