"""Keeps a broker as the device table is: its accounts, and each device's configuration, retained.

Of all ingests at a broker one does it, whoever holds that broker's lock; when it ends another takes over within
seconds. A change is acted upon at once (the store tells), and the table is read anew every `_SWEEP_S`, so a lost hint
costs seconds. On each connection the broker is told everything, since nobody knows what it has forgotten. Whose a
reading is does not depend on this: ingest refuses what a revoked device sends, whatever the broker lets through.
"""

import asyncio
from collections.abc import Sequence

import psycopg

from ingest import broker_accounts
from ingest.broker_access import Access, DynamicSecurity
from ingest.broker_accounts import Account, Act, Change, Secrets
from ingest.broker_control import BrokerControl, connected
from ingest.broker_line import Address
from ward import log, wire
from ward.settings import Settings
from ward.store import broker, bus
from ward.store.broker import BrokerDevice
from ward.store.pool import Connection, connect
from ward.wire import Leaf

_SWEEP_S = 30.0
_LIST_AGAIN_S = 600.0
_ELECT_S = 3.0
_AGAIN_S = 2.0
_SETTLE_S = 0.05
_AT_ONCE = 100
_ROUND_S = 1.0


class BrokerKeeper:
    """One task, `run`."""

    def __init__(self, settings: Settings, address: Address) -> None:
        self._database_url = settings.database_url
        self._address = address
        self._client_id = f"hemvakt-keeper-{settings.instance}"
        self._provisions = settings.broker_provision == "dynsec"
        self._secrets = Secrets(settings.device_key)
        self._loop = asyncio.get_running_loop()
        self._have: dict[str, Account] = {}
        self._listed_at_s = 0.0
        self._refused: set[Change] = set()
        self._told: dict[str, bytes] = {}
        self._without = 0
        self.settled = 0

    async def run(self) -> None:
        """Keep the broker for ever, while this ingest is the one that does."""
        while True:
            try:
                conn = await connect(self._database_url, "ingest-broker", autocommit=True)
                async with conn:
                    await _elected(conn, self._address)
                    async with connected(self._address, client_id=self._client_id) as control:
                        await self._keep(conn, control)
            except (psycopg.Error, OSError) as error:  # a timeout is an OSError, too
                log.get().warning("broker_keeper_lost", error=str(error)[:200] or type(error).__name__)
            except Exception as error:  # noqa: BLE001 - an account may wait; readings must not stop for it
                log.get().error("broker_keeper_failed", error=type(error).__name__, exc_info=error)
            await asyncio.sleep(_AGAIN_S)

    async def _keep(self, conn: Connection, control: BrokerControl) -> None:
        await bus.subscribe(conn, [bus.Channel.REGISTRY])
        access = await DynamicSecurity.opened(control) if self._provisions else None
        self._told.clear()
        self._listed_at_s = -_LIST_AGAIN_S
        while not control.lost.is_set():
            devices = await broker.devices(conn)
            done = await self._accounts(access, devices) if access is not None else True
            await self._configurations(control, devices)
            if done:  # else there is more, and perhaps something more urgent by now
                self.settled += 1
                await _hint(conn, control.lost)

    async def _accounts(self, access: Access, devices: Sequence[BrokerDevice]) -> bool:
        """Bring the broker's accounts nearer to what the table says; tells whether they are there."""
        if self._loop.time() - self._listed_at_s >= _LIST_AGAIN_S:
            self._have = await access.accounts()
            self._listed_at_s = self._loop.time()
            self._refused.clear()
        wants = []
        for number, device in enumerate(devices):
            wants.append(broker_accounts.wanted(device, self._secrets))
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        without = sum(want.open and want.secret is None and not self._marked(want) for want in wants)
        if without != self._without:
            self._without = without
            log.get().warning("broker_secrets_unknown", devices=without)
        found = broker_accounts.changes(wants, self._have, own=self._address.username)
        changes = [change for change in found if change not in self._refused]
        if not changes:
            return True
        done = await access.apply(changes, for_s=_ROUND_S)
        self._refused.update(done.refused)
        for change in done.made:
            broker_accounts.after(change, self._have)
        counts = {act.name.lower(): sum(change.act is act for change in done.made) for act in Act}
        left = len(changes) - len(done.made) - len(done.refused)
        log.get().info("broker_accounts_kept", **counts, left=left)
        return not left

    def _marked(self, want: broker_accounts.Wanted) -> bool:
        account = self._have.get(want.name)
        return account is not None and account.mark == want.mark

    async def _configurations(self, control: BrokerControl, devices: Sequence[BrokerDevice]) -> None:
        """Publish what the broker has not been told on this connection; nothing stays with a revoked device."""
        wanted = {device.device_id: b"" if device.revoked else device.config.encode() for device in devices}
        news = [(name, payload) for name, payload in wanted.items() if self._told.get(name) != payload]
        refused = 0
        for start in range(0, len(news), _AT_ONCE):
            batch = news[start : start + _AT_ONCE]
            taken = await asyncio.gather(
                *(control.publish(wire.topic(name, Leaf.CONFIG), payload, retain=True) for name, payload in batch)
            )
            self._told.update(batch)
            refused += taken.count(False)
        if refused:
            log.get().error("broker_refuses_configurations", devices=refused)


async def _elected(conn: Connection, address: Address) -> None:
    """Wait until no other ingest keeps this broker."""
    while True:
        if await broker.elect(conn, f"{address.host}:{address.port}"):
            return
        await asyncio.sleep(_ELECT_S)


async def _hint(conn: Connection, lost: asyncio.Event) -> None:
    """Wait until the table may have changed, the connection is lost, or it is time to look anyway."""
    waits = [asyncio.create_task(_notified(conn)), asyncio.create_task(lost.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if waits[0].done():
            waits[0].result()
    finally:
        for task in waits:
            task.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


async def _notified(conn: Connection) -> None:
    """Wait for a hint, and for those that come with it: a bulk change is read once."""
    for timeout_s in (_SWEEP_S, _SETTLE_S):
        async for _ in conn.notifies(timeout=timeout_s, stop_after=1):
            pass
