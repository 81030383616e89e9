"""How long a search of Observations takes over HTTP, beside a floor, and what models in between would cost.

`python -m benchmarks.fhir [--days 7] [--turns 5]`. A stay of so many days with five vital signs each minute and a blood
pressure every half hour is stored. The floor is a bare FastAPI route, served the same way from the same store, that
selects as many rows, writes each as a minimal Observation, and asks nobody who they are. Turns alternate; figures are
medians of wall and CPU milliseconds, the latter of server and client together without the store's.
"""

import argparse
import asyncio
import contextlib
import statistics
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import httpx
import numpy as np
import orjson
import psycopg
import uvicorn
from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool
from starlette.responses import Response

from benchmarks.rig import Others, rig
from tests.fix_api import House, Served, furnish, serving
from tests.fix_ward import admit
from ward.clock import SystemClock, to_us
from ward.store import migrate, registry, samples
from ward.store.pool import connect
from ward.vitals import VITALS, VitalKind

KINDS = (VitalKind.HEART_RATE, VitalKind.RESP_RATE, VitalKind.SPO2, VitalKind.SKIN_TEMPERATURE, VitalKind.STEPS)
CUFF = (VitalKind.SYSTOLIC, VitalKind.DIASTOLIC)
COUNTS = (100, 1000, 10_000)


async def fill(house: House, days: int, now: datetime) -> int:
    """Store the stay's readings; return how many."""
    bed = house.ward.beds[0]
    minutes = [now - timedelta(minutes=each) for each in range(1, days * 1440)]
    pairs = [(kind, at) for at in minutes for kind in KINDS]
    pairs += [(kind, at) for at in minutes[::30] for kind in CUFF]
    kinds = np.array([VITALS[kind].code for kind, _ in pairs])
    measured = np.array([to_us(at) for _, at in pairs])
    size = len(pairs)
    rows = samples.Rows(
        stay_id=np.full(size, bed.stay_id),
        kind=kinds,
        measured_us=measured,
        device_no=np.full(size, bed.device_no),
        value=np.full(size, 80.0),
        received_us=measured + 1_000_000,
        validity=np.zeros(size, dtype=np.int64),
        quality=np.full(size, 97),
    )
    async with await connect(house.database_url, "benchmark") as conn:
        await migrate.ensure_partitions(conn, {at.date() for at in minutes})
        await samples.prepare(conn)
        await samples.insert_batch(conn, rows, await registry.version(conn))
    with psycopg.connect(house.database_url, autocommit=True) as admin:
        admin.execute("vacuum analyze")
    return size


def floor(database_url: str, stay_id: int) -> FastAPI:
    """Return the floor: one route, one select, one dictionary a row."""
    pool: Any = AsyncConnectionPool(database_url, min_size=1, max_size=2, open=False)

    @contextlib.asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        await pool.open()
        yield
        await pool.close()

    app = FastAPI(lifespan=life)

    @app.get("/floor")
    async def found(count: int) -> Response:
        async with pool.connection() as conn:
            cursor = await conn.execute(
                "select kind, value, measured_at, device_no from reading where stay_id = %s"
                " order by measured_at desc limit %s",
                (stay_id, count),
            )
            rows = await cursor.fetchall()
        entries = [
            {
                "resource": {
                    "resourceType": "Observation",
                    "status": "final",
                    "code": {"text": str(kind)},
                    "effectiveDateTime": at,
                    "valueQuantity": {"value": value},
                    "device": {"reference": f"Device/{device}"},
                }
            }
            for kind, value, at, device in rows
        ]
        return Response(orjson.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries}))

    return app


@contextlib.asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Serve an application as the product is served; give its address."""
    config = uvicorn.Config(app, port=0, loop="uvloop", http="httptools", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


async def ask(client: httpx.AsyncClient, address: str) -> tuple[tuple[float, float], bytes]:
    """Return wall and CPU milliseconds until the whole answer is there, and the answer."""
    began, worked = time.perf_counter(), time.process_time()
    answer = await client.get(address, timeout=60)
    took = (time.perf_counter() - began) * 1000, (time.process_time() - worked) * 1000
    if answer.status_code != 200:
        raise SystemExit(f"{address}: {answer.text[:300]}")
    return took, answer.content


async def compare(house: House, api: Served, turns: int) -> bytes:
    """Print a line for each length of a page; return a page of a thousand."""
    bed = house.ward.beds[0]
    page = b""
    async with served(floor(house.database_url, bed.stay_id)) as bare, api.logged_in("anna") as client:
        print("| a page of | ours, ms | floor, ms | ratio | ours, CPU ms | floor, CPU ms | bytes |")
        print("|---|---|---|---|---|---|---|")
        for count in COUNTS:
            ours, floors = [], []
            for turn in range(turns + 1):
                least, _ = await ask(client, f"{bare}/floor?count={count}")
                mine, page_now = await ask(client, f"/fhir/Observation?patient={bed.patient_id}&_count={count}")
                if turn:  # the first of each warms up
                    ours.append(mine)
                    floors.append(least)
            page = page_now if count == 1000 else page
            our_ms, our_cpu_ms = map(statistics.median, zip(*ours, strict=True))
            floor_ms, floor_cpu_ms = map(statistics.median, zip(*floors, strict=True))
            print(
                f"| {count:,} | {our_ms:.0f} | {floor_ms:.0f} | {our_ms / floor_ms:.1f} | {our_cpu_ms:.0f} |"
                f" {floor_cpu_ms:.0f} | {len(page_now):,} |"
            )
        deep = f"/fhir/Observation?patient={bed.patient_id}&code=8867-4&_count=1000&date=lt2020"
        print(f"\nnothing found: {(await ask(client, deep))[0][0]:.0f} ms")
    return page


def models(page: bytes) -> None:
    """Print what it would cost to make each Observation of a page by way of the models of `fhir.resources`."""
    model: Any = import_module("fhir.resources.R4B").get_fhir_model_class("Observation")
    resources = [each["resource"] for each in orjson.loads(page)["entry"]]
    validate: Callable[[object], Any] = model.model_validate
    began = time.process_time()
    made = [validate(each) for each in resources]
    checked = time.process_time()
    for each in made:
        each.model_dump_json()
    print(f"\n{len(made)} Observations by way of models: {(checked - began) * 1000:.0f} ms to make them,"
          f" {(time.process_time() - checked) * 1000:.0f} ms to write them (CPU)")  # fmt: skip


async def measure(database_url: str, days: int, turns: int) -> None:
    """Fill a store and measure."""
    now = SystemClock().now()
    await migrate.migrate(database_url, now)
    house = await furnish(await admit(database_url, 3, now - timedelta(days=days)))
    print(f"{await fill(house, days, now):,} readings of one stay\n")
    async with serving(database_url) as api:
        page = await compare(house, api, turns)
    models(page)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--turns", type=int, default=5)
    wanted = parser.parse_args()
    with rig() as place, place.database("fhir") as database_url:
        others = Others()
        asyncio.run(measure(database_url, wanted.days, wanted.turns))
        print(f"others' cores meanwhile: {others.cores():.1f}")


if __name__ == "__main__":
    main()
