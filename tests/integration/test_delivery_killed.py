"""A real alerting process, killed with SIGKILL while another system holds its message: nothing is lost, all is told."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
import pytest

from alerting.apply import raise_or_update
from tests.delivery_scene import a_finding
from tests.fix_ward import Ward
from tests.integration.test_channels import KEY
from ward.alerts import Priority
from ward.clock import SystemClock
from ward.store import contact_channels
from ward.store.pool import connect

pytestmark = pytest.mark.integration
ROOT = Path(__file__).resolve().parents[2]


class Receiver:
    """Another system: keeps the id of every message, and answers when it is let."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.heard = threading.Semaphore(0)
        self.may_answer = threading.Event()

    @contextlib.contextmanager
    def serving(self) -> Iterator[str]:
        """Serve until the block ends; give the address."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                outer.ids.append(self.headers["webhook-id"])
                outer.heard.release()
                outer.may_answer.wait(120)
                with contextlib.suppress(OSError):  # who asked has been killed
                    self.send_response(204)
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook"
        finally:
            self.may_answer.set()
            server.shutdown()
            thread.join()
            server.server_close()


@contextlib.contextmanager
def alerting(database_url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the service as its command does."""
    environment = {
        **os.environ,  # noqa: TID251 - handed on to the service, not read
        "HEMVAKT_DATABASE_URL": database_url,
        "HEMVAKT_WEBHOOK_KEY": KEY,
        "HEMVAKT_WEBHOOK_INSIDE": "127.0.0.1",
        "HEMVAKT_SELFCHECK_MINUTES": "0",
    }
    process = subprocess.Popen(
        [sys.executable, "hemvakt.py", "alerting"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(60)


async def _alarm(ward: Ward, address: str) -> None:
    now = SystemClock().now()
    async with await connect(ward.database_url, "test") as conn:
        await contact_channels.add(conn, kind="webhook", address=address, now=now, team_id=ward.team_id)
        await raise_or_update(conn, a_finding(ward.beds[0], Priority.HIGH, "limit.spo2.low", None, now), now)


def _webhooks(ward: Ward) -> list[tuple[str, str, int]]:
    with psycopg.connect(ward.database_url) as conn:
        return conn.execute(
            "select notification_id::text, state, attempts from outbox where channel = 'webhook' order by step limit 1"
        ).fetchall()


def test_h21_process_killed_while_a_message_is_out_leaves_it_to_the_next(ward: Ward) -> None:
    """Killed after the other side has the message and before it is recorded, it is sent again under the same id."""
    receiver = Receiver()
    with receiver.serving() as address:
        with alerting(ward.database_url) as killed:
            asyncio.run(_alarm(ward, address))
            assert receiver.heard.acquire(timeout=90)
            killed.send_signal(signal.SIGKILL)
            killed.wait(60)
        before = _webhooks(ward)
        with psycopg.connect(ward.database_url) as conn:
            conn.execute("update outbox set due_at = now() where due_at is not null")  # the lease has run out
        receiver.may_answer.set()
        with alerting(ward.database_url):
            assert receiver.heard.acquire(timeout=90)
            for _ in range(400):
                if _webhooks(ward)[0][1] == "sent":
                    break
                threading.Event().wait(0.05)

    after = _webhooks(ward)
    assert [(state, attempts) for _, state, attempts in before] == [("queued", 1)]
    assert (after[0][0], after[0][1]) == (before[0][0], "sent")
    assert receiver.ids.count(after[0][0]) >= 2
