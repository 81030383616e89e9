"""What lies beyond a hard bound rings, whatever somebody had made quiet before it did."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from alerting import apply
from tests.acceptance.timeline import Timeline
from ward.alerts import Outcome

SPO2 = "limit.spo2.low"


@pytest.fixture
def timeline(database_url: str) -> Iterator[Timeline]:
    """A patient whose saturation has been below the alarm limit, and above the hard floor, until 02:00."""
    made = Timeline(database_url)
    yield made.vitals("02:00", spo2=86).expect("02:00", SPO2, priority="high", signal="ringing")
    made.close()


def pause(timeline: Timeline) -> Timeline:
    """Let the nurse pause the alert for as long as one of high priority may be."""
    until = timeline.clock.now() + timedelta(minutes=15)
    return timeline.act(SPO2, apply.Snooze, until=until, reason="Mäter om")


def test_h11_hard_floor_breaks_a_pause_of_what_was_high_already(timeline: Timeline) -> None:
    """Who paused the alert at 86 % is told at once of 79 %: both are of high priority, and only one may wait."""
    pause(timeline).vital("spo2", 85).expect("02:10", SPO2, signal="paused")

    timeline.vital("spo2", 79).expect("02:10", SPO2, signal="ringing", state="open")
    assert timeline.life(SPO2) == ["raised", "snoozed", "renewed", "worsened"]
    said, read = timeline.evidence(SPO2)
    assert (said, read[-1]) == (79, 79)


@pytest.mark.parametrize("act", [apply.Acknowledge, apply.Claim])
def test_h05_hard_floor_rings_though_somebody_has_seen_or_taken_what_was_milder(timeline: Timeline, act: type) -> None:
    """Who saw 86 %, or has taken it, has not seen 79 %, and may be nowhere near."""
    timeline.act(SPO2, act).vital("spo2", 81).expect("02:10", SPO2, signal="acknowledged")

    timeline.vital("spo2", 79).expect("02:10", SPO2, signal="ringing")


def test_h11_hard_floor_passed_by_less_than_a_screen_shows_rings_too(timeline: Timeline) -> None:
    """80.2 % is not yet beyond the hard floor and 79.9 % is, though both are shown as 80 %."""
    pause(timeline.vital("spo2", 80.2).at("02:10")).vital("spo2", 79.9)

    timeline.expect("02:10", SPO2, signal="ringing", priority="high")


def test_h09_pause_beyond_the_hard_floor_ends_when_it_goes_further(timeline: Timeline) -> None:
    """A pause at 79 % is over at 78 %; at 79 % again it is not. To have seen it holds as it did."""
    pause(timeline.vital("spo2", 79)).at("02:10").vital("spo2", 79).expect("02:10", SPO2, signal="paused")
    timeline.at("02:20").vital("spo2", 78).expect("02:20", SPO2, signal="ringing")

    timeline.acknowledge(SPO2).at("02:30").vital("spo2", 77).expect("02:30", SPO2, signal="acknowledged")


def test_h05_hard_floor_within_the_damping_time_is_told_anew(timeline: Timeline) -> None:
    """Seen at 86 %, well for a minute, then 70 %: nobody has seen that."""
    timeline.acknowledge(SPO2).vital("spo2", 95).expect("02:30", SPO2, condition="clearing")

    timeline.at("03:00").vital("spo2", 70).expect("03:00", SPO2, signal="ringing", recurrences=1)


def test_h11_hard_floor_is_not_kept_closed_with_what_was_milder(timeline: Timeline) -> None:
    """Closed at 86 % as a false alarm, it stays closed at 85 % and is another alert at 79 %, which says so."""
    timeline.resolve(SPO2, Outcome.FALSE_ALARM).vital("spo2", 85).at("02:30")
    assert len(timeline.alerts(SPO2)) == 1

    timeline.vital("spo2", 79).expect("02:30", SPO2, state="open", priority="high", rev=1)
    assert timeline.evidence(SPO2)[0] == 79


def test_h05_closed_beyond_the_hard_floor_and_better_is_told_when_it_falls_again(timeline: Timeline) -> None:
    """Closed as treated at 79 %, 95 % half a minute later, then 70 %: nobody has seen that fall."""
    timeline.vital("spo2", 79).resolve(SPO2, Outcome.TRUE_ALARM).at("02:30").vital("spo2", 95)

    timeline.at("03:00").vital("spo2", 70).expect("03:00", SPO2, state="open", signal="ringing", rev=1)
    assert len(timeline.alerts(SPO2)) == 2


def test_h10_closed_beyond_the_hard_floor_stays_closed_for_its_time(timeline: Timeline) -> None:
    """Who closed it at 79 % has seen the hard floor: 78 % opens no other alert at once."""
    timeline.vital("spo2", 79).resolve(SPO2, Outcome.FALSE_ALARM).at("02:30").vital("spo2", 78)

    assert len(timeline.alerts(SPO2)) == 1
