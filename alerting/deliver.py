"""Delivery: takes the steps that are due, sends the notifications that are due, and records what became of each.

Two lanes, so that nothing waits behind something less urgent: high priority, which no limit and no grouping touches,
and the rest, gathered and paced by what providers bear. The invariants: nothing is held in memory between two looks at
the store, and what is sent before it is recorded is sent again under the same id: in doubt twice, never not at all.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from alerting import escalation, telling
from alerting.addressing import BOARD, CONSOLE, NO_CHANNEL
from alerting.durations import APART
from alerting.figures import Sendings
from alerting.letters import LONGEST_WAIT, Fate, Message, Refused, Send, Sent, letter, messages, retry_at
from ward import log
from ward.alerts import Closure, Priority, Signal
from ward.clock import Clock
from ward.store import alerts, contact_channels, escalations, outbox
from ward.store.borrow import LOST, borrow
from ward.store.pool import Connection, Pool

URGENT = frozenset({Priority.HIGH})
ORDINARY = frozenset({Priority.MEDIUM, Priority.LOW})
# Longer than a send may take (`letters.TIMEOUT_S`) and its record.
LEASE = timedelta(seconds=20)
AT_ONCE = 16
_MOST_STEPS = 50
_MOST_ROWS = 1000
_STEP_RETRY = timedelta(seconds=10)
_PACE = timedelta(minutes=1)
_OVER_PACE = timedelta(seconds=10)
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

    `threads` are the lane's own, as many as it has messages out at once: no lane waits for another's slow gateway.
    """

    store: Pool
    clock: Clock
    senders: Mapping[str, Send]
    public_url: str
    threads: Executor
    sendings: Sendings = field(default_factory=Sendings)


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


async def send_due(courier: Courier, lane: frozenset[Priority]) -> Delivered:
    """Send what is due in a lane, at most `AT_ONCE` messages at once; the rest is given back for the next pass."""
    async with borrow(courier.store) as conn:
        now = courier.clock.now()
        most = AT_ONCE if lane == URGENT else _MOST_ROWS
        await outbox.bring_back(conn, now, LONGEST_WAIT + APART)
        rows = await outbox.claim(conn, now, LEASE, most, [priority.value for priority in lane])
        if not rows:
            return Delivered()
        going, late, paced = _paced(messages(rows), await outbox.sent_since(conn, now - _PACE))
        await outbox.put_off(conn, [row for message in late for row in message.rows], now)
        await outbox.put_off(conn, [row for message in paced for row in message.rows], now + _OVER_PACE)
    fates = await asyncio.gather(*(_send(courier, message) for message in going))
    sent = sum(isinstance(fate, Sent) for fate in fates)
    return Delivered(sent=sent, refused=len(fates) - sent, paced=len(paced), more=bool(late) or len(rows) == most)


def _paced(waiting: Iterable[Message], sent: Mapping[str, int]) -> tuple[list[Message], list[Message], list[Message]]:
    """Divide messages into those to send now, those for the next pass, and those that a provider has to wait for."""
    room = {channel: limit - sent.get(channel, 0) for channel, limit in PER_MINUTE.items()}
    going: list[Message] = []
    late: list[Message] = []
    paced: list[Message] = []
    for message in waiting:
        channel = message.first.channel
        if channel == BOARD:
            going.append(message)
        elif message.first.priority != Priority.HIGH and room.get(channel, 1) <= 0:
            paced.append(message)
        elif len(going) >= AT_ONCE:
            late.append(message)
        else:
            room[channel] = room.get(channel, 1) - 1
            going.append(message)
    return going, late, paced


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
    try:
        told = letter(message, courier.public_url)
        return await asyncio.get_running_loop().run_in_executor(courier.threads, send, told)
    except Exception as error:  # noqa: BLE001 - a way that breaks is a notification that did not come through
        log.get().error("channel_failed", channel=message.first.channel, error=type(error).__name__)
        return Refused(reason=type(error).__name__)


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
