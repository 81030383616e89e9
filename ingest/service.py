"""The ingest process: a door, the inbox, the writer, and a heartbeat in the store."""

import asyncio
import gc
import signal
from typing import Protocol

import psycopg

from ingest import figures, validate
from ingest.batch import HeldInbox
from ingest.broker_keeper import BrokerKeeper
from ingest.broker_line import Address, address_of
from ingest.client import BrokerDoor
from ingest.clocks import Clocks
from ingest.endpoint_door import EndpointDoor
from ingest.registry_watch import RegistryWatch
from ingest.writer import Writer
from ward import log, process
from ward.chores import Ending, Kind
from ward.clock import Clock, SystemClock
from ward.ending import end
from ward.errors import StoreUnavailable
from ward.settings import Settings
from ward.store import chores, device_clocks, heartbeats, upkeep
from ward.store.borrow import borrow
from ward.store.figures import Teller
from ward.store.keep import Keep
from ward.store.pool import Connection, Pool, connect, pool

_MOST_HELD = 20_000
_MOST_HELD_BYTES = 64 << 20
_BEAT_S = 2.0
_STUCK_S = 10.0
_UPKEEP_S = 60.0
_ENDINGS_S = 60.0
_LOOK_S = 2.0


class Working(Protocol):
    """What tells whether devices can reach us."""

    @property
    def working(self) -> bool:
        """True while they can."""


class Certified(Protocol):
    """What has certificates."""

    def endings(self, holder: str) -> list[Ending]:
        """Return when certificates end, ours and those of devices that came since the last call."""


async def run(settings: Settings, clock: Clock | None = None) -> None:
    """Serve until SIGTERM or SIGINT; what was not acknowledged by then comes again to the next ingest."""
    clock = clock or SystemClock()
    process.many_files()
    # What waits is many small objects without cycles: looking through all of them again and again would cost more than
    # decoding them. But paho leaves cycles, and many of them at once would take longer than a commit.
    gc.set_threshold(2_000, 20, 50)
    address = address_of(settings) if settings.mqtt_url else None
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    inbox = HeldInbox(most=_MOST_HELD, most_bytes=_MOST_HELD_BYTES, decode=validate.decode)
    watch = RegistryWatch(settings.database_url)
    writer = Writer(settings.database_url, inbox, clock)
    async with pool(settings.database_url, "ingest-side", size=4) as side:
        following = asyncio.create_task(watch.run(), name="registry")
        if not await _loaded(watch, following, stopping):
            return
        door = await _open_door(settings, address, side, inbox, clock, watch)
        tasks = [
            following,
            asyncio.create_task(writer.run(), name="writer"),
            asyncio.create_task(_beat(side, door, writer, inbox, clock), name="beat"),
            asyncio.create_task(_upkeep(settings, clock), name="upkeep"),
            asyncio.create_task(_endings(side, door, clock), name="endings"),
            asyncio.create_task(_teller(writer, inbox, door, clock).run(side), name="figures"),
            asyncio.create_task(stopping.wait(), name="stopping"),
        ]
        if address is not None:
            tasks.append(asyncio.create_task(BrokerKeeper(settings, address).run(), name="broker-keeper"))
        if isinstance(door, EndpointDoor):
            tasks.append(door.keeping)
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await door.stop()
        await end(done, pending)
    log.get().info("ingest_stopped", messages=writer.counters.messages, stored=writer.counters.stored)


async def _loaded(watch: RegistryWatch, following: asyncio.Task[None], stopping: asyncio.Event) -> bool:
    """Wait for the devices; False when the process is to stop before the store has answered."""
    waits = [asyncio.create_task(event.wait()) for event in (watch.loaded, stopping)]
    await asyncio.wait([*waits, following], return_when=asyncio.FIRST_COMPLETED)
    for task in (*waits, *([following] if stopping.is_set() else [])):
        task.cancel()
    if following.done():
        following.result()
    return not stopping.is_set()


async def _open_door(
    settings: Settings, address: Address | None, side: Pool, inbox: HeldInbox, clock: Clock, watch: RegistryWatch
) -> BrokerDoor | EndpointDoor:
    if address is not None:
        door = BrokerDoor(
            address, inbox, clock, client_id=f"hemvakt-ingest-{settings.instance}", group=settings.broker_group
        )
        door.start()
        return door

    endpoint = EndpointDoor(settings, side, inbox, clock, watch.retained)
    watch.endpoint = endpoint.endpoint
    await endpoint.start()
    return endpoint


async def _tell_clocks(conn: Connection, clocks: Clocks, clock: Clock) -> None:
    """Keep what was learnt of devices' clocks; what cannot be kept now is kept the next time."""
    estimates = clocks.take()
    try:
        await device_clocks.save(conn, estimates, clock.now())
    except (StoreUnavailable, psycopg.Error):
        clocks.put_back(estimates)
        raise


async def _beat(side: Pool, door: Working, writer: Writer, inbox: HeldInbox, clock: Clock) -> None:
    """Write a heartbeat with the counters.

    A heartbeat says that readings come in and are being stored: while the door is shut, or none is stored that waits,
    there is none.
    """
    counters, loop = writer.counters, asyncio.get_running_loop()
    commits, moved_at_s = 0, loop.time()
    while True:
        if door.working and (counters.commits != commits or not inbox.held):
            commits, moved_at_s = counters.commits, loop.time()
        elif loop.time() - moved_at_s > _STUCK_S:
            seconds = round(loop.time() - moved_at_s)
            log.get().error("ingest_stuck", door_works=door.working, held=inbox.held, seconds=seconds)
            await asyncio.sleep(_BEAT_S)
            continue
        detail = {
            "messages": counters.messages,
            "stored": counters.stored,
            "repeated": counters.repeated,
            "held": inbox.held,
            "held_since": inbox.held_since and inbox.held_since.isoformat(),
            "rejected": dict(counters.rejected),
            "store_down_since": counters.store_down_since and counters.store_down_since.isoformat(),
            **(door.detail() if isinstance(door, EndpointDoor) else {}),
        }
        try:
            async with borrow(side) as conn:
                await heartbeats.beat(conn, "ingest", process.name(), clock.now(), detail)
                await _tell_clocks(conn, writer.clocks, clock)
                if isinstance(door, EndpointDoor):
                    await door.note_throttled(conn)
        except (StoreUnavailable, psycopg.Error) as error:
            log.get().warning("beat_failed", error=str(error)[:200])
        await asyncio.sleep(_BEAT_S)


async def _endings(side: Pool, door: Certified, clock: Clock) -> None:
    """Tell when certificates end, news within seconds and ours each minute; what cannot be told waits."""
    loop, devices = asyncio.get_running_loop(), dict[str, Ending]()
    told, told_at_s = list[Ending](), 0.0
    while True:
        every = door.endings(process.name())
        ours = [each for each in every if each.kind is not Kind.DEVICE]
        devices |= {each.holder: each for each in every if each.kind is Kind.DEVICE}
        if devices or ours != told or (ours and loop.time() - told_at_s > _ENDINGS_S):
            try:
                async with borrow(side) as conn:
                    await chores.seen(conn, [*ours, *devices.values()], clock.now())
                told, told_at_s = ours, loop.time()
                devices.clear()
            except (StoreUnavailable, psycopg.Error) as error:
                log.get().warning("endings_untold", error=str(error)[:200])
        await asyncio.sleep(_LOOK_S)


def _teller(writer: Writer, inbox: HeldInbox, door: BrokerDoor | EndpointDoor, clock: Clock) -> Teller:
    """Return what tells the figures of this process."""
    endpoint = door.endpoint.counters if isinstance(door, EndpointDoor) else None
    counters = writer.counters
    return Teller(
        service="ingest",
        clock=clock,
        families=lambda: figures.families(counters, inbox, endpoint, clock.now()),
    )


async def _upkeep(settings: Settings, clock: Clock) -> None:
    """Keep partitions, aggregates and what is too old in order; whatever fails is tried again, and ingest goes on."""
    keep = Keep.of(settings)
    while True:
        try:
            async with await connect(settings.database_url, "upkeep", autocommit=True) as conn:
                report = await upkeep.run(conn, clock.now(), keep)
            if report is not None and any(report.counts().values()):
                log.get().info("upkeep_done", **report.counts())
        except (psycopg.Error, OSError) as error:
            log.get().warning("upkeep_failed", error=str(error)[:200])
        await asyncio.sleep(_UPKEEP_S)
