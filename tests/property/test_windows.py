"""A worker that keeps what it has read sees what one that reads everything sees."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alerting.windows import Rows, Windows
from ward.people import StayId
from ward.store.evaluation import ROW
from ward.vitals import VitalKind

STAYS = (StayId(3), StayId(8))
# Each step: new readings (stay, second), the second from which the window is wanted, whether another worker steps in.
steps = st.lists(
    st.tuples(
        st.lists(st.tuples(st.integers(0, 1), st.integers(0, 50)), max_size=6), st.integers(0, 30), st.booleans()
    ),
    min_size=1,
    max_size=8,
)


def rows_of(readings: list[tuple[int, int]]) -> Rows:
    """Turn (stay, second) into rows."""
    rows = np.zeros(len(readings), ROW)
    rows["place"] = [stay for stay, _ in readings]
    rows["measured_us"] = [second for _, second in readings]
    rows["kind"] = 1
    return rows


def seen(rows: Rows, from_us: int) -> list[tuple[int, int]]:
    """Return (stay, second) of the window, sorted."""
    return sorted((int(row["place"]), int(row["measured_us"])) for row in rows if row["measured_us"] >= from_us)


@given(steps)
def test_h19_held_windows_equal_windows_read_anew(
    given_steps: list[tuple[list[tuple[int, int]], int, bool]],
) -> None:
    """Whatever comes late, twice, or while another worker had the stay, the window is complete and without repeats."""
    windows = Windows()
    stored: set[tuple[int, int]] = set()
    evaluated_by: int | None = None
    for new, from_us, other in given_steps:
        stored |= set(new)
        if other:
            evaluated_by = -1
            continue
        since = dict.fromkeys(STAYS, from_us)
        covered = {stay_id for stay_id in STAYS if windows.covers(stay_id, evaluated_by, from_us)}
        read = [each for each in sorted(stored) if STAYS[each[0]] not in covered or each in new]
        both = windows.extend(STAYS, since, covered, rows_of(read))
        evaluated_by = windows.worker

        assert seen(both, from_us) == sorted(each for each in stored if each[1] >= from_us)


def test_new_kind_makes_everything_held_incomplete() -> None:
    """When a plan asks for another kind, what was read without it is read anew."""
    windows = Windows()
    windows.include({VitalKind.SPO2})
    windows.extend(STAYS, dict.fromkeys(STAYS, 0), set(), rows_of([(0, 5)]))
    assert windows.covers(STAYS[0], windows.worker, 0)
    windows.include({VitalKind.SPO2})
    assert windows.covers(STAYS[0], windows.worker, 0)

    assert windows.include({VitalKind.GLUCOSE}) == [VitalKind.GLUCOSE, VitalKind.SPO2]
    assert not windows.covers(STAYS[0], windows.worker, 0)


def test_too_many_rows_are_forgotten() -> None:
    """Memory is bounded: beyond it everything is read anew."""
    windows = Windows(most=2)
    windows.extend(STAYS, dict.fromkeys(STAYS, 0), set(), rows_of([(0, 1), (0, 2), (1, 3)]))

    assert not windows.covers(STAYS[0], windows.worker, 0)
