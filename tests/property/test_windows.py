"""A worker that keeps what it has read says what one that reads everything says."""

from dataclasses import replace
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting import evaluate
from alerting.features import Batch, Rows, StayContext, batch, gathered
from alerting.windows import LATE_S, Windows, columns
from tests.builders_tracks import HR, PLANS, SPO2, START_S, TEMP, Given, batch_of, decides, readings, said, tracks_of
from ward.people import StayId
from ward.plans import Plan, template
from ward.store.evaluation import ROW
from ward.vitals import IMPLAUSIBLE, USABLE, VITALS, VitalKind

STAY = StayId(3)
PLAN = template()


def rows_of(given_rows: list[Given]) -> Rows:
    """Turn readings into rows as the store returns them."""
    rows = np.zeros(len(given_rows), ROW)
    rows["measured_us"] = rows["received_us"] = [round((START_S + each.t_s) * 1e6) for each in given_rows]
    rows["kind"] = [VITALS[each.kind].code for each in given_rows]
    rows["value"] = [each.value for each in given_rows]
    rows["validity"] = [each.validity for each in given_rows]
    rows["quality"] = [round(100 * each.quality) for each in given_rows]
    return rows


def test_h19_calm_day_of_every_minute_needs_little_room() -> None:
    """Of a day of a thermometer that sends each minute, the last half an hour and one reading in three hours stay."""
    windows = Windows()
    windows.include(evaluate.remembered_back(PLAN))
    day = [Given(stay=0, kind=TEMP, t_s=60.0 * each, value=36.8 + 0.1 * (each % 7)) for each in range(1440)]
    held_after(windows, day, now_s=86_400)

    assert len(windows.extend([STAY], {STAY}, rows_of([]))) < 50


def test_h19_another_plan_reads_anew_what_was_let_go() -> None:
    """What one plan calls calm another may not."""
    windows = Windows()
    windows.include(evaluate.remembered_back(PLAN))
    held_after(windows, [Given(stay=0, kind=TEMP, t_s=0, value=37)], now_s=60)

    assert windows.covers(STAY, template(), windows.worker, None)
    assert not windows.covers(STAY, PLANS[0], windows.worker, None)


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(0, 4), st.integers(0, 1), st.integers(60, 61)),
        max_size=30,
    ),
    st.sampled_from((1, 60_000_000, 30 * 86_400_000_000)),
)
def test_rows_are_in_order_and_told_once_however_far_apart_they_are(
    given_rows: list[tuple[int, int, int, int, int]], apart_us: int
) -> None:
    """What is sent twice falls together and nothing else does, within a minute as over months."""
    rows = np.zeros(len(given_rows), ROW)
    for at, (place, kind, instant, late, value) in enumerate(given_rows):
        us = 1_700_000_000_000_000 + instant * apart_us
        rows[["place", "kind", "measured_us", "received_us", "value"]][at] = (place, kind, us, us + late, value)
    seen = [tuple(row) for row in rows[["place", "kind", "measured_us", "received_us", "value"]].tolist()]

    tidied = Windows().extend([StayId(each) for each in range(4)], set(), rows)
    told = [tuple(row) for row in tidied[["place", "kind", "measured_us", "received_us", "value"]].tolist()]

    assert [row[:3] for row in told] == sorted(row[:3] for row in told)
    assert set(told) == set(seen)
    in_order = sorted(seen, key=lambda row: row[:3])
    assert told == [row for at, row in enumerate(in_order) if at == 0 or row != in_order[at - 1]]


arrivals = st.lists(st.tuples(st.integers(0, 25), st.booleans()), min_size=1, max_size=4)


@given(readings(most=25), arrivals, st.sampled_from(PLANS), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_h19_held_windows_say_what_windows_read_anew_say(
    rows: list[Given], steps: list[tuple[int, bool]], plan: Plan, chance: Random
) -> None:
    """Whatever comes late, or while another worker had the stay, is judged as if everything had been read at once."""
    windows, coming = Windows(), list(rows)
    stored: list[Given] = []
    evaluated_by: int | None = None
    for count, other in steps:
        # Mostly in order, some late.
        late = [each for each in coming[:count] if chance.random() < 0.2]
        new = [each for each in coming[:count] if each not in late]
        coming = late + coming[count:]
        stored += new
        now_s = START_S + max([each.t_s for each in stored], default=0.0)
        if other:
            evaluated_by = -1
            continue
        since = min((round((START_S + each.t_s) * 1e6) for each in new), default=None)
        windows.include(evaluate.remembered_back(plan))
        covered = {STAY} if windows.covers(STAY, plan, evaluated_by, since) else set()
        both = windows.extend([STAY], covered, rows_of(new if covered else recent(stored, plan, now_s, since)))
        held = as_read(windows, both, covered, plan)
        known = {each for each in covered if windows.remembers(each)}
        if evaluate.needs_memory(held).any() and not known:
            both, known = windows.extend([STAY], covered, rows_of(stored)), {STAY}
            held = as_read(windows, both, covered, plan)
        mine, whole = tracks_of(held), tracks_of(batch_of(stored, [plan]))
        before_s = np.array([windows.first_us(round(now_s * 1e6)) / 1e6])
        windows.keep(held, both, round(now_s * 1e6), evaluate.memory(held, before_s), known)
        evaluated_by = windows.worker

        for at_s in (now_s, now_s + 45, now_s + 700):
            assert {name: said(mine, name, at_s) for name in whole} == {name: said(whole, name, at_s) for name in whole}


def as_read(windows: Windows, rows: Rows, covered: set[StayId], plan: Plan) -> Batch:
    """Make the batch of what a worker holds and has read."""
    memory = windows.memory("news2", [STAY], covered)
    usable, odd = (gathered(columns(rows), each, 1) for each in (USABLE, IMPLAUSIBLE))
    kept = {} if memory is None else {"news2": memory}
    return batch(stays_of(plan), usable, implausible=odd, memory=kept)


def stays_of(plan: Plan) -> list[StayContext]:
    """Return the one stay that there is, under a plan."""
    return [replace(each, stay_id=STAY) for each in batch_of([], [plan]).stays]


def recent(stored: list[Given], plan: Plan, now_s: float, since_us: int | None) -> list[Given]:
    """Return what the store gives who needs no memory: the look-back, and the newest of each kind before it."""
    begins_s = min(now_s, (since_us or now_s * 1e6) / 1e6) - START_S
    back_s = {kind: max(each, LATE_S) for kind, each in evaluate.remembered_back(plan).items()}
    return decides(stored, back_s, begins_s)


def held_after(windows: Windows, given_rows: list[Given], now_s: float) -> Windows:
    """Let a worker hold readings as of an evaluation."""
    rows = windows.extend([STAY], set(), rows_of(given_rows))
    windows.keep(batch(stays_of(PLAN), {}), rows, round((START_S + now_s) * 1e6), {}, set())
    return windows


def test_reading_from_before_what_is_held_means_reading_anew() -> None:
    """What lies before the readings that are held may change what was made of them."""
    windows = Windows()
    windows.include({SPO2: 60.0})
    held_after(windows, [Given(stay=0, kind=SPO2, t_s=5, value=97)], now_s=2000)
    first_us = round((START_S + 2000 - LATE_S) * 1e6)

    assert windows.covers(STAY, PLAN, windows.worker, None)
    assert windows.covers(STAY, PLAN, windows.worker, first_us)
    assert not windows.covers(STAY, PLAN, windows.worker, first_us - 1)
    assert not windows.covers(STAY, PLAN, windows.worker + 1, None)


def test_new_kind_makes_everything_held_incomplete() -> None:
    """When a plan asks for another kind, or for more of one, what was read without it is read anew."""
    windows = Windows()
    windows.include({SPO2: 60.0})
    held_after(windows, [], now_s=0)
    windows.include({SPO2: 30.0})
    assert windows.covers(STAY, PLAN, windows.worker, None)

    assert windows.include({VitalKind.GLUCOSE: 0.0}) == {VitalKind.GLUCOSE: LATE_S, SPO2: LATE_S}
    assert not windows.covers(STAY, PLAN, windows.worker, None)


def test_newest_reading_before_what_is_held_is_held_too() -> None:
    """A value from long ago may still hold, so it stays when everything else of its time is let go."""
    windows = Windows()
    windows.include({HR: 60.0})
    held_after(windows, [Given(stay=0, kind=HR, t_s=t_s, value=70) for t_s in (0, 10, 20)], now_s=5000)
    rows = windows.extend([STAY], {STAY}, rows_of([]))

    assert ((rows["measured_us"] / 1e6) - START_S).tolist() == [20.0]


def test_stay_that_finds_no_room_is_read_anew() -> None:
    """Memory is bounded: what is beyond it is read anew."""
    windows = Windows(most=2)
    windows.include({HR: 60.0})
    held_after(windows, [Given(stay=0, kind=HR, t_s=t_s, value=70) for t_s in (1, 2, 3)], now_s=3)

    assert not windows.covers(STAY, PLAN, windows.worker, None)


def test_full_memory_keeps_whom_it_has() -> None:
    """A stay that finds no room pushes nobody out, until somebody has not been asked for in an hour."""
    windows, other = Windows(most=2), StayId(4)
    windows.include({HR: 60.0})
    rows = [Given(stay=0, kind=HR, t_s=t_s, value=70) for t_s in (1, 2)]
    held_after(windows, rows, now_s=3)

    def keep_other(now_s: float) -> None:
        stays = [replace(each, stay_id=other) for each in stays_of(PLAN)]
        windows.keep(
            batch(stays, {}), windows.extend([other], set(), rows_of(rows)), round((START_S + now_s) * 1e6), {}, ()
        )

    keep_other(4)
    assert windows.covers(STAY, PLAN, windows.worker, None)
    assert not windows.covers(other, PLAN, windows.worker, None)

    keep_other(3 + 3601)
    assert not windows.covers(STAY, PLAN, windows.worker, None)
    assert windows.covers(other, PLAN, windows.worker, None)
