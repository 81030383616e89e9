"""A session that the store has ended: who used it holds its work, and who was told to end ends all the same."""

import asyncio

import psycopg
import pytest

from alerting import courier
from tests.fix_ward import Ward
from ward.errors import StoreUnavailable
from ward.store.borrow import borrow
from ward.store.pool import Pool, pool

pytestmark = pytest.mark.integration


def test_process_that_stood_still_finds_the_store_gone(ward: Ward) -> None:
    """A session that was ended for standing still in a transaction is a lost store, not a fault that ends a service."""

    async def stand_still(store: Pool) -> None:
        async with borrow(store) as conn:
            await conn.execute("set local idle_in_transaction_session_timeout = '1ms'")
            watching = await psycopg.AsyncConnection.connect(ward.database_url, autocommit=True)
            async with watching, asyncio.timeout(20):
                ask = "select 1 from pg_stat_activity where pid = %s"
                while await (await watching.execute(ask, (conn.info.backend_pid,))).fetchone():
                    await asyncio.sleep(0.01)
            await conn.execute("select")

    async def run() -> None:
        async with pool(ward.database_url, "test", size=1) as store:
            with pytest.raises(StoreUnavailable):
                await stand_still(store)

    asyncio.run(run())


def test_store_that_cannot_be_written_to_is_no_store(ward: Ward) -> None:
    """A standby, or a disk that is read-only, is waited for like a store that is gone, and ends no service."""

    async def write(store: Pool) -> None:
        async with borrow(store) as conn:
            await conn.execute("set transaction read only")
            await conn.execute("delete from service_heartbeat")

    async def run() -> None:
        async with pool(ward.database_url, "test", size=1) as store:
            with pytest.raises(StoreUnavailable):
                await write(store)

    asyncio.run(run())


@pytest.mark.parametrize(
    "error", [psycopg.OperationalError("lost"), psycopg.errors.LockNotAvailable("held"), KeyError("unforeseen")]
)
def test_h21_who_is_told_to_end_ends_whatever_fails_at_that_moment(ward: Ward, error: Exception) -> None:
    """No error takes the place of the word to end: a loop that went on would keep half a process."""

    async def work(store: Pool, begun: asyncio.Event) -> None:
        async with borrow(store):
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                raise error

    async def run() -> None:
        async with pool(ward.database_url, "test", size=1) as store:
            begun = asyncio.Event()
            working = asyncio.create_task(work(store, begun))
            await begun.wait()
            working.cancel()
            with pytest.raises(asyncio.CancelledError):
                await working

    asyncio.run(run())


@pytest.mark.parametrize("turns", range(8))
def test_h21_loop_that_is_woken_and_told_to_end_at_once_ends(turns: int) -> None:
    """Whichever comes first, a hint that there is something to do is not heard instead of the word to end."""

    async def nothing() -> bool:
        return False

    async def run() -> bool:
        wake = asyncio.Event()
        looping = asyncio.create_task(courier._repeat("lane", nothing, wake))
        for _ in range(5):
            await asyncio.sleep(0)
        wake.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        looping.cancel()
        _, going_on = await asyncio.wait({looping}, timeout=0.2)
        looping.cancel()
        return not going_on

    assert asyncio.run(run())
