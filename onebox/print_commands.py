"""`hemvakt fallback-list` and `hemvakt sbom`: what goes on paper and on file. Each reads its flags and hands over."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from onebox.account_commands import database_url
from ward import log, settings
from ward.errors import ConfigError

app = typer.Typer()


@app.command("fallback-list")
def fallback_list(
    team: Annotated[int | None, typer.Option("--team", help="The team's number; left out: every team.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The PDF of this team.")] = None,
    folder: Annotated[Path | None, typer.Option("--folder", help="A folder for the PDF of each team.")] = None,
    lang: Annotated[Literal["sv", "en"], typer.Option(help="The language of the list.")] = "sv",
) -> None:
    """Print a team's patients with limits, latest values and whom to call, for when nothing else works.

    Each file is replaced at once and whole, and is readable by its owner alone. Run it from a timer and keep the
    folder where it can be printed when this machine is down.

    Examples: ./hemvakt fallback-list --team 3 --out team.pdf
              ./hemvakt fallback-list --folder /srv/hemvakt-lists
    """
    from onebox import fallback_files  # noqa: PLC0415 - each command loads what it needs and no more

    if (folder is None) == (team is None) or (team is None) != (out is None):
        raise ConfigError("Say --team N --out FILE.pdf for one team, or --folder FOLDER for all of them.")
    log.configure("fallback-list", level=settings.load().log_level)
    wanted = fallback_files.Wanted(language=lang, team_id=team, target=out or folder or Path())
    for path in fallback_files.run(database_url(), wanted):
        typer.echo(f"{path} written")


@app.command()
def sbom(
    file: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("hemvakt.cdx.json"),
) -> None:
    """Write what the program is made of as CycloneDX 1.6 JSON: Python's packages as installed, and the page's.

    Example: ./hemvakt sbom && grype sbom:hemvakt.cdx.json
    """
    from onebox import bill  # noqa: PLC0415

    typer.echo(f"{file} written: {bill.write(file)} components")
