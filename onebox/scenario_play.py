"""Plays scenarios on a clock of their own through the real path: ingest, store, evaluation, duty, escalation, delivery.

Nothing sleeps: the clock goes from one tick to the next, and to whatever is due on the way. Several scenarios that
begin at the same instant are played together, each in a stay of its own. The invariant: what arrives in a tick is
committed and acknowledged before anything is evaluated at its end, so a run is the same on any machine.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerting import duty
from alerting.channels import board
from alerting.deliver import AT_ONCE, ORDINARY, URGENT, Courier, send_due, take_steps
from alerting.due import evaluate_due
from alerting.letters import Fate, Letter, Sent
from alerting.windows import Windows
from ingest import validate
from ingest.batch import HeldInbox
from ingest.delivery import Delivery
from ingest.writer import Writer
from onebox import scenario_ward
from onebox.scenario_ward import Part
from simulator.expectations import Rang
from simulator.scenario import Scenario
from simulator.transcript import Said, transcript
from ward import wire
from ward.alerts import Priority
from ward.clock import FakeClock
from ward.events import DeviceEvent
from ward.formats import event, status, vitals
from ward.people import StayId
from ward.store import evaluation, migrate, rung
from ward.store.borrow import borrow
from ward.store.pool import Pool, pool
from ward.vitals import Reading
from ward.wire import Leaf, WireStatus

# As often as a device of the library measures: it sends what it has measured at once.
_TICK = timedelta(seconds=15)
_DUTY_TICKS = 20
# A worker looks at the list at least every second; between two ticks we do every five, which no rule can tell.
_LOOK = timedelta(seconds=5)
_MOST, _MOST_BYTES = 100_000, 256 << 20
_CONNECTIONS = 6

Show = Callable[[float], None]


@dataclass(slots=True, eq=False)
class _Door:
    """The way back to devices that do not exist: counts what is acknowledged and what is refused."""

    outstanding: int = 0
    refused: int = 0
    all_stored: asyncio.Event = field(default_factory=asyncio.Event)

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Note that these are committed."""
        self.outstanding -= len(deliveries)
        if self.outstanding == 0:
            self.all_stored.set()

    def publish(self, topic: str, payload: bytes, *, correlation: bytes | None = None) -> None:
        """Note a refusal."""
        del payload, correlation
        self.refused += topic.endswith(f"/{Leaf.REJECTS}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One scenario that was played: what rang, and how many messages were refused of all that were played with it."""

    scenario: Scenario
    rang: tuple[Rang, ...]
    refused: int


async def play(database_url: str, scenarios: Sequence[Scenario], hours: float | None, show: Show) -> list[Played]:
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
        await stage.run(parts, ended, show)
        async with borrow(stage.store) as conn:
            rows = await rung.read(conn, [each.stay_id for each in parts])
    return [
        Played(scenario=part.scenario, rang=_rang(part.stay_id, rows, began), refused=stage.door.refused)
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
    clock, door = FakeClock(began), _Door()
    inbox = HeldInbox(most=_MOST, most_bytes=_MOST_BYTES, decode=validate.decode)
    writing = asyncio.create_task(Writer(database_url, inbox, clock).run(), name="writer")
    try:
        async with pool(database_url, "scenario", size=_CONNECTIONS) as store:
            with ThreadPoolExecutor(AT_ONCE) as threads:
                ways = {"board": board.send, "console": _told}
                courier = Courier(store=store, clock=clock, senders=ways, public_url="http://board", threads=threads)
                yield _Stage(clock=clock, inbox=inbox, door=door, writing=writing, store=store, courier=courier)
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
    door: _Door
    writing: "asyncio.Task[None]"
    store: Pool
    courier: Courier
    windows: Windows = field(default_factory=Windows)

    async def run(self, parts: Sequence[Part], ended: datetime, show: Show) -> None:
        """Go from tick to tick until `ended`."""
        began = self.clock.now()
        said = sorted(
            ((each.at_s, part, each) for part in parts for each in transcript(part.worn, part.check, began)),
            key=lambda each: each[0],
        )
        async with borrow(self.store) as conn:
            await evaluation.enrol(conn, began)
        heard, ticks = 0, 0
        while self.clock.now() < ended:
            await self._wait(self.clock.now() + _TICK, evaluating=heard > 0)
            upto_s = (self.clock.now() - began).total_seconds()
            arriving = heard
            while arriving < len(said) and said[arriving][0] <= upto_s:
                arriving += 1
            await self._receive([(part, each) for _, part, each in said[heard:arriving]])
            heard, ticks = arriving, ticks + 1
            await self._evaluate()
            if ticks % _DUTY_TICKS == 0:
                await duty.sweep(self.store, self.clock)
            await self._deliver()
            show(upto_s / 3600.0)

    async def _wait(self, until: datetime, *, evaluating: bool) -> None:
        """Let time pass, evaluating on the way what time alone makes due."""
        while evaluating:
            async with borrow(self.store) as conn:
                due_at = await evaluation.next_due(conn)
            at = max(due_at or until, self.clock.now() + _LOOK)
            if at >= until:
                break
            self.clock.set(at)
            await self._evaluate()
        self.clock.set(until)

    async def _receive(self, arriving: Sequence[tuple[Part, Said]]) -> None:
        """Hand messages to ingest, and wait until they are committed."""
        deliveries = [
            Delivery(topic=topic, payload=payload, received_at=self.clock.now(), door=self.door)
            for topic, payload in _messages(arriving)
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

    async def _evaluate(self) -> None:
        stays = 1
        while stays:
            async with borrow(self.store) as conn:
                stays = (await evaluate_due(conn, self.clock.now(), windows=self.windows)).stays

    async def _deliver(self) -> None:
        await take_steps(self.store, self.clock)
        await send_due(self.courier, URGENT)
        await send_due(self.courier, ORDINARY)


def _messages(arriving: Sequence[tuple[Part, Said]]) -> list[tuple[str, bytes]]:
    """Return topics and payloads: of each device its readings in arrays, and what else it says in its order."""
    readings: dict[str, list[Reading]] = {}
    others: list[tuple[str, bytes]] = []
    for part, said in arriving:
        device_id = part.worn.device_id
        match said.what:
            case Reading():
                readings.setdefault(device_id, []).append(said.what)
            case WireStatus():
                others.append((wire.topic(device_id, Leaf.STATUS), status.encode(said.what)))
            case DeviceEvent():
                others.append((wire.topic(device_id, Leaf.EVENT), event.encode(said.what)))
    measured = [
        (wire.topic(device_id, Leaf.VITALS), payload)
        for device_id, each in readings.items()
        for payload in vitals.encode_readings(each)
    ]
    return measured + others
