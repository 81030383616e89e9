"""What goes wrong on purpose with a fleet: messages dropped, delayed, repeated, out of order; clocks; floods. Pure.

The switches are `simulator.faults.Faults`; a share is one of messages, for clocks and floods one of devices. What each
means for *at least once*:

- drop: the reading never reaches the device's memory. Nobody has promised it; it is counted and not sent.
- cut: the network goes away after the message and before its PUBACK. The device connects again and repeats all that
  was on its way, so nothing is missing.
- delay, reorder: the message waits in the device, its readings keep the time at which they were measured.
- duplicate, flood: the message is sent again though it was acknowledged, once or `FLOOD` times. The store keeps one.
- skew: the device's clock is wrong all the time, and its readings are stored, or refused, by what it says.

The invariant: a fate depends on (seed, message number) alone, a clock on (seed, device) alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.faults import Faults
from simulator.noise import Bools, Floats, Ints, Stream, uniform

FLOOD: Final = 50
"""How often a device in a flood sends each message."""
_DRAWN: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of a message. `held_s` is how long it waits, `behind` that it is sent after its successor.

    `copies` is how often it is sent in all, `cut` that the connection is lost when it has been sent.
    """

    dropped: bool = False
    held_s: float = 0.0
    behind: bool = False
    copies: int = 1
    cut: bool = False


WHOLE: Final = Fate()


def fates(switches: Faults, seed: int, devices: int, first: int, count: int) -> list[Fate]:
    """Return the fates of so many messages from `first` on; message n is of device n % devices."""
    numbers = np.arange(first, first + count)
    drop, delay, reorder, duplicate, held, cut = (_drawn(seed, which, numbers) for which in range(6))
    flooding = _chosen(switches.flood, seed, 6, numbers % devices)
    copies = np.where(flooding, FLOOD, np.where(duplicate < switches.duplicate, 2, 1))
    held_s = np.where(delay < switches.delay, held * switches.delay_s, 0.0)
    return [
        Fate(dropped=bool(lost), held_s=float(waits_s), behind=bool(after), copies=int(often), cut=bool(gone))
        for lost, waits_s, after, often, gone in zip(
            drop < switches.drop, held_s, reorder < switches.reorder, copies, cut < switches.cut, strict=True
        )
    ]


def each_fate(switches: Faults, seed: int, devices: int) -> Iterator[Fate]:
    """Yield the fates of messages 0, 1, 2 … for ever."""
    if not any((switches.drop, switches.cut, switches.delay, switches.duplicate, switches.reorder, switches.flood)):
        while True:
            yield WHOLE
    first = 0
    while True:
        yield from fates(switches, seed, devices, first, _DRAWN)
        first += _DRAWN


def ahead_ms(switches: Faults, seed: int, devices: int) -> list[int]:
    """Return how far each device's clock is ahead of the right time, ms; most are right."""
    wrong = _chosen(switches.skewed, seed, 7, np.arange(devices))
    ahead: list[int] = np.where(wrong, round(switches.skew.total_seconds() * 1000), 0).tolist()
    return ahead


def _drawn(seed: int, which: int, index: Ints) -> Floats:
    return uniform(seed, Stream.FAULT + which, index)


def _chosen(share: float, seed: int, which: int, devices: Ints) -> Bools:
    return np.asarray(_drawn(seed, which, devices) < share)
