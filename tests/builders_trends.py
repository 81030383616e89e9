"""Builders for what trends look at: made-up series, simulated people by the quarter of an hour, and batches of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from alerting.features import Batch, DeviceReport, Floats, Series, StayContext, batch
from alerting.quarters import NORMAL_EVERY_S, Normals, Quarters, binned, hourly, normals, taken_s
from alerting.rules.trends import normals_of
from alerting.signal.norms import NORMS
from alerting.signal.series import Moments
from alerting.tracks import Track, Verdict
from simulator import scenario
from simulator.device import DEMO_PLAN, Kit, samples
from simulator.device import Plan as Sampling
from simulator.physiology import Body
from ward.people import StayId
from ward.plans import Plan
from ward.vitals import VitalKind

# A midnight in Stockholm, far from zero as real times are.
START_S = 1_795_215_600.0
KINDS = (VitalKind.HEART_RATE, VitalKind.RESP_RATE, VitalKind.SPO2, VitalKind.WEIGHT, VitalKind.OXYGEN_FLOW)
HOUR_S, DAY_S = 3600.0, 86_400.0
STABLE = (
    "stable_atrial_fibrillation", "stable_cellulitis", "stable_copd", "stable_frail", "stable_heart_failure",
    "stable_pneumonia", "stable_postoperative",
)  # fmt: skip


def a_series(*stays: tuple[npt.ArrayLike, npt.ArrayLike]) -> Series:
    """Make the readings of one kind: of each stay, (seconds after `START_S`, values)."""
    times = [np.asarray(t_s, np.float64) + START_S for t_s, _ in stays]
    values = np.concatenate([np.asarray(value, np.float64) for _, value in stays])
    return Series(
        t_s=np.concatenate(times),
        value=values,
        quality=np.full(len(values), np.nan),
        offsets=np.cumsum([0, *map(len, times)]),
    )


def a_stay(plan: Plan, number: int = 1, *, devices: tuple[DeviceReport, ...] = ()) -> StayContext:
    """Make the context of a stay under a plan."""
    return StayContext(stay_id=StayId(number), plan=plan, watched_from_s=START_S, devices=devices, alerts={})


def a_trend_batch(stays: Sequence[StayContext], series: Mapping[VitalKind, Series]) -> Batch:
    """Make a batch of all that was measured, with everybody's normal at each time at which one is taken."""
    made = {kind: binned(each) for kind, each in series.items()}
    kinds = {kind for stay in stays for kind in normals_of(stay.plan)} & made.keys()
    return replace(
        batch(list(stays), series), quarters=made, normals={kind: all_normals(made[kind], kind) for kind in kinds}
    )


def all_normals(quarters: Quarters, kind: VitalKind) -> Normals:
    """Take the normals of everybody over the whole time."""
    first, last = taken_s(np.array([quarters.start_s.min(), quarters.end_s.max()]))
    times = np.arange(first, last + 1, NORMAL_EVERY_S)
    stays = len(quarters.offsets) - 1
    at = Moments(row=np.repeat(np.arange(stays), len(times)), at_s=np.tile(times, stays))
    return normals(hourly(quarters), at, NORMS[kind])


def episodes(track: Track, stay: int = 0) -> list[tuple[float, int]]:
    """Return when each run of findings of a stay began to be said, hours after `START_S`, and its highest priority."""
    own = slice(int(track.offsets[stay]), int(track.offsets[stay + 1]))
    found: list[tuple[float, int]] = []
    going = False
    for from_s, verdict in zip(track.from_s[own].tolist(), track.verdict[own].tolist(), strict=True):
        if verdict >= Verdict.LOW and not going:
            found.append((round((from_s - START_S) / HOUR_S, 2), verdict - 2))
        elif verdict >= Verdict.LOW:
            found[-1] = (found[-1][0], max(found[-1][1], verdict - 2))
        # Whoever says neither "there" nor "gone" leaves an alert as it is.
        going = verdict >= Verdict.LOW or (going and verdict != Verdict.QUIET)
    return found


def person(
    name: str, seed: int, days: float, every_s: float = 300.0, starts_after_s: float | None = None
) -> dict[VitalKind, tuple[Floats, Floats]]:
    """Let one simulated person live for days: (seconds, values) of what a device of their own measures, by kind."""
    told = scenario.load(name)
    shift = np.random.default_rng(seed).normal(0, 1, 3)
    own = replace(
        told.baseline,
        heart_rate=told.baseline.heart_rate + 5 * shift[0],
        resp_rate=told.baseline.resp_rate + 1.2 * shift[1],
        spo2=min(told.baseline.spo2 + 0.8 * shift[2], 99.0),
    )
    course = told.course if starts_after_s is None else replace(told.course, starts_after_s=starts_after_s)
    body = Body(seed=seed, baseline=own, course=course, clock_s=0.0)
    every = {kind: max(usual_s, every_s) for kind, usual_s in DEMO_PLAN.every_s.items() if kind in KINDS}
    kit = Kit(device_id="hv-1", body=body, plan=Sampling(every_s=MappingProxyType(every)))
    taken = samples(kit, 0.0, days * DAY_S)
    own_of = {kind: [each for each in taken if each.kind is kind] for kind in every}
    return {
        kind: (np.array([each.t_s for each in own]), np.array([each.value for each in own]))
        for kind, own in own_of.items()
    }


def people(lives: Sequence[Mapping[VitalKind, tuple[Floats, Floats]]], plan: Plan) -> Batch:
    """Make a batch of simulated people under one plan."""
    stays = [a_stay(plan, number + 1) for number in range(len(lives))]
    return a_trend_batch(stays, {kind: a_series(*(life[kind] for life in lives)) for kind in lives[0]})
