"""Boards of a run of a whole cell: each keeps what a page keeps, comes back by its number, and notes any gap.

A board never reads the store and never asks for a snapshot while it can go on, so what it shows at the end is what the
stream told it. It counts as a gap: a `prev` that does not name the message before it.
"""

import asyncio
import ssl
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx
import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

_SILENT_S = 10.0
_PAUSE_S = 0.5
_LOGGED_OUT = 4401
_ANEW = 4408
Shown = dict[str, float]


class Vital(msgspec.Struct):
    """The newest value of a kind."""

    value: float | str
    measured_at: str


class Tile(msgspec.Struct):
    """A patient."""

    stay_id: int
    vitals: dict[str, Vital]


class Alert(msgspec.Struct):
    """An alert as it is."""

    alert_id: int
    stay_id: int
    rule: str
    rev: int
    state: str


class Message(msgspec.Struct):
    """Anything that the server says, with what of it a board keeps."""

    type: str
    seq: int
    prev: int | None = None
    stream: str | None = None
    stays: list[int] = []
    patients: list[Tile] = []
    alerts: list[Alert] = []
    alert: Alert | None = None
    stay_id: int = 0
    vitals: dict[str, Vital] = {}


@dataclass(slots=True, kw_only=True)
class Counts:
    """How a board has fared. `gaps` and `refused` must be 0: messages lost, and numbers that held for other stays."""

    connections: int = 0
    resumed: int = 0
    snapshots: int = 0
    gaps: int = 0
    refused: int = 0


@dataclass(slots=True, kw_only=True)
class Board:
    """One page at `port` of the proxy; `seen_s` is when (monotonic) each stay and rule was first shown."""

    port: int
    trust: ssl.SSLContext
    username: str
    password: str
    counts: Counts = field(default_factory=Counts)
    tiles: dict[int, dict[str, Vital]] = field(default_factory=dict)
    alerts: dict[int, Alert] = field(default_factory=dict)
    seen_s: dict[tuple[int, str], float] = field(default_factory=dict)
    _cookie: str = ""
    _stream: str | None = None
    _seq: int | None = None

    async def run(self) -> None:
        """Watch for ever; cancelled at the end."""
        while True:
            try:
                if not self._cookie:
                    await self._log_in()
                await self._watch()
            except (OSError, TimeoutError, httpx.HTTPError, InvalidHandshake, InvalidMessage, ConnectionClosed):
                pass
            await asyncio.sleep(_PAUSE_S)

    async def _log_in(self) -> None:
        async with browser(self.port, self.trust) as client:
            self._cookie = await log_in(client, self.username, self.password)

    async def _watch(self) -> None:
        place = {"since": self._seq, "stream": self._stream}
        address = f"wss://127.0.0.1:{self.port}/api/live" + (f"?{urlencode(place)}" if self._seq is not None else "")
        headers = {"Cookie": self._cookie}
        async with connect(
            address, ssl=self.trust, additional_headers=headers, max_size=None, ping_interval=None
        ) as socket:
            self.counts.connections += 1
            try:
                while True:
                    text = await asyncio.wait_for(socket.recv(), _SILENT_S)
                    if not self.take(msgspec.json.decode(text, type=Message)):
                        self._seq = None
                        return
            finally:
                if socket.close_code == _LOGGED_OUT:
                    self._cookie = ""
                if socket.close_code in {_LOGGED_OUT, _ANEW}:
                    self._seq = None

    def take(self, message: Message) -> bool:
        """Take a message in; False when this socket is of no more use and everything must be asked for anew."""
        if message.type in {"snapshot", "resumed"}:
            if not self._begin(message):
                return False
        elif message.prev is not None and message.prev != self._seq:
            self.counts.gaps += 1
            return False
        self._seq = message.seq
        if message.type == "vitals":
            self.tiles[message.stay_id] = message.vitals
        elif message.alert is not None:
            self._keep(message.alert)
        return True

    def _begin(self, message: Message) -> bool:
        if message.type == "resumed":
            if set(message.stays) != set(self.tiles):
                self.counts.refused += 1
                return False
            self.counts.resumed += 1
        else:
            self.counts.snapshots += 1
            self.tiles = {each.stay_id: each.vitals for each in message.patients}
            self.alerts.clear()
            for alert in message.alerts:
                self._keep(alert)
        self._stream = message.stream
        return True

    def _keep(self, alert: Alert) -> None:
        known = self.alerts.get(alert.alert_id)
        if known is None or alert.rev >= known.rev:
            self.alerts[alert.alert_id] = alert
        self.seen_s.setdefault((alert.stay_id, alert.rule), time.monotonic())

    def shows(self) -> tuple[dict[int, tuple[int, str]], dict[tuple[int, str], str]]:
        """Return what it shows: alerts that are not resolved with revision and state, and when each value is from."""
        alerts = {each.alert_id: (each.rev, each.state) for each in self.alerts.values() if each.state != "resolved"}
        values = {(stay, kind): each.measured_at for stay, kinds in self.tiles.items() for kind, each in kinds.items()}
        return alerts, values


def browser(port: int, trust: ssl.SSLContext) -> httpx.AsyncClient:
    """Return a browser at the proxy."""
    return httpx.AsyncClient(base_url=f"https://127.0.0.1:{port}", verify=trust, timeout=20)


async def log_in(client: httpx.AsyncClient, username: str, password: str) -> str:
    """Log in and return the cookie.

    Raises
    ------
    httpx.HTTPError
        If it did not work now.
    """
    answer = await client.post("/api/session", json={"username": username, "password": password})
    answer.raise_for_status()
    return "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
