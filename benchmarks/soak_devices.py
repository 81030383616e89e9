"""The devices of a soak, as a process of their own: the simulator's fleet, and what it counts as lines of JSON.

A line for each patient who falls ill, at once; a line of what was counted every so often; and one at the end.
"""

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass

import msgspec
import uvloop

from simulator.fleet.crew import Crew
from simulator.fleet.people import Illness
from simulator.fleet.plan import Plan
from simulator.fleet.tally import Latencies
from ward import process


class Rang(msgspec.Struct, tag=True, kw_only=True):
    """A patient's first value beyond the limit was sent."""

    device: int
    at_ns: int


class Counted(msgspec.Struct, tag=True, kw_only=True):
    """What the fleet has counted since it began; latencies are those since the line before, in ms."""

    sent: int
    acknowledged: int
    readings: int
    readings_acknowledged: int
    repeated: int
    refused: int
    shed: int
    lost_connections: int
    connections: int
    ill: int
    waiting: int
    puback_p50_ms: float | None
    puback_p99_ms: float | None
    late_p99_ms: float | None
    cpu_s: float
    over: bool


@dataclass(slots=True)
class _Before:
    """What the latencies were when the line before was written."""

    puback: Latencies
    late: Latencies


def _tell(line: Rang | Counted) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


def _counted(crew: Crew, *, over: bool) -> Counted:
    tally = crew.tally
    puback, late = tally.puback, tally.late
    tally.puback, tally.late = Latencies(), Latencies()
    return Counted(
        sent=tally.sent,
        acknowledged=tally.acknowledged,
        readings=tally.readings,
        readings_acknowledged=tally.readings_acknowledged,
        repeated=tally.repeated,
        refused=tally.refused,
        shed=tally.shed,
        lost_connections=tally.lost_connections,
        connections=tally.connections,
        ill=tally.ill,
        waiting=crew.waiting,
        puback_p50_ms=puback.percentile_ms(50),
        puback_p99_ms=puback.percentile_ms(99),
        late_p99_ms=late.percentile_ms(99),
        cpu_s=time.process_time(),
        over=over,
    )


async def run(plan: Plan, every_s: float) -> None:
    """Carry the plan out."""
    crew = Crew(plan, rang=lambda device, at_ns: _tell(Rang(device=device, at_ns=at_ns)))
    stopping = asyncio.Event()
    await crew.join(stopping)
    _tell(_counted(crew, over=False))
    working = asyncio.create_task(crew.work(stopping))
    while not (await asyncio.wait([working], timeout=every_s))[0]:
        _tell(_counted(crew, over=False))
    working.result()
    _tell(_counted(crew, over=True))
    crew.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--device", required=True)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--devices", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--readings", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--ill", type=float, required=True)
    parser.add_argument("--every", type=float, required=True)
    flags = parser.parse_args()
    process.many_files()
    plan = Plan(
        host="127.0.0.1", port=flags.port, device=flags.device, secret=flags.secret, devices=flags.devices,
        rate=flags.rate, readings=flags.readings, seconds=flags.seconds, illness=Illness(share=flags.ill),
    )  # fmt: skip
    uvloop.run(run(plan, flags.every))


if __name__ == "__main__":
    main()
