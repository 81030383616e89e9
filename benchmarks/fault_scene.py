"""Where a fault run takes place: the store, ingest, the broker, the households, and the networks between them.

Everything listens on loopback ports that the system chose. Devices reach ingest, and ingest the store and the broker,
only through forwarders that can be cut.
"""

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

from benchmarks import households, victims
from benchmarks.chaos import Fault
from benchmarks.fault_plan import Plan
from benchmarks.faulty_devices import Door
from benchmarks.households import Household
from benchmarks.tcp_cutter import FAIR, Cutter, End, Weather
from benchmarks.victims import Note, Part, Store
from ward.clock import Clock
from ward.store import embedded

# What answers no more while its connection stays open is a frozen store or broker, not a network: no deaf ends here.
# A broker sends whatever is not acknowledged again on each connection, so it needs more bytes to get anywhere.
_ENDS = (End.RESET, End.FINISH, End.STALL)
_BEHIND = {
    Fault.CUT_STORE: Weather(up_bytes=1_000_000, down_bytes=30_000, stall_s=1.0, latency_s=0.0, ends=_ENDS),
    Fault.CUT_BROKER: Weather(up_bytes=100_000, down_bytes=1_000_000, stall_s=1.0, latency_s=0.0, ends=_ENDS),
}
_LOOK_S = 0.05


@dataclass(slots=True, kw_only=True)
class Scene:
    """The parts of a run. `cutters[n]` is the network of device n, `links` are those behind ingest."""

    plan: Plan
    folder: Path
    store: Store
    clock: Clock
    note: Note
    ingests: list[Part] = field(default_factory=list)
    others: list[Part] = field(default_factory=list)
    homes: list[Household] = field(default_factory=list)
    cutters: list[Cutter] = field(default_factory=list)
    links: dict[Fault, Cutter] = field(default_factory=dict)

    @property
    def parts(self) -> list[Part]:
        """Every process but the store, what is behind first."""
        return [*self.others, *self.ingests]

    def networks(self) -> Iterator[Cutter]:
        """Yield every forwarder."""
        yield from self.cutters
        yield from self.links.values()

    async def set_up(self) -> None:
        """Start everything but the devices, and wait until all of it is at work."""
        await self.store.start()
        self.homes += await households.admit(self.store.database_url, self.plan.devices, self.clock)
        ports = [embedded.free_port() for _ in range(self.plan.ingests)]
        doors, mqtt_url = ports, ""
        if self.plan.door is Door.BROKER:
            doors = [embedded.free_port()]
            mqtt_url = f"mqtt://127.0.0.1:{await self._link(Fault.CUT_BROKER, doors[0])}"
            self.others.append(victims.broker(self.folder, doors[0]))
        if self.plan.alerting:
            self.others.append(victims.alerting(self.store.database_url, self.folder))
        database_url = self.store.address(await self._link(Fault.CUT_STORE, self.store.port))
        for number, port in zip(count(1), ports, strict=False):
            self.ingests.append(victims.ingest(f"ingest-{number}", database_url, self.folder, port, mqtt_url))
        for part in self.parts:
            part.start()
        await self.all_ready()
        for home in self.homes:
            for kit in home.kits:
                await self._lay(kit.device_id, doors)

    async def all_ready(self) -> None:
        """Wait until all parts are at work, so that the next fault hits one that is."""
        # Processes have no event of ours.
        while not (self.store.running() and all(part.ready() for part in self.parts)):  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)

    def clear_up(self) -> None:
        """Let every connection that is opened from now on last."""
        for cutter in self.networks():
            cutter.weather = FAIR

    async def stop(self) -> None:
        """Stop everything that was started, but for the store."""
        for cutter in self.cutters:
            await cutter.stop()
        for part in reversed(self.parts):
            part.send(signal.SIGCONT)
            await part.end(signal.SIGTERM)
        for link in self.links.values():
            await link.stop()

    async def _link(self, fault: Fault, port: int) -> int:
        """Lay the network between ingest and what is behind it; return where ingest finds it."""
        link = Cutter([port], _BEHIND[fault], Random(f"{self.plan.seed}-{fault}"), partial(self.note, link=fault))
        await link.start()
        self.links[fault] = link
        return link.port

    async def _lay(self, device_id: str, doors: list[int]) -> None:
        rng = Random(f"{self.plan.seed}-{device_id}-network")
        cutter = Cutter(doors, self.plan.weather, rng, partial(self.note, device=device_id))
        await cutter.start()
        self.cutters.append(cutter)
