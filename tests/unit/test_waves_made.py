"""Waveforms that are made up: true to their model, and to the body's vital signs as our own detectors read them."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, signal

from alerting.signal import ecg, ppg, pulses, qrs, quality, respiration, rhythm_burden
from alerting.signal.ecg_kinds import Kind
from alerting.signal.records import Floats
from alerting.signal.rhythm_burden import Rhythm
from simulator.course import Change, Course, Target
from simulator.physiology import Baseline, Body, vitals_at
from simulator.sleep import Stage, stage_at
from simulator.waves import beats, channels, movement, pulse, seconds
from simulator.waves.bells import draw
from simulator.waves.ecg import MODEL, angles

NOON_S = 3600.0  # of a body that begins at ten
CALM = Body(seed=5, baseline=Baseline(mobility=0.0))


def made(body: Body, name: str, from_s: float, until_s: float) -> tuple[Floats, float]:
    """Return a channel of a body in its unit, and its rate."""
    channel = channels.CHANNELS[name]
    first, end = round(from_s * channel.fs_hz), round(until_s * channel.fs_hz)
    stretch = channels.sampled(body, channel, first, end - first)
    return np.frombuffer(stretch.samples, "<i2") * stretch.scale + stretch.offset, channel.fs_hz


def living(target: Target, level: float, **usual: float) -> Body:
    """Return a calm body with something added from the start on."""
    course = Course(changes=(Change(target=target, points=((0.0, level),)),))
    return replace(CALM, baseline=replace(CALM.baseline, **usual), course=course)


@pytest.mark.parametrize("per_min", [55.0, 110.0])
def test_closed_form_agrees_with_the_dynamical_model(per_min: float) -> None:
    """Drawn bells are the model's differential equation solved: no further from it than a hundredth of the R wave."""
    fs_hz, lasts_s, usual_s = 500.0, 9.0, 60.0 / per_min
    omega, faster = 2 * np.pi / usual_s, np.sqrt(per_min / 60.0)
    bend = np.array([np.sqrt(faster), faster, faster, faster, np.sqrt(faster)])
    angle = np.array([each.angle for each in MODEL.values()]) * bend
    push = np.array([each.push for each in MODEL.values()])
    width = np.array([each.width for each in MODEL.values()]) * faster

    def slope(t_s: float, z: Floats) -> Floats:
        away = (omega * t_s - angle + np.pi) % (2 * np.pi) - np.pi
        return np.asarray(-(push * away * np.exp(-0.5 * (away / width) ** 2)).sum() - z)

    time_s = np.arange(0.0, lasts_s, 1 / fs_hz)
    solved = integrate.solve_ivp(slope, (0.0, lasts_s), [0.0], t_eval=time_s, max_step=0.008, rtol=1e-7, atol=1e-8).y[0]
    at_s = np.arange(-usual_s, lasts_s + usual_s, usual_s)
    drawn = np.zeros(len(time_s))
    for offset_s, width_s, height in angles(np.full(len(at_s), usual_s)).values():
        drawn += draw(0, len(time_s), fs_hz, at_s + offset_s, width_s, height)
    drawn *= MODEL["R"].push * width[2] ** 2 / omega
    pulled = signal.lfilter(*signal.bilinear([1, 0], [1, 1], fs_hz), drawn)  # the model's pull to the baseline, 1 s

    later = time_s > 6.0  # both have forgotten how they began
    assert np.abs(pulled - solved)[later].max() < 0.01 * np.ptp(solved[later])


@pytest.mark.parametrize("name", sorted(channels.CHANNELS))
def test_any_cutting_gives_the_same_samples(name: str) -> None:
    """A channel of one piece is that of many, across the stretches, of a body that moves, and at any time."""
    body = Body(seed=8, baseline=Baseline(mobility=1.0, irregularity=4.0, ectopy=0.1))
    channel = channels.CHANNELS[name]
    first, count = round((2 * seconds.STRETCH_S - 4.3) * channel.fs_hz), round(9 * channel.fs_hz)
    whole = channels.sampled(body, channel, first, count).samples
    cuts = [0, 1, count // 3, count // 3 + 2, count]

    seconds.stretch.cache_clear()
    parts = [channels.sampled(body, channel, first + a, b - a).samples for a, b in pairwise(cuts)]

    assert b"".join(parts) == whole


@pytest.mark.parametrize(
    ("age", "heart_rate", "resp_rate", "clock_h"),
    [(30, 62, 12, 10), (70, 74, 15, 10), (85, 98, 22, 1), (75, 130, 28, 15)],
)
def test_our_eyes_read_the_rates_of_the_body(age: int, heart_rate: float, resp_rate: float, clock_h: float) -> None:
    """ECG and pulse wave show the body's heart rate, the chest its breathing, and all are readable."""
    usual = Baseline(age_years=age, heart_rate=heart_rate, resp_rate=resp_rate, mobility=0.0)
    body = Body(seed=age, baseline=usual, clock_s=clock_h * 3600)
    truth = vitals_at(body, np.arange(NOON_S, NOON_S + 60))
    lead, fs_hz = made(body, "ecg.I", NOON_S, NOON_S + 60)
    read = ecg.read(lead, fs_hz)
    wave, wave_hz = made(body, "ppg.pleth", NOON_S, NOON_S + 60)
    found = pulses.detect(wave, wave_hz)
    judged = quality.ppg(wave, wave_hz, found)

    assert 60 / read.intervals.rr_s.mean() == pytest.approx(truth.heart_rate.mean(), abs=1.0)
    assert set(read.kind.tolist()) == {Kind.NORMAL}
    assert np.median(read.quality.index) > 0.9
    assert 60 / ppg.intervals(wave, found, judged).rr_s.mean() == pytest.approx(truth.heart_rate.mean(), abs=1.0)
    assert np.median(judged.index) > 0.8
    breathing = truth.resp_rate.mean()
    assert respiration.chest(*made(body, "resp.impedance", NOON_S, NOON_S + 60)).rate_per_min[0] == pytest.approx(
        breathing, abs=1.5
    )
    fused = respiration.fused(wave, lead, wave_hz, ecg_fs_hz=fs_hz)
    assert fused.rate_per_min[0] == pytest.approx(breathing, abs=2.5)


def test_our_eyes_read_the_rhythm_of_the_body() -> None:
    """Atrial fibrillation is seen from when it begins, and has no P wave; before it there is none."""
    course = Course(
        changes=(Change(target=Target.ATRIAL_FIBRILLATION, points=((240.0, 0.0), (240.0, 1.0), (600.0, 1.0))),)
    )
    lead, fs_hz = made(replace(CALM, course=course), "ecg.II", 0.0, 480.0)
    line = rhythm_burden.timeline(qrs.detect(lead, fs_hz), len(lead))
    states = line.state[0]
    half = len(states) // 2

    assert np.mean(states[: half - 3] == Rhythm.AF) == 0.0
    assert np.mean(states[half + 3 :] == Rhythm.AF) > 0.9
    found = beats.between(replace(CALM, course=course), 10.0, 470.0)
    size = [
        np.median(
            [
                lead[round((at_s - 0.17) * fs_hz) : round((at_s - 0.12) * fs_hz)].mean()
                - lead[round((at_s - 0.3) * fs_hz)]
                for at_s in some
            ]
        )
        for some in (found.at_s[~found.fibrillating], found.at_s[found.fibrillating])
    ]
    assert size[0] > 0.08 > abs(size[1]) + 0.03


def test_ventricular_beats_and_runs_are_seen_as_such() -> None:
    """A tenth of early beats is read as ventricular, and a run of them as nothing else."""
    lead, fs_hz = made(living(Target.VENTRICULAR_ECTOPY, 0.1), "ecg.II", NOON_S, NOON_S + 120)
    kinds = ecg.read(lead, fs_hz).kind
    truth = beats.between(living(Target.VENTRICULAR_ECTOPY, 0.1), NOON_S, NOON_S + 120)
    course = Course(
        changes=(
            Change(target=Target.VENTRICULAR_RUN, points=((50.0, 0.0), (50.0, 1.0), (58.0, 1.0), (58.0, 0.0))),
            Change(target=Target.HEART_RATE, points=((50.0, 0.0), (50.0, 80.0), (58.0, 80.0), (58.0, 0.0))),
        )
    )
    fast, _ = made(replace(CALM, course=course), "ecg.II", 0.0, 120.0)
    read = ecg.read(fast, fs_hz)
    running = (read.beats.exact / fs_hz > 51) & (read.beats.exact / fs_hz < 57.5)

    assert truth.ventricular.sum() > 5
    assert (kinds == Kind.VENTRICULAR).sum() == pytest.approx(truth.ventricular.sum(), abs=2)
    assert np.mean(read.kind[running] == Kind.VENTRICULAR) > 0.7
    assert 60 / np.diff(read.beats.exact[running] / fs_hz).mean() == pytest.approx(150, abs=6)


@pytest.mark.parametrize("spo2", [97.0, 85.0])
def test_red_and_infrared_light_tell_the_saturation(spo2: float) -> None:
    """The ratio of ratios of the two lights is that of the body's SpO2."""
    body = Body(seed=3, baseline=Baseline(mobility=0.0, spo2=spo2))
    ratio = {}
    for lead in ("red", "infrared"):
        light, fs_hz = made(body, f"ppg.{lead}", NOON_S, NOON_S + 60)
        pulsing = signal.sosfiltfilt(signal.butter(2, (0.8, 8), "bandpass", fs=fs_hz, output="sos"), light)
        ratio[lead] = pulsing.std() / light.mean()

    highest, slope = pulse.RATIO_AT
    told = highest - slope * ratio["red"] / ratio["infrared"]
    assert told == pytest.approx(vitals_at(body, np.arange(NOON_S, NOON_S + 60)).spo2.mean(), abs=1.5)


def test_movement_is_felt_by_every_sensor() -> None:
    """Where the body moves the accelerometer swings, and the pulse wave is worse than at rest."""
    body = Body(seed=4, baseline=Baseline(mobility=1.0))
    at_s = np.arange(0.0, 7200.0, 10.0)
    activity = vitals_at(body, at_s + 5).activity
    moving, resting = at_s[np.argmax(activity)], at_s[np.argmin(activity)]
    swing, good = [], []
    for from_s in (moving, resting):
        swing.append(made(body, "accel.z", from_s, from_s + 10)[0].std())
        wave, fs_hz = made(body, "ppg.pleth", from_s - 10, from_s + 20)
        good.append(quality.ppg(wave, fs_hz, pulses.detect(wave, fs_hz)).index.mean())

    assert swing[0] > 10 * swing[1]
    assert good[0] < good[1] - 0.2
    assert movement.posture_at(body, np.array([moving + 5]))[0] == movement.Posture.STANDING


def test_a_night_has_its_stages() -> None:
    """Deep sleep comes early, REM late, both at about their shares, and nobody sleeps by day."""
    body = Body(seed=6, baseline=Baseline(age_years=70), clock_s=0.0)
    minute = np.arange(22 * 3600.0, 32 * 3600.0, 60.0)
    stages = stage_at(body, minute)
    asleep = stages[stages != Stage.AWAKE]

    assert 0.1 < np.mean(asleep == Stage.DEEP) < 0.25
    assert 0.13 < np.mean(asleep == Stage.REM) < 0.27
    assert np.median(minute[stages == Stage.DEEP]) < np.median(minute[stages == Stage.REM])
    assert set(stage_at(body, np.arange(10 * 3600.0, 20 * 3600.0, 60.0)).tolist()) == {Stage.AWAKE}
