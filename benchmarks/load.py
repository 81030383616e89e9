"""A load generator: many devices that publish readings at QoS 1 and wait for their PUBACKs.

Closed loop (a window of unacknowledged messages per device) or open loop (a fixed rate, whatever comes back).
`measured_at` is the moment of publishing. Prints one JSON line; fails when a message is not acknowledged.
"""

import argparse
import asyncio
import sys
import time
from collections import deque
from dataclasses import dataclass, fields
from pathlib import Path
from typing import cast

import msgspec
import numpy as np
import uvloop

from benchmarks.figures import percentile
from benchmarks.messages import Publisher
from simulator.fleet import packets
from ward import process

_PATIENCE_S = 30.0
_PROJECT = Path(__file__).resolve().parent.parent
LOG = np.dtype([("device", "<i4"), ("kind", "<i2"), ("measured_us", "<i8")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to publish. `rate` is messages a second, 0 for a closed loop; `device` and `secret` are patterns."""

    host: str
    port: int
    device: str
    secret: str
    devices: int
    messages: int
    readings: int
    window: int
    rate: float


class Report(msgspec.Struct, kw_only=True):
    """What came of it. Times in ms are from publish to PUBACK; `late` is how far behind its schedule a publish was."""

    messages: int
    readings: int
    seconds: float
    messages_per_s: float
    readings_per_s: float
    ack_p50_ms: float
    ack_p99_ms: float
    late_p99_ms: float | None
    cpu_us_per_message: float
    started_us: int


class Failed(Exception):  # noqa: N818 - reads as what happened
    """A connection was refused or lost, or PUBACKs did not come."""


class _Device(asyncio.Protocol):
    """One connection."""

    def __init__(self, crowd: "_Crowd", device_id: str, secret: str, readings: int) -> None:
        self._crowd = crowd
        self._hello = packets.connect(device_id, secret)
        self._open = False
        self._tail = b""
        self._sent_ns: deque[int] = deque()
        self.publisher = Publisher(device_id, readings)
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._hello)

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.fail(f"a connection was lost: {exc}")

    def data_received(self, data: bytes) -> None:
        data = self._tail + data if self._tail else data
        if not self._open:
            if data[:4] != b"\x20\2\0\0":
                self._crowd.fail(f"CONNACK was {data[:4].hex(' ')}")
                return
            self._open, data = True, data[4:]
            self._crowd.joined()
        whole = len(data) & ~3
        self._tail = data[whole:]
        if data[0:whole:4].count(packets.PUBACK) != whole >> 2:
            self._crowd.fail("something else than a PUBACK came")
        elif whole:
            self._crowd.acknowledged(self, [self._sent_ns.popleft() for _ in range(whole >> 2)])

    def publish(self, count: int) -> None:
        now_ns = time.time_ns()
        packets = [self.publisher.next(now_ns // 1000) for _ in range(count)]
        self._sent_ns.extend([now_ns] * count)
        self.transport.write(b"".join(packets))


class _Crowd:
    """All connections, and how far the plan has come."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._loop = asyncio.get_running_loop()
        self._awaited = plan.devices
        self._began_s = 0.0
        self._sent = 0
        self._late_s: list[float] = []
        self.ack_ns: list[int] = []
        self.devices: list[_Device] = []
        self.all_joined: asyncio.Future[None] = self._loop.create_future()
        self.all_acknowledged: asyncio.Future[None] = self._loop.create_future()

    def joined(self) -> None:
        self._awaited -= 1
        if not self._awaited and not self.all_joined.done():
            self.all_joined.set_result(None)

    def fail(self, why: str) -> None:
        for future in (self.all_joined, self.all_acknowledged):
            if not future.done():
                future.set_exception(Failed(why))

    def begin(self) -> None:
        self._began_s = self._loop.time()
        if self._plan.rate:
            self._tick()
            return
        for device in self.devices:
            self._publish(device, self._plan.window)

    def acknowledged(self, device: _Device, sent_ns: list[int]) -> None:
        now_ns = time.time_ns()
        self.ack_ns += [now_ns - at_ns for at_ns in sent_ns]
        if len(self.ack_ns) == self._plan.messages and not self.all_acknowledged.done():
            self.all_acknowledged.set_result(None)
        elif not self._plan.rate:
            self._publish(device, len(sent_ns))

    def late_ms(self) -> list[float]:
        return [late_s * 1e3 for late_s in self._late_s]

    def _publish(self, device: _Device, count: int) -> None:
        count = min(count, self._plan.messages - self._sent)
        if count > 0:
            self._sent += count
            device.publish(count)

    def _tick(self) -> None:
        plan = self._plan
        elapsed_s = self._loop.time() - self._began_s
        due = min(plan.messages, int(elapsed_s * plan.rate) + 1)
        for number in range(self._sent, due):
            self._late_s.append(elapsed_s - number / plan.rate)
            self._publish(self.devices[number % plan.devices], 1)
        if self._sent < plan.messages:
            self._loop.call_at(self._began_s + self._sent / plan.rate, self._tick)


async def _tell(crowd: _Crowd, every_s: float) -> None:
    """Write a line of JSON on standard error every so often: PUBACKs since the last one, and how long they took."""
    told, began_s = 0, time.perf_counter()
    while True:
        await asyncio.sleep(every_s)
        ack_ms = np.array(crowd.ack_ns[told:]) / 1e6
        told += len(ack_ms)
        line = {
            "second": round(time.perf_counter() - began_s),
            "acknowledged": len(ack_ms),
            "p50_ms": percentile(ack_ms, 50),
            "p99_ms": percentile(ack_ms, 99),
        }
        print(msgspec.json.encode(line).decode(), file=sys.stderr, flush=True)


async def run(plan: Plan, log: Path | None = None, every_s: float = 0) -> Report:
    """Carry a plan out; `log` takes what was published as an array of `LOG`, `every_s` tells how it goes meanwhile.

    Raises
    ------
    Failed
        If a device is refused or lost, or `_PATIENCE_S` seconds pass without a PUBACK.
    """
    crowd = _Crowd(plan)
    loop = asyncio.get_running_loop()
    for number in range(1, plan.devices + 1):
        device = _Device(crowd, plan.device.format(number), plan.secret.format(number), plan.readings)
        await loop.create_connection(lambda device=device: device, plan.host, plan.port)  # type: ignore[misc]
        crowd.devices.append(device)
    await asyncio.wait_for(crowd.all_joined, _PATIENCE_S)
    cpu_s, started_us, began_s = time.process_time(), time.time_ns() // 1000, time.perf_counter()
    crowd.begin()
    telling = asyncio.create_task(_tell(crowd, every_s)) if every_s else None
    await _all_acknowledged(crowd)
    took_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    if telling is not None:
        telling.cancel()
    if log is not None:
        made = [(n, *each) for n, device in enumerate(crowd.devices) for each in device.publisher.made]
        np.save(log, np.array(made, dtype=LOG))
    for device in crowd.devices:
        device.transport.abort()
    ack_ms = np.array(crowd.ack_ns) / 1e6
    return Report(
        messages=plan.messages,
        readings=plan.messages * plan.readings,
        seconds=round(took_s, 3),
        messages_per_s=round(plan.messages / took_s, 1),
        readings_per_s=round(plan.messages * plan.readings / took_s, 1),
        ack_p50_ms=percentile(ack_ms, 50),
        ack_p99_ms=percentile(ack_ms, 99),
        late_p99_ms=percentile(np.array(late), 99) if (late := crowd.late_ms()) else None,
        cpu_us_per_message=round(cpu_s / plan.messages * 1e6, 1),
        started_us=started_us,
    )


async def _all_acknowledged(crowd: _Crowd) -> None:
    seen = -1
    while True:
        done, _ = await asyncio.wait([crowd.all_acknowledged], timeout=_PATIENCE_S)
        if done:
            return crowd.all_acknowledged.result()
        if seen == len(crowd.ack_ns):
            raise Failed(f"no PUBACK for {_PATIENCE_S:g} s after {seen} of them")
        seen = len(crowd.ack_ns)


async def run_apart(plan: Plan, log: Path | None = None) -> Report:
    """Carry a plan out in a process of its own, so that the caller's work does not delay it.

    Raises
    ------
    Failed
        With the process's last line.
    """
    names = [each.name for each in fields(plan)]
    flags = [text for name in names for text in (f"--{name}", str(getattr(plan, name)))]
    command = [sys.executable, "-m", "benchmarks.load", *flags, *(("--log", str(log)) if log else ())]
    child = await asyncio.create_subprocess_exec(
        *command, cwd=_PROJECT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, err = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
    if child.returncode:
        raise Failed(err.decode(errors="replace").strip().splitlines()[-1])
    return msgspec.json.decode(out, type=Report)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--device", default="bench-{}", help="device id; {} is the number from 1")
    parser.add_argument("--secret", default="secret-bench-{}", help="its secret; {} likewise")
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--readings", type=int, default=1, help="readings in each message, 1 to 1000")
    parser.add_argument("--window", type=int, default=10, help="unacknowledged messages per device, closed loop")
    parser.add_argument("--rate", type=float, default=0, help="messages a second over all devices; 0: closed loop")
    parser.add_argument("--log", type=Path, help="where to write what was published, as .npy")
    parser.add_argument("--every", type=float, default=0, help="seconds between lines on standard error; 0: none")
    flags = vars(parser.parse_args())
    log, every_s = flags.pop("log"), flags.pop("every")
    process.many_files()
    print(msgspec.json.encode(uvloop.run(run(Plan(**flags), log, every_s))).decode(), flush=True)


if __name__ == "__main__":
    main()
