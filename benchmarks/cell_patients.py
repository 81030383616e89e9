"""Patients of a run of a whole cell: well, until one falls ill in a way whose alert is known beforehand.

A `Patient` is the course of one device. Pure but for the moment at which somebody falls ill, which the run decides;
from then on every reading of the ill kind says so, whatever the order in which readings arrive.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from benchmarks.households import Kit
from ward.vitals import VitalKind

_WELL: Mapping[VitalKind, float] = MappingProxyType(
    {
        VitalKind.SPO2: 96.0,
        VitalKind.HEART_RATE: 70.0,
        VitalKind.RESP_RATE: 14.0,
        VitalKind.TEMPERATURE: 36.6,
        VitalKind.SYSTOLIC: 122.0,
    }
)
_KINDS = tuple(_WELL)
NEWS2_SINGLE = "news2.single"  # three points in one parameter for five minutes: each of these illnesses gives them


@dataclass(frozen=True, slots=True, kw_only=True)
class Illness:
    """A value that does not leave again, the one rule that must ring for it, and after how long by the plan."""

    kind: VitalKind
    value: float
    rule: str
    delay_s: float = 0.0


# By the standard plan (`ward/programmes/hospital_at_home.toml`): the first three are beyond a hard bound.
ILLNESSES = (
    Illness(kind=VitalKind.SPO2, value=77.0, rule="limit.spo2.low"),
    Illness(kind=VitalKind.HEART_RATE, value=182.0, rule="limit.heart_rate.high"),
    Illness(kind=VitalKind.SYSTOLIC, value=70.0, rule="limit.systolic.low"),
    Illness(kind=VitalKind.SPO2, value=85.0, rule="limit.spo2.low", delay_s=60.0),
)


@dataclass(slots=True, kw_only=True)
class Patient:
    """Who wears a device, and since when they are ill (microseconds since 1970; None: well)."""

    kit: Kit
    illness: Illness
    ill_since_us: int | None = None
    shown_us: int | None = None

    def fall_ill(self, now_us: int) -> None:
        """Be ill from now on."""
        self.ill_since_us = now_us

    def course(self, rng: Random, device_no: int, number: int, measured_us: int) -> tuple[VitalKind, float]:
        """Return a reading; the first one of somebody who has fallen ill is of what they are ill with."""
        del device_no
        kind = rng.choice(_KINDS)
        if self.ill_since_us is None or measured_us < self.ill_since_us:
            return kind, _WELL[kind] + number % 4 / 2
        if self.shown_us is None:
            kind, self.shown_us = self.illness.kind, measured_us
        return kind, (self.illness.value if kind is self.illness.kind else _WELL[kind]) + number % 4 / 2

    @property
    def expected(self) -> tuple[int, str] | None:
        """The alert that there must be: stay and rule."""
        stay_id = self.kit.worn[-1].stay_id
        if self.shown_us is None or stay_id is None:
            return None
        return stay_id, self.illness.rule
