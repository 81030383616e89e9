"""Weight gain: told when two weighings show it, or one shows too much; not by shoes, other scales or other people."""

from dataclasses import replace

import numpy as np
import pytest

from alerting.features import Batch
from alerting.rules import weight
from alerting.tracks import Track, Verdict, row_of
from alerting.words import text
from tests.builders_alerting import a_plan
from tests.builders_trends import DAY_S, HOUR_S, START_S, a_series, a_stay, a_trend_batch, episodes
from ward.alerts import Priority, Role
from ward.plans import Gain
from ward.vitals import VitalKind

GAIN = Gain(kg=2.0, within_s=3 * DAY_S)


def weighed(kg: list[float], hours: list[float] | None = None, gain: Gain = GAIN) -> Batch:
    """Make a batch of one stay that was weighed, every morning at seven unless something else is said."""
    times = np.array(hours if hours is not None else [7 + 24 * day for day in range(len(kg))]) * HOUR_S
    return a_trend_batch([a_stay(a_plan(gain=gain))], {VitalKind.WEIGHT: a_series((times, kg))})


def judged(batch: Batch) -> Track:
    """Judge the gain."""
    return weight.judge(batch)[weight.GAIN]


def days(batch: Batch) -> list[int]:
    """Return the days on which a gain began to be told."""
    return [int(hour // 24) for hour, _ in episodes(judged(batch))]


def test_gain_is_told_when_the_second_weighing_shows_it() -> None:
    """Two kilograms in a day wait for the next weighing, and are told then."""
    assert days(weighed([80, 80.1, 79.9, 82.2])) == []
    assert days(weighed([80, 80.1, 79.9, 82.2, 82.4])) == [4]


def test_slow_gain_is_told() -> None:
    """Seven hundred grams a day are told when two weighings in a row lie two kilograms above one of the three days."""
    assert days(weighed([80, 80, 80, 80.7, 81.4, 82.1, 82.8, 83.5])) == [6]


def test_exactly_the_plans_gain_counts() -> None:
    """A gain of exactly the plan's kilograms is one, whatever binary rounding makes of it."""
    assert days(weighed([80.1, 80.1, 80.1, 82.1, 82.1])) == [4]


def test_twice_as_much_is_told_at_once() -> None:
    """Four and a half kilograms since yesterday do not wait for tomorrow."""
    assert days(weighed([80, 80.1, 79.9, 84.5])) == [3]
    assert days(weighed([80.1, 80.1, 80.1, 84.1])) == [3]
    assert days(weighed([80.1, 80.1, 80.1, 84.0])) == []


def test_h06_what_no_body_gains_waits_for_a_second_weighing() -> None:
    """Fifteen kilograms more are somebody else, or another scale, unless a second weighing shows them too."""
    assert days(weighed([80, 80.1, 79.9, 95, 80.0])) == []
    assert days(weighed([80, 80.1, 79.9, 95, 95.1])) == [4]


@pytest.mark.parametrize("wrong", [(95.0, 95.2), (176.4, 176.6)])
def test_h07_pounds_and_other_people_are_no_gain_however_often(wrong: tuple[float, float]) -> None:
    """A weight that no body gains in days is never told as water: by pounds as kilograms, or by a husband's weight."""
    assert days(weighed([70, 70.1, 69.9, *wrong, 70.2, 70.1, 70.0, 72.3, 72.4])) == [9]


@pytest.mark.parametrize("day", [0, 1, 2, 3])
def test_h10_one_light_weighing_makes_no_gain(day: int) -> None:
    """A weighing by somebody light, or undressed, is not what others are measured from."""
    kg = [80.0, 80.1, 80.2, 80.1, 80.0, 80.1]
    kg[day] = 74.0

    assert days(weighed(kg)) == []


def test_stepping_on_twice_is_one_weighing() -> None:
    """A second look at the scale after some minutes confirms nothing."""
    assert days(weighed([80, 80.1, 79.9, 82.2, 82.2], [7, 31, 55, 79, 79.5])) == []


def test_gain_is_over_when_the_weight_is_back() -> None:
    """A gain that has gone is over; one that stays is over when the lighter days have passed."""
    track = judged(weighed([80, 80, 80, 82.5, 82.5, 80.2]))

    assert episodes(track) == [(7.25 + 4 * 24, Priority.MEDIUM)]
    assert track.verdict[track.from_s <= START_S + 5.5 * DAY_S][-1] == Verdict.QUIET


def test_first_weighing_says_nothing() -> None:
    """Without an earlier weighing within the time nobody knows; nor two days after the last one."""
    alone = judged(weighed([80]))
    later = judged(weighed([80, 80]))

    assert Verdict.QUIET not in alone.verdict
    assert later.verdict.tolist()[-2:] == [Verdict.QUIET, Verdict.UNKNOWN]
    assert later.from_s[-1] == START_S + (7.25 + 24 + 48) * HOUR_S


def test_scale_that_sends_itself_does_not_cost_more() -> None:
    """A scale that reports every quarter of an hour, somebody on it or not, is judged and finds nothing."""
    hours = np.arange(0, 10 * 24, 0.25).tolist()

    assert days(weighed([80.0] * len(hours), hours)) == []


def test_plan_without_a_gain_has_no_rule() -> None:
    """Where no plan of a batch asks for it nothing is judged."""
    batch = weighed([80, 84, 84])

    assert weight.judge(replace(batch, plans=(a_plan(),))) == {}


def test_evidence_shows_both_weighings() -> None:
    """Evidence tells the gain, the time, the weighings that show it, and those of which the lighter is the median."""
    batch = weighed([80, 80.1, 79.9, 82.2, 82.4])
    track = judged(batch)
    evidence = weight.evidence(batch, weight.GAIN, row_of(track, int(np.argmax(track.verdict >= Verdict.LOW))))

    before, now = ([each.value for each in evidence.inputs if each.role is role] for role in (Role.BEFORE, Role.JUDGED))
    assert now == [82.2, 82.4]
    assert now[-1] - np.median(before) == pytest.approx(evidence.params["value"])
    assert float(evidence.params["value"] or 0) == pytest.approx(2.4, abs=0.11)
    assert text(evidence.text_key, evidence.params, "sv").startswith("Vikten har ökat 2,4 kg på 72 h")
