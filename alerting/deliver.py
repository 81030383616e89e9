"""Delivery: takes the steps that are due, sends the notifications that are due, and records what became of each.

Two lanes, so that nothing waits behind something less urgent: high priority, which no limit and no grouping touches,
and the rest, gathered and paced by what providers bear. Nor does anything wait behind a way that hangs. The invariants:
nothing is held in memory between two looks at the store, and what is sent before it is recorded is sent again under the
same id: in doubt twice, never not at all.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from alerting import escalation, telling
from alerting.addressing import BOARD, CONSOLE, NO_CHANNEL, WEBHOOK
from alerting.durations import APART
from alerting.figures import Sendings
from alerting.handing import begin
from alerting.letters import HANGS, LONGEST_WAIT, Fate, Message, Refused, Send, Sent, letter, messages, retry_at
from ward import log
from ward.alerts import Closure, Family, Priority, Signal
from ward.clock import Clock
from ward.store import alerts, contact_channels, escalations, outbox
from ward.store.borrow import LOST, borrow
from ward.store.pool import Connection, Pool

URGENT = frozenset({Priority.HIGH})
ORDINARY = frozenset({Priority.MEDIUM, Priority.LOW})
# Longer than a send may take (`HANGS_S`) and its record.
LEASE = timedelta(seconds=20)
# Longer than a way gives itself (`letters.TIMEOUT_S`): one that has not come back by then has told nobody.
HANGS_S = 15.0
# Messages of a lane that are out at once, and how many of them may be of one way: the others are for the others.
AT_ONCE = 32
OF_ONE_WAY = 8
# Calls of one way that have not come back; beyond them none is begun.
_MOST_HANGING = 8
_MOST_STEPS = 50
# So many that what five hundred patients have in common is not torn apart: three signals each, by several ways.
_MOST_ROWS = 10_000
# What is technical and came a moment after its like was told waits for more of it: a failure comes over a minute.
TOLD_AGAIN = timedelta(seconds=60)
# So does what comes while its like is out with a slow provider, until that is known.
STILL_OUT = timedelta(seconds=5)
_STEP_RETRY = timedelta(seconds=10)
_PACE = timedelta(minutes=1)
_OVER_PACE = timedelta(seconds=10)
_WAY_BUSY = timedelta(seconds=1)
# Messages a minute that a provider is asked to carry beside those of high priority. The project's choice.
PER_MINUTE: MappingProxyType[str, int] = MappingProxyType(
    {"sms": 30, "email": 60, "chat": 20, "push": 300, "webhook": 300, "console": 10_000}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What a pass did: messages that went out, that did not, that a provider waits for; `more` is due."""

    sent: int = 0
    refused: int = 0
    paced: int = 0
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """What a lane of a worker sends by. `senders` has a function for each way that is set up.

    `out` has the messages that no pass waits for any more, by way, `hanging` counts the calls that never came back.
    """

    store: Pool
    clock: Clock
    senders: Mapping[str, Send]
    public_url: str
    sendings: Sendings = field(default_factory=Sendings)
    out: dict[asyncio.Task[Fate], str] = field(default_factory=dict)
    hanging: Counter[str] = field(default_factory=Counter)


async def take_steps(store: Pool, clock: Clock) -> int:
    """Take the steps of escalations that are due; return how many. One that fails stops no other."""
    async with borrow(store) as conn:
        now = clock.now()
        await escalations.bring_back(conn, now, escalation.LONGEST + APART)
        due = await escalations.due(conn, now, _MOST_STEPS)
        for step in due:
            try:
                async with conn.transaction():
                    await _take(conn, step, now)
            except LOST:
                raise
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one alert, the others must be told
                log.get().error("step_failed", alert=step.alert_id, error=type(error).__name__, exc_info=error)
                await escalations.put_off(conn, step, now + _STEP_RETRY)
    return len(due)


async def _take(conn: Connection, step: escalations.FrozenStep, now: datetime) -> None:
    alert = await alerts.lock(conn, step.alert_id)
    if alert is None or alert.closure is Closure.CLOSED or alert.signal is not Signal.RINGING:
        await escalations.cancel(conn, step.stay_id, step.alert_id, now, "not_ringing")
        return
    await telling.fire(conn, alert, step, now)


async def send_due(courier: Courier, lane: frozenset[Priority], patience_s: float | None = None) -> Delivered:
    """Send what is due in a lane, at most `AT_ONCE` messages at once; the rest is given back for the next pass.

    The ways have `patience_s` to take it, or as long as they need. What is out for longer ends beside the passes that
    follow, and leaves them the room of the other ways.
    """
    if (room := AT_ONCE - len(courier.out)) <= 0:
        await asyncio.wait(courier.out, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        return Delivered(more=True)
    async with borrow(courier.store) as conn:
        now = courier.clock.now()
        most = room if lane == URGENT else _MOST_ROWS
        await outbox.bring_back(conn, now, LONGEST_WAIT + APART)
        rows = await outbox.claim(conn, now, LEASE, most, [priority.value for priority in lane])
        if not rows:
            return Delivered()
        wait = await _until(conn, now)
        may_go, gathered = _gathered(messages(rows), wait)
        plan = _planned(may_go, await outbox.sent_since(conn, now - _PACE), Counter(courier.out.values()), room)
        for given_back, until in ((plan.late, now), (plan.held, now + _WAY_BUSY), (plan.paced, now + _OVER_PACE)):
            await outbox.put_off(conn, [row for message in given_back for row in message.rows], until)
        for message in gathered:
            await outbox.put_off(conn, message.rows, wait[message.alike])
    fates = await _sent(courier, plan.going, patience_s)
    sent = sum(isinstance(fate, Sent) for fate in fates)
    more = bool(plan.late) or len(rows) >= most
    return Delivered(sent=sent, refused=len(fates) - sent, paced=len(plan.paced), more=more)


async def _until(conn: Connection, now: datetime) -> dict[outbox.Alike, datetime]:
    """Return until when technical messages wait: their like was told a moment ago, or is out and being told."""
    told = await outbox.told_since(conn, now - TOLD_AGAIN, Family.TECHNICAL.value)
    out = await outbox.out_now(conn, now, now + LEASE, Family.TECHNICAL.value)
    return dict.fromkeys(out, now + STILL_OUT) | {alike: at + TOLD_AGAIN for alike, at in told.items()}


def _gathered(waiting: Iterable[Message], wait: Mapping[outbox.Alike, datetime]) -> tuple[list[Message], list[Message]]:
    """Divide messages into those that may go and those that wait for more of their like; what is urgent may go."""
    found: tuple[list[Message], list[Message]] = [], []
    for message in waiting:
        found[message.first.priority != Priority.HIGH and message.alike in wait].append(message)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    """Messages to send now, for the next pass, for when their way has come back, and for when a provider bears them."""

    going: list[Message] = field(default_factory=list)
    late: list[Message] = field(default_factory=list)
    held: list[Message] = field(default_factory=list)
    paced: list[Message] = field(default_factory=list)


def _planned(waiting: Iterable[Message], sent: Mapping[str, int], out: Mapping[str, int], room: int) -> _Planned:
    """Divide messages; `sent` are those of the last minute by channel, `out` those not waited for by way."""
    bears = {channel: limit - sent.get(channel, 0) for channel, limit in PER_MINUTE.items()}
    going_by = Counter(out)
    plan = _Planned()
    for message in waiting:
        channel, way = message.first.channel, _way(message)
        if channel == BOARD:
            plan.going.append(message)
        elif message.first.priority != Priority.HIGH and bears.get(channel, 1) <= 0:
            plan.paced.append(message)
        elif going_by[way] >= OF_ONE_WAY and out.get(way, 0):
            plan.held.append(message)
        elif going_by[way] >= OF_ONE_WAY or len(plan.going) >= room:
            plan.late.append(message)
        else:
            bears[channel] = bears.get(channel, 1) - 1
            going_by[way] += 1
            plan.going.append(message)
    return plan


def _way(message: Message) -> str:
    """Return what hangs as one: a gateway with all that it serves, but each webhook by itself."""
    channel = message.first.channel
    return f"{channel}-{message.first.channel_id}" if channel == WEBHOOK else channel


async def _sent(courier: Courier, going: Iterable[Message], patience_s: float | None) -> list[Fate]:
    """Send messages; return the fates that are known in time."""
    tasks = {asyncio.create_task(_send(courier, message)): _way(message) for message in going}
    if not tasks:
        return []
    done, waiting = await asyncio.wait(tasks, timeout=patience_s)
    for task in waiting:
        courier.out[task] = tasks[task]
        task.add_done_callback(lambda ended: _came_back(courier, ended))
    failed = [error for error in (task.exception() for task in done) if error is not None]
    if failed:
        raise failed[0]
    return [task.result() for task in done]


def _came_back(courier: Courier, ended: asyncio.Task[Fate]) -> None:
    """Make room again; what could not be recorded is sent again when its lease is over."""
    del courier.out[ended]
    if not ended.cancelled() and (error := ended.exception()) is not None:
        log.get().warning("delivery_unrecorded", error=type(error).__name__)


async def _send(courier: Courier, message: Message) -> Fate:
    """Send one message and record what became of it; a worker that dies in between leaves the lease to run out."""
    began_s = time.monotonic()
    fate = await _hand_over(courier, message)
    took_s, now = time.monotonic() - began_s, courier.clock.now()
    async with borrow(courier.store) as conn:
        await record(conn, message, fate, now)
    _count(courier.sendings, message, fate, took_s, now)
    if isinstance(fate, Refused):
        log.get().warning(
            "notification_refused",
            notification=str(message.first.notification_id),
            channel=message.first.channel,
            alert=message.first.alert_id,
            notifications=len(message.rows),
            attempts=message.first.attempts,
            reason=fate.reason,
        )
    return fate


def _count(sendings: Sendings, message: Message, fate: Fate, took_s: float, now: datetime) -> None:
    channel = message.first.channel
    sendings.fates[channel, "sent" if isinstance(fate, Sent) else "refused"] += 1
    sendings.took[channel].add(took_s)
    if isinstance(fate, Sent):
        for row in message.rows:
            sendings.waited[Priority(row.priority)].add((now - row.queued_at).total_seconds())


async def _hand_over(courier: Courier, message: Message) -> Fate:
    send = courier.senders.get(message.first.channel)
    if send is None:
        return Refused(reason="this way is not set up here", retry=False)
    if message.first.address is None and message.first.channel not in {BOARD, CONSOLE}:
        return Refused(reason=NO_CHANNEL, retry=False)
    if courier.hanging[way := _way(message)] >= _MOST_HANGING:
        return Refused(reason=HANGS)
    try:
        call = asyncio.wrap_future(begin(send, letter(message, courier.public_url)))
        done, _ = await asyncio.wait({call}, timeout=HANGS_S)
        return call.result() if done else _given_up(courier, way, call)
    except Exception as error:  # noqa: BLE001 - a way that breaks is a notification that did not come through
        log.get().error("channel_failed", channel=message.first.channel, error=type(error).__name__)
        return Refused(reason=type(error).__name__)


def _given_up(courier: Courier, way: str, call: asyncio.Future[Fate]) -> Refused:
    """Leave a call that does not come back to itself, and count it for as long as it is out."""

    def back(ended: asyncio.Future[Fate]) -> None:
        courier.hanging[way] -= 1
        ended.exception()  # it is told of already

    courier.hanging[way] += 1
    call.add_done_callback(back)
    log.get().error("channel_hangs", way=way, calls=courier.hanging[way])
    return Refused(reason=HANGS)


async def record(conn: Connection, message: Message, fate: Fate, now: datetime) -> None:
    """Record a message's fate; where a step has thereby reached nobody, its next level is due at once."""
    if isinstance(fate, Sent):
        await outbox.sent(conn, message.rows, now, message.group_id)
        return
    # Each by its own attempts: what came last into a group is not given up with what has been in it for long.
    for attempts in sorted({row.attempts for row in message.rows}):
        alike = [row for row in message.rows if row.attempts == attempts]
        again_at = retry_at(attempts, now) if fate.retry and not fate.gone else None
        await outbox.failed(conn, alike, now, fate.reason, again_at)
    if fate.gone and message.first.channel_id is not None:
        await contact_channels.break_off(conn, message.first.channel_id, now, fate.reason)
    for stay_id, alert_id, ring, step in {(row.stay_id, row.alert_id, row.ring, row.step) for row in message.rows}:
        await escalations.pull_untold(conn, stay_id, alert_id, ring, step, now)
