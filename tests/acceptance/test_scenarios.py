"""The short set of scenarios, through the whole platform on a real store: what must ring rings, and nothing else."""

import asyncio

import pytest

from onebox import scenario_check
from onebox.scenario_check import Length
from simulator import scenario


@pytest.mark.integration
@pytest.mark.timeout(900)  # 480 steps of everything, on however busy a machine
def test_short_set_of_scenarios_rings_as_it_says(server_url: str) -> None:
    """Two hours of the short set: falls, silent sensors, repeats, cuffs and quiet people ring as their files demand."""
    played: list[float] = []
    every = scenario_check.checked(scenario.FOLDER)
    results = asyncio.run(scenario_check.check(server_url, every, Length.SHORT, played.append))

    assert [line for result in results for line in result.lines if not line.ok] == []
    assert len(results) >= 5
    assert played[-1] == pytest.approx(scenario_check.total_hours(every, Length.SHORT))
