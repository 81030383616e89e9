"""Day and night of a plan, in Europe/Stockholm: which profile is in force at an instant, also when the clocks change.

Pure. A plan says minutes after local midnight by the clock on the wall, so the night before the clocks go forward is
an hour shorter and the one before they go back an hour longer. The invariant: at every instant exactly one profile is
in force, and which one depends on that instant alone.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from alerting.features import Batch, Floats, moment, seconds
from alerting.rules import steps
from alerting.rules.steps import Steps
from alerting.tracks import Track, stay_of, track
from ward.plans import Night, Plan

STOCKHOLM = ZoneInfo("Europe/Stockholm")
_LAST_HOLDS = timedelta(days=2)


def is_night(plan: Plan, at_s: float) -> bool:
    """Tell whether the night of a plan is in force."""
    if plan.night is None:
        return False
    local = moment(at_s).astimezone(STOCKHOLM)
    turns = _turns(plan.night, local.date() - timedelta(days=1), local.date() + timedelta(days=1))
    past = [night for turn_s, night in turns if turn_s <= at_s]
    return past[-1]


def _turns(night: Night, first: date, last: date) -> list[tuple[float, bool]]:
    """Return (instant, whether it is night from then on) from the first day to the last, in order of time."""
    turns: dict[float, bool] = {}
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        for minutes, begins in sorted([(night.ends, False), (night.begins, True)]):
            local = datetime(day.year, day.month, day.day, minutes // 60 % 24, minutes % 60, tzinfo=STOCKHOLM)
            turns[seconds(local)] = begins
    return sorted(turns.items())


def profile(batch: Batch, from_s: float, until_s: float) -> Steps:
    """Return 1 where a stay's plan is in its night, else 0, from `from_s` to `until_s`."""
    first = (moment(from_s).astimezone(STOCKHOLM) - timedelta(days=2)).date()
    last = (moment(until_s).astimezone(STOCKHOLM) + timedelta(days=1)).date()
    turns: dict[tuple[int, int], list[tuple[float, bool]]] = {}
    owns: list[tuple[tuple[int, int], list[int]]] = []
    for index, plan in enumerate(batch.plans):
        if plan.night is not None:
            key = (plan.night.begins, plan.night.ends)
            turns.setdefault(key, _turns(plan.night, first, last))
            owns.append((key, np.flatnonzero(batch.plan_of == index).tolist()))
    stay = np.concatenate([np.empty(0, np.int64), *(np.repeat(own, len(turns[key])) for key, own in owns)])
    at_s: Floats = np.concatenate(
        [np.empty(0), *(np.tile(np.array([turn for turn, _ in turns[key]]), len(own)) for key, own in owns)]
    )
    value = np.concatenate(
        [
            np.empty(0, np.int64),
            *(np.tile(np.array([on for _, on in turns[key]], np.int64), len(own)) for key, own in owns),
        ]
    )
    order = np.lexsort((at_s, stay))
    return Steps(stays=len(batch.stays), stay=stay[order].astype(np.int64), from_s=at_s[order], value=value[order])


def switched(batch: Batch, day: Track, night: Track) -> Track:
    """Return what `night` says by night and what `day` says by day; a stay without a night has the day's alone."""
    both = np.concatenate((day.from_s, night.from_s))
    if not len(both):
        return day
    until_s = float(both.max()) + _LAST_HOLDS.total_seconds()
    parts = [profile(batch, float(both.min()), until_s), _rows(day), _rows(night)]
    found = steps.align(parts)
    dark, by_day, by_night = found.values
    row = np.where(dark != 0, by_night + len(day.from_s) * (by_night > 0), by_day) - 1
    said = row >= 0
    return track(
        len(batch.stays),
        found.stay,
        found.from_s,
        np.where(said, np.concatenate((day.verdict, night.verdict))[row], 0),
        np.where(said, np.concatenate((day.began_s, night.began_s))[row], np.nan),
    )


def _rows(of: Track) -> Steps:
    """Return the rows of a track as steps, counted from 1."""
    return Steps(stays=len(of.offsets) - 1, stay=stay_of(of), from_s=of.from_s, value=np.arange(1, len(of.from_s) + 1))
