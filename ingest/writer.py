"""From the inbox to the store: take, sort, commit, then acknowledge. In that order, always.

When the store is down, nothing is acknowledged: the batch is held and tried again until it is stored.
A message that the store refuses, or that nobody thought of, is found by halving the batch and quarantined alone.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date

import psycopg

from ingest import validate
from ingest.batch import HeldInbox
from ingest.clocks import Clocks
from ingest.counters import Counters
from ingest.delivery import Delivery, Door
from ward import log, wire
from ward.clock import Clock, to_us
from ward.people import Device
from ward.store import device_events, migrate, quarantine, registry, samples, waveforms
from ward.store import devices as device_store
from ward.store.pool import Connection, connect
from ward.vitals import IMPLAUSIBLE
from ward.wire import Leaf, Reason, Reject

_MOST = 2000
_MOST_BYTES = 1 << 20
_DAY_US = 86_400_000_000
_BACKOFF_S = (0.1, 0.2, 0.5, 1.0)  # a store that comes up for some seconds must not be missed
# What can be the fault of a message. Everything else is the store's: then nothing is refused, all is held.
_REFUSALS = (psycopg.DataError, psycopg.IntegrityError, ValueError, ArithmeticError, RecursionError)


class _RegistryMoved(Exception):  # noqa: N818 - reads as what happened
    """Bindings changed after the batch was sorted: sort it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Others:
    """What became of events and waveforms: how many are new, and which deliveries contradict what is stored."""

    stored: int
    conflicts: frozenset[int]


class Writer:
    """The one task that writes readings. State: a connection and the devices as of a registry version."""

    def __init__(self, database_url: str, inbox: HeldInbox, clock: Clock) -> None:
        self._database_url = database_url
        self._inbox = inbox
        self._clock = clock
        self._conn: Connection | None = None
        self._version = -1
        self._devices: dict[str, Device] = {}
        self._days: set[int] = set()
        self.counters = Counters()
        self.clocks = Clocks()

    async def run(self) -> None:
        """Write for ever; ends only when cancelled."""
        try:
            while True:
                batch = await self._inbox.take(_MOST, _MOST_BYTES)
                await self._write_whatever_it_takes(batch)
                self._inbox.release(batch)
        finally:
            await self._disconnect()

    async def _write_whatever_it_takes(self, batch: list[Delivery]) -> None:
        """Try until the batch is stored; a lost store is never a reason to let go of it."""
        tries = 0
        while True:
            try:
                await self._write(batch)
            except (psycopg.Error, OSError) as error:
                self.counters.store_down_since = self.counters.store_down_since or self._clock.now()
                await self._disconnect()
                pause_s = _BACKOFF_S[min(tries, len(_BACKOFF_S) - 1)]
                log.get().warning("store_unavailable", held=self._inbox.held, error=str(error)[:200], retry_s=pause_s)
                await asyncio.sleep(pause_s)
                tries += 1
            else:
                self.counters.store_down_since = None
                return

    async def _write(self, batch: list[Delivery]) -> None:
        """Store and acknowledge a batch, halving it where a part of it is refused."""
        try:
            await self._store(batch)
        except _REFUSALS as error:
            if len(batch) > 1:
                middle = len(batch) // 2
                await self._write(batch[:middle])
                await self._write(batch[middle:])
                return
            said = str(error)[:300].encode(errors="replace").decode()
            log.get().error("message_refused_by_store", topic=batch[0].topic, kind=type(error).__name__)
            reject = Reject(Reason.MALFORMED, f"it could not be stored: {said}", batch[0].payload)
            conn = await self._connected()
            async with conn.transaction():
                await quarantine.insert(conn, [validate.refused(batch[0], reject)])
            self._settle(batch, [(0, reject)], {})

    async def _store(self, batch: list[Delivery]) -> None:
        began_s = time.monotonic()
        conn = await self._connected()
        for _ in range(10):
            if self._version < 0:
                await self._reload(conn)
            found = validate.sort(batch, self._devices)
            await self._partitions(conn, found)
            try:
                rejects, stored = await self._commit(conn, batch, found)
            except _RegistryMoved:
                self._version = -1
                continue
            self._settle(batch, rejects, stored)
            now = self._clock.now()
            self.clocks.note(found.heard, found.ahead_us, now)
            self.counters.delays.batch.add(time.monotonic() - began_s)
            self.counters.delays.committed(found.rows.measured_us, found.rows.received_us, to_us(now))
            return
        raise psycopg.OperationalError("devices and bindings kept changing; trying again")

    async def _commit(
        self, conn: Connection, batch: list[Delivery], found: validate.Sorted
    ) -> tuple[list[tuple[int, Reject]], dict[int, int]]:
        """Store a batch in one transaction; conflicts, known only by then, are quarantined before the settling."""
        rows = found.rows
        rejects = list(found.rejects)
        async with AsyncExitStack() as stack:
            if found.rejects or found.statuses or found.events or found.blocks:
                await stack.enter_async_context(conn.transaction())
            inserted = await samples.insert_batch(conn, rows, self._version)
            if inserted is None:
                raise _RegistryMoved
            rejects += [(int(found.origin[n]), found.conflict(n)) for n in inserted.conflicts]
            if found.statuses:
                await device_store.save(conn, found.statuses)
            others = await self._insert_others(conn, found)
            rejects += [(at, _conflicting(batch[at])) for at in others.conflicts]
            if rejects:
                async with conn.transaction():
                    await quarantine.insert(conn, [validate.refused(batch[at], reject) for at, reject in rejects])
        stored: dict[int, int] = defaultdict(int)
        refused_rows = set(inserted.conflicts)
        self.counters.stored += inserted.stored + others.stored
        self.counters.repeated += len(rows) - inserted.stored - len(refused_rows)
        if any(delivery.response_topic for delivery in batch):  # only receipts tell it
            for n, position in enumerate(found.origin.tolist()):
                if n not in refused_rows and found.rows.validity[n] not in IMPLAUSIBLE:
                    stored[position] += 1
            for position, _ in (*found.events, *found.blocks):
                stored[position] += position not in others.conflicts
        return rejects, stored

    async def _insert_others(self, conn: Connection, found: validate.Sorted) -> _Others:
        """Store events and waveforms, in the transaction that holds the registry; a message has one of either."""
        events = await device_events.insert(conn, [row for _, row in found.events])
        blocks = await waveforms.insert_blocks(conn, [row for _, row in found.blocks])
        conflicts = {found.events[n][0] for n in events.conflicts} | {found.blocks[n][0] for n in blocks.conflicts}
        return _Others(stored=events.stored + blocks.stored, conflicts=frozenset(conflicts))

    def _settle(self, batch: list[Delivery], rejects: Sequence[tuple[int, Reject]], stored: dict[int, int]) -> None:
        """Tell the senders, after the commit: acknowledgements, rejects, receipts."""
        self.counters.messages += len(batch)
        self.counters.commits += 1
        refused: dict[int, int] = defaultdict(int)
        for position, reject in rejects:
            refused[position] += 1
            self.counters.rejected[str(reject.reason)] += 1
            self._answer(batch[position], reject)
        by_door: dict[Door, list[Delivery]] = defaultdict(list)
        for position, delivery in enumerate(batch):
            by_door[delivery.door].append(delivery)
            if delivery.response_topic and _own(delivery):
                receipt = wire.encode_receipt(stored=stored.get(position, 0), rejected=refused[position])
                delivery.door.publish(str(delivery.response_topic), receipt, correlation=delivery.correlation)
        for door, deliveries in by_door.items():
            door.acknowledge(deliveries)

    def _answer(self, delivery: Delivery, reject: Reject) -> None:
        topic = wire.parse_topic(delivery.topic)
        device_id = delivery.identity or (None if isinstance(topic, Reject) else topic.device_id)
        if device_id is not None:
            answer = wire.encode_reject(reject, delivery.payload)
            delivery.door.publish(wire.topic(device_id, Leaf.REJECTS), answer)

    async def _partitions(self, conn: Connection, found: validate.Sorted) -> None:
        days = set((found.rows.measured_us // _DAY_US).tolist())
        days = (days | {row.block.measured_us // _DAY_US for _, row in found.blocks}) - self._days
        if days:
            async with conn.transaction():
                await migrate.ensure_partitions(conn, [date.fromordinal(719_163 + day) for day in sorted(days)])
            self._days |= days

    async def _reload(self, conn: Connection) -> None:
        """Read the devices; that they cannot be read is never the fault of the message that waits for it."""
        try:
            async with conn.transaction():
                await registry.hold(conn)
                version = await registry.version(conn)
                self._devices = await registry.devices(conn)
        except _REFUSALS as error:
            raise psycopg.OperationalError(f"devices and bindings cannot be read: {error}") from error
        self._version = version

    async def _connected(self) -> Connection:
        if self._conn is None or self._conn.closed or self._conn.broken:
            self._conn = await connect(self._database_url, "ingest", autocommit=True)
            await samples.prepare(self._conn)
            self._version = -1
            self._days.clear()
        return self._conn

    async def _disconnect(self) -> None:
        if self._conn is not None:
            await self._conn.close()
        self._conn = None


def _conflicting(delivery: Delivery) -> Reject:
    return Reject(Reason.CONFLICT, "another event or block of this kind and time is stored already", delivery.payload)


def _own(delivery: Delivery) -> bool:
    """Tell whether a delivery asks for a receipt under its own device's topics; nobody else's are written to."""
    topic = wire.parse_topic(delivery.topic)
    prefix = "" if isinstance(topic, Reject) else wire.topic(topic.device_id, Leaf.REJECTS).removesuffix(Leaf.REJECTS)
    asked = delivery.response_topic
    return bool(asked and prefix and asked.startswith(prefix) and not {"+", "#", "\0"}.intersection(asked))
