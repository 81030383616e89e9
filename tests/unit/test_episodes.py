"""What verdicts over time come to when nobody acts, against an obvious walk from row to row."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alerting.durations import SETTLES_AFTER
from alerting.episodes import episodes
from alerting.tracks import FINDING, Track, Verdict, track
from ward.alerts import Priority

Rows = list[tuple[float, Verdict]]


def a_track(*stays: Rows) -> Track:
    """Make the track of some stays from their rows (from, verdict)."""
    rows = [(index, from_s, verdict) for index, own in enumerate(stays) for from_s, verdict in own]
    return track(
        len(stays),
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.float64),
        np.array([row[2] for row in rows], np.int8),
        np.array([row[1] - 30.0 for row in rows], np.float64),
    )


def walked(own: Rows, until_s: float) -> list[tuple[float, float, int]]:
    """Walk along one stay's rows: (opened, ended, highest priority) of each episode."""
    found: list[list[float]] = []
    is_open = False
    for from_s, verdict in own:
        if from_s >= until_s or verdict in {Verdict.UNKNOWN, Verdict.PENDING}:
            continue
        if verdict is Verdict.QUIET:
            if is_open:
                found[-1][1] = from_s
            is_open = False
            continue
        damped_s = SETTLES_AFTER[Priority(int(found[-1][3]))].total_seconds() if found else 0.0
        priority = verdict - FINDING
        if not is_open and found and from_s - found[-1][1] < damped_s:
            found[-1][1], found[-1][3] = np.inf, priority
            found[-1][2] = max(found[-1][2], priority)
        elif not is_open:
            found.append([from_s, np.inf, priority, priority])
        else:
            found[-1][2], found[-1][3] = max(found[-1][2], priority), max(found[-1][3], priority)
        is_open = True
    return [(opened, ended, int(highest)) for opened, ended, highest, _ in found]


def test_episode_opens_with_a_finding_and_ends_when_it_is_known_to_be_over() -> None:
    """Pending rings nobody, unknown ends nothing, quiet ends it; the highest priority counts."""
    own: Rows = [
        (0.0, Verdict.QUIET),
        (60.0, Verdict.PENDING),
        (120.0, Verdict.MEDIUM),
        (180.0, Verdict.HIGH),
        (240.0, Verdict.UNKNOWN),
        (900.0, Verdict.MEDIUM),
        (960.0, Verdict.QUIET),
    ]

    found = episodes(a_track([], own), 10_000.0)

    assert found.stay.tolist() == [1]
    assert (found.opened_s[0], found.began_s[0], found.ended_s[0]) == (120.0, 90.0, 960.0)
    assert found.priority.tolist() == [Priority.HIGH.value]


def test_what_is_back_within_the_damping_time_is_the_same_episode() -> None:
    """A medium condition that was away for less than five minutes goes on; after longer it is another."""
    own: Rows = [(0.0, Verdict.MEDIUM), (60.0, Verdict.QUIET), (359.0, Verdict.MEDIUM), (400.0, Verdict.QUIET)]
    later: Rows = [(0.0, Verdict.MEDIUM), (60.0, Verdict.QUIET), (360.0, Verdict.MEDIUM), (400.0, Verdict.QUIET)]

    assert episodes(a_track(own), 1000.0).ended_s.tolist() == [400.0]
    assert episodes(a_track(later), 1000.0).opened_s.tolist() == [0.0, 360.0]


def test_nothing_from_the_end_of_the_period_on_counts() -> None:
    """What would be said after the end, if nothing had come, opens and ends nothing."""
    own: Rows = [(0.0, Verdict.QUIET), (100.0, Verdict.HIGH), (200.0, Verdict.QUIET)]

    assert len(episodes(a_track(own), 100.0)) == 0
    assert episodes(a_track(own), 200.0).ended_s.tolist() == [np.inf]


@given(
    st.lists(
        st.lists(st.tuples(st.integers(1, 400), st.sampled_from(list(Verdict))), max_size=12), min_size=1, max_size=4
    ),
    st.integers(0, 3000),
)
def test_episodes_are_those_of_a_walk(steps: list[list[tuple[int, Verdict]]], until_s: int) -> None:
    """Whatever the rows, the arrays say what a walk from row to row says, and episodes of a stay do not overlap."""
    stays: list[Rows] = []
    for gaps in steps:
        at_s = 0.0
        rows: Rows = []
        for gap_s, verdict in gaps:
            at_s += gap_s
            rows.append((at_s, verdict))
        stays.append(rows)

    found = episodes(a_track(*stays), float(until_s))

    for index, own in enumerate(stays):
        mine = found.stay == index
        got = list(zip(found.opened_s[mine], found.ended_s[mine], found.priority[mine], strict=True))
        assert got == [(a, b, c) for a, b, c in walked(own, until_s)]
        assert all(before[1] < after[0] for before, after in pairwise(got))
