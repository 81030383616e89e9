"""From a device's publish to a nurse's screen: the floor, our endpoint and our broker door, in turns, in one call.

Ours is the whole product: ingest, detection and the api as separate processes, a logged-in nurse's live stream.
A run fails the check when a reading is missing in the store, or was never visible. Read the ratios.
"""

import asyncio
from dataclasses import replace

import numpy as np

from benchmarks import load
from benchmarks.contenders import Extent, Name, Running, contender, settle
from benchmarks.figures import Floats, spread
from benchmarks.paced import Command, Result
from benchmarks.rig import Others, Rig, await_quiet
from benchmarks.viewers import latencies_ms, watching

_PATIENCE_S = 15.0
_PARTS = {"ingest": "ingest", "floor-ingest": "ingest", "alerting": "alerting", "api": "web", "floor-web": "web"}


def measure(rig: Rig, name: Name, plan: load.Plan, quiet_cores: float) -> Result:
    """Run one contender once; the plan's port is filled in here."""
    with contender(rig, name, Extent.WHOLE, plan.devices) as running:
        await_quiet(quiet_cores)
        before, noise = cpu_s(rig, running), Others()
        report, waited_ms = asyncio.run(_watch(rig, running, replace(plan, port=running.mqtt_port)))
        used = {part: (spent_s - before[part]) / report.seconds for part, spent_s in cpu_s(rig, running).items()}
        others = noise.cores()
        least = running.counted + report.readings
        lost = least - settle(running.database_url, name, least=least, patience_s=_PATIENCE_S)
        seen = waited_ms[np.isfinite(waited_ms)]
        return Result(
            seen=spread(seen),
            ack_p50_ms=report.ack_p50_ms,
            ack_p99_ms=report.ack_p99_ms,
            cpu=used,
            lost=lost,
            unseen=len(waited_ms) - len(seen),
            others_cores=others,
        )


async def _watch(rig: Rig, running: Running, plan: load.Plan) -> tuple[load.Report, Floats]:
    log = rig.folder / "published.npy"
    async with watching(running) as seen:
        report = await load.run_apart(plan, log)
        await seen.quiet()
    return report, latencies_ms(running, seen, np.load(log))


def cpu_s(rig: Rig, running: Running) -> dict[str, float]:
    """Return the CPU seconds that each part has used."""
    used = {"ingest": 0.0, "alerting": 0.0, "web": 0.0, "broker": 0.0, "store": rig.store_cpu_s()}
    for each in running.children:
        used[_PARTS.get(each.name, "broker")] += each.cpu_s()
    return used


def main() -> None:
    Command(
        doc=str(__doc__),
        seen="visible",
        parts=("ingest", "alerting", "web", "broker", "store"),
        rates="1,500,2000",
        measure=measure,
    ).run()


if __name__ == "__main__":
    main()
