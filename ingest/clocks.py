"""How far devices' clocks are ahead of the platform's, as their messages tell. Pure: the time is a parameter.

A message takes time on its way, so (measured - received) is never more than what the device's clock is ahead, and the
greatest of a while comes near it. Negative, it is a bound only: the clock is behind, or what came was old. One entry a
device, changed entries are given out once; nothing here decides whether a clock is wrong.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ward.clock import from_us, to_us
from ward.formats.settle import Ints
from ward.store.device_clocks import ENOUGH, Estimate

WHILE = timedelta(minutes=10)
_WHILE_US = WHILE // timedelta(microseconds=1)
_CHANGE_US = 100_000


@dataclass(slots=True)
class _Kept:
    while_number: int
    ahead_us: int
    messages: int
    told_us: int | None = None
    told_messages: int = 0


class Clocks:
    """The estimates of the devices heard by this process."""

    def __init__(self) -> None:
        self._kept: dict[int, _Kept] = {}
        self._changed: set[int] = set()

    def note(self, device_no: Ints, ahead_us: Ints, now: datetime) -> None:
        """Take messages, (n,) each: whose, and how far its newest reading was ahead of when it came."""
        number = to_us(now) // _WHILE_US
        for device, ahead in zip(device_no.tolist(), ahead_us.tolist(), strict=True):
            kept = self._kept.get(device)
            if kept is None or kept.while_number != number:
                self._kept[device] = kept = _Kept(while_number=number, ahead_us=ahead, messages=0)
            kept.ahead_us = max(kept.ahead_us, ahead)
            kept.messages = min(kept.messages + 1, ENOUGH)
            if kept.told_us is None or kept.ahead_us > kept.told_us + _CHANGE_US or kept.messages > kept.told_messages:
                self._changed.add(device)

    def take(self) -> list[Estimate]:
        """Return what has changed since the last time."""
        changed, self._changed = self._changed, set()
        return [self._tell(device) for device in sorted(changed)]

    def put_back(self, estimates: list[Estimate]) -> None:
        """Give out again, the next time, what could not be kept."""
        self._changed.update(each.device_no for each in estimates)

    def _tell(self, device_no: int) -> Estimate:
        kept = self._kept[device_no]
        kept.told_us, kept.told_messages = kept.ahead_us, kept.messages
        return Estimate(
            device_no=device_no,
            began_at=from_us(kept.while_number * _WHILE_US),
            ahead_us=kept.ahead_us,
            messages=kept.messages,
        )
