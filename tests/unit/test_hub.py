"""The fan-out table: who is told what, in which order, and what happens to those who do not keep up."""

import dataclasses
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from api.live import hub as hubs
from api.live.board import Board
from api.live.hub import Client, Close, Hub
from ward.alerts import AlertId
from ward.people import OrganisationId, PatientId, StaffId, StayId, TeamId
from ward.store.alert_reads import AlertRow
from ward.store.tiles import Changes, DeviceRow, Scope, Seat
from ward.vitals import VITALS, VitalKind

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HERE = Scope(organisation_id=OrganisationId(1), team_ids=())
ELSEWHERE = Scope(organisation_id=OrganisationId(2), team_ids=())
BORROWED = Scope(organisation_id=OrganisationId(2), team_ids=(TeamId(11),))


def a_seat(stay: int, organisation: int = 1, team: int = 11) -> Seat:
    """A stay in progress."""
    return Seat(
        stay_id=StayId(stay),
        patient_id=PatientId(stay),
        personal_number="191212121212",
        given_name="Tolvan",
        family_name="Testsson",
        birth_date=date(1912, 12, 12),
        sex="male",
        programme="hospital_at_home",
        reason="",
        next_step="",
        mode="demo",
        team_id=TeamId(team),
        team_name="Laget",
        team_phone="000",
        organisation_id=OrganisationId(organisation),
        plan_version=None,
        plan_rules=None,
    )


def an_alert(alert: int, rev: int = 1, state: str = "open", organisation: int = 1) -> AlertRow:
    """An alert of stay 1."""
    return AlertRow(
        alert_id=AlertId(alert),
        stay_id=StayId(1),
        patient_id=PatientId(1),
        rule="limit.spo2.low",
        family="clinical",
        priority=3,
        state=state,
        condition="present",
        rev=rev,
        began_at=NOW,
        opened_at=NOW,
        changed_at=NOW,
        cleared_at=None,
        acknowledged_at=None,
        acknowledged_by=StaffId(5),
        acknowledged_name="Anna",
        acknowledged_title="Sjuksköterska",
        acknowledged_until=None,
        resolved_at=None,
        resolved_by=None,
        resolved_name=None,
        resolved_title=None,
        outcome=None,
        recurrences=0,
        evidence={"rule_version": 1, "text_key": "of.a.newer.program", "params": {}, "inputs": []},
        given_name="Tolvan",
        family_name="Testsson",
        birth_date=date(1912, 12, 12),
        personal_number="191212121212",
        team_id=TeamId(11),
        team_name="Laget",
        team_phone="000",
        seen_by_organisation=OrganisationId(organisation),
        seen_by_team=TeamId(11),
    )


class Stage:
    """A hub with three stays here and one elsewhere, and what its clients take."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.board.set_seats([a_seat(1), a_seat(2), a_seat(3), a_seat(4, organisation=2, team=22)], NOW.date())
        self.board.loaded = True
        self.woken = 0

    @property
    def board(self) -> Board:
        """The hub's board."""
        return self.hub.board

    def wake(self) -> None:
        """Count how often a client is woken."""
        self.woken += 1

    def join(self, scope: Scope = HERE, since: int | None = None, token: bytes = b"t") -> Client:
        """Let somebody in."""
        return self.hub.join(scope, token, since, self.wake)

    def measure(self, stay: int, value: float) -> None:
        """Let a reading come in."""
        row = (StayId(stay), VITALS[VitalKind.SPO2].code, value, NOW, NOW, 0, 97)
        self.hub.publish_tiles(self.board.set_latest([row]), NOW)

    def alarm(self, alert: int, rev: int = 1, state: str = "open", organisation: int = 1) -> None:
        """Let an alert change."""
        held = self.board.set_alert(an_alert(alert, rev, state, organisation), NOW.date())
        if held is not None:
            self.hub.publish_alert(held)

    def take(self, client: Client) -> list[dict[str, Any]]:
        """What a client gets to send now."""
        return [json.loads(text) for text in client.take(self.board, NOW)]


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    """The types of messages, in order."""
    return [message["type"] for message in messages]


def test_first_message_is_a_snapshot() -> None:
    """Who joins gets everything that they may see, and then only changes."""
    stage = Stage()
    stage.alarm(7)
    client = stage.join()
    first = stage.take(client)
    stage.measure(1, 93)
    second = stage.take(client)

    assert kinds(first) == ["snapshot"]
    assert [tile["stay_id"] for tile in first[0]["patients"]] == [1, 2, 3]
    assert [alert["alert_id"] for alert in first[0]["alerts"]] == [7]
    assert kinds(second) == ["vitals"]
    assert second[0]["vitals"]["spo2"]["value"] == 93
    assert second[0]["seq"] == first[0]["seq"] + 1


def test_others_hear_nothing() -> None:
    """A change is told to those who may see the stay: its organisation, and members of its team from elsewhere."""
    stage = Stage()
    clients = [stage.join(scope) for scope in (HERE, ELSEWHERE, BORROWED)]
    for client in clients:
        stage.take(client)
    stage.measure(1, 93)
    stage.alarm(7)

    assert [kinds(stage.take(client)) for client in clients] == [["vitals", "alert"], [], ["vitals", "alert"]]


def test_nobody_sees_without_an_organisation() -> None:
    """An empty scope sees no patient."""
    stage = Stage()

    assert stage.take(stage.join(Scope(organisation_id=None, team_ids=())))[0]["patients"] == []


def test_slow_client_gets_the_newest_vitals_and_every_alert() -> None:
    """While nothing is taken, older vitals of a stay give way, alerts stay, and the numbers are accounted for."""
    stage = Stage()
    client = stage.join()
    start = stage.take(client)[0]["seq"]
    for value in (93, 92, 91):
        stage.measure(1, value)
        stage.measure(2, value)
        stage.alarm(7, rev=int(100 - value))
    messages = stage.take(client)

    assert kinds(messages) == ["resumed", "alert", "resumed", "alert", "vitals", "vitals", "alert"]
    assert [message["alert"]["rev"] for message in messages if message["type"] == "alert"] == [7, 8, 9]
    assert [message["vitals"]["spo2"]["value"] for message in messages if message["type"] == "vitals"] == [91, 91]
    expected = start
    for message in messages:
        if message["type"] == "resumed":
            expected = message["seq"]
        else:
            expected += 1
            assert message["seq"] == expected
    assert expected == start + 9


def test_too_many_alerts_waiting_close_the_client() -> None:
    """A client that takes no alerts is closed rather than made to miss one."""
    stage = Stage()
    client = stage.join()
    stage.take(client)
    for number in range(hubs.MOST_ALERTS_WAITING):
        stage.alarm(number)
    still_open = client.closing is None
    stage.alarm(hubs.MOST_ALERTS_WAITING)

    assert still_open
    assert client.closing is Close.LAGGING
    assert stage.take(client) == []


def test_resume_gives_what_was_missed() -> None:
    """Who comes back with the last number gets what came since, without a snapshot."""
    stage = Stage()
    client = stage.join()
    since = stage.take(client)[0]["seq"]
    stage.hub.leave(client, NOW)
    stage.measure(1, 93)
    stage.alarm(7)
    messages = stage.take(stage.join(since=since))

    assert kinds(messages) == ["resumed", "vitals", "alert"]
    assert [message["seq"] for message in messages] == [since, since + 1, since + 2]


def test_resume_without_news_is_just_that() -> None:
    """Who missed nothing is told so."""
    stage = Stage()
    since = stage.take(stage.join())[0]["seq"]

    assert kinds(stage.take(stage.join(since=since))) == ["resumed"]


def test_unknown_number_gives_a_snapshot() -> None:
    """A number of another process, of the future or from before a reload resumes nothing."""
    stage = Stage()
    since = stage.take(stage.join())[0]["seq"]
    other = Stage().join().room.seq

    assert kinds(stage.take(stage.join(since=since + 1))) == ["snapshot"]
    assert kinds(stage.take(stage.join(since=since - 1))) == ["snapshot"]
    assert kinds(stage.take(stage.join(since=other))) == ["snapshot"]
    stage.hub.publish_seats([stage.board.held(StayId(1)).place])
    assert kinds(stage.take(stage.join(since=since))) == ["snapshot"]


def test_alert_that_left_the_memory_is_not_skipped(monkeypatch: Any) -> None:
    """When more alerts came than are kept, resuming from before them gives a snapshot."""
    monkeypatch.setattr(hubs, "MOST_ALERTS_KEPT", 2)
    stage = Stage()
    since = stage.take(stage.join())[0]["seq"]
    for number in range(3):
        stage.alarm(number)

    assert kinds(stage.take(stage.join(since=since))) == ["snapshot"]
    assert kinds(stage.take(stage.join(since=since + 1))) == ["resumed", "alert", "alert"]


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


def test_nothing_is_sent_before_the_board_is_loaded() -> None:
    """A board that is not known yet is not shown as empty."""
    stage = Stage()
    stage.board.loaded = False
    client = stage.join()
    client.beat()

    assert stage.take(client) == []
    stage.board.loaded = True
    assert kinds(stage.take(client)) == ["snapshot", "heartbeat"]


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
    """A plan or evidence that this program cannot read leaves its part out, never the patient or the alert."""
    stage = Stage()
    seat = dataclasses.replace(a_seat(1), plan_version=2, plan_rules='{"limits": 1}')
    stage.board.set_seats([seat], NOW.date())
    stage.board.set_alert(dataclasses.replace(an_alert(7), evidence={"rule": "x"}), NOW.date())
    snapshot = stage.take(stage.join())[0]

    assert snapshot["patients"][0]["limits"] == {}
    assert snapshot["alerts"][0]["text_en"] == "limit.spo2.low"


def test_heartbeat_does_not_count() -> None:
    """A heartbeat repeats the last number."""
    stage = Stage()
    client = stage.join()
    seq = stage.take(client)[0]["seq"]
    client.beat()

    assert stage.take(client) == [{"type": "heartbeat", "seq": seq, "server_time": "2026-11-21T12:00:00.000Z"}]


def test_ended_session_closes_its_sockets_only() -> None:
    """The sockets of a session that ends are closed, others stay."""
    stage = Stage()
    mine, other = stage.join(token=b"mine"), stage.join(token=b"other")
    stage.hub.close_token(b"mine")

    assert (mine.closing, other.closing) == (Close.UNAUTHORISED, None)


def test_empty_room_is_kept_a_while() -> None:
    """A room waits some minutes for those who come back, then it is forgotten."""
    stage = Stage()
    client = stage.join()
    since = stage.take(client)[0]["seq"]
    stage.hub.leave(client, NOW)
    stage.hub.forget_rooms(NOW + timedelta(minutes=4))
    back = stage.join(since=since)
    assert kinds(stage.take(back)) == ["resumed"]
    stage.hub.leave(back, NOW)
    stage.hub.forget_rooms(NOW + timedelta(minutes=6))

    assert kinds(stage.take(stage.join(since=since))) == ["snapshot"]


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
