"""Who has the board open in this process: gathered from its sockets, written to the store for all processes to show.

News is written in a moment, all of it together; in between the process says that it lives. What pages say of whom they
look at is a claim about themselves, is shown to their team alone, and changes nothing else.
"""

import asyncio
from contextlib import suppress
from uuid import UUID, uuid4

from ward import log
from ward.clock import Clock
from ward.errors import StoreUnavailable
from ward.people import PatientId, StaffId
from ward.store import viewers
from ward.store.borrow import borrow
from ward.store.pool import Pool
from ward.store.viewers import Opened

BEAT_S = 5.0
_MOMENT_S = 0.3
_LARGEST_ID = (1 << 63) - 1


class Presence:
    """The open boards of this process, and what of them has not been written yet."""

    def __init__(self, store: Pool, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._process_id = uuid4()
        self._open: dict[UUID, Opened] = {}
        self._fresh: set[UUID] = set()
        self._closed: set[UUID] = set()
        self._news = asyncio.Event()

    def open(self, viewer_id: UUID, staff_id: StaffId) -> None:
        """Take in a socket."""
        self._set(Opened(viewer_id=viewer_id, staff_id=staff_id, patient_id=None))

    def look(self, viewer_id: UUID, patient_id: int | None) -> None:
        """Note which patient is open in a socket."""
        known = self._open.get(viewer_id)
        wanted = PatientId(patient_id) if patient_id is not None and 0 < patient_id <= _LARGEST_ID else None
        if known is not None and known.patient_id != wanted:
            self._set(Opened(viewer_id=viewer_id, staff_id=known.staff_id, patient_id=wanted))

    def _set(self, opened: Opened) -> None:
        self._open[opened.viewer_id] = opened
        self._fresh.add(opened.viewer_id)
        self._news.set()

    def close(self, viewer_id: UUID) -> None:
        """Take out a socket."""
        if self._open.pop(viewer_id, None) is not None:
            self._fresh.discard(viewer_id)
            self._closed.add(viewer_id)
            self._news.set()

    async def run(self) -> None:
        """Write for ever; at the end, take this process out where the store still answers."""
        try:
            while True:
                await self._write_or_log()
                with suppress(TimeoutError):
                    async with asyncio.timeout(BEAT_S):
                        await self._news.wait()
                await asyncio.sleep(_MOMENT_S)
        finally:
            with suppress(StoreUnavailable, asyncio.CancelledError):
                async with borrow(self._store, wait_s=1.0) as conn:
                    await viewers.depart(conn, self._process_id)

    async def _write_or_log(self) -> None:
        try:
            await self.write()
        except StoreUnavailable as error:
            log.get().warning("presence_not_written", error=str(error)[:200])

    async def write(self) -> None:
        """Say that this process lives, and what has changed; where the store does not answer it is said again soon."""
        self._news.clear()
        fresh, self._fresh = self._fresh, set()
        closed, self._closed = self._closed, set()
        try:
            async with borrow(self._store) as conn:
                if await viewers.beat(conn, self._process_id, self._clock.now()):
                    fresh = set(self._open)
                if fresh or closed:
                    opened = [self._open[each] for each in fresh if each in self._open]
                    await viewers.save(conn, self._process_id, opened, closed)
        except StoreUnavailable:
            self._fresh |= fresh & self._open.keys()
            self._closed |= closed
            raise
