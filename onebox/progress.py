"""The bar of a long piece of work: on a terminal only, on standard error, so that what a command prints stays clean."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Step = Callable[[int], None]


@contextmanager
def bar(what: str, total: int | None) -> Iterator[Step]:
    """Show how far the work is; the function that is given takes the number of pieces done since it was last called.

    `total` is the number of pieces, None when nobody knows.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task(what, total=total)
        yield lambda pieces: shown.advance(task, pieces)
