"""Writes the fallback lists of teams as files, for whoever prints them when the platform is down.

The invariant: under a list's name stands a whole list or none, readable by its owner alone; one that could not be made
leaves the one before, whose "not after" tells its age. That all were made is told to the store, which misses them when
they do not come (`ward.chores`).
"""

import asyncio
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from api import fallback_read
from api.fallback_list import Language
from ward import log
from ward.clock import SystemClock
from ward.errors import ConfigError, NotFound
from ward.people import TeamId
from ward.store import chores, duty_schedules
from ward.store.duty_schedules import TeamRow
from ward.store.pool import Connection, reach

_OURS = "team-*.pdf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lists: the one of `team_id` as the file `target`, or (None) one of every team in the folder `target`."""

    language: Language
    team_id: int | None
    target: Path


def run(database_url: str, wanted: Wanted) -> list[Path]:
    """Write the lists and return their files.

    Raises
    ------
    NotFound
        If there is no such team.
    ConfigError
        If a file cannot be written.
    StoreUnavailable
        If the store does not answer; then every file stays as it was.
    """
    return asyncio.run(_run(database_url, wanted))


async def _run(database_url: str, wanted: Wanted) -> list[Path]:
    written, clock = [], SystemClock()
    async with await reach(database_url, "fallback-list") as conn:
        began = clock.now()
        for team, path in await _targets(conn, wanted):
            made = await fallback_read.read(conn, team, clock.now(), wanted.language)
            _replace(path, await fallback_read.pdf(made))
            log.get().info("fallback_list_written", team_id=team.team_id, patients=len(made.patients))
            written.append(path)
        if wanted.team_id is None:
            _remove_others(wanted.target, written)
            await chores.listed(conn, len(written), began)
    return written


async def _targets(conn: Connection, wanted: Wanted) -> list[tuple[TeamRow, Path]]:
    if wanted.team_id is not None:
        team = await duty_schedules.team(conn, TeamId(wanted.team_id))
        if team is None:
            raise NotFound(f"There is no team {wanted.team_id}.")
        return [(team, wanted.target)]
    try:
        wanted.target.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{wanted.target} cannot be made: {error.strerror}") from error
    return [(team, wanted.target / f"team-{team.team_id}.pdf") for team in await duty_schedules.teams(conn)]


def _replace(path: Path, content: bytes) -> None:
    """Put a file in the place of another, so that at every instant one of both is there whole."""
    try:
        number, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")  # 0600
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
    part = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error


def _remove_others(folder: Path, written: list[Path]) -> None:
    """Remove the lists of teams that are no more: patients' data that nobody renews."""
    for path in set(folder.glob(_OURS)) - set(written):
        path.unlink(missing_ok=True)
