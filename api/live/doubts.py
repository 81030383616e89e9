"""Looks for this process whether alarms may fail to come, so that every board says so.

Where the store is lost no heartbeat comes, and the page says that by itself. The invariant: a doubt is told from the
look that finds it to the first that does not, with when it began.
"""

import asyncio

from api.live.board import Board
from ward import log
from ward.clock import Clock
from ward.errors import StoreUnavailable
from ward.store import doubts
from ward.store.borrow import borrow
from ward.store.pool import Pool

LOOK_S = 5.0


async def look(board: Board, store: Pool, clock: Clock) -> None:
    """Look once."""
    async with borrow(store) as conn:
        since = await doubts.since(conn, clock.now())
    # What ends late may have begun late: it is said since when it was first found.
    known = board.in_doubt_since
    board.in_doubt_since = since if since is None or known is None else min(since, known)


async def run(board: Board, store: Pool, clock: Clock) -> None:
    """Look for ever."""
    while True:
        try:
            await look(board, store, clock)
        except StoreUnavailable as error:
            log.get().warning("doubts_unread", error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the board must not go without this, whatever one look has met
            log.get().error("doubts_failed", error=type(error).__name__, exc_info=error)
        await asyncio.sleep(LOOK_S)
