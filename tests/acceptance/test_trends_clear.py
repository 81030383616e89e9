"""Trends that pass, through the store: a slope, one's own normal, a gain of weight, saturation on more oxygen.

Each is raised, does not clear where it just does not pass, clears where it just does, latches until somebody has seen
it, is counted when it comes again, and closes when it has been seen and passes.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from tests.acceptance.test_plan_changes import change
from tests.acceptance.timeline import START, Timeline
from ward.alerts import Priority
from ward.overlays import Overlay
from ward.plans import Gain
from ward.store import migrate

SLOPE = "slope.resp_rate.rise.6h"
DEVIATION = "deviation.heart_rate.high"
SUPPORT = "support.spo2"
GAIN = "weight.gain"
HALF = 0.5  # of the plan's rise of one an hour
DAYS = 5
QUARTER = 15


@pytest.fixture
def timeline(database_url: str) -> Iterator[Timeline]:
    """A patient in care since 00:00, with room for what was measured some days before."""
    made = Timeline(database_url)
    days = [START.date() - timedelta(days=day) for day in range(DAYS + 1)]
    made.run(migrate.ensure_partitions(made.conn, days))
    made.run(made.conn.commit())
    yield made
    made.close()


def later(timeline: Timeline, minutes: float) -> Timeline:
    """Let so many minutes pass."""
    seconds = round((timeline.clock.now() - START).total_seconds() + minutes * 60)
    return timeline.at(f"{seconds // 60}:{seconds % 60:02}")


def quarters(timeline: Timeline, count: int = 1, **levels: float) -> Timeline:
    """Measure these values thrice in each of so many quarters of an hour; each is over and judged when this returns."""
    for _ in range(count):
        elapsed = (timeline.clock.now() - START).total_seconds() / 60
        later(timeline, QUARTER - elapsed % QUARTER)
        for kind, level in levels.items():
            timeline.burst(kind, dict.fromkeys((13, 8, 3), level))
        later(timeline, 6)
    return timeline


def passes(timeline: Timeline, rule: str, priority: str) -> None:
    """What has begun to clear is gone after five minutes, and rings until somebody has seen it."""
    timeline.expect(_now(timeline), rule, condition="clearing", signal="ringing", priority=priority)
    later(timeline, 5.1).expect(_now(timeline), rule, condition="cleared", signal="ringing", state="open")


def comes_again(timeline: Timeline, rule: str, priority: str) -> None:
    """What comes again while nobody has seen it is the same alert, counted and told anew."""
    timeline.expect(_now(timeline), rule, condition="present", signal="ringing", priority=priority, recurrences=1)
    assert len(timeline.alerts(rule)) == 1
    assert timeline.rings(rule) == 2


def closes(timeline: Timeline, rule: str) -> None:
    """What has been seen and passes closes by itself."""
    timeline.expect(_now(timeline), rule, condition="clearing", signal="acknowledged", recurrences=1)
    later(timeline, 5.1).expect(_now(timeline), rule, state="resolved", outcome="self_resolved", unasked=False)
    assert [each for each in timeline.life(rule) if each != "renewed"] == [
        "raised", "cleared", "settled", "recurred", "acknowledged", "cleared", "settled",
    ]  # fmt: skip


def _now(timeline: Timeline) -> str:
    seconds = round((timeline.clock.now() - START).total_seconds())
    return f"{seconds // 60}:{seconds % 60:02}"


def rises(levels: Sequence[float]) -> float:
    """Return what the last two of six hours lie above the first two, an hour."""
    return (sum(levels[-8:]) - sum(levels[-24:-16])) / 8 / 4


def goes_on(timeline: Timeline, levels: list[float], level: float) -> None:
    """Breathe at a rate for another quarter."""
    levels.append(level)
    quarters(timeline, resp_rate=level)


def test_slope_clears_when_less_than_half_of_it_is_left(timeline: Timeline) -> None:
    """A rise is over when the last two of six hours lie less than half of the plan's rise above the first two."""
    levels = [12 + 0.35 * step for step in range(24)]
    ago = {QUARTER * (len(levels) - place) - third: level for place, level in enumerate(levels) for third in (2, 7, 12)}
    timeline.burst("resp_rate", ago).expect("06:00", SLOPE, condition="present", signal="ringing", priority="medium")
    while rises(levels) >= HALF:
        assert timeline.alert(SLOPE).condition == "present"
        goes_on(timeline, levels, 13)
    passes(timeline, SLOPE, "medium")
    while timeline.alert(SLOPE).condition != "present":
        goes_on(timeline, levels, levels[-1] + 0.8)
    comes_again(timeline, SLOPE, "medium")
    while rises([*levels, 13.0]) >= HALF:
        goes_on(timeline, levels, 13)
    timeline.acknowledge(SLOPE)
    goes_on(timeline, levels, 13)
    closes(timeline, SLOPE)


def test_deviation_clears_half_a_spread_inside_its_bound(timeline: Timeline) -> None:
    """A heart rate is its own again half a spread inside the bound, and not at a little less than that."""
    usual = {minutes: 70.0 + (minutes // QUARTER % 3 - 1) for minutes in range(120, DAYS * 1440, QUARTER)}
    timeline.burst("heart_rate", usual).burst("heart_rate", dict.fromkeys(range(3, 120, 5), 140.0))
    timeline.expect("06:00", DEVIATION, condition="present", signal="ringing", priority="medium")
    row = timeline.sql.execute("select evidence -> 'params' from alert where rule = %s", (DEVIATION,)).fetchone()
    assert row is not None
    normal, spread = row[0]["usual"], (row[0]["limit"] - row[0]["usual"]) / 4
    quarters(timeline, 10, heart_rate=round(normal + 3.6 * spread, 3))
    assert timeline.alert(DEVIATION).condition == "present"

    quarters(timeline, heart_rate=round(normal + 3.4 * spread, 3))
    passes(timeline, DEVIATION, "medium")
    quarters(timeline, 8, heart_rate=140)
    comes_again(timeline, DEVIATION, "medium")
    timeline.acknowledge(DEVIATION)
    quarters(timeline, 3, heart_rate=70)
    assert timeline.alert(DEVIATION).condition == "present"
    quarters(timeline, heart_rate=70)
    closes(timeline, DEVIATION)


def test_h11_fall_on_more_oxygen_stays_as_long_as_nothing_is_made_up(timeline: Timeline) -> None:
    """As low as before on as much oxygen is not over when the hours before the fall are longer ago than is compared."""
    timeline.burst("oxygen_flow", dict.fromkeys(range(30, 360, 60), 1.0))
    timeline.burst("spo2", dict.fromkeys(range(3, 360, 5), 95.0))
    quarters(timeline, 4, spo2=91, oxygen_flow=3).expect("66:00", SUPPORT, condition="present", priority="high")
    quarters(timeline, 20, spo2=91, oxygen_flow=3)
    assert timeline.alert(SUPPORT).condition == "present"

    quarters(timeline, 6, spo2=92.4, oxygen_flow=3)
    assert timeline.alert(SUPPORT).condition == "present"
    while timeline.alert(SUPPORT).condition == "present":
        quarters(timeline, spo2=93.6, oxygen_flow=3)
    passes(timeline, SUPPORT, "high")
    while timeline.alert(SUPPORT).condition != "present":
        quarters(timeline, spo2=89, oxygen_flow=5)
    comes_again(timeline, SUPPORT, "high")
    quarters(timeline, 2, spo2=92.5, oxygen_flow=5)
    timeline.acknowledge(SUPPORT)
    while timeline.alert(SUPPORT).condition == "present":
        quarters(timeline, spo2=95, oxygen_flow=5)
        if timeline.alert(SUPPORT).signal == "ringing":
            timeline.acknowledge(SUPPORT)
    later(timeline, 5.1).expect(_now(timeline), SUPPORT, state="resolved", recurrences=1, outcome="self_resolved")


def test_gain_clears_below_half_of_it(timeline: Timeline) -> None:
    """Of two kilos gained one point one is not over, and point nine is."""
    change(timeline, Overlay(gain=Gain(kg=2.0, within_s=3 * 86_400, priority=Priority.MEDIUM)))
    timeline.burst("weight", {50 * 60: 80.0, 38 * 60: 80.0, 26 * 60: 80.0, 120: 82.1, 20: 82.2})
    timeline.expect("06:00", GAIN, condition="present", signal="ringing", priority="medium")
    quarters(timeline, weight=81.1)
    assert timeline.alert(GAIN).condition == "present"

    quarters(timeline, weight=80.9)
    passes(timeline, GAIN, "medium")
    quarters(later(timeline, 60), weight=82.4)
    assert timeline.alert(GAIN).condition == "cleared"
    quarters(later(timeline, 60), weight=82.4)
    comes_again(timeline, GAIN, "medium")
    timeline.acknowledge(GAIN)
    quarters(timeline, weight=80.2)
    closes(timeline, GAIN)
