"""All scenarios, through the whole platform on a real store: what must ring rings, and nothing else."""

import asyncio

import psycopg
import pytest

from alerting.rules import cuff
from onebox import scenario_check, scenario_ward
from onebox.scenario_check import Length, Result
from onebox.scenario_pace import Pace
from simulator import scenario
from simulator.expectations import Rang
from ward.store.pool import connect

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]  # however busy a machine


def checked(server_url: str, length: Length, pace: Pace, shown: list[float]) -> list[Result]:
    """Play the library."""
    every = scenario_check.checked(scenario.FOLDER)
    return asyncio.run(scenario_check.check(server_url, every, length, shown.append, pace))


def faults(results: list[Result]) -> list[tuple[str, str, str]]:
    """What is not as the files demand."""
    return [(each.scenario.name, line.demand, line.seen) for each in results for line in each.lines if not line.ok]


def lasting(result: Result) -> list[Rang]:
    """What rang, but for falls held back by a cuff: over within seconds, they are seen only by who looks in between."""
    return [each for each in result.rang if each.rule != cuff.HELD]


def test_every_scenario_rings_as_it_says(server_url: str) -> None:
    """Every scenario from beginning to end, by leaps: who is told what and when is what its file demands."""
    results = checked(server_url, Length.WHOLE, Pace.LEAPS, [])

    assert faults(results) == []
    assert [each.scenario.name for each in results] == list(scenario.names())


def test_leaps_ring_as_steps_do(server_url: str) -> None:
    """Two hours of the short set ring as demanded in steps of a device, and by leaps the same where it lasts."""
    shown: list[float] = []
    in_steps = checked(server_url, Length.SHORT, Pace.STEPS, shown)
    by_leaps = checked(server_url, Length.SHORT, Pace.LEAPS, [])

    assert faults(in_steps) == []
    assert len(in_steps) >= 5
    assert shown[-1] == pytest.approx(scenario_check.total_hours([each.scenario for each in in_steps], Length.SHORT))
    for steps, leaps in zip(in_steps, by_leaps, strict=True):
        few, many = lasting(leaps), lasting(steps)
        assert [(each.rule, each.priority, each.told) for each in few] == [
            (each.rule, each.priority, each.told) for each in many
        ]
        assert [each.minute for each in few] == pytest.approx([each.minute for each in many], abs=0.5)


def test_nobody_logs_in_where_scenarios_are_played(database_url: str) -> None:
    """The people of a checked ward are on duty, and no password of theirs is hashed: that takes its time by intent."""
    played = scenario.load("fall", scenario.FOLDER)

    async def furnished() -> None:
        async with await connect(database_url, "test") as conn:
            await scenario_ward.furnish(conn, [played], scenario_ward.began(scenario_ward.check_of(played)))

    asyncio.run(furnished())
    with psycopg.connect(database_url) as conn:
        kept = conn.execute("select distinct password_hash from account where staff_id is not null").fetchall()

    assert kept == [("!",)]
