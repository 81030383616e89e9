"""One fault run: devices that measure, the faults as planned, and what came of it.

It ends when everything that was measured is acknowledged, or when nothing has moved for `HANG_S`. The devices go by
what they are told; whether that was true is judged afterwards from their ledger (`fault_ledger`).
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from benchmarks import victims
from benchmarks.chaos import Fault
from benchmarks.fault_ledger import Ledger
from benchmarks.fault_outbox import Outbox
from benchmarks.fault_plan import Outcome, Plan
from benchmarks.fault_scene import Scene
from benchmarks.faulty_devices import Device, Manner
from benchmarks.households import Household
from benchmarks.inflictor import Inflictor
from benchmarks.victims import Part, Store
from ingest.packets import V5, V311
from ward.clock import SystemClock, to_us

HANG_S = 90.0
_LOOK_S = 0.05
_MOST_UNSENT = 100
_AT_ONCE = 4
_PORT_TAKEN = "ddress already in use"


class Run:
    """The state of a run; a `Watcher` of its devices."""

    def __init__(self, plan: Plan, folder: Path, store: Store) -> None:
        self.plan = plan
        self.outcome = Outcome()
        self.ledger = Ledger(folder)
        self.scene = Scene(plan=plan, folder=folder, store=store, clock=SystemClock(), note=self.note)
        self._events = (folder / "events.jsonl").open("w", encoding="utf-8")
        self._began_s = self._told_s = time.monotonic()
        self._settled = 0
        self._inflicted = False
        self._limit = float("inf") if plan.seconds else 0.0
        self._moved = asyncio.Event()
        self._recovering: list[tuple[Fault, float]] = []
        self._devices: list[Device] = []

    def note(self, event: str, **facts: object) -> None:
        """Add a line to the event log."""
        line = {"at_s": round(self._at_s(), 3), "event": event, "acknowledged": self.ledger.acknowledged, **facts}
        self._events.write(json.dumps(line) + "\n")

    async def go(self) -> Outcome:
        """Carry the run out to its end."""
        self._began_s = self._told_s = time.monotonic()
        self._make_devices()
        async with asyncio.TaskGroup() as keeping:
            kept = [keeping.create_task(device.run()) for device in self._devices]
            kept.append(keeping.create_task(victims.look_after(self.scene.parts, self._died)))
            async with asyncio.TaskGroup() as group:
                group.create_task(self._inflict())
                for number, device in enumerate(self._devices):
                    group.create_task(self._measure(device, self.scene.homes[number // 2]))
            await self._drain()
            for task in kept:
                task.cancel()
        return self._outcome()

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

    async def stop(self) -> None:
        """Stop everything that was started, but for the store."""
        await self.scene.stop()
        self.ledger.close()
        self._events.close()

    def _make_devices(self) -> None:
        plan = self.plan
        kits = [kit for home in self.scene.homes for kit in home.kits]
        for number, (kit, cutter) in enumerate(zip(kits, self.scene.cutters, strict=True)):
            rng = Random(f"{plan.seed}-{kit.device_id}")
            manner = Manner(door=plan.door, version=V311 if number % 3 == 2 else V5, patience_s=plan.patience_s)
            outbox = Outbox(kit, plan.habits, self.ledger, self.outcome.counts, rng)
            self._devices.append(Device(outbox, cutter.port, manner, self.outcome.counts, rng, self))

    def _outcome(self) -> Outcome:
        outcome, scene = self.outcome, self.scene
        outcome.took_s = self._at_s()
        outcome.networks = sum((cutter.counts for cutter in scene.cutters), Counter())
        outcome.links = sum((link.counts for link in scene.links.values()), Counter())
        outcome.exchanges = sum(home.exchanges for home in scene.homes)
        outcome.wrong_receipts = sum(device.wrong_receipts for device in self._devices)
        outcome.refused_starts = scene.store.refused_starts
        outcome.unacknowledged = sum(len(device.outbox) for device in self._devices)
        return outcome

    async def _measure(self, device: Device, home: Household) -> None:
        """Let a device measure: as fast as the plan's counts allow, or at its rate for so many seconds."""
        plan, exchanges = self.plan, 0
        while not self._over():
            if plan.rate:
                await asyncio.sleep(device.rng.expovariate(plan.rate))
            while self.ledger.measured >= self._limit or len(device.outbox) >= _MOST_UNSENT:
                self._moved.clear()
                await self._moved.wait()
            await home.still.wait()
            for _ in range(1 if home.exchanges == exchanges else _AT_ONCE):  # before any hint of it can have arrived
                device.measure(to_us(self.scene.clock.now()))
            exchanges = home.exchanges
            await asyncio.sleep(0)

    def _over(self) -> bool:
        """Tell whether nothing more is to be measured."""
        return self._at_s() >= self.plan.seconds if self.plan.seconds else self._inflicted

    async def _inflict(self) -> None:
        """Have the plan's faults carried out, each when it is due; they may overlap."""
        inflictor = Inflictor(self.scene, self.outcome, self._back)
        async with asyncio.TaskGroup() as group:
            for step in self.plan.steps:
                if self.plan.seconds:
                    await asyncio.sleep(max(0.0, step.after - self._at_s()))
                else:
                    await self._settled_more(step.after)
                    await self.scene.all_ready()
                carrying = group.create_task(inflictor.carry_out(step), name=step.fault)
                if step.fault is Fault.EXCHANGE and not self.plan.seconds:
                    await carrying  # else the next fault has ingest read the bindings anew, whether it would or not
        self._inflicted, self._limit = True, float("inf")
        self._moved.set()

    async def _settled_more(self, count: float) -> None:
        """Wait until so many readings more are settled."""
        enough = self._settled + count
        self._limit = enough + self.plan.slack
        self._moved.set()
        while self._settled < enough:
            self._moved.clear()
            await self._moved.wait()

    async def _drain(self) -> None:
        """Let the weather clear up and wait until everything is acknowledged, or nothing moves any more."""
        self.note("faults over")
        self.scene.clear_up()
        while any(len(device.outbox) for device in self._devices):
            if time.monotonic() - self._told_s > HANG_S:
                self.note("hang", unacknowledged=sum(len(device.outbox) for device in self._devices))
                return
            await asyncio.sleep(_LOOK_S)

    def _back(self, fault: Fault) -> None:
        self._recovering.append((fault, time.monotonic()))

    def _died(self, part: Part, code: int) -> None:
        said = part.said()
        if _PORT_TAKEN in said:  # somebody else's, in between; the next start waits for it
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
        await run.scene.set_up()
        yield run
    finally:
        await run.stop()
