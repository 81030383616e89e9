"""The sign of life of an api process: given while it follows the store, so that what it shows is what there is.

Without it nobody knows that the board is gone: its screens fall silent with it, and where none listens the synthetic
alert ends at the console.
"""

import asyncio

from api.live.feed import Feed
from ward import log, process
from ward.clock import Clock
from ward.errors import StoreUnavailable
from ward.store import heartbeats
from ward.store.borrow import borrow
from ward.store.pool import Pool

BEAT_S = 2.0


async def run(feed: Feed, store: Pool, clock: Clock) -> None:
    """Give it for ever; one that could not be written is followed by another."""
    while True:
        if feed.following():
            try:
                async with borrow(store) as conn:
                    await heartbeats.beat(conn, "api", process.name(), clock.now(), {})
            except StoreUnavailable as error:
                log.get().warning("beat_failed", error=str(error)[:200])
        await asyncio.sleep(BEAT_S)
