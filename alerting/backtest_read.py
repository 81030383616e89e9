"""Reads what a back-test is about: the plans in force, the recorded outcomes, and the readings part by part.

The caller owns the transaction. Not here: judging (`backtest`), the report (`backtest_report`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice

import numpy as np

from alerting import trend_period, waves_series
from alerting.backtest import Known
from alerting.evaluate import furthest, look_back
from alerting.features import Floats, Series, Signal, StayContext, in_order, seconds
from alerting.quarters import HOUR_S, Quarters
from ward import overlays, plan_versions
from ward.overlays import Origin
from ward.people import PatientId, StayId
from ward.plans import Plan
from ward.store import cohorts, evaluation, history
from ward.store.backtests import JobRow
from ward.store.history import Course
from ward.store.pool import Connection
from ward.vitals import BY_CODE, IMPLAUSIBLE, USABLE, VITALS, VitalKind
from ward.wave_features import WaveFeature

# How many stays are read and judged together: a month of ten, with three signals a minute, is 1.3 million readings.
_TOGETHER_DAYS = 300
_SHORT_S = 6 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a back-test asks: `period` is (from, until before), `watched` since when each stay's data may be expected.

    `ended` is when the stays ended that are over or have a known end. `true_alerts` and `false_alerts` are what people
    closed as such within the period.
    """

    stays: tuple[StayId, ...]
    patients: Mapping[StayId, PatientId]
    period: tuple[datetime, datetime]
    candidate: Mapping[StayId, Plan]
    in_force: Mapping[StayId, Plan]
    watched: Mapping[StayId, datetime]
    ended: Mapping[StayId, datetime]
    true_alerts: tuple[Known, ...]
    false_alerts: tuple[Known, ...]
    suggest: bool

    def starts(self) -> dict[VitalKind, datetime]:
        """Return from when the readings of each kind are needed: a look-back before the period."""
        back: dict[VitalKind, float] = {}
        for plan in (*self.candidate.values(), *self.in_force.values()):
            for kind, back_s in furthest([look_back(plan), trend_period.needed(plan)]).items():
                back[kind] = max(back.get(kind, 0.0), back_s)
        # Those that need hours are read together, those that need days each on its own.
        short_s = max((back_s for back_s in back.values() if back_s <= _SHORT_S), default=0.0)
        return {kind: self.period[0] - timedelta(seconds=max(back_s, short_s)) for kind, back_s in back.items()}

    def trends_from_s(self) -> float:
        """Return from when trends are judged: the whole hour at which the period begins."""
        return float(np.floor(seconds(self.period[0]) / HOUR_S) * HOUR_S)

    def ends_s(self, stays: Sequence[StayId]) -> Floats:
        """Return when stays ended, (m,), seconds since 1970, inf for those that go on."""
        return np.array([seconds(self.ended[stay]) if stay in self.ended else np.inf for stay in stays])

    def parts(self) -> list[tuple[StayId, ...]]:
        """Divide the stays, so that a part fits into memory and progress is seen."""
        days = max(1, round((self.period[1] - self.period[0]) / timedelta(days=1)))
        size = max(1, _TOGETHER_DAYS // days)
        rest = iter(self.stays)
        return list(iter(lambda: tuple(islice(rest, size)), ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The readings of some stays, in their order, the hours before them, and what their waveforms told.

    `readings` counts the readings.
    """

    stays: tuple[StayId, ...]
    series: Mapping[VitalKind, Series]
    implausible: Mapping[VitalKind, Series]
    earlier: Mapping[VitalKind, Quarters]
    signals: Mapping[WaveFeature, Signal]
    readings: int


async def question(
    conn: Connection,
    stays: Sequence[StayId],
    period: tuple[datetime, datetime],
    job: JobRow,
    now: datetime,
) -> Question:
    """Gather everything but the readings; the job's overlay is tried in place of the standing one of its layer."""
    rows = {row.stay_id: row for row in await evaluation.stays(conn, stays, now)}
    settled = await cohorts.settled(conn, stays, *period)
    known = {
        outcome: tuple(
            Known(
                alert_id=row.alert_id,
                stay_id=row.stay_id,
                rule=row.rule,
                opened_s=seconds(row.opened_at),
                until_s=seconds(row.until_at),
            )
            for row in settled
            if row.outcome == outcome
        )
        for outcome in ("true_alarm", "false_alarm")
    }
    whose = await cohorts.whose(conn, stays)
    return Question(
        stays=tuple(stays),
        patients={stay_id: patient_id for stay_id, (patient_id, _) in whose.items()},
        period=period,
        candidate={
            row.stay_id: tried_at(now, row.programme, row.plan_layers, job.plan, Origin(job.layer))
            for row in rows.values()
        },
        in_force={row.stay_id: overlays.effective(row.programme, row.plan_layers, now).plan for row in rows.values()},
        watched={stay_id: max(row.started_at, row.bound_at or row.started_at) for stay_id, row in rows.items()},
        ended={stay_id: ended_at for stay_id, (_, ended_at) in whose.items() if ended_at is not None},
        true_alerts=known["true_alarm"],
        false_alerts=known["false_alarm"],
        suggest=job.suggest,
    )


def tried_at(now: datetime, programme: str, layers: str, rules: str, origin: Origin) -> Plan:
    """Return the plan that is tried, as it would be in force at an instant: scale 2 while an order carries it."""
    plan = _tried(programme, layers, rules, origin)
    if plan.spo2_scale == 1 or plan.scale_2_at(now):
        return plan
    return _tried_on_scale_1(programme, layers, rules, origin)


@lru_cache(maxsize=4096)
def _tried(programme: str, layers: str, rules: str, origin: Origin) -> Plan:
    """Do as `plan_versions.tried`; the same layers give the same object, so that each plan is judged once."""
    return plan_versions.tried(programme, layers, rules, origin).plan


@lru_cache(maxsize=4096)
def _tried_on_scale_1(programme: str, layers: str, rules: str, origin: Origin) -> Plan:
    return replace(_tried(programme, layers, rules, origin), spo2_scale=1)


async def read(conn: Connection, asked: Question, stays: Sequence[StayId]) -> Part:
    """Read the stays' readings of the period, of the look-back before it, and the newest before that."""
    starts = asked.starts()
    usable: list[Course] = []
    doubtful: list[Course] = []
    for start in sorted(set(starts.values())):
        codes = [VITALS[kind].code for kind, at in starts.items() if at == start]
        usable += await history.newest(conn, stays, codes, start, USABLE)
        usable += await history.courses(conn, stays, codes, (start, asked.period[1]), USABLE)
        doubtful += await history.courses(conn, stays, codes, (start, asked.period[1]), IMPLAUSIBLE)
    return Part(
        stays=tuple(stays),
        series=_by_kind(usable, stays),
        implausible=_by_kind(doubtful, stays),
        earlier=await trend_period.hours_before(conn, contexts(asked, stays, asked.in_force), asked.trends_from_s()),
        signals=await waves_series.read(conn, list(stays), [asked.period[0]] * len(stays)),
        readings=sum(len(course.t_us) for course in (*usable, *doubtful)),
    )


def _by_kind(courses: Sequence[Course], stays: Sequence[StayId]) -> dict[VitalKind, Series]:
    place = {stay_id: index for index, stay_id in enumerate(stays)}
    by_kind: dict[VitalKind, list[list[Course]]] = {}
    for course in courses:
        own = by_kind.setdefault(BY_CODE[course.kind].kind, [[] for _ in stays])
        own[place[course.stay_id]].append(course)
    return {kind: _series(kind, own) for kind, own in by_kind.items()}


def _series(kind: VitalKind, courses: Sequence[Sequence[Course]]) -> Series:
    """Lay one kind's courses end to end."""
    whole = [(place, course) for place, own in enumerate(courses) for course in own]
    stay = np.repeat(np.array([place for place, _ in whole], np.int64), [len(course.t_us) for _, course in whole])
    t_us = np.concatenate([np.empty(0, np.int64), *(course.t_us for _, course in whole)])
    value = np.concatenate([np.empty(0), *(course.value for _, course in whole)])
    quality = np.concatenate([np.empty(0, np.int16), *(course.quality for _, course in whole)]).astype(np.float64)
    return in_order(kind, (stay, t_us / 1e6, value, np.where(quality < 0, np.nan, quality / 100)), len(courses))


def contexts(asked: Question, stays: Sequence[StayId], plan_of: Mapping[StayId, Plan]) -> list[StayContext]:
    """Return what the rules are told of each stay."""
    return [
        StayContext(stay_id=stay_id, plan=plan_of[stay_id], watched_from_s=seconds(asked.watched[stay_id]), alerts={})
        for stay_id in stays
    ]
