"""All that the device of a checked scenario says, and when each of it reaches the platform. Pure.

Sends nothing: `onebox.scenario_play` does, through ingest. The invariant: what is measured arrives, late, twice or out
of order as the scenario's wire has it, and never not at all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

import numpy as np

from simulator import device, device_waves, faults
from simulator.device import Kit, Sample
from simulator.expectations import Check, Happening, Wire
from simulator.faults import Faults
from simulator.physiology import Body
from simulator.scenario import Scenario, put_on
from simulator.traits import firmware_at, told_s
from simulator.waves.channels import BLOCK_S
from ward.events import DeviceEvent, EventKind
from ward.vitals import Reading, VitalKind
from ward.waveforms import WaveformBlock
from ward.wire import WireStatus

# A device measures what it can all the time; a night of every five seconds would tell no more than this does.
EVERY_S: MappingProxyType[VitalKind, float] = MappingProxyType(
    {VitalKind.HEART_RATE: 15.0, VitalKind.SPO2: 15.0, VitalKind.RESP_RATE: 60.0}
)
# Beside what it measures anyway.
_FLOOD_EVERY_S = MappingProxyType({VitalKind.HEART_RATE: 0.1, VitalKind.SPO2: 0.1})
_STATUS_S = 60.0
_HISTORY_EVERY_S = 60.0
# A broker sends the will when it has not heard a device for one and a half of its keep-alives.
_WILL_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing a device says: when it reaches the platform, s after the beginning, and what."""

    at_s: float
    what: Reading | WireStatus | DeviceEvent | WaveformBlock


def kit(scenario: Scenario, check: Check, device_id: str, seed: int) -> Kit:
    """Return the device of a checked scenario, switched on when its history begins."""
    at = check.begins
    clock_s = at.hour * 3600.0 + at.minute * 60.0
    body = Body(seed=seed, baseline=scenario.baseline, course=scenario.course, clock_s=clock_s)
    plan = device.Plan(every_s=MappingProxyType({**device.DEMO_PLAN.every_s, **EVERY_S}))
    worn = put_on(scenario, Kit(device_id=device_id, body=body, plan=plan, on_at_s=-3600.0 * check.history_hours))
    every_s = MappingProxyType({**worn.plan.every_s, **check.every_s})
    return replace(worn, plan=device.Plan(every_s=every_s))


def transcript(worn: Kit, check: Check, began: datetime) -> list[Said]:
    """Return everything said from `began` to the end of the check, in the order in which it arrives."""
    until_s = check.hours * 3600.0
    said = [*_history(worn, check), *_measured(worn, check, until_s)]
    readings = [
        Said(at_s=_heard_s(check, at_s), what=_reading(worn, each, began, seq)) for seq, (at_s, each) in enumerate(said)
    ]
    statuses = _statuses(worn, check, until_s)
    events = [_event(worn, check, each, began) for each in check.happens]
    return sorted((*readings, *statuses, *events, *_curves(worn, check, began)), key=lambda each: each.at_s)


def flooded(worn: Kit, wire: Wire, from_s: float, until_s: float) -> list[Sample]:
    """Return what the device measures in [from_s, until_s) beside its plan, where it floods."""
    flooding = replace(worn, plan=device.Plan(every_s=_FLOOD_EVERY_S))
    spans = ((max(from_s, 60.0 * since), min(until_s, 60.0 * until)) for since, until in wire.flood)
    return [
        sample for since_s, end_s in spans if since_s < end_s for sample in device.samples(flooding, since_s, end_s)
    ]


def _history(worn: Kit, check: Check) -> Iterator[tuple[float, Sample]]:
    every_s = {kind: max(each, _HISTORY_EVERY_S) for kind, each in worn.plan.every_s.items()}
    thin = replace(worn, plan=device.Plan(every_s=MappingProxyType(every_s)))
    for sample in device.samples(thin, -3600.0 * check.history_hours, 0.0) if check.history_hours else ():
        yield 0.0, sample


def _measured(worn: Kit, check: Check, until_s: float) -> Iterator[tuple[float, Sample]]:
    wire = check.wire
    taken = device.samples(worn, 0.0, until_s) + flooded(worn, wire, 0.0, until_s)
    if not (wire.duplicate or wire.reorder):
        yield from ((each.t_s, each) for each in taken)
        return
    switches = Faults(duplicate=wire.duplicate, reorder=wire.reorder)
    yield from ((each.at_s, each.sample) for each in faults.pass_through(switches, worn.body.seed, taken))


def _heard_s(check: Check, at_s: float) -> float:
    """Return when what leaves the device at `at_s` gets through: at once, or with the network's return."""
    return next((60.0 * end for start, end in check.wire.offline if 60.0 * start <= at_s < 60.0 * end), at_s)


def _reading(worn: Kit, sample: Sample, began: datetime, seq: int) -> Reading:
    at = began + timedelta(milliseconds=round(told_s(worn.traits, sample.t_s) * 1000))
    return Reading(kind=sample.kind, value=sample.value, measured_at=at, quality=sample.quality, seq=seq)


def _statuses(worn: Kit, check: Check, until_s: float) -> Iterator[Said]:
    """Yield the status of every minute in which the device has power and a network, and the will when it has not."""
    was_there = False
    for at_s in np.arange(0.0, until_s, _STATUS_S).tolist():
        there = device.is_on(worn, at_s) and _heard_s(check, at_s) == at_s
        if there:
            told = WireStatus(
                online=True, battery_pct=device.battery_pct(worn, at_s), firmware=firmware_at(worn.traits, at_s)
            )
            yield Said(at_s=at_s, what=told)
        elif was_there:
            yield Said(at_s=at_s + _WILL_S, what=WireStatus(online=False))
        was_there = there


def _curves(worn: Kit, check: Check, began: datetime) -> Iterator[Said]:
    """Yield the blocks of the minutes in which curves are played, each when its ten seconds are over."""
    for since, until in check.waves:
        for from_s in np.arange(60.0 * since, 60.0 * until, BLOCK_S).tolist():
            for stretch in device_waves.stretches(worn, from_s):
                at = began + timedelta(seconds=told_s(worn.traits, stretch.t_s))
                yield Said(at_s=_heard_s(check, from_s + BLOCK_S), what=device_waves.block_of(stretch, at))


def _event(worn: Kit, check: Check, happening: Happening, began: datetime) -> Said:
    at_s = 60.0 * happening.minute
    at = began + timedelta(seconds=told_s(worn.traits, at_s))
    return Said(at_s=_heard_s(check, at_s), what=DeviceEvent(kind=EventKind(happening.kind), occurred_at=at))
