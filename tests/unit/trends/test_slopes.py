"""Slopes: found when certain, quiet when not there, unknown where nothing can be said."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from alerting.features import Batch
from alerting.rules import slopes
from alerting.tracks import Track, Verdict, in_force, row_of
from alerting.words import text
from tests.builders_alerting import a_plan
from tests.builders_trends import HOUR_S, START_S, a_series, a_stay, a_trend_batch, episodes
from ward.alerts import Priority, Role
from ward.plans import Goals, Plan, Slope
from ward.vitals import VitalKind

PULSE = VitalKind.HEART_RATE
RISE = Slope(kind=PULSE, per_hour=3.0, over_s=6 * HOUR_S)
NAME = "slope.heart_rate.rise.6h"
MINUTES = np.arange(0, 24 * HOUR_S, 60.0)


def a_pulse(per_hour: float, *, from_h: float = 10, until_h: float = 18, seed: int = 0) -> npt.NDArray[np.float64]:
    """Make a day's pulse, a value a minute with noise, that changes by so much an hour for a while."""
    hours = np.clip(MINUTES / HOUR_S, from_h, until_h) - from_h
    return np.random.default_rng(seed).normal(0, 2, len(MINUTES)) + 70 + per_hour * hours


def a_day(value: npt.ArrayLike, plan: Plan | None = None, times: npt.ArrayLike = MINUTES) -> Batch:
    """Make a batch of one stay with a day's pulse."""
    return a_trend_batch([a_stay(plan or a_plan(slopes=(RISE,)))], {PULSE: a_series((times, value))})


def judged(batch: Batch, name: str = NAME) -> Track:
    """Judge one slope."""
    return slopes.judge(batch)[name]


def verdict_at(track: Track, hour: float) -> Verdict:
    """Return what holds at an hour of the day."""
    row = int(in_force(track, START_S + hour * HOUR_S)[0])
    return Verdict.UNKNOWN if row < 0 else Verdict(int(track.verdict[row]))


def test_steady_rise_is_found() -> None:
    """A pulse that rises by 5 an hour is found within the hours that make it certain, and is over when it is level."""
    track = judged(a_day(a_pulse(5)))
    ((found_h, priority),) = episodes(track)

    assert 12 <= found_h <= 16
    assert priority == Priority.MEDIUM
    assert verdict_at(track, 9) is verdict_at(track, 23.9) is Verdict.QUIET


@pytest.mark.parametrize("per_hour", [0.0, 1.0, 2.5, -5.0])
def test_slower_or_falling_is_not_found(per_hour: float) -> None:
    """What rises more slowly than the plan allows, or falls, is not found."""
    assert episodes(judged(a_day(a_pulse(per_hour)))) == []


def test_h16_one_wild_hour_is_no_trend() -> None:
    """An hour of artefact at the end of the window does not make a slope."""
    pulse = a_pulse(0)
    pulse[(MINUTES >= 20 * HOUR_S) & (MINUTES < 21 * HOUR_S)] = 160

    assert episodes(judged(a_day(pulse))) == []


def test_fall_is_found_by_its_own_rule() -> None:
    """A falling saturation is found by the rule of falling, and by no other."""
    falls = a_plan(slopes=(replace(RISE, kind=VitalKind.SPO2, per_hour=-0.5),))
    saturation = 97 - 1.0 * (np.clip(MINUTES / HOUR_S, 10, 16) - 10)
    batch = a_trend_batch([a_stay(falls)], {VitalKind.SPO2: a_series((MINUTES, saturation))})
    found = slopes.judge(batch)

    assert list(found) == ["slope.spo2.fall.6h"]
    assert len(episodes(found["slope.spo2.fall.6h"])) == 1


def test_steeper_band_has_its_own_priority() -> None:
    """Of two bounds of one slope the one that is left behind for certain says how urgent it is."""
    plan = a_plan(slopes=(RISE, replace(RISE, per_hour=8.0, priority=Priority.HIGH)))

    assert episodes(judged(a_day(a_pulse(5), plan)))[0][1] == Priority.MEDIUM
    assert episodes(judged(a_day(a_pulse(12), plan)))[0][1] == Priority.HIGH


def test_gap_is_not_bridged() -> None:
    """Two levels with four hours of nothing between them are no slope."""
    silent = (MINUTES > 10 * HOUR_S) & (MINUTES < 14 * HOUR_S)
    level = np.where(MINUTES < 12 * HOUR_S, 70.0, 100.0)
    track = judged(a_day(level[~silent], times=MINUTES[~silent]))

    assert episodes(track) == []
    assert verdict_at(track, 14.5) is Verdict.UNKNOWN


def test_h14_silence_makes_it_unknown_not_quiet() -> None:
    """When readings stop, what was found is kept for a quarter of the window, then nobody knows: nothing clears it."""
    kept = MINUTES < 15 * HOUR_S
    track = judged(a_day(a_pulse(5)[kept], times=MINUTES[kept]))

    assert verdict_at(track, 16.4) is Verdict.MEDIUM
    assert verdict_at(track, 16.6) is Verdict.UNKNOWN
    assert Verdict.QUIET not in track.verdict[track.from_s > START_S + 15 * HOUR_S]


def test_too_few_points_say_nothing() -> None:
    """A reading every two hours is not enough for a slope over six."""
    times = np.arange(0, 24 * HOUR_S, 2 * HOUR_S)

    assert episodes(judged(a_day(60 + 10 * times / HOUR_S, times=times))) == []


def test_plan_without_the_slope_is_quiet() -> None:
    """In one batch, a stay whose plan has no such slope, or aims at comfort, has nothing to be found, for ever."""
    watched = a_plan(slopes=(RISE,))
    stays = [a_stay(watched), a_stay(a_plan(), 2), a_stay(replace(watched, goals=Goals.COMFORT), 3)]
    track = judged(a_trend_batch(stays, {PULSE: a_series(*[(MINUTES, a_pulse(5))] * 3)}))

    assert [len(episodes(track, stay)) for stay in range(3)] == [1, 0, 0]
    assert track.from_s[track.offsets[1] : track.offsets[3]].tolist() == [-np.inf, -np.inf]
    assert track.verdict[track.offsets[1] : track.offsets[3]].tolist() == [Verdict.QUIET] * 2


def test_stay_that_was_not_read_is_unknown() -> None:
    """Without quarters nothing is said of a stay whose plan asks for slopes."""
    track = judged(replace(a_day(a_pulse(5)), quarters={}))

    assert len(track.from_s) == 0


def test_evidence_shows_both_ends() -> None:
    """Evidence tells how fast, the bound, over how long, and the first and the last quarter of the window."""
    batch = a_day(a_pulse(5))
    track = judged(batch)
    row = row_of(track, int(np.argmax(track.verdict >= Verdict.LOW)))
    evidence = slopes.evidence(batch, NAME, row)
    first, last = evidence.inputs

    assert evidence.params["limit"] == 3.0
    assert 3.0 < float(evidence.params["value"] or 0) < 6.0
    assert (last.measured_at - first.measured_at).total_seconds() == pytest.approx(6 * HOUR_S, abs=1800)
    assert last.value > first.value
    assert 3.0 <= float(evidence.params["certain"] or 0) < float(evidence.params["value"] or 0)
    assert (first.role, last.role) == (Role.BEFORE, Role.JUDGED)
    assert " /min) over 6 h (limit 3.0 /min an hour)" in text(evidence.text_key, evidence.params, "en")


def test_evidence_tells_when_the_limit_would_be_reached() -> None:
    """A pulse of about ninety that rises by five an hour reaches 130 in some eight hours; a falling one never does."""
    batch = a_day(a_pulse(5))
    track = judged(batch)
    row = row_of(track, int(np.argmax(track.verdict >= Verdict.LOW)))
    params = slopes.evidence(batch, NAME, row).params
    high = replace(batch.stays[0].plan, limits={})
    silent = replace(batch, stays=(replace(batch.stays[0], plan=high),))

    assert params["reach_limit"] == 130
    assert 6 * HOUR_S < float(params["reach_s"] or 0) < 12 * HOUR_S
    assert "reach_s" not in slopes.evidence(silent, NAME, row).params


def test_long_windows_are_judged_more_seldom() -> None:
    """A slope over a day is judged each hour, so that it costs no more than one over six."""
    plan = a_plan(slopes=(replace(RISE, over_s=24 * HOUR_S),))
    (wanted,) = slopes.asked([plan])

    assert wanted.step_s == HOUR_S
    assert slopes.look_back(plan)[PULSE] >= 24 * HOUR_S + wanted.step_s
