"""Borrow a connection of the pool for one transaction; a store that is gone becomes `StoreUnavailable`.

The transaction commits when the block ends and rolls back when it raises. One of `pool.looks` has no transaction.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import InterfaceError, OperationalError
from psycopg.errors import IdleInTransactionSessionTimeout, LockNotAvailable, ReadOnlySqlTransaction
from psycopg.pq import TransactionStatus
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from ward.errors import StoreBusy, StoreUnavailable
from ward.store.pool import Connection, Pool

# A process that stood still in a transaction finds its session ended by the store, as if the store had gone; and one
# that cannot be written to, a standby or a disk that is read-only, is as good as gone until it can.
LOST = (
    OperationalError,
    InterfaceError,
    IdleInTransactionSessionTimeout,
    ReadOnlySqlTransaction,
    PoolTimeout,
    PoolClosed,
    TooManyRequests,
)
_WAIT_S = 3.0


@asynccontextmanager
async def borrow(pool: Pool, *, wait_s: float = _WAIT_S) -> AsyncIterator[Connection]:
    """Yield a connection in a transaction, waiting at most `wait_s` seconds for it.

    Raises
    ------
    StoreBusy
        If somebody else holds for too long what the block wants to change (`patience`).
    StoreUnavailable
        If no connection is to be had in time, or the connection is lost within the block.
    """
    try:
        async with pool.connection(timeout=wait_s) as conn:
            yield conn
    except LockNotAvailable as error:
        _give_up(error)
        raise StoreBusy(str(error)) from error
    except LOST as error:
        _give_up(error)
        raise StoreUnavailable(str(error)) from error
    except Exception as error:
        _give_up(error)
        raise


def _give_up(error: Exception) -> None:
    """End who was told to end: what fails meanwhile must not have them go on as if it were all."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError from error


async def patience(conn: Connection, milliseconds: int) -> None:
    """Wait no longer than this for what somebody else holds, for the rest of the transaction; 0: as long as it takes.

    It ends a wait at the commit too, where whoever announces something stands in a queue of all who do.
    """
    await conn.execute("select set_config('lock_timeout', %s, true)", (f"{milliseconds}ms",))


async def hurry(conn: Connection, milliseconds: int) -> None:
    """Have `patience`, and statements that are prepared planned once, not each time, for the rest of the transaction.

    Not before a question about readings: planned once, it would hold every partition, and not only those it asks.
    """
    await conn.execute(
        "select set_config('lock_timeout', %s, true), set_config('plan_cache_mode', 'force_generic_plan', true)",
        (f"{milliseconds}ms",),
    )


async def mark(conn: Connection) -> None:
    """Mark a point of the transaction that `back` returns to; within a pipeline nobody waits for an answer to that.

    Where each statement is a transaction of its own, there is nothing to return to.
    """
    if not (conn.autocommit and conn.info.transaction_status is TransactionStatus.IDLE):
        await conn.execute("savepoint marked")


async def back(conn: Connection) -> None:
    """Undo what was done since the point that was marked, whatever has failed since."""
    async with conn.pipeline() as pipeline:
        await pipeline.sync()
    if conn.info.transaction_status is not TransactionStatus.IDLE:
        await conn.execute("rollback to savepoint marked")
