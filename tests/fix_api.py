"""The api on a real uvicorn and a real store, two organisations, and people who log in to it."""

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

import httpx
import numpy as np
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_socket
from websockets.exceptions import ConnectionClosed

from alerting import apply
from api import service
from api.passwords import hash_password
from tests.fix_ward import Bed, Ward, admit_bed
from ward.alerts import Evidence, Family, Finding, Input, Priority
from ward.clock import Clock, SystemClock, to_us
from ward.people import Role, StaffId, TeamId
from ward.settings import Settings
from ward.store import people, registry, samples
from ward.store.columns import Column
from ward.store.pool import connect
from ward.vitals import VITALS, VitalKind

PASSWORD = "rätt häst batteri"
# Made once: reading the authorities of the world takes longer than most requests, and nothing here is asked over TLS.
TRUSTED = ssl.create_default_context()


@cache
def password_hash() -> str:
    """The hash of everybody's password, made once."""
    return hash_password(PASSWORD)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The ward of `fix_ward`, where `anna` is a nurse and `oskar` an operator; `elsa` has one stranger elsewhere."""

    ward: Ward
    anna: StaffId
    stranger: Bed
    other_team: TeamId

    @property
    def database_url(self) -> str:
        """The store."""
        return self.ward.database_url


async def furnish(ward: Ward) -> House:
    """Give a ward its staff, and another organisation with one patient."""
    async with await connect(ward.database_url, "test") as conn:
        home = await people.find_organisation(conn, "Testkommunen")
        assert home is not None
        away = await people.add_organisation(conn, name="Annanregionen", kind="region")
        other_team = await people.add_team(conn, organisation_id=away, name="Annat team", phone="111")
        added = {}
        for username, role, place in (
            ("anna", Role.NURSE, home),
            ("oskar", Role.OPERATOR, home),
            ("elsa", Role.NURSE, away),
        ):
            added[username] = await people.add_staff(
                conn,
                organisation_id=place,
                username=username,
                name=f"{username.title()} Provsson",
                title="Sjuksköterska",
                role=role,
                password_hash=password_hash(),
            )
        await people.add_member(conn, team_id=ward.team_id, staff_id=added["anna"])
        await people.add_member(conn, team_id=other_team, staff_id=added["elsa"])
        stranger = await admit_bed(conn, away, other_team, 9, ward.admitted_at)
    return House(ward=ward, anna=added["anna"], stranger=stranger, other_team=other_team)


@pytest.fixture
def house(ward: Ward) -> House:
    """A ward of three beds, one patient of another organisation, and staff on both sides."""
    return asyncio.run(furnish(ward))


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running api."""

    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx.AsyncClient:
        """A browser of somebody who has not logged in."""
        return httpx.AsyncClient(base_url=self.url, timeout=60, verify=TRUSTED)

    @contextlib.asynccontextmanager
    async def logged_in(self, username: str) -> AsyncIterator[httpx.AsyncClient]:
        """A browser of somebody who has."""
        async with self.client() as client:
            answer = await client.post("/api/session", json={"username": username, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            yield client

    def live(self, client: httpx.AsyncClient, since: int | None = None, stream: str | None = None) -> connect_socket:
        """The live socket of whoever uses this browser."""
        place = {"since": since} if stream is None else {"since": since, "stream": stream}
        address = f"ws://127.0.0.1:{self.port}/api/live" + ("" if since is None else f"?{urlencode(place)}")
        cookies = client.build_request("GET", self.url).headers.get("cookie")
        return connect_socket(address, additional_headers={"Cookie": cookies} if cookies else None)


@contextlib.asynccontextmanager
async def serving(
    database_url: str,
    clock: Clock | None = None,
    *,
    device_key: str = "",
    settings: Settings | None = None,
    listening: socket.socket | None = None,
) -> AsyncIterator[Served]:
    """Serve the api on a free port, or where something `listening` is, for as long as the block lasts."""
    settings = settings or Settings(database_url=database_url, http_port=0, device_key=device_key)
    server = uvicorn.Server(service.config(settings, clock or SystemClock()))
    listening = listening or service.bind(settings)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        async with asyncio.timeout(60):
            while not server.started:
                assert not task.done(), "the server did not start"
                await asyncio.sleep(0.005)
        yield Served(port=listening.getsockname()[1])
    finally:
        server.should_exit = True
        await task
        listening.close()


async def hear(socket: ClientConnection, *types: str) -> dict[str, Any]:
    """The next message of one of these types; without any, of all but heartbeats and presence."""
    async with asyncio.timeout(60):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            kind = message["type"]
            if kind in types if types else kind not in {"heartbeat", "presence"}:
                return message


async def hear_closed(socket: ClientConnection) -> int:
    """The code with which the server closes, whatever comes before."""
    async with asyncio.timeout(60):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.recv()
    assert socket.close_code is not None
    return socket.close_code


def _column(value: float) -> Column:
    return np.array([value])


async def measure(house: House, bed: Bed, kind: VitalKind, value: float, at: datetime | None = None) -> None:
    """Store one reading of a bed, as ingest does."""
    now = SystemClock().now()
    rows = samples.Rows(
        stay_id=_column(bed.stay_id),
        kind=_column(VITALS[kind].code),
        measured_us=_column(to_us(at or now)),
        device_no=_column(bed.device_no),
        value=_column(value),
        received_us=_column(to_us(now)),
        validity=_column(0),
        quality=_column(97),
    )
    async with await connect(house.database_url, "test") as conn:
        await samples.prepare(conn)
        await samples.insert_batch(conn, rows, await registry.version(conn))


async def alarm(house: House, bed: Bed, rule: str = "limit.spo2.low", priority: Priority = Priority.HIGH) -> int:
    """Raise an alert about a bed, as alerting does; return its id."""
    now = SystemClock().now()
    finding = Finding(
        stay_id=bed.stay_id,
        rule=rule,
        family=Family.CLINICAL,
        priority=priority,
        began_at=now,
        due_at=now,
        evidence=Evidence(
            rule_version=1,
            text_key="limit.low",
            params={"kind": "spo2", "limit": 88.0, "value": 84.0, "unit": "%", "duration_s": 60.0},
            inputs=(Input(kind="spo2", value=84.0, unit="%", measured_at=now),),
            judged_at=now,
        ),
    )
    async with await connect(house.database_url, "test") as conn:
        alert = await apply.raise_or_update(conn, finding, now)
    assert alert is not None
    return alert.alert_id
