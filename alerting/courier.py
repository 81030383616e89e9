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
from alerting.figures import Sendings
from alerting.letters import Send
from ward import channels, log
from ward.alerts import Priority
from ward.clock import Clock
from ward.errors import ConfigError, StoreUnavailable
from ward.settings import Settings
from ward.store import bus
from ward.store.borrow import LOST
from ward.store.pool import Pool, connect

_SWEEP_S = 1.0
_RETRY_S = 5.0
# What is urgent does not wait for what is urgent on a slow gateway either: not in its pass, nor for longer in another.
_URGENT_LOOPS = 2
_PATIENCE_S = 1.0


def senders(settings: Settings, clock: Clock) -> Mapping[str, Send]:
    """Return the ways that are set up."""
    ways: dict[str, Send] = {BOARD: board.send, CONSOLE: console.send}
    gateways = {"sms": settings.sms_gateway, "email": settings.email_gateway, "chat": settings.chat_gateway}
    ways.update({kind: gateway.sender(template) for kind, template in gateways.items() if template})
    if settings.webhook_key:
        ways[WEBHOOK] = webhook.sender(settings.webhook_key, clock, channels.networks(settings.webhook_inside))
    if settings.vapid_key:
        ways["push"] = push.sender(settings.vapid_key, settings.vapid_contact)
    return ways


def require(settings: Settings) -> None:
    """Refuse gateways that could tell nobody, all at once, before anything starts.

    Raises
    ------
    ConfigError
        If Apprise does not know an address, or a network is none.
    """
    given = {
        "HEMVAKT_SMS_GATEWAY": settings.sms_gateway,
        "HEMVAKT_EMAIL_GATEWAY": settings.email_gateway,
        "HEMVAKT_CHAT_GATEWAY": settings.chat_gateway,
        "HEMVAKT_ALARM_GATEWAY": settings.alarm_gateway,
    }
    unknown = [name for name, template in given.items() if template and not gateway.usable(template)]
    if unknown:
        raise ConfigError(f"{', '.join(unknown)}: not an address that Apprise knows, such as json://host/path/{{to}}")
    try:
        channels.networks(settings.webhook_inside)
    except ValueError as error:
        raise ConfigError(f"HEMVAKT_WEBHOOK_INSIDE: {error}") from None


def public_url(settings: Settings) -> str:
    """Return where people reach the board."""
    return settings.public_url or f"http://{settings.http_host}:{settings.http_port}"


async def run(settings: Settings, store: Pool, clock: Clock, sendings: Sendings) -> None:
    """Deliver for ever, and count it in `sendings`."""
    ways, address = senders(settings, clock), public_url(settings)
    wakes: list[asyncio.Event] = []

    async def steps() -> bool:
        return await take_steps(store, clock) > 0

    def lane(priorities: frozenset[Priority]) -> Callable[[], Awaitable[bool]]:
        courier = Courier(store=store, clock=clock, senders=ways, public_url=address, sendings=sendings)

        async def send() -> bool:
            return (await send_due(courier, priorities, _PATIENCE_S)).more

        return send

    work = {"steps": steps, "ordinary": lane(ORDINARY)}
    work |= {f"urgent-{number}": lane(URGENT) for number in range(_URGENT_LOOPS)}
    async with asyncio.TaskGroup() as group:
        for name, do in work.items():
            wakes.append(asyncio.Event())
            group.create_task(_repeat(name, do, wakes[-1]), name=name)
        group.create_task(_hints(settings.database_url, wakes), name="delivery-hints")


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
            async with asyncio.timeout(max(0.05, _SWEEP_S - (time.monotonic() - began))):
                await wake.wait()


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
