"""Which cells a pass looks at, and which wait."""

from datetime import UTC, datetime, timedelta

from alerting.waves_work import MOST_CELLS, MOST_OF_ONE, WAIT_S, Job, jobs, left
from tests.builders_waves import START_S, cell_at
from ward.people import StayId
from ward.store.wave_due import Claimed, Spans

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
US = 1_000_000
ONE = StayId(1)


def asked(since_s: float, until_s: float, stay_id: int = 1) -> tuple[StayId, int, int]:
    """What ingest asks for."""
    return StayId(stay_id), round((START_S + since_s) * US), round((START_S + until_s) * US)


def claimed(*waiting: tuple[float, float], due_s: float | None = None, stay_id: int = 1) -> Claimed:
    """Make a stay with times that wait, due so long after now."""
    spans: Spans = tuple((round((START_S + first) * US), round((START_S + end) * US)) for first, end in waiting)
    due_at = None if due_s is None else NOW + timedelta(seconds=due_s)
    return Claimed(stay_id=StayId(stay_id), due_at=due_at, waiting=spans)


def only(found: list[Job]) -> Job:
    """The one job there is."""
    (job,) = found
    return job


def test_what_waited_is_looked_at_with_what_is_new() -> None:
    """Cells that wait and cells that new samples concern are looked at together, the newest first."""
    job = only(jobs([claimed((200, 220), due_s=30)], [asked(220, 230)], NOW))

    assert job.now == tuple(cell_at(at) for at in range(310, 199, -10))
    assert job.ripe == frozenset()
    assert job.due_at == NOW + timedelta(seconds=30)


def test_what_waited_long_enough_is_ripe() -> None:
    """What is due by the clock is looked at as it is; what has only now come still waits for what follows."""
    job = only(jobs([claimed((0, 20), due_s=0)], [asked(200, 210)], NOW))

    assert job.ripe == {cell_at(0), cell_at(10)}
    assert job.due_at is None


def test_hours_that_come_at_once_keep_nobody_waiting() -> None:
    """Of hours that come at once the newest minutes are first, and the rest is due again right away."""
    three_hours = jobs([claimed(), claimed(stay_id=2)], [asked(0, 10800), asked(10790, 10800, 2)], NOW)

    assert len(three_hours[0].now) == MOST_OF_ONE
    assert three_hours[0].now[0] == cell_at(10880)
    assert len(three_hours[0].later) == 1091 - MOST_OF_ONE
    assert len(three_hours[1].now) == 12
    rest = left(three_hours, {}, NOW)[0]
    assert (rest.due_at, rest.waiting) == (None, ())
    assert jobs([rest], [], NOW)[0].now[0] == cell_at(10880 - 10 * MOST_OF_ONE)
    assert jobs([rest], [], NOW)[0].ripe == frozenset()


def test_pass_has_an_end() -> None:
    """However many stays have hours to be looked at, a pass does no more than its share, and loses none."""
    many = jobs([claimed(stay_id=each) for each in range(1, 9)], [asked(0, 3600, each) for each in range(1, 9)], NOW)

    assert sum(len(each.now) for each in many) == MOST_CELLS
    assert all(len(each.now) + len(each.later) == 371 for each in many)


def test_unsettled_cells_wait_no_longer_than_a_minute() -> None:
    """What waits is due a minute after it began to wait, even when more keeps coming."""
    first = only(jobs([claimed()], [asked(0, 10)], NOW))
    later = only(jobs([claimed((0, 10), due_s=20)], [asked(500, 510)], NOW))

    assert left([first], {ONE: {cell_at(0)}}, NOW) == [claimed((0, 10), due_s=WAIT_S)]
    assert left([later], {ONE: {cell_at(0)}}, NOW) == [claimed((0, 10), due_s=20)]
    assert left([later], {}, NOW) == [claimed()]
