"""The process of a fleet: connects, sends until the time is up or it is told to stop, and says what came of it."""

import asyncio
import signal
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from simulator.fleet.crew import Crew
from simulator.fleet.plan import Plan
from simulator.fleet.report import Report, report
from ward import process

_SHOWN_S = 0.5


def run(plan: Plan, tls: ssl.SSLContext | None = None) -> Report:
    """Run a fleet until its time is up, SIGINT or SIGTERM.

    Raises
    ------
    ConfigError
        If no device is let in.
    """
    process.many_files()
    runner = asyncio.run
    if sys.platform != "win32":
        import uvloop  # noqa: PLC0415

        runner = uvloop.run
    return runner(_run(plan, tls))


async def _run(plan: Plan, tls: ssl.SSLContext | None) -> Report:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    crew = Crew(plan, tls)
    with _progress(plan, crew) as show:
        showing = asyncio.create_task(_show(show))
        try:
            await crew.join(stopping)
            connected = crew.tally.connections
            cpu_s, began_s = time.process_time(), time.monotonic()
            await crew.work(stopping)
            waiting, seconds = crew.waiting, time.monotonic() - began_s
            cpu_s = time.process_time() - cpu_s
        finally:
            showing.cancel()
            crew.close()
    return report(plan, crew.tally, connected=connected, waiting=waiting, seconds=seconds, cpu_s=cpu_s)


async def _show(show: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(_SHOWN_S)
        show()


@contextmanager
def _progress(plan: Plan, crew: Crew) -> Iterator[Callable[[], None]]:
    """Show on a terminal how far it is; anywhere else nothing."""
    if not sys.stdout.isatty():
        yield lambda: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=plan.seconds)

        def show() -> None:
            tally = crew.tally
            p99 = tally.puback.percentile_ms(99)
            said = (
                f"{tally.connections:,} of {plan.devices:,} devices, {tally.readings_acknowledged:,} of"
                f" {tally.readings:,} readings acknowledged"
            )
            said += "" if p99 is None else f", PUBACK p99 {p99:.0f} ms"
            progress.update(task, completed=crew.elapsed_s, description=said)

        yield show
