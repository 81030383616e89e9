"""Months on a Swedish wall, when their numbers are final, and the rule of a run chart."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ward.outcomes import RUN, months, run_chart

NOW = datetime(2026, 11, 18, 11, tzinfo=UTC)


def test_months_join_on_the_wall_over_both_changes_of_clocks() -> None:
    """Twelve months end with the present one, join without gap, and begin at midnight in Sweden."""
    found = months(NOW, 12)

    assert [found[0].first, found[-1].first] == [date(2025, 12, 1), date(2026, 11, 1)]
    assert all(one.until == following.from_at for one, following in pairwise(found))
    assert found[3].until - found[3].from_at == timedelta(days=31, hours=-1)  # March
    assert found[10].until - found[10].from_at == timedelta(days=31, hours=1)  # October
    assert found[0].from_at == datetime(2025, 11, 30, 23, tzinfo=UTC)


def test_month_is_complete_when_thirty_days_have_passed_for_all_of_it() -> None:
    """On 18 November September is complete, as its last day's thirty days are over, and October is not."""
    assert [month.is_complete(NOW) for month in months(NOW, 3)] == [True, False, False]


@pytest.mark.parametrize(
    ("values", "median", "shift"),
    [
        ([], None, 0),
        ([3], 3, 0),
        ([5] * 6 + [1] * 6, 3, -1),
        ([1] * 6 + [5] * 6, 3, 1),
        ([1] * 7 + [5] * 5, 1, 0),
        ([1, 1, 1, 1, 1, 1, 5, 5, 5, 3, 5, 5, 5], 3, 1),
    ],
)
def test_shift_is_six_in_a_row_on_one_side(values: list[float], median: float | None, shift: int) -> None:
    """Six points on one side of the median are a shift, five are chance, and points on it do not count."""
    chart = run_chart(values)

    assert (chart.median, chart.shift) == (median, shift)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=30))
def test_turned_upside_down_the_shift_turns_too(values: list[int]) -> None:
    """The rule knows no good or bad side: mirrored numbers give the mirrored shift."""
    assert run_chart([-value for value in values]).shift == -run_chart(values).shift
    assert RUN == 6
