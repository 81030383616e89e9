"""The library of deteriorations that a plan must still find before it is put in force.

A shell only in that it reads the courses beside it (`courses/*.toml`), once. They are made up
(`benchmarks/deteriorations.py` says how); what an organisation has itself recorded and closed as true stands in the
back-test's report beside them.
"""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources

import msgspec
import numpy as np

from alerting.episodes import episodes
from alerting.features import Batch, Floats, Series, StayContext, batch, seconds
from alerting.tracks import Track
from ward.alerts import Priority
from ward.backtests import LibraryCase
from ward.people import StayId
from ward.plans import Goals, Plan
from ward.vitals import VitalKind

# Nine in the morning in Stockholm, when the courses begin.
_BEGIN_S = seconds(datetime(2026, 1, 15, 8, tzinfo=UTC))


class _Signal(msgspec.Struct, forbid_unknown_fields=True):
    kind: VitalKind
    start_s: float
    every_s: float
    value: list[float]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    title_sv: str
    calm_until_min: float
    found_by_min: float
    signals: list[_Signal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A deterioration: calm until `calm_until_s`, to be found by `found_by_s`, seconds after its beginning.

    signals : kind → (times, values), (n,) each, seconds after the beginning and canonical units
    """

    name: str
    title: str
    title_sv: str
    calm_until_s: float
    found_by_s: float
    signals: Mapping[VitalKind, tuple[Floats, Floats]]

    @property
    def ends_s(self) -> float:
        """Return when its last reading was measured."""
        return max(float(t_s[-1]) for t_s, _ in self.signals.values())


@functools.cache
def courses() -> tuple[Course, ...]:
    """Read the library, by name."""
    folder = resources.files("alerting").joinpath("courses")
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name)
    return tuple(_course(each.name.removesuffix(".toml"), each.read_bytes()) for each in files)


def _course(name: str, text: bytes) -> Course:
    file = msgspec.toml.decode(text, type=_File)
    return Course(
        name=name,
        title=file.title,
        title_sv=file.title_sv,
        calm_until_s=60.0 * file.calm_until_min,
        found_by_s=60.0 * file.found_by_min,
        signals={
            each.kind: (
                each.start_s + each.every_s * np.arange(len(each.value), dtype=np.float64),
                np.array(each.value),
            )
            for each in file.signals
        },
    )


def laid_out(plans: Sequence[Plan]) -> Batch:
    """Return the courses as stays, all of them once with each plan."""
    every = courses()
    kinds = sorted({kind for course in every for kind in course.signals})
    stays = [
        StayContext(stay_id=StayId(number * len(every) + index + 1), plan=plan, watched_from_s=_BEGIN_S, alerts={})
        for number, plan in enumerate(plans)
        for index in range(len(every))
    ]
    return batch(stays, {kind: _series(kind, len(plans)) for kind in kinds})


def _series(kind: VitalKind, times: int) -> Series:
    own = [course.signals.get(kind, (np.empty(0), np.empty(0))) for course in courses()] * times
    return Series(
        t_s=_BEGIN_S + np.concatenate([t_s for t_s, _ in own]),
        value=np.concatenate([value for _, value in own]),
        quality=np.full(sum(len(t_s) for t_s, _ in own), np.nan),
        offsets=np.concatenate(([0], np.cumsum([len(t_s) for t_s, _ in own]))).astype(np.int64),
    )


def found(
    plans: Sequence[Plan], judge: Callable[[Batch], Iterable[tuple[str, Track]]], technical: Callable[[str], bool]
) -> list[LibraryCase]:
    """Tell for each course when the last of these plans rings for it, medium or high, by a rule about the patient.

    Plans of comfort care are left out: they are not meant to find anything.
    """
    every, watching = courses(), [plan for plan in plans if plan.goals is Goals.FULL]
    if not watching:
        return []
    first_s = np.full(len(every) * len(watching), np.inf)
    calm_s = np.tile([course.calm_until_s for course in every], len(watching)) + _BEGIN_S
    until_s = _BEGIN_S + max(course.ends_s for course in every)
    for rule, track in judge(laid_out(watching)):
        if technical(rule):
            continue
        rung = episodes(track, until_s)
        counts = (rung.priority >= Priority.MEDIUM.value) & (rung.opened_s >= calm_s[rung.stay])
        np.minimum.at(first_s, rung.stay[counts], rung.opened_s[counts])
    latest_s = first_s.reshape(len(watching), len(every)).max(axis=0) - _BEGIN_S
    return [_case(course, at_s) for course, at_s in zip(every, latest_s.tolist(), strict=True)]


def _case(course: Course, at_s: float) -> LibraryCase:
    return LibraryCase(
        name=course.name,
        title=course.title,
        title_sv=course.title_sv,
        found=at_s <= course.found_by_s,
        found_at_min=round(at_s / 60.0, 1) if np.isfinite(at_s) else None,
        found_by_min=course.found_by_s / 60.0,
    )
