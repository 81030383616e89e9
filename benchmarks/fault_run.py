"""One fault run: the parts, the devices and their networks, the faults as planned, and what came of it.

It ends when everything that was measured is acknowledged, or when nothing has moved for `HANG_S`. The devices go by
what they are told; whether that was true is judged afterwards from their ledger (`fault_ledger`).
"""

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from benchmarks import households, victims
from benchmarks.chaos import Fault, Step
from benchmarks.fault_ledger import Ledger
from benchmarks.fault_outbox import Counts, Habits, Outbox
from benchmarks.faulty_devices import Device, Door, Manner
from benchmarks.households import Household
from benchmarks.tcp_cutter import FAIR, Cutter, Weather
from benchmarks.victims import Part, Store
from ingest.packets import V5, V311
from ward.clock import SystemClock, to_us
from ward.store import embedded

HANG_S = 90.0
_LOOK_S = 0.05
_MOST_UNSENT = 100
_ONE_PORT_TAKEN = "ddress already in use"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is run. With `readings` the faults are counted in readings, with `seconds` they are timed.

    `rate` is messages a second of each device in a timed run. `slack` is how many readings may be under way beyond
    the count at which the next fault comes.
    """

    door: Door
    devices: int
    seed: int
    weather: Weather
    patience_s: float
    steps: Iterable[Step]
    readings: int = 0
    seconds: float = 0.0
    rate: float = 0.0
    slack: int = 60
    ingests: int = 2
    alerting: bool = False
    habits: Habits = field(default_factory=Habits)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a run was like; times in seconds. `deaths` are processes that ended by themselves."""

    faults: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    networks: Counter[str] = field(default_factory=Counter)
    counts: Counts = field(default_factory=Counts)
    deaths: list[str] = field(default_factory=list)
    recovery_s: dict[str, list[float]] = field(default_factory=dict)
    longest_silence_s: float = 0.0
    silence_ended_at_s: float = 0.0
    exchanges: int = 0
    wrong_receipts: int = 0
    refused_starts: int = 0
    ports_taken: int = 0
    unacknowledged: int = 0
    took_s: float = 0.0


class Run:
    """The state of a run; `prepare` enters it, `go` carries it out."""

    def __init__(self, plan: Plan, folder: Path, store: Store) -> None:
        self.plan, self.folder, self.store = plan, folder, store
        self.outcome = Outcome()
        self.ledger = Ledger(folder)
        self._events = (folder / "events.jsonl").open("w", encoding="utf-8")
        self._began_s = time.monotonic()
        self._settled = 0
        self._limit = float("inf") if plan.seconds else 0.0
        self._moved = asyncio.Event()
        self._told_s = 0.0
        self._recovering: list[tuple[str, float]] = []
        self._clock = SystemClock()
        self._ingests: list[Part] = []
        self._others: list[Part] = []
        self._locks: dict[str, asyncio.Lock] = {}
        self._homes: list[Household] = []
        self._devices: list[Device] = []
        self._cutters: list[Cutter] = []

    @property
    def database_url(self) -> str:
        """The store's address."""
        return self.store.database_url

    def note(self, event: str, **facts: object) -> None:
        """Add a line to the event log."""
        line = {"at_s": round(self._at_s(), 3), "event": event, "acknowledged": self.ledger.acknowledged, **facts}
        self._events.write(json.dumps(line) + "\n")

    async def prepare(self) -> None:
        """Start everything but the devices."""
        plan = self.plan
        await self.store.start()
        self._homes = await households.admit(self.database_url, plan.devices, self._clock)
        ports = [embedded.free_port() for _ in range(plan.ingests)]
        url, targets = "", ports
        if plan.door is Door.BROKER:
            targets = [embedded.free_port()]
            url = f"mqtt://127.0.0.1:{targets[0]}"
            self._others.append(victims.broker(self.folder, targets[0]))
        for number, port in enumerate(ports, start=1):
            self._ingests.append(victims.ingest(f"ingest-{number}", self.database_url, self.folder, port, url))
        if plan.alerting:
            self._others.append(victims.alerting(self.database_url, self.folder))
        for part in (*self._others, *self._ingests):
            part.start()
        await self._all_ready()
        await self._make_devices(targets)

    async def _make_devices(self, targets: list[int]) -> None:
        plan = self.plan
        for number, kit in enumerate(kit for home in self._homes for kit in home.kits):
            rng = Random(f"{plan.seed}-{number}")
            cutter = Cutter(targets, plan.weather, rng, partial(self.note, device=kit.device_id))
            await cutter.start()
            manner = Manner(door=plan.door, version=V311 if number % 3 == 2 else V5, patience_s=plan.patience_s)
            outbox = Outbox(kit, plan.habits, self.ledger, self.outcome.counts, rng)
            self._cutters.append(cutter)
            self._devices.append(Device(outbox, cutter.port, manner, self.outcome.counts, rng, self))

    async def go(self) -> Outcome:
        """Carry the run out to its end."""
        self._began_s = self._told_s = time.monotonic()
        async with asyncio.TaskGroup() as keeping:
            kept = [keeping.create_task(device.run()) for device in self._devices]
            kept.append(keeping.create_task(victims.look_after([*self._ingests, *self._others], self._died)))
            async with asyncio.TaskGroup() as group:
                group.create_task(self._inflict())
                for number, device in enumerate(self._devices):
                    group.create_task(self._measure(device, self._homes[number // 2]))
            await self._drain()
            for task in kept:
                task.cancel()
        return self._outcome()

    async def stop(self) -> None:
        """Stop everything that was started."""
        for cutter in self._cutters:
            await cutter.stop()
        for part in (*self._ingests, *reversed(self._others)):
            part.send(signal.SIGCONT)
            await part.end(signal.SIGTERM)
        self.ledger.close()
        self._events.close()

    def _outcome(self) -> Outcome:
        outcome = self.outcome
        outcome.took_s = self._at_s()
        outcome.networks = sum((cutter.counts for cutter in self._cutters), Counter())
        outcome.exchanges = sum(home.exchanges for home in self._homes)
        outcome.wrong_receipts = sum(device.wrong_receipts for device in self._devices)
        outcome.refused_starts = self.store.refused_starts
        outcome.unacknowledged = sum(len(device.outbox) for device in self._devices)
        return outcome

    async def _measure(self, device: Device, home: Household) -> None:
        """Let a device measure: as fast as the plan's counts allow, or at its rate for so many seconds."""
        plan, rng = self.plan, device.rng
        while self.ledger.measured < plan.readings or self._at_s() < plan.seconds:
            if plan.rate:
                await asyncio.sleep(rng.expovariate(plan.rate))
            while self.ledger.measured >= self._limit or len(device.outbox) >= _MOST_UNSENT:
                self._moved.clear()
                await self._moved.wait()
            await home.still.wait()
            device.measure(to_us(self._clock.now()))
            await asyncio.sleep(0)

    def accepted(self, count: int) -> None:
        """Take note of what only the broker has: nothing more will come of it."""
        self._settled += count
        self._moved.set()

    def acknowledged(self, count: int) -> None:
        """Take note of an acknowledgement: how long nothing had come, and how long since something came back."""
        now_s = time.monotonic()
        self._settled += count
        silence_s, self._told_s = now_s - self._told_s, now_s
        if silence_s > self.outcome.longest_silence_s:
            self.outcome.longest_silence_s, self.outcome.silence_ended_at_s = silence_s, now_s - self._began_s
        for kind, since_s in self._recovering:
            self.outcome.recovery_s.setdefault(kind, []).append(now_s - since_s)
        self._recovering.clear()
        self._moved.set()

    async def _drain(self) -> None:
        """Let the weather clear up and wait until everything is acknowledged, or nothing moves any more."""
        self.note("faults over")
        for cutter in self._cutters:
            cutter.weather = FAIR
        while any(len(device.outbox) for device in self._devices):
            if time.monotonic() - self._told_s > HANG_S:
                self.note("hang", unacknowledged=sum(len(device.outbox) for device in self._devices))
                return
            await asyncio.sleep(_LOOK_S)

    async def _inflict(self) -> None:
        """Carry the plan's faults out, each when it is due; they may overlap."""
        async with asyncio.TaskGroup() as group:
            for step in self.plan.steps:
                if self.plan.seconds:
                    await asyncio.sleep(max(0.0, step.after - self._at_s()))
                else:
                    await self._reached(step.after)
                    await self._all_ready()
                group.create_task(self._carry_out(step), name=step.fault)
            self._allow(float("inf"))

    async def _reached(self, count: float) -> None:
        self._allow(count + self.plan.slack)
        while self._settled < count:
            self._moved.clear()
            await self._moved.wait()

    def _allow(self, limit: float) -> None:
        self._limit = max(self._limit, limit)
        self._moved.set()

    async def _all_ready(self) -> None:
        """Wait until all parts are at work, so that the next fault hits one that is."""
        # Processes have no event of ours.
        while not (self.store.running() and all(part.ready() for part in (*self._ingests, *self._others))):  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)

    async def _carry_out(self, step: Step) -> None:
        ingest = self._ingests[step.which % len(self._ingests)]
        number = step.which % len(self._homes)
        match step.fault:
            case Fault.KILL_INGEST:
                await self._end(step, ingest, signal.SIGKILL)
            case Fault.STOP_INGEST:
                await self._end(step, ingest, signal.SIGTERM)
            case Fault.FREEZE_INGEST:
                await self._freeze(step, ingest)
            case Fault.KILL_BROKER | Fault.KILL_ALERTING:
                name = "mosquitto" if step.fault is Fault.KILL_BROKER else "alerting"
                await self._end(step, next(part for part in self._others if part.name == name), signal.SIGKILL)
            case Fault.KILL_STORE:
                await self._kill_store(step)
            case Fault.KILL_SESSION:
                await self._kill_session(step)
            case Fault.DARK:
                await self._darken(step)
            case Fault.EXCHANGE:
                exchange = self._homes[number].exchange(self.database_url, self._clock)
                await self._alone(step, f"household-{number + 1}", exchange)

    async def _end(self, step: Step, part: Part, number: signal.Signals) -> None:
        async def end() -> None:
            await part.end(number)
            await asyncio.sleep(step.lasts_s)
            part.start()
            self._back(step, part.name)

        await self._alone(step, part.name, end())

    async def _freeze(self, step: Step, part: Part) -> None:
        async def freeze() -> None:
            part.send(signal.SIGSTOP)
            await asyncio.sleep(step.lasts_s)
            part.send(signal.SIGCONT)
            self._back(step, part.name)

        await self._alone(step, part.name, freeze())

    async def _kill_store(self, step: Step) -> None:
        async def kill() -> None:
            self.store.kill()
            await asyncio.sleep(step.lasts_s)
            await self.store.start()
            self._back(step, "store")

        await self._alone(step, "store", kill())

    async def _kill_session(self, step: Step) -> None:
        """Kill a session; where faults are counted, as soon as there is one."""
        choose = Random(step.which).choice
        while not (done := self.store.kill_backend(choose)) and not self.plan.seconds:
            await asyncio.sleep(_LOOK_S)
        self._count(step, done=done)
        self._back(step, "session")

    async def _darken(self, step: Step) -> None:
        async def darken() -> None:
            for cutter in self._cutters:
                cutter.dark = True
                cutter.cut()
            await asyncio.sleep(step.lasts_s)
            for cutter in self._cutters:
                cutter.dark = False
            self._back(step, "networks")

        await self._alone(step, "networks", darken())

    async def _alone(self, step: Step, victim: str, act: Coroutine[object, object, None]) -> None:
        """Do something to a victim; while something is being done to it already, a timed fault is passed over."""
        lock = self._locks.setdefault(victim, asyncio.Lock())
        if lock.locked() and self.plan.seconds:
            act.close()
            self._count(step, done=False)
            return
        async with lock:
            self._count(step, done=True)
            self.note(step.fault, victim=victim, lasts_s=round(step.lasts_s, 2))
            await act

    def _count(self, step: Step, *, done: bool) -> None:
        (self.outcome.faults if done else self.outcome.skipped)[step.fault] += 1
        if not done:
            self.note("skipped", fault=step.fault)

    def _back(self, step: Step, victim: str) -> None:
        self.note("back", victim=victim)
        self._recovering.append((step.fault, time.monotonic()))

    def _died(self, part: Part, code: int) -> None:
        said = part.said()
        if _ONE_PORT_TAKEN in said:  # somebody else's, in between; the next start waits for it
            self.outcome.ports_taken += 1
            return
        self.outcome.deaths.append(f"{part.name} ended by itself with code {code}")
        self.note("death", victim=part.name, code=code, said=said[-1500:])

    def _at_s(self) -> float:
        return time.monotonic() - self._began_s


@asynccontextmanager
async def running(plan: Plan, folder: Path, store: Store) -> AsyncIterator[Run]:
    """Give a run that is ready to go; stop its parts at the end, but leave the store to be looked at."""
    run = Run(plan, folder, store)
    try:
        await run.prepare()
        yield run
    finally:
        await run.stop()
