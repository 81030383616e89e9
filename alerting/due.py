"""One pass: claim the stays that are due or have something new, read, evaluate, and write, in the caller's transaction.

A late reading is evaluated in its own time: what is over by now raises nothing, what is still there does. The
invariant: what a pass has read is what was asked for when it began, or it is asked for again. A stay that cannot be
evaluated is found by halving, told as an alert, and stops no other.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np

from alerting import apply, asking, runs, unasked, waves_series
from alerting.evaluate import (
    REMEMBERING,
    Evaluation,
    Scored,
    evaluate,
    furthest,
    look_back,
    memory,
    needs_memory,
    remembered_back,
)
from alerting.features import Batch, DeviceReport, Rows, StayContext, batch, gathered, moment, seconds
from alerting.observed import Observation
from alerting.rules import news2_steps
from alerting.rules.technical import UNWATCHED, unwatched
from alerting.suppress import Suppressed, admit
from alerting.windows import Windows, columns
from ward import log, overlays
from ward.alerts import Alert, Closure
from ward.clock import to_us
from ward.people import StayId
from ward.plan_checks import Fault
from ward.plans import Plan
from ward.store import alerts, bus, evaluation, evaluation_requests, scores, suppressions
from ward.store.borrow import LOST
from ward.store.pool import Connection
from ward.vitals import IMPLAUSIBLE, USABLE, VITALS, VitalKind

MOST = 1000
# What comes late is judged in its own time, at most this far back.
_LATEST = timedelta(hours=24)
_AGAIN = timedelta(milliseconds=1)
_RETRY = timedelta(seconds=30)
# Not the number of any worker (`Windows.worker`): nobody holds all that was stored before.
NOBODY = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one pass did, by which plans; `due_at` is when the next stay on the list is due."""

    stays: int
    scores: int
    alerts: tuple[Alert, ...]
    plans: Mapping[StayId, Plan]
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What became of stays that were evaluated together."""

    scores: int
    alerts: Sequence[Alert]
    plans: Mapping[StayId, Plan]


@lru_cache(maxsize=4096)
def _left_out(stay_id: StayId, faults: tuple[Fault, ...]) -> None:
    """Log once why a layer of a stay's plan was left out; the alert says so to the team."""
    log.get().error("plan_unusable", stay=stay_id, faults=[f"{each.path}: {each.en}" for each in faults])


async def evaluate_due(conn: Connection, now: datetime, *, windows: Windows | None = None, most: int = MOST) -> Pass:
    """Evaluate up to `most` stays that are due or have something new, in the caller's transaction.

    `windows` holds what this worker has read before; without it everything is read anew.
    """
    windows = windows or Windows()
    claimed = await evaluation.claim(conn, now, most, UNWATCHED)
    return await _evaluate_all(conn, claimed, now, windows)


async def _evaluate_all(
    conn: Connection, claimed: Sequence[evaluation.Claimed], now: datetime, windows: Windows
) -> Pass:
    found: list[_Done] = []
    # Those that could not be evaluated the last time go alone, so that the others need no halving again.
    for together in [[row for row in claimed if not row.aside], *([row] for row in claimed if row.aside)]:
        if together:
            found += await _apart(conn, together, now, windows)
    return Pass(
        stays=len(claimed),
        scores=sum(done.scores for done in found),
        alerts=tuple(alert for done in found for alert in done.alerts),
        plans={stay_id: plan for done in found for stay_id, plan in done.plans.items()},
        due_at=await evaluation.next_due(conn),
    )


async def _apart(
    conn: Connection, claimed: Sequence[evaluation.Claimed], now: datetime, windows: Windows
) -> list[_Done]:
    """Evaluate stays together; if that fails, each half on its own, down to the one that is at fault."""
    try:
        async with conn.transaction():
            return [await _evaluate(conn, claimed, now, windows)]
    except LOST:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one stay, the others must be watched
        windows.trends.forget()
        if len(claimed) == 1:
            told = await _set_aside(conn, claimed[0].stay_id, now, error)
            return [_Done(scores=0, alerts=told, plans={})]
    middle = len(claimed) // 2
    first = await _apart(conn, claimed[:middle], now, windows)
    return first + await _apart(conn, claimed[middle:], now, windows)


async def _set_aside(conn: Connection, stay_id: StayId, now: datetime, error: Exception) -> list[Alert]:
    """Tell that a stay cannot be evaluated, and try it again soon; what was asked for is asked for still."""
    alert = None
    try:
        async with conn.transaction():
            alert = await apply.raise_or_update(conn, unwatched(stay_id, seconds(now)), now)
    except LOST:
        raise
    except Exception as untold:  # noqa: BLE001 - the others must be watched even where this cannot be told
        log.get().error("stay_unwatched_untold", stay=stay_id, error=type(untold).__name__, exc_info=untold)
    if alert is not None:
        log.get().error("stay_unwatched", stay=stay_id, error=type(error).__name__, exc_info=error)
    since = await evaluation.take_requests(conn, [stay_id])
    for each, earliest in since.items():
        await evaluation_requests.request(conn, each, earliest)
    await evaluation.reschedule(conn, [evaluation.NextRow(stay_id=stay_id, due_at=now + _RETRY)], NOBODY)
    return [] if alert is None else [alert]


async def _evaluate(conn: Connection, claimed: Sequence[evaluation.Claimed], now: datetime, windows: Windows) -> _Done:
    """Evaluate stays together."""
    ids = [row.stay_id for row in claimed]
    since = await evaluation.take_requests(conn, ids)
    known = await alerts.in_force(conn, ids)
    stays, asked = await asking.ask(conn, await _contexts(conn, claimed, since, known, now), now)
    read = await _read(conn, claimed, stays, since, windows, now)
    looked_at = await windows.trends.recall(conn, read.batch, seconds(now), since)
    found = evaluate(looked_at, seconds(now))
    speaks = await unasked.told(conn, stays, await _admitted(conn, looked_at, known, found, now), now)
    await _write_scores(conn, found, now)
    now_us = to_us(now)
    remembered = memory(looked_at, np.full(len(ids), windows.first_us(now_us) / 1e6))
    # Alerts come last: whoever else wants to change one waits for the end of this transaction.
    async with conn.pipeline():
        settled = await apply.settle(conn, known, speaks, now)
    # What was asked of an alert that somebody changed meanwhile was not brought to it: it is asked again.
    heard = [stay for stay in stays if stay.stay_id not in settled.overtaken]
    await asking.take_up(conn, heard, asked, now)
    await _ask_again(conn, looked_at, settled)
    await _reschedule(conn, looked_at, found, settled, now, windows.worker)
    windows.keep(read.batch, read.rows, now_us, remembered, read.known)
    return _Done(scores=len(found.scores), alerts=settled.changed, plans={stay.stay_id: stay.plan for stay in stays})


async def _admitted(
    conn: Connection, looked_at: Batch, known: Sequence[Alert], found: Evaluation, now: datetime
) -> Sequence[Observation]:
    """Return what of an evaluation may speak; what is held is written down."""
    admitted = admit(
        found.observations,
        {(alert.stay_id, alert.rule) for alert in known if alert.closure is Closure.OPEN},
        {stay.stay_id: [device.online for device in stay.devices] for stay in looked_at.stays},
    )
    await suppressions.record(
        conn, [stay.stay_id for stay in looked_at.stays], [_held(each) for each in admitted.held], now
    )
    return admitted.speaks


def _held(suppressed: Suppressed) -> suppressions.Held:
    finding = suppressed.finding
    return suppressions.Held(
        stay_id=finding.stay_id,
        rule=finding.rule,
        family=finding.family.value,
        priority=finding.priority.value,
        by_rule=suppressed.by_rule,
        reason=suppressed.reason,
    )


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
        ahead_s=row.ahead_s if row.surely or (row.ahead_s or 0.0) > 0 else None,
        worn_from_s=seconds(row.worn_from),
    )


def _context(
    claimed: evaluation.Claimed,
    row: evaluation.StayRow,
    own: Mapping[StayId, Mapping[str, Alert]],
    devices: Mapping[StayId, Sequence[DeviceReport]],
    since: datetime | None,
    now: datetime,
) -> StayContext:
    unjudged = claimed.due_at if since is None else min(since, claimed.due_at)
    found = overlays.effective(row.programme, row.plan_layers, now)
    plan = found.plan
    if found.faults:
        _left_out(row.stay_id, found.faults)
    changes = [at for at in (row.plan_change_at, overlays.order_change(plan, now)) if at is not None]
    return StayContext(
        stay_id=row.stay_id,
        plan=plan,
        watched_from_s=seconds(max(row.started_at, row.bound_at or row.started_at)),
        unjudged_s=seconds(max(unjudged, now - _LATEST)),
        devices=tuple(devices[row.stay_id]),
        alerts=own[row.stay_id],
        digest=claimed.score_digest,
        scored_s=None if claimed.scored_at is None else seconds(claimed.scored_at),
        plan_faults=tuple(fault.en for fault in found.faults),
        scale_2_lapsed=found.scale_2_lapsed,
        plan_until_s=min(map(seconds, changes), default=math.inf),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What was read: the batch, its rows, and the stays of which it is known what was before them."""

    batch: Batch
    rows: Rows
    known: set[StayId]


async def _read(
    conn: Connection,
    claimed: Sequence[evaluation.Claimed],
    stays: Sequence[StayContext],
    since: Mapping[StayId, datetime],
    windows: Windows,
    now: datetime,
) -> _Read:
    """Read what decides of these stays: what is new of those held, all of the others, and more where it matters."""
    plans_of = {id(stay.plan): stay.plan for stay in stays}.values()
    held_s = windows.include(furthest(remembered_back(plan) for plan in plans_of))
    ids = [row.stay_id for row in claimed]
    covered = {
        row.stay_id
        for row, stay in zip(claimed, stays, strict=True)
        if windows.covers(row.stay_id, stay.plan, row.evaluated_by, _to_us(since.get(row.stay_id)))
    }
    rows = await _readings(conn, _wanted(ids, covered, since, now), held_s)
    both = windows.extend(ids, covered, rows)
    found = _batch(stays, both, windows, covered)
    known = {each for each in covered if windows.remembers(each)}
    lacking = {each for each, needed in zip(ids, needs_memory(found).tolist(), strict=True) if needed} - known
    if lacking:
        back_s = furthest([held_s, *(look_back(plan) for plan in plans_of)])
        wanted = (each for each in _wanted(ids, covered - lacking, since, now) if each.stay_id in lacking)
        more = await _readings(conn, wanted, back_s)
        both = windows.extend(ids, covered, np.concatenate((rows, more)))
        found = _batch(stays, both, windows, covered)
    from_at = [moment(min(stay.unjudged_s, seconds(now))) for stay in stays]
    found = replace(found, signals=await waves_series.read(conn, ids, from_at))
    return _Read(batch=found, rows=both, known=known | lacking)


async def _readings(conn: Connection, wanted: Iterable[evaluation.Wanted], back_s: Mapping[VitalKind, float]) -> Rows:
    codes = {VITALS[kind].code: each for kind, each in back_s.items()}
    return await evaluation.readings(conn, list(wanted), codes, [each.value for each in USABLE])


def _batch(stays: Sequence[StayContext], rows: Rows, windows: Windows, covered: set[StayId]) -> Batch:
    readings = columns(rows)
    ids = [stay.stay_id for stay in stays]
    remembered = {name: windows.memory(name, ids, covered) for name in REMEMBERING}
    found = batch(
        stays,
        gathered(readings, USABLE, len(stays)),
        implausible=gathered(readings, IMPLAUSIBLE, len(stays)),
        memory={name: each for name, each in remembered.items() if each is not None},
    )
    # Made once: who needs a memory, the rules, and the memory itself all ask for the scores.
    return news2_steps.scored(runs.reduced(found))


def _to_us(at: datetime | None) -> int | None:
    return None if at is None else to_us(at)


def _wanted(
    ids: Sequence[StayId], covered: set[StayId], since: Mapping[StayId, datetime], now: datetime
) -> Iterator[evaluation.Wanted]:
    for place, stay_id in enumerate(ids):
        at = since.get(stay_id)
        if stay_id not in covered:
            begins = now if at is None else max(min(at, now), now - _LATEST)
            yield evaluation.Wanted(place=place, stay_id=stay_id, since=begins, anew=True)
        elif at is not None:
            yield evaluation.Wanted(place=place, stay_id=stay_id, since=at, anew=False)


async def _write_scores(conn: Connection, found: Evaluation, now: datetime) -> None:
    await scores.insert(conn, [_score_row(scored, now) for scored in found.scores])
    await bus.announce(conn, bus.Channel.SCORES, sorted({scored.stay_id for scored in found.scores}))


async def _ask_again(conn: Connection, looked_at: Batch, settled: apply.Settled) -> None:
    """Ask anew for what was not judged before, of stays where some of it was not brought to its alert.

    What is there still is found by any look; what came late and is over is news but once.
    """
    for stay in looked_at.stays:
        if stay.stay_id in settled.overtaken and math.isfinite(stay.unjudged_s):
            await evaluation_requests.request(conn, stay.stay_id, moment(stay.unjudged_s))


async def _reschedule(
    conn: Connection, looked_at: Batch, found: Evaluation, settled: apply.Settled, now: datetime, worker: int
) -> None:
    digests = {scored.stay_id: scored.digest for scored in found.scores}
    # What changed now may change again by time, which was reckoned before: look at those once more.
    again = settled.overtaken | {alert.stay_id for alert in settled.changed}
    rows = []
    for stay, next_s in zip(looked_at.stays, found.next_s.tolist(), strict=True):
        digest = digests.get(stay.stay_id)
        rows.append(
            evaluation.NextRow(
                stay_id=stay.stay_id,
                due_at=now + _AGAIN if stay.stay_id in again else moment(min(next_s, stay.plan_until_s)),
                score_digest=digest,
                scored_at=None if digest is None else now,
            )
        )
    await evaluation.reschedule(conn, rows, worker)


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
        detail=detail,
    )
