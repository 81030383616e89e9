"""A ward of which FHIR has something of every sort to tell; nothing here is a test."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
import numpy as np
import psycopg

from tests.fix_api import House, serving
from tests.fix_ward import Bed
from ward.clock import SystemClock, to_us
from ward.store import migrate, registry, samples, scores
from ward.store.pool import connect
from ward.store.scores import PointRange, ScoreDetail, ScoreRow
from ward.store.waveforms import BlockRow, insert_blocks
from ward.vitals import VITALS, Validity, VitalKind
from ward.waveforms import WaveformBlock, WaveKind

FHIR = {"Content-Type": "application/fhir+json"}
Reading = tuple[VitalKind, float, datetime, Validity]
Visit = Callable[[httpx.AsyncClient], Awaitable[None]]


def now() -> datetime:
    """The time, to the second, so that it is spelled as it is kept."""
    return SystemClock().now().replace(microsecond=0)


def good(kind: VitalKind, value: float, at: datetime) -> Reading:
    """A reading that nothing is wrong with."""
    return kind, value, at, Validity.VLD


async def store(house: House, bed: Bed, readings: Sequence[Reading]) -> None:
    """Store readings of a bed, as ingest does."""
    column = np.array
    rows = samples.Rows(
        stay_id=column([bed.stay_id] * len(readings)),
        kind=column([VITALS[kind].code for kind, _, _, _ in readings]),
        measured_us=column([to_us(at) for _, _, at, _ in readings]),
        device_no=column([bed.device_no] * len(readings)),
        value=column([float(value) for _, value, _, _ in readings]),
        received_us=column([to_us(at) + 1_000_000 for _, _, at, _ in readings]),
        validity=column([validity.value for _, _, _, validity in readings]),
        quality=column([97] * len(readings)),
    )
    async with await connect(house.database_url, "test") as conn:
        await migrate.ensure_partitions(conn, {at.date() for _, _, at, _ in readings})
        await samples.prepare(conn)
        await samples.insert_batch(conn, rows, await registry.version(conn))


async def score(house: House, bed: Bed, at: datetime, low: int = 3, high: int = 6) -> None:
    """Score a bed."""
    detail = ScoreDetail(
        parts={"spo2": PointRange(min=3, max=3), "consciousness": PointRange(min=0, max=3)},
        missing=["consciousness"],
        stale=[],
        settles=None,
        single_three=True,
    )
    row = ScoreRow(
        stay_id=bed.stay_id, scored_at=at, total_min=low, total_max=high, risk="medium", spo2_scale=1, detail=detail
    )
    async with await connect(house.database_url, "test") as conn:
        await scores.insert(conn, [row])


async def trace(house: House, bed: Bed, at: datetime, blocks: int = 2) -> None:
    """Store some blocks of ten seconds of an ECG and of a pulse wave."""
    numbers = np.arange(2500).astype("<i2").tobytes()
    rows = [
        BlockRow(
            stay_id=bed.stay_id,
            device_no=bed.device_no,
            received_at=at + timedelta(minutes=1),
            block=WaveformBlock(
                kind=kind,
                lead=lead,
                measured_us=to_us(at) + number * 10_000_000,
                fs_hz=250.0,
                unit=unit,
                scale=0.005,
                offset=0.0,
                samples=numbers,
            ),
        )
        for number in range(blocks)
        for kind, lead, unit in ((WaveKind.ECG, "II", "mV"), (WaveKind.PPG, "pleth", "1"))
    ]
    async with await connect(house.database_url, "test") as conn:
        await migrate.ensure_partitions(conn, {at.date()})
        await insert_blocks(conn, rows)


def as_somebody(house: House, username: str, visit: Visit) -> None:
    """Let somebody log in and ask."""

    async def whole() -> None:
        async with serving(house.database_url) as served, served.logged_in(username) as client:
            await visit(client)

    asyncio.run(whole())


def as_two(house: House, visit: Callable[[httpx.AsyncClient, httpx.AsyncClient], Awaitable[None]]) -> None:
    """Let a nurse of this organisation and one of another ask."""

    async def whole() -> None:
        async with (
            serving(house.database_url) as served,
            served.logged_in("anna") as anna,
            served.logged_in("elsa") as elsa,
        ):
            await visit(anna, elsa)

    asyncio.run(whole())


def matches(answer: httpx.Response) -> list[dict[str, Any]]:
    """The resources that a search found, without what came along."""
    assert answer.status_code == 200, answer.text
    return [each["resource"] for each in answer.json().get("entry", []) if each["search"]["mode"] == "match"]


def issue(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The first issue of an OperationOutcome of this status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/fhir+json"
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome"
    found: dict[str, Any] = body["issue"][0]
    return found


async def walk(client: httpx.AsyncClient, address: str) -> list[list[str]]:
    """The ids on every page of a search."""
    pages: list[list[str]] = []
    following: str | None = address
    while following is not None:
        answer = await client.get(following)
        pages.append([each["id"] for each in matches(answer)])
        links = {each["relation"]: each["url"] for each in answer.json()["link"]}
        following = links.get("next")
        assert len(pages) < 100
    return pages


def an_observation(at: datetime, value: float = 91, **more: Any) -> dict[str, Any]:
    """An oxygen saturation of the first bed's device."""
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "59408-5"}]},
        "device": {"reference": "Device/hv-1"},
        "effectiveDateTime": at.isoformat(),
        "valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": "%"},
        **more,
    }


def a_batch(*resources: dict[str, Any]) -> bytes:
    """A batch that creates these."""
    request = {"method": "POST", "url": "Observation"}
    entries = [{"resource": each, "request": request} for each in resources]
    return json.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries}).encode()


def rows(house: House, query: str) -> list[tuple[Any, ...]]:
    """What the store says."""
    with psycopg.connect(house.database_url) as conn:
        return conn.execute(query.encode()).fetchall()


def resources(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """An answer, and every resource in it."""
    yield content
    for each in content.get("entry", []):
        for found in (each.get("resource"), each.get("response", {}).get("outcome")):
            if found is not None:
                yield found
