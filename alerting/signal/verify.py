"""Alarms about the heart's rhythm, checked across all channels before they may speak.

Not here: who is told and when. Pure: the seconds before an alarm in, a verdict out. The invariant: missing a true alarm
costs more than a false one, so an alarm speaks unless a channel of good quality contradicts it; a channel that is bad,
missing or silent can never silence one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy.typing as npt

from alerting.signal.verify_channels import Channel, Sort, read
from alerting.signal.verify_rules import RULES, Kind, Says

TRUSTED: Final = 0.75
"""Mean quality of the last seconds from which a channel may contradict an alarm."""


class Reason(StrEnum):
    """Why an alarm is believed or not: the key of a text."""

    CONFIRMED = "alarm.confirmed"
    UNCONTRADICTED = "alarm.uncontradicted"
    UNREADABLE = "alarm.unreadable"
    CONTRADICTED = "alarm.contradicted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What one channel says about an alarm.

    value : the number it rests on, s without a usual beat or beats/min, NaN where there is none; quality : 0 to 1
    """

    channel: str
    sort: Sort
    says: Says
    value: float
    quality: float
    trusted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether an alarm is believed, why, and on what it rests."""

    believed: bool
    reason: Reason
    witnesses: tuple[Witness, ...]

    @property
    def doubtful(self) -> bool:
        """An alarm that speaks though no channel could be read."""
        return self.reason is Reason.UNREADABLE


def verify(signals: Mapping[str, npt.ArrayLike], fs_hz: float, kind: Kind) -> Verdict:
    rule = RULES[kind]
    witnesses = tuple(_witness(channel, rule(channel)) for channel in read(signals, fs_hz))
    reason = _judge(kind, [each for each in witnesses if each.trusted])
    return Verdict(believed=reason is not Reason.CONTRADICTED, reason=reason, witnesses=witnesses)


def _witness(channel: Channel, statement) -> Witness:
    return Witness(
        channel=channel.name,
        sort=channel.sort,
        says=statement.says,
        value=statement.value,
        quality=channel.quality,
        trusted=channel.quality >= TRUSTED,
    )


def _judge(kind: Kind, heard: list[Witness]) -> Reason:
    if not heard:
        return Reason.UNREADABLE
    flows = [each for each in heard if each.sort is not Sort.ECG]
    says = {each.says for each in heard}
    if kind in {Kind.ASYSTOLE, Kind.BRADYCARDIA}:
        flow = {each.says for each in flows}
        said = flow & {Says.CONTRADICTS, Says.SHOWS}
        if Says.CONTRADICTS in said: return Reason.CONTRADICTED
        if Says.SHOWS in said: return Reason.CONFIRMED
    if Says.CONTRADICTS in says:
        return Reason.CONTRADICTED
    return Reason.CONFIRMED if Says.SHOWS in says else Reason.UNCONTRADICTED
