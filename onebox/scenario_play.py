"""Plays scenarios on a clock of their own through the real path: ingest, store, evaluation, duty, escalation, delivery.

Nothing sleeps: the clock goes from one stop to the next (`scenario_pace`), and to whatever is due on the way. Several
scenarios that begin at the same instant are played together, each in a stay of its own. The invariant: what arrives
until a stop is committed and acknowledged before anything is evaluated at it, so a run is the same on any machine.
"""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerting import duty, waves
from alerting.channels import board
from alerting.deliver import ORDINARY, URGENT, Courier, send_due, take_steps
from alerting.due import evaluate_due
from alerting.letters import Fate, Letter, Sent
from alerting.windows import Windows
from ingest import validate
from ingest.batch import HeldInbox
from ingest.clocks import Clocks
from ingest.delivery import Delivery
from ingest.writer import Writer
from onebox import scenario_pace, scenario_ward
from onebox.scenario_door import Door, messages
from onebox.scenario_pace import Pace
from onebox.scenario_ward import Part
from simulator.expectations import Rang
from simulator.scenario import Scenario
from simulator.transcript import Said, transcript
from ward import overlays
from ward.alerts import Priority
from ward.clock import FakeClock
from ward.people import StayId
from ward.store import device_clocks, evaluation, migrate, rung, wave_due
from ward.store.borrow import borrow
from ward.store.pool import Pool, pool
from ward.wire import Reason

_SWEEP = timedelta(minutes=5)
# A worker looks at the list at least every second; between two stops we do every five, which no rule can tell.
_LOOK = timedelta(seconds=5)
_MOST, _MOST_BYTES = 100_000, 256 << 20
_CONNECTIONS = 6

Show = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One scenario that was played: what rang, and how often its device was refused something, by reason."""

    scenario: Scenario
    rang: tuple[Rang, ...]
    refused: Mapping[Reason, int]


async def play(
    database_url: str, scenarios: Sequence[Scenario], hours: float | None, pace: Pace, show: Show
) -> list[Played]:
    """Play scenarios that begin at the same instant, for so many hours (None: each to its end), in an empty store.

    `show` is called with the hours played so far.
    """
    checks = [scenario_ward.check_of(each) for each in scenarios]
    began = scenario_ward.began(checks[0])
    lasting = max(each.hours for each in checks) if hours is None else hours
    ended = began + timedelta(hours=lasting)
    async with _stage(database_url, began) as stage:
        async with borrow(stage.store) as conn:
            earliest = began - timedelta(hours=max(each.history_hours for each in checks))
            days = range(earliest.toordinal() - 1, ended.toordinal() + 2)
            await migrate.ensure_partitions(conn, [datetime.fromordinal(day).date() for day in days])
            parts = await scenario_ward.furnish(conn, scenarios, began)
        await stage.run(parts, ended, pace, show)
        async with borrow(stage.store) as conn:
            rows = await rung.read(conn, [each.stay_id for each in parts])
    return [
        Played(
            scenario=part.scenario,
            rang=_rang(part.stay_id, rows, began),
            refused=stage.door.refused(part.worn.device_id),
        )
        for part in parts
    ]


def _rang(stay_id: StayId, rows: Sequence[rung.RungRow], began: datetime) -> tuple[Rang, ...]:
    return tuple(
        Rang(
            rule=row.rule,
            priority=Priority(row.priority),
            minute=(row.at - began).total_seconds() / 60.0,
            told=frozenset(row.told),
        )
        for row in rows
        if row.stay_id == stay_id
    )


@asynccontextmanager
async def _stage(database_url: str, began: datetime) -> AsyncIterator["_Stage"]:
    """Give the parts of the platform, on one clock."""
    clock, door = FakeClock(began), Door()
    inbox = HeldInbox(most=_MOST, most_bytes=_MOST_BYTES, decode=validate.decode)
    writer = Writer(database_url, inbox, clock)
    writing = asyncio.create_task(writer.run(), name="writer")
    try:
        async with pool(database_url, "scenario", size=_CONNECTIONS) as store:
            ways = {"board": board.send, "console": _told}
            courier = Courier(store=store, clock=clock, senders=ways, public_url="http://board")
            yield _Stage(
                clock=clock, inbox=inbox, door=door, clocks=writer.clocks, writing=writing, store=store,
                courier=courier,
            )  # fmt: skip
    finally:
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing


def _told(letter: Letter) -> Fate:
    """Take a letter: in a check nobody is at the other end."""
    del letter
    return Sent()


@dataclass(slots=True, kw_only=True)
class _Stage:
    clock: FakeClock
    inbox: HeldInbox
    door: Door
    clocks: Clocks
    writing: "asyncio.Task[None]"
    store: Pool
    courier: Courier
    curves: bool = False
    windows: Windows = field(default_factory=Windows)

    async def run(self, parts: Sequence[Part], ended: datetime, pace: Pace, show: Show) -> None:
        """Go from stop to stop until `ended`."""
        began = self.clock.now()
        self.curves = any(part.check.waves for part in parts)
        spoken = [transcript(part.worn, part.check, began) for part in parts]
        stops = await self._stops(parts, spoken, ended, pace)
        said = sorted(
            ((each.at_s, part.worn.device_id, each) for part, mine in zip(parts, spoken, strict=True) for each in mine),
            key=lambda each: each[0],
        )
        async with borrow(self.store) as conn:
            await evaluation.enrol(conn, began)
        heard, swept_at = 0, began
        for stop in stops:
            while self.clock.now() < stop:
                await self._go_on(stop, pace, evaluating=heard > 0)
                upto_s = (self.clock.now() - began).total_seconds()
                arriving = bisect_right(said, upto_s, lo=heard, key=lambda each: each[0])
                await self._receive([(device_id, each) for _, device_id, each in said[heard:arriving]])
                heard = arriving
                await self._evaluate()
                if self.clock.now() - swept_at >= _SWEEP:
                    await duty.sweep(self.store, self.clock)
                    swept_at = self.clock.now()
                await self._deliver()
            show(upto_s / 3600.0)

    async def _stops(
        self, parts: Sequence[Part], spoken: Sequence[Sequence[Said]], ended: datetime, pace: Pace
    ) -> list[datetime]:
        """Return where the clock stops, whatever is due on the way."""
        began = self.clock.now()
        if pace is Pace.STEPS:
            return scenario_pace.steps(began, ended)
        async with borrow(self.store) as conn:
            rows = {row.stay_id: row for row in await evaluation.stays(conn, [each.stay_id for each in parts], began)}
        mine = [rows[part.stay_id] for part in parts]
        plans = [overlays.effective(row.programme, row.plan_layers, began).plan for row in mine]
        return scenario_pace.leaps([part.check for part in parts], plans, spoken, began, ended)

    async def _go_on(self, stop: datetime, pace: Pace, *, evaluating: bool) -> None:
        """Let time pass: in steps, evaluating on the way what time alone makes due; in leaps, to that, or to the stop.

        A leap must not pass by what is due, nor evaluate there without the readings that have come by then.
        """
        while evaluating:
            async with borrow(self.store) as conn:
                due_at = await evaluation.next_due(conn) or stop
            if pace is Pace.LEAPS:
                self.clock.set(min(stop, max(due_at, self.clock.now() + scenario_pace.STEP)))
                return
            at = max(due_at, self.clock.now() + _LOOK)
            if at >= stop:
                break
            self.clock.set(at)
            await self._evaluate()
        self.clock.set(stop)

    async def _receive(self, arriving: Sequence[tuple[str, Said]]) -> None:
        """Hand messages to ingest, and wait until they are committed."""
        deliveries = [
            Delivery(topic=topic, payload=payload, received_at=self.clock.now(), door=self.door)
            for topic, payload in messages(arriving)
        ]
        if not deliveries:
            return
        self.door.outstanding = len(deliveries)
        self.door.all_stored.clear()
        for each in deliveries:
            self.inbox.put(each)
        stored = asyncio.create_task(self.door.all_stored.wait(), name="stored")
        await asyncio.wait({stored, self.writing}, return_when=asyncio.FIRST_COMPLETED)
        if self.writing.done():
            stored.cancel()
            self.writing.result()
        async with borrow(self.store) as conn:
            await device_clocks.save(conn, self.clocks.take(), self.clock.now())

    async def _evaluate(self) -> None:
        if self.curves:
            await self._look()
        stays = 1
        while stays:
            async with borrow(self.store) as conn:
                stays = (await evaluate_due(conn, self.clock.now(), windows=self.windows)).stays

    async def _look(self) -> None:
        """Look at new curves until nothing is left that need not wait for more."""
        async with borrow(self.store) as conn:
            await wave_due.enrol(conn)
        looked = 1
        while looked:
            async with borrow(self.store) as conn:
                looked = (await waves.look(conn, self.clock.now())).stays

    async def _deliver(self) -> None:
        await take_steps(self.store, self.clock)
        await send_due(self.courier, URGENT)
        await send_due(self.courier, ORDINARY)
