"""What nurses' pages ask for, 300 times a second: how long answers take, beside a bare route of the same shape.

The mix: the list of patients, one patient, vital signs of six hours, the alerts, one alert, and acknowledging. Each is
asked for on a fixed clock whether the last has been answered or not, so a server that falls behind shows it. The floor
(`bare`) is the same server with a route that looks at the store once, or changes one row, and answers a body as large
as our usual answer: no log-in, no rights, no audit. Both run in one call, in turns.
"""

import argparse
import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httptools
import numpy as np
import psycopg

from benchmarks.contenders import admit
from benchmarks.figures import Floats, head, percentile, row
from benchmarks.rig import Others, Rig, await_quiet, rig
from benchmarks.sockets import bare_server, our_api, people, raise_alert
from ward.clock import SystemClock, to_us
from ward.people import StayId
from ward.store import registry, samples
from ward.store.pool import connect
from ward.vitals import VITALS, VitalKind

_BEDS = 40
_READINGS = 360
_CONNECTIONS = 40
_TOKENS = 50
_WARM_S = 2.0
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request: its kind, and its bytes."""

    kind: str
    raw: bytes


@dataclass(slots=True)
class _Answer:
    """What is read of an answer."""

    status: int = 0
    whole: bool = False
    size: int = 0

    def on_body(self, body: bytes) -> None:
        self.size += len(body)

    def on_message_complete(self) -> None:
        self.whole = True


@dataclass(slots=True)
class Tally:
    """Every answer: how long it took, from when it was due."""

    took_ms: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    sizes: list[int] = field(default_factory=list)
    failed: int = 0

    def all_ms(self) -> Floats:
        """Return all of them."""
        return np.array(list(itertools.chain.from_iterable(self.took_ms.values())))


def _raw(method: str, path: str, headers: str = "", body: str = "") -> bytes:
    if body:
        headers += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}\r\n{body}".encode()


async def load(port: int, asks: Iterator[Ask], rate: float, seconds: float) -> Tally:
    """Ask on a fixed clock over kept connections; a connection takes the next request that is due."""
    tally, due = Tally(), asyncio.Queue[tuple[float, Ask]]()
    loop = asyncio.get_running_loop()
    workers = [asyncio.create_task(_work(port, due, tally)) for _ in range(_CONNECTIONS)]
    began = loop.time()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
        due.put_nowait((began + number / rate, next(asks)))
    await asyncio.wait_for(due.join(), _PATIENCE_S)
    for worker in workers:
        worker.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    return tally


async def _work(port: int, due: "asyncio.Queue[tuple[float, Ask]]", tally: Tally) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    loop = asyncio.get_running_loop()
    try:
        while True:
            at, ask = await due.get()
            writer.write(ask.raw)
            answer = _Answer()
            parser = httptools.HttpResponseParser(answer)
            while not answer.whole:
                parser.feed_data(await reader.read(1 << 16))
            tally.took_ms[ask.kind].append((loop.time() - at) * 1e3)
            tally.sizes.append(answer.size)
            tally.failed += not 200 <= parser.get_status_code() < 300
            due.task_done()
    finally:
        writer.transport.abort()


async def _store(database_url: str) -> list[StayId]:
    """Give every stay six hours of readings; return the stays."""
    now_us = to_us(SystemClock().now())
    async with await connect(database_url, "bench") as conn:
        cursor = await conn.execute("select stay_id, device_no from binding order by 1")
        bound = np.array(await cursor.fetchall(), dtype=np.int64)
        kinds = np.array([VITALS[kind].code for kind in (VitalKind.SPO2, VitalKind.HEART_RATE, VitalKind.RESP_RATE)])
        back_us = np.arange(_READINGS, 0, -1) * 60_000_000
        bed, kind, back = (each.ravel() for each in np.meshgrid(np.arange(len(bound)), kinds, back_us, indexing="ij"))
        nothing = np.zeros(len(bed), dtype=np.int64)
        rows = samples.Rows(
            stay_id=bound[bed, 0],
            device_no=bound[bed, 1],
            kind=kind,
            measured_us=now_us - back,
            received_us=now_us - back,
            value=60.0 + back % 30,
            validity=nothing,
            quality=nothing + 97,
        )
        await samples.prepare(conn)
        await samples.insert_batch(conn, rows, await registry.version(conn))
        return [StayId(int(each)) for each in bound[:, 0]]


def _fill(database_url: str, alerts: int) -> tuple[list[int], list[int]]:
    """Give every stay readings, and some alerts; return the patients and the alerts."""
    ring = raise_alert(database_url, asyncio.run(_store(database_url)))
    for number in range(alerts):
        ring(number)
    with psycopg.connect(database_url) as conn:
        conn.execute("analyze")  # as autovacuum has done within a minute
        patients = [each[0] for each in conn.execute("select patient_id from stay order by 1").fetchall()]
        return patients, [each[0] for each in conn.execute("select alert_id from alert order by 1").fetchall()]


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _our_asks(tokens: list[str], patients: list[int], alerts: list[int]) -> Iterator[Ask]:
    """Yield the mix for ever; each alert is acknowledged once, and then looked at."""
    left = iter(alerts)
    since = _text(SystemClock().now() - timedelta(hours=6))
    until = _text(SystemClock().now())
    for number in itertools.count():
        cookie = f"Cookie: hemvakt_session={tokens[number % len(tokens)]}\r\n"
        patient, alert = patients[number % len(patients)], alerts[number % len(alerts)]
        match number % 10:
            case 0 | 1:
                yield Ask(kind="patients", raw=_raw("GET", "/api/patients", cookie))
            case 2 | 3 | 4:
                yield Ask(kind="one patient", raw=_raw("GET", f"/api/patients/{patient}", cookie))
            case 5 | 6:
                path = f"/api/patients/{patient}/vitals?kind=spo2&from={since}&to={until}&resolution=15m"
                yield Ask(kind="vitals", raw=_raw("GET", path, cookie))
            case 7:
                yield Ask(kind="alerts", raw=_raw("GET", "/api/alerts?limit=20", cookie))
            case 8:
                yield Ask(kind="one alert", raw=_raw("GET", f"/api/alerts/{alert}", cookie))
            case _:
                fresh = next(left, None)
                if fresh is None:
                    yield Ask(kind="one alert", raw=_raw("GET", f"/api/alerts/{alert}", cookie))
                else:
                    head_lines = f'{cookie}If-Match: "1"\r\n'
                    path = f"/api/alerts/{fresh}/acknowledge"
                    yield Ask(kind="acknowledge", raw=_raw("POST", path, head_lines, "{}"))


def _bare_asks() -> Iterator[Ask]:
    for number in itertools.count():
        if number % 10 == 9:
            yield Ask(kind="write", raw=_raw("POST", f"/write/{1 + number % 1000}", "", "{}"))
        else:
            yield Ask(kind="read", raw=_raw("GET", f"/read/{1 + number % 1000}"))


def _measure(port: int, asks: Iterator[Ask], rate: float, seconds: float) -> Tally:
    asyncio.run(load(port, asks, rate / 4, _WARM_S))
    return asyncio.run(load(port, asks, rate, seconds))


def _ours(running: Rig, rate: float, seconds: float) -> Tally:
    with running.database(f"ours_{time.monotonic_ns()}") as database_url:
        asyncio.run(admit(database_url, _BEDS))
        tokens = people(database_url, _TOKENS)
        patients, alerts = _fill(database_url, int(rate * (seconds + _WARM_S) / 10) + 20)
        with our_api(running, database_url) as (port, _):
            return _measure(port, _our_asks(tokens, patients, alerts), rate, seconds)


def _floor(running: Rig, rate: float, seconds: float, size: int) -> Tally:
    with (
        running.database(f"bare_{time.monotonic_ns()}") as database_url,
        bare_server(running, database_url, b"x" * size) as (port, _),
    ):
        return _measure(port, _bare_asks(), rate, seconds)


def _lines(who: str, tally: Tally, floor: Tally, others: float) -> Iterator[str]:
    base = percentile(floor.all_ms(), 99)
    whole = {"all": list(tally.all_ms()), **tally.took_ms}
    for kind, took in whole.items():
        times = np.array(took)
        figures = [percentile(times, rank) for rank in (50, 95, 99, 100)]
        yield row(who, kind, len(times), *figures, figures[2] / base, tally.failed, others)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=300, help="requests a second")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--quiet", type=float, default=0.3, help="wait until others use fewer cores")
    flags = parser.parse_args()
    print(head("who", "what", "requests", "p50 ms", "p95", "p99", "max", "p99 / floor", "failed", "others' cores"))
    with rig() as running:
        for _ in range(flags.runs):
            await_quiet(flags.quiet)
            noise = Others()
            ours = _ours(running, flags.rate, flags.seconds)
            ours_noise, noise = noise.cores(), Others()
            floor = _floor(running, flags.rate, flags.seconds, int(np.median(ours.sizes)))
            print(*_lines("floor", floor, floor, noise.cores()), sep="\n")
            print(*_lines("hemvakt", ours, floor, ours_noise), sep="\n", flush=True)


if __name__ == "__main__":
    main()
