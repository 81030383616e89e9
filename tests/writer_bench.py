"""A writer with an inbox and a door that remembers, for tests of the ingest pipeline."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

import psycopg

from ingest import validate
from ingest.batch import HeldInbox
from ingest.delivery import Delivery
from ingest.writer import Writer
from ward.clock import SystemClock


class FakeSender:
    """A door that remembers what it was told."""

    def __init__(self) -> None:
        self.acknowledged: list[Delivery] = []
        self.published: list[tuple[str, dict[str, Any], bytes | None]] = []

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Remember."""
        self.acknowledged.extend(deliveries)

    def publish(self, topic: str, payload: bytes, *, correlation: bytes | None = None) -> None:
        """Remember."""
        self.published.append((topic, json.loads(payload), correlation))


class Bench:
    """A writer with an inbox and a door."""

    def __init__(self, database_url: str) -> None:
        self.inbox = HeldInbox(most=10_000, most_bytes=64 << 20, decode=validate.decode)
        self.door = FakeSender()
        self.writer = Writer(database_url, self.inbox, SystemClock())

    def put(self, topic: str, payload: object, **more: Any) -> None:
        """Put a message into the inbox as if it had just come in."""
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        received_at = more.pop("received_at", SystemClock().now())
        self.inbox.put(Delivery(topic=topic, payload=data, received_at=received_at, door=self.door, **more))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds."""
        async with asyncio.timeout(30):
            while not condition():
                await asyncio.sleep(0.005)

    async def settled(self) -> None:
        """Wait until everything put in has been acknowledged."""
        await self.until(lambda: self.inbox.held == 0)


def run(database_url: str, story: Callable[[Bench], Awaitable[None]]) -> Bench:
    """Play a story on a running writer."""

    async def play() -> Bench:
        bench = Bench(database_url)
        writing = asyncio.create_task(bench.writer.run())
        try:
            await story(bench)
        finally:
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
        return bench

    return asyncio.run(play())


def rows(database_url: str, query: str) -> list[tuple[Any, ...]]:
    """Ask the store."""
    with psycopg.connect(database_url) as conn:
        return conn.execute(query.encode()).fetchall()


def a_reading(value: object = 96, *, kind: str = "spo2", ago_s: float = 1.0, **more: object) -> dict[str, object]:
    """Return a reading of `ago_s` seconds ago, as it stands in JSON."""
    at = SystemClock().now() - timedelta(seconds=ago_s)
    return {"kind": kind, "value": value, "measured_at": at.isoformat(), **more}
