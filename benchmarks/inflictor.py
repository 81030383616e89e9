"""Carries the faults of a plan out on a scene. What is down comes back by itself; two acts on one victim never mix."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from random import Random

from benchmarks.chaos import Fault, Step
from benchmarks.fault_plan import Outcome
from benchmarks.fault_scene import Scene
from benchmarks.victims import Part

_LOOK_S = 0.05
Back = Callable[[Fault], None]


class Inflictor:
    """Does what a step says; `back` is told when a victim is back."""

    def __init__(self, scene: Scene, outcome: Outcome, back: Back) -> None:
        self._scene, self._outcome, self._back = scene, outcome, back
        self._timed = bool(scene.plan.seconds)
        self._locks: dict[str, asyncio.Lock] = {}

    async def carry_out(self, step: Step) -> None:
        """Do it, and come back when the victim is back."""
        scene = self._scene
        ingest = scene.ingests[step.which % len(scene.ingests)]
        match step.fault:
            case Fault.KILL_INGEST:
                await self._alone(step, ingest.name, self._end(step, ingest, signal.SIGKILL))
            case Fault.STOP_INGEST:
                await self._alone(step, ingest.name, self._end(step, ingest, signal.SIGTERM))
            case Fault.FREEZE_INGEST:
                await self._alone(step, ingest.name, self._freeze(step, ingest))
            case Fault.KILL_BROKER | Fault.KILL_ALERTING:
                name = "mosquitto" if step.fault is Fault.KILL_BROKER else "alerting"
                part = next(each for each in scene.others if each.name == name)
                await self._alone(step, name, self._end(step, part, signal.SIGKILL))
            case Fault.KILL_STORE:
                await self._alone(step, "store", self._kill_store(step))
            case Fault.KILL_SESSION:
                await self._kill_session(step)
            case Fault.CUT_STORE | Fault.CUT_BROKER:
                scene.links[step.fault].cut()
                self._done(step, "link")
            case Fault.DARK:
                await self._alone(step, "networks", self._darken(step))
            case Fault.EXCHANGE:
                number = step.which % len(scene.homes)
                exchange = scene.homes[number].exchange(scene.store.database_url, scene.clock)
                await self._alone(step, f"household-{number + 1}", exchange)

    async def _alone(self, step: Step, victim: str, act: Coroutine[object, object, None]) -> None:
        """Do something to a victim; while something is being done to it already, a timed fault is passed over."""
        lock = self._locks.setdefault(victim, asyncio.Lock())
        if lock.locked() and self._timed:
            act.close()
            self._skip(step, victim)
            return
        async with lock:
            self._outcome.faults[step.fault] += 1
            self._scene.note(step.fault, victim=victim, lasts_s=round(step.lasts_s, 2))
            await act
            self._scene.note("back", victim=victim)
            self._back(step.fault)

    async def _end(self, step: Step, part: Part, number: signal.Signals) -> None:
        await part.end(number)
        await asyncio.sleep(step.lasts_s)
        part.start()

    async def _freeze(self, step: Step, part: Part) -> None:
        part.send(signal.SIGSTOP)
        await asyncio.sleep(step.lasts_s)
        part.send(signal.SIGCONT)

    async def _kill_store(self, step: Step) -> None:
        self._scene.store.kill()
        await asyncio.sleep(step.lasts_s)
        await self._scene.store.start()

    async def _kill_session(self, step: Step) -> None:
        """Kill a session; where faults are counted, as soon as there is one."""
        choose = Random(step.which).choice
        while not self._scene.store.kill_backend(choose):
            if self._timed:
                self._skip(step, "session")
                return
            await asyncio.sleep(_LOOK_S)
        self._done(step, "session")

    async def _darken(self, step: Step) -> None:
        for cutter in self._scene.cutters:
            cutter.dark = True
            cutter.cut()
        await asyncio.sleep(step.lasts_s)
        for cutter in self._scene.cutters:
            cutter.dark = False

    def _done(self, step: Step, victim: str) -> None:
        """Take note of what is over at once: what was under way may still be acknowledged, so nothing is timed."""
        self._outcome.faults[step.fault] += 1
        self._scene.note(step.fault, victim=victim)

    def _skip(self, step: Step, victim: str) -> None:
        self._outcome.skipped[step.fault] += 1
        self._scene.note("passed over", fault=step.fault, victim=victim)
