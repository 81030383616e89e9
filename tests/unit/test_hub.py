"""The fan-out table: who is told what, in which order, and what happens to those who do not keep up."""

from typing import Any

from api.live import hub as hubs
from api.live import journal
from api.live.hub import Close
from tests.live_stage import (
    BORROWED,
    ELSEWHERE,
    HERE,
    Stage,
    kinds,
    unbroken,
)
from ward.access.principals import Scope
from ward.people import StayId
from ward.store.news import NewsRow


def test_first_message_is_a_snapshot() -> None:
    """Who joins gets everything that they may see, and then only changes."""
    stage = Stage()
    stage.alarm(7)
    client = stage.join()
    first = stage.take_all(client)
    stage.measure(1, 93)
    second = stage.take_all(client)

    assert kinds(first) == ["snapshot", "presence"]
    assert [tile["stay_id"] for tile in first[0]["patients"]] == [1, 2, 3]
    assert [alert["alert_id"] for alert in first[0]["alerts"]] == [7]
    assert kinds(second) == ["vitals"]
    assert second[0]["vitals"]["spo2"]["value"] == 93
    assert unbroken([*first, *second])


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
    first = stage.take_all(client)
    for value in (93, 92, 91):
        stage.measure(1, value)
        stage.measure(2, value)
        stage.alarm(7, rev=int(100 - value))
    messages = stage.take_all(client)

    assert kinds(messages) == ["alert", "alert", "vitals", "vitals", "alert"]
    assert unbroken([*first, *messages])
    assert [message["alert"]["rev"] for message in messages if message["type"] == "alert"] == [7, 8, 9]
    assert [message["vitals"]["spo2"]["value"] for message in messages if message["type"] == "vitals"] == [91, 91]


def test_slow_client_that_resumes_misses_nothing() -> None:
    """A client that was given only the newest of several vitals has all it needs, and gets what comes after."""
    stage = Stage()
    client = stage.join()
    stage.take(client)
    for value in (93, 92, 91):
        stage.measure(1, value)
    since = stage.take(client)[-1]["seq"]
    stage.hub.leave(client)
    stage.measure(2, 90)
    stage.alarm(7)
    messages = stage.take_all(stage.join(since=since))

    assert kinds(messages) == ["resumed", "vitals", "alert", "presence"]
    assert messages[0]["seq"] == since
    assert unbroken(messages)


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
    """Who comes back with the last number gets what came since, without a snapshot, and which stays that holds for."""
    stage = Stage()
    client = stage.join()
    since = stage.take_all(client)[-1]["seq"]
    stage.hub.leave(client)
    stage.measure(1, 93)
    stage.alarm(7)
    stage.measure(4, 91)
    messages = stage.take(stage.join(since=since))

    assert kinds(messages) == ["resumed", "vitals", "alert"]
    assert messages[0]["seq"] == since
    assert messages[0]["stays"] == [1, 2, 3]


def test_resume_without_news_is_just_that() -> None:
    """Who missed nothing is told so."""
    stage = Stage()
    since = stage.take(stage.join())[0]["seq"]

    assert kinds(stage.take(stage.join(since=since))) == ["resumed"]


def test_unknown_number_gives_a_snapshot() -> None:
    """A number of the future or from before a change of patients resumes nothing."""
    stage = Stage()
    since = stage.take_all(stage.join())[-1]["seq"]

    assert kinds(stage.take(stage.join(since=since + 1_000))) == ["snapshot"]
    stage.hub.publish_seats([stage.board.held(StayId(1)).place])
    assert kinds(stage.take(stage.join(since=since))) == ["snapshot"]


def test_change_of_patients_elsewhere_does_not_matter() -> None:
    """Who cannot see where patients come and go resumes."""
    stage = Stage()
    since = stage.take_all(stage.join())[-1]["seq"]
    stage.hub.publish_seats([stage.board.held(StayId(4)).place])

    assert kinds(stage.take(stage.join(since=since))) == ["resumed"]


def test_alert_that_left_the_memory_is_not_skipped(monkeypatch: Any) -> None:
    """When more alerts came than are kept, resuming from before them gives a snapshot."""
    monkeypatch.setattr(journal, "MOST_ALERTS_KEPT", 2)
    stage = Stage()
    client = stage.join()
    since = [stage.take_all(client)[-1]["seq"]]
    for number in range(3):
        stage.alarm(number)
        since.append(stage.take(client)[0]["seq"])

    assert kinds(stage.take(stage.join(since=since[0]))) == ["snapshot"]
    assert kinds(stage.take(stage.join(since=since[1]))) == ["resumed", "alert", "alert"]


def test_more_alerts_than_a_client_may_have_waiting_are_not_resumed() -> None:
    """Who has missed more alerts than may wait takes a snapshot rather than being closed for lagging."""
    stage = Stage()
    since = stage.take_all(stage.join())[-1]["seq"]
    for number in range(hubs.MOST_ALERTS_WAITING + 1):
        stage.alarm(number)

    assert kinds(stage.take(stage.join(since=since))) == ["snapshot"]


def test_nothing_is_sent_before_the_board_is_loaded() -> None:
    """A board that is not known yet is not shown as empty."""
    stage = Stage()
    stage.board.loaded = False
    client = stage.join()
    client.beat()

    assert stage.take(client) == []
    stage.board.loaded = True
    assert kinds(stage.take(client)) == ["snapshot", "heartbeat"]


def test_heartbeat_brings_the_number_up_to_date() -> None:
    """A heartbeat names the message before it, so a lost one shows, and says how far its client has come."""
    stage = Stage()
    client = stage.join()
    first = stage.take_all(client)
    stage.alarm(9, organisation=2)
    client.beat()
    beat = stage.take(client)

    assert kinds(beat) == ["heartbeat"]
    assert unbroken([*first, *beat])
    assert beat[0]["seq"] == stage.hub.journal.seq


def test_ended_session_closes_its_sockets_only() -> None:
    """The sockets of a session that ends are closed, others stay."""
    stage = Stage()
    mine, other = stage.join(token=b"mine"), stage.join(token=b"other")
    stage.hub.close_token(b"mine")

    assert (mine.closing, other.closing) == (Close.UNAUTHORISED, None)


def test_room_is_not_needed_for_coming_back() -> None:
    """What was told while nobody was there to hear it is there for those who come back."""
    stage = Stage()
    client = stage.join()
    since = stage.take_all(client)[-1]["seq"]
    stage.hub.leave(client)
    stage.alarm(7)

    assert kinds(stage.take(stage.join(since=since))) == ["resumed", "alert"]


def test_snapshot_is_put_together_once() -> None:
    """Many who come at once get the same snapshot, and one after news gets the news."""
    stage = Stage()
    first, second = (stage.take(stage.join())[0] for _ in range(2))
    stage.alarm(7)
    third = stage.take(stage.join())[0]

    assert (first["patients"], first["alerts"]) == (second["patients"], [])
    assert [alert["alert_id"] for alert in third["alerts"]] == [7]


def test_only_the_newest_news_of_a_stay_wait() -> None:
    """News carry whole state: a slow client gets the newest of each stay, beside the newest vitals, and no stranger."""
    stage = Stage()
    slow, stranger = stage.join(), stage.join(ELSEWHERE)
    first = stage.take_all(slow)
    stage.take_all(stranger)
    stage.measure(1, 93)
    for events in (1, 2, 2, 3):
        stage.hub.publish_news(stage.board.set_news([NewsRow(StayId(1), events, 0, 0, 0)]))
    stage.hub.publish_news(stage.board.set_news([NewsRow(StayId(9), 1, 0, 0, 0)]))
    waiting = stage.take_all(slow)

    assert kinds(waiting) == ["vitals", "news"]
    assert waiting[1]["events"] == 3
    assert unbroken([*first, *waiting])
    assert stage.take(stranger) == []


def test_own_pages_are_told_of_their_stay_alone() -> None:
    """Values wait for a beat, what is written does not, and a page of another stay hears nothing."""
    stage = Stage()
    woken: list[str] = []
    mine = stage.hub.homes.join(StayId(1), lambda: woken.append("mine"))
    other = stage.hub.homes.join(StayId(2), lambda: woken.append("other"))
    stage.measure(1, 93)
    moved = [mine.is_due(1), mine.is_due(10), other.is_due(10)]
    stage.hub.publish_news(stage.board.set_news([NewsRow(StayId(1), 1, 0, 0, 1)]))

    assert moved == [False, True, False]
    assert (mine.is_due(0), other.is_due(0), woken) == (True, False, ["mine"])
    mine.seen()
    assert (mine.is_due(14), mine.is_due(15)) == (False, True)
    stage.hub.homes.leave(mine)
    stage.hub.close_all()
    assert (mine.ends, other.ends) == (False, True)
