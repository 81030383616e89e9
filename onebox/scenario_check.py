"""Checks scenarios: plays them in a store made for it, compares what rang with what was to, and writes a table.

Scenarios that begin at the same instant and last as long share a store. Nothing of a real store is touched: an embedded
server is started in a folder of its own, and goes with it.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import count
from pathlib import Path

from onebox import scenario_play, scenario_ward
from onebox.scenario_pace import Pace
from onebox.scenario_play import Show
from simulator import scenario
from simulator.expectations import Line, Rang, verdict
from simulator.scenario import Scenario
from ward.store import databases, embedded, migrate
from ward.store.pool import connect

_numbers = count(1)


class Length(StrEnum):
    """How much of scenarios is played: all of each, or the short hours of those that have some."""

    WHOLE = "whole"
    SHORT = "short"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A scenario and what came of it."""

    scenario: Scenario
    hours: float
    rang: tuple[Rang, ...]
    lines: tuple[Line, ...]

    @property
    def ok(self) -> bool:
        """Whether every demand is met."""
        return all(line.ok for line in self.lines)


def checked(folder: Path) -> list[Scenario]:
    """Return the scenarios of a folder that say what must ring, by name."""
    found = (scenario.load(name, folder) for name in scenario.names(folder))
    return [each for each in found if each.check is not None]


@contextmanager
def server() -> Iterator[str]:
    """Give the address of a database server of our own, which goes with all that is in it."""
    with tempfile.TemporaryDirectory(prefix="hemvakt-scenario-") as folder:
        Path(folder).chmod(0o711)  # the server's own account passes through
        running = embedded.start(Path(folder), options={"fsync": "off"})
        try:
            yield running.database_url
        finally:
            running.stop()


async def check(
    server_url: str, scenarios: Sequence[Scenario], length: Length, show: Show, pace: Pace = Pace.STEPS
) -> list[Result]:
    """Play scenarios and judge each; in the order of their names.

    `show` is called with the hours played so far (`total_hours` in the end).
    """
    groups = _groups(scenarios, length)
    if not groups:
        return []
    found: list[Result] = []
    done = 0.0
    async with _bare(server_url, scenario_ward.began(scenario_ward.check_of(scenarios[0]))) as bare:
        for (_, hours), together in groups.items():

            def shown(at: float, base: float = done) -> None:
                show(base + at)

            async with _copied(server_url, bare) as database_url:
                played = await scenario_play.play(database_url, together, hours, pace, shown)
            found += [_result(each, hours) for each in played]
            done += hours
    return sorted(found, key=lambda result: result.scenario.name)


def total_hours(scenarios: Sequence[Scenario], length: Length) -> float:
    """Return how many hours are played in all, those that are played together counted once."""
    return sum(hours for _, hours in _groups(scenarios, length))


def _groups(scenarios: Sequence[Scenario], length: Length) -> dict[tuple[datetime, float], list[Scenario]]:
    """Return what is played together, by beginning and hours."""
    groups: dict[tuple[datetime, float], list[Scenario]] = {}
    for each in scenarios:
        asked = scenario_ward.check_of(each)
        hours = asked.hours if length is Length.WHOLE else asked.short_hours
        if hours is not None:
            groups.setdefault((asked.begins, hours), []).append(each)
    return dict(sorted(groups.items()))


@asynccontextmanager
async def _bare(server_url: str, at: datetime) -> AsyncIterator[str]:
    """Give the name of a database with the schema and nothing in it, made once for all that are copied from it."""
    async with _copied(server_url, "template0") as database_url:
        await migrate.migrate(database_url, at)
        yield databases.name_of(database_url)


@asynccontextmanager
async def _copied(server_url: str, template: str) -> AsyncIterator[str]:
    """Give the address of a copy of a database, which goes in the end."""
    name = f"scenario_{next(_numbers)}"
    async with await connect(server_url, "scenario") as conn:
        await databases.create(conn, server_url, name, template)
    try:
        yield databases.other(server_url, name)
    finally:
        await databases.drop(server_url, name)


def _result(played: scenario_play.Played, hours: float) -> Result:
    asked = scenario_ward.check_of(played.scenario)
    lines = verdict(asked, played.rang, 60.0 * hours, played.refused)
    return Result(scenario=played.scenario, hours=hours, rang=played.rang, lines=lines)


def run(scenarios: Sequence[Scenario], length: Length, show: Show, pace: Pace = Pace.STEPS) -> list[Result]:
    """Check scenarios in a server of our own."""
    with server() as server_url:
        return asyncio.run(check(server_url, scenarios, length, show, pace))


def table(results: Sequence[Result]) -> list[str]:
    """Return a Markdown table of results, a line for each demand."""
    rows = ["| scenario | hours | what must be | what rang | |", "|---|---|---|---|---|"]
    for result in results:
        for number, line in enumerate(result.lines):
            named = f"`{result.scenario.name}` | {result.hours:g}" if number == 0 else " | "
            rows.append(f"| {named} | {line.demand} | {line.seen} | {'ok' if line.ok else '**fault**'} |")
    return rows
