"""Working days and the free days between them: holidays, eves, both changes of clocks, and every day of years."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from ward.duty import wallclock, working_days


def at(text: str) -> datetime:
    """A time given in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        ("2026-11-18T11:00", "2026-11-20T15:00", "2026-11-23T07:00"),  # a Wednesday
        ("2026-11-21T10:00", "2026-11-20T15:00", "2026-11-23T07:00"),  # the Saturday itself
        ("2026-11-23T06:59", "2026-11-20T15:00", "2026-11-23T07:00"),  # before eight on Monday
        ("2026-11-23T07:00", "2026-11-27T15:00", "2026-11-30T07:00"),  # at eight
        ("2026-12-23T10:00", "2026-12-23T15:00", "2026-12-28T07:00"),  # Christmas
        ("2026-12-28T10:00", "2026-12-30T15:00", "2027-01-04T07:00"),  # New Year
        ("2027-01-04T12:00", "2027-01-05T15:00", "2027-01-07T07:00"),  # Epiphany in the middle of a week
        ("2026-06-17T10:00", "2026-06-18T14:00", "2026-06-22T06:00"),  # Midsummer
        ("2026-04-02T10:00", "2026-04-02T14:00", "2026-04-07T06:00"),  # Easter, Maundy Thursday worked
        ("2026-03-27T10:00", "2026-03-27T15:00", "2026-03-30T06:00"),  # clocks go forward on Sunday
        ("2026-10-23T10:00", "2026-10-23T14:00", "2026-10-26T07:00"),  # and back
    ],
)
def test_free_days_last_from_four_until_eight_on_the_wall(now: str, start: str, end: str) -> None:
    """From 16 of the last working day until 08 of the next one, by the Swedish clock on the wall."""
    found = working_days.ahead(at(now))

    assert (found.from_at, found.until) == (at(start), at(end))


def test_every_hour_of_two_years_has_free_days_ahead() -> None:
    """At every hour the free days end after it, begin and end on working days, and every day between is free."""
    now = at("2026-01-01T00:30")
    while now < at("2028-01-01T00:00"):
        found = working_days.ahead(now)
        between = found.last_day + timedelta(days=1)

        assert found.until > now
        assert wallclock.wall(found.until).time() == time(8)
        assert not working_days.is_free(found.last_day)
        assert not working_days.is_free(found.next_day)
        while between < found.next_day:
            assert working_days.is_free(between)
            between += timedelta(days=1)
        assert working_days.ending(found.next_day) == found
        now += timedelta(hours=13)


def test_no_free_days_end_on_an_ordinary_tuesday() -> None:
    """A day that is free itself, or that follows a working day, ends none."""
    assert working_days.ending(date(2026, 11, 24)) is None
    assert working_days.ending(date(2026, 11, 22)) is None
    assert working_days.next_working_day(date(2026, 12, 23)) == date(2026, 12, 28)
