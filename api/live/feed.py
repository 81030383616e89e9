"""Hints in, messages out: follows the store for this process and keeps the board.

All hints that wait are merged, and one round reads all stays they name. A sweep every few seconds compares the
board with the store, so a lost hint costs seconds, not a patient; after a lost connection everything is compared.
Heartbeats stop when the store is not followed any more: a page must not look alive on old numbers.
"""

import asyncio
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta

from api.live.board import Board, place_of
from api.live.hub import Close, Hub
from ward import log
from ward.access.principals import Scope
from ward.alerts import AlertId
from ward.clock import Clock
from ward.people import StayId
from ward.store import alert_reads, bus, selfchecks, sessions, tiles
from ward.store.borrow import LOST
from ward.store.bus import Channel, Hint, Latest
from ward.store.pool import Connection, connect
from ward.store.sessions import SessionRow

SWEEP_S = 5.0
SEATS_EVERY = 3
BEAT_S = 2.0
_SILENT_AFTER = timedelta(seconds=3 * SWEEP_S)
_LONGEST_BACKOFF_S = 5.0
_CHANNELS = tuple(channel for channel in Channel if channel is not Channel.MQTT)  # sessions of devices show nowhere


class _Pending:
    """What hints have named since the last round."""

    def __init__(self) -> None:
        self.readings: dict[tuple[StayId, int], Latest] = {}
        self.late: set[StayId] = set()
        self.moved: set[StayId] = set()
        self.alerts: set[AlertId] = set()
        self.seats = False
        self.sessions = False
        self.sweep = False

    def take(self, hint: Hint) -> None:
        """Note a hint."""
        channel, ids = hint.channel, [] if hint.channel is Channel.READINGS else hint.ids()
        match channel:
            case Channel.READINGS:
                latest, late = hint.latest()
                self.readings.update(((each.stay_id, each.kind), each) for each in latest)
                self.late.update(map(StayId, late))
            case Channel.SCORES | Channel.DEVICES:
                self.moved.update(map(StayId, ids))
            case Channel.ALERTS:
                self.alerts.update(map(AlertId, ids))
            case Channel.REGISTRY:
                self.seats = True
            case Channel.SESSIONS:
                self.sessions = True
            case Channel.ACCESS:
                self.seats = self.sessions = True


class Feed:
    """The one follower of the store in this process. `scope_of` says what the person of a session may see."""

    def __init__(self, database_url: str, hub: Hub, clock: Clock, scope_of: Callable[[SessionRow], Scope]) -> None:
        self._url = database_url
        self._hub = hub
        self._clock = clock
        self._scope_of = scope_of
        self._pending = _Pending()
        self._hinted = asyncio.Event()
        self._followed_at: datetime | None = None
        self._ended: set[StayId] = set()

    @property
    def board(self) -> Board:
        """The board that is kept."""
        return self._hub.board

    def following(self) -> bool:
        """Tell whether the store was read a moment ago."""
        # A clock that is put back must not make an old look seem a new one.
        return self._followed_at is not None and abs(self._clock.now() - self._followed_at) < _SILENT_AFTER

    async def run(self) -> None:
        """Follow the store until cancelled; connect again, after a growing pause, whenever it is lost."""
        pause_s = 0.1
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beats(), name="heartbeats")
            while True:
                began = self._clock.now()
                try:
                    await self._follow()
                except* LOST as lost:
                    log.get().warning("feed_lost", error=type(lost.exceptions[0]).__name__)
                except* Exception as broken:  # noqa: BLE001 - the board must come back whatever it was; nothing is skipped
                    log.get().error("feed_failed", error=type(broken.exceptions[0]).__name__, exc_info=broken)
                if self._clock.now() - began > timedelta(seconds=_LONGEST_BACKOFF_S):
                    pause_s = 0.1
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_BACKOFF_S)

    async def _follow(self) -> None:
        async with await connect(self._url, "api-hints", autocommit=True) as hints:
            await bus.subscribe(hints, _CHANNELS)
            async with await connect(self._url, "api-feed", autocommit=True) as reads:
                self._pending = _Pending()
                self._pending.seats = self._pending.sweep = True
                self._hinted.set()
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._listen(hints), name="hints")
                    group.create_task(self._sweeps(), name="sweeps")
                    group.create_task(self._rounds(reads), name="rounds")

    async def _listen(self, conn: Connection) -> None:
        async for hint in bus.listen(conn, _CHANNELS):
            self._pending.take(hint)
            self._hinted.set()

    async def _sweeps(self) -> None:
        for count in itertools.count(1):
            await asyncio.sleep(SWEEP_S)
            self._pending.sweep = True
            # Who answers for a stay changes with time alone, and by writes that no hint tells.
            self._pending.seats |= count % SEATS_EVERY == 0
            self._hinted.set()

    async def _beats(self) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            if self.following():
                for client in self._hub.clients():
                    client.beat()

    async def _rounds(self, conn: Connection) -> None:
        while True:
            await self._hinted.wait()
            self._hinted.clear()
            pending, self._pending = self._pending, _Pending()
            now = self._clock.now()
            if pending.seats:
                await self._seats(conn, now)
            if pending.sweep:
                await self._compare(conn, pending, now)
            await self._tiles(conn, pending)
            if pending.alerts:
                await self._alerts(conn, sorted(pending.alerts))
            if pending.sessions or pending.sweep:
                await self._sessions(conn, now)
            self._followed_at = now
            if pending.sweep and not self.board.loaded:
                self.board.loaded = True
                for client in self._hub.clients():
                    client.reload()

    async def _seats(self, conn: Connection, now: datetime) -> None:
        self._ended.clear()
        touched, new = self.board.set_seats(await tiles.read_seats(conn, now), now.date())
        if new:
            self.board.set_changes(new, await tiles.read_tiles(conn, new, now))
        if touched:
            self._hub.publish_seats(touched)

    async def _compare(self, conn: Connection, pending: _Pending, now: datetime) -> None:
        pending.moved.update(self.board.behind(await tiles.read_digest(conn, now)))
        pending.alerts.update(self.board.alerts_behind(await alert_reads.read_revisions(conn)))
        self._hub.forget_rooms(now)

    async def _tiles(self, conn: Connection, pending: _Pending) -> None:
        now = self._clock.now()
        stays = {stay for stay, _ in pending.readings} | pending.late | pending.moved
        unknown = {stay for stay in stays if stay not in self.board}
        if unknown - self._ended:
            await self._seats(conn, now)
        # Late readings of stays that have ended: not on the board, and no reason to look again each time.
        self._ended |= {stay for stay in unknown if stay not in self.board}
        # What is announced needs no look at the store; each kind is newer than what was announced of it before.
        changed = {held.seat.stay_id: held for held in self.board.set_latest(pending.readings.values())}
        moved = pending.moved - self._ended
        if moved:
            found = self.board.set_changes(moved, await tiles.read_tiles(conn, list(moved), now))
            changed.update((held.seat.stay_id, held) for held in found)
        if not changed:
            return
        self._hub.publish_tiles(list(changed.values()), self._clock.now())

    async def _alerts(self, conn: Connection, alert_ids: list[AlertId]) -> None:
        now = self._clock.now()
        self.board.walk = await selfchecks.reached(conn, alert_ids) or self.board.walk
        rows = await alert_reads.read_alerts(conn, alert_ids, now)
        if any(row.stay_id in self.board and self.board.held(row.stay_id).place != place_of(row) for row in rows):
            await self._seats(conn, now)  # who is offered an alert sees its patient from now on
        for row in rows:
            held = self.board.set_alert(row, now.date())
            if held is not None:
                self._hub.publish_alert(held)

    async def _sessions(self, conn: Connection, now: datetime) -> None:
        clients = self._hub.clients()
        if not clients:
            return
        rows = await sessions.read_sessions(conn, list({client.token_sha256 for client in clients}), now)
        scopes = {bytes(row.token_sha256): self._scope_of(row) for row in rows}
        for client in clients:
            scope = scopes.get(client.token_sha256)
            if scope is None:
                client.close(Close.UNAUTHORISED)
            elif scope != client.room.scope:
                client.close(Close.RESTART)
