"""Visits to the api of a routed ward (`unit`) at a time of its own; nothing here is a test."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx
import numpy as np

from alerting import due
from api.auth import digest
from tests.builders_duty import NOON
from tests.fix_api import TRUSTED, Served, serving
from tests.fix_duty import Unit, token
from ward.access.principals import AccountId
from ward.clock import FakeClock, to_us
from ward.store import migrate, people, registry, samples, sessions
from ward.store.pool import Connection
from ward.vitals import VITALS, VitalKind


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
    return httpx.AsyncClient(
        base_url=served.url, headers={"Authorization": f"Bearer {token(username)}"}, verify=TRUSTED, timeout=60
    )


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    """Send something and return the answer, which has this status."""
    answer = await client.post(path, json=body)
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def get(client: httpx.AsyncClient, path: str, status: int = 200, **query: Any) -> dict[str, Any]:
    """Ask for something and return the answer, which has this status."""
    answer = await client.get(path, params=query or None)
    assert answer.status_code == status, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def put(client: httpx.AsyncClient, path: str, rev: int | None, body: dict[str, Any]) -> httpx.Response:
    """Change something, naming the revision that was seen."""
    return await client.put(path, json=body, headers={} if rev is None else {"If-Match": f'"{rev}"'})


def admit_account(unit: Unit, kind: str, bed: int = 0, opens: tuple[str, ...] = ("contacts",)) -> str:
    """Give the patient of a bed, or a relative of theirs, an account with an open session; return its user name."""
    patient_id = unit.ward.beds[bed].patient_id
    username = f"{kind}-{patient_id}"

    async def add(conn: Connection) -> None:
        row = await (
            await conn.execute(
                "insert into account (kind, username, patient_id, name) values (%s, %s, %s, 'Provperson')"
                " returning account_id",
                (kind, username, patient_id if kind == "patient" else None),
            )
        ).fetchone()
        assert row is not None
        account_id = AccountId(row[0])
        if kind == "relative":
            await conn.execute(
                "insert into relative_access (account_id, patient_id, opens, given_at, given_by)"
                " values (%s, %s, %s, %s, %s)",
                (account_id, patient_id, list(opens), NOON, account_id),
            )
        await sessions.open_session(
            conn,
            token_sha256=digest(token(username)),
            account_id=account_id,
            now=NOON,
            expires_at=NOON + timedelta(hours=12),
        )

    unit.within(add)
    return username


def join_day_team(unit: Unit) -> None:
    """Make `natt` a member of the day team too, which answers for the patients at noon."""

    async def add(conn: Connection) -> None:
        await people.add_member(conn, team_id=unit.day, staff_id=unit.natt)

    unit.within(add)


def store(unit: Unit, kind: VitalKind, points: Sequence[tuple[datetime, float]], bed: int = 0) -> None:
    """Store readings of a bed's device, as ingest does."""
    number, worn = len(points), unit.ward.beds[bed]
    at_us = np.array([to_us(at) for at, _ in points], dtype=np.int64)
    rows = samples.Rows(
        stay_id=np.full(number, worn.stay_id, dtype=np.int64),
        kind=np.full(number, VITALS[kind].code, dtype=np.int64),
        measured_us=at_us,
        device_no=np.full(number, worn.device_no, dtype=np.int64),
        value=np.array([value for _, value in points], dtype=np.float64),
        received_us=at_us,
        validity=np.zeros(number, dtype=np.int64),
        quality=np.full(number, 97, dtype=np.int64),
    )

    async def insert(conn: Connection) -> None:
        await migrate.ensure_partitions(conn, sorted({at.date() for at, _ in points}))
        await samples.prepare(conn)
        done = await samples.insert_batch(conn, rows, await registry.version(conn))
        assert done is not None
        assert done.stored == number

    unit.within(insert)


def evaluate(unit: Unit, at: datetime = NOON) -> None:
    """Evaluate every stay at a time, as alerting does."""

    async def run(conn: Connection) -> None:
        await conn.execute("update evaluation_due set due_at = %s", (at,))
        await due.evaluate_due(conn, at)

    unit.within(run)
