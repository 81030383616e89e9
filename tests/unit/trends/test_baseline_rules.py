"""Deviations from the own normal: found where it has lasted, by day and by night, and only where a normal is known."""

from dataclasses import replace

import numpy as np
import pytest

from alerting.features import Batch, Floats, moment
from alerting.quarters import at_night
from alerting.rules import baseline_rules
from alerting.tracks import Verdict, row_of
from alerting.words import text
from tests.builders_alerting import a_plan
from tests.builders_trends import DAY_S, HOUR_S, START_S, a_series, a_stay, a_trend_batch, episodes
from ward.alerts import Priority, Role
from ward.plans import Deviation, Plan, Side
from ward.vitals import VitalKind

PULSE = VitalKind.HEART_RATE
FAST = Deviation(kind=PULSE, side=Side.HIGH, sds=3.0, hold_s=2 * HOUR_S)
NAME = "deviation.heart_rate.high"
TIMES = np.arange(0, 5 * DAY_S, 300.0)
USUAL = np.where(at_night(TIMES + START_S), 58.0, 72.0) + np.random.default_rng(3).normal(0, 2, len(TIMES))


def between(first_h: float, last_h: float) -> Floats:
    """Return 1 in these hours and 0 elsewhere."""
    return ((first_h * HOUR_S <= TIMES) & (last_h * HOUR_S > TIMES)).astype(np.float64)


def lived(pulse: Floats, plan: Plan | None = None) -> Batch:
    """Make a batch of one stay with five days' pulse."""
    return a_trend_batch([a_stay(plan or a_plan(deviations=(FAST,)))], {PULSE: a_series((TIMES, pulse))})


def found(pulse: Floats) -> list[tuple[float, int]]:
    """Return the episodes of a fast pulse."""
    return episodes(baseline_rules.judge(lived(pulse))[NAME])


def test_lasting_deviation_is_found_after_its_time() -> None:
    """A pulse 40 above what is usual is found once three quarters of two hours have it, and is over afterwards."""
    ((found_h, priority),) = found(USUAL + 40 * between(100, 106))

    assert 101.25 <= found_h <= 102.25
    assert priority == Priority.MEDIUM


def test_h10_short_deviation_is_not_told() -> None:
    """An hour on the stairs is not found."""
    assert found(USUAL + 40 * between(100, 101)) == []


def test_usual_night_is_not_a_deviation() -> None:
    """What is usual by day is a deviation at night, and the other way round what is usual at night is none."""
    assert found(USUAL) == []
    assert len(found(np.where(between(96, 102) > 0, 86.0, USUAL))) == 1


def test_one_quiet_quarter_does_not_end_it() -> None:
    """A quarter of an hour back at the usual is neither a new alert nor the end of one."""
    assert len(found(USUAL + 40 * between(100, 103) + 40 * between(103.25, 107))) == 1


def test_without_an_own_normal_nothing_is_said() -> None:
    """On the first day nothing is found or quiet, however far from everybody's usual the pulse is."""
    track = baseline_rules.judge(lived(np.where(TIMES < 30 * HOUR_S, 120.0, USUAL)))[NAME]

    assert (track.verdict[track.from_s < START_S + 30 * HOUR_S] == Verdict.UNKNOWN).all()


def test_what_is_ill_for_hours_does_not_become_usual() -> None:
    """A pulse that stays high for a day is found from its beginning until its end: the last hours teach nothing."""
    track = baseline_rules.judge(lived(USUAL + 40 * between(80, 104)))[NAME]
    ((found_h, _),) = episodes(track)
    highest = track.verdict[(track.from_s > START_S + 84 * HOUR_S) & (track.from_s < START_S + 103 * HOUR_S)]

    assert found_h < 83
    assert (highest >= Verdict.LOW).all()


def test_low_side_is_another_rule() -> None:
    """A pulse far below the usual is found by the rule of that side."""
    plan = a_plan(deviations=(FAST, replace(FAST, side=Side.LOW)))
    tracks = baseline_rules.judge(lived(USUAL - 30 * between(100, 106), plan))

    assert [len(episodes(tracks[f"deviation.heart_rate.{side}"])) for side in ("high", "low")] == [0, 1]


def test_further_away_is_more_urgent() -> None:
    """The band that is left behind furthest says the priority."""
    plan = a_plan(deviations=(FAST, replace(FAST, sds=8.0, priority=Priority.HIGH)))
    tracks = [baseline_rules.judge(lived(USUAL + far * between(100, 106), plan))[NAME] for far in (25, 80)]

    assert [episodes(each)[0][1] for each in tracks] == [Priority.MEDIUM, Priority.HIGH]


def test_silence_leaves_it_open() -> None:
    """An hour after the last reading nobody knows, and nothing says that it is over."""
    kept = TIMES < 103 * HOUR_S
    batch = a_trend_batch(
        [a_stay(a_plan(deviations=(FAST,)))],
        {PULSE: a_series((TIMES[kept], (USUAL + 40 * between(100, 120))[kept]))},
    )
    track = baseline_rules.judge(batch)[NAME]

    assert track.verdict[-1] == Verdict.UNKNOWN
    assert track.from_s[-1] == pytest.approx(START_S + 104 * HOUR_S)


def test_evidence_names_the_usual() -> None:
    """Evidence tells the value, what is usual at this time of day, and how long it has lasted."""
    batch = lived(USUAL + 40 * between(108, 116))
    track = baseline_rules.judge(batch)[NAME]
    row = row_of(track, int(np.argmax(track.verdict >= Verdict.LOW)))
    evidence = baseline_rules.evidence(batch, NAME, row)

    assert float(evidence.params["usual"] or 0) == pytest.approx(72, abs=1.5)
    assert float(evidence.params["value"] or 0) == pytest.approx(112, abs=2)
    assert 72 < float(evidence.params["limit"] or 0) < 112
    assert [(each.role, each.value) for each in evidence.inputs if each.role is not Role.SINCE] == [
        (Role.JUDGED, evidence.params["value"]),
        (Role.USUAL, evidence.params["usual"]),
    ]
    assert evidence.inputs[0].role is Role.SINCE
    assert moment(row.began_s) <= evidence.inputs[0].measured_at < moment(row.from_s - 3600)
    assert "far above the patient's own usual, 72 /min for 2 h" in text(evidence.text_key, evidence.params, "en")
