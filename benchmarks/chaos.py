"""Which fault comes when. Pure: everything follows from the seed.

A short run places faults after so many acknowledged readings, so that it does the same on a slow machine; a long one
places them in time, so that they also meet what is only just starting.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

_SHORT_S = 0.3
_LONGEST_DOWN_S = 3.0
_LONGEST_FROZEN_S = 6.0


class Fault(StrEnum):
    """What is done to whom."""

    KILL_INGEST = "kill ingest"
    STOP_INGEST = "stop ingest"
    FREEZE_INGEST = "freeze ingest"
    KILL_STORE = "kill store"
    KILL_SESSION = "kill session"
    CUT_STORE = "cut store"
    CUT_BROKER = "cut broker"
    KILL_BROKER = "kill broker"
    KILL_ALERTING = "kill alerting"
    DARK = "dark"
    EXCHANGE = "exchange"


_STATES = frozenset({Fault.FREEZE_INGEST, Fault.DARK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One fault. `after` is acknowledged readings since the one before in a short run, seconds in a long one.

    `which` chooses among the victims of a kind; `lasts_s` is how long it stays down, frozen or dark.
    """

    after: float
    fault: Fault
    which: int
    lasts_s: float


def counted(seed: int, times: Mapping[Fault, int], apart: int) -> list[Step]:
    """Return every fault so many times in a drawn order, so many readings apart; what is down comes back at once."""
    rng = Random(seed)
    order = [(fault, n) for fault, often in times.items() for n in range(often)]
    rng.shuffle(order)
    return [
        Step(after=apart, fault=fault, which=which, lasts_s=_SHORT_S if fault in _STATES else 0.0)
        for fault, which in order
    ]


def timed(seed: int, faults: Sequence[Fault], seconds: float, mean_gap_s: float) -> Iterator[Step]:
    """Yield faults, each kind as likely as another, until `seconds` are over; some come close together."""
    rng = Random(seed)
    at_s = mean_gap_s
    while faults and at_s < seconds:
        fault = rng.choice(list(faults))
        longest_s = _LONGEST_FROZEN_S if fault is Fault.FREEZE_INGEST else _LONGEST_DOWN_S
        yield Step(after=at_s, fault=fault, which=rng.randrange(1 << 16), lasts_s=rng.random() * longest_s)
        at_s += rng.expovariate(1 / mean_gap_s)
