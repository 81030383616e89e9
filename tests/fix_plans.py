"""A nurse, two doctors and a stranger at one patient's plan, over the api on a real store."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg

from tests.fix_api import House, Served, password_hash, serving
from tests.fix_kit import seated
from ward.clock import FakeClock, SystemClock
from ward.people import Role
from ward.store import people
from ward.store.pool import connect

WHY = {"reason": "Prövning av rutinen"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A nurse, two doctors and a nurse of another organisation, who look at the same patient's plan."""

    house: House
    served: Served
    clock: FakeClock
    nurse: httpx.AsyncClient
    doctor: httpx.AsyncClient
    second: httpx.AsyncClient
    stranger: httpx.AsyncClient

    @property
    def path(self) -> str:
        """The first patient's plan."""
        return f"/api/patients/{self.house.ward.beds[0].patient_id}/plan"

    async def plan(self) -> dict[str, Any]:
        """The plan in force."""
        answer = await self.nurse.get(self.path)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def put(
        self, overlay: dict[str, Any], by: httpx.AsyncClient | None = None, status: int = 200, **more: object
    ) -> dict[str, Any]:
        """Save a change as whoever has just looked."""
        seen = {"If-Match": f'"{(await self.plan())["rev"]}"'}
        body = {"overlay": overlay, **WHY, **more}
        answer = await (by or self.nurse).put(self.path, json=body, headers=seen)
        assert answer.status_code == status, answer.text
        saved: dict[str, Any] = answer.json()
        return saved

    async def step(self, version: int, step: str, by: httpx.AsyncClient, **more: object) -> httpx.Response:
        """Sign, withdraw or promote a version as whoever has just looked."""
        seen = {"If-Match": f'"{(await self.plan())["rev"]}"'}
        return await by.post(f"{self.path}/versions/{version}/{step}", json={**WHY, **more}, headers=seen)

    def change(self, query: str, *given: object) -> None:
        """Change the store behind everybody's back."""
        with psycopg.connect(self.house.database_url, autocommit=True) as conn:
            conn.execute(query.encode(), given or None)

    def ask(self, query: str, *given: object) -> list[tuple[Any, ...]]:
        """Ask the store."""
        with psycopg.connect(self.house.database_url) as conn:
            return conn.execute(query.encode(), given or None).fetchall()


async def _doctors(house: House) -> None:
    async with await connect(house.database_url, "test") as conn:
        home = await people.find_organisation(conn, "Testkommunen")
        assert home is not None
        for username in ("dora", "david"):
            staff_id = await people.add_staff(
                conn,
                organisation_id=home,
                username=username,
                name=f"{username.title()} Provläkare",
                title="Läkare",
                role=Role.DOCTOR,
                password_hash=password_hash(),
            )
            await people.add_member(conn, team_id=house.ward.team_id, staff_id=staff_id)


def on_round(house: House, visit: Callable[[Round], Awaitable[None]]) -> None:
    """Let them do something on a running server with a clock that stands still."""
    clock = FakeClock(SystemClock().now())

    async def whole() -> None:
        await _doctors(house)
        async with AsyncExitStack() as stack:
            served = await stack.enter_async_context(serving(house.database_url, clock))
            names = ("anna", "dora", "david", "elsa")
            nurse, doctor, second, stranger = [
                await stack.enter_async_context(seated(house, served, name)) for name in names
            ]
            await visit(
                Round(
                    house=house,
                    served=served,
                    clock=clock,
                    nurse=nurse,
                    doctor=doctor,
                    second=second,
                    stranger=stranger,
                )
            )

    asyncio.run(whole())
