"""What a fault run is to do, and what it was like. Values only."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from benchmarks.chaos import Step
from benchmarks.fault_outbox import Counts, Habits
from benchmarks.faulty_devices import Door
from benchmarks.tcp_cutter import Weather


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is run: for so many seconds with faults that are timed, or, with none, until all counted faults are over.

    `rate` is messages a second of each device in a timed run; in a counted one they measure as fast as `slack` allows:
    so many readings may be under way beyond the count at which the next fault comes.
    """

    door: Door
    devices: int
    seed: int
    weather: Weather
    patience_s: float
    steps: Iterable[Step]
    seconds: float = 0.0
    rate: float = 0.0
    slack: int = 1000
    ingests: int = 2
    alerting: bool = False
    habits: Habits = field(default_factory=Habits)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a run was like; times in seconds. `deaths` are processes that ended by themselves.

    `networks` are the devices' connections, `links` those between ingest and what is behind it. `recovery_s` is from
    something being back to the next acknowledgement of anything.
    """

    faults: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    networks: Counter[str] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)
    counts: Counts = field(default_factory=Counts)
    deaths: list[str] = field(default_factory=list)
    recovery_s: dict[str, list[float]] = field(default_factory=dict)
    longest_silence_s: float = 0.0
    silence_ended_at_s: float = 0.0
    exchanges: int = 0
    wrong_receipts: int = 0
    refused_starts: int = 0
    ports_taken: int = 0
    unacknowledged: int = 0
    took_s: float = 0.0
