"""A run of a whole cell: devices, boards and back-tests on one side, the blows of the plan on the other.

It ends when everything that was measured is acknowledged, every alert that must be is on every board, and every board
shows what the store holds, or when that has not come about after `HANG_S`. What is judged is in `cell_judge`.
"""

import asyncio
import json
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

import httpx

from benchmarks import cell_judge, cell_plan, victims
from benchmarks.cell_boards import Board, browser, log_in
from benchmarks.cell_patients import ILLNESSES, Patient
from benchmarks.cell_plan import Blow, Plan, Step
from benchmarks.cell_proxy import Proxy
from benchmarks.cell_scene import DOCTOR, NURSE, PASSWORD, Scene
from benchmarks.cell_store import AnyStore
from benchmarks.cell_wounds import Wounds
from benchmarks.fault_ledger import Entry, Ledger
from benchmarks.fault_outbox import Counts, Habits, Outbox
from benchmarks.faulty_devices import Device, Door, Manner
from benchmarks.victims import Part
from ingest.packets import V5, V311
from ward.clock import SystemClock, to_us

HANG_S = 120.0
_LOOK_S = 0.2
_PATIENCE_S = 8.0
_SLOW_ILLNESS_UNTIL_S = 90.0
_BACKTEST_EVERY_S = 60.0
_CALM_S = 20.0  # devices go on after the last fault, so that who is shown as gone is seen to be there
_WILL = b'{"online":false}'
_HABITS = Habits(most_readings=4, arrays=0.3, history=0.0, echoes=0.1, bad_elements=0.02, jumps=0.1)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a run was like. `deaths` are processes that ended by themselves, `unlike` is what never came about."""

    counts: Counts = field(default_factory=Counts)
    blows: Counter[str] = field(default_factory=Counter)
    deaths: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)
    wrong_receipts: int = 0
    unacknowledged: int = 0
    backtests: int = 0
    took_s: float = 0.0


class Run:
    """The state of a run; a `Watcher` of its devices."""

    def __init__(self, plan: Plan, folder: Path, store: AnyStore) -> None:
        self.plan = plan
        self.outcome = Outcome()
        self.clock = SystemClock()
        self.scene = Scene(plan=plan, folder=folder, store=store, clock=self.clock, proxy=Proxy(folder=folder))
        self.ledger = Ledger(folder, on_told=self._told)
        self.patients: list[Patient] = []
        self.boards: list[Board] = []
        self.wounds = Wounds(frozenset())
        self._devices: list[Device] = []
        self._well: list[Patient] = []
        self._down: set[str] = set()
        self._events = (folder / "events.jsonl").open("w", encoding="utf-8")
        self._began_s = time.monotonic()

    def accepted(self, count: int) -> None:
        """Do nothing: no more will be known of what only a broker has."""

    def acknowledged(self, count: int) -> None:
        """Do nothing: the ledger is told what it was."""

    async def go(self) -> Outcome:
        """Carry the run out to its end."""
        self._make_devices()
        self._make_boards()
        self._began_s = time.monotonic()
        async with asyncio.TaskGroup() as keeping:
            kept = [keeping.create_task(device.run()) for device in self._devices]
            kept += [keeping.create_task(board.run()) for board in self.boards]
            kept.append(keeping.create_task(victims.look_after(self.scene.parts, self._died)))
            async with asyncio.TaskGroup() as group:
                group.create_task(self._strike_all())
                group.create_task(self._ask_backtests())
                for device in self._devices:
                    group.create_task(self._measure(device))
            await self._settle()
            for task in kept:
                task.cancel()
        for wound in self.wounds.all:
            self._note("wound", **wound.facts(self.boards, self._began_s))
        self.outcome.took_s = self._at_s()
        self.outcome.wrong_receipts = sum(device.wrong_receipts for device in self._devices)
        self.outcome.unacknowledged = sum(len(device.outbox) for device in self._devices)
        return self.outcome

    async def stop(self) -> None:
        """Stop everything that was started, but for the store."""
        await self.scene.stop()
        self.ledger.close()
        self._events.close()

    def _make_devices(self) -> None:
        """Divide the devices among the endpoint and the two brokers; every third at a broker speaks MQTT 3.1.1."""
        proxy, told = self.scene.proxy, set[int]()
        doors = ((Door.ENDPOINT, proxy.endpoint), (Door.BROKER, proxy.broker_a), (Door.BROKER, proxy.broker_b))
        for number, kit in enumerate(self.scene.kits):
            door, port = doors[number % len(doors)]
            version = V311 if number // 3 % 3 == 2 else V5
            manner = Manner(door=door, version=version, patience_s=_PATIENCE_S, will=_WILL)
            rng = Random(f"{self.plan.seed}-{kit.device_id}")
            patient = Patient(kit=kit, illness=ILLNESSES[rng.randrange(len(ILLNESSES))])
            outbox = Outbox(kit, _HABITS, self.ledger, self.outcome.counts, rng, patient.course)
            self._devices.append(Device(outbox, port, manner, self.outcome.counts, rng, self))
            self.patients.append(patient)
            if door is Door.ENDPOINT or manner.version == V5:
                told.add(kit.device_no)
        self.wounds = Wounds(frozenset(told))
        self._well = Random(self.plan.seed).sample(self.patients, self.plan.ill)

    def _make_boards(self) -> None:
        for _ in range(self.plan.boards):
            proxy = self.scene.proxy
            self.boards.append(Board(port=proxy.page, trust=proxy.trust(), username=NURSE, password=PASSWORD))

    async def _measure(self, device: Device) -> None:
        while self._at_s() < self.plan.seconds + _CALM_S:
            await asyncio.sleep((0.75 + device.rng.random() / 2) / self.plan.rate)
            device.measure(to_us(self.clock.now()))

    async def _strike_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for step in cell_plan.steps(self.plan):
                await asyncio.sleep(max(0.0, step.at_s - self._at_s()))
                self._somebody_falls_ill(step)
                for blow, which, lasts_s in step.blows:
                    group.create_task(self._strike(blow, which, lasts_s))

    def _somebody_falls_ill(self, step: Step) -> None:
        """Let the next patient fall ill at the moment of a fault, while there is somebody."""
        late = self.plan.seconds - self._at_s() < _SLOW_ILLNESS_UNTIL_S
        patient = next((each for each in self._well if not (late and each.illness.delay_s)), None)
        now_us = to_us(self.clock.now())
        if patient is not None:
            self._well.remove(patient)
            patient.fall_ill(now_us)
        self.wounds.add(step.kind, now_us, patient)
        self._note("step", kind=step.kind, ill=patient.kit.device_id if patient else None)

    async def _strike(self, blow: Blow, which: int, lasts_s: float) -> None:
        """Kill somebody and start them again after a while; who is down already is left alone."""
        parts = self.scene.of.get(Blow.ALERTING if blow is Blow.RUSH else blow, [])
        part = parts[which % len(parts)] if parts else None
        victim = part.name if part is not None else str(blow)
        if victim in self._down:
            return
        if blow is Blow.RUSH and part is not None:
            self.outcome.blows[blow] += self.scene.kill_rush(part)
            return
        self._down.add(victim)
        self.outcome.blows[blow] += 1
        self._note("killed", victim=victim, lasts_s=round(lasts_s, 1))
        if part is None:
            self.scene.store.kill()
            await asyncio.sleep(lasts_s)
            await self.scene.store.start()
        else:
            await part.end(signal.SIGKILL)
            await asyncio.sleep(lasts_s)
            part.start()
        self._note("started", victim=victim)
        self._down.discard(victim)

    async def _ask_backtests(self) -> None:
        """Ask for a back-test of everybody again and again, each until it is taken."""
        patients = cell_judge.patients(self.scene.store.database_url)
        while self._at_s() + _BACKTEST_EVERY_S < self.plan.seconds:
            await asyncio.sleep(_BACKTEST_EVERY_S)
            now = self.clock.now()
            body: dict[str, object] = {
                "patients": patients,
                "from": (now - timedelta(hours=1)).isoformat(),
                "to": now.isoformat(),
                "plan": {"limits": {"spo2": {"alert_low": 86, "warn_low": 90, "delay_s": 60, "clear_by": 1}}},
            }
            while not await self._asked(body, f"cell-{self.outcome.backtests}"):  # noqa: ASYNC110 - of another process
                await asyncio.sleep(1.0)
            self.outcome.backtests += 1

    async def _asked(self, body: dict[str, object], key: str) -> bool:
        """Ask for a back-test as a doctor does; the key makes asking again harmless."""
        async with browser(self.scene.proxy.page, self.scene.proxy.trust()) as client:
            try:
                await log_in(client, DOCTOR, PASSWORD)
                answer = await client.post("/api/backtests", json=body, headers={"Idempotency-Key": key})
            except httpx.HTTPError:
                return False
        if answer.is_client_error:
            raise AssertionError(answer.text)
        return answer.is_success

    async def _settle(self) -> None:
        """Wait until everything has come about, or long enough."""
        self._note("faults over")
        deadline = time.monotonic() + HANG_S
        while (left := self._left()) and time.monotonic() < deadline:  # noqa: ASYNC110 - of other processes
            await asyncio.sleep(_LOOK_S)
        self.outcome.unlike = left

    def _left(self) -> list[str]:
        """Return what has not come about, in words."""
        unsent = sum(len(device.outbox) for device in self._devices)
        left = [f"{unsent} messages are not acknowledged"] if unsent else []
        if self._down:
            return [*left, f"down: {self._down}"]
        url = self.scene.store.database_url
        if waiting := cell_judge.unfinished(url):
            left.append(f"{waiting} back-tests are not done")
        left += cell_judge.shown_as_gone(url)
        for number, board in enumerate(self.boards, 1):
            unseen = {each.expected for each in self.patients if each.expected is not None} - board.seen_s.keys()
            left += [f"board {number} has never shown {key}" for key in sorted(unseen)]
            left += [f"board {number}: {each}" for each in cell_judge.unlike(url, board)]
        return left

    def _told(self, entries: list[Entry]) -> None:
        self.wounds.told(entries)

    def _died(self, part: Part, code: int) -> None:
        self.outcome.deaths.append(f"{part.name} ended by itself with code {code}")
        self._note("death", victim=part.name, code=code, said=part.said()[-1500:])

    def _note(self, event: str, **facts: object) -> None:
        self._events.write(json.dumps({"at_s": round(self._at_s(), 2), "event": event, **facts}) + "\n")
        self._events.flush()

    def _at_s(self) -> float:
        return time.monotonic() - self._began_s
