"""What is read from public ECG recordings: changes must not make it worse."""

from pathlib import Path

import numpy as np
import pytest

from alerting.signal import ecg, qrs
from alerting.signal.ecg_runs import tachycardia
from alerting.signal.ecg_runs import ventricular as ventricular_stretches
from benchmarks import annotated
from benchmarks.heart_rates import judged, one_lead, right_at, two_leads, ventricular


def test_heart_rate_is_right_where_it_is_read(recordings: Path) -> None:
    """Of the surest nine tenths of all windows of ten seconds, 98.8 % are within 5/min of the annotated beats."""
    records = [annotated.mitdb(recordings, name) for name in annotated.names(recordings, "mitdb", ".dat.xz")]
    cases = [judged(record, one_lead(record)) for record in records]
    error, sure = (np.concatenate(each) for each in zip(*cases, strict=True))

    assert right_at(cases, 0.9) >= 0.988
    assert (error[sure > 0.95] <= 5).mean() >= 0.98


def test_better_of_two_leads_gives_a_better_rate(recordings: Path) -> None:
    """In a record whose first lead is disturbed at times, more windows are read, and read right."""
    record = annotated.mitdb(recordings, "228")

    one, two = ([judged(record, read(record))] for read in (one_lead, two_leads))

    assert right_at(two, 1.0) >= right_at(one, 1.0)


def test_kinds_agree_with_the_annotators(recordings: Path) -> None:
    """Ventricular beats are told from all others (but fusion beats) in records with many of them."""
    present = annotated.names(recordings, "mitdb", ".dat.xz")
    some = [name for name in ("106", "200", "208", "213", "228") if name in present]
    hit, made_up, missed = np.sum([ventricular(annotated.mitdb(recordings, name)) for name in some], axis=0)

    assert hit / (hit + missed) > 0.85
    assert hit / (hit + made_up) > 0.95


@pytest.mark.parametrize(("name", "least", "most"), [("100", 0, 0), ("219", 0, 1), ("203", 4, 60)])
def test_ventricular_tachycardia_is_found_where_it_is(recordings: Path, name: str, least: int, most: int) -> None:
    """Runs are found in the record that has them, and next to none in those that do not."""
    record = annotated.mitdb(recordings, name)
    found = ecg.read(record.ecg_mv[:1], record.fs_hz, qrs.detect(record.ecg_mv[:1], record.fs_hz))

    runs = tachycardia(ventricular_stretches(found.beats, found.kind, found.intervals))

    assert least <= len(runs.beats) <= most
