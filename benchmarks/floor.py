"""The floor: the simplest script that could do the job, to be measured beside ours on the same machine.

broker -> paho with manual acknowledgement -> one writer that drains its queue: insert, notify, commit, acknowledge
-> a bare FastAPI WebSocket. No patients, no checks, no alerts, no log-in. Not part of the product.
"""

import argparse
import asyncio
import queue
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import orjson
import paho.mqtt.client as paho
import psycopg
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from paho.mqtt.enums import CallbackAPIVersion

SCHEMA = (
    "create table vit (patient_id int, kind smallint, time timestamptz, value float8, quality smallint,"
    " primary key (patient_id, kind, time))"
)
_INSERT = (
    "insert into vit (patient_id, kind, time, value, quality) select *, 0 from"
    " unnest(%b::int[], %b::smallint[], %b::timestamptz[], %b::float8[]) on conflict do nothing"
)
_KIND = {"heart_rate": 1, "resp_rate": 2, "spo2": 3}
_MOST = 500
_STAMPS = 300
_Message = tuple[int, str, bytes | bytearray]  # paho's own are large: a backlog of them would slow the floor down


def ingest(mqtt_port: int, database_url: str) -> None:
    """Store for ever what comes through the broker."""
    waiting: queue.SimpleQueue[_Message] = queue.SimpleQueue()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="floor", protocol=paho.MQTTv5, manual_ack=True)
    client.on_message = lambda _client, _data, message: waiting.put((message.mid, message.topic, message.payload))
    client.on_connect = lambda client, *_: client.subscribe("hemvakt/1/+/vitals", 1) and None
    client.connect("127.0.0.1", mqtt_port)
    client.loop_start()
    with psycopg.connect(database_url) as conn, conn.cursor() as cursor:
        while True:
            messages = [waiting.get()]
            while len(messages) < _MOST and not waiting.empty():
                messages.append(waiting.get())
            _store(cursor, messages)
            conn.commit()
            for mid, _, _ in messages:
                client.ack(mid, 1)


def _store(cursor: psycopg.Cursor[tuple[object, ...]], messages: list[_Message]) -> None:
    patients, kinds, times, values, stamps = [], [], [], [], []
    for _, topic, payload in messages:
        decoded = orjson.loads(payload)
        patient = int(topic.split("/")[2].removeprefix("bench-"))
        for reading in decoded if isinstance(decoded, list) else (decoded,):
            at = datetime.fromisoformat(reading["measured_at"])
            patients.append(patient)
            kinds.append(_KIND[reading["kind"]])
            times.append(at)
            values.append(float(reading["value"]))
            stamps.append(str(round(at.timestamp() * 1e6)))
    cursor.execute(_INSERT, (patients, kinds, times, values))
    for start in range(0, len(stamps), _STAMPS):
        cursor.execute("select pg_notify('vit', %s)", (",".join(stamps[start : start + _STAMPS]),))


def web(port: int, database_url: str) -> None:
    """Pass what is notified on to every WebSocket client, for ever."""
    clients: set[WebSocket] = set()

    async def listen() -> None:
        conn = await psycopg.AsyncConnection.connect(database_url, autocommit=True)
        await conn.execute("listen vit")
        async for note in conn.notifies():
            for client in tuple(clients):
                await client.send_text(note.payload)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        listening = asyncio.create_task(listen())
        yield
        listening.cancel()

    app = FastAPI(lifespan=lifespan)

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

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("ingest", "web"))
    parser.add_argument("port", type=int, help="of the broker (ingest), or to listen on (web)")
    parser.add_argument("database_url", help="of a database with the table of SCHEMA")
    flags = parser.parse_args()
    (ingest if flags.part == "ingest" else web)(flags.port, flags.database_url)


if __name__ == "__main__":
    main()
