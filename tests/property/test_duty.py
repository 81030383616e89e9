"""Who is on duty and who answers, over random weeks, exceptions, routes and batons, and both changes of the clocks."""

import itertools
from datetime import UTC, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders_duty import DAY_TEAM, LUNG_TEAM, NIGHT_TEAM, a_policy, a_shift, a_window, on_duty
from ward.duty import wallclock
from ward.duty.baton import Accept, Answer, Baton, Decline, Event, Person, Return, TimeOut, Withdraw, is_held, step
from ward.duty.coverage import Reach, cells
from ward.duty.holidays import EVERY_DAY, Day
from ward.duty.routing import Hold, Period, Route, laid, routed
from ward.duty.schedule import Override, Schedule, Shift, gaps, overlaps, turns
from ward.errors import Conflict, IllegalTransition
from ward.people import StaffId, StayId, TeamId

TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45, 59]))
# Any minute around both changes of the clocks of 2026, Christmas, Easter, and an ordinary week.
STARTS = st.sampled_from(
    [
        datetime(2026, 3, 24, 3, 17, tzinfo=UTC),
        datetime(2026, 10, 20, 21, 0, tzinfo=UTC),
        datetime(2026, 12, 20, tzinfo=UTC),
        datetime(2026, 3, 30, 12, 0, tzinfo=UTC),
        datetime(2026, 11, 16, 6, 30, tzinfo=UTC),
    ]
)
WEEK = timedelta(days=9)
TEAMS = st.sampled_from([DAY_TEAM, NIGHT_TEAM, LUNG_TEAM])


@st.composite
def whole_weeks(draw: st.DrawFn) -> Schedule:
    """Draw a week whose shifts meet on the wall at the same times every day."""
    edges = sorted(draw(st.sets(TIMES, min_size=1, max_size=5)))
    crews = [(number + 1,) for number in range(draw(st.integers(0, 3)))]
    following = [*edges[1:], edges[0]]
    shifts = [
        a_shift(f"{start:%H:%M}", a_window(EVERY_DAY, start.isoformat(), end.isoformat()), *crews, turn_days=1)
        for start, end in zip(edges, following, strict=True)
    ]
    return Schedule(shifts=tuple(shifts))


@st.composite
def shifts(draw: st.DrawFn) -> Shift:
    """Draw any shift, sensible or not."""
    days = draw(st.frozensets(st.sampled_from(list(Day)), min_size=1))
    window = a_window(days, draw(TIMES).isoformat(), draw(TIMES).isoformat())
    return a_shift("x", window, *draw(st.lists(st.tuples(st.integers(1, 4)), max_size=3)))


WEEKS = st.builds(lambda some: Schedule(shifts=tuple(some)), st.lists(shifts(), max_size=4))


@st.composite
def spans(draw: st.DrawFn, start: datetime) -> tuple[datetime, datetime]:
    """Draw a time that touches the week after `start`."""
    begins = start + timedelta(minutes=draw(st.integers(-1000, 13_000)))
    return begins, begins + timedelta(minutes=draw(st.integers(1, 3000)))


@st.composite
def exceptions(draw: st.DrawFn, start: datetime) -> list[Override]:
    """Draw exceptions that do not overlap, as the schema keeps them."""
    found: list[Override] = []
    for _ in range(draw(st.integers(0, 4))):
        from_at, until = draw(spans(start))
        if all(until <= each.from_at or from_at >= each.until for each in found):
            crew = draw(st.sampled_from([None, (), (StaffId(9),)]))
            found.append(Override(from_at=from_at, until=until, crew=crew))
    return found


@given(week=whole_weeks(), start=STARTS)
def test_h08_week_that_is_whole_on_the_wall_is_whole(week: Schedule, start: datetime) -> None:
    """Shifts that meet on the wall leave no gap, do not overlap, and sum to the real length of the time."""
    end = start + WEEK
    kept = turns(DAY_TEAM, week, (), start, end)

    assert gaps(kept, start, end) == []
    assert overlaps(DAY_TEAM, week, start, end) == []
    assert sum((turn.until - turn.from_at for turn in kept), timedelta()) == WEEK


@given(
    day=st.dates(datetime(2020, 1, 1, tzinfo=UTC).date(), datetime(2035, 1, 1, tzinfo=UTC).date()), wall=st.lists(TIMES)
)
def test_h08_later_on_the_wall_is_never_earlier(day: datetime, wall: list[time]) -> None:
    """Instants of one day are in the order of the times on the wall."""
    found = [wallclock.instant(day, each) for each in sorted(wall)]

    assert found == sorted(found)


@given(data=st.data(), week=WEEKS, start=STARTS)
def test_turns_never_overlap_and_gaps_are_the_rest(data: st.DataObject, week: Schedule, start: datetime) -> None:
    """Whatever was entered, one crew keeps watch at a time, and what is neither kept nor a gap does not exist."""
    end = start + WEEK
    kept = turns(DAY_TEAM, week, data.draw(exceptions(start)), start, end)
    whole = sorted([(turn.from_at, turn.until) for turn in kept] + gaps(kept, start, end))

    assert whole[0][0] == start
    assert whole[-1][1] == end
    assert all(a[1] == b[0] for a, b in itertools.pairwise(whole))


@st.composite
def layouts(draw: st.DrawFn, start: datetime) -> tuple[Period, ...]:
    """Draw who answers, from any weeks, exceptions, routes and batons."""
    teams = {
        team_id: on_duty(team_id, draw(WEEKS), start, 9, competences=["respiratory"], overrides=draw(exceptions(start)))
        for team_id in (DAY_TEAM, NIGHT_TEAM, LUNG_TEAM)
    }
    routes = draw(
        st.lists(
            st.one_of(
                st.builds(Route, team_id=TEAMS, needs=st.frozensets(st.sampled_from(["a", "b"]))),
                st.builds(Route, competence=st.just("respiratory"), window=st.builds(lambda x: x.window, shifts())),
            ),
            max_size=4,
        )
    )
    held = []
    for _ in range(draw(st.integers(0, 4))):
        from_at, until = draw(spans(start))
        held.append(
            Hold(team_id=draw(TEAMS), staff_id=draw(st.sampled_from([None, StaffId(1)])), from_at=from_at, until=until)
        )
    plan = routed(a_policy(*routes), draw(st.frozensets(st.sampled_from(["a", "b"]))), teams, start, start + WEEK)
    found = laid(plan, held, start, None)
    assert _covered(cells(found, teams, Reach(teams=frozenset(teams), staff=frozenset()), start, start + WEEK), start)
    return found


def _covered(found: tuple[object, ...], start: datetime) -> bool:
    """Tell whether cells join from `start` to the end of the week."""
    edges = [(each.from_at, each.until) for each in found]  # type: ignore[attr-defined] # cells
    return (
        edges[0][0] == start
        and edges[-1][1] == start + WEEK
        and all(a[1] == b[0] for a, b in itertools.pairwise(edges))
    )


@settings(max_examples=60)
@given(data=st.data(), start=STARTS)
def test_h25_exactly_one_answers_at_every_instant(data: st.DataObject, start: datetime) -> None:
    """Of any weeks, exceptions, routes and batons the periods join without gap or overlap up to an open end."""
    found = data.draw(layouts(start))

    assert found[0].from_at == start
    assert found[-1].until is None
    assert all(a.until == b.from_at and a.from_at < b.from_at for a, b in itertools.pairwise(found))


@settings(max_examples=30)
@given(data=st.data(), start=STARTS, later=st.integers(1, 10_000))
def test_laying_out_again_keeps_the_past(data: st.DataObject, start: datetime, later: int) -> None:
    """What is laid out anew at a later time agrees before that time with what was laid before."""
    first, second = data.draw(layouts(start)), data.draw(layouts(start + timedelta(minutes=later)))
    now = start + timedelta(minutes=later)
    current = next(each for each in first if each.from_at <= now and (each.until is None or each.until > now))

    again = laid(second, (), now, current)
    assert again[0].from_at == min(current.from_at, now)
    assert all(a.until == b.from_at for a, b in itertools.pairwise(again))


PEOPLE = [
    Person(staff_id=StaffId(number), team_ids=frozenset({TeamId(team)}))
    for number, team in ((1, 1), (2, 2), (3, 2), (4, 3))
]
BY = st.sampled_from(PEOPLE)
REV = st.integers(1, 4)
EVENTS = st.one_of(
    st.builds(Accept, by=BY, rev=REV),
    st.builds(Decline, by=BY, rev=REV),
    st.builds(Withdraw, by=BY, rev=REV),
    st.builds(Return, by=BY, rev=REV),
    st.just(TimeOut()),
)


@given(
    events=st.lists(st.tuples(EVENTS, st.integers(0, 2000)), max_size=12), to_staff=st.sampled_from([None, StaffId(3)])
)
def test_h24_no_order_of_events_gives_a_patient_to_two(
    events: list[tuple[Event, int]], to_staff: StaffId | None
) -> None:
    """An offer is answered once, by who it was made to and in time; its revision rises by one with each change."""
    start = datetime(2026, 11, 18, tzinfo=UTC)
    baton = Baton(
        stay_id=StayId(1),
        rev=1,
        to_team=TeamId(2),
        to_staff=to_staff,
        offered_by=StaffId(1),
        offered_at=start,
        expires_at=start + timedelta(minutes=15),
        held_until=start + timedelta(minutes=600),
        note="",
    )
    answers = []
    for event, minutes in sorted(events, key=lambda each: each[1]):
        now = start + timedelta(minutes=minutes)
        try:
            after, _ = step(baton, event, now)
        except (Conflict, IllegalTransition):
            continue
        assert after.rev == baton.rev + 1
        if after.answer is not baton.answer:
            answers.append(after.answer)
            assert after.answer is not Answer.ACCEPTED or (now < baton.expires_at and after.answered_by in {2, 3})
        assert is_held(after, now) is (isinstance(event, Accept))
        baton = after
    assert len(answers) <= 1
