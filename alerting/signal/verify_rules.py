"""What one channel says about each kind of alarm: it shows it, it contradicts it, or it says nothing.

Not here: which channel is heard (`verify`). The invariant: a channel contradicts only by what is there, beats of its
own usual form or a beat without a break where the alarm claims something else; a gap, noise or a strange beat alone
never contradicts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from alerting.signal.records import Floats
from alerting.signal.verify_channels import EVENT_S, Channel, Sort


class AlarmKind(StrEnum):
    """What an alarm claims."""

    ASYSTOLE = "asystole"
    BRADYCARDIA = "extreme_bradycardia"
    TACHYCARDIA = "extreme_tachycardia"
    VENTRICULAR_TACHYCARDIA = "ventricular_tachycardia"
    VENTRICULAR_FIBRILLATION = "ventricular_fibrillation"


class Says(StrEnum):
    """What a channel says about the claim."""

    SHOWS = "shows"
    NOTHING = "nothing"
    CONTRADICTS = "contradicts"


# The claims, as defined by Clifford 2015 (Challenge of PhysioNet/CinC), doi:10.1109/CIC.2015.7408639.
ASYSTOLE_S: Final = 4.0
"""No QRS complex for at least this long."""
BRADYCARDIA_BEATS: Final = 5
"""So many beats in a row below 40 a minute."""
TACHYCARDIA_PER_MIN: Final = 140.0
TACHYCARDIA_BEATS: Final = 17
RUN_PER_MIN: Final = 100.0
RUN_BEATS: Final = 5

# How far from the claim a channel must be to contradict it. The margins are ours, chosen on the side of believing;
# none was fitted: on 97 alarms, moving any one of them to either side changes the score by 4 of 100 at most.
PAUSE_S: Final = 3.0
"""Less than the claim: a pause may still run on when the alarm sounds, and a pulse comes late at the finger."""
SLOW_PER_MIN: Final = 48.0
"""More than the claim: monitors count over a few beats, and rates near 40 are called so."""
FAST_PER_MIN: Final = 120.0
RUN_SLOW_PER_MIN: Final = 96.0
RUN_S: Final = 1.8
"""Five beats at 200 a minute, with the pause after them, leave a longer hole than this between usual beats."""
BROAD_S: Final = 0.07
"""A QRS complex whose slopes last longer is broad: narrow ones have 0.03 to 0.065 s, ventricular ones 0.07 to 0.17."""
FIBRILLATION_S: Final = 3.0
"""Less than the 4 s of the claim, as for a pause."""
WAVES_LEAKAGE: Final = 0.5
"""A lead with less leakage may fibrillate (organised rhythms have 0.55 to 0.9) and cannot say that beats are usual."""
LOST_S: Final = 2.0
"""A channel that is to tell a rate has no hole as long as this: 30 a minute, or beats lost."""
TWICE: Final = 2.0
"""Long over short intervals (tenths) from which each beat may be counted twice: its T or dicrotic wave as another."""
RUN_BACK_S: Final = 14.0
FAST_BACK_S: Final = 20.0

USUAL: Final = 0.8
"""Likeness from which a beat is the usual one."""
HEIGHTS: Final = (0.3, 3.0)
RUN_HEIGHTS: Final = (0.6, 1.7)
"""Height of a usual beat over the usual height: breathing changes it by a third; ventricular QRS complexes of like form
are larger, and their pulses smaller."""
SHARE: Final = 0.75
"""At least this part of the beats must be usual ones in a channel that is to tell how a heart beats."""
UNBROKEN: Final = 1.75
"""No beat is lost where the longest time without one is shorter than so many times the usual one."""
STEADY: Final = 1.4
"""Longest over shortest interval of a steady beat: pulses that do not reach the finger are lost unevenly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one channel says, and the number it rests on: s without a usual beat, or beats/min (NaN: too few)."""

    says: Says
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The last seconds of a channel: all its beats, and those of usual form; s before the alarm, rising."""

    all_s: Floats
    usual_s: Floats
    back_s: float

    @property
    def share(self) -> float:
        """How many of the beats are usual ones, 0 to 1."""
        return len(self.usual_s) / max(1, len(self.all_s))

    @property
    def hole_s(self) -> float:
        """The longest time without a usual beat, up to the alarm itself."""
        return float(np.diff(self.usual_s, prepend=-self.back_s, append=0.0).max())


def unbroken(beat_s: Floats, back_s: float) -> bool:
    """Tell whether beats follow each other all through the last seconds without one being lost."""
    if len(beat_s) < RUN_BEATS:
        return False
    holes = np.diff(beat_s, prepend=-back_s, append=0.0)
    return bool(holes.max() < UNBROKEN * np.median(np.diff(beat_s)))


def single(beat_s: Floats) -> bool:
    """Tell whether each beat is counted once: long and short intervals do not come in equal numbers."""
    short_s, long_s = np.quantile(np.diff(beat_s), (0.1, 0.9))
    return bool(long_s <= TWICE * short_s)


def seen(channel: Channel, back_s: float, heights: tuple[float, float] = HEIGHTS) -> Seen:
    """Return the beats of the last seconds, and which of them are of usual form and height."""
    recent = channel.beat_s >= -back_s
    usual = (channel.likeness >= USUAL) & (channel.height >= heights[0]) & (channel.height <= heights[1])
    return Seen(all_s=channel.beat_s[recent], usual_s=channel.beat_s[recent & usual], back_s=back_s)


def slowest(beat_s: Floats, beats: int) -> float:
    """Return the lowest rate of so many beats in a row, /min; NaN where there are not so many."""
    return _per_min(beat_s, beats, np.max)


def fastest(beat_s: Floats, beats: int) -> float:
    """Return the highest rate of so many beats in a row, /min; NaN where there are not so many."""
    return _per_min(beat_s, beats, np.min)


def fastest_strange(found: Seen) -> float:
    """Return the highest rate of `RUN_BEATS` strange beats in a row, /min; NaN if there are not so many."""
    strange = ~np.isin(found.all_s, found.usual_s)
    runs = np.split(found.all_s, np.flatnonzero(~strange))
    rates = [fastest(np.setdiff1d(run, found.usual_s), RUN_BEATS) for run in runs]
    return float(np.fmax.reduce(rates, initial=np.nan))


def _per_min(beat_s: Floats, beats: int, pick: Callable[[Floats], float]) -> float:
    steps = beats - 1
    if len(beat_s) <= steps:
        return float("nan")
    return 60 * steps / float(pick(beat_s[steps:] - beat_s[:-steps]))


def asystole(channel: Channel) -> Statement:
    """Tell of asystole: usual beats without a long hole contradict; a hole nearly as long as the claim shows it."""
    hole_s = seen(channel, EVENT_S).hole_s
    if hole_s < PAUSE_S:
        return Statement(says=Says.CONTRADICTS, value=hole_s)
    return Statement(says=Says.SHOWS if hole_s >= ASYSTOLE_S - 0.5 else Says.NOTHING, value=hole_s)


def bradycardia(channel: Channel) -> Statement:
    """Tell of bradycardia by the slowest five beats; a channel that loses beats cannot deny it."""
    found = seen(channel, EVENT_S)
    per_min = slowest(found.usual_s, BRADYCARDIA_BEATS)
    if found.share < SHARE:
        return Statement(says=Says.NOTHING, value=per_min)
    if per_min > SLOW_PER_MIN and found.hole_s < LOST_S and single(found.usual_s):
        return Statement(says=Says.CONTRADICTS, value=per_min)
    return Statement(says=Says.SHOWS if per_min <= SLOW_PER_MIN else Says.NOTHING, value=per_min)


def tachycardia(channel: Channel) -> Statement:
    """Tell of tachycardia: a steady slow beat contradicts; of an unsteady one, fast beats may not all be seen."""
    found = seen(channel, FAST_BACK_S)
    per_min = fastest(found.all_s, TACHYCARDIA_BEATS)
    slow = fastest(found.all_s, RUN_BEATS) <= FAST_PER_MIN
    steady = fastest(found.all_s, 2) <= STEADY * slowest(found.usual_s, 2)
    if slow and steady and found.share >= SHARE and found.hole_s < LOST_S:
        return Statement(says=Says.CONTRADICTS, value=per_min)
    shown = per_min >= TACHYCARDIA_PER_MIN - 10 and found.share >= SHARE
    return Statement(says=Says.SHOWS if shown else Says.NOTHING, value=per_min)


def ventricular_tachycardia(channel: Channel) -> Statement:
    """Tell of a run: a beat that is never fast and never breaks contradicts, and so do usual QRS complexes all through.

    Pulses of usual form alone do not: a slow ventricular tachycardia may move blood. Nor does a usual complex that is
    broad and fast: it may be the tachycardia itself, which has lasted longer than we look back.
    """
    found = seen(channel, RUN_BACK_S, RUN_HEIGHTS)
    per_min = fastest(found.all_s, RUN_BEATS)
    slow = per_min < RUN_SLOW_PER_MIN
    if channel.sort is not Sort.ECG:
        sure = slow and found.share >= SHARE and unbroken(found.usual_s, RUN_BACK_S)
        return Statement(says=Says.CONTRADICTS if sure else Says.NOTHING, value=per_min)
    itself = channel.width_s >= BROAD_S and not slow
    usual = found.share >= SHARE and found.hole_s < RUN_S and not itself
    if channel.leakage >= WAVES_LEAKAGE and (usual or (slow and unbroken(found.all_s, RUN_BACK_S))):
        return Statement(says=Says.CONTRADICTS, value=per_min)
    return Statement(says=Says.SHOWS if fastest_strange(found) >= RUN_PER_MIN else Says.NOTHING, value=per_min)


def ventricular_fibrillation(channel: Channel) -> Statement:
    """Tell of fibrillation: usual beats without a hole contradict, but not in a lead that is nearly a sine wave."""
    found = seen(channel, RUN_BACK_S)
    waves = channel.leakage < WAVES_LEAKAGE
    if not waves and found.share >= SHARE and found.hole_s < FIBRILLATION_S:
        return Statement(says=Says.CONTRADICTS, value=found.hole_s)
    return Statement(says=Says.SHOWS if waves and found.hole_s >= FIBRILLATION_S else Says.NOTHING, value=found.hole_s)


RULES: Final[Mapping[AlarmKind, Callable[[Channel], Statement]]] = {
    AlarmKind.ASYSTOLE: asystole,
    AlarmKind.BRADYCARDIA: bradycardia,
    AlarmKind.TACHYCARDIA: tachycardia,
    AlarmKind.VENTRICULAR_TACHYCARDIA: ventricular_tachycardia,
    AlarmKind.VENTRICULAR_FIBRILLATION: ventricular_fibrillation,
}
