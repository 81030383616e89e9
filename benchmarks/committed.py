"""From a device's publish to the commit: the floor, our endpoint and our broker door, in turns, in one call.

Only what stores runs. A reading counts as committed when a listener of PostgreSQL hears its announcement, which leaves
with the commit: the same for all three, and nothing of it waits for a device's PUBACK. Read the ratios.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

import numpy as np
import psycopg

from benchmarks import load
from benchmarks.contenders import Extent, Name, Running, contender, settle
from benchmarks.figures import Floats, spread
from benchmarks.paced import Command, Result
from benchmarks.rig import Others, Rig, await_quiet
from benchmarks.viewers import Published, matched
from ward.clock import to_us
from ward.store.bus import Channel, Hint

_PATIENCE_S = 15.0


@dataclass(slots=True)
class Heard:
    """What was announced: arrival in nanoseconds since 1970, and the payload."""

    notes: list[tuple[int, str]] = field(default_factory=list)


@asynccontextmanager
async def hearing(running: Running) -> AsyncIterator[Heard]:
    """Hear what a contender announces with its commits; it is read afterwards, so that reading delays nothing."""
    channel = "vit" if running.name is Name.FLOOR else Channel.READINGS.value
    heard = Heard()

    async def listen(conn: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        async for note in conn.notifies():
            heard.notes.append((time.time_ns(), note.payload))

    async with await psycopg.AsyncConnection.connect(running.database_url, autocommit=True) as conn:
        await conn.execute(f"listen {channel}".encode())
        listening = asyncio.create_task(listen(conn))
        try:
            yield heard
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


def latencies_ms(running: Running, heard: Heard, published: Published) -> Floats:
    """Return for each published reading the ms until its commit was heard; inf where it never was."""
    if running.name is Name.FLOOR:
        stamps = [(int(stamp), at_ns) for at_ns, text in heard.notes for stamp in text.split(",")]
        came = np.array(sorted(stamps), dtype=np.float64).reshape(-1, 2)
        came = came[np.isin(came[:, 0], published["measured_us"])][: len(published)]
        out = np.full(len(published), np.inf)
        out[: len(came)] = came[:, 1] / 1e6 - came[:, 0] / 1e3
        return out
    with psycopg.connect(running.database_url) as conn:
        stays: dict[int, int] = dict(conn.execute("select stay_id, patient_id from stay").fetchall())
    device = {int(patient_id): number for number, patient_id in enumerate(running.patients)}
    rows = [
        (device[stays[each.stay_id]], each.kind, to_us(each.measured_at), at_ns // 1000)
        for at_ns, text in heard.notes
        for each in Hint(Channel.READINGS, text).latest()[0]
    ]
    return matched(rows, published)


def measure(rig: Rig, name: Name, plan: load.Plan, quiet_cores: float) -> Result:
    """Run one contender once; the plan's port is filled in here."""
    with contender(rig, name, Extent.INGEST, plan.devices) as running:
        await_quiet(quiet_cores)
        before, noise = _cpu_s(rig, running), Others()
        report, waited_ms = asyncio.run(_listen(rig, running, replace(plan, port=running.mqtt_port)))
        used = {part: (cpu_s - before[part]) / report.seconds for part, cpu_s in _cpu_s(rig, running).items()}
        others = noise.cores()
        least = running.counted + report.readings
        lost = least - settle(running.database_url, name, least=least, patience_s=_PATIENCE_S)
        heard = waited_ms[np.isfinite(waited_ms)]
        return Result(
            seen=spread(heard),
            ack_p50_ms=report.ack_p50_ms,
            ack_p99_ms=report.ack_p99_ms,
            cpu=used,
            lost=lost,
            unseen=len(waited_ms) - len(heard),
            others_cores=others,
        )


async def _listen(rig: Rig, running: Running, plan: load.Plan) -> tuple[load.Report, Floats]:
    log = rig.folder / "published.npy"
    async with hearing(running) as heard:
        report = await load.run_apart(plan, log)
        least = running.counted + report.readings
        await asyncio.to_thread(
            settle, running.database_url, running.name, least=least, patience_s=_PATIENCE_S
        )  # what is committed has been announced
        await asyncio.sleep(0.2)
    return report, await asyncio.to_thread(latencies_ms, running, heard, np.load(log))


def _cpu_s(rig: Rig, running: Running) -> dict[str, float]:
    broker = sum(each.cpu_s() for each in running.children if each.name == "mosquitto")
    ingest = sum(each.cpu_s() for each in running.children) - broker
    return {"ingest": ingest, "broker": broker, "store": rig.store_cpu_s()}


def main() -> None:
    Command(
        doc=str(__doc__), seen="committed", parts=("ingest", "broker", "store"), rates="500,2000", measure=measure
    ).run()


if __name__ == "__main__":
    main()
