"""What is read from public ECG recordings: changes must not make it worse."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from alerting.signal import ecg, qrs
from alerting.signal.ecg_kinds import Kind, kinds
from alerting.signal.ecg_rate import WINDOW_S, heart_rate
from alerting.signal.ecg_runs import tachycardia, ventricular
from alerting.signal.events import Beats
from benchmarks import annotated

Floats = npt.NDArray[np.float64]
RECORDS = ("100", "106", "114", "203", "208", "210", "219", "228")


def rates(record: annotated.Ecg) -> Floats:
    """Return the rate in each 10 s of a record from its annotated beats: the mean interval of those within."""
    beats = record.annotations.sample[record.annotations.is_beat]
    step = round(WINDOW_S * record.fs_hz)
    window = beats[:-1] // step
    within = window == beats[1:] // step
    count = np.bincount(window[within], minlength=record.ecg_mv.shape[1] // step)
    total = np.bincount(window[within], np.diff(beats)[within] / record.fs_hz, len(count))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(count >= 2, 60 * count / total, np.nan))


def test_heart_rate_is_right_where_it_is_read(recordings: Path) -> None:
    """Of the surest nine tenths of all windows of ten seconds, 99 % are within 5/min of the annotated beats."""
    error, sure = [], []
    for name in RECORDS:
        record = annotated.mitdb(recordings, name)
        found = ecg.read(record.ecg_mv[:1], record.fs_hz, qrs.detect(record.ecg_mv[:1], record.fs_hz))
        rate, truth = heart_rate(found.intervals, found.quality), rates(record)
        known = ~np.isnan(truth)
        error.append(np.abs(rate.per_min[0, : len(truth)] - truth)[known])
        sure.append(rate.confidence[0, : len(truth)][known])
    errors, confidence = np.concatenate(error), np.concatenate(sure)
    best = np.argsort(-confidence, kind="stable")[: round(0.9 * len(errors))]

    assert (errors[best] <= 5).mean() >= 0.99
    assert (errors[confidence > 0.95] <= 5).mean() >= 0.98


def test_kinds_agree_with_the_annotators(recordings: Path) -> None:
    """Ventricular beats are told from all others (but fusion beats) in records with many of them."""
    hit = made_up = missed = 0
    for name in ("106", "119", "200", "208", "213", "228"):
        if name not in annotated.names(recordings, "mitdb", ".dat.xz"):
            continue
        record = annotated.mitdb(recordings, name)
        marks = record.annotations
        sample, symbol = marks.sample[marks.is_beat], marks.symbol[marks.is_beat]
        found = kinds(record.ecg_mv[:1], Beats.of(sample, record.fs_hz), np.ones(len(sample))) == Kind.VENTRICULAR
        true = np.isin(symbol, ["V", "E"])
        hit += np.count_nonzero(found & true)
        missed += np.count_nonzero(true & ~found)
        made_up += np.count_nonzero(found & ~true & (symbol != "F"))

    assert hit / (hit + missed) > 0.85
    assert hit / (hit + made_up) > 0.95


@pytest.mark.parametrize(("name", "least", "most"), [("100", 0, 0), ("219", 0, 1), ("203", 4, 60)])
def test_ventricular_tachycardia_is_found_where_it_is(recordings: Path, name: str, least: int, most: int) -> None:
    """Runs are found in the record that has them, and next to none in those that do not."""
    record = annotated.mitdb(recordings, name)
    found = ecg.read(record.ecg_mv[:1], record.fs_hz, qrs.detect(record.ecg_mv[:1], record.fs_hz))

    runs = tachycardia(ventricular(found.beats, found.kind, found.intervals))

    assert least <= len(runs.beats) <= most
