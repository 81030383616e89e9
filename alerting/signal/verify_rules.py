"""What a channel says about each kind of alarm: it shows it, it contradicts it, or it says nothing.

Not here: which channel is heard (`verify`). The invariant: a channel contradicts only by what is there, beats of its
own usual form where the alarm says there are none; a gap, noise or a strange beat never contradicts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from alerting.signal.records import Floats
from alerting.signal.verify_channels import EVENT_S, Channel, Sort


class Kind(StrEnum):
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


# What the alarms mean: Clifford 2015 (Challenge of PhysioNet/CinC), doi:10.1109/CIC.2015.7408639.
ASYSTOLE_S: Final = 4.0
"""No QRS complex for at least this long."""
BRADYCARDIA_PER_MIN, BRADYCARDIA_BEATS = 40.0, 5
TACHYCARDIA_PER_MIN, TACHYCARDIA_BEATS = 140.0, 17
RUN_PER_MIN, RUN_BEATS = 100.0, 5

# How far a channel must be from the claim before it contradicts. Margins from the definitions, looked at on recordings.
PAUSE_S: Final = 3.0
"""A pause that was still running when the alarm sounded, or that began with a beat late at the finger, looks shorter."""
SLOW_PER_MIN: Final = 46.0
FAST_PER_MIN: Final = 120.0
RUN_SLOW_PER_MIN: Final = 96.0
RUN_S: Final = 1.8
"""Five beats at 200 a minute, with the pause after them, leave a longer hole than this between usual beats."""
FIBRILLATION_S: Final = 2.0
WAVES_LEAKAGE: Final = 0.5
"""A lead with less leakage may fibrillate (normal rhythm 0.6-0.9), and cannot say that beats are usual."""

USUAL: Final = 0.8
USUAL_QRS: Final = 0.9
"""Likeness from which a beat is the usual one: any, and a QRS complex that is to be no ventricular one."""
HEIGHTS: Final = (0.4, 2.5)
HEIGHTS_QRS: Final = (0.5, 2.0)
STEADY: Final = 1.25
"""Fastest over slowest five pulses of a steady pulse."""
SHARE: Final = 0.8
"""At least this part of the beats must be usual ones in a channel that is to tell how fast a heart beats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one channel says, and the number it rests on: seconds without a usual beat, or beats per minute."""

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
        """The longest time without a usual beat."""
        return float(np.diff(self.usual_s, prepend=-self.back_s, append=0.0).max())


def seen(channel: Channel, back_s: float, least: float, heights: tuple[float, float]) -> Seen:
    """Return the beats of the last seconds, and which of them are of usual form and height."""
    recent = channel.beat_s >= -back_s
    usual = recent & (channel.likeness >= least) & (channel.height >= heights[0]) & (channel.height <= heights[1])
    return Seen(all_s=channel.beat_s[recent], usual_s=channel.beat_s[usual], back_s=back_s)


def slowest(beat_s: Floats, beats: int) -> float:
    """Return the lowest rate of so many beats in a row, /min; NaN where there are not so many."""
    return _per_min(beat_s, beats, np.max)


def fastest(beat_s: Floats, beats: int) -> float:
    """Return the highest rate of so many beats in a row, /min; NaN where there are not so many."""
    return _per_min(beat_s, beats, np.min)


def _per_min(beat_s: Floats, beats: int, pick: Callable[[Floats], float]) -> float:
    steps = beats - 1
    if len(beat_s) <= steps:
        return float("nan")
    return 60 * steps / float(pick(beat_s[steps:] - beat_s[:-steps]))


def asystole(channel: Channel) -> Statement:
    """Beats of usual form without a long hole contradict; a hole as long as the claim shows it."""
    hole_s = seen(channel, EVENT_S, USUAL, HEIGHTS).hole_s
    return Statement(says=_either(hole_s >= ASYSTOLE_S - 0.5, hole_s < PAUSE_S), value=hole_s)


def bradycardia(channel: Channel) -> Statement:
    """The slowest five beats tell, where nearly all of them are of usual form and none is missing."""
    found = seen(channel, EVENT_S, USUAL, HEIGHTS)
    per_min = slowest(found.usual_s, BRADYCARDIA_BEATS)
    sure = found.share >= SHARE
    return Statement(
        says=_either(sure and per_min <= SLOW_PER_MIN, sure and per_min > SLOW_PER_MIN and found.hole_s < 2.0),
        value=per_min,
    )


def tachycardia(channel: Channel) -> Statement:
    """A steady beat that is slow contradicts: pulses are lost where a heart flutters, but not evenly."""
    found = seen(channel, 20.0, USUAL, HEIGHTS)
    per_min = fastest(found.all_s, TACHYCARDIA_BEATS)
    steady = fastest(found.all_s, 5) <= min(FAST_PER_MIN, STEADY * slowest(found.usual_s, 5))
    return Statement(
        says=_either(per_min >= TACHYCARDIA_PER_MIN - 10, found.share >= 0.9 and steady and found.hole_s < 2.0),
        value=per_min,
    )


def ventricular_tachycardia(channel: Channel) -> Statement:
    """Usual beats all through contradict, and so does a beat that is never fast; strange fast beats show it."""
    return _run_lead(channel) if channel.sort is Sort.ECG else _run_flow(channel)


def _run_lead(channel: Channel) -> Statement:
    found = seen(channel, 14.0, USUAL_QRS, HEIGHTS_QRS)
    per_min = fastest(found.all_s, RUN_BEATS)
    through = found.share >= SHARE and found.hole_s < RUN_S
    never_fast = per_min < RUN_SLOW_PER_MIN and found.share >= 0.5 and found.hole_s < 4.0
    organised = channel.leakage >= WAVES_LEAKAGE
    return Statement(
        says=_either(per_min >= RUN_PER_MIN and found.hole_s >= RUN_S, organised and (through or never_fast)),
        value=per_min,
    )


def _run_flow(channel: Channel) -> Statement:
    found = seen(channel, 14.0, USUAL, HEIGHTS_QRS)
    per_min = fastest(found.all_s, RUN_BEATS)
    apart_s = np.median(np.diff(found.usual_s)) if len(found.usual_s) > 1 else np.nan
    through = found.share >= SHARE and found.hole_s < 2.2 * apart_s
    return Statement(says=_either(False, through and per_min < RUN_SLOW_PER_MIN), value=per_min)


def ventricular_fibrillation(channel: Channel) -> Statement:
    """Usual beats all through contradict, in a lead that is no wave; waves without usual beats show it."""
    found = seen(channel, 14.0, USUAL, HEIGHTS)
    waves = channel.leakage < WAVES_LEAKAGE
    return Statement(
        says=_either(
            waves and found.hole_s >= FIBRILLATION_S,
            not waves and found.share >= SHARE and found.hole_s < FIBRILLATION_S,
        ),
        value=found.hole_s,
    )


def _either(shows: bool, contradicts: bool) -> Says:
    if contradicts:
        return Says.CONTRADICTS
    return Says.SHOWS if shows else Says.NOTHING


RULES: Final[Mapping[Kind, Callable[[Channel], Statement]]] = {
    Kind.ASYSTOLE: asystole,
    Kind.BRADYCARDIA: bradycardia,
    Kind.TACHYCARDIA: tachycardia,
    Kind.VENTRICULAR_TACHYCARDIA: ventricular_tachycardia,
    Kind.VENTRICULAR_FIBRILLATION: ventricular_fibrillation,
}
