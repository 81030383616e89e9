"""Open connections to the store. Every session speaks UTC, names its service, and waits for nothing for ever.

No statement of ours is compiled before it runs (`jit`): those over many partitions seem dear to the planner, and to
compile them takes seconds, each time, for milliseconds of work.

A store that vanished without a word is given up after seconds, a lock that somebody else holds after `_LOCK_S`; and a
session of ours that stands still in a transaction, its process frozen, is ended by the store, so that the alert that
it holds can be acknowledged.
"""

from psycopg import AsyncConnection, AsyncCursor, OperationalError
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from ward.errors import StoreUnavailable

Connection = AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]
# Rows that have been asked for within a pipeline, and come when they are fetched.
Coming = AsyncCursor[TupleRow]


_LOCK_S = 5
_STANDSTILL_S = 60


def _conninfo(database_url: str, service: str, settings: str = "") -> str:
    return make_conninfo(
        database_url,
        application_name=f"hemvakt-{service}",
        options=f"-c TimeZone=UTC -c lock_timeout={_LOCK_S}s -c idle_in_transaction_session_timeout={_STANDSTILL_S}s"
        " -c jit=off" + settings,
        connect_timeout=10,
        keepalives_idle=10,
        keepalives_interval=3,
        keepalives_count=3,
        tcp_user_timeout=15_000,
    )


async def connect(
    database_url: str, service: str, *, autocommit: bool = False, planned_once: bool = False
) -> Connection:
    """Open one connection.

    With `planned_once` statements that are prepared are planned once and not at each use: for few and long ones that
    ask for a few rows by their keys, where planning costs more than asking. Not for readings: planned once, a question
    would hold every partition.

    Raises
    ------
    psycopg.OperationalError
        If the store does not answer. Commands for people turn it into words: `reach`.
    """
    settings = " -c plan_cache_mode=force_generic_plan" if planned_once else ""
    return await AsyncConnection.connect(_conninfo(database_url, service, settings), autocommit=autocommit)


async def reach(database_url: str, service: str) -> Connection:
    """Open one connection for a command that a person has given.

    Raises
    ------
    StoreUnavailable
        If the store does not answer, saying what to look at.
    """
    try:
        return await connect(database_url, service)
    except OperationalError as error:
        raise StoreUnavailable(
            f"The store does not answer ({str(error).strip()}). Is it running, and is HEMVAKT_DATABASE_URL right?"
        ) from error


def pool(database_url: str, service: str, *, size: int) -> Pool:
    """Return a pool of at most `size` connections, to be entered with `async with`; each use is one transaction.

    When all are taken, a caller waits up to 30 s for one and then gets `PoolTimeout`. One that the store has closed
    meanwhile is not handed out.
    """
    return _pool(database_url, service, size, {})


def looks(database_url: str, service: str, *, size: int) -> Pool:
    """Return a pool like `pool`, for reading and for what is one statement: nothing waits for a begin and a commit.

    Each statement sees what is committed when it begins, as in our transactions, and is committed when it ends.
    """
    return _pool(database_url, service, size, {"autocommit": True})


def _pool(database_url: str, service: str, size: int, session: dict[str, bool]) -> Pool:
    return AsyncConnectionPool(
        _conninfo(database_url, service),
        kwargs=session,
        min_size=1,
        max_size=size,
        timeout=30,
        open=False,
        name=service,
        check=_alive,
    )


async def _alive(conn: Connection) -> None:
    """Refuse a connection whose end has come: by what has arrived already, without asking the store."""
    conn.pgconn.consume_input()  # the server's last words
    conn.pgconn.consume_input()  # and that it has hung up
