"""What the store gives a worker to evaluate: what is new, or all that decides, with what held when that begins."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.acceptance.timeline import Timeline
from ward.clock import to_us
from ward.store import evaluation
from ward.vitals import USABLE, VITALS, Validity, VitalKind

pytestmark = pytest.mark.integration
SPO2, HR, TEMP = VitalKind.SPO2, VitalKind.HEART_RATE, VitalKind.TEMPERATURE


@pytest.fixture
def timeline(database_url: str) -> Iterator[Timeline]:
    """A patient whose saturation came every ten minutes, whose pulse stopped, whose temperature is from the start."""
    made = Timeline(database_url)
    made.at("01:00").vital("temperature", 37)
    made.at("10:00").vital("heart_rate", 70)
    for minute in range(20, 70, 10):
        made.at(f"{minute}:00").vital("spo2", 90 + minute / 10)
    made.vital("spo2", 55, ago="00:30", validity=Validity.OFLW)
    yield made
    made.close()


def given(timeline: Timeline, *, since_ago_s: float, anew: bool) -> set[tuple[str, int]]:
    """Return (kind, minutes since the start) of what is given for ten minutes of saturation and five of the others."""
    now = timeline.clock.now()
    since = now - timedelta(seconds=since_ago_s)
    wanted = [evaluation.Wanted(place=7, stay_id=timeline.stay_id, since=since, anew=anew)]  # type: ignore[arg-type]
    back = {VITALS[SPO2].code: 600.0, VITALS[HR].code: 300.0, VITALS[TEMP].code: 300.0}
    rows = timeline.run(evaluation.readings(timeline.conn, wanted, back, [each.value for each in USABLE]))
    assert set(rows["place"].tolist()) <= {7}
    start_us = to_us(now) - 60 * 60_000_000
    codes = {VITALS[kind].code: kind.value for kind in VitalKind}
    return {(codes[int(row["kind"])], round((int(row["measured_us"]) - start_us) / 6e7)) for row in rows}


def test_what_is_new_is_all_since_a_time(timeline: Timeline) -> None:
    """Who holds the rest is given what was measured since, of any validity, and nothing else."""
    assert given(timeline, since_ago_s=660, anew=False) == {("spo2", 50), ("spo2", 60)}


def test_all_that_decides_comes_with_what_held_before(timeline: Timeline) -> None:
    """Who holds nothing is given each kind's look-back, the newest usable before it, and the newest however old."""
    assert given(timeline, since_ago_s=0, anew=True) == {
        ("spo2", 50), ("spo2", 60), ("spo2", 40), ("heart_rate", 10), ("temperature", 1)
    }  # fmt: skip


def test_what_is_late_is_given_with_its_own_look_back(timeline: Timeline) -> None:
    """For what is judged in the past the look-back begins there, and what held then is looked for before it."""
    assert given(timeline, since_ago_s=40 * 60, anew=True) == {
        ("spo2", 20), ("spo2", 30), ("spo2", 40), ("spo2", 50), ("spo2", 60), ("heart_rate", 10), ("temperature", 1)
    }  # fmt: skip
