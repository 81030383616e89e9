"""A worker leaves a broker for good: it takes what waits in its session, and gives the session up.

A broker hands each session of a group its part, also while its worker is away, and throws it away when the session ends
by itself. So a worker that is not to come back has to say so.
"""

import asyncio

from ingest import validate
from ingest.batch import HeldInbox
from ingest.broker_line import address_of
from ingest.client import BrokerDoor
from ingest.writer import Writer
from ward import log
from ward.clock import SystemClock
from ward.errors import ConfigError
from ward.settings import Settings

_MOST_HELD = 20_000
_MOST_HELD_BYTES = 64 << 20
_CONNECT_S = 30.0
_QUIET_S = 3.0
_LOOK_S = 0.1


async def leave(settings: Settings) -> int:
    """Leave, and return how many messages were taken on the way.

    Raises
    ------
    ConfigError
        If there is no broker, or it does not let us in.
    """
    if not settings.mqtt_url:
        raise ConfigError("HEMVAKT_MQTT_URL: must be set; without a broker there is nothing to leave")
    clock = SystemClock()
    inbox = HeldInbox(most=_MOST_HELD, most_bytes=_MOST_HELD_BYTES, decode=validate.decode)
    name = f"hemvakt-ingest-{settings.instance}"
    door = BrokerDoor(address_of(settings), inbox, clock, client_id=name, group=settings.broker_group)
    writer = Writer(settings.database_url, inbox, clock)
    writing = asyncio.create_task(writer.run(), name="writer")
    door.start()
    try:
        await _working(door)
        door.unsubscribe()
        await _drained(door, inbox)
        door.give_up_session()
    finally:
        await door.stop()
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
    log.get().info("broker_left", instance=settings.instance, messages=writer.counters.messages)
    return writer.counters.messages


async def _working(door: BrokerDoor) -> None:
    try:
        async with asyncio.timeout(_CONNECT_S):
            while True:
                if door.working:
                    return
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        raise ConfigError("HEMVAKT_MQTT_URL: the broker does not let ingest in; the log says why") from None


async def _drained(door: BrokerDoor, inbox: HeldInbox) -> None:
    """Wait until nothing has come for a while and everything is stored."""
    loop = asyncio.get_running_loop()
    received, since_s = door.received, loop.time()
    while True:
        await asyncio.sleep(_LOOK_S)
        if door.received != received or inbox.held or not door.working:
            received, since_s = door.received, loop.time()
        elif loop.time() - since_s >= _QUIET_S:
            return
