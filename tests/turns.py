"""Two acts of one moment, in an order: the second begins, waits for what the first holds, and goes on after it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import psycopg

from ward.store.pool import Connection, connect

_WAITS = b"select exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())"


async def in_turn(
    url: str,
    first: Callable[[Connection], Awaitable[Any]],
    then: Coroutine[Any, Any, Any],
    meanwhile: Callable[[], object] = lambda: None,
) -> Any:
    """Do the first, let the second begin and wait for it; do something meanwhile; return what came of the second."""
    async with await connect(url, "test") as conn:
        await first(conn)
        waiting = asyncio.create_task(then)
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as watch, asyncio.timeout(30):
            while not waiting.done() and (await (await watch.execute(_WAITS)).fetchone()) != (True,):
                await asyncio.sleep(0.01)
        assert not waiting.done(), waiting.result()
        meanwhile()
        await conn.commit()
        return (await asyncio.gather(waiting, return_exceptions=True))[0]
