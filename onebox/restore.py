"""`hemvakt restore`: a backup into a database beside the one in use, looked at, and only then put in its place.

The store in use is not touched before the last step, which is one transaction; afterwards it is kept under another
name, unless the operator does not want it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from onebox.backup import told
from onebox.progress import Step, bar
from ward.chores import Deed
from ward.clock import SystemClock
from ward.errors import ConfigError, MaintenanceFailed
from ward.store import chores, databases, migrate, programs, snapshot
from ward.store.pool import reach

Ask = Callable[[Sequence[str]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command was given: a file to restore (into a new database `into`), or a database to `forget`."""

    file: Path | None
    into: str | None
    forget: str | None
    drop_old: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A file that PostgreSQL can read: by which program, how many tables, and whether TimescaleDB made it."""

    path: Path
    program: Path
    tables: int
    timescale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A backup that has been restored into the database `name`, beside what is in use."""

    name: str
    timescale: bool
    schema: str
    migrated: Sequence[str]
    lost: Sequence[snapshot.Lost]
    reopened: Sequence[str]

    def said(self) -> list[str]:
        """Say what is in it, beside what is in use, a line for each thing."""
        lines = [f"{'':<18}{'in use':>14}{'in the backup':>16}{'lost':>12}   newest in use, newest in the backup"]
        for each in self.lost:
            if not each.here.rows and not each.there.rows:
                continue
            newest = ", ".join(_when(count.newest) for count in (each.here, each.there))
            lines.append(
                f"{each.what:<18}{each.here.rows:>14,}{each.there.rows:>16,}{each.lost:>12,}"
                + ("" if each.here.newest is None and each.there.newest is None else f"   {newest}")
            )
        if self.reopened:
            lines.append(f"Shut out since the backup, and let in again by it: {', '.join(self.reopened)}")
        return lines


def _when(at: datetime | None) -> str:
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M:%S}Z"


def run(database_url: str, wanted: Wanted, *, say: Callable[[str], None], agreed: Callable[[str], bool]) -> None:
    """Do what the command asks for; `agreed` asks the operator.

    Raises
    ------
    ConfigError
        If it asks for nothing, or for two things at once.
    """
    if (wanted.file is None) == (wanted.forget is None):
        raise ConfigError("Name a file to restore, or with --forget a database to remove.")
    if wanted.forget is not None:
        if agreed(f"Remove the database {wanted.forget} and everything in it?"):
            asyncio.run(databases.forget(database_url, wanted.forget))
            say(f"{wanted.forget} is removed.")
    elif wanted.file is not None and wanted.into is not None:
        restored = rehearse(database_url, wanted.file, wanted.into)
        say("\n".join(restored.said()))
        say(f"Restored into {restored.name}; nothing else has changed.")
        say(f"When it is no longer needed: hemvakt restore --forget {restored.name}")
    elif wanted.file is not None:
        _replace(database_url, wanted.file, wanted, say, agreed)


def _replace(
    database_url: str, file: Path, wanted: Wanted, say: Callable[[str], None], agreed: Callable[[str], bool]
) -> None:
    def ask(lines: Sequence[str]) -> bool:
        say("\n".join(lines))
        return agreed("Put the backup in the place of the store in use?")

    kept = replace(database_url, file, ask)
    if kept is None:
        say("Nothing has changed.")
    elif wanted.drop_old:
        asyncio.run(databases.drop(database_url, kept))
        say("The backup is in use. The store before it is removed.")
    else:
        say(f"The backup is in use. The store before it is kept: {kept}")
        say(f"When it is no longer needed: hemvakt restore --forget {kept}")


def rehearse(database_url: str, path: Path, name: str) -> Restored:
    """Restore into a new database `name` and leave it there; the store in use is told that it was tried.

    Raises
    ------
    ConfigError, MaintenanceFailed, StoreUnavailable
        As `replace` does.
    """
    asyncio.run(databases.require_free(database_url, name))  # that it is not says nothing of the backup
    with told(database_url, Deed.REHEARSAL) as telling:
        restored = asyncio.run(_prepare(database_url, path, name))
        readings = next(each.there for each in restored.lost if each.what == "readings")
        telling.of(size_bytes=path.stat().st_size, readings=readings.rows, as_of=readings.newest)
    return restored


def replace(database_url: str, path: Path, ask: Ask) -> str | None:
    """Restore, ask with what would be lost, and put the restored store in the place of the one in use.

    Returns
    -------
    str or None
        The name under which the old store is kept; None when `ask` said no, and nothing has changed.

    Raises
    ------
    ConfigError
        If the file is no backup of ours, a right or a program is missing, or the backup is from a newer program.
    MaintenanceFailed
        If PostgreSQL cannot restore it, or cannot swap; the store in use is as it was.
    StoreUnavailable
        If the store does not answer.
    """
    stamp = f"{SystemClock().now():%Y%m%d_%H%M%S}"
    used = databases.name_of(database_url)
    fresh, kept = f"{used}_restored_{stamp}", f"{used}_before_{stamp}"
    restored = asyncio.run(_prepare(database_url, path, fresh))
    swapped = False
    try:
        if ask(restored.said()):
            asyncio.run(_swap(database_url, restored, kept))
            swapped = True
    finally:
        if not swapped:
            asyncio.run(databases.drop(database_url, fresh))
    return kept if swapped else None


async def _prepare(database_url: str, path: Path, name: str) -> Restored:
    async with await reach(database_url, "restore") as used:
        await databases.require_rights(used, databases.name_of(database_url))
        backup = await _read(path, used.info.server_version // 10_000)
        if backup.timescale and not await databases.timescale_offered(used):
            raise ConfigError("The backup needs TimescaleDB, and this server has it not loaded.")
        await databases.create(used, database_url, name)
    try:
        await _fill(database_url, backup, name)
        return await _look(database_url, backup, name)
    except BaseException:
        await databases.drop(database_url, name)
        raise


async def _read(path: Path, server: int) -> Backup:
    """Find the program that can read the file, and look at its contents.

    The oldest that is as new as the server is tried first: a newer one may say what an older server does not know.
    """
    if not await asyncio.to_thread(path.is_file):
        raise ConfigError(f"{path} is not there.")
    programs.fitting("pg_restore", server)
    fault: MaintenanceFailed | None = None
    for program in programs.installed("pg_restore"):
        if program.version < server:
            continue
        try:
            listed = await programs.run(program.path, ["--list", str(path)], {})
        except MaintenanceFailed as error:
            fault = error
            continue
        if "TABLE public reading " not in listed:
            raise ConfigError(f"{path} is a dump, but not of a store of Hemvakt.")
        tables, timescale = listed.count(" TABLE DATA "), " EXTENSION - timescaledb" in listed
        return Backup(path=path, program=program.path, tables=tables, timescale=timescale)
    raise ConfigError(f"{path} cannot be read as a backup.\n{fault}")


async def _fill(database_url: str, backup: Backup, name: str) -> None:
    where, secret = programs.address(database_url, name)
    arguments = ["--exit-on-error", "--no-owner", "--no-privileges", "--no-password", "--verbose"]
    if backup.timescale:
        await databases.begin_timescale(database_url, name)
    with bar("Restoring", backup.tables) as step:
        told = _counted(step)
        await programs.run(backup.program, [*arguments, f"--dbname={where}", str(backup.path)], secret, told)
    if backup.timescale:
        await databases.end_timescale(database_url, name)


def _counted(step: Step) -> Callable[[str], None]:
    return lambda _table: step(1)


async def _look(database_url: str, backup: Backup, name: str) -> Restored:
    """Check the restored database, bring its schema up to date, and compare it with the one in use."""
    restored_url = databases.other(database_url, name)
    async with await reach(restored_url, "restore") as restored:
        if strange := await snapshot.strangers(restored):
            raise ConfigError(
                f"The backup is from another program: this one does not know its migration {', '.join(strange)}. "
                "Restore it with the version that made it, or a newer one."
            )
        schema, there = await snapshot.schema_version(restored), await snapshot.census(restored)
        shut_there = await snapshot.shut(restored)
        await databases.analyze(restored)
    migrated = await migrate.migrate(restored_url, SystemClock().now())
    async with await reach(database_url, "restore") as used:
        lost = await snapshot.compare(used, await snapshot.census(used), there)
        shut_here = await snapshot.shut(used)
    return Restored(
        name=name,
        timescale=backup.timescale,
        schema=schema,
        migrated=migrated,
        lost=lost,
        reopened=[each for what, names in shut_here.items() for each in names if each not in shut_there.get(what, [])],
    )


async def _swap(database_url: str, restored: Restored, kept: str) -> None:
    async with await reach(database_url, "restore") as used:
        before = await databases.numbers(used)
    async with await reach(databases.other(database_url, restored.name), "restore") as fresh:
        await databases.settle(fresh, before)
        async with await reach(database_url, "restore") as used:
            await chores.carry(used, fresh)
    await databases.swap(database_url, restored.name, kept)
    if restored.timescale:  # its workers were sent away with everybody else
        await databases.end_timescale(database_url, databases.name_of(database_url))
