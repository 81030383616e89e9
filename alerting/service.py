"""The alerting process: claims the stays that are due or have something new, evaluates them together, writes.

All of a pass is one transaction, so a worker that dies has done nothing; any number of workers share the list.
Hints only wake it, the list is the truth, and it looks at it at least every second. It yields to ingest: its process
has lower priority, and passes are a while apart. A late reading is evaluated in its own time: what is over by now
raises nothing, what is still there does.
"""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import msgspec

from alerting import apply
from alerting.evaluate import Evaluation, Scored, evaluate, look_back_s
from alerting.features import USABLE, Batch, DeviceReport, StayContext, batch, gather, moment, seconds
from alerting.rules.news2 import INPUTS
from alerting.windows import Windows, columns
from ward import log, plans
from ward.alerts import Alert
from ward.clock import Clock, SystemClock
from ward.clock import from_us as clock_from_us
from ward.errors import StoreUnavailable
from ward.people import StayId
from ward.plans import Plan
from ward.settings import Settings
from ward.store import alerts, bus, evaluation, heartbeats, scores
from ward.store.borrow import LOST, borrow
from ward.store.pool import Connection, Pool, connect, pool
from ward.vitals import VITALS

__all__ = ["Pass", "evaluate_due", "run"]

_MOST = 500
_APART_S = 0.2
_SWEEP_S = 1.0
_ENROL_S = 5.0
_BEAT_S = 2.0
_RETRY_S = (0.2, 5.0)
_NICE = 10
# Late readings widen the window back to where they begin, at most this far.
_LATEST_S = 6 * 3600.0
# Later than any reading: a stay without a request has nothing that is not held.
_NOTHING_NEW = datetime(9999, 1, 1, tzinfo=UTC)
_AGAIN = timedelta(milliseconds=1)
_TEMPLATE = plans.template()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one pass did; `due_at` is when the next stay on the list is due."""

    stays: int
    scores: int
    alerts: tuple[Alert, ...]
    due_at: datetime | None


@lru_cache(maxsize=4096)
def _plan(version: int, rules: str) -> Plan:
    """Read a plan; one that cannot be used gives way to the template, never to no alarms."""
    try:
        plan = plans.decode(version, rules)
        faults = [f"{kind}: {fault}" for kind, each in plan.limits.items() for fault in each.faults()]
    except msgspec.ValidationError as error:
        plan, faults = _TEMPLATE, [str(error)]
    if faults:
        log.get().error("plan_unusable", version=version, faults=faults)
        return _TEMPLATE
    return plan


async def evaluate_due(conn: Connection, now: datetime, *, windows: Windows | None = None, most: int = _MOST) -> Pass:
    """Evaluate up to `most` stays that are due or have something new, in the caller's transaction.

    `windows` holds what this worker has read before; without it everything is read anew.
    """
    windows = windows or Windows()
    claimed = await evaluation.claim(conn, now, most)
    if not claimed:
        return Pass(stays=0, scores=0, alerts=(), due_at=await evaluation.next_due(conn))
    ids = [row.stay_id for row in claimed]
    since = await evaluation.take_requests(conn, ids)
    known = await alerts.unresolved(conn, ids)
    stays = await _contexts(conn, claimed, since, known, now)
    looked_at = await _read(conn, claimed, stays, since, windows)
    found = evaluate(looked_at, seconds(now))
    changed = await apply.settle(conn, known, found.observations, now)
    await _write(conn, looked_at, found, changed, now, windows.worker)
    return Pass(stays=len(ids), scores=len(found.scores), alerts=tuple(changed), due_at=await evaluation.next_due(conn))


async def _contexts(
    conn: Connection,
    claimed: Sequence[evaluation.Claimed],
    since: Mapping[StayId, datetime],
    known: Sequence[Alert],
    now: datetime,
) -> list[StayContext]:
    ids = [row.stay_id for row in claimed]
    own: dict[StayId, dict[str, Alert]] = {stay_id: {} for stay_id in ids}
    for alert in known:
        own[alert.stay_id][alert.rule] = alert
    devices: dict[StayId, list[DeviceReport]] = {stay_id: [] for stay_id in ids}
    for worn in await evaluation.worn(conn, ids, now):
        devices[worn.stay_id].append(_report(worn))
    rows = {row.stay_id: row for row in await evaluation.stays(conn, ids, now)}
    return [_context(row, rows[row.stay_id], own, devices, since.get(row.stay_id), now) for row in claimed]


def _report(row: evaluation.WornRow) -> DeviceReport:
    return DeviceReport(
        device_id=row.device_id,
        online=row.online,
        battery_pct=row.battery_pct,
        reported_s=seconds(row.reported_at),
        changed_s=seconds(row.changed_at),
    )


def _context(
    claimed: evaluation.Claimed,
    row: evaluation.StayRow,
    own: Mapping[StayId, Mapping[str, Alert]],
    devices: Mapping[StayId, Sequence[DeviceReport]],
    since: datetime | None,
    now: datetime,
) -> StayContext:
    plan = _TEMPLATE if row.version is None or row.rules is None else _plan(row.version, row.rules)
    now_s = seconds(now)
    window_s = now_s - look_back_s(plan)
    if since is not None:
        window_s = max(min(window_s, seconds(since) - look_back_s(plan)), now_s - _LATEST_S)
    return StayContext(
        stay_id=row.stay_id,
        plan=plan,
        watched_from_s=seconds(max(row.started_at, row.bound_at or row.started_at)),
        window_from_s=window_s,
        devices=tuple(devices[row.stay_id]),
        alerts=own[row.stay_id],
        digest=claimed.score_digest,
        scored_s=None if claimed.scored_at is None else seconds(claimed.scored_at),
    )


async def _read(
    conn: Connection,
    claimed: Sequence[evaluation.Claimed],
    stays: Sequence[StayContext],
    new_since: Mapping[StayId, datetime],
    windows: Windows,
) -> Batch:
    """Read the windows of these stays: what is new of those that are held already, all of the others."""
    kinds = sorted({*INPUTS, *(kind for stay in stays for kind in (*stay.plan.limits, *stay.plan.expected))})
    ids = [stay.stay_id for stay in stays]
    from_us = {stay.stay_id: round(stay.window_from_s * 1e6) for stay in stays}
    covered = {row.stay_id for row in claimed if windows.covers(row.stay_id, row.evaluated_by, from_us[row.stay_id])}
    since = [new_since.get(each, _NOTHING_NEW) if each in covered else clock_from_us(from_us[each]) for each in ids]
    rows = await evaluation.readings(
        conn, ids, since, [VITALS[kind].code for kind in kinds], [each.value for each in USABLE]
    )
    readings = columns(windows.extend(ids, from_us, covered, rows))
    return batch(stays, {kind: gather(readings, VITALS[kind].code, len(stays)) for kind in kinds})


async def _write(
    conn: Connection, looked_at: Batch, found: Evaluation, changed: Sequence[Alert], now: datetime, worker: int
) -> None:
    await scores.insert(conn, [_score_row(scored, now) for scored in found.scores])
    digests = {scored.stay_id: scored.digest for scored in found.scores}
    # What changed now may change again by time, which was reckoned before: look at those once more.
    again = {alert.stay_id for alert in changed}
    rows = []
    for stay, next_s in zip(looked_at.stays, found.next_s.tolist(), strict=True):
        digest = digests.get(stay.stay_id)
        rows.append(
            evaluation.NextRow(
                stay_id=stay.stay_id,
                due_at=now + _AGAIN if stay.stay_id in again else moment(next_s),
                score_digest=digest,
                scored_at=None if digest is None else now,
            )
        )
    await evaluation.reschedule(conn, rows, worker)
    await bus.announce(conn, bus.Channel.SCORES, sorted(digests))


def _score_row(scored: Scored, now: datetime) -> scores.ScoreRow:
    detail = scores.ScoreDetail(
        parts={name: scores.PointRange(min=low, max=high) for name, (low, high) in scored.parts.items()},
        missing=list(scored.missing),
        stale=list(scored.stale),
        settles=scored.settles,
        single_three=scored.single_three,
    )
    return scores.ScoreRow(
        stay_id=scored.stay_id,
        scored_at=now,
        total_min=scored.total_min,
        total_max=scored.total_max,
        risk=scored.risk,
        spo2_scale=scored.spo2_scale,
        detail=msgspec.json.encode(detail).decode(),
    )


async def run(settings: Settings, clock: Clock | None = None) -> None:
    """Evaluate until SIGTERM or SIGINT; a lost store is waited for, and nothing is lost with it."""
    clock = clock or SystemClock()
    os.nice(_NICE)
    stopping, wake = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    worker = Worker(clock=clock, wake=wake)
    async with pool(settings.database_url, "alerting", size=2) as store:
        tasks = [
            asyncio.create_task(worker.work(store), name="work"),
            asyncio.create_task(worker.listen(settings.database_url), name="listen"),
            asyncio.create_task(worker.beat(store), name="beat"),
            asyncio.create_task(stopping.wait(), name="stopping"),
        ]
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for task in done:
            task.result()
    log.get().info("alerting_stopped", passes=worker.passes, stays=worker.stays)


@dataclass(slots=True, kw_only=True)
class Worker:
    """The loops of one process, and what they have counted."""

    clock: Clock
    wake: asyncio.Event
    windows: Windows = field(default_factory=Windows)
    passes: int = 0
    stays: int = 0
    store_down: bool = False

    async def work(self, store: Pool) -> None:
        """Evaluate for ever: on a hint, when a stay is due, and at least every second."""
        retry_s, enrol_at = _RETRY_S[0], 0.0
        while True:
            started = time.monotonic()
            try:
                if started >= enrol_at:
                    async with borrow(store) as conn:
                        await evaluation.enrol(conn, self.clock.now())
                    enrol_at = started + _ENROL_S
                done = await self._pass(store)
            except StoreUnavailable as error:
                self.store_down = True
                log.get().warning("store_lost", error=str(error)[:200], retry_s=retry_s)
                await asyncio.sleep(retry_s)
                retry_s = min(2 * retry_s, _RETRY_S[1])
                continue
            retry_s, self.store_down = _RETRY_S[0], False
            await asyncio.sleep(max(0.0, started + _APART_S - time.monotonic()))
            if done.stays < _MOST:
                await self._rest(done.due_at)

    async def _pass(self, store: Pool) -> Pass:
        started = time.monotonic()
        self.wake.clear()
        async with borrow(store) as conn:
            done = await evaluate_due(conn, self.clock.now(), windows=self.windows)
        if done.stays:
            self.passes += 1
            self.stays += done.stays
            log.get().debug(
                "stays_evaluated",
                stays=done.stays,
                scores=done.scores,
                alerts=[alert.alert_id for alert in done.alerts],
                ms=round((time.monotonic() - started) * 1000),
            )
        return done

    async def _rest(self, due_at: datetime | None) -> None:
        """Wait for a hint, the next due stay, or the sweep, whichever is first."""
        rest_s = _SWEEP_S if due_at is None else min(_SWEEP_S, (due_at - self.clock.now()).total_seconds())
        if rest_s > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.wake.wait(), rest_s)

    async def listen(self, database_url: str) -> None:
        """Turn hints into wake-ups; without a connection the sweep goes on alone."""
        channels = (bus.Channel.READINGS, bus.Channel.DEVICES, bus.Channel.REGISTRY)
        while True:
            try:
                async with await connect(database_url, "alerting-hints", autocommit=True) as conn:
                    async for _ in bus.listen(conn, channels):
                        self.wake.set()
            except LOST as error:
                log.get().warning("hints_lost", error=str(error)[:200])
            await asyncio.sleep(_RETRY_S[1])

    async def beat(self, store: Pool) -> None:
        """Say every two seconds that this worker lives."""
        instance = f"{socket.gethostname()}-{os.getpid()}"
        while True:
            detail = {"passes": self.passes, "stays": self.stays, "store_down": self.store_down}
            try:
                async with borrow(store) as conn:
                    await heartbeats.beat(conn, "alerting", instance, self.clock.now(), detail)
            except StoreUnavailable as error:
                log.get().warning("beat_failed", error=str(error)[:200])
            await asyncio.sleep(_BEAT_S)
