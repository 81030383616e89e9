"""The simulator for any cutting of time and any fate of a message."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import device, faults, scenario
from simulator.buffer import Buffer
from simulator.faults import Faults
from ward.vitals import Reading, VitalKind

ROSTER = scenario.load_roster()


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(ROSTER), st.lists(st.floats(0, 3600), max_size=4))
def test_any_cutting_of_time_gives_the_same_samples(entry: scenario.Entry, cuts: list[float]) -> None:
    """Samples of the parts are together those of the whole: a restart goes on with the same story."""
    kit = scenario.kit(entry, seed=1, clock_s=10 * 3600.0, on_at_s=0.0)
    edges = [0.0, *sorted(cuts), 3600.0]
    parts = [each for a, b in itertools.pairwise(edges) for each in device.samples(kit, a, b)]

    whole = device.samples(kit, 0.0, 3600.0)
    assert sorted(parts, key=lambda each: (each.t_s, each.kind)) == sorted(
        whole, key=lambda each: (each.t_s, each.kind)
    )


def a_reading(number: int) -> Reading:
    """Return a reading of its own second."""
    at = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(seconds=number)
    return Reading(kind=VitalKind.SPO2, value=96.0, measured_at=at, seq=number)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["put", "cut", "confirm", "recall"]), max_size=60), st.integers(1, 20))
def test_reading_leaves_memory_only_when_acknowledged_or_shed(steps: list[str], capacity: int) -> None:
    """However puts, messages, acknowledgements and lost connections follow each other, nothing is lost uncounted."""
    buffer = Buffer[Reading](capacity=capacity, in_flight=3)
    flying: dict[int, list[Reading]] = {}
    arrived: list[int] = []
    put = 0
    for step in steps:
        if step == "put":
            buffer.put([a_reading(put), a_reading(put + 1)])
            put += 2
        elif step == "cut" and (cut := buffer.cut()) is not None:
            flying[cut[0]] = list(cut[1])
        elif step == "confirm" and flying:
            number = next(iter(flying))
            arrived += [each.seq or 0 for each in flying.pop(number)]
            buffer.confirm(number)
        elif step == "recall":
            flying.clear()
            buffer.recall()
    buffer.recall()
    while (cut := buffer.cut()) is not None:
        arrived += [each.seq or 0 for each in cut[1]]
        buffer.confirm(cut[0])

    assert buffer.taken == put
    assert len(set(arrived)) + buffer.dropped == put
    assert buffer.acknowledged == len(arrived)
    assert len(buffer) == 0


@settings(deadline=None, max_examples=20)
@given(st.sampled_from(ROSTER), st.floats(0, 1), st.integers(0, 100))
def test_fault_switches_do_what_they_say(entry: scenario.Entry, share: float, seed: int) -> None:
    """Dropping takes away, duplicating adds, reordering and delaying change order alone."""
    kit = scenario.kit(entry, seed=1, clock_s=10 * 3600.0, on_at_s=0.0)
    samples = device.samples(kit, 0.0, 120.0)

    def passed(**switches: float) -> list[device.Sample]:
        return [each.sample for each in faults.pass_through(Faults(**switches), seed, samples)]  # type: ignore[arg-type]

    key = device.Sample.__repr__
    assert {key(each) for each in passed(drop=share)} <= {key(each) for each in samples}
    assert len(passed(duplicate=1.0)) == 2 * len(samples)
    assert sorted(map(key, passed(reorder=share, delay=share))) == sorted(map(key, samples))
