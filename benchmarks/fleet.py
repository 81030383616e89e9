"""Ten thousand devices connected to our endpoint, each with an array of five readings every ten seconds.

Shows whether anything grows while they stay: the time to a PUBACK (it means stored), what ingest holds, its memory.
"""

import argparse
import asyncio
import os
import sys
from dataclasses import fields

import msgspec
import psutil

from benchmarks import load
from benchmarks.contenders import DEVICE, SECRET, Extent, Name, Running, contender, now_text, settle
from benchmarks.figures import head, row
from benchmarks.rig import PROJECT, Others, Rig, load_average, rig
from ward import process

_HEAD = (
    "second", "acknowledged/s", "readings/s", "PUBACK p50 ms", "p99 ms", "ingest MiB", "CPU of a core: ingest", "store",
    "others' cores",
)  # fmt: skip
_PATIENCE_S = 60.0


class _Line(msgspec.Struct):
    second: int
    acknowledged: int
    p50_ms: float
    p99_ms: float


async def watch(rig: Rig, running: Running, plan: load.Plan, every_s: float) -> load.Report:
    """Carry the plan out in a process of its own and print a line of the table every so often.

    Raises
    ------
    load.Failed
        With the process's last line.
    """
    flags = [text for each in fields(plan) for text in (f"--{each.name}", str(getattr(plan, each.name)))]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.load", *flags, "--every", str(every_s),
        cwd=PROJECT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    if child.stderr is None or child.stdout is None:
        raise load.Failed("the generator has no output")
    ingest = next(each for each in running.children if each.name == "ingest")
    used, stored, others = ingest.cpu_s(), rig.store_cpu_s(), Others()
    said = ""
    async for raw in child.stderr:
        said = raw.decode(errors="replace").strip()
        if not said.startswith("{"):
            continue
        line = msgspec.json.decode(said, type=_Line)
        now_used, now_stored = ingest.cpu_s(), rig.store_cpu_s()
        per_s = line.acknowledged / every_s
        memory = psutil.Process(ingest.child.pid).memory_info().rss / 2**20
        print(
            row(
                line.second, round(per_s), round(per_s * plan.readings), line.p50_ms, line.p99_ms, memory,
                (now_used - used) / every_s, (now_stored - stored) / every_s, others.cores(),
            ),
            flush=True,
        )  # fmt: skip
        used, stored, others = now_used, now_stored, Others()
    out = await child.stdout.read()
    if await child.wait():
        raise load.Failed(said)
    return msgspec.json.decode(out, type=load.Report)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--readings", type=int, default=5, help="readings in a message")
    parser.add_argument("--interval", type=float, default=10, help="seconds between a device's messages")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--every", type=float, default=30, help="seconds between lines")
    flags = parser.parse_args()
    process.many_files()
    rate = flags.devices / flags.interval
    print(f"{now_text()}, {os.cpu_count()} cores, load average {load_average()}\n\n{head(*_HEAD)}", flush=True)
    with rig() as machine, contender(machine, Name.ENDPOINT, Extent.INGEST, flags.devices) as running:
        plan = load.Plan(
            host="127.0.0.1", port=running.mqtt_port, device=DEVICE, secret=SECRET, devices=flags.devices,
            messages=round(rate * flags.minutes * 60), readings=flags.readings, window=1, rate=rate,
        )  # fmt: skip
        report = asyncio.run(watch(machine, running, plan, flags.every))
        least = running.counted + report.readings
        lost = least - settle(running.database_url, Name.ENDPOINT, least=least, patience_s=_PATIENCE_S)
        print(
            f"\n{flags.devices:,} devices, {report.messages:,} messages, {report.readings:,} readings in"
            f" {report.seconds:.0f} s; PUBACK p50 {report.ack_p50_ms:g} ms, p99 {report.ack_p99_ms:g} ms;"
            f" {lost} readings lost; {running.bytes_per_reading():.0f} bytes a stored reading"
        )
    if lost:
        raise SystemExit(f"{lost} readings were lost")


if __name__ == "__main__":
    main()
