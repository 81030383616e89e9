"""Floors of alarm verification on public recordings: changes must not make it worse.

The score is that of the Challenge of PhysioNet/CinC 2015: (TP + TN) / (TP + TN + FP + 5 FN).
"""

from collections import Counter
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from alerting.signal.verify import AlarmKind, Verdict, verify
from benchmarks import annotated

CLAIMS: Final = {
    "Asystole": AlarmKind.ASYSTOLE,
    "Bradycardia": AlarmKind.BRADYCARDIA,
    "Tachycardia": AlarmKind.TACHYCARDIA,
    "Ventricular_Tachycardia": AlarmKind.VENTRICULAR_TACHYCARDIA,
    "Ventricular_Flutter_Fib": AlarmKind.VENTRICULAR_FIBRILLATION,
}
Judged = list[tuple[annotated.Alarm, Verdict]]


@pytest.fixture(scope="module")
def judged(recordings: Path) -> Judged:
    """Every alarm of the recordings and the verdict on it."""
    return [(each, verify(each.channels, each.fs_hz, CLAIMS[each.alarm])) for each in annotated.cinc2015(recordings)]


def test_alarms_of_the_challenge_are_told_apart(judged: Judged) -> None:
    """At most one true alarm of 39 is lost, and the score stays above 79."""
    count = Counter((each.is_true, verdict.believed) for each, verdict in judged)
    tp, fn, fp, tn = (count[key] for key in ((True, True), (True, False), (False, True), (False, False)))

    assert tp + fn == 39
    assert tp + fn + fp + tn == 97
    assert fn <= 1
    assert (tp + tn) / (tp + tn + fp + 5 * fn) >= 0.79


def test_h11_every_contradiction_rests_on_a_channel_of_good_quality(judged: Judged) -> None:
    """No alarm is silenced but by a trusted channel that contradicts it."""
    silenced = [verdict for _, verdict in judged if not verdict.believed]

    assert len(silenced) >= 30
    assert all(any(each.trusted and each.says == "contradicts" for each in verdict.witnesses) for verdict in silenced)


def test_h11_no_true_alarm_is_lost_with_any_one_channel(judged: Judged) -> None:
    """True alarms are believed on the first lead alone and on the pulse alone, but for two at the most."""
    lost = [
        (each.name, name)
        for each, _ in judged
        for name in (next(iter(each.channels)), "PLETH")
        if each.is_true and name in each.channels
        if not verify({name: each.channels[name]}, each.fs_hz, CLAIMS[each.alarm]).believed
    ]

    assert len(lost) <= 2, lost


@pytest.mark.parametrize("name", ["203", "207", "210"])
def test_runs_of_ventricular_beats_are_believed(recordings: Path, name: str) -> None:
    """An alarm 2 s after the fifth beat of each fast ventricular run of three MIT-BIH records is believed."""
    record = annotated.mitdb(recordings, name)
    runs = _runs(record)

    assert len(runs) >= 2
    for end in runs:
        channels = {f"lead {lead}": record.ecg_mv[lead, end - int(60 * record.fs_hz) : end] for lead in (0, 1)}
        assert verify(channels, record.fs_hz, AlarmKind.VENTRICULAR_TACHYCARDIA).believed, end


def _runs(record: annotated.Ecg) -> list[int]:
    """Return the samples 2 s after the fifth of five or more ventricular beats or flutter waves above 100 a minute."""
    beats = record.annotations.is_beat | (record.annotations.symbol == "!")
    sample, is_v = record.annotations.sample[beats], np.isin(record.annotations.symbol[beats], ["V", "!"])
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_v, [False])).astype(np.int8))).reshape(-1, 2)
    ends = []
    for first, end in edges:
        run = sample[first:end]
        if len(run) >= 5 and (run[4:] - run[:-4]).min() < 4 * 0.6 * record.fs_hz:
            ends.append(int(run[4] + 2 * record.fs_hz))
    return [end for end in ends if end > 60 * record.fs_hz]
