"""Devices handed out over the api: what a nurse and an operator do, step by step, for the tests of it."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import psycopg

from api.auth import digest
from tests.fix_api import TRUSTED, House, Served, serving
from tests.fix_ward import Bed
from tests.writer_bench import Bench
from ward.clock import Clock, FakeClock, SystemClock
from ward.store import sessions
from ward.store.pool import connect

WHY = {"reason": "Prövning av rutinen"}
BORN = {"birth_date": "1940-01-01"}
REASON = {"reason": "Hon hade plåstret på sig redan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A nurse, an operator and a nurse of another organisation, logged in."""

    house: House
    served: Served
    nurse: httpx.AsyncClient
    operator: httpx.AsyncClient
    stranger: httpx.AsyncClient

    async def add(self, device_id: str, **more: object) -> dict[str, Any]:
        """Have the operator add a device; returns it with its secret."""
        answer = await self.operator.post("/api/devices", json={"device_id": device_id, **more})
        assert answer.status_code == 201, answer.text
        added: dict[str, Any] = answer.json()
        return added

    async def propose(self, device_id: str, bed: Bed, **more: object) -> dict[str, Any]:
        """Have the nurse propose that somebody wears a device."""
        answer = await self.nurse.post(
            f"/api/devices/{device_id}/bindings", json={"patient_id": bed.patient_id, **more}
        )
        assert answer.status_code == 201, answer.text
        proposal: dict[str, Any] = answer.json()
        return proposal

    async def bind(self, device_id: str, bed: Bed, **more: object) -> dict[str, Any]:
        """Have the nurse take both steps."""
        number = (await self.propose(device_id, bed, **more))["binding_id"]
        answer = await self.nurse.post(f"/api/devices/{device_id}/bindings/{number}/confirm", json=BORN)
        assert answer.status_code == 200, answer.text
        bound: dict[str, Any] = answer.json()
        return bound

    async def end(self, device_id: str, binding_id: int, **more: object) -> dict[str, Any]:
        """Have the nurse end a binding."""
        answer = await self.nurse.post(f"/api/devices/{device_id}/bindings/{binding_id}/end", json={**WHY, **more})
        assert answer.status_code == 200, answer.text
        ended: dict[str, Any] = answer.json()
        return ended

    async def worn(self, device_id: str) -> list[dict[str, Any]]:
        """What the nurse sees of who wore a device, the newest first."""
        items: list[dict[str, Any]] = (await self.nurse.get(f"/api/devices/{device_id}/bindings")).json()["items"]
        return items

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the store."""
        with psycopg.connect(self.house.database_url) as conn:
            return conn.execute(query.encode()).fetchall()

    def audited(self) -> list[str]:
        """What has been done so far, in words of the audit."""
        return [row[0] for row in self.ask("select action from audit order by audit_id")]


@asynccontextmanager
async def seated(house: House, served: Served, username: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a session opened in the store: nobody types a password here."""
    token, now = secrets.token_urlsafe(32), SystemClock().now()
    async with await connect(house.database_url, "test") as conn:
        account = await sessions.find_account(conn, username)
        assert account is not None
        await sessions.open_session(
            conn,
            token_sha256=digest(token),
            account_id=account.account_id,
            now=now,
            expires_at=now + timedelta(hours=12),
        )
    async with httpx.AsyncClient(
        base_url=served.url, headers={"Authorization": f"Bearer {token}"}, timeout=60, verify=TRUSTED
    ) as client:
        yield client


async def at_desk(house: House, visit: Callable[[Desk], Awaitable[None]], clock: Clock | None = None) -> None:
    """Let them do something on a running server."""
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(serving(house.database_url, clock))
        people = [await stack.enter_async_context(seated(house, served, name)) for name in ("anna", "oskar", "elsa")]
        nurse, operator, stranger = people
        await visit(Desk(house=house, served=served, nurse=nurse, operator=operator, stranger=stranger))


@asynccontextmanager
async def ingesting(database_url: str) -> AsyncIterator[Bench]:
    """A writer at work."""
    bench = Bench(database_url)
    writing = asyncio.create_task(bench.writer.run())
    try:
        yield bench
    finally:
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing


def a_reading(at: datetime, value: float, **more: object) -> dict[str, object]:
    """One SpO₂ as it stands in JSON."""
    return {"kind": "spo2", "value": value, "measured_at": at.isoformat(), **more}


def swapping(house: House, visit: Callable[[Desk, Bench, datetime], Awaitable[None]]) -> None:
    """Have kit `hv-1` end with the first patient twenty minutes ago and begin with the second ten minutes ago."""
    now = SystemClock().now()
    clock = FakeClock(now - timedelta(minutes=20))

    async def whole(desk: Desk) -> None:
        [held] = await desk.worn("hv-1")
        await desk.end("hv-1", held["binding_id"])
        clock.set(now - timedelta(minutes=10))
        await desk.bind("hv-1", house.ward.beds[1])
        clock.set(now)
        async with ingesting(house.database_url) as bench:
            await visit(desk, bench, now)

    asyncio.run(at_desk(house, whole, clock))
