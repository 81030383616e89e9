"""From made-up hearts to what is found: the whole way of waveforms, without a store."""

from datetime import timedelta

import numpy as np
import pytest

from alerting.rules import rhythm, sensors
from alerting.tracks import Verdict, episodes
from alerting.waves_read import Wanted, read
from simulator.course import Change, Course, Target
from simulator.device import Kit
from simulator.device_waves import block_of, stretches
from simulator.physiology import Baseline, Body
from simulator.traits import Traits
from tests.builders_hearts import FS_HZ, fibrillation, heart, lead, noise, steady
from tests.builders_waves import START_S, a_heart, blocks, cell_at, ecg_of, pieces_of, ppg_of, ward_of
from ward.clock import from_us
from ward.people import StayId
from ward.waveforms import WaveformBlock

LENGTH_S = 240.0
STOPS_S = 150.0
FOUND = dict[str, tuple[Verdict, float]]


def found(sent: list[WaveformBlock], length_s: float = LENGTH_S) -> FOUND:
    """What is found first by each rule: how bad, and how many seconds after the heart stopped, or would have."""
    pieces = pieces_of(sent)
    wanted = [Wanted(stay_id=StayId(1), cell=cell_at(at), pieces=pieces) for at in np.arange(0, length_s, 10)]
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


def lived(course: Course, length_s: float, **usual: float) -> FOUND:
    """What is found first of a simulated person with a patch and an oximeter, to whom this happens after 150 s."""
    person = Body(seed=3, baseline=Baseline(heart_rate=74.0, mobility=0.0, **usual), course=course)
    kit = Kit(device_id="hv-1", body=person, traits=Traits(waves=("ecg.II", "ppg.pleth")))
    begins = from_us(START_S * 1_000_000)
    at_s = np.arange(0.0, length_s, 10.0).tolist()
    sent = [block_of(each, begins + timedelta(seconds=each.t_s)) for at in at_s for each in stretches(kit, at)]
    return found(sent, length_s)


def changes(length_s: float, **to: float) -> Course:
    """After 150 s, for so long, these are added."""
    points = {name: ((0.0, 0.0), (0.0, level), (length_s, level), (length_s, 0.0)) for name, level in to.items()}
    return Course(
        starts_after_s=STOPS_S, changes=tuple(Change(target=Target(name), points=each) for name, each in points.items())
    )


def test_simulated_rhythms_are_told_as_what_they_are() -> None:
    """A simulated person's early beats are left alone, fibrillation is told, a run of ventricular beats at once."""
    fibrillating = lived(changes(600, atrial_fibrillation=1.0, heart_rate=40.0), 480.0)
    running = lived(changes(60, ventricular_run=1.0, heart_rate=90.0), LENGTH_S)

    assert lived(Course(), LENGTH_S, ectopy=0.06) == {}
    assert set(fibrillating) == {rhythm.AF}
    assert 0 < fibrillating[rhythm.AF][1] < 300
    verdict, after_s = running[rhythm.RUN]
    assert (verdict, after_s < 30) == (Verdict.HIGH, True)
