"""WebSocket clients that watch: of the floor, and of our board logged in as a nurse.

While watching they only note what came and when; it is read afterwards, so that reading it delays nothing.
"""

import asyncio
import json
import time
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from benchmarks.contenders import NURSE, PASSWORD, Name, Running
from benchmarks.figures import Floats, first_seen
from ward.clock import to_us
from ward.vitals import VITALS, VitalKind

Published = np.ndarray[tuple[int], np.dtype[np.void]]
"""Readings as `load.LOG`."""

_FIRST_S, _SNAPSHOT_S = 10.0, 90.0
_QUIET_S = 1.0
_LONGEST_S = 30.0


@dataclass(slots=True)
class Seen:
    """What came: arrival in nanoseconds since 1970, and the text."""

    messages: list[tuple[int, str]] = field(default_factory=list)

    async def quiet(self) -> None:
        """Wait until no reading has come for a second (heartbeats are none), at most half a minute."""
        began = time.monotonic()
        count, since = -1, began
        while time.monotonic() - since < _QUIET_S and time.monotonic() - began < _LONGEST_S:
            now = sum(1 for _, text in self.messages if not _idle(text))
            if now != count:
                count, since = now, time.monotonic()
            await asyncio.sleep(0.1)


class _Vital(msgspec.Struct):
    measured_at: datetime


class _Message(msgspec.Struct):
    type: str
    patient_id: int = 0
    vitals: dict[str, _Vital] = {}


def _idle(text: str) -> bool:
    return text.startswith('{"type":"heartbeat"')


@asynccontextmanager
async def watching(running: Running) -> AsyncIterator[Seen]:
    """Watch a contender's screen; what it shows before the block begins is not in `Seen`."""
    ours = running.name is not Name.FLOOR
    address = f"ws://127.0.0.1:{running.web_port}/" + ("api/live" if ours else "ws")
    headers = {"Cookie": _log_in(running.web_port)} if ours else {}
    async with connect(address, additional_headers=headers, compression=None, max_size=None) as socket:
        if ours:
            await asyncio.wait_for(socket.recv(), _SNAPSHOT_S)
        seen = Seen()
        noting = asyncio.create_task(_note(socket, seen))
        try:
            yield seen
        finally:
            noting.cancel()
            with suppress(asyncio.CancelledError):
                await noting


def _log_in(port: int) -> str:
    """Log in as the nurse and return the cookie."""
    body = json.dumps({"username": NURSE, "password": PASSWORD}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/session", data=body, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=_FIRST_S) as answer:  # noqa: S310 - our own address
        cookie: str = answer.headers["Set-Cookie"]
    return cookie.split(";", 1)[0]


async def _note(socket: ClientConnection, seen: Seen) -> None:
    with suppress(ConnectionClosed):
        while True:
            text = await socket.recv(decode=True)
            seen.messages.append((time.time_ns(), text))


def latencies_ms(running: Running, seen: Seen, published: Published) -> Floats:
    """Return for each published reading the ms until it was visible; inf where it never was.

    On our board a reading is visible when a message shows its patient and kind as of its time or later.
    """
    if running.name is Name.FLOOR:
        return _of_floor(seen, published)
    return _of_board(running, seen, published)


def _of_floor(seen: Seen, published: Published) -> Floats:
    """Every published time stamp comes as itself; one that several readings share, as often."""
    pairs = [(int(stamp), at_ns) for at_ns, text in seen.messages for stamp in text.split(",")]
    shown = np.array(sorted(pairs), dtype=np.float64).reshape(-1, 2)
    out = np.full(len(published), np.inf)
    found = np.isin(shown[:, 0], published["measured_us"])
    came = shown[found][: len(published)]
    out[: len(came)] = came[:, 1] / 1e6 - came[:, 0] / 1e3
    return out


def _of_board(running: Running, seen: Seen, published: Published) -> Floats:
    decode = msgspec.json.Decoder(_Message).decode
    device = {int(patient_id): number for number, patient_id in enumerate(running.patients)}
    code = {str(kind): VITALS[VitalKind(kind)].code for kind in VITALS}
    rows = [
        (device[message.patient_id], code[kind], to_us(vital.measured_at), at_ns // 1000)
        for at_ns, text in seen.messages
        if not _idle(text) and (message := decode(text)).type == "vitals"
        for kind, vital in message.vitals.items()
    ]
    return matched(rows, published)


def matched(rows: Sequence[tuple[int, int, int, int]], published: Published) -> Floats:
    """Return for each published reading the ms until something as new was told of its device and kind, else inf.

    `rows` are what was told, in order: device, kind code, measured_us, and when it was told in microseconds.
    """
    shown = np.array(rows, dtype=np.int64).reshape(-1, 4)
    out = np.full(len(published), np.inf)
    series = published["device"].astype(np.int64) * 1000 + published["kind"]
    shown_series = shown[:, 0] * 1000 + shown[:, 1]
    for each in np.unique(series):
        mine = series == each
        of_mine = shown[shown_series == each]
        out[mine] = first_seen(published["measured_us"][mine], of_mine[:, 2], of_mine[:, 3])
    return out
