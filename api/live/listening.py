"""Screens that listen: what pages say over their live sockets, gathered here and written every two seconds.

What is news (a screen that begins or closes, an alert that is shown for the first time) is written in a moment. An
alert that a screen goes on showing is told by every step that follows, so that is said again with each heartbeat.

A page speaks while it is visible and its sound is unlocked; what it says is a claim about itself and changes nothing
but who counts as told. The invariant: a page that has stopped speaking is silent in the store after fifteen seconds,
whatever becomes of this process.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

import msgspec

from ward import log
from ward.alerts import AlertId
from ward.clock import Clock
from ward.errors import StoreUnavailable
from ward.people import StaffId
from ward.store import listeners, outbox
from ward.store.borrow import borrow
from ward.store.listeners import SILENT_AFTER, Heard
from ward.store.pool import Pool

WRITE_S = 2.0
_MOMENT_S = 0.1
MOST_SHOWN = 200


class Said(msgspec.Struct, frozen=True):
    """What a page says of itself: whether somebody sees and hears it, the alerts it shows, the newest walk it knows.

    `looking` is the patient that is open in it, None where the board as a whole is shown.
    """

    type: Literal["heartbeat"]
    listening: bool = False
    shown: list[int] = []
    walk: int | None = None
    looking: int | None = None


_DECODER = msgspec.json.Decoder(Said)


def said(text: str | None) -> Said | None:
    """Read what a page sends; what is not understood is nothing."""
    try:
        return None if text is None else _DECODER.decode(text)
    except msgspec.DecodeError:
        return None


@dataclass(slots=True, kw_only=True)
class Screen:
    """One socket's side. `told` are the alerts that it has been recorded to show since `heard_at` was last new."""

    staff_id: StaffId
    listener_id: UUID = field(default_factory=uuid4)
    told: set[int] = field(default_factory=set)
    heard_at: datetime | None = None


class Listening:
    """What the screens of this process have said since it was last written."""

    def __init__(self, store: Pool, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._heard: dict[UUID, Heard] = {}
        self._shown: dict[StaffId, set[int]] = {}
        self._still: dict[StaffId, set[int]] = {}
        self._left: set[UUID] = set()
        self._news = asyncio.Event()

    def hear(self, screen: Screen, words: Said) -> None:
        """Take in what a screen says; one that does not listen any more counts no longer."""
        if not words.listening:
            if screen.heard_at is not None:
                self.leave(screen)
                screen.heard_at = None
            return
        now = self._clock.now()
        self._left.discard(screen.listener_id)
        begins = screen.heard_at is None or now - screen.heard_at > SILENT_AFTER
        self._heard[screen.listener_id] = Heard(
            listener_id=screen.listener_id,
            staff_id=screen.staff_id,
            heard_at=now,
            echoed=words.walk if words.walk is not None and 0 < words.walk < 1 << 31 else None,
        )
        shown = {each for each in words.shown[:MOST_SHOWN] if 0 < each < 1 << 63}
        news = shown if begins else shown - screen.told
        if news or begins:
            self._news.set()
        self._shown.setdefault(screen.staff_id, set()).update(news)
        self._still.setdefault(screen.staff_id, set()).update(shown - news)
        screen.told, screen.heard_at = shown, now

    def leave(self, screen: Screen) -> None:
        """Take a screen out that has closed."""
        self._heard.pop(screen.listener_id, None)
        self._left.add(screen.listener_id)
        self._news.set()

    async def run(self) -> None:
        """Write for ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(WRITE_S):
                    await self._news.wait()
            await asyncio.sleep(_MOMENT_S)
            self._news.clear()
            try:
                await self.write()
            except StoreUnavailable as error:
                log.get().warning("listeners_not_written", error=str(error)[:200])

    async def write(self) -> None:
        """Write what has been said; where the store does not answer, what would not be said again is kept for then."""
        heard, self._heard = self._heard, {}
        shown, self._shown = self._shown, {}
        still, self._still = self._still, {}
        left, self._left = self._left, set()
        if not (heard or left or any(shown.values())):
            return
        now = self._clock.now()
        try:
            async with borrow(self._store) as conn:
                await listeners.hear(conn, list(heard.values()))
                await listeners.leave(conn, left, now)
                for staff_id, alerts in shown.items():
                    if alerts:
                        await outbox.shown(conn, staff_id, [AlertId(each) for each in sorted(alerts)], now)
                await outbox.still_shown(conn, [(each, AlertId(one)) for each in still for one in still[each]], now)
        except StoreUnavailable:
            self._left |= left
            for staff_id, alerts in shown.items():
                self._shown.setdefault(staff_id, set()).update(alerts)
            raise
