"""From readings to alerts and back, on a fake clock, with the real store and the real evaluation."""

from collections.abc import Iterator

import pytest

from alerting.apply import Note
from tests.acceptance.timeline import CALM, START, Timeline
from ward.alerts import Outcome
from ward.errors import Conflict
from ward.vitals import Validity

SPO2 = "limit.spo2.low"


@pytest.fixture
def timeline(database_url: str) -> Iterator[Timeline]:
    """A patient in care since 00:00, nothing measured yet."""
    made = Timeline(database_url)
    yield made
    made.close()


def test_deterioration_raises_medium_then_high_in_one_alert(timeline: Timeline) -> None:
    """A saturation that sinks through both limits makes one alert, whose priority rises when each delay has run out."""
    timeline.vitals("02:00", **CALM)
    timeline.quiet("02:00", SPO2).vital("spo2", 90)

    timeline.quiet("02:59", SPO2)
    timeline.expect("03:00", SPO2, priority="medium", state="open", rev=1)
    timeline.at("03:00").vital("spo2", 85)
    timeline.expect("03:59", SPO2, priority="medium", rev=2)
    timeline.expect("04:00", SPO2, priority="high", state="open", rev=3)
    assert timeline.life(SPO2) == ["raised", "renewed", "worsened"]
    assert len(timeline.alerts(SPO2)) == 1


def test_hard_floor_knows_no_delay(timeline: Timeline) -> None:
    """A saturation below the hard floor is a high alert at once."""
    timeline.vitals("02:00", **CALM)
    timeline.vital("spo2", 79)

    timeline.expect("02:00", SPO2, priority="high", rev=1)


def test_h05_acknowledgement_lapses(timeline: Timeline) -> None:
    """A high alert that somebody has seen is open again after fifteen minutes if its cause is still there."""
    timeline.vitals("02:00", spo2=79).acknowledge(SPO2)
    timeline.expect("02:00", SPO2, state="acknowledged")

    timeline.vitals("16:59", spo2=79).expect("16:59", SPO2, state="acknowledged")
    timeline.expect("17:00", SPO2, state="open")
    assert timeline.life(SPO2) == ["raised", "acknowledged", "lapsed"]


def test_acknowledged_alert_resolves_itself_when_it_clears(timeline: Timeline) -> None:
    """What a person has seen and what is over needs nobody any more."""
    timeline.vitals("02:00", spo2=79).acknowledge(SPO2)
    timeline.at("03:00").vital("spo2", 95)

    timeline.expect("07:59", SPO2, state="acknowledged", condition="clearing")
    timeline.expect("08:00", SPO2, state="resolved", condition="cleared", outcome="self_resolved")


def test_unseen_alert_is_latched_and_recurs(timeline: Timeline) -> None:
    """An alert that nobody has seen stays open when it clears, and is the same alert when its cause comes back."""
    timeline.vitals("02:00", spo2=79)
    timeline.at("03:00").vital("spo2", 95)
    timeline.expect("08:00", SPO2, state="open", condition="cleared", priority="high")
    timeline.at("09:00").vital("spo2", 78)

    timeline.expect("09:00", SPO2, state="open", condition="present", recurrences=1)
    assert len(timeline.alerts(SPO2)) == 1


def test_h34_stale_revision_is_refused(timeline: Timeline) -> None:
    """An acknowledgement of what an alert was before it became worse is refused."""
    timeline.vitals("02:00", spo2=90)
    timeline.expect("02:00", SPO2, priority="medium", rev=1)
    timeline.vital("spo2", 78)

    with pytest.raises(Conflict):
        timeline.acknowledge(SPO2, rev=1)
    timeline.expect("02:00", SPO2, state="open", priority="high", rev=2)


def test_evidence_is_renewed_while_it_worsens(timeline: Timeline) -> None:
    """A saturation that sinks on within one priority is said as it is now, a step of the screen at a time."""
    timeline.vitals("02:00", **CALM).vital("spo2", 86)
    timeline.expect("03:00", SPO2, priority="high", rev=1)
    timeline.vital("spo2", 86.4).vital("spo2", 85.4, ago="00:00")
    timeline.expect("03:00", SPO2, rev=1)
    timeline.at("04:00").vital("spo2", 83).at("05:00").vital("spo2", 84).at("06:00").vital("spo2", 82)

    timeline.expect("06:00", SPO2, priority="high", state="open", rev=3)
    assert timeline.life(SPO2) == ["raised", "renewed", "renewed"]
    assert timeline.evidence(SPO2) == (82.0, [86.0, 82.0])
    assert timeline.rings(SPO2) == 1


def test_h34_acknowledgement_of_a_milder_value_is_refused(timeline: Timeline) -> None:
    """Whoever saw 86 % has not seen 82 %; whoever saw 82 % has, though somebody has written a note since."""
    timeline.vitals("02:00", **CALM).vital("spo2", 86)
    timeline.at("03:30").vital("spo2", 82)
    timeline.expect("03:30", SPO2, rev=2)

    with pytest.raises(Conflict):
        timeline.acknowledge(SPO2, rev=1)
    timeline.act(SPO2, Note, note="ringer patienten").acknowledge(SPO2, rev=2)
    timeline.expect("03:30", SPO2, state="acknowledged", rev=4)


def test_worsening_takes_an_acknowledgement_back(timeline: Timeline) -> None:
    """Having seen the medium alert is not having seen the high one."""
    timeline.vitals("02:00", spo2=90).acknowledge(SPO2).vital("spo2", 78)

    timeline.expect("02:00", SPO2, state="open", priority="high", rev=3)


def test_h01_signal_that_stops_is_told_by_the_clock(timeline: Timeline) -> None:
    """A signal that falls silent is a technical alert when its last value goes stale, and clears by itself."""
    timeline.vitals("05:00", **CALM)
    timeline.vitals("20:00", heart_rate=72, resp_rate=15)

    assert [alert.rule for alert in timeline.alerts("nodata.spo2")] == ["nodata.spo2"]
    assert timeline.alerts("nodata.heart_rate") == []
    timeline.vitals("25:00", spo2=97).expect("25:00", "nodata.spo2", state="resolved", outcome="self_resolved")


def test_h01_signal_is_missed_at_its_stale_time(timeline: Timeline) -> None:
    """The alert comes at the stale time of the kind, not a minute later."""
    timeline.at("01:00").vital("spo2", 97)

    timeline.quiet("10:59", "nodata.spo2")
    timeline.expect("11:00", "nodata.spo2", state="open", priority="medium")


def test_h01_signal_that_never_came_is_missed(timeline: Timeline) -> None:
    """A device that never delivers is told as well, counted from when it was first worn."""
    timeline.quiet("09:59", "nodata.spo2")

    timeline.expect("10:00", "nodata.spo2", state="open")
    timeline.expect("20:00", "nodata.resp_rate", state="open")


def test_h02_old_value_received_now_is_not_fresh(timeline: Timeline) -> None:
    """A value measured long ago and received now does not end the silence."""
    timeline.at("00:00").vital("spo2", 97)
    timeline.expect("12:00", "nodata.spo2", state="open")

    timeline.vital("spo2", 96, ago="11:30").expect("12:00", "nodata.spo2", state="open")


def test_silence_does_not_clear_a_clinical_alert(timeline: Timeline) -> None:
    """When the sensor comes off during an alert, the alert stays as it was and a technical one joins it."""
    timeline.vitals("02:00", spo2=79)

    timeline.expect("30:00", SPO2, state="open", condition="present", priority="high")
    timeline.expect("30:00", "nodata.spo2", state="open")


def test_h20_late_burst_rings_only_for_what_is_still_there(timeline: Timeline) -> None:
    """A bad hour that is over when its readings arrive is one alert that has cleared; one that goes on is one alert."""
    timeline.at("60:00")
    timeline.burst("spo2", {**dict.fromkeys(range(50, 20, -1), 70.0), 0: 96.0})
    timeline.expect("60:00", SPO2, state="open", condition="cleared", recurrences=0)
    for minute in range(9, 0, -1):
        timeline.vital("heart_rate", 150, ago=f"{minute}:00")

    timeline.expect("60:00", "limit.heart_rate.high", state="open", condition="present", rev=1)
    assert [len(timeline.alerts(rule)) for rule in (SPO2, "limit.heart_rate.high")] == [1, 1]


def test_h20_late_burst_that_ends_badly_rings_once(timeline: Timeline) -> None:
    """Where the signal was lost while it was bad nobody knows that it is over: that rings, once, and does not hide."""
    timeline.at("60:00").burst("spo2", dict.fromkeys(range(50, 20, -1), 70.0))

    timeline.expect("60:00", SPO2, state="open", condition="present", priority="high", rev=1)
    timeline.expect("70:00", SPO2, state="open", condition="present", rev=1)
    assert len(timeline.alerts(SPO2)) == 1


def test_h17_questionable_extreme_still_speaks(timeline: Timeline) -> None:
    """A value marked questionable raises its alert; an invalid one never does."""
    timeline.at("01:00").vital("spo2", 55, validity=Validity.INV)
    timeline.quiet("02:00", SPO2)
    timeline.vital("heart_rate", 0, validity=Validity.QST)

    timeline.expect("02:00", "limit.heart_rate.low", priority="high")


def test_news2_rings_on_what_is_certain(timeline: Timeline) -> None:
    """Five certain points held for three minutes are a medium alert, seven for one a high one, in one alert."""
    timeline.at("01:00").vital("oxygen_flow", 2).vital("temperature", 39.4)
    timeline.vitals("05:00", spo2=96, heart_rate=95, resp_rate=16)
    timeline.expect("05:15", "news2.total", priority="medium", state="open")
    timeline.vitals("07:15", spo2=93, heart_rate=95, resp_rate=16)

    timeline.expect("07:15", "news2.total", priority="high", rev=3)
    assert timeline.life("news2.total") == ["raised", "renewed", "worsened"]


def test_new_confusion_is_a_single_three(timeline: Timeline) -> None:
    """A patient who is newly confused raises an alert though nothing else is known."""
    timeline.at("01:00").vital("consciousness", "C")

    timeline.expect("02:15", "news2.single", priority="medium", state="open")


def test_device_that_goes_offline_and_runs_empty(timeline: Timeline) -> None:
    """A lost device is told after two minutes, a low battery at once; both go by themselves."""
    status = (
        "insert into device_status (device_no, online, battery_pct, reported_at, changed_at) values (1, %s, %s, %s, %s)"
        " on conflict (device_no) do update set online = excluded.online, battery_pct = excluded.battery_pct,"
        " reported_at = excluded.reported_at, changed_at = excluded.changed_at"
    )
    ask = "insert into evaluation_request values (%s, %s)"
    timeline.sql.execute(status, (False, 12, START, START))
    timeline.sql.execute(ask, (timeline.stay_id, START))
    timeline.expect("00:30", "battery", priority="low").quiet("01:59", "offline")
    timeline.expect("02:00", "offline", state="open", priority="low")
    timeline.sql.execute(status, (True, 80, timeline.clock.now(), timeline.clock.now()))
    timeline.sql.execute(ask, (timeline.stay_id, timeline.clock.now()))

    timeline.expect("02:30", "offline", state="open", condition="clearing")
    timeline.expect("04:30", "offline", state="resolved")
    timeline.expect("04:30", "battery", state="resolved")


@pytest.mark.parametrize("state", ["pending", "open", "cleared", "acknowledged", "resolved"])
def test_h21_restart_changes_nothing(timeline: Timeline, state: str) -> None:
    """A new worker in any state of an alert finds it as it was, and goes on with every timer."""
    timeline.vitals("02:00", **CALM).vital("spo2", 90)
    if state != "pending":
        timeline.at("03:00")
    if state == "acknowledged":
        timeline.acknowledge(SPO2)
    if state == "cleared":
        timeline.vital("spo2", 97)
    if state == "resolved":
        timeline.resolve(SPO2, Outcome.FALSE_ALARM).vital("spo2", 97)
    before = timeline.alerts(SPO2)
    timeline.restart()._evaluate()

    assert timeline.alerts(SPO2) == before
    expected = {"pending": "open", "open": "open", "cleared": "open", "acknowledged": "open", "resolved": "resolved"}
    timeline.expect("64:00", SPO2, state=expected[state])
    assert len(timeline.alerts(SPO2)) == 1


def test_scores_are_written_when_they_change(timeline: Timeline) -> None:
    """A score that stays the same is not written again at every reading."""
    timeline.vitals("03:00", **CALM).vital("heart_rate", 120).at("04:00")

    rows = timeline.sql.execute("select total_min, total_max, risk from score order by scored_at").fetchall()
    assert rows == [(0, 11, "high"), (2, 13, "high")]
