"""The floor of the web: a bare FastAPI application on the same server as ours, with the same bytes to give.

When the store announces something, `/ws` says the same text to every socket. `/read` and `/write` answer with it as
well, after one look at the store or one change: no log-in, no rights, no checks. Not part of the product.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import psycopg_pool
import uvicorn
from fastapi import FastAPI, Response, WebSocket, WebSocketDisconnect

_CONNECTIONS = 8


def application(database_url: str, text: str) -> FastAPI:
    """Return the application; `text` is what it sends and answers."""
    clients: set[WebSocket] = set()
    store = psycopg_pool.AsyncConnectionPool(database_url, min_size=1, max_size=_CONNECTIONS, open=False)

    async def listen() -> None:
        conn = await psycopg.AsyncConnection.connect(database_url, autocommit=True)
        await conn.execute("listen fan")
        async for _ in conn.notifies():
            for client in tuple(clients):
                await client.send_text(text)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        listening = asyncio.create_task(listen())
        await store.open()
        yield
        listening.cancel()
        await store.close()

    app = FastAPI(lifespan=lifespan, openapi_url=None)

    @app.websocket("/ws")
    async def _socket(socket: WebSocket) -> None:
        await socket.accept()
        clients.add(socket)
        try:
            while True:
                await socket.receive_text()
        except WebSocketDisconnect:
            pass
        finally:
            clients.discard(socket)

    @app.get("/read/{number}")
    async def _read(number: int) -> Response:
        async with store.connection() as conn:
            await (await conn.execute("select body from bare where number = %s", (number,))).fetchall()
        return Response(text, media_type="application/json")

    @app.post("/write/{number}")
    async def _write(number: int) -> Response:
        async with store.connection() as conn:
            await conn.execute("update bare set times = times + 1 where number = %s", (number,))
        return Response(text, media_type="application/json")

    return app


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("database_url", help="of a database with the table `bare` (number, times, body)")
    parser.add_argument("text", type=Path, help="a file with what is sent and answered")
    flags = parser.parse_args()
    uvicorn.run(
        application(flags.database_url, flags.text.read_text(encoding="utf-8")),
        host="127.0.0.1",
        port=flags.port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
