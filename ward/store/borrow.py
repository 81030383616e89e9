"""Borrow a connection of the pool for one transaction; a store that is gone becomes `StoreUnavailable`.

The transaction commits when the block ends and rolls back when it raises. One of `pool.looks` has no transaction.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import InterfaceError, OperationalError
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from ward.errors import StoreUnavailable
from ward.store.pool import Connection, Pool

LOST = (OperationalError, InterfaceError, PoolTimeout, PoolClosed, TooManyRequests)
_WAIT_S = 3.0


@asynccontextmanager
async def borrow(pool: Pool, *, wait_s: float = _WAIT_S) -> AsyncIterator[Connection]:
    """Yield a connection in a transaction, waiting at most `wait_s` seconds for it.

    Raises
    ------
    StoreUnavailable
        If no connection is to be had in time, or the connection is lost within the block.
    """
    try:
        async with pool.connection(timeout=wait_s) as conn:
            yield conn
    except LOST as error:
        raise StoreUnavailable(str(error)) from error
