"""The alarm system checks itself on a real store: a whole walk, and every leg that can be missing."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from alerting import selfcheck
from alerting.deliver import URGENT, send_due, take_steps
from alerting.due import evaluate_due
from tests.delivery_scene import NOON, Scene, scene
from tests.fix_ward import Ward
from ward.alerts import Priority
from ward.clock import SystemClock
from ward.errors import StoreUnavailable
from ward.selfcheck import LONGEST_WALK, Leg, Walk
from ward.store import evaluation, listeners, selfchecks
from ward.store.pool import connect, pool

pytestmark = pytest.mark.integration
EVERY = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


async def _evaluate(here: Scene) -> None:
    async with await connect(here.ward.database_url, "test") as conn:
        await evaluation.enrol(conn, here.clock.now())
        await evaluate_due(conn, here.clock.now())


async def _advance(here: Scene) -> Walk | None:
    return await selfcheck.advance(here.courier.store, here.clock, EVERY)


async def _walk(here: Scene) -> Walk | None:
    """Walk the whole way, a second for each leg."""
    await _advance(here)
    for work in (_evaluate, Scene.pass_):
        here.clock.advance(SECOND)
        await work(here)
    return await _advance(here)


def test_walk_goes_the_whole_way_and_leaves_nothing(ward: Ward) -> None:
    """A walk passes through rules, alert, outbox and console, is timed leg by leg, and its alert is closed again."""

    async def run() -> None:
        async with scene(ward) as here:
            walk = await _walk(here)
            assert walk is not None
            assert walk.fault is None
            legs = [walk.alerted_at, walk.queued_at, walk.sent_at]
            assert [None if at is None else (at - walk.started_at) / SECOND for at in legs] == [1, 1, 2]
            assert len(here.console.letters) >= 1
            open_alerts = await here.rows(
                "select alert_id from alert join stay using (stay_id) where mode = 'test' and resolved_at is null"
            )
            ended = await here.rows("select upper(period) as at from stay where mode = 'test'")
            assert open_alerts == []
            assert ended[0]["at"] == here.clock.now()

    asyncio.run(run())


def test_walk_comes_again_after_its_time(ward: Ward) -> None:
    """The next walk begins five minutes after the last began, in the same stay, and passes too."""

    async def run() -> None:
        async with scene(ward) as here:
            first = await _walk(here)
            here.clock.advance(EVERY - 10 * SECOND)
            assert await _walk(here) is None
            here.clock.advance(10 * SECOND)
            second = await _walk(here)

            assert first is not None
            assert second is not None
            assert (second.walk, second.fault) == (first.walk + 1, None)
            assert len(await here.rows("select stay_id from stay where mode = 'test'")) == 1

    asyncio.run(run())


def test_one_worker_at_a_time_looks_after_the_walks(ward: Ward) -> None:
    """While one is about to begin a walk another begins none; the next look sees what the first has begun."""

    async def run() -> None:
        async with scene(ward) as here:
            async with await connect(here.ward.database_url, "test") as conn:
                assert await selfchecks.alone(conn)
                assert await _advance(here) is None
                assert await here.rows("select from selfcheck") == []
            await _advance(here)
            await _advance(here)
            assert len(await here.rows("select from selfcheck")) == 1

    asyncio.run(run())


@pytest.mark.parametrize(("leg", "working"), [(Leg.ALERTING, 0), (Leg.DELIVERY, 1)])
def test_h04_walk_that_does_not_arrive_names_the_leg(ward: Ward, leg: Leg, working: int) -> None:
    """A walk that is stuck ends after half a minute with the first leg that it has not reached."""

    async def run() -> None:
        async with scene(ward) as here:
            await _advance(here)
            for work in [_evaluate][:working]:
                await work(here)
            here.clock.advance(LONGEST_WALK - SECOND)
            still_going = await _advance(here)
            here.clock.advance(SECOND)
            ended = await _advance(here)

            assert still_going is None
            assert ended is not None
            assert ended.fault is leg
            assert await selfcheck.complaints(here.courier.store, here.clock, EVERY) == [
                f"the synthetic alert did not get through {leg}"
            ]

    asyncio.run(run())


@pytest.mark.parametrize(("echo", "fault"), [(True, None), (False, Leg.SCREEN)])
def test_h30_walk_reaches_a_screen_where_one_listens(ward: Ward, fault: Leg | None, *, echo: bool) -> None:
    """Where screens listen, one of them must say the walk's number back; none that does is a fault."""

    async def run() -> None:
        async with scene(ward) as here:
            heard = listeners.Heard(listener_id=uuid4(), staff_id=ward.nurse_id, heard_at=here.clock.now(), echoed=None)
            async with await connect(ward.database_url, "test") as conn:
                await listeners.hear(conn, [heard])
            await _advance(here)
            await _evaluate(here)
            await here.pass_()
            here.clock.advance(LONGEST_WALK)
            late = replace(heard, listener_id=uuid4(), heard_at=here.clock.now())
            again = replace(heard, heard_at=here.clock.now(), echoed=1 if echo else None)
            async with await connect(ward.database_url, "test") as conn:
                await listeners.hear(conn, [again, late])
            ended = await _advance(here)

            assert ended is not None
            assert ended.fault is fault
            assert (ended.screened_at is not None) is echo

    asyncio.run(run())


def test_h36_dead_man_signal_comes_only_while_all_is_well(ward: Ward, tmp_path: Path) -> None:
    """The file is touched after a good walk, and not when the newest walk is old or an urgent step is overdue."""

    async def run() -> None:
        async with scene(ward) as here:
            never = await selfcheck.complaints(here.courier.store, here.clock, EVERY)
            await _walk(here)
            well = await selfcheck.complaints(here.courier.store, here.clock, EVERY)
            await here.alarm(ward.beds[0])
            here.clock.advance(timedelta(minutes=4))
            overdue = await selfcheck.complaints(here.courier.store, here.clock, EVERY)
            here.clock.advance(timedelta(minutes=10))
            old = await selfcheck.complaints(here.courier.store, here.clock, EVERY)

            assert never == ["no synthetic alert has walked yet"]
            assert well == []
            assert len(overdue) == 1
            assert "overdue" in overdue[0]
            assert old[0] == "no synthetic alert has walked for 14 min"

    asyncio.run(run())
    touched = tmp_path / "alive"
    selfcheck.deadman("", touched)()
    assert touched.exists()


def test_h36_watcher_that_does_not_take_the_signal_is_no_success(tmp_path: Path) -> None:
    """An address that is wrong shows in the log; a file that cannot be touched keeps nobody from being asked."""
    asked: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        """Says that what was asked for is not here."""

        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404 if self.path == "/wrong" else 204)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        with pytest.raises(ConnectionError, match="404"):
            selfcheck.deadman(f"{address}/wrong", None)()
        with pytest.raises(FileNotFoundError):
            selfcheck.deadman(f"{address}/right", tmp_path / "no" / "folder")()
        selfcheck.deadman(f"{address}/right", None)()
        server.shutdown()
    assert asked == ["/wrong", "/right", "/right"]


@pytest.mark.parametrize("walked", [True, False])
def test_h08_clock_that_was_ahead_neither_stops_the_walks_nor_keeps_the_signal(ward: Ward, *, walked: bool) -> None:
    """A clock that was a day ahead is put right: the walk of tomorrow proves nothing, and the next begins at once."""

    async def run() -> None:
        async with scene(ward) as here:
            here.clock.advance(timedelta(days=1))
            await (_walk(here) if walked else _advance(here))
            here.clock.set(NOON)
            before = await selfcheck.complaints(here.courier.store, here.clock, EVERY)
            if not walked:
                stuck = await _advance(here)
                assert stuck is not None
                assert stuck.fault is Leg.ALERTING
            again = await _walk(here)
            after = await selfcheck.complaints(here.courier.store, here.clock, EVERY)

            assert len(before) == 1
            assert again is not None
            assert again.fault is None
            assert after == []

    asyncio.run(run())


def test_h36_dead_man_signal_stops_when_the_ordinary_lane_does(ward: Ward) -> None:
    """The synthetic alert is urgent; that nobody sends what is less urgent any more is seen by how long it waits."""

    async def run() -> None:
        async with scene(ward) as here:
            await here.telephone(ward.nurse_id, "+46701740605")
            await here.alarm(ward.beds[0], Priority.MEDIUM)
            for minute in range(8):
                here.clock.set(NOON + timedelta(minutes=minute))
                await take_steps(here.courier.store, here.clock)
                await send_due(here.courier, URGENT)
                if minute in {0, 5}:
                    assert await _urgent_walk(here) is not None
            found = await selfcheck.complaints(here.courier.store, here.clock, EVERY)

            assert found == ["a notification of medium or low priority is overdue"]

    asyncio.run(run())


async def _urgent_walk(here: Scene) -> Walk | None:
    """Walk the whole way, with the urgent lane alone at work."""
    await _advance(here)
    await _evaluate(here)
    await send_due(here.courier, URGENT)
    return await _advance(here)


class Enough(Exception):  # noqa: N818 - reads as what happened
    """The loops have gone round often enough."""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (StoreUnavailable("no answer"), "the store does not answer"),
        (None, "the store does not answer"),
        (KeyError("post"), "the self-check cannot be done (KeyError)"),
    ],
    ids=["gone", "hangs", "broken"],
)
def test_h22_store_that_is_gone_or_hangs_is_told_on_another_way(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, error: Exception | None, said: str
) -> None:
    """When no look has come to an end for a minute the operator is told once, without the store, and each time anew."""
    told: list[str] = []
    looks: list[float] = []
    sleep = asyncio.sleep
    looking: asyncio.Task[None] | None = None

    async def asleep(seconds: float) -> None:
        if asyncio.current_task() is looking:
            looks.append(seconds)
        if len(looks) == 90:
            raise Enough
        await sleep(0)

    async def advance(*_: object) -> None:
        if len(looks) in range(40, 50):
            return  # it answers for a moment
        if error is not None:
            raise error
        await sleep(0)
        while len(looks) not in range(40, 50):  # it hangs
            await sleep(0)

    async def run() -> None:
        nonlocal looking
        async with pool(ward.database_url, "test", size=1) as store:
            watch = selfcheck.Watch(
                store=store,
                clock=SystemClock(),
                every=EVERY,
                alarm=told.append,
                relieve=told.append,
                signal=lambda: None,
            )
            walking = asyncio.create_task(watch.walk())
            looking = asyncio.create_task(watch.listen())
            with pytest.raises(Enough):
                await looking
            walking.cancel()

    monkeypatch.setattr(selfcheck, "advance", advance)
    monkeypatch.setattr("alerting.selfcheck.asyncio.sleep", asleep)
    asyncio.run(run())

    assert told == [said, "the store answers, and the self-check is done again", said]


def test_failure_that_lasts_is_counted(ward: Ward) -> None:
    """Failed walks are counted in a row, and a good one begins anew."""

    async def run() -> None:
        async with scene(ward) as here:
            for _ in range(2):
                await _advance(here)
                here.clock.advance(LONGEST_WALK)
                await _advance(here)
                here.clock.advance(EVERY)
            in_a_row = await selfcheck.faults_in_a_row(here.courier.store)
            await _walk(here)

            assert in_a_row == 2
            assert await selfcheck.faults_in_a_row(here.courier.store) == 0
            async with await connect(ward.database_url, "test") as conn:
                assert (await selfchecks.newest_ended(conn)) == (await selfchecks.newest(conn))[0]

    asyncio.run(run())


def test_years_of_walks_cost_an_alert_nothing(ward: Ward) -> None:
    """Each api asks of every alert whether a walk has raised it: it looks at those of that hour alone."""

    async def run() -> tuple[int | None, int]:
        async with scene(ward) as here:
            await _advance(here)
            await _evaluate(here)
            found = await here.rows("select alert_id from alert join stay using (stay_id) where mode = 'test'")
            ids = [each["alert_id"] for each in found]
            async with await connect(ward.database_url, "test") as conn:
                await conn.execute(
                    "insert into selfcheck (stay_id, started_at) select s.stay_id, %s - each * interval '5 min'"
                    " from stay s, generate_series(1, 5000) each where s.mode = 'test'",
                    (NOON,),
                )
                await conn.execute("analyze selfcheck")
                await conn.execute("update selfcheck set walk = default where walk = 1")
                plan = await (
                    await conn.execute(b"explain (analyze, format json) " + selfchecks.REACHED, (ids,))
                ).fetchone()
                assert plan is not None
                return await selfchecks.reached(conn, ids), _most_rows(plan[0][0]["Plan"])

    walk, rows = asyncio.run(run())
    assert walk == 5002
    assert rows < 50


def _most_rows(plan: dict[str, Any]) -> int:
    """Return how many rows the busiest step of a plan has looked at."""
    own = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Join Filter", 0)
    return max([int(own), *(_most_rows(each) for each in plan.get("Plans", []))])
