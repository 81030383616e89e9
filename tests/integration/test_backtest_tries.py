"""A back-test that its workers die of is not tried for ever, on a real store."""

import asyncio
from datetime import timedelta

import pytest

from alerting.backtest_worker import Worker
from tests.fix_api import House, serving
from tests.integration.test_backtest import NOW, a_body, ask, asked, done
from ward.clock import FakeClock
from ward.store import backtests
from ward.store.pool import connect, pool

pytestmark = pytest.mark.integration


def test_h21_job_that_its_workers_die_of_fails_after_three_of_them(house: House) -> None:
    """It keeps nobody else's waiting for ever: it ends as failed, and says why in words and for a page."""

    async def visit() -> None:
        clock = FakeClock(NOW)
        async with serving(house.database_url, clock) as served, served.logged_in("anna") as anna:
            number = (await asked(anna, a_body(house)))["backtest_id"]
            behind = (await asked(anna, a_body(house)))["backtest_id"]
            for worker in range(backtests.MOST_TRIES):
                async with await connect(house.database_url, "test") as conn:
                    taken = await backtests.take(conn, f"dies {worker}", clock.now())
                    assert taken is not None
                    assert taken.backtest_id == number
                clock.advance(backtests.LEASE + timedelta(seconds=1))
            assert await done(house, clock)
            told = (await anna.get(f"/api/backtests/{number}")).json()
            assert (told["state"], told["failure"], told["report"]) == ("failed", "cut_off", None)
            assert "3 times, as happens when memory does not suffice" in told["fault"]
            assert (await anna.get(f"/api/backtests/{behind}")).json()["state"] == "done"
            assert not await done(house, clock)

    asyncio.run(visit())


def test_h21_worker_that_only_lost_the_store_or_was_asked_to_end_used_up_no_try(house: House) -> None:
    """Who takes up what was theirs, or gives it back, has not died of it; a shadow's next turn has all tries."""

    async def visit() -> None:
        clock = FakeClock(NOW)
        async with serving(house.database_url, clock) as served, served.logged_in("anna") as anna:
            await asked(anna, a_body(house, to=None))
        for _ in range(backtests.MOST_TRIES + 1):
            async with await connect(house.database_url, "test") as conn:
                assert await backtests.take(conn, "stays", clock.now()) is not None
            clock.advance(backtests.LEASE + timedelta(seconds=1))
        async with pool(house.database_url, "test", size=2) as store:
            await Worker(store=store, clock=clock, name="stays").leave()
        assert ask(house.database_url, "select state, tries, worker from backtest") == [("queued", 0, None)]
        assert await done(house, clock)
        assert ask(house.database_url, "select state, tries, worker from backtest") == [("queued", 0, None)]

    asyncio.run(visit())
