"""The loops of delivery in an alerting process: escalation, and the two lanes of notifications.

Any number of processes may run them. Hints wake them; the tables are looked at every second all the same.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from alerting.addressing import BOARD, CONSOLE, WEBHOOK
from alerting.channels import board, console, gateway, push, webhook
from alerting.deliver import ORDINARY, URGENT, Courier, send_due, take_steps
from alerting.letters import Send
from ward import log
from ward.clock import Clock
from ward.errors import StoreUnavailable
from ward.settings import Settings
from ward.store import bus
from ward.store.borrow import LOST
from ward.store.pool import Pool, connect

_SWEEP_S = 1.0
_RETRY_S = 5.0


def senders(settings: Settings, clock: Clock) -> Mapping[str, Send]:
    """Return the ways that are set up."""
    ways: dict[str, Send] = {BOARD: board.send, CONSOLE: console.send}
    gateways = {"sms": settings.sms_gateway, "email": settings.email_gateway, "chat": settings.chat_gateway}
    ways.update({kind: gateway.sender(template) for kind, template in gateways.items() if template})
    if settings.webhook_key:
        ways[WEBHOOK] = webhook.sender(settings.webhook_key, clock)
    if settings.vapid_key:
        ways["push"] = push.sender(settings.vapid_key, settings.vapid_contact)
    return ways


def public_url(settings: Settings) -> str:
    """Return where people reach the board."""
    return settings.public_url or f"http://{settings.http_host}:{settings.http_port}"


async def run(settings: Settings, store: Pool, clock: Clock) -> None:
    """Deliver for ever."""
    courier = Courier(store=store, clock=clock, senders=senders(settings, clock), public_url=public_url(settings))
    wakes = [asyncio.Event() for _ in range(3)]

    async def steps() -> bool:
        return await take_steps(store, clock) > 0

    async def urgent() -> bool:
        return (await send_due(courier, URGENT)).more

    async def ordinary() -> bool:
        return (await send_due(courier, ORDINARY)).more

    async with asyncio.TaskGroup() as group:
        group.create_task(_hints(settings.database_url, wakes), name="delivery-hints")
        for name, work, wake in zip(("steps", "urgent", "ordinary"), (steps, urgent, ordinary), wakes, strict=True):
            group.create_task(_repeat(name, work, wake), name=name)


async def _repeat(name: str, work: Callable[[], Awaitable[bool]], wake: asyncio.Event) -> None:
    """Do a piece of work on every hint and at least every second; at once again where it says that more waits."""
    while True:
        wake.clear()
        began = time.monotonic()
        more = False
        try:
            more = await work()
        except StoreUnavailable as error:
            log.get().warning("delivery_waits_for_store", lane=name, error=str(error)[:200])
        except Exception as error:  # noqa: BLE001 - delivery goes on, whatever one pass has met
            log.get().error("delivery_failed", lane=name, error=type(error).__name__, exc_info=error)
        if more:
            continue
        with suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), max(0.05, _SWEEP_S - (time.monotonic() - began)))


async def _hints(database_url: str, wakes: list[asyncio.Event]) -> None:
    while True:
        try:
            async with await connect(database_url, "delivery-hints", autocommit=True) as conn:
                async for _ in bus.listen(conn, (bus.Channel.ALERTS,)):
                    for wake in wakes:
                        wake.set()
        except LOST as error:
            log.get().warning("hints_lost", error=str(error)[:200])
        await asyncio.sleep(_RETRY_S)
