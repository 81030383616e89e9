"""Where the clock of a check stops: at every step of a device, or only where something changes. Pure.

To leap, everything that the devices will say is judged once, whole, by the functions that judge live and in back-tests
(`alerting.evaluate.judge`): whenever a verdict changes, the clock stops, and there the platform itself decides what
rings. The invariant: between two stops no verdict over readings changes, nobody calls, and no device comes or goes;
what time alone makes due is asked of the store on the way.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from alerting import evaluate, runs
from alerting.features import Batch, Readings, StayContext, batch, gathered
from alerting.tracks import Track, Verdict
from simulator.expectations import Check
from simulator.transcript import Said
from ward.attribution import MAX_AHEAD
from ward.events import DeviceEvent
from ward.people import StayId
from ward.plans import Plan
from ward.vitals import IMPLAUSIBLE, USABLE, VITALS, Reading, Validity
from ward.waveforms import WaveformBlock
from ward.wire import WireStatus

# As often as a device of the library measures: it sends what it has measured at once.
STEP = timedelta(seconds=15)
# Trends are judged by the quarter of an hour, and nothing may go stale because it was not delivered.
_LEAP_S = 300.0
# While curves come, or far too much of everything.
_CLOSE_S = 60.0
# Above it a battery is no matter.
_CHARGED_PCT = 20.0


class Pace(StrEnum):
    """How the clock goes: in steps of a device's, or in leaps from one change to the next."""

    STEPS = "steps"
    LEAPS = "leaps"


def steps(began: datetime, ended: datetime) -> list[datetime]:
    """Return every step from after the beginning to the end."""
    count = math.ceil((ended - began) / STEP)
    return [began + number * STEP for number in range(1, count + 1)]


def leaps(
    checks: Sequence[Check], plans: Sequence[Plan], said: Sequence[Sequence[Said]], began: datetime, ended: datetime
) -> list[datetime]:
    """Return the steps at which something changes.

    Parameters
    ----------
    checks, plans, said
        Of each device: how it is checked, the plan of who wears it, and all that it says.
    """
    until_s, step_s = (ended - began).total_seconds(), STEP.total_seconds()
    found = [*np.arange(_LEAP_S, until_s, _LEAP_S).tolist(), until_s]
    for check, spoken in zip(checks, said, strict=True):
        found += _close(check)
        found += _told(spoken)
    found += _judged(_laid_out(plans, said, began), began)
    stops = {math.ceil(at_s / step_s - 1e-9) for at_s in found if 0.0 < at_s <= until_s}
    return [began + number * STEP for number in sorted(stops)]


def _close(check: Check) -> Iterator[float]:
    """Yield the seconds of the minutes that are looked at closely, and when a network is back."""
    yield from (60.0 * until for _, until in check.wire.offline)
    for since, until in (*check.waves, *check.wire.flood):
        yield from np.arange(60.0 * since, 60.0 * until + _CLOSE_S, _CLOSE_S).tolist()


def _told(spoken: Sequence[Said]) -> Iterator[float]:
    """Yield when a device calls, comes, goes or runs low."""
    before: tuple[bool, float] | None = None
    for each in spoken:
        match each.what:
            case WireStatus():
                now = each.what.online, min(each.what.battery_pct or 0.0, _CHARGED_PCT)
                if now != before:
                    yield each.at_s
                before = now
            case Reading() | WaveformBlock():
                pass
            case DeviceEvent():
                yield each.at_s


def _laid_out(plans: Sequence[Plan], said: Sequence[Sequence[Said]], began: datetime) -> Batch:
    """Return all readings as the rules see them when all is over."""
    rows = [
        (stay, each.what, each.at_s)
        for stay, spoken in enumerate(said)
        for each in spoken
        if isinstance(each.what, Reading)
    ]
    vital = [VITALS[reading.kind] for _, reading, _ in rows]
    value = np.array([reading.value for _, reading, _ in rows])
    measured_s = np.array([reading.measured_at.timestamp() for _, reading, _ in rows])
    received_s = began.timestamp() + np.array([at_s for _, _, at_s in rows])
    plausible = (value >= [each.low for each in vital]) & (value <= [each.high for each in vital])
    readings = Readings(
        stay=np.array([stay for stay, _, _ in rows], np.int64),
        kind=np.array([each.code for each in vital], np.int64),
        measured_s=measured_s,
        received_s=received_s,
        value=np.where(measured_s - received_s > MAX_AHEAD.total_seconds(), np.nan, value),
        validity=np.where(plausible, Validity.VLD, Validity.OFLW).astype(np.int64),
        quality=np.array([math.nan if each.quality is None else each.quality for _, each, _ in rows]),
    )
    stays = [
        StayContext(stay_id=StayId(number), plan=plan, watched_from_s=began.timestamp(), alerts={})
        for number, plan in enumerate(plans)
    ]
    usable, doubtful = (gathered(readings, kept, len(plans)) for kept in (USABLE, IMPLAUSIBLE))
    return batch(stays, usable, implausible=doubtful)


def _judged(looked_at: Batch, began: datetime) -> Iterator[float]:
    """Yield when a finding begins, ends or changes its priority, seconds after the beginning."""
    for _, _, track in evaluate.judge(runs.reduced(looked_at)):
        for at_s in _changes(track):
            yield at_s - began.timestamp()


def _changes(track: Track) -> list[float]:
    found = np.where(track.verdict >= Verdict.LOW, track.verdict, Verdict.QUIET)
    before = np.concatenate(([Verdict.QUIET], found[:-1]))
    first = track.offsets[:-1][np.diff(track.offsets) > 0]
    before[first] = Verdict.QUIET
    changed = (found != before) & np.isfinite(track.from_s)
    return [float(at_s) for at_s in track.from_s[changed]]
