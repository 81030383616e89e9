"""What the api answers, on a real store and a real server."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from tests.fix_api import House, Served, measure, serving
from ward.vitals import VitalKind


def as_anna(house: House, visit: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    """Let Anna log in and do something."""

    async def whole() -> None:
        async with serving(house.database_url) as served, served.logged_in("anna") as client:
            await visit(client)

    asyncio.run(whole())


def as_anybody(database_url: str, visit: Callable[[Served], Awaitable[None]]) -> None:
    """Do something with a server."""

    async def whole() -> None:
        async with serving(database_url) as served:
            await visit(served)

    asyncio.run(whole())


def test_board_shows_the_patients_of_the_own_organisation(house: House) -> None:
    """A nurse sees every patient of the own organisation, with the newest values, and nobody else's."""

    async def visit(client: httpx.AsyncClient) -> None:
        await measure(house, house.ward.beds[0], VitalKind.SPO2, 93)
        answer = await client.get("/api/patients")

        tiles = answer.json()["items"]
        assert [tile["patient_id"] for tile in tiles] == [bed.patient_id for bed in house.ward.beds]
        assert tiles[0]["vitals"]["spo2"]["value"] == 93
        assert tiles[0]["vitals"]["spo2"]["quality"] == 0.97
        assert tiles[0]["limits"]["spo2"]["alert_low"] == 88

    as_anna(house, visit)
