"""What each fault of a run of a whole cell did: how long until every device's readings and the next alarm came through.

Readings flow again when every device that may be told has been acknowledged something that it measured after the
fault. An alarm has rung when every board shows the alert of the patient who fell ill at the moment of the fault; their
rule's own delay is taken off.
"""

import time
from dataclasses import dataclass, field

from benchmarks.cell_boards import Board
from benchmarks.cell_patients import Patient
from benchmarks.fault_ledger import Entry


@dataclass(slots=True, kw_only=True)
class Wound:
    """One fault: when it was done (microseconds since 1970, monotonic seconds), and what has not come through yet."""

    kind: str
    at_us: int
    at_s: float
    waiting: set[int]
    patient: Patient | None
    flowing_s: float | None = None

    def rang_s(self, boards: list[Board]) -> float | None:
        """Return how long the alarm took to the last board; None where it is not on all, or nobody fell ill."""
        key = self.patient.expected if self.patient is not None else None
        if key is None or self.patient is None:
            return None
        seen_s = [board.seen_s.get(key) for board in boards]
        known = [each for each in seen_s if each is not None]
        if len(known) < len(boards):
            return None
        return max(known) - self.at_s - self.patient.illness.delay_s

    def facts(self, boards: list[Board], began_s: float) -> dict[str, object]:
        """Return what became of it, for the log of events."""
        return {
            "kind": self.kind,
            "done_at_s": round(self.at_s - began_s, 2),
            "alert": self.patient.expected if self.patient is not None else None,
            "flowing_s": self.flowing_s,
            "rang_s": self.rang_s(boards),
        }


@dataclass(slots=True)
class Wounds:
    """All faults of a run. `devices` are those to whom a reading is acknowledged as stored."""

    devices: frozenset[int]
    all: list[Wound] = field(default_factory=list)

    def add(self, kind: str, at_us: int, patient: Patient | None) -> None:
        """Take note of a fault that is being done now."""
        wound = Wound(kind=kind, at_us=at_us, at_s=time.monotonic(), waiting=set(self.devices), patient=patient)
        self.all.append(wound)

    def told(self, entries: list[Entry]) -> None:
        """Take note of acknowledgements."""
        now_s = time.monotonic()
        for wound in self.all:
            if wound.flowing_s is None:
                wound.waiting.difference_update(e.device_no for e in entries if e.measured_us >= wound.at_us)
                if not wound.waiting:
                    wound.flowing_s = now_s - wound.at_s
