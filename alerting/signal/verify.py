"""Alarms about the heart's rhythm, checked across all channels before they may speak.

Not here: who is told and when. Pure: the seconds before an alarm in, a verdict out. The invariant: missing a true alarm
costs more than a false one, so an alarm speaks unless a channel of good quality contradicts it; a channel that is bad,
missing or silent can never silence one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy.typing as npt

from alerting.signal.records import rows
from alerting.signal.verify_channels import BACK_S, Channel, Sort, read
from alerting.signal.verify_rules import (
    FAST_PER_MIN,
    PAUSE_S,
    RULES,
    RUN_BEATS,
    RUN_PER_MIN,
    SLOW_PER_MIN,
    AlarmKind,
    Says,
    Statement,
)

__all__ = [
    "BACK_S",
    "AlarmKind",
    "Event",
    "Reason",
    "Says",
    "Sort",
    "Verdict",
    "Witness",
    "kind_of",
    "verify",
    "verify_batch",
]

TRUSTED: Final = 0.75
"""Mean quality of the last seconds from which a channel is heard: its beats are right with this probability."""

FLUTTER_PER_MIN: Final = 240.0
"""A ventricular run faster than this is flutter."""

LEADS: Final = frozenset({Sort.ECG})
FLOWS: Final = frozenset({Sort.PPG, Sort.PRESSURE})
ANY: Final = LEADS | FLOWS

HEARD: Final[Mapping[AlarmKind, tuple[tuple[frozenset[Sort], Says, int], ...]]] = {
    AlarmKind.ASYSTOLE: ((FLOWS, Says.CONTRADICTS, 1), (FLOWS, Says.SHOWS, 1), (LEADS, Says.CONTRADICTS, 1)),
    AlarmKind.BRADYCARDIA: ((FLOWS, Says.CONTRADICTS, 1), (ANY, Says.SHOWS, 1), (LEADS, Says.CONTRADICTS, 1)),
    AlarmKind.TACHYCARDIA: ((LEADS, Says.SHOWS, 1), (ANY, Says.CONTRADICTS, 1)),
    AlarmKind.VENTRICULAR_TACHYCARDIA: (
        (LEADS, Says.CONTRADICTS, 1),
        (LEADS, Says.SHOWS, 2),
        (FLOWS, Says.CONTRADICTS, 1),
    ),
    AlarmKind.VENTRICULAR_FIBRILLATION: ((ANY, Says.CONTRADICTS, 1),),
}
"""Who is heard, in this order: so many channels of these sorts that say this decide. Blood that moves, or stands, tells
more of a pause than the ECG, in which a pacemaker's spikes can be taken for beats; a T wave taken for a beat hides a
slow heart; not every beat of a fast heart reaches the finger, and two leads that show a run are right."""


class Reason(StrEnum):
    """Why an alarm is believed or not: the key of a text."""

    CONFIRMED = "alarm.confirmed"
    """A channel of good quality shows it, and none contradicts it."""
    UNCONTRADICTED = "alarm.uncontradicted"
    """No channel of good quality shows it, and none contradicts it."""
    UNREADABLE = "alarm.unreadable"
    """No channel is of good quality: the alarm speaks, and is doubtful."""
    CONTRADICTED = "alarm.contradicted"
    """A channel of good quality contradicts it: the alarm does not speak."""


class Event(StrEnum):
    """What the ECG alone may find that is to be checked (`ecg_runs`)."""

    PAUSE = "pause"
    SLOW_RUN = "slow_run"
    FAST_RUN = "fast_run"
    VENTRICULAR_RUN = "ventricular_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What one channel says about an alarm.

    value : the number it rests on, s without a usual beat or beats/min, NaN where there is none
    quality : 0 to 1, of the last seconds; trusted : whether that is enough to be heard
    """

    channel: str
    sort: Sort
    says: Says
    value: float
    quality: float
    trusted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an alarm is believed, why, and what each channel said."""

    believed: bool
    reason: Reason
    witnesses: tuple[Witness, ...]

    @property
    def doubtful(self) -> bool:
        """The alarm speaks though nothing could be read."""
        return self.reason is Reason.UNREADABLE


def verify(signals: Mapping[str, npt.ArrayLike], fs_hz: float, kind: AlarmKind) -> Verdict:
    """Return whether an alarm that sounds at the end of these signals is to be believed.

    Parameters
    ----------
    signals : by name, each (samples,) of any number type, all of one length, NaN where a sample is missing. PLETH and
        PPG are pulse waves, ABP and ART pressures in mmHg, RESP and the like are not read, all others are ECG leads.
        `BACK_S` seconds or less; of more, the last ones are read. None at all is an alarm that nothing contradicts.
    fs_hz : Hz, 100 to 1000
    kind : what the alarm claims

    Raises
    ------
    ValueError
        If a signal is no record of numbers, the lengths differ, or the rate is out of its range.

    Notes
    -----
    Each channel compares the last seconds with its own usual beat. That channels with a regular rhythm of their own
    overrule an alarm follows Plesinger 2016, doi:10.1088/0967-3334/37/8/1313, and the choice of channels by quality
    Fallet 2016, doi:10.1088/0967-3334/37/8/1217; here the usual beat's absence or presence is the one measure, so that
    there is little to fit. Compressions of the chest can look like a pulse.
    """
    rule = RULES[AlarmKind(kind)]
    witnesses = tuple(_witness(channel, rule(channel)) for channel in read(signals, fs_hz))
    reason = _reason(kind, [each for each in witnesses if each.trusted])
    return Verdict(believed=reason is not Reason.CONTRADICTED, reason=reason, witnesses=witnesses)


def verify_batch(signals: Mapping[str, npt.ArrayLike], fs_hz: float, kinds: Sequence[AlarmKind]) -> tuple[Verdict, ...]:
    """Return the verdict on one alarm of each of n patients who wear the same channels.

    Parameters
    ----------
    signals : by name, each (n, samples), else as in `verify`; a channel that somebody lacks is NaN for them
    kinds : n claims

    Notes
    -----
    One after the other: alarms are rare, and their channels are what is computed on together.
    """
    held = {name: rows(each, name=name) for name, each in signals.items()}
    if any(len(each) != len(kinds) for each in held.values()):
        counts = ", ".join(f"{name} {len(each)}" for name, each in held.items())
        raise ValueError(f"signals: have {counts} records, must have one for each of the {len(kinds)} kinds")
    return tuple(
        verify({name: each[row] for name, each in held.items()}, fs_hz, kind) for row, kind in enumerate(kinds)
    )


def kind_of(event: Event, *, beats: int, lasted_s: float, per_min: float) -> AlarmKind | None:
    """Return as what an event of the ECG is verified, None for one that is too mild to be any of the claims.

    Parameters
    ----------
    beats : how many beats it has; lasted_s : s, a pause's length; per_min : the rate of a run, NaN for a pause
    """
    if event is Event.PAUSE:
        return AlarmKind.ASYSTOLE if lasted_s >= PAUSE_S else None
    if event is Event.SLOW_RUN:
        return AlarmKind.BRADYCARDIA if per_min <= SLOW_PER_MIN else None
    if event is Event.FAST_RUN:
        return AlarmKind.TACHYCARDIA if per_min >= FAST_PER_MIN else None
    if beats < RUN_BEATS or not per_min >= RUN_PER_MIN:
        return None
    return AlarmKind.VENTRICULAR_FIBRILLATION if per_min >= FLUTTER_PER_MIN else AlarmKind.VENTRICULAR_TACHYCARDIA


def _witness(channel: Channel, said: Statement) -> Witness:
    return Witness(
        channel=channel.name,
        sort=channel.sort,
        says=said.says,
        value=said.value,
        quality=channel.quality,
        trusted=channel.quality >= TRUSTED,
    )


def _reason(kind: AlarmKind, heard: Sequence[Witness]) -> Reason:
    if not heard:
        return Reason.UNREADABLE
    for sorts, says, least in HEARD[kind]:
        if sum(each.sort in sorts and each.says is says for each in heard) >= least:
            return Reason.CONTRADICTED if says is Says.CONTRADICTS else Reason.CONFIRMED
    return Reason.CONFIRMED if any(each.says is Says.SHOWS for each in heard) else Reason.UNCONTRADICTED
