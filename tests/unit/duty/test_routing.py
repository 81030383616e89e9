"""Routes by time, need and competence, the round-the-clock team where none leads anywhere, and batons over them."""

from datetime import timedelta

from tests.builders_duty import (
    DAY_TEAM,
    LUNG_TEAM,
    MUNICIPALITY,
    NIGHT_TEAM,
    NOON,
    REGION,
    WORKDAYS,
    a_policy,
    a_window,
    at,
    office_hours,
    on_duty,
    round_the_clock,
)
from ward.duty.routing import Ground, Hold, Period, Policy, Route, fitting, laid, routed, unheld
from ward.duty.schedule import Override
from ward.people import StaffId, TeamId

TEAMS = {
    DAY_TEAM: on_duty(DAY_TEAM, office_hours()),
    NIGHT_TEAM: on_duty(NIGHT_TEAM, round_the_clock()),
    LUNG_TEAM: on_duty(LUNG_TEAM, office_hours(), organisation=REGION, competences=["respiratory"]),
}
UNIT = a_policy(Route(needs=frozenset({"respiratory"}), competence="respiratory"), Route(team_id=DAY_TEAM))
END = NOON + timedelta(days=15)


def _team_at(needs: frozenset[str], when: str, unit: Policy = UNIT) -> tuple[TeamId, Ground]:
    moment = at(when)
    found = routed(unit, needs, TEAMS, NOON, END)
    return next(
        (each.team_id, each.ground)
        for each in found
        if each.from_at <= moment and (each.until is None or each.until > moment)
    )


def test_patient_is_routed_by_need_and_competence() -> None:
    """Who needs breathing support goes to the team that is competent for it, others to the day team."""
    assert _team_at(frozenset({"respiratory"}), "2026-11-18 12:00") == (LUNG_TEAM, Ground.ROUTE)
    assert _team_at(frozenset(), "2026-11-18 12:00") == (DAY_TEAM, Ground.ROUTE)


def test_h25_round_the_clock_team_answers_where_no_route_has_anybody_on_duty() -> None:
    """At night, at the weekend and beyond what is laid out, the round-the-clock team answers."""
    for when in ("2026-11-18 15:00", "2026-11-21 12:00", "2027-06-01 12:00"):
        assert _team_at(frozenset({"respiratory"}), when) == (NIGHT_TEAM, Ground.BASE)


def test_route_counts_in_its_hours_only() -> None:
    """A route with hours leads nowhere outside them, though its team is on duty."""
    unit = a_policy(Route(window=a_window(WORKDAYS, "08:00", "12:00"), team_id=DAY_TEAM))

    assert _team_at(frozenset(), "2026-11-19 10:59", unit) == (DAY_TEAM, Ground.ROUTE)
    assert _team_at(frozenset(), "2026-11-19 11:00", unit) == (NIGHT_TEAM, Ground.BASE)


def test_competence_is_looked_for_at_home_first() -> None:
    """Of two competent teams that of the round-the-clock team's organisation answers, and else the other."""
    near = on_duty(TeamId(9), office_hours(), organisation=MUNICIPALITY, competences=["respiratory"])
    away = Override(from_at=NOON, until=NOON + timedelta(hours=1), crew=None)
    closed = on_duty(TeamId(9), office_hours(), competences=["respiratory"], overrides=[away])

    assert fitting(UNIT, frozenset({"respiratory"}), {**TEAMS, TeamId(9): near}, NOON, END)[0] == TeamId(9)
    assert fitting(UNIT, frozenset({"respiratory"}), {**TEAMS, TeamId(9): closed}, NOON, END) == (
        LUNG_TEAM,
        DAY_TEAM,
        NIGHT_TEAM,
    )


def test_taken_baton_is_laid_over_the_routes_and_ends_by_itself() -> None:
    """Who took a patient answers until the agreed time, by name; then the routes count again."""
    hold = Hold(team_id=LUNG_TEAM, staff_id=StaffId(7), from_at=NOON, until=NOON + timedelta(hours=1))

    first, second, *_ = laid(routed(UNIT, frozenset(), TEAMS, NOON, END), [hold], NOON, None)
    assert (first.team_id, first.staff_id, first.ground) == (LUNG_TEAM, 7, Ground.BATON)
    assert (second.team_id, second.from_at, second.ground) == (DAY_TEAM, NOON + timedelta(hours=1), Ground.ROUTE)


def test_h25_baton_within_a_baton_returns_to_who_had_it() -> None:
    """When the second holder's time is over the first still holds the patient."""
    outer = Hold(team_id=LUNG_TEAM, staff_id=None, from_at=NOON, until=NOON + timedelta(hours=6))
    inner = Hold(team_id=DAY_TEAM, staff_id=None, from_at=NOON + timedelta(hours=1), until=NOON + timedelta(hours=2))

    found = laid(routed(UNIT, frozenset(), TEAMS, NOON, END), [inner, outer], NOON, None)
    assert [each.team_id for each in found[:3]] == [LUNG_TEAM, DAY_TEAM, LUNG_TEAM]


def test_past_is_kept_as_it_was() -> None:
    """The period that has begun keeps its beginning: it is ended where another begins, or goes on."""
    yesterday = NOON - timedelta(days=1)
    same = Period(team_id=DAY_TEAM, staff_id=None, from_at=yesterday, until=None, ground=Ground.ROUTE)
    other = Period(team_id=LUNG_TEAM, staff_id=None, from_at=yesterday, until=None, ground=Ground.ASSIGNED)
    plan = routed(UNIT, frozenset(), TEAMS, NOON, END)

    assert laid(plan, [], NOON, same)[0].from_at == yesterday
    ended, begun, *_ = laid(plan, [], NOON, other)
    assert (ended.from_at, ended.until, begun.from_at) == (yesterday, NOON, NOON)


def test_without_routes_a_baton_leaves_what_was_laid_before() -> None:
    """Of a stay that was assigned by hand a baton's time goes back to who comes after it."""
    later = NOON + timedelta(hours=3)
    baton = Period(team_id=LUNG_TEAM, staff_id=None, from_at=NOON, until=later, ground=Ground.BATON)
    rest = Period(team_id=DAY_TEAM, staff_id=None, from_at=later, until=None, ground=Ground.ASSIGNED)

    (only,) = unheld([baton, rest], NOON)
    assert (only.team_id, only.from_at, only.until) == (DAY_TEAM, NOON, None)
