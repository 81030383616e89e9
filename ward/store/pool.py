"""Open connections to the store. Every session speaks UTC and names its service."""

from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

Connection = AsyncConnection[TupleRow]
Pool = AsyncConnectionPool[Connection]


def _conninfo(database_url: str, service: str) -> str:
    return make_conninfo(
        database_url, application_name=f"hemvakt-{service}", options="-c TimeZone=UTC", connect_timeout=10
    )


async def connect(database_url: str, service: str, *, autocommit: bool = False) -> Connection:
    """Open one connection.

    Raises
    ------
    psycopg.OperationalError
        If the store does not answer.
    """
    return await AsyncConnection.connect(_conninfo(database_url, service), autocommit=autocommit)


def pool(database_url: str, service: str, *, size: int) -> Pool:
    """Return a pool of at most `size` connections, to be entered with `async with`.

    When all are taken, a caller waits up to 30 s for one and then gets `PoolTimeout`.
    """
    return AsyncConnectionPool(
        _conninfo(database_url, service), min_size=1, max_size=size, timeout=30, open=False, name=service
    )
