"""The alarm system checks itself: a synthetic alert walks the whole way every few minutes, and the failure is an alarm.

The help button of a stay of mode test is pressed in the store; a worker evaluates it, the alert is raised, its
notification is written, sent to the console, and the walk's number goes to the listening screens with their heartbeat
and comes back with theirs. What fails is told on a way that uses none of that: the operator's own gateway, `/readyz`,
and a dead-man signal that stops. The invariant: the signal is given only when a whole walk was good a moment ago.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path

import urllib3

from alerting import apply
from alerting.operator_line import Line, Way, gateway
from ward import chores, guard, log
from ward.alerts import Closure, Outcome
from ward.clock import Clock
from ward.errors import StoreUnavailable
from ward.events import DeviceEvent, EventKind
from ward.people import DeviceNo
from ward.selfcheck import LONGEST_WALK, Walk, complaint, is_ahead, missing, overdue
from ward.settings import Settings
from ward.store import alerts, device_events, listeners, selfchecks, strain
from ward.store import chores as kept_chores
from ward.store.borrow import borrow
from ward.store.pool import Connection, Pool

_LOOK_S = 2.0
_SIGNAL_S = 30.0
# Looks on end without an answer of the store after which the operator is told: a minute, of our own life.
_MOST_SILENT = 30
# A failure that lasts is told again after so many walks.
_REMIND_AFTER = 6
_TIMEOUT_S = 10.0
# What could not be said is tried again after so long.
_SAY_AGAIN_S = 30.0
# A strain that lasts is told again after so long, and one is over that was away for so many looks on end.
_AGAIN_S = 1800.0
_OVER_AFTER = 10
_DAY_S = 86_400.0


async def advance(store: Pool, clock: Clock, every: timedelta) -> Walk | None:
    """Start a walk that is due, or see how far the present one has come; return it if it has just ended."""
    async with borrow(store) as conn:
        if not await selfchecks.alone(conn):
            return None
        now = clock.now()
        found = await selfchecks.newest(conn)
        if found and found[0].ended_at is None:
            return await _look(conn, found[0], now)
        if not found or now - found[0].started_at >= every or is_ahead(found[0].started_at, now):
            await _start(conn, now)
    return None


async def _start(conn: Connection, now: datetime) -> None:
    at = await selfchecks.post(conn)
    await _close(conn, at, now)
    await selfchecks.start(conn, at, now)
    pressed = DeviceEvent(kind=EventKind.HELP_BUTTON, occurred_at=now)
    row = device_events.EventRow(stay_id=at.stay_id, device_no=DeviceNo(at.device_no), received_at=now, event=pressed)
    await device_events.insert(conn, [row])


async def _look(conn: Connection, walk: Walk, now: datetime) -> Walk | None:
    at = await selfchecks.post(conn)
    await selfchecks.look(conn, at, walk)
    screens, echoes = await listeners.echoed(conn, walk.walk, walk.started_at, now)
    if echoes:
        await selfchecks.screened(conn, walk, now)
    come_to = (await selfchecks.newest(conn))[0]
    fault = missing(come_to, screens=screens)
    if fault is not None and now - walk.started_at < LONGEST_WALK and not is_ahead(walk.started_at, now):
        return None
    await _close(conn, at, now)
    await selfchecks.end(conn, at, walk, fault, now)
    return (await selfchecks.newest(conn))[0]


async def _close(conn: Connection, at: selfchecks.Post, now: datetime) -> None:
    """Close what the walks have raised."""
    for alert in await alerts.in_force(conn, [at.stay_id]):
        if alert.closure is Closure.CLOSED:
            continue
        event = apply.Resolve(by=at.staff_id, rev=alert.rev, outcome=Outcome.TECHNICAL)
        await apply.apply_event(conn, alert.alert_id, event, now)


async def complaints(store: Pool, clock: Clock, every: timedelta) -> list[str]:
    """Return what speaks against an alert's way from rule to screen, empty when all is well."""
    async with borrow(store) as conn:
        now = clock.now()
        walk = await selfchecks.newest_ended(conn)
        found = (complaint(walk, every, now), overdue(await selfchecks.waiting(conn), now))
    return [each for each in found if each is not None]


async def strained(store: Pool, clock: Clock) -> dict[guard.Part, str]:
    """Return what strains the platform so that its alarms may come too late."""
    async with borrow(store) as conn:
        now = clock.now()
        return guard.complaints(await strain.read(conn, now), now)


async def reminders(store: Pool, clock: Clock) -> dict[str, str]:
    """Return what must be renewed or done again, by what it is."""
    async with borrow(store) as conn:
        now = clock.now()
        return {each.what.value: each.said for each in chores.due(await kept_chores.read(conn, now), now)}


async def faults_in_a_row(store: Pool, before: int | None = None) -> int:
    """Return how many of the newest walks, or of those before one, have failed, one after the other."""
    async with borrow(store) as conn:
        ended = [walk for walk in await selfchecks.newest(conn, 100) if walk.ended_at is not None]
        walks = [walk for walk in ended if before is None or walk.walk < before]
    return next((index for index, walk in enumerate(walks) if walk.fault is None), len(walks))


@dataclass(slots=True, kw_only=True)
class Watch:
    """The loops of one process. `alarm`, `relieve` and `remind` tell the operator, `signal` the outside watcher."""

    store: Pool
    clock: Clock
    every: timedelta
    alarm: Way
    signal: Callable[[], None]
    relieve: Way = lambda _what: None
    remind: Way = lambda _what: None
    line: Line = field(init=False)
    told_chores: dict[str, float] = field(default_factory=dict)
    silent: int = 0
    told_silence: bool = False
    broken: str = ""
    strained: frozenset[guard.Part] = frozenset()
    told_strain: dict[guard.Part, float] = field(default_factory=dict)
    away: Counter[guard.Part] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Open the line to the operator."""
        self.line = Line(clock=self.clock)

    async def walk(self) -> None:
        """Look after the walks for ever."""
        while True:
            try:
                ended = await advance(self.store, self.clock, self.every)
                self.silent, self.broken = 0, ""
                if ended is not None:
                    await self._ended(ended)
            except StoreUnavailable as error:
                log.get().warning("selfcheck_waits_for_store", error=str(error)[:200])
            except Exception as error:  # noqa: BLE001 - the check goes on, whatever one look has met
                self.broken = type(error).__name__
                log.get().error("selfcheck_broken", error=self.broken, exc_info=error)
            await asyncio.sleep(_LOOK_S)

    async def listen(self) -> None:
        """Tell the operator, once, that the walks have stood still for a minute, and that they go on.

        Beside them: a store that hangs, or a disk under it, lets no look come to an end. Counted, and not by the clock,
        since a machine that was asleep knows nothing of the store.
        """
        while True:
            await asyncio.sleep(_LOOK_S)
            self.silent += 1
            if self.told_silence and self.silent < _MOST_SILENT:
                self.told_silence = False
                await self.line.say("the store answers, and the self-check is done again", self.relieve)
            if self.silent == _MOST_SILENT:
                log.get().error("selfcheck_silent", error=self.broken)
                self.told_silence = True
                said = f"the self-check cannot be done ({self.broken})" if self.broken else "the store does not answer"
                await self.line.say(said, self.alarm)

    async def tell_late(self) -> None:
        """Tell the operator what could not be told before, for ever."""
        while True:
            await asyncio.sleep(_SAY_AGAIN_S)
            await self.line.go_on()

    async def _ended(self, walk: Walk) -> None:
        took = None if walk.ended_at is None else round((walk.ended_at - walk.started_at).total_seconds(), 1)
        if walk.fault is None:
            log.get().info("selfcheck_passed", walk=walk.walk, seconds=took)
            if await faults_in_a_row(self.store, before=walk.walk):
                await self.line.say("the synthetic alert gets through again", self.relieve)
            return
        log.get().error("selfcheck_failed", walk=walk.walk, fault=walk.fault.value)
        if await faults_in_a_row(self.store) % _REMIND_AFTER == 1:
            await self.line.say(f"the synthetic alert did not get through {walk.fault}", self.alarm)

    async def _tell_strains(self, strains: Mapping[guard.Part, str]) -> None:
        """Tell the operator what strains the platform at the second look on end, and again where it lasts.

        The first look may be in the middle of a start, when what was due in the night is just being done.
        """
        now_s, last = time.monotonic(), self.strained
        self.strained = frozenset(strains)
        lasting = [part for part in strains if part in last]
        news = [part for part in lasting if now_s - self.told_strain.get(part, -_AGAIN_S) >= _AGAIN_S]
        if news:
            self.told_strain |= dict.fromkeys(news, now_s)
            log.get().error("platform_strained", parts=[str(part) for part in news])
            await self.line.say("; ".join(strains[part] for part in news), self.alarm)
        await self._tell_over(strains)

    async def _tell_over(self, strains: Mapping[guard.Part, str]) -> None:
        """Tell the operator what has not been there for so many looks that it is over."""
        self.away = Counter({part: self.away[part] + 1 for part in self.told_strain if part not in strains})
        over = [part for part, looks in self.away.items() if looks >= _OVER_AFTER]
        for part in over:
            del self.told_strain[part]
        if over:
            said = ", ".join(guard.NAMES[part] for part in over)
            log.get().info("platform_relieved", parts=[str(part) for part in over])
            await self.line.say(f"for {_OVER_AFTER * _SIGNAL_S / 60:.0f} minutes all is well with {said}", self.relieve)

    async def _tell_chores(self) -> None:
        """Remind the operator, each day, of what must be renewed or done again."""
        now_s, waiting = time.monotonic(), await reminders(self.store, self.clock)
        self.told_chores = {what: at_s for what, at_s in self.told_chores.items() if what in waiting}
        news = [what for what in waiting if now_s - self.told_chores.get(what, -_DAY_S) >= _DAY_S]
        if news:
            self.told_chores |= dict.fromkeys(news, now_s)
            log.get().warning("chores_due", what=news)
            await self.line.say("; ".join(waiting[what] for what in news), self.remind)

    async def _signal(self, found: Collection[str]) -> None:
        if found:
            log.get().warning("deadman_withheld", because=list(found))
        else:
            await asyncio.to_thread(self.signal)

    async def signals(self) -> None:
        """Give the dead-man signal for ever, only while all is well; where nothing walks, nobody can say so."""
        while True:
            try:
                strains = await strained(self.store, self.clock)
                await self._tell_strains(strains)
                if self.every:
                    await self._signal([*await complaints(self.store, self.clock, self.every), *strains.values()])
            except Exception as error:  # noqa: BLE001 - a signal that fails is one that does not come
                log.get().warning("deadman_failed", error=type(error).__name__)
            try:
                await self._tell_chores()
            except Exception as error:  # noqa: BLE001 - what is due in days is asked for again in half a minute
                log.get().warning("chores_unread", error=type(error).__name__)
            await asyncio.sleep(_SIGNAL_S)


def deadman(url: str, path: Path | None) -> Callable[[], None]:
    """Return what tells the outside watcher that all is well; it raises where the watcher does not take it."""
    connections = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=_TIMEOUT_S))

    def signal() -> None:
        try:
            if path is not None:
                path.touch()
        finally:
            if url and (status := connections.request("GET", url).status) >= HTTPStatus.MULTIPLE_CHOICES:
                raise ConnectionError(f"the watcher answers {status}")

    return signal


async def run(settings: Settings, store: Pool, clock: Clock) -> None:
    """Check for ever; with `selfcheck_minutes` 0 nothing walks, and what strains the platform is told all the same."""
    watch = Watch(
        store=store,
        clock=clock,
        every=timedelta(minutes=settings.selfcheck_minutes),
        alarm=gateway(settings.alarm_gateway, "Hemvakt: alarms may not get through"),
        relieve=gateway(settings.alarm_gateway, "Hemvakt: it is over"),
        remind=gateway(settings.alarm_gateway, "Hemvakt: before it is too late"),
        signal=deadman(settings.deadman_url, settings.deadman_file),
    )
    async with asyncio.TaskGroup() as group:
        if watch.every:
            group.create_task(watch.walk(), name="selfcheck")
            group.create_task(watch.listen(), name="selfcheck-silence")
        group.create_task(watch.signals(), name="deadman")
        group.create_task(watch.tell_late(), name="operator")
