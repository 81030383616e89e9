"""A body: coupled vital signs at any instant. Pure and vectorised; no clock, no device, no hidden running state.

Knows nothing of sensors and their errors (`simulator.device`). The invariant: `vitals_at` depends on the body
and the instant alone, so any chunking, order, speed or restart gives the same values.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.course import QUIET, Course, Target, added
from simulator.noise import Floats, Ints, Stream, drift, normal, own, smooth_step, uniform, wander

DAY_S: Final = 86_400.0
_SLOT_S: Final = 900.0  # at most one bout of activity begins in each slot
_LOOK_BACK: Final = 6  # slots whose effort can still be felt: six are more than four of the slowest time constants

# Gains of the couplings. Sizes, not thresholds: sources and reasoning in docs/clinical-sources.md.
HEART_PER_DEGC: Final = 9.0  # /min per °C of fever: 8-10 in adults (Liebermeister's rule)
BREATHS_PER_DEGC: Final = 2.0  # /min per °C of fever
HEART_PER_HYPOXIA: Final = 1.5  # /min per % that SpO2 lies under what the body is used to
BREATHS_PER_HYPOXIA: Final = 0.7
HYPOXIA_SLACK: Final = 1.5  # % under the usual that the body does not answer
HEART_RESERVE_USED: Final = 0.32  # share of the reserve that full domestic effort takes
BREATHS_PER_EFFORT: Final = 7.0
PRESSURE_PER_EFFORT: Final = 18.0
PRESSURE_PER_BEAT: Final = 0.08  # mmHg per /min above the usual heart rate
PRESSURE_ALONE: Final = 6.0  # mmHg, standard deviation of what vessels do by themselves
BAROREFLEX: Final = 0.4  # /min less for each mmHg that the vessels raise the pressure; each person's own share of it
DIP: Final = (0.75, 0.45, -0.2, 1.3)  # of the pressure's fall in sleep, a person's share: mean, spread, least and most
SLEEP_HEART: Final = -7.0
SLEEP_BREATHS: Final = -1.5
SLEEP_PRESSURE: Final = -13.0
SLEEP_SPO2: Final = -0.7
HEART_TAU_S: Final = 75.0  # recovery after effort
BREATHS_TAU_S: Final = 50.0
PRESSURE_TAU_S: Final = 120.0
PRESSURE_ALONE_TAU_S: Final = 2400.0
HEAT_TAU_S: Final = 1200.0
MOVEMENT_TAU_S: Final = 8.0
UPRIGHT_TAU_S: Final = 30.0  # until the pressure of one who stands up has fallen: most within three minutes
HEART_PER_DROP: Final = 0.5  # /min for each mmHg lost in standing (Norcliffe-Kaufmann 2018, doi:10.1002/ana.25170)
VARIETY: Final = (3.2, 2.6, 1.0, 7.0, 3.2, 0.13)
"""Of pulse, breathing, SpO2, systolic, diastolic pressure and temperature: what `variety` 1 adds. Fitted to the hours
of recorded stays (`python -m benchmarks.simulated`): without it they go together far more than in any of those."""
PRESSURES_SHARE: Final = 0.3  # of what the systolic pressure does by itself, the diastolic does too
VARIETY_TAU_S: Final = 2400.0
GLUCOSE_ALARM: Final = 3.8  # mmol/L: below it adrenaline answers
HEART_PER_GLUCOSE: Final = 9.0  # /min for each mmol/L below
IRREGULARITY: Final = 8.0  # /min, of one whose fibrillation begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What is usual for this person, awake and at rest. Rates per minute, mmHg, °C, kg, L/min, mmol/L.

    `mobility` is 0 (in bed) to 1 (about all day); `exertional_drop` the SpO2 percentage points lost in full
    effort; `irregularity` the beat-to-beat unrest of atrial fibrillation, /min; `ectopy` the share of ventricular
    beats; `orthostatic_drop` the mmHg lost on one's feet; `oxygen_response` how much of the saturation that an illness
    takes a further litre of oxygen a minute gives back, as a rate (0.35: 2 L/min half of it); `variety` how much each
    vital sign goes its own way over an hour or so, 1 as it does in recordings.
    """

    age_years: float = 70.0
    heart_rate: float = 72.0
    resp_rate: float = 15.0
    spo2: float = 96.5
    systolic: float = 130.0
    diastolic: float = 76.0
    temperature: float = 36.7
    weight: float = 75.0
    oxygen_flow: float = 0.0
    glucose: float = 6.2
    mobility: float = 0.5
    exertional_drop: float = 0.8
    irregularity: float = 0.0
    ectopy: float = 0.0
    orthostatic_drop: float = 0.0
    oxygen_response: float = 0.0
    variety: float = 0.0
    bed_hour: float = 22.5
    wake_hour: float = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A person: who they are, what befalls them, and the time of day (`clock_s` after midnight) at t = 0."""

    seed: int
    baseline: Baseline = Baseline()
    course: Course = QUIET
    clock_s: float = 10 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """True vital signs, one array of (n,) float64 each, in the canonical units of `ward.vitals`.

    `consciousness` is the number of `ward.vitals.Acvpu`; `activity` and `asleep` run from 0 to 1.
    """

    heart_rate: Floats
    resp_rate: Floats
    spo2: Floats
    systolic: Floats
    diastolic: Floats
    temperature: Floats
    weight: Floats
    consciousness: Floats
    oxygen_flow: Floats
    glucose: Floats
    activity: Floats
    asleep: Floats


def vitals_at(body: Body, t_s: Floats) -> Vitals:
    """Return the true vital signs of a body.

    Parameters
    ----------
    body
        Who.
    t_s
        (n,) float64, s since the start of the simulation, in any order, finite.

    Returns
    -------
    Vitals, finite, within what a living body shows.

    Notes
    -----
    Own model; the couplings are first order and additive. Checked: tests/unit/test_simulator.py (sign and size
    of each coupling, ranges over 24 h) and tests/property/test_simulator.py (any chunking).
    """
    base, seed = body.baseline, body.seed
    clock_s = t_s + body.clock_s
    sleep = asleep(body, t_s)
    effort = _Efforts(body, t_s)
    rhythm = np.cos(2 * np.pi * (clock_s / DAY_S - 15.5 / 24))

    temperature, excess = _temperature(body, t_s, effort.heat)
    spo2 = (
        base.spo2
        + 0.45 * wander(seed, Stream.SPO2, t_s, 120.0)
        + SLEEP_SPO2 * sleep
        - base.exertional_drop * effort.breaths
        + added(body.course, Target.SPO2, t_s)
    )
    if base.oxygen_response:
        spo2 = spo2 + _oxygenated(body, t_s, base.spo2 - spo2)
    spo2 = np.clip(spo2, 50.0, 100.0)
    hypoxia = np.maximum(base.spo2 - HYPOXIA_SLACK - spo2, 0.0)

    breathing = wander(seed, Stream.RESP_RATE, t_s, 90.0)
    resp_rate = base.resp_rate + 0.9 * breathing * (1.0 - 0.4 * sleep) + SLEEP_BREATHS * sleep
    resp_rate = resp_rate + BREATHS_PER_EFFORT * effort.breaths + BREATHS_PER_DEGC * excess
    resp_rate = resp_rate + BREATHS_PER_HYPOXIA * hypoxia + added(body.course, Target.RESP_RATE, t_s)

    calm = 2.0 * wander(seed, Stream.HEART_RATE, t_s, 120.0) + 0.8 * breathing + 2.5 * rhythm + SLEEP_HEART * sleep
    alone = PRESSURE_ALONE * wander(seed, Stream.PRESSURE, t_s, PRESSURE_ALONE_TAU_S)
    reflex = -BAROREFLEX * own(seed, Stream.PRESSURE, 0.5) * alone
    calm = calm + reflex
    unrest = base.irregularity + IRREGULARITY * np.clip(added(body.course, Target.ATRIAL_FIBRILLATION, t_s), 0.0, 1.0)
    calm = calm + unrest * drift(seed, Stream.RHYTHM, t_s, 4.0)
    calm = calm + HEART_PER_DEGC * excess + HEART_PER_HYPOXIA * hypoxia + added(body.course, Target.HEART_RATE, t_s)
    reserve = 208.0 - 0.7 * base.age_years - base.heart_rate  # highest rate: Tanaka 2001, 10.1016/S0735-1097(00)01054-8
    heart_rate = base.heart_rate + calm + HEART_RESERVE_USED * reserve * effort.heart

    glucose = base.glucose + 0.5 * wander(seed, Stream.GLUCOSE, t_s, 5400.0) + added(body.course, Target.GLUCOSE, t_s)
    heart_rate = heart_rate + HEART_PER_GLUCOSE * np.maximum(GLUCOSE_ALARM - glucose, 0.0)

    stands = base.orthostatic_drop * effort.upright
    heart_rate = heart_rate + HEART_PER_DROP * stands

    driven = 3.0 * rhythm + PRESSURE_PER_BEAT * (calm - reflex) + effort.pressure + alone - stands
    systolic, diastolic = _pressure(body, t_s, sleep, driven)
    if base.variety:
        more = _varied(body, t_s)
        heart_rate, resp_rate, spo2 = heart_rate + more[0], resp_rate + more[1], np.clip(spo2 + more[2], 50.0, 100.0)
        systolic, temperature = np.clip(systolic + more[3], 50.0, 250.0), temperature + more[5]
        diastolic = np.clip(diastolic + PRESSURES_SHARE * more[3] + more[4], 25.0, systolic - 12.0)
    return Vitals(
        heart_rate=np.clip(heart_rate, 25.0, 220.0),
        resp_rate=np.clip(resp_rate, 4.0, 60.0),
        spo2=spo2,
        systolic=systolic,
        diastolic=diastolic,
        temperature=temperature,
        weight=base.weight + 0.25 * wander(seed, Stream.WEIGHT, t_s, DAY_S) + added(body.course, Target.WEIGHT, t_s),
        consciousness=np.clip(np.floor(added(body.course, Target.CONSCIOUSNESS, t_s) + 1e-9), 0.0, 4.0),
        oxygen_flow=np.maximum(base.oxygen_flow + added(body.course, Target.OXYGEN_FLOW, t_s), 0.0),
        glucose=np.clip(glucose, 1.0, 40.0),
        activity=effort.movement,
        asleep=sleep,
    )


def _varied(body: Body, t_s: Floats) -> list[Floats]:
    """Return how far each vital sign goes its own way, in the order of `VARIETY`."""
    return [
        body.baseline.variety * size * wander(body.seed, Stream.VARIETY + which, t_s, VARIETY_TAU_S)
        for which, size in enumerate(VARIETY)
    ]


def _oxygenated(body: Body, t_s: Floats, lacking: Floats) -> Floats:
    """Return the % that oxygen beyond the usual flow gives back of what is lacking: much at first, never all."""
    further = np.maximum(added(body.course, Target.OXYGEN_FLOW, t_s), 0.0)
    return np.asarray(np.maximum(lacking, 0.0) * (1.0 - np.exp(-body.baseline.oxygen_response * further)))


def asleep(body: Body, t_s: Floats) -> Floats:
    """Return how deep asleep the body is, (n,) 0 to 1: personal hours, each night a little different."""
    within, bed_s, wake_s = _night(body, t_s)
    return smooth_step((within - bed_s) / 2400.0) * (1.0 - smooth_step((within - wake_s) / 1800.0))


def in_bed_s(body: Body, t_s: Floats) -> Floats:
    """Return for how long the body has been in bed this night, (n,) s; less than 0 before."""
    within, bed_s, _ = _night(body, t_s)
    return within - bed_s


def _night(body: Body, t_s: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the seconds since noon, and at how many of them the body goes to bed and gets up this night."""
    since_noon = t_s + body.clock_s - DAY_S / 2
    night = np.floor(since_noon / DAY_S)
    shift = 1500.0 * normal(body.seed, Stream.SLEEP, night.astype(np.int64))
    bed_s = (body.baseline.bed_hour - 12.0) * 3600.0 + shift
    wake_s = (body.baseline.wake_hour + 12.0) * 3600.0 + 0.5 * shift
    return since_noon - night * DAY_S, bed_s, wake_s


class _Efforts:
    """What bouts of activity do to the body: each organ answers as a first-order system, solved in closed form."""

    def __init__(self, body: Body, t_s: Floats) -> None:
        self.movement = np.zeros_like(t_s)
        self.heart = np.zeros_like(t_s)
        self.breaths = np.zeros_like(t_s)
        self.heat = np.zeros_like(t_s)
        self.pressure = np.zeros_like(t_s)
        self.upright = np.zeros_like(t_s)
        slot = np.floor(t_s / _SLOT_S).astype(np.int64)
        for back in range(_LOOK_BACK):
            start_s, length_s, effort = _bout(body, slot - back)
            since = t_s - start_s
            self.movement += effort * _answer(since, length_s, MOVEMENT_TAU_S)
            self.heart += effort * _answer(since, length_s, HEART_TAU_S)
            self.breaths += effort * _answer(since, length_s, BREATHS_TAU_S)
            self.heat += effort * _answer(since, length_s, HEAT_TAU_S)
            self.upright += (effort > 0) * _answer(since, length_s, UPRIGHT_TAU_S)
            self.pressure += PRESSURE_PER_EFFORT * effort * _answer(since, length_s, PRESSURE_TAU_S)
        self.movement = np.minimum(self.movement, 1.0)
        self.upright = np.minimum(self.upright, 1.0)


def _bout(body: Body, slot: Ints) -> tuple[Floats, Floats, Floats]:
    """Return start (s), length (s) and effort (0-1; 0 = none) of the bout of each slot."""
    seed, mobility = body.seed, body.baseline.mobility
    start_s = (slot + 0.7 * uniform(seed, Stream.BOUT_START, slot)) * _SLOT_S
    awake = 1.0 - asleep(body, start_s)
    happens = uniform(seed, Stream.BOUT, slot) < 0.03 + (0.12 + 0.45 * mobility) * awake
    length_s = 60.0 + (120.0 + 600.0 * mobility) * uniform(seed, Stream.BOUT_LENGTH, slot) ** 2
    effort = (0.25 + 0.75 * uniform(seed, Stream.BOUT_EFFORT, slot)) * (0.35 + 0.65 * mobility)
    vigour = np.clip(1.0 + added(body.course, Target.ACTIVITY, start_s), 0.0, 1.5)
    return start_s, length_s, np.where(happens, effort * vigour, 0.0)


def _answer(since_s: Floats, length_s: Floats, tau_s: float) -> Floats:
    """Return the answer of a first-order system to a unit pulse that began `since_s` ago."""
    on_s = np.clip(since_s, 0.0, length_s)
    after_s = np.maximum(since_s - length_s, 0.0)
    return np.asarray((1.0 - np.exp(-on_s / tau_s)) * np.exp(-after_s / tau_s), dtype=np.float64)


def _temperature(body: Body, t_s: Floats, heat: Floats) -> tuple[Floats, Floats]:
    """Return the temperature (°C), and how far it lies from what is usual at this hour."""
    usual = body.baseline.temperature + 0.3 * np.cos(2 * np.pi * ((t_s + body.clock_s) / DAY_S - 17.5 / 24))
    excess = 0.08 * wander(body.seed, Stream.TEMPERATURE, t_s, 5400.0) + 0.4 * heat
    excess = excess + added(body.course, Target.TEMPERATURE, t_s)
    temperature = np.clip(usual + excess, 30.0, 43.0)
    return temperature, temperature - usual


def _pressure(body: Body, t_s: Floats, sleep: Floats, driven_mmhg: Floats) -> tuple[Floats, Floats]:
    """Return systolic and diastolic pressure, mmHg; the pulse pressure never vanishes."""
    base, seed = body.baseline, body.seed
    mean, spread, least, most = DIP
    dips = np.clip(mean + spread * normal(seed, Stream.DIP, np.zeros(1, np.int64)), least, most)
    swing = SLEEP_PRESSURE * dips * sleep + driven_mmhg
    swing = swing + added(body.course, Target.SYSTOLIC, t_s)
    systolic = np.clip(base.systolic + swing, 50.0, 250.0)
    diastolic = base.diastolic + 0.5 * swing + 2.0 * wander(seed, Stream.DIASTOLIC, t_s, 900.0)
    return systolic, np.clip(diastolic, 25.0, systolic - 12.0)
