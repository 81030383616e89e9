"""A worn kit: when it samples, what its sensors make of the body, how full its battery is. Pure; no clock, no MQTT.

Does not keep readings (`simulator.buffer`) nor send them. The invariant: samples of [a, b) and of [b, c) are
together those of [a, c).
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Final

import msgspec
import numpy as np

from simulator import traits
from simulator.course import Target, added
from simulator.noise import Bools, Floats, Ints, Stream, normal, uniform
from simulator.physiology import DAY_S, Body, Vitals, vitals_at
from simulator.traits import ORDINARY, Traits
from ward.vitals import VITALS, VitalKind

SHORTEST_S: Final = 1.0
LONGEST_S: Final = 7 * DAY_S
_SPREAD_S: Final = 3.0  # the devices of a fleet begin within so many seconds, not all at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One measured value at `t_s` seconds of simulated time, in the kind's canonical unit; `quality` 0-1 or None."""

    t_s: float
    kind: VitalKind
    value: float
    quality: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """What a sensor adds: `noise` (standard deviation), `resolution`, and how much movement disturbs it (0-1)."""

    noise: float
    resolution: float
    movement: float = 0.0


_SENSORS: Final = MappingProxyType(
    {
        VitalKind.HEART_RATE: Sensor(noise=0.6, resolution=1.0, movement=0.35),
        VitalKind.SPO2: Sensor(noise=0.35, resolution=1.0, movement=0.45),
        VitalKind.RESP_RATE: Sensor(noise=0.4, resolution=1.0, movement=0.5),
        VitalKind.TEMPERATURE: Sensor(noise=0.05, resolution=0.1),
        VitalKind.SYSTOLIC: Sensor(noise=4.5, resolution=1.0, movement=0.25),
        VitalKind.DIASTOLIC: Sensor(noise=3.5, resolution=1.0, movement=0.25),
        VitalKind.WEIGHT: Sensor(noise=0.05, resolution=0.1),
        VitalKind.CONSCIOUSNESS: Sensor(noise=0.0, resolution=1.0),
        VitalKind.OXYGEN_FLOW: Sensor(noise=0.0, resolution=0.5),
        VitalKind.GLUCOSE: Sensor(noise=0.25, resolution=0.1),
    }
)
_BY_HAND: Final = frozenset({VitalKind.CONSCIOUSNESS, VitalKind.OXYGEN_FLOW, VitalKind.WEIGHT})
_OF_THE_FINGER: Final = frozenset({VitalKind.SPO2, VitalKind.HEART_RATE})
# A failing sensor at its worst: how far values stray, in units of the kind.
_STRAYS: Final = MappingProxyType({VitalKind.HEART_RATE: 6.0, VitalKind.SPO2: 3.5, VitalKind.RESP_RATE: 4.0})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sampling plan: seconds of simulated time between two measurements of each kind."""

    every_s: MappingProxyType[VitalKind, float]


DEMO_PLAN: Final = Plan(
    every_s=MappingProxyType(
        {
            VitalKind.HEART_RATE: 5.0,
            VitalKind.SPO2: 5.0,
            VitalKind.RESP_RATE: 30.0,
            VitalKind.TEMPERATURE: 900.0,
            VitalKind.SYSTOLIC: 900.0,
            VitalKind.DIASTOLIC: 900.0,
            VitalKind.CONSCIOUSNESS: 3600.0,
            VitalKind.OXYGEN_FLOW: 3600.0,
            VitalKind.WEIGHT: DAY_S,
        }
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Another body that wears the device from `since_s` until before `until_s`."""

    since_s: float
    until_s: float
    body: Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """A device on a body: switched on at `on_at_s`, when everything of the plan is measured once.

    `others` wear it for a while in place of the body; its power, battery and failing sensor stay its own.
    """

    device_id: str
    body: Body
    plan: Plan = DEMO_PLAN
    on_at_s: float = 0.0
    battery_pct: float = 100.0
    traits: Traits = ORDINARY
    others: tuple[Other, ...] = ()


class _Config(msgspec.Struct):
    every_s: dict[str, float] = {}


def configured(kit: Kit, payload: bytes) -> Kit | str:
    """Apply a `config` message, `{"every_s": {"spo2": 10}}`; what cannot be used is told, and changes nothing."""
    try:
        wanted = msgspec.json.decode(payload, type=_Config).every_s
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"config is not understood: {error}"
    plan = {str(kind): kind for kind in kit.plan.every_s}
    for name, seconds in wanted.items():
        if name not in plan:
            return f"this device does not measure {name[:40]!r}"
        if not SHORTEST_S <= seconds <= LONGEST_S:
            return f"every_s of {name} is {seconds:g}; expected {SHORTEST_S:g} to {LONGEST_S:g}"
    merged = dict(kit.plan.every_s) | {plan[name]: seconds for name, seconds in wanted.items()}
    return replace(kit, plan=Plan(every_s=MappingProxyType(merged)))


def next_due(kit: Kit, after_s: float) -> float:
    """Return the earliest instant at or after `after_s` at which the plan wants a measurement."""
    return min(_first(kit, every_s, after_s)[1] for every_s in set(kit.plan.every_s.values()))


def samples(kit: Kit, from_s: float, until_s: float) -> list[Sample]:
    """Return what the device measures in [from_s, until_s), in order of time.

    Parameters
    ----------
    kit
        The device and whose body it is on.
    from_s, until_s
        s of simulated time, `from_s` not before the device was switched on.

    Returns
    -------
    Samples; none while the device is without power, and gaps where its sensor fails.
    """
    taken = [sample for kind in kit.plan.every_s for sample in _measured(kit, kind, from_s, until_s)]
    return sorted(taken, key=lambda sample: sample.t_s)


def _origin_s(kit: Kit, every_s: float) -> float:
    """Return the instant of the first measurement; kinds with one interval are measured together."""
    spread = float(uniform(kit.body.seed, Stream.PHASE, np.array([round(every_s * 1000)]))[0])
    return kit.on_at_s + spread * min(every_s, _SPREAD_S)


def _first(kit: Kit, every_s: float, from_s: float) -> tuple[int, float]:
    """Return number and instant of the first measurement at or after `from_s`."""
    origin_s = _origin_s(kit, every_s)
    number = max(0, int((from_s - origin_s) / every_s) - 1)
    while origin_s + number * every_s < from_s:
        number += 1
    return number, origin_s + number * every_s


def _measured(kit: Kit, kind: VitalKind, from_s: float, until_s: float) -> Iterator[Sample]:
    every_s = kit.plan.every_s[kind]
    first, start_s = _first(kit, every_s, from_s)
    if start_s >= until_s:
        return
    count = int((until_s - start_s) / every_s) + 2
    t_s: Floats = _origin_s(kit, every_s) + np.arange(first, first + count, dtype=np.float64) * every_s
    t_s = t_s[t_s < until_s]
    values, quality, present = _sensed(kit, kind, t_s)
    for at_s, value, good, here in zip(t_s, values, quality, present, strict=True):
        if here:
            told = None if kind in _BY_HAND else float(good)
            yield Sample(t_s=float(at_s), kind=kind, value=float(value), quality=told)


def _sensed(kit: Kit, kind: VitalKind, t_s: Floats) -> tuple[Floats, Floats, Bools]:
    """Return values as the sensor gives them, their quality, and whether there is a value at all."""
    body = kit.body
    truth = _worn(kit, t_s)
    sensor, seed, vital = _SENSORS[kind], body.seed, VITALS[kind]
    tick: Ints = np.round(t_s * 1000).astype(np.int64)
    by_hand = kind in _BY_HAND
    failing = np.zeros_like(t_s) if by_hand else np.clip(added(body.course, Target.SENSOR_NOISE, t_s), 0.0, 1.0)
    lost = np.zeros_like(t_s) if by_hand else np.clip(added(body.course, Target.SENSOR_DROPOUT, t_s), 0.0, 1.0)
    disturbed = sensor.movement * truth.activity
    spread = sensor.noise * (1.0 + 3.0 * disturbed) + _STRAYS.get(kind, 0.0) * failing
    misread = added(body.course, Target.SENSOR_SPO2, t_s) if kind is VitalKind.SPO2 else 0.0
    values = _true(kind, truth) + misread + spread * normal(seed, Stream.SENSOR + vital.code, tick)
    steps = np.floor(values / sensor.resolution + 0.5)
    values = np.clip(np.round(steps * sensor.resolution, 3), vital.low, vital.high)
    good = 0.98 - 0.02 * uniform(seed, Stream.QUALITY + 1000 * vital.code, tick) - 0.5 * disturbed - 0.75 * failing
    here = uniform(seed, Stream.DROPOUT + 1000 * vital.code, tick) >= lost
    quality: Floats = np.round(np.clip(good, 0.05, 1.0), 2).astype(np.float64)
    here &= powered(body, t_s)
    if not by_hand:
        here &= ~traits.inside(kit.traits.off, t_s)
    if kind in _OF_THE_FINGER:
        here &= ~squeezed(kit, t_s)
    return traits.unlabelled(kit.traits, kind, values, t_s), quality, here


def _worn(kit: Kit, t_s: Floats) -> Vitals:
    """Return the true vital signs of whoever wears the device."""
    truth = vitals_at(kit.body, t_s)
    for other in kit.others:
        theirs = (other.since_s <= t_s) & (t_s < other.until_s)
        if theirs.any():
            found = vitals_at(other.body, t_s)
            names = [each.name for each in fields(Vitals)]
            truth = Vitals(**{name: np.where(theirs, getattr(found, name), getattr(truth, name)) for name in names})
    return truth


def squeezed(kit: Kit, t_s: Floats) -> Bools:
    """Tell at which instants a cuff stops the blood that the oximeter looks at, (n,) bool."""
    every_s = kit.plan.every_s.get(VitalKind.SYSTOLIC)
    if kit.traits.cuff_arm == "other" or every_s is None:
        return np.zeros(len(t_s), bool)
    until_next_s = -(t_s - _origin_s(kit, every_s)) % every_s
    inflating: Bools = (until_next_s < kit.traits.cuff_s) & powered(kit.body, t_s)
    return inflating


def _true(kind: VitalKind, truth: Vitals) -> Floats:
    values: Floats = getattr(truth, kind.value)
    return values


def powered(body: Body, t_s: Floats) -> Bools:
    """Tell at which instants the device has power, (n,) bool."""
    return np.asarray(added(body.course, Target.POWER, t_s) > -0.5)


def is_on(kit: Kit, at_s: float) -> bool:
    """Tell whether the device has power at an instant."""
    return bool(powered(kit.body, np.array([at_s]))[0])


def battery_pct(kit: Kit, at_s: float) -> float:
    """Return the battery's charge, whole %: charged each morning at seven, drained through the day and night."""
    since_charge_s = (kit.body.clock_s + at_s - 7 * 3600.0) % DAY_S
    drained = 1.6 * since_charge_s / 3600.0
    level = kit.battery_pct - drained + float(added(kit.body.course, Target.BATTERY, np.array([at_s]))[0])
    return float(np.clip(np.round(level), 1.0, 100.0))
