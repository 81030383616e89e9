"""The commands `hemvakt openapi …`; what they do is in `onebox.clients`."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The OpenAPI document, and clients made from it.")


@app.command()
def write(
    file: Annotated[Path, typer.Argument(help="Where to write it.")] = Path("docs/openapi.json"),
) -> None:
    """Write the OpenAPI document, as every running server gives it at /api/openapi.json.

    Example: ./hemvakt openapi write && cd web && npm run api
    """
    from onebox import clients  # noqa: PLC0415

    clients.write(file)
    typer.echo(f"{file} written")


@app.command()
def python(
    folder: Annotated[Path, typer.Argument(help="The folder to make; it must not be there yet.")],
) -> None:
    """Make a typed Python client, with synchronous and asynchronous calls (openapi-python-client).

    Example: ./hemvakt openapi python hemvakt-client && pip install ./hemvakt-client
    """
    from onebox import clients  # noqa: PLC0415

    clients.python(folder)
    typer.echo(f"{folder} made: pip install {folder}")
