"""Hints in, messages out: follows the store for this process and keeps the board.

All hints that wait are merged, and one round reads all stays they name. A sweep every few seconds compares the
board with the store, so a lost hint costs seconds, not a patient; after a lost connection everything is read anew.
Heartbeats stop when the store is not followed any more: a page must not look alive on old numbers.

Alerts wait for no round: they have a task and a connection of their own. Only who is offered one, and so sees a patient
from now on, is looked up in a round, which tells of it then.

A whole sweep begins with a mark of our own among the hints. When it has come back to us, everything stored before it
has been told, and the numbers may say so (`journal`); when it does not come back, we are deaf, and connect anew.
"""

import asyncio
import itertools
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from api.figures import Shown
from api.live.board import Board, Held, Place, place_of
from api.live.hub import TURNS, Close, Hub
from ward import log
from ward.access.principals import Scope
from ward.alerts import AlertId
from ward.clock import Clock
from ward.errors import StoreUnavailable
from ward.people import StayId
from ward.store import alert_reads, bus, news, selfchecks, sessions, tiles, viewers
from ward.store.alert_reads import AlertRow
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
_SESSIONS_AT_ONCE = 500


class _Pending:
    """What hints have named since the last round."""

    def __init__(self) -> None:
        self.readings: dict[tuple[StayId, int], Latest] = {}
        self.late: set[StayId] = set()
        self.moved: set[StayId] = set()
        self.news: set[StayId] = set()
        self.seats = False
        self.sessions = False
        self.ended: set[bytes] = set()
        self.presence = False
        self.sweep = False
        self.marks: set[str] = set()

    def take(self, hint: Hint) -> None:
        """Note a hint."""
        match hint.channel:
            case Channel.READINGS:
                latest, late = hint.latest()
                self.readings.update(((each.stay_id, each.kind), each) for each in latest)
                self.late.update(map(StayId, late))
            case Channel.SCORES | Channel.DEVICES:
                self.moved.update(map(StayId, hint.ids()))
            case Channel.NEWS if hint.payload:
                self.news.update(map(StayId, hint.ids()))
            case Channel.NEWS:
                self.sweep = True
            case Channel.REGISTRY | Channel.SEATS:
                self.seats = True
            case Channel.SESSIONS if hint.payload:
                self.ended.add(bytes.fromhex(hint.payload))
            case Channel.SESSIONS:
                self.sessions = True
            case Channel.ACCESS:
                self.seats = self.sessions = True
            case Channel.PRESENCE:
                self.presence = True
            case Channel.MARK:
                self.marks.add(hint.payload)


class Feed:
    """The one follower of the store in this process. `scope_of` says what the person of a session may see."""

    def __init__(
        self, database_url: str, hub: Hub, clock: Clock, scope_of: Callable[[SessionRow], Scope], shown: Shown
    ) -> None:
        self._url = database_url
        self._hub = hub
        self._clock = clock
        self._scope_of = scope_of
        self._shown = shown
        self._pending = _Pending()
        self._hinted = asyncio.Event()
        self._rung: set[AlertId] = set()
        self._moved: set[AlertId] = set()
        self._looked_at: set[AlertId] = set()
        self._ringing = asyncio.Event()
        self._telling = asyncio.Lock()
        self._followed_at: datetime | None = None
        self._ended: set[StayId] = set()
        self._touched: set[Place] = set()
        self._untold: dict[StayId, Held] = {}
        self._unchecked: list[bytes] = []
        self._marks = itertools.count(1)
        self._mark: tuple[str, datetime] | None = None

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
                except* (*LOST, StoreUnavailable) as lost:
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
            async with (
                await connect(self._url, "api-feed", autocommit=True) as reads,
                await connect(self._url, "api-alerts", autocommit=True, planned_once=True) as alerts,
            ):
                self._pending = _Pending()
                self._pending.seats = self._pending.sweep = True
                self._pending.moved.update(self.board.stays())
                self._mark = None
                self._hinted.set()
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._listen(hints), name="hints")
                    group.create_task(self._sweeps(), name="sweeps")
                    group.create_task(self._rounds(reads, alerts), name="rounds")
                    group.create_task(self._alerts(alerts), name="alerts")

    async def _listen(self, conn: Connection) -> None:
        async for hint in bus.listen(conn, _CHANNELS):
            if hint.channel is Channel.ALERTS:
                self._rung.update(map(AlertId, hint.ids()))
                self._ringing.set()
            else:
                self._pending.take(hint)
                self._hinted.set()

    async def _sweeps(self) -> None:
        for count in itertools.count(1):
            await asyncio.sleep(SWEEP_S)
            self._pending.sweep = True
            # Who answers for a stay changes with time alone, and by writes that no hint tells.
            self._pending.seats |= count % SEATS_EVERY == 1
            self._hinted.set()

    async def _beats(self) -> None:
        """Give everybody a heartbeat in their turn, so that an alert never waits behind thousands of them."""
        for turn in itertools.cycle(range(TURNS)):
            await asyncio.sleep(BEAT_S / TURNS)
            if self.following():
                for client in self._hub.clients():
                    if client.turn == turn:
                        client.beat()

    async def _rounds(self, conn: Connection, alerts: Connection) -> None:
        while True:
            await self._hinted.wait()
            self._hinted.clear()
            pending, self._pending = self._pending, _Pending()
            now = self._clock.now()
            if pending.ended or pending.sessions:
                self._hub.homes.recheck()
            if pending.ended:
                await self._sessions(conn, now, pending.ended)
            if pending.sessions:
                await self._sessions(conn, now, {client.token_sha256 for client in self._hub.clients()})
            elif pending.sweep:
                await self._sessions(conn, now, self._next_sessions())
            if pending.sweep and pending.seats and not self._heard_mark(pending):
                await self._begin(conn)
            if pending.seats:
                await self._seats(conn, now)
            if pending.sweep:
                await self._compare(conn, pending, now)
            await self._tiles(conn, pending)
            await self._rest(conn, alerts)
            if pending.news:
                self._hub.publish_news(self.board.set_news(await news.of_stays(conn, sorted(pending.news))))
            if pending.presence or pending.sweep:
                self._hub.publish_presence(await viewers.read(conn, now))
            self._followed_at = now
            self._promise(pending)

    def _next_sessions(self) -> set[bytes]:
        """Return the next few sessions to look at: what time alone ends is found within a minute or so."""
        if not self._unchecked:
            self._unchecked = list({client.token_sha256 for client in self._hub.clients()})
        some, self._unchecked = self._unchecked[:_SESSIONS_AT_ONCE], self._unchecked[_SESSIONS_AT_ONCE:]
        return set(some)

    async def _begin(self, conn: Connection) -> None:
        """Make a mark, which comes back to us behind everything that has been announced by now."""
        if self._mark is not None:
            raise StoreUnavailable("what is announced does not come")
        seq = self._hub.journal.seq
        name = f"{self._hub.journal.stream}.{next(self._marks)}"
        self._mark = name, await bus.mark(conn, name)
        self._hub.journal.began(self._mark[1], seq)

    def _heard_mark(self, pending: _Pending) -> bool:
        """Tell whether our mark is among these hints: it came back, however long the round took in which it did."""
        return self._mark is not None and self._mark[0] in pending.marks

    def _promise(self, pending: _Pending) -> None:
        """When our mark has come back, everything stored before it has been told."""
        if self._mark is None or not self._heard_mark(pending):
            return
        self._hub.journal.swept(self._mark[1])
        self._mark = None
        if not self.board.loaded:
            self.board.loaded = True
            for client in self._hub.clients():
                client.reload()

    async def _seats(self, conn: Connection, now: datetime) -> None:
        self._ended.clear()
        touched, new = self.board.set_seats(await tiles.read_seats(conn, now), now.date())
        self._touched |= touched  # kept until it is told, also when the store is lost in between
        if new:
            self.board.set_changes(new, await tiles.read_tiles(conn, new, now))
            self.board.set_news(await news.of_stays(conn, new))
        if self._touched:
            self._hub.publish_seats(self._touched)
            self._touched = set()

    async def _compare(self, conn: Connection, pending: _Pending, now: datetime) -> None:
        pending.moved.update(self.board.behind(await tiles.read_digest(conn, now)))
        self._hub.publish_news(self.board.set_news(await news.in_care(conn, now)))
        self._rung.update(self.board.alerts_behind(await alert_reads.read_revisions(conn)))

    async def _tiles(self, conn: Connection, pending: _Pending) -> None:
        now = self._clock.now()
        stays = {stay for stay, _ in pending.readings} | pending.late | pending.moved
        unknown = {stay for stay in stays if stay not in self.board}
        if unknown - self._ended:
            await self._seats(conn, now)
        # Late readings of stays that have ended: not on the board, and no reason to look again each time.
        self._ended |= {stay for stay in unknown if stay not in self.board}
        # What is announced needs no look at the store; each kind is newer than what was announced of it before.
        self._note(self.board.set_latest(pending.readings.values()))
        moved = pending.moved - self._ended
        if moved:
            self._note(self.board.set_changes(moved, await tiles.read_tiles(conn, list(moved), now)))
        untold, self._untold = self._untold, {}
        told = [held for stay, held in untold.items() if stay in self.board]
        self._hub.publish_tiles(told, self._clock.now())
        if told and self._hub.watched():
            shown = (each for each in pending.readings.values() if each.stay_id in untold)
            self._shown.readings(shown, self._clock.now())

    def _note(self, changed: Iterable[Held]) -> None:
        """Keep what has changed until it is told, also when the store is lost in between."""
        self._untold.update((held.seat.stay_id, held) for held in changed)

    async def _alerts(self, conn: Connection) -> None:
        """Tell what rings as soon as it is announced, for ever; a round does the rest."""
        while True:
            await self._ringing.wait()
            self._ringing.clear()
            async with self._telling:
                rung, self._rung = self._rung, set()
                rows = await alert_reads.read_alerts(conn, sorted(rung), self._clock.now())
                self._moved |= {row.alert_id for row in rows if self._is_out_of_place(row)}
                self._tell(row for row in rows if row.alert_id not in self._moved)
                self._looked_at |= rung
            self._hinted.set()

    async def _rest(self, conn: Connection, alerts: Connection) -> None:
        """Tell every alert that was announced by now and is not told yet; wait for those that are being told."""
        async with self._telling:
            wanted, self._rung = self._rung | self._moved, set()
            if wanted:
                rows = await alert_reads.read_alerts(alerts, sorted(wanted), self._clock.now())
                if any(map(self._is_out_of_place, rows)):
                    await self._seats(conn, self._clock.now())  # who is offered an alert sees its patient from now on
                self._tell(rows)
                self._moved = set()
                self._looked_at |= wanted
        # Whoever rings meanwhile does not wait for this.
        looked_at = sorted(self._looked_at)
        if looked_at:
            self.board.walk = await selfchecks.reached(conn, looked_at) or self.board.walk
            self._looked_at.difference_update(looked_at)

    def _is_out_of_place(self, row: AlertRow) -> bool:
        """Return whether others than before see the patient of an alert."""
        return row.stay_id in self.board and self.board.held(row.stay_id).place != place_of(row)

    def _tell(self, rows: Iterable[AlertRow]) -> None:
        now = self._clock.now()
        for row in rows:
            held = self.board.set_alert(row, now.date())
            if held is not None:
                self._hub.publish_alert(held)
                if self._hub.watched():
                    self._shown.alert(row, now)

    async def _sessions(self, conn: Connection, now: datetime, tokens: Collection[bytes]) -> None:
        """Look again at the sessions of these sockets: some end, some may now see others than before."""
        clients = [client for client in self._hub.clients() if client.token_sha256 in tokens]
        for start in range(0, len(clients), _SESSIONS_AT_ONCE):
            some = clients[start : start + _SESSIONS_AT_ONCE]
            rows = await sessions.read_sessions(conn, list({client.token_sha256 for client in some}), now)
            scopes = {bytes(row.token_sha256): self._scope_of(row) for row in rows}
            for client in some:
                scope = scopes.get(client.token_sha256)
                if scope is None:
                    client.close(Close.UNAUTHORISED)
                elif scope != client.room.scope:
                    client.close(Close.CHANGED)
