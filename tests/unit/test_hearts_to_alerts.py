"""From made-up hearts to what is found: the whole way of waveforms, without a store."""

import numpy as np
import pytest

from alerting.rules import rhythm, sensors
from alerting.tracks import Verdict, episodes
from alerting.waves_read import Wanted, read
from tests.builders_hearts import FS_HZ, fibrillation, heart, lead, noise, steady
from tests.builders_waves import START_S, a_heart, blocks, cell_at, ecg_of, pieces_of, ppg_of, ward_of
from ward.people import StayId
from ward.waveforms import WaveformBlock

LENGTH_S = 240.0
STOPS_S = 150.0
FOUND = dict[str, tuple[Verdict, float]]


def found(sent: list[WaveformBlock]) -> FOUND:
    """What is found first by each rule: how bad, and how many seconds after the heart stopped, or would have."""
    pieces = pieces_of(sent)
    wanted = [Wanted(stay_id=StayId(1), cell=cell_at(at), pieces=pieces) for at in np.arange(0, LENGTH_S, 10)]
    batch = ward_of([row for cell in read(wanted) for row in cell])
    first: FOUND = {}
    for rule, track in {**rhythm.judge(batch), **sensors.judge(batch)}.items():
        for episode in episodes(track, 0, np.inf):
            when_s = float(track.from_s[episode.first]) - START_S - STOPS_S
            first.setdefault(rule, (Verdict(int(track.verdict[episode.worst])), when_s))
    return first


def test_calm_heart_is_told_of_nowhere() -> None:
    """Four minutes of a calm heart lead to nothing."""
    assert found([*ecg_of(a_heart()), *ppg_of(a_heart())]) == {}


def test_heart_that_stands_still_is_told_within_forty_seconds() -> None:
    """A heart that stands still in both signals is told with high priority before a minute is over."""
    stops = heart(steady(70, end_s=STOPS_S))
    verdict, after_s = found([*ecg_of(stops), *ppg_of(stops)])[sensors.HEART]

    assert verdict is Verdict.HIGH
    assert after_s <= 40


def test_ventricular_fibrillation_is_told() -> None:
    """Fibrillating ventricles without a pulse are told within half a minute."""
    stops = heart(steady(70, end_s=STOPS_S))
    ecg = lead(stops, length_s=LENGTH_S) + fibrillation(start_s=STOPS_S, length_s=LENGTH_S)
    verdict, after_s = found([*blocks(ecg), *ppg_of(stops)])[rhythm.FIBRILLATION]

    assert verdict is Verdict.HIGH
    assert after_s <= 30


@pytest.mark.parametrize("size", [0.0, 0.5, 1.5])
def test_h10_electrode_that_comes_off_rings_for_no_rhythm(size: float) -> None:
    """An ECG that has come off, or is full of movement, raises no rhythm while the pulse goes on."""
    ecg = lead(a_heart(), length_s=LENGTH_S)
    begin = round(STOPS_S * FS_HZ)
    amplifier = 0.01 * np.random.default_rng(1).standard_normal(len(ecg))
    ecg[begin:] = amplifier[begin:] if size == 0 else ecg[begin:] + noise(size, length_s=LENGTH_S)[begin:]

    assert found([*blocks(ecg), *ppg_of(a_heart())]) == {}
