"""The board of one process: what changes it, what it tells, and what it never does."""

import dataclasses
import json
from datetime import timedelta

from tests.live_stage import (
    ELSEWHERE,
    HERE,
    NOW,
    Stage,
    a_seat,
    an_alert,
    kinds,
)
from ward.alerts import AlertId
from ward.people import StayId
from ward.plans import template
from ward.store.tiles import Changes, DeviceRow
from ward.vitals import VITALS, Validity, VitalKind


def test_change_of_patients_brings_a_snapshot() -> None:
    """When somebody is admitted, those who may see it get a snapshot, others nothing."""
    stage = Stage()
    here, elsewhere = stage.join(HERE), stage.join(ELSEWHERE)
    stage.take(here)
    stage.take(elsewhere)
    seats = [a_seat(1), a_seat(2), a_seat(3), a_seat(5), a_seat(4, organisation=2, team=22)]
    touched, new = stage.board.set_seats(seats, NOW.date())
    stage.hub.publish_seats(touched)

    assert new == [5]
    assert [tile["stay_id"] for tile in stage.take(here)[0]["patients"]] == [1, 2, 3, 5]
    assert stage.take(elsewhere) == []


def test_moved_patient_leaves_one_board_and_enters_the_other() -> None:
    """When responsibility goes to another organisation, both boards change."""
    stage = Stage()
    here, elsewhere = stage.join(HERE), stage.join(ELSEWHERE)
    stage.take(here)
    stage.take(elsewhere)
    seats = [a_seat(1, organisation=2, team=22), a_seat(2), a_seat(3), a_seat(4, organisation=2, team=22)]
    touched, _new = stage.board.set_seats(seats, NOW.date())
    stage.hub.publish_seats(touched)

    assert [tile["stay_id"] for tile in stage.take(here)[0]["patients"]] == [2, 3]
    assert [tile["stay_id"] for tile in stage.take(elsewhere)[0]["patients"]] == [1, 4]


def test_h25_open_alerts_go_along_with_responsibility() -> None:
    """When another organisation takes over, it sees what is open, and who handed over does not see it any more."""
    stage = Stage()
    stage.alarm(7)
    here, elsewhere = stage.join(HERE), stage.join(ELSEWHERE)
    stage.take(here)
    stage.take(elsewhere)
    seats = [a_seat(1, organisation=2, team=22), a_seat(2), a_seat(3), a_seat(4, organisation=2, team=22)]
    touched, _new = stage.board.set_seats(seats, NOW.date())
    stage.hub.publish_seats(touched)

    assert [alert["alert_id"] for alert in stage.take(elsewhere)[0]["alerts"]] == [7]
    assert stage.take(here)[0]["alerts"] == []


def test_same_state_is_told_once() -> None:
    """Hearing the same reading or revision again tells nobody anything."""
    stage = Stage()
    client = stage.join()
    stage.take(client)
    for _ in range(2):
        stage.measure(1, 93)
        stage.alarm(7)

    assert kinds(stage.take(client)) == ["vitals", "alert"]


def test_older_revision_never_replaces_a_newer() -> None:
    """An alert that is read late does not turn back."""
    stage = Stage()
    stage.alarm(7, rev=3)
    stage.alarm(7, rev=2)
    alerts = stage.take(stage.join())[0]["alerts"]

    assert [alert["rev"] for alert in alerts] == [3]


def test_resolved_alert_leaves_the_board() -> None:
    """A resolved alert is told once and is in no later snapshot."""
    stage = Stage()
    client = stage.join()
    stage.alarm(7)
    stage.take(client)
    stage.alarm(7, rev=2, state="resolved")

    assert [message["alert"]["state"] for message in stage.take(client)] == ["resolved"]
    assert stage.take(stage.join())[0]["alerts"] == []


def test_alert_without_words_is_shown_by_its_rule() -> None:
    """An alert whose sentence this program does not know is still an alert."""
    stage = Stage()
    stage.alarm(7)

    assert stage.take(stage.join())[0]["alerts"][0]["text_sv"] == "limit.spo2.low"


def test_what_cannot_be_read_hides_nobody() -> None:
    """A plan that cannot be used shows the limits that are in force instead; evidence leaves only its part out."""
    stage = Stage()
    seat = dataclasses.replace(a_seat(1), plan_layers='[{"origin":"patient","version":2,"rules":{"limits":1}}]')
    stage.board.set_seats([seat], NOW.date())
    stage.board.set_alert(dataclasses.replace(an_alert(7), evidence={"rule": "x"}), NOW.date())
    snapshot = stage.take(stage.join())[0]

    assert snapshot["patients"][0]["limits"]["spo2"]["alert_low"] == template().limits[VitalKind.SPO2].alert_low
    assert snapshot["alerts"][0]["text_en"] == "limit.spo2.low"


def test_device_that_is_taken_off_leaves_the_tile() -> None:
    """When a stay wears no device any more, its tile shows none."""
    stage = Stage()
    worn = DeviceRow(stay_id=StayId(1), device_id="hv-1", online=True, battery_pct=83.0, firmware="1", reported_at=NOW)
    stage.board.set_changes([StayId(1)], Changes(latest=[], scores=[], devices=[worn]))
    with_device = json.loads(stage.board.held(StayId(1)).tile())["device"]
    changed = stage.board.set_changes([StayId(1)], Changes(latest=[], scores=[], devices=[]))

    assert with_device["battery_pct"] == 83
    assert [json.loads(held.tile())["device"] for held in changed] == [None]
    assert stage.board.behind([(StayId(1), None, None, None)]) == []


def test_sweep_finds_what_hints_lost() -> None:
    """Stays and alerts that the store has otherwise are named, and those only."""
    stage = Stage()
    stage.measure(1, 93)
    stage.alarm(7)
    stage.alarm(8)
    stage.alarm(9)
    later = NOW + timedelta(seconds=1)

    assert stage.board.behind([(StayId(1), NOW, None, None), (StayId(2), later, None, None)]) == [2]
    assert stage.board.alerts_behind([(AlertId(7), 1), (AlertId(8), 2), (AlertId(10), 1)]) == [8, 9, 10]


def test_h02_announcement_changes_one_kind_and_never_turns_back() -> None:
    """What is announced of one kind leaves the others alone, and an older reading heard later changes nothing."""
    stage = Stage()
    stage.measure(1, 93)
    newer = (StayId(1), VITALS[VitalKind.HEART_RATE].code, 71.0, NOW, NOW, Validity.VLD.value, None)
    older = (*newer[:2], 99.0, NOW - timedelta(minutes=5), NOW, Validity.VLD.value, None)

    assert [held.seat.stay_id for held in stage.board.set_latest([newer])] == [1]
    assert stage.board.set_latest([older]) == []
    vitals = json.loads(stage.board.held(StayId(1)).vitals)
    assert {kind: each["value"] for kind, each in vitals.items()} == {"spo2": 93, "heart_rate": 71}
