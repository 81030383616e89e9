"""The real api on the real store, of which no request leaves a trace: so that every request meets the same store."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from unittest.mock import patch

import uvicorn
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from api import service
from tests.fix_access import Scene
from tests.fix_api import Served
from ward.clock import SystemClock
from ward.settings import Settings
from ward.store.pool import Pool


class Forgetful(AsyncConnection[TupleRow]):
    """A connection that never keeps what was done on it, so that every request meets the same store."""

    async def commit(self) -> None:
        """Take everything back instead."""
        await self.rollback()


@contextlib.asynccontextmanager
async def forgetting(scene: Scene) -> AsyncIterator[Served]:
    """Serve the real api on the real store, of which no request leaves a trace."""
    settings = Settings(database_url=scene.database_url, http_port=0)

    def forgetful(_url: str, _name: str, *, size: int) -> Pool:
        conninfo = make_conninfo(scene.database_url, options="-c TimeZone=UTC")
        return AsyncConnectionPool(conninfo, connection_class=Forgetful, min_size=size // 2, max_size=size, open=False)

    # Every part of the api has its connections from these two.
    with patch("api.app.pool", forgetful), patch("api.app.looks", forgetful):
        config = service.config(settings, SystemClock())
    config.timeout_keep_alive = 120  # a slow machine may take long between two requests of one client
    server, listening = uvicorn.Server(config), service.bind(settings)
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
