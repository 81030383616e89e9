"""Whom to tell, level by level."""

from dataclasses import replace

from tests.builders_duty import (
    DAY_TEAM,
    DOCTORS,
    NIGHT_TEAM,
    NOON,
    REGION,
    office_hours,
    on_duty,
    round_the_clock,
)
from ward.duty.chain import Named, Ranks, chain
from ward.duty.contact import Chain, Holder, Why
from ward.people import Role, StaffId, TeamId

NURSES = {StaffId(number): Role.NURSE for number in (1, 2, 3)}
DOCTOR = StaffId(8)
RANKS = Ranks(
    teams={
        DAY_TEAM: on_duty(DAY_TEAM, office_hours((1, 2))),
        NIGHT_TEAM: on_duty(NIGHT_TEAM, round_the_clock((3,))),
        DOCTORS: on_duty(DOCTORS, round_the_clock((8,)), organisation=REGION, competences=["doctor"]),
    },
    members={DAY_TEAM: (StaffId(1), StaffId(2)), NIGHT_TEAM: (StaffId(3),), DOCTORS: (DOCTOR,)},
    roles={**NURSES, DOCTOR: Role.DOCTOR},
)


def _chain(named: Named | None = None, staff: int | None = None, ranks: Ranks = RANKS) -> Chain:
    held = Holder(team_id=DAY_TEAM, staff_id=None if staff is None else StaffId(staff), since=NOON, until=None)
    return chain(held, named or Named(), [DAY_TEAM, NIGHT_TEAM], ranks)


def test_person_on_call_is_told_first_and_a_doctor_last() -> None:
    """Without anybody named the person on call is told, then the whole team, the round-the-clock team, a doctor."""
    first, team, following, last = _chain()

    assert [(each.staff_id, each.why) for each in first] == [(1, Why.ON_CALL)]
    assert [each.staff_id for each in team] == [None, 1, 2]
    assert (following[0].team_id, following[0].why) == (NIGHT_TEAM, Why.BASE)
    assert [(each.team_id, each.staff_id, each.why) for each in last] == [(DOCTORS, 8, Why.DOCTOR)]


def test_named_nurse_on_duty_is_told_before_who_is_on_call() -> None:
    """The patient's own nurse comes first while on duty, and else the person on call."""
    assert _chain(Named(nurse_id=StaffId(2)))[0][0].why is Why.NAMED_NURSE
    assert _chain(Named(nurse_id=StaffId(3)))[0][0].why is Why.ON_CALL


def test_named_doctor_on_duty_is_the_last_step() -> None:
    """The patient's own doctor is the doctor of the last step, on duty before any other."""
    assert _chain(Named(doctor_id=DOCTOR))[-1][0].why is Why.NAMED_DOCTOR


def test_who_took_the_baton_is_told_first() -> None:
    """A person who holds the patient is told before everybody else."""
    assert [(each.staff_id, each.why) for each in _chain(Named(nurse_id=StaffId(2)), 1)[0]] == [(1, Why.HOLDER)]


def test_nobody_who_cannot_log_in_is_named() -> None:
    """A crew of people who have left leaves the team itself to be told, and no level empty."""
    left = Ranks(teams=RANKS.teams, members={}, roles={})

    levels = _chain(Named(nurse_id=StaffId(2), doctor_id=DOCTOR), 1, left)
    assert all(levels)
    assert {each.staff_id for level in levels for each in level} == {None}


def test_team_that_knows_what_is_wrong_is_told_with_the_next_one() -> None:
    """A breathing alert reaches the lung team of the own organisation, though the next team is another one's."""
    lungs = TeamId(77)
    teams = {**RANKS.teams, lungs: on_duty(lungs, round_the_clock((9,)), competences=["respiratory"])}
    teams[NIGHT_TEAM] = on_duty(NIGHT_TEAM, round_the_clock((3,)), organisation=REGION)
    ranks = replace(RANKS, teams=teams, roles={**RANKS.roles, StaffId(9): Role.NURSE})
    held = Holder(team_id=DAY_TEAM, staff_id=None, since=NOON, until=None)
    following = [lungs, DAY_TEAM, NIGHT_TEAM]

    without, level = (chain(held, Named(), following, ranks, able)[2] for able in ([], [lungs]))
    assert {each.team_id for each in without} == {NIGHT_TEAM}
    assert [(each.team_id, each.staff_id, each.why) for each in level] == [
        (NIGHT_TEAM, None, Why.BASE),
        (NIGHT_TEAM, 3, Why.BASE),
        (lungs, None, Why.NEXT_TEAM),
        (lungs, 9, Why.NEXT_TEAM),
    ]


def test_doctor_at_home_is_told_where_none_is_on_duty() -> None:
    """Without a doctor on duty the named one is told all the same, and without a named one any of the team."""
    teams = {DAY_TEAM: RANKS.teams[DAY_TEAM], NIGHT_TEAM: RANKS.teams[NIGHT_TEAM]}
    ranks = Ranks(teams=teams, members={NIGHT_TEAM: (DOCTOR,)}, roles=RANKS.roles)

    assert _chain(Named(doctor_id=DOCTOR), None, ranks)[-1][0].why is Why.NAMED_DOCTOR
    assert [(each.team_id, each.staff_id) for each in _chain(None, None, ranks)[-1]] == [(NIGHT_TEAM, 8)]


def test_next_team_is_one_of_another_organisation() -> None:
    """Where the routes lead to a team of another organisation too, it is told before the own round-the-clock team."""
    held = Holder(team_id=DAY_TEAM, staff_id=None, since=None, until=None)

    levels = chain(held, Named(), [DAY_TEAM, DOCTORS, NIGHT_TEAM], RANKS)
    assert (levels[2][0].team_id, levels[2][0].why) == (DOCTORS, Why.NEXT_TEAM)


def test_team_that_stands_alone_has_two_levels() -> None:
    """Where there is no other team and no doctor, the chain is the person and the team."""
    alone = Ranks(teams={}, members={TeamId(1): (StaffId(1),)}, roles={StaffId(1): Role.NURSE})

    levels = chain(Holder(team_id=DAY_TEAM, staff_id=None, since=None, until=None), Named(), [], alone)
    assert [[each.staff_id for each in level] for level in levels] == [[None], [None, 1]]
