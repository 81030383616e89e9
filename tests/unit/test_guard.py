"""The platform's own condition: what of it is told, and what is not worth a word."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ward.guard import (
    LATEST,
    LEAST_FREE_BYTES,
    NAMES,
    NEEDED,
    SILENT_AFTER,
    WATCHED,
    Part,
    Strain,
    Way,
    complaints,
    in_doubt_since,
)
from ward.selfcheck import CLOCKS_APART, LONGEST_WAIT, Leg, Waiting, Walk

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WELL = Strain(beats=dict.fromkeys(WATCHED, NOW), held_since=None, behind=timedelta(0), free_bytes=LEAST_FREE_BYTES)
STRAINED = [
    (Part.NO_ALERTING, replace(WELL, beats={"ingest": NOW, "api": NOW}), "no sign of life of alerting"),
    (
        Part.NO_INGEST,
        replace(WELL, beats=dict(WELL.beats) | {"ingest": NOW - SILENT_AFTER - SECOND}),
        "no sign of life of ingest",
    ),
    (Part.NO_API, replace(WELL, beats=dict(WELL.beats) | {"api": NOW - 2 * SILENT_AFTER}), "no sign of life of api"),
    (
        Part.NO_INGEST,
        replace(WELL, beats=dict(WELL.beats) | {"ingest": NOW + CLOCKS_APART + SECOND}),
        "no sign of life of ingest",
    ),
    (Part.INGEST, replace(WELL, held_since=NOW - LATEST - SECOND), "readings wait for the store for 61 s"),
    (Part.EVALUATION, replace(WELL, behind=LATEST + SECOND), "alerting is 61 s behind"),
    (Part.DISK, replace(WELL, free_bytes=LEAST_FREE_BYTES - 1), "the disk of the store has 1023 MiB left"),
    (
        Part.UNTOLD,
        replace(WELL, untold=[NOW - timedelta(minutes=3)]),
        "1 alert has reached nobody, by screen or telephone, for 3 min",
    ),
    (
        Part.UNTOLD,
        replace(WELL, untold=[NOW - timedelta(minutes=3), NOW - timedelta(minutes=2)]),
        "2 alerts have reached nobody, by screen or telephone, for 3 min",
    ),
]


def test_h22_platform_that_is_well_has_nothing_to_say() -> None:
    """At every bound and within it there is no complaint; a disk that is not ours to see is none either."""
    edge = replace(WELL, held_since=NOW - LATEST, behind=LATEST, beats=dict.fromkeys(WATCHED, NOW - SILENT_AFTER))

    assert complaints(WELL, NOW) == {}
    assert complaints(edge, NOW) == {}
    assert complaints(replace(WELL, free_bytes=None), NOW) == {}
    assert complaints(replace(WELL, beats=dict.fromkeys(WATCHED, NOW + CLOCKS_APART)), NOW) == {}


@pytest.mark.parametrize(("part", "strain", "said"), STRAINED)
def test_h22_each_strain_is_told_in_words(part: Part, strain: Strain, said: str) -> None:
    """What is beyond its bound is named, alone, with how far."""
    assert complaints(strain, NOW) == {part: said}


def test_each_strain_has_a_name_for_when_it_is_over() -> None:
    """What was told can be told to be over."""
    assert set(NAMES) == set(Part)


NOTHING_WAITS = Waiting(step_due_at=None, urgent_due_at=None)
WALK = Walk(walk=1, started_at=NOW - 90 * SECOND, ended_at=NOW - 60 * SECOND)
GOOD = Way(beats=dict.fromkeys(NEEDED, NOW), held_since=None, behind=timedelta(0), waiting=NOTHING_WAITS, walk=WALK)
LATE = NOW - 2 * LATEST
DOUBTS = [
    (replace(GOOD, beats=dict(GOOD.beats) | {"alerting": LATE}), LATE),
    (replace(GOOD, beats=dict(GOOD.beats) | {"alerting": NOW + 2 * CLOCKS_APART}), NOW),
    (replace(GOOD, beats={"alerting": NOW}), NOW),
    (replace(GOOD, held_since=LATE), LATE),
    (replace(GOOD, behind=2 * LATEST), LATE),
    (replace(GOOD, walk=replace(WALK, fault=Leg.DELIVERY)), WALK.started_at),
    (replace(GOOD, waiting=replace(NOTHING_WAITS, urgent_due_at=LATE)), LATE),
    (replace(GOOD, waiting=replace(NOTHING_WAITS, step_due_at=LATE), behind=3 * LATEST), NOW - 3 * LATEST),
]


@pytest.mark.parametrize(("way", "since"), DOUBTS)
def test_h36_whoever_relies_on_alarms_is_told_since_when_they_may_fail(way: Way, since: datetime) -> None:
    """Each thing that an alarm needs on its way puts it in doubt from when it began to fail, the oldest of them."""
    assert in_doubt_since(way, NOW) == since


def test_alarms_are_not_in_doubt_at_any_bound() -> None:
    """While all is well, at each bound, and before the first walk, nobody is told anything."""
    edge = replace(
        GOOD,
        beats=dict.fromkeys(NEEDED, NOW - SILENT_AFTER),
        held_since=NOW - LATEST,
        behind=LATEST,
        waiting=replace(NOTHING_WAITS, step_due_at=NOW - LONGEST_WAIT),
        walk=None,
    )

    assert in_doubt_since(GOOD, NOW) is None
    assert in_doubt_since(edge, NOW) is None


def test_each_service_that_is_silent_is_told_by_itself() -> None:
    """Three that are silent are three things: one that was told of does not keep the next from being told."""
    assert complaints(replace(WELL, beats={}), NOW) == {
        Part(name): f"no sign of life of {name}" for name in ("ingest", "alerting", "api")
    }
