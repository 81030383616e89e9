"""Weeks by the clock on the wall: shifts, turns, exceptions, holidays, and the two nights when the clocks change."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from tests.builders_duty import DAY_TEAM, NOON, WORKDAYS, a_shift, a_window, at, office_hours, round_the_clock
from ward.duty import holidays, wallclock
from ward.duty.holidays import Day
from ward.duty.schedule import Override, Schedule, at_instant, gaps, overlaps, turns
from ward.people import StaffId

NIGHT = Schedule(shifts=(a_shift("Natt", a_window(starts="21:00", ends="07:00")),))


@pytest.mark.parametrize(
    ("evening", "hours"), [(date(2026, 3, 28), 9), (date(2026, 10, 24), 11), (date(2026, 11, 18), 10)]
)
def test_h08_night_shift_has_the_hours_of_its_night(evening: date, hours: int) -> None:
    """A shift from 21 to 07 has ten hours, nine in the night to summer time and eleven in the night from it."""
    starts, ends = wallclock.span(evening, time(21), time(7))

    assert ends - starts == timedelta(hours=hours)


@pytest.mark.parametrize(("day", "shown"), [(date(2026, 3, 29), "01:00"), (date(2026, 10, 25), "00:30")])
def test_h08_wall_time_that_is_missing_or_twice_is_one_instant(day: date, shown: str) -> None:
    """Half past two is the instant of the change in spring, and the first of the two in autumn."""
    assert f"{wallclock.instant(day, time(2, 30)):%H:%M}" == shown


def test_h08_shift_that_begins_in_the_missing_hour_meets_the_one_before() -> None:
    """A shift until half past two and one from it leave no gap and no overlap in the night to summer time."""
    first = a_shift("A", a_window(starts="21:00", ends="02:30"))
    second = a_shift("B", a_window(starts="02:30", ends="21:00"))
    week = Schedule(shifts=(first, second))
    start, end = at("2026-03-27 12:00"), at("2026-03-31 12:00")

    assert gaps(turns(DAY_TEAM, week, (), start, end), start, end) == []
    assert overlaps(DAY_TEAM, week, start, end) == []


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ("2026-12-24", Day.EVE),
        ("2026-12-25", Day.HOLIDAY),
        ("2026-06-19", Day.EVE),
        ("2026-06-20", Day.HOLIDAY),
        ("2026-04-02", Day.EVE),
        ("2026-04-04", Day.EVE),
        ("2026-04-30", Day.EVE),
        ("2026-05-14", Day.HOLIDAY),
        ("2026-05-15", Day.FRI),
        ("2026-06-06", Day.HOLIDAY),
        ("2026-11-18", Day.WED),
        ("2026-11-22", Day.SUN),
    ],
)
def test_dates_have_their_kind(day: str, kind: Day) -> None:
    """Public holidays and the eves that people have off are told from weekdays; a squeeze day is a weekday."""
    assert holidays.kind(date.fromisoformat(day)) is kind


def test_holiday_has_its_swedish_name() -> None:
    """Holidays and eves are named, ordinary days are not."""
    assert holidays.name(date(2026, 4, 2)) == "Skärtorsdagen"
    assert holidays.name(date(2026, 12, 25)) == "Juldagen"
    assert holidays.name(date(2026, 11, 18)) is None


def test_holiday_is_kept_as_sunday_unless_the_week_names_it() -> None:
    """Office hours are not kept on Christmas Day, a Friday, unless the shift says so."""
    start, end = at("2026-12-25 00:00"), at("2026-12-26 00:00")
    named = Schedule(shifts=(a_shift("Dag", a_window(WORKDAYS | {Day.HOLIDAY})),))

    assert turns(DAY_TEAM, office_hours(), (), start, end) == []
    assert len(turns(DAY_TEAM, named, (), start, end)) == 1


def test_eve_is_kept_as_its_weekday_unless_the_week_names_it() -> None:
    """Christmas Eve, a Thursday, has the hours that the week gives to eves, or else those of a Thursday."""
    start, end = at("2026-12-24 00:00"), at("2026-12-24 22:00")
    short = Schedule(
        shifts=(a_shift("Dag", a_window(WORKDAYS)), a_shift("Afton", a_window(frozenset({Day.EVE}), "07:00", "12:00")))
    )

    (ordinary,) = turns(DAY_TEAM, office_hours(), (), start, end)
    (eve,) = turns(DAY_TEAM, short, (), start, end)
    assert ordinary.until - ordinary.from_at == timedelta(hours=9)
    assert (eve.name, eve.until - eve.from_at) == ("Afton", timedelta(hours=5))


def test_crews_take_turns_week_by_week() -> None:
    """Two crews change every Monday, and the first of a crew is on call."""
    week = round_the_clock((1, 2), (3,))
    first = at_instant(turns(DAY_TEAM, week, (), NOON, NOON + timedelta(days=1)), NOON)
    later = NOON + timedelta(days=7)
    second = at_instant(turns(DAY_TEAM, week, (), later, later + timedelta(days=1)), later)

    assert first is not None
    assert second is not None
    assert {first.crew, second.crew} == {(1, 2), (3,)}
    assert first.on_call == first.crew[0]


def test_turns_of_a_day_each_change_daily() -> None:
    """With turns of one day the crew changes with the date on which the shift begins."""
    week = Schedule(shifts=(a_shift("Dygn", a_window(starts="08:00", ends="08:00"), (1,), (2,), turn_days=1),))

    kept = turns(DAY_TEAM, week, (), NOON, NOON + timedelta(days=4))
    assert [turn.crew[0] for turn in kept] in ([1, 2, 1, 2, 1], [2, 1, 2, 1, 2])


def test_exception_replaces_the_week_for_its_time_only() -> None:
    """From one to two o'clock somebody else is on call; before and after, who the week says."""
    swap = Override(from_at=NOON + timedelta(hours=1), until=NOON + timedelta(hours=2), crew=(StaffId(9),))

    kept = turns(DAY_TEAM, round_the_clock((1,)), [swap], NOON, NOON + timedelta(hours=4))
    assert [(turn.from_at, turn.crew) for turn in kept] == [
        (NOON, (1,)),
        (NOON + timedelta(hours=1), (9,)),
        (NOON + timedelta(hours=2), (1,)),
    ]


def test_exception_may_close_a_team() -> None:
    """An exception without a crew leaves its time to nobody."""
    closed = Override(from_at=NOON, until=NOON + timedelta(hours=2), crew=None)

    kept = turns(DAY_TEAM, round_the_clock(), [closed], NOON, NOON + timedelta(hours=3))
    assert gaps(kept, NOON, NOON + timedelta(hours=3)) == [(NOON, NOON + timedelta(hours=2))]


def test_overlapping_shifts_are_found_and_never_kept_twice() -> None:
    """Two shifts at once are told, and whoever began first keeps the watch to its end."""
    week = Schedule(shifts=(a_shift("A"), a_shift("B", a_window(starts="15:00", ends="22:00"))))
    start, end = datetime(2026, 11, 18, tzinfo=UTC), datetime(2026, 11, 19, tzinfo=UTC)

    assert overlaps(DAY_TEAM, week, start, end) == [(at("2026-11-18 14:00"), at("2026-11-18 15:00"))]
    assert [(turn.name, turn.from_at) for turn in turns(DAY_TEAM, week, (), start, end)] == [
        ("A", at("2026-11-18 06:00")),
        ("B", at("2026-11-18 15:00")),
    ]
