"""`hemvakt account …`: the commands of `onebox.accounts`; each reads its flags and hands over."""

import asyncio
from typing import Annotated

import typer

from ward import settings

app = typer.Typer(no_args_is_help=True, help="Accounts, for when no operator can log in.")
Username = Annotated[str, typer.Argument(help="The name that the person logs in by.")]


@app.command("list")
def list_them() -> None:
    """List who logs in by a name."""
    from onebox import accounts  # noqa: PLC0415 - each command loads what it needs and no more

    for line in asyncio.run(accounts.lines(database_url())):
        typer.echo(line)


@app.command()
def reset(username: Username) -> None:
    """Give an account a password that is drawn, printed once, and changed at the next log-in; its sessions end.

    Example: ./hemvakt account reset anna
    """
    from onebox import accounts  # noqa: PLC0415

    given = asyncio.run(accounts.reset(database_url(), username))
    typer.echo(f"log-in {given.username}, password {given.password}, to be changed at the first log-in")


@app.command()
def disable(username: Username) -> None:
    """Shut an account: its sessions end at once. An operator opens it again (POST /api/accounts/ID/enable)."""
    from onebox import accounts  # noqa: PLC0415

    asyncio.run(accounts.disable(database_url(), username))
    typer.echo(f"{username} is shut")


@app.command()
def forget_factor(username: Username) -> None:
    """Take an account's second factor away; where one is asked for, its person sets up another at the next log-in."""
    from onebox import accounts  # noqa: PLC0415

    removed = asyncio.run(accounts.remove_factor(database_url(), username))
    typer.echo(f"{username} has no second factor" + ("" if removed else ", and had none"))


def database_url() -> str:
    """Return the store that is set, or the one of a running `up`."""
    loaded = settings.load()
    if loaded.database_url:
        return loaded.database_url
    from onebox import machine  # noqa: PLC0415

    return machine.running_database_url(loaded)
