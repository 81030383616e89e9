"""The fan-out table: who is told what, in which order, and what happens to those who do not keep up."""

from datetime import timedelta
from typing import Any

from api.live import hub as hubs
from api.live.hub import Close
from tests.live_stage import (
    BORROWED,
    ELSEWHERE,
    HERE,
    NOW,
    Stage,
    kinds,
)
from ward.access.principals import Scope
from ward.people import StayId


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

    assert kinds(messages) == ["alert", "alert", "vitals", "vitals", "alert"]
    assert [message["seq"] for message in messages] == [start + number for number in (1, 2, 3, 4, 5)]
    assert [message["alert"]["rev"] for message in messages if message["type"] == "alert"] == [7, 8, 9]
    assert [message["vitals"]["spo2"]["value"] for message in messages if message["type"] == "vitals"] == [91, 91]


def test_slow_client_that_resumes_misses_nothing() -> None:
    """A client whose number fell behind its room's gets everything since, some of it again."""
    stage = Stage()
    client = stage.join()
    stage.take(client)
    for value in (93, 92, 91):
        stage.measure(1, value)
    since = stage.take(client)[-1]["seq"]
    stage.hub.leave(client, NOW)
    stage.measure(2, 90)
    stage.alarm(7)
    messages = stage.take(stage.join(since=since))

    assert since == client.room.seq - 4
    assert kinds(messages) == ["resumed", "vitals", "vitals", "alert"]
    assert [message["seq"] for message in messages] == [since, since + 1, since + 2, since + 3]


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


def test_nothing_is_sent_before_the_board_is_loaded() -> None:
    """A board that is not known yet is not shown as empty."""
    stage = Stage()
    stage.board.loaded = False
    client = stage.join()
    client.beat()

    assert stage.take(client) == []
    stage.board.loaded = True
    assert kinds(stage.take(client)) == ["snapshot", "heartbeat"]


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
