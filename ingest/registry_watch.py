"""What the endpoint must know of the device table: configurations to hand out, revocations, new secrets.

A change is acted upon at once (the store tells), and every `_SWEEP_S` seconds all is read anew, so a lost
hint costs seconds. Whose a reading is does not depend on this: the writer asks the store itself.
"""

import asyncio

import psycopg

from ingest.endpoint import Endpoint
from ward import log, wire
from ward.people import Device
from ward.store import bus, registry
from ward.store.pool import connect
from ward.wire import Leaf

_SWEEP_S = 30.0
_AGAIN_S = 1.0


class RegistryWatch:
    """Keeps the devices as last read; one task, `run`."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._devices: dict[str, Device] = {}
        self.endpoint: Endpoint | None = None
        self.loaded = asyncio.Event()

    def retained(self, topic: str) -> bytes | None:
        """Return what a device receives when it subscribes to its `config` topic; None for any other topic."""
        found = wire.parse_topic(topic)
        if not isinstance(found, wire.Topic) or found.leaf is not Leaf.CONFIG:
            return None
        device = self._devices.get(found.device_id)
        return device.config.encode() if device else None

    async def run(self) -> None:
        """Follow the device table for ever."""
        while True:
            try:
                await self._follow()
            except (psycopg.Error, OSError) as error:
                log.get().warning("registry_watch_lost", error=str(error)[:200])
                await asyncio.sleep(_AGAIN_S)

    async def _follow(self) -> None:
        conn = await connect(self._database_url, "ingest-registry", autocommit=True)
        async with conn:
            await conn.execute(f"listen {bus.Channel.REGISTRY.value}")
            while True:
                self._act(await registry.devices(conn))
                self.loaded.set()
                async for _ in conn.notifies(timeout=_SWEEP_S, stop_after=1):
                    pass

    def _act(self, devices: dict[str, Device]) -> None:
        before, self._devices = self._devices, devices
        if self.endpoint is None:
            return
        for name, device in devices.items():
            known = before.get(name)
            if _shut_out(known, device):
                self.endpoint.kick(name)
            elif known is not None and known.config != device.config:
                self.endpoint.publish(wire.topic(name, Leaf.CONFIG), device.config.encode())


def _shut_out(known: Device | None, device: Device) -> bool:
    """Tell whether a device that was let in before may no longer be there: revoked, or in by a secret of the past."""
    was_revoked, secret_no = (known.revoked, known.secret_no) if known else (False, 1)
    return (device.revoked and not was_revoked) or device.secret_no != secret_no
