"""Days by the clock on a Swedish wall: holidays by name, and nights when the clocks change."""

from datetime import UTC, datetime, timedelta

from ward.duty.calendar import days
from ward.duty.holidays import Day


def test_days_join_and_cover_the_span() -> None:
    """Fourteen days from noon touch fifteen days, each beginning when the one before ends."""
    start = datetime(2026, 12, 18, 11, tzinfo=UTC)

    found = days(start, start + timedelta(days=14))

    assert len(found) == 15
    assert found[0].starts_at <= start
    assert found[-1].ends_at >= start + timedelta(days=14)
    assert [each.ends_at for each in found[:-1]] == [each.starts_at for each in found[1:]]
    assert {each.date.day: each.name for each in found if each.kind is Day.HOLIDAY}[25] == "Juldagen"


def test_h08_days_when_clocks_change_have_23_and_25_hours() -> None:
    """The last Sunday of March lacks an hour, that of October has one more."""
    spring = days(datetime(2027, 3, 28, 10, tzinfo=UTC), datetime(2027, 3, 28, 11, tzinfo=UTC))
    autumn = days(datetime(2026, 10, 25, 10, tzinfo=UTC), datetime(2026, 10, 25, 11, tzinfo=UTC))

    assert [each.ends_at - each.starts_at for each in (*spring, *autumn)] == [timedelta(hours=23), timedelta(hours=25)]
