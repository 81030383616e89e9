"""Coverage ahead and what a week leaves open, in words."""

import itertools
from datetime import timedelta

from tests.builders_duty import (
    DAY_TEAM,
    NIGHT_TEAM,
    NOON,
    a_policy,
    a_shift,
    a_window,
    at,
    office_hours,
    on_duty,
    round_the_clock,
)
from ward.duty import checks
from ward.duty.coverage import Cell, Colour, Reach, cells, idle_hours, in_words, of_team
from ward.duty.holidays import Day
from ward.duty.routing import Ground, OnDuty, Period, Route, laid, routed
from ward.duty.schedule import Override, Schedule, gaps, turns
from ward.people import StaffId, TeamId

ALL = Reach(teams=frozenset({DAY_TEAM, NIGHT_TEAM}), staff=frozenset())
NONE = Reach(teams=frozenset(), staff=frozenset())
END = NOON + timedelta(days=3)


def _cells(day: OnDuty, night: OnDuty, reach: Reach) -> tuple[Cell, ...]:
    teams = {DAY_TEAM: day, NIGHT_TEAM: night}
    plan = laid(routed(a_policy(Route(team_id=DAY_TEAM)), frozenset(), teams, NOON, END), [], NOON, None)
    return cells(plan, teams, reach, NOON, END)


def test_coverage_tells_the_team_from_the_fallback() -> None:
    """Hours of the routed team are covered, those of the round-the-clock team are only the fallback."""
    found = _cells(on_duty(DAY_TEAM, office_hours((5,))), on_duty(NIGHT_TEAM, round_the_clock((6,))), ALL)

    assert (found[0].team_id, found[0].on_call, found[0].colour) == (DAY_TEAM, 5, Colour.COVERED)
    assert (found[1].team_id, found[1].on_call, found[1].colour) == (NIGHT_TEAM, 6, Colour.FALLBACK)


def test_h25_hour_of_nobody_is_red_before_it_comes() -> None:
    """A round-the-clock team that is closed tomorrow night is red tonight."""
    closed = Override(from_at=at("2026-11-19 20:00"), until=at("2026-11-20 05:00"), crew=None)
    night = on_duty(NIGHT_TEAM, round_the_clock(), overrides=[closed])
    found = _cells(on_duty(DAY_TEAM, office_hours()), night, ALL)

    (red,) = [each for each in found if each.colour is Colour.NOBODY]
    assert (red.from_at, red.until) == (closed.from_at, closed.until)


def test_team_on_duty_that_cannot_be_reached_is_nobody() -> None:
    """A watch without a telephone, or anybody with one, covers nothing; one person with one does."""
    team = on_duty(NIGHT_TEAM, round_the_clock((6, 7)))
    person = Reach(teams=frozenset(), staff=frozenset({StaffId(7)}))

    assert {each.colour for each in of_team(team, NONE, Colour.NOBODY, NOON, END)} == {Colour.NOBODY}
    assert {each.colour for each in of_team(team, person, Colour.NOBODY, NOON, END)} == {Colour.COVERED}


def test_who_took_a_patient_covers_the_hours_that_their_team_does_not_keep() -> None:
    """Somebody in reach who holds a patient by a baton is not nobody in the evening, as the warning has it too."""
    holder, evening = StaffId(5), at("2026-11-18 20:00")
    hold = Period(team_id=DAY_TEAM, staff_id=holder, from_at=NOON, until=evening, ground=Ground.BATON)
    teams = {DAY_TEAM: on_duty(DAY_TEAM, office_hours((5,)))}

    for reach, colour in ((Reach(teams=frozenset(), staff=frozenset({holder})), Colour.COVERED), (NONE, Colour.NOBODY)):
        assert {each.colour for each in cells([hold], teams, reach, NOON, evening)} == {colour}


def test_cells_join_from_end_to_end() -> None:
    """The cells of a patient leave no instant out."""
    found = _cells(on_duty(DAY_TEAM, office_hours()), on_duty(NIGHT_TEAM, round_the_clock()), ALL)

    assert found[0].from_at == NOON
    assert found[-1].until == END
    assert all(a.until == b.from_at for a, b in itertools.pairwise(found))


def test_team_without_a_week_relies_on_its_telephone() -> None:
    """A team whose hours nobody entered is reachable when it has a telephone; a closed one is not."""
    without = on_duty(DAY_TEAM, Schedule())
    closed = on_duty(
        DAY_TEAM, round_the_clock(), overrides=[Override(from_at=NOON, until=NOON + timedelta(days=20), crew=None)]
    )

    assert idle_hours(without, ALL, NOON, END) == ()
    assert idle_hours(without, NONE, NOON, END) == ((NOON, END),)
    assert idle_hours(closed, ALL, NOON, END) == ((NOON, END),)


def test_gap_is_named_in_both_languages() -> None:
    """A week that stops on Friday afternoon says so, once for all weeks."""
    week = office_hours()
    start, end = at("2026-11-16 06:00"), at("2026-11-30 06:00")
    open_hours = gaps(turns(DAY_TEAM, week, (), start, end), start, end)
    found = in_words(open_hours, (start, end), "saknar team", "has no team")

    weekend = next(each for each in found if each.sv.startswith("fredag"))
    assert weekend.sv == "fredag 16:00\N{EN DASH}måndag 07:00 saknar team varje vecka"
    assert weekend.en == "Friday 16:00\N{EN DASH}Monday 07:00 has no team every week"
    assert weekend.times == 2


def test_gap_of_two_holidays_a_week_apart_is_not_every_week() -> None:
    """The eves of Christmas and New Year, both on a Thursday, are two days with dates, and no Thursday is like them."""
    faults = checks.of_base(NIGHT_TEAM, office_hours(), [], at("2026-11-18 00:00"))

    [eves] = [each.en for each in faults if each.en.startswith("Thursday 16:00\N{EN DASH}Monday")]
    assert eves == "Thursday 16:00\N{EN DASH}Monday 07:00 has no team, 2 times, first 2026-12-24 (Julafton)"


def test_gap_of_one_holiday_names_the_day() -> None:
    """What is open on one holiday only is named with its date."""
    day = a_shift("Dag", a_window(frozenset(set(Day) - {Day.HOLIDAY}), "00:00", "00:00"))
    named = Schedule(shifts=(day, a_shift("Helg", a_window(frozenset({Day.HOLIDAY}), "00:00", "12:00"))))
    faults = checks.of_base(NIGHT_TEAM, named, [], at("2026-11-18 00:00"))

    assert any("2026-12-25 (Juldagen)" in each.sv and each.what == "gap" for each in faults)


def test_round_the_clock_week_has_no_fault() -> None:
    """A week that covers every hour covers every holiday and both nights when the clocks change."""
    assert checks.of_base(NIGHT_TEAM, round_the_clock((1,)), [], NOON) == ()
    assert checks.of_week(NIGHT_TEAM, round_the_clock((1,)), [StaffId(1)], NOON) == ()


def test_week_with_faults_names_each() -> None:
    """Strangers, empty crews and two shifts at once are told together."""
    week = Schedule(shifts=(a_shift("A", None, (1,), ()), a_shift("B", a_window(starts="15:00", ends="22:00"), (2,))))

    faults = checks.of_week(DAY_TEAM, week, [StaffId(1)], NOON)
    assert {each.what for each in faults} == {"empty_crew", "stranger", "overlap"}
    assert any(each.sv.startswith("onsdag 15:00\N{EN DASH}16:00 har två turer") for each in faults)


def test_routes_that_lead_nowhere_are_told() -> None:
    """A route names one of team and competence, one that exists; so does the unit its round-the-clock team."""
    teams = {DAY_TEAM: on_duty(DAY_TEAM, office_hours())}
    routes = (Route(), Route(team_id=TeamId(99)), Route(competence="magic"), Route(team_id=DAY_TEAM))

    faults = checks.of_policy(a_policy(*routes), teams)
    assert [each.what for each in faults] == ["route", "route", "route", "base"]
    assert "rad 1" in faults[0].sv
