"""The journal of the live stream: what a number of another process is worth."""

from datetime import timedelta
from typing import Any

from api.live import journal as journals
from api.live.board import Place
from api.live.journal import COUNT, EPOCH, SKEW_S, Journal, Missed
from tests.live_stage import NOW
from ward.people import OrganisationId, PatientId, StayId, TeamId

HERE = Place(OrganisationId(1), frozenset({TeamId(11)}), PatientId(1))
AWAY = Place(OrganisationId(2), frozenset({TeamId(22)}), PatientId(4))
MARK = int((NOW - EPOCH).total_seconds())


def here(place: Place) -> bool:
    """Who sees the first organisation."""
    return place == HERE


def a_journal() -> Journal:
    """A process that has told an alert, compared at NOW, and told another and a value of two stays."""
    journal = Journal()
    journal.add("alert", "before}", None, HERE)
    journal.began(NOW, journal.seq)
    journal.swept(NOW)
    journal.add("alert", "after}", None, HERE)
    journal.add("vitals", "older}", StayId(1), HERE)
    journal.add("vitals", "newer}", StayId(1), HERE)
    journal.add("vitals", "elsewhere}", StayId(4), AWAY)
    return journal


def told(missed: Missed | None) -> list[str] | None:
    """What was missed, in order."""
    return None if missed is None else [entry.rest.removesuffix("}") for entry in missed.entries]


def test_number_of_another_process_is_worth_its_mark() -> None:
    """Who has the mark of a moment after our comparison began gets all that we took in since, the newest of each."""
    journal = a_journal()
    since = (MARK + SKEW_S) * COUNT + 77

    assert told(journal.missed(since, "another", here)) == ["after", "newer"]
    assert told(journal.missed(since, None, here)) == ["after", "newer"]


def test_mark_from_before_all_comparisons_is_worth_nothing() -> None:
    """What came before our first comparison nobody can tell; clocks may differ by some seconds."""
    assert a_journal().missed((MARK + SKEW_S - 1) * COUNT, "another", here) is None
    assert Journal().missed(MARK * COUNT, "another", here) is None


def test_number_of_our_own_is_exact() -> None:
    """Our own number says exactly what came after it, though it is newer than our comparison."""
    journal = a_journal()

    assert told(journal.missed(journal.seq, journal.stream, here)) == []
    assert told(journal.missed(journal.seq - 2, journal.stream, here)) == ["newer"]


def test_clock_that_goes_back_ends_all_promises() -> None:
    """When the store's clock was put back, and for marks of the future, everybody takes a snapshot."""
    journal = a_journal()
    since = (MARK + SKEW_S) * COUNT

    assert journal.missed((MARK + 3600) * COUNT, "another", here) is None
    journal.began(NOW - timedelta(minutes=5), journal.seq)
    assert journal.missed(since, "another", here) is None


def test_numbers_never_go_back() -> None:
    """A mark lifts the numbers, and an older one leaves them as they are."""
    journal = a_journal()
    before = journal.seq
    journal.swept(NOW - timedelta(minutes=1))

    assert journal.seq == before
    journal.swept(NOW + timedelta(minutes=1))
    assert journal.seq == (MARK + 60) * COUNT


def test_patients_who_came_or_went_need_a_snapshot() -> None:
    """Who may see the place resumes from after the change alone; others do not notice."""
    journal = a_journal()
    since = journal.seq
    journal.moved([AWAY])
    assert told(journal.missed(since, journal.stream, here)) == []
    journal.moved([HERE])

    assert journal.missed(since, journal.stream, here) is None
    assert told(journal.missed(journal.seq, journal.stream, here)) == []


def test_many_changes_of_patients_are_not_kept_for_ever(monkeypatch: Any) -> None:
    """Beyond some, the oldest changes are forgotten, and nobody resumes from before those."""
    monkeypatch.setattr(journals, "MOST_MOVES_KEPT", 4)
    journal = a_journal()
    since = [journal.seq]
    for number in range(5):
        journal.moved([Place(OrganisationId(2), frozenset(), PatientId(number))])
        since.append(journal.seq)

    assert journal.missed(since[0], journal.stream, here) is None
    assert told(journal.missed(since[-1], journal.stream, here)) == []


def test_message_costs_the_same_however_many_patients_there_are(monkeypatch: Any) -> None:
    """What has gone is forgotten now and then, not at every message, when all patients are more than what is kept."""
    monkeypatch.setattr(journals, "MOST_ALERTS_KEPT", 2)
    journal, rebuilt, places = Journal(), 0, None
    for number in range(400):
        journal.add("vitals", "new}", StayId(number % 100), HERE)
        rebuilt += journal._places is not places
        places = journal._places

    assert rebuilt <= 1 + 400 // 100
    assert len(journal._places) <= 2 * 100
    assert len(told(journal.missed(0, journal.stream, here)) or ()) == 100
