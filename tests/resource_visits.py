"""Visits to the api of a routed ward (`unit`) at a time of its own; nothing here is a test."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import httpx

from tests.builders_duty import NOON
from tests.fix_api import Served, serving
from tests.fix_duty import Unit, token
from ward.clock import FakeClock


def visit(unit: Unit, guest: Callable[[Served], Awaitable[None]], at: datetime = NOON) -> None:
    """Serve the api while somebody visits it."""

    async def run() -> None:
        async with serving(unit.url, FakeClock(at)) as served:
            await guest(served)

    asyncio.run(run())


def as_one(
    unit: Unit, username: str, guest: Callable[[httpx.AsyncClient], Awaitable[None]], at: datetime = NOON
) -> None:
    """Serve the api while one member of staff does something."""

    async def run(served: Served) -> None:
        async with someone(served, username) as client:
            await guest(client)

    visit(unit, run, at)


def someone(served: Served, username: str) -> httpx.AsyncClient:
    """Return a client of somebody of the unit, who has logged in."""
    return httpx.AsyncClient(base_url=served.url, headers={"Authorization": f"Bearer {token(username)}"})


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    """Send something and return the answer, which has this status."""
    answer = await client.post(path, json=body)
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def get(client: httpx.AsyncClient, path: str, status: int = 200, **query: Any) -> dict[str, Any]:
    """Ask for something and return the answer, which has this status."""
    answer = await client.get(path, params=query)
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def put(client: httpx.AsyncClient, path: str, rev: int | None, body: dict[str, Any]) -> httpx.Response:
    """Change something, naming the revision that was seen."""
    return await client.put(path, json=body, headers={} if rev is None else {"If-Match": f'"{rev}"'})
