"""Where the clock of a check stops by leaps: at what changes, and never further apart than five minutes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from onebox.scenario_pace import STEP, leaps, steps
from simulator import scenario
from simulator.expectations import Check, Happening, Wire
from simulator.scenario import Scenario
from simulator.transcript import kit, transcript
from ward.plans import template

BEGAN = datetime(2026, 11, 17, 19, tzinfo=UTC)
ENDED = BEGAN + timedelta(hours=2)
EVERY = set(range(5, 121, 5))


def stops(name: str = "stable_pneumonia", **more: object) -> list[float]:
    """The minutes of the stops of two hours of a scenario."""
    found: Scenario = scenario.load(name)
    check = structs.replace(found.check or Check(begins=BEGAN, hours=2), **{"hours": 2, "expects": (), **more})
    said = transcript(kit(found, check, "sc-1", 7), check, BEGAN)
    at = leaps([check], [template(check.programme)], [said], BEGAN, ENDED)
    return [(each - BEGAN).total_seconds() / 60 for each in at]


def test_nothing_is_passed_by_where_nothing_happens() -> None:
    """Of a quiet evening every five minutes are looked at, and no others."""
    assert set(stops()) == EVERY


@pytest.mark.parametrize(
    ("more", "minutes"),
    [
        ({"happens": (Happening(minute=12.2, kind="fall"),)}, {12.25}),
        ({"wire": Wire(offline=((31, 42),))}, {32.5, 42}),
        ({"waves": ((61, 63),)}, {61, 62, 63}),
    ],
    ids=["a fall", "no network", "curves"],
)
def test_the_clock_stops_where_something_is_told(more: dict[str, Any], minutes: set[float]) -> None:
    """A call, the will of a device that is gone and its return, and each minute of curves are stopped at."""
    assert minutes <= set(stops(**more))


def test_the_clock_stops_where_a_verdict_changes() -> None:
    """A saturation that falls for good after an hour is stopped at when it becomes a finding, and when it is urgent."""
    found = [minute for minute in stops("duplicates_reordered", wire=Wire()) if minute % 5]

    assert found
    assert all(minute > 63 for minute in found)


def test_steps_are_those_of_a_device() -> None:
    """In steps the clock stops every fifteen seconds, and at the end."""
    every = steps(BEGAN, ENDED)

    assert len(every) == 480
    assert (every[0], every[-1]) == (BEGAN + STEP, ENDED)
