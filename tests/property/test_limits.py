"""What must hold of limits however the readings are cut, shuffled or repeated."""

from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alerting.features import Readings, Series, gather
from alerting.rules import limits
from alerting.rules.limits import Bounds, Intervals, Level, Side, State
from ward.plans import Limits
from ward.vitals import Validity

STALE_S = 60.0
UNTIL_S = 2000.0
LIMITS = Limits(alert_low=88, warn_low=91, warn_high=97, alert_high=98, clear_by=1, floor=80, delay_s=30)
Row = tuple[int, int, int]
# (stay, second, value): seconds far enough apart at times that values go stale.
rows = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 900), st.integers(78, 100)), max_size=40)
sides = st.sampled_from(Side)


def columns(given_rows: list[Row], validity: int = Validity.VLD) -> Readings:
    """Turn rows into what the store returns."""
    table = np.array(given_rows, np.int64).reshape(-1, 3)
    count = len(table)
    return Readings(
        stay=table[:, 0],
        kind=np.ones(count, np.int64),
        measured_s=table[:, 1].astype(np.float64),
        received_s=np.full(count, 1e9),
        value=table[:, 2].astype(np.float64),
        validity=np.full(count, validity),
        quality=np.full(count, np.nan),
    )


def series(given_rows: list[Row]) -> Series:
    """Gather rows of three stays."""
    return gather(columns(given_rows), 1, 3)


def bounds(side: Side) -> Bounds:
    """Return the same limits for two stays, and none for the third."""
    return limits.bounds([LIMITS, LIMITS, None], side)


def found(ended: list[Intervals], state: State) -> set[tuple[int, int, float, float]]:
    """Return all violations, those that go on ended at the end of the period."""
    return {
        row
        for each in (*ended, limits.conclude(state, UNTIL_S, STALE_S))
        for row in zip(
            each.level.tolist(), each.stay.tolist(), each.began_s.tolist(), each.ended_s.tolist(), strict=True
        )
    }


def whole(given_rows: list[Row], side: Side) -> set[tuple[int, int, float, float]]:
    """Watch everything at once."""
    state, ended = limits.watch(series(given_rows), bounds(side), limits.start(3), STALE_S)
    return found([ended], state)


def walked(given_rows: list[Row], side: Side) -> set[tuple[int, int, float, float]]:
    """Find the violations reading by reading, the slow and obvious way."""
    out: set[tuple[int, int, float, float]] = set()
    latest = {(stay, second): value for stay, second, value in sorted(given_rows)}
    for level, (low, high) in enumerate([(91, 97), (88, 98), (80, None)]):
        limit = low if side is Side.LOW else high
        for stay in (0, 1):
            if limit is None:
                continue
            began: float | None = None
            last: float | None = None
            for (_, second), value in sorted(item for item in latest.items() if item[0][0] == stay):
                beyond = (value - limit) * side.value
                if last is not None and second - last >= STALE_S and began is not None:
                    out.add((level, stay, began, last + STALE_S))
                    began = second if beyond > -1 else None
                elif began is None and beyond > 0:
                    began = second
                elif began is not None and beyond <= -1:
                    out.add((level, stay, began, second))
                    began = None
                last = second
            if began is not None and last is not None:
                out.add((level, stay, began, min(UNTIL_S, last + STALE_S)))
    return out


@given(rows, sides)
def test_intervals_are_those_of_the_obvious_walk(given_rows: list[Row], side: Side) -> None:
    """The vectorised trigger finds what a loop over the readings finds."""
    assert whole(given_rows, side) == walked(given_rows, side)


@given(rows, sides, st.lists(st.integers(0, 900), max_size=5))
def test_chunking_changes_nothing(given_rows: list[Row], side: Side, cuts: list[int]) -> None:
    """Readings watched in pieces, with the state carried on, give the same intervals as the whole."""
    edges = [-1, *sorted(cuts), 10_000]
    state, ended = limits.start(3), []
    for after, upto in pairwise(edges):
        piece = series([row for row in given_rows if after < row[1] <= upto])
        state, some = limits.watch(piece, bounds(side), state, STALE_S)
        ended.append(some)

    assert found(ended, state) == whole(given_rows, side)


@given(rows, sides, st.randoms(use_true_random=False))
def test_h19_order_and_repeats_change_nothing(given_rows: list[Row], side: Side, chance: Random) -> None:
    """Readings that come twice and in any order give the same intervals."""
    mixed = given_rows * 2
    chance.shuffle(mixed)

    assert whole(mixed, side) == whole(given_rows, side)


@given(rows, rows, sides)
def test_invalid_readings_are_never_used(given_rows: list[Row], invalid: list[Row], side: Side) -> None:
    """Readings marked invalid make no difference, wherever they lie."""
    good, bad = columns(given_rows), columns(invalid, Validity.INV)
    both = Readings(
        **{name: np.concatenate((getattr(good, name), getattr(bad, name))) for name in Readings.__dataclass_fields__}
    )
    state, ended = limits.watch(gather(both, 1, 3), bounds(side), limits.start(3), STALE_S)

    assert found([ended], state) == whole(given_rows, side)


def test_delay_is_reached_or_not() -> None:
    """A violation counts only when it outlasts its delay; beyond the hard bound there is none."""
    kept = bounds(Side.LOW)
    state, ended = limits.watch(
        series([(0, 0, 90), (0, 30, 95), (1, 0, 79), (1, 5, 95)]), kept, limits.start(3), STALE_S
    )
    told = limits.confirmed(ended, kept)

    assert {(Level(level), stay) for level, stay in zip(ended.level[told], ended.stay[told], strict=True)} == {
        (Level.HARD, 1)
    }
    assert np.isnan(state.begun_s).all()


def test_value_is_stale_from_its_stale_time_on() -> None:
    """A violation goes on when the next value comes just in time, and is broken when it comes at the stale time."""
    in_time = whole([(0, 0, 90), (0, 59, 90)], Side.LOW)
    too_late = whole([(0, 0, 90), (0, 60, 90)], Side.LOW)

    assert in_time == {(0, 0, 0.0, 119.0)}
    assert too_late == {(0, 0, 0.0, 60.0), (0, 0, 60.0, 120.0)}


def test_h08_reading_counts_at_the_earlier_of_measured_and_received() -> None:
    """A clock that is ahead does not make a reading later than its arrival."""
    ahead = replace(columns([(0, 500, 90)]), received_s=np.array([20.0]))

    assert gather(ahead, 1, 3).t_s.tolist() == [20.0]
