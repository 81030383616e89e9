"""What cells tell of hearts that were made up, so that the truth is known."""

import math

import numpy as np
import pytest

from alerting import waves_read
from alerting.waves_read import Wanted
from tests.builders_hearts import FS_HZ, Heart, fibrillation, heart, lead, noise, steady
from tests.builders_waves import START_S, a_heart, blocks, cell_at, ecg_of, pieces_of, ppg_of, told
from ward.people import StayId
from ward.wave_features import SPEAKS, FeatureRow, Verdict, WaveFeature
from ward.waveforms import WaveformBlock

LENGTH_S = 150.0
CELL_S = 110.0


def sent(of: Heart, *, pulse_of: Heart | None = None) -> list[WaveformBlock]:
    """ECG of a heart, and the pulse wave of this one or of another."""
    return [*ecg_of(of, LENGTH_S), *ppg_of(pulse_of or of, LENGTH_S)]


def claims(rows: dict[WaveFeature, FeatureRow]) -> dict[WaveFeature, Verdict]:
    """What was checked, and what has come of it."""
    return {
        feature: row.strip.verdict
        for feature, row in rows.items()
        if row.strip is not None and row.strip.verdict is not None
    }


def test_calm_heart_has_a_rate_and_nothing_else() -> None:
    """A calm heart has its rate from both sensors, good signals, no fibrillation and no event."""
    rows = told(sent(a_heart(LENGTH_S, 72)), CELL_S)

    assert rows[WaveFeature.ECG_RATE].value == pytest.approx(72, abs=0.5)
    assert rows[WaveFeature.PULSE_RATE].value == pytest.approx(72, abs=0.5)
    assert rows[WaveFeature.ECG_RATE].quality > 0.9
    assert rows[WaveFeature.AF].value < 0.05
    assert rows.keys() == {
        WaveFeature.ECG_RATE,
        WaveFeature.ECG_QUALITY,
        WaveFeature.AF,
        WaveFeature.PULSE_RATE,
        WaveFeature.PPG_QUALITY,
    }


def without_beats(begin_s: float, end_s: float) -> Heart:
    """A heart that pauses."""
    beats = steady(70, end_s=LENGTH_S)
    return heart(beats[(beats < begin_s) | (beats > end_s)])


def test_pause_is_confirmed_by_the_pulse() -> None:
    """A pause in the ECG and the pulse wave is a pause and a confirmed asystole, with the seconds to look at."""
    rows = told(sent(without_beats(112, 117)), CELL_S)

    pause = rows[WaveFeature.PAUSE]
    assert pause.value == pytest.approx(6.0, abs=0.1)
    assert claims(rows) == {WaveFeature.PAUSE: Verdict.CONFIRMED, WaveFeature.ASYSTOLE: Verdict.CONFIRMED}
    assert pause.strip is not None
    assert (pause.strip.to_us - pause.strip.from_us) / 1e6 == pytest.approx(pause.value, abs=0.01)
    assert 111 < pause.strip.from_us / 1e6 - START_S < 112.1
    assert pause.strip.lead == "II"


def test_h10_pause_that_the_pulse_contradicts_does_not_speak() -> None:
    """Beats that are lost in the ECG while the pulse goes on are kept as contradicted: nobody is told."""
    rows = told(sent(without_beats(112, 117), pulse_of=a_heart(LENGTH_S)), CELL_S)

    assert set(claims(rows).values()) == {Verdict.CONTRADICTED}
    assert Verdict.CONTRADICTED not in SPEAKS


def test_run_of_ventricular_beats_is_seen() -> None:
    """Ten broad beats at 150 a minute are a run and a confirmed ventricular tachycardia."""
    beats = steady(70, end_s=LENGTH_S)
    run = np.linspace(112.5, 116.1, 10)
    rows = told(sent(heart(beats[(beats < 112) | (beats > 117)], ventricular=run)), CELL_S)

    assert rows[WaveFeature.VENTRICULAR_RUN].value == pytest.approx(10, abs=1)
    assert claims(rows)[WaveFeature.VENTRICULAR_TACHYCARDIA] is Verdict.CONFIRMED


@pytest.mark.parametrize(("per_min", "feature"), [(32, WaveFeature.BRADYCARDIA), (170, WaveFeature.TACHYCARDIA)])
def test_extreme_rate_is_a_claim(per_min: float, feature: WaveFeature) -> None:
    """An extremely slow and an extremely fast heart are told, with their rate, once all channels have been asked."""
    of = heart(steady(70, end_s=90), steady(per_min, start_s=91.5, end_s=LENGTH_S))
    rows = told(sent(of), CELL_S)

    assert rows[feature].value == pytest.approx(per_min, rel=0.03)
    assert claims(rows)[feature] in SPEAKS


@pytest.mark.parametrize("per_min", [50, 130])
def test_rate_that_is_not_extreme_is_no_claim(per_min: float) -> None:
    """A slow or fast heart within what the plan's own limits are for is no claim."""
    assert claims(told(sent(a_heart(LENGTH_S, per_min)), CELL_S)) == {}


def test_long_pause_is_no_slow_rate() -> None:
    """One pause does not make five slow beats."""
    assert WaveFeature.BRADYCARDIA not in told(sent(without_beats(112, 117)), CELL_S)


def test_slow_heart_speaks_though_its_pauses_are_hard_to_read() -> None:
    """Seconds without beats look poor before an alarm; a lead that is good from beat to beat is heard all the same."""
    pauses = [*np.arange(1, 60, 2.0), *np.arange(60, 100, 2.2), 103, 108.5, 114.2, *np.arange(117, LENGTH_S, 2.2)]
    ecg = lead(heart(np.array(pauses)), length_s=LENGTH_S)
    hiss = 0.02 * np.random.default_rng(3).standard_normal(len(ecg))
    rows = told(blocks(ecg + hiss), CELL_S + 10)

    assert rows[WaveFeature.BRADYCARDIA].value == pytest.approx(25.5, abs=0.5)
    assert rows[WaveFeature.BRADYCARDIA].quality > 0.9
    assert claims(rows)[WaveFeature.BRADYCARDIA] is Verdict.UNCONTRADICTED


def test_h10_noise_between_two_beats_is_no_pause() -> None:
    """A lead that is poor on the way from beat to beat is not heard alone, however long it shows none."""
    beats = [*np.arange(1, 112, 1.0), *np.arange(118, LENGTH_S, 1.0)]
    ecg = lead(heart(np.array(beats)), length_s=LENGTH_S)
    begin, end = round(112.5 * FS_HZ), round(117.5 * FS_HZ)
    ecg[begin:end] += noise(1.0, length_s=LENGTH_S)[begin:end]

    assert SPEAKS.isdisjoint(claims(told(blocks(ecg), CELL_S)).values())


def af_heart() -> Heart:
    """Intervals without memory, as in atrial fibrillation."""
    beats = 0.3 + np.cumsum(np.random.default_rng(2).uniform(0.4, 1.1, 300))
    return heart(beats[beats < LENGTH_S])


def test_irregular_rhythm_without_p_waves_looks_like_fibrillation() -> None:
    """An irregular rhythm scores high where no P waves are seen, lower where they are, and a regular one nothing."""
    flat = lead(af_heart(), length_s=LENGTH_S)
    time_s = np.arange(len(flat)) / FS_HZ
    for beat_s in af_heart().beat_s:
        flat -= 0.12 * np.exp(-0.5 * ((time_s - beat_s + 0.16) / 0.02) ** 2)

    without, with_p = (told(blocks(each), CELL_S)[WaveFeature.AF] for each in (flat, lead(af_heart(), length_s=150)))
    assert without.value > with_p.value
    assert without.value > 0.7


@pytest.mark.parametrize("size", [0.0, 1.0])
def test_strip_that_cannot_be_read_is_unreadable_not_fibrillation(size: float) -> None:
    """A lead that has come off, or is all noise, has no score and no rate, and no claim while the pulse goes on."""
    ecg = lead(a_heart(LENGTH_S), length_s=LENGTH_S)
    amplifier = 0.01 * np.random.default_rng(1).standard_normal(len(ecg))
    begin = round(40 * FS_HZ)
    ecg[begin:] = amplifier[begin:] if size == 0 else ecg[begin:] + noise(size, length_s=LENGTH_S)[begin:]
    rows = told([*blocks(ecg), *ppg_of(a_heart(LENGTH_S), LENGTH_S)], CELL_S)

    assert math.isnan(rows[WaveFeature.AF].value)
    assert math.isnan(rows[WaveFeature.ECG_RATE].value)
    assert rows[WaveFeature.ECG_QUALITY].value < 0.5
    assert rows[WaveFeature.ECG_QUALITY].reasons != 0
    assert claims(rows) == {}


def test_fibrillating_ventricles_speak_though_no_beat_is_read() -> None:
    """Waves without usual beats, and no pulse, are ventricular fibrillation."""
    stops = heart(steady(70, end_s=113))
    ecg = lead(stops, length_s=LENGTH_S) + fibrillation(start_s=113, length_s=LENGTH_S)

    assert claims(told([*blocks(ecg), *ppg_of(stops, LENGTH_S)], CELL_S)) == {
        WaveFeature.VENTRICULAR_FIBRILLATION: Verdict.CONFIRMED
    }


def test_cells_do_not_depend_on_their_company() -> None:
    """A cell tells the same alone and among other cells and stays, and what has no samples tells nothing."""
    first, second = sent(without_beats(112, 117)), ecg_of(a_heart(LENGTH_S, 110), LENGTH_S)
    wanted = [
        Wanted(stay_id=StayId(stay), cell=cell_at(at), pieces=pieces_of(each))
        for stay, each in ((1, first), (2, second))
        for at in (90.0, CELL_S, 900.0)
    ]
    together = waves_read.read(wanted)

    assert [repr(each) for each in together] == [repr(waves_read.read([each])[0]) for each in wanted]
    assert together[2] == together[5] == []


def test_better_lead_speaks() -> None:
    """Of two leads the better one is told of, and a device's odd rate is left alone."""
    good = lead(a_heart(LENGTH_S), length_s=LENGTH_S)
    bad = blocks(good + noise(1.5, length_s=LENGTH_S))
    rows = told([*bad, *(_renamed(each, "V2") for each in blocks(good))], CELL_S)

    assert {row.lead for row in rows.values()} == {"V2"}
    assert told(blocks(good[::5], fs_hz=50.0), CELL_S) == {}


def _renamed(block: WaveformBlock, name: str) -> WaveformBlock:
    return WaveformBlock(
        kind=block.kind,
        lead=name,
        measured_us=block.measured_us,
        fs_hz=block.fs_hz,
        unit=block.unit,
        scale=block.scale,
        offset=block.offset,
        samples=block.samples,
    )
