"""`hemvakt scenario`: lists the scenarios, plays one, checks them all. Reads its flags, shows how far it is, prints."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ward import log
from ward.errors import ConfigError

if TYPE_CHECKING:
    from onebox.scenario_check import Length, Result
    from onebox.scenario_play import Show
    from simulator.scenario import Scenario

app = typer.Typer(no_args_is_help=True, help="What must ring, and what must not: whole nights of simulated patients.")

Names = Annotated[list[str] | None, typer.Argument(help="Some of them; default: all that say what must ring.")]
Short = Annotated[bool, typer.Option("--short", help="Only the first hours of some, in less than a minute.")]
Leaps = Annotated[
    bool, typer.Option("--leaps", help="The clock goes from one change to the next: all of it in a minute or so.")
]
Folder = Annotated[
    Path | None, typer.Option(help="Your own scenarios, *.toml.", exists=True, file_okay=False, dir_okay=True)
]


@app.command("list")
def list_(folder: Folder = None) -> None:
    """List the scenarios: how long each is, whom it is about, and what it is checked for."""
    from simulator import scenario  # noqa: PLC0415 - each command loads what it needs and no more

    for name in scenario.names(folder or scenario.FOLDER):
        found = scenario.load(name, folder or scenario.FOLDER)
        asked = found.check
        said = "not checked" if asked is None else f"{asked.hours:g} h from {asked.begins:%Y-%m-%d %H:%M}"
        rules = [] if asked is None else [each.rule for each in asked.expects]
        typer.echo(f"{name:26} {said:26} {found.title}: {', '.join(rules) or 'nothing rings'}")


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="The scenario's name, as `hemvakt scenario list` has it.")],
    folder: Folder = None,
    *,
    leaps: Leaps = False,
) -> None:
    """Play one scenario from beginning to end on a clock of its own, and tell each time that it rang.

    Example: hemvakt scenario run sepsis_overnight
    """
    from onebox import scenario_check  # noqa: PLC0415
    from simulator import scenario  # noqa: PLC0415

    found = scenario.load(name, folder or scenario.FOLDER)
    for result in _checked([found], scenario_check.Length.WHOLE, leaps=leaps):
        for each in result.rang:
            told = ", ".join(sorted(each.told))
            clock = f"{int(each.minute) // 60}:{int(each.minute) % 60:02d}"
            typer.echo(f"{clock:>6}  {each.priority.name.lower():6}  {each.rule:28} {told}")
        typer.echo("\n".join(scenario_check.table([result])))
        raise typer.Exit(0 if result.ok else 1)


@app.command()
def check(names: Names = None, folder: Folder = None, *, short: Short = False, leaps: Leaps = False) -> None:
    """Play scenarios from beginning to end and compare what rang with what was to; the exit code is 1 if one differs.

    Example: hemvakt scenario check --short
    """
    from onebox import scenario_check  # noqa: PLC0415
    from simulator import scenario  # noqa: PLC0415

    every = scenario_check.checked(folder or scenario.FOLDER)
    if unknown := set(names or ()) - {each.name for each in every}:
        raise ConfigError(f"no scenario with a [check]: {', '.join(sorted(unknown))}")
    wanted = [each for each in every if not names or each.name in names]
    length = scenario_check.Length.SHORT if short else scenario_check.Length.WHOLE
    results = _checked(wanted, length, leaps=leaps)
    typer.echo("\n".join(scenario_check.table(results)))
    wrong = [each.scenario.name for each in results if not each.ok]
    typer.echo(f"\n{len(results)} scenarios, {len(results) - len(wrong)} as expected" + _named(wrong))
    raise typer.Exit(1 if wrong or not results else 0)


def _named(wrong: "list[str]") -> str:
    return f"; not so: {', '.join(wrong)}" if wrong else ""


def _checked(scenarios: "list[Scenario]", length: "Length", *, leaps: bool) -> "list[Result]":
    from onebox import scenario_check  # noqa: PLC0415
    from onebox.scenario_pace import Pace  # noqa: PLC0415

    log.configure("scenario", level="error")
    with _bar(scenario_check.total_hours(scenarios, length)) as show:
        return scenario_check.run(scenarios, length, show, Pace.LEAPS if leaps else Pace.STEPS)


@contextmanager
def _bar(total: float) -> "Iterator[Show]":
    """Show how many hours have been played, where somebody looks."""
    columns = (TextColumn("{task.completed:.1f} of {task.total:.0f} h played"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda hours: progress.update(task, completed=hours)
