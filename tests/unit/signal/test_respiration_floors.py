"""How near the annotators of public records respiration comes: changes must not make it worse.

BIDMC, 17 records, windows of 32 s every 16 s in which both annotators differ by at most 2/min.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from alerting.signal.records import Floats, Ints
from alerting.signal.respiration import chest, fused
from alerting.signal.respiration_pauses import follow
from benchmarks import annotated

FS_HZ = 125.0
LENGTH, HOP = 4000, 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Windows of all records: signals (n, samples) and the annotated rate (n,)."""

    ppg: Floats
    ecg: Floats
    resp: Floats
    per_min: Floats


def annotated_rate(breaths: Ints, start: int) -> float:
    """Return one annotator's rate in a window, NaN with fewer than three breaths."""
    inside = breaths[(breaths >= start) & (breaths < start + LENGTH)]
    return 60 * FS_HZ / np.diff(inside).mean() if len(inside) >= 3 else np.nan


@pytest.fixture(scope="module")
def records(recordings: Path) -> list[annotated.Breathing]:
    """All BIDMC records."""
    return [annotated.bidmc(recordings, name) for name in annotated.names(recordings, "bidmc", "_Signals.csv.xz")]


@pytest.fixture(scope="module")
def windows(records: list[annotated.Breathing]) -> Windows:
    """Every window that both annotators read alike."""
    kept: list[tuple[Floats, Floats, Floats, float]] = []
    for record in records:
        for start in range(0, len(record.ppg) - LENGTH + 1, HOP):
            one, other = (annotated_rate(each, start) for each in record.breaths)
            if abs(one - other) <= 2:
                part = slice(start, start + LENGTH)
                kept.append((record.ppg[part], record.ecg[part], record.resp[part], (one + other) / 2))
    ppg, ecg, resp, per_min = zip(*kept, strict=True)
    return Windows(ppg=np.stack(ppg), ecg=np.stack(ecg), resp=np.stack(resp), per_min=np.array(per_min))


def test_impedance_is_read_as_the_annotators_read_it(windows: Windows) -> None:
    """The chest's rate is wrong by at most 0.16/min in the mean, and within 2/min in 99 of 100 windows."""
    found = chest(windows.resp, FS_HZ)

    wrong = np.abs(found.best_per_min - windows.per_min)
    assert len(wrong) == 469
    assert wrong.mean() <= 0.16
    assert (wrong <= 2).mean() >= 0.99
    assert np.isfinite(found.rate_per_min).mean() >= 0.97


def test_beats_tell_the_breathing_rate(windows: Windows) -> None:
    """From pulse wave and ECG: at most 0.95/min on all windows, 0.4/min on the surest 70 %; what is given is right."""
    found = fused(windows.ppg, windows.ecg, FS_HZ)

    wrong = np.abs(found.best_per_min - windows.per_min)
    surest = np.argsort(-found.confidence)[: round(0.7 * len(wrong))]
    given = np.isfinite(found.rate_per_min)
    assert wrong.mean() <= 0.95
    assert wrong[surest].mean() <= 0.4
    assert given.mean() >= 0.8
    assert (wrong[given] <= 2).mean() >= 0.955


def test_confidence_is_no_promise_too_much(windows: Windows) -> None:
    """Among windows of a confidence, at least as many are right as it says, within 5 %."""
    for found in (chest(windows.resp, FS_HZ), fused(windows.ppg, windows.ecg, FS_HZ)):
        right = np.abs(found.best_per_min - windows.per_min) <= 2
        for low, high in ((0.3, 0.7), (0.7, 0.9), (0.9, 1.01)):
            some = (found.confidence >= low) & (found.confidence < high)
            if some.sum() >= 20:
                assert right[some].mean() >= found.confidence[some].mean() - 0.05


def test_breaths_are_counted_as_the_annotators_count_them(records: list[annotated.Breathing]) -> None:
    """Along eight minutes the count lies within 2 % of one of the annotators, but in the most irregular record."""
    length = min(len(record.resp) for record in records)
    found = follow(np.stack([record.resp[:length] for record in records]), FS_HZ)

    near = 0
    for row, record in enumerate(records):
        counted = (found.row == row).sum()
        near += any(
            abs(counted - (each < found.settled_s * FS_HZ).sum()) <= max(1, 0.02 * counted) for each in record.breaths
        )
    assert near >= 16
