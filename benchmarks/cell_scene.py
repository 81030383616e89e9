"""Where a run of a whole cell takes place: the store, two brokers, at least two of each process, and the proxy.

Every process is started as an operator starts it, by its command and its settings, without containers and without a
supervisor; whoever is killed is started again at the same place. Everything listens on loopback ports.
"""

import asyncio
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from api import passwords
from benchmarks import households, victims
from benchmarks.cell_plan import Blow, Plan
from benchmarks.cell_proxy import Proxy
from benchmarks.cell_store import AnyStore
from benchmarks.households import Kit
from benchmarks.rig import accepts
from benchmarks.victims import Part
from ward.clock import Clock
from ward.people import Role
from ward.store import embedded, people
from ward.store.pool import connect

NURSE, DOCTOR, PASSWORD = "cell-nurse", "cell-doctor", "a-password-for-the-cell"
_HALVES = ("a", "b")
_LOOK_S = 0.05
# Both processes of each alerting worker listen; an api listens for alerts.
_AT_WORK = """
select count(*) filter (where application_name in ('hemvakt-alerting-hints', 'hemvakt-rush-hints'))
from pg_stat_activity where datname = current_database()
"""


@dataclass(slots=True, kw_only=True)
class Scene:
    """The parts of a run; `of` says which processes a blow may hit."""

    plan: Plan
    folder: Path
    store: AnyStore
    clock: Clock
    proxy: Proxy
    of: dict[Blow, list[Part]] = field(default_factory=dict)
    kits: list[Kit] = field(default_factory=list)
    _proxy_part: Part | None = None

    @property
    def parts(self) -> list[Part]:
        """Every process but the store, what is behind first."""
        proxy = [] if self._proxy_part is None else [self._proxy_part]
        return [part for parts in (*self.of.values(), proxy) for part in parts]

    async def set_up(self) -> None:
        """Start everything but the devices and the boards, and wait until all of it is at work."""
        await self.store.start()
        homes = await households.admit(self.store.database_url, self.plan.devices, self.clock)
        self.kits += [kit for home in homes for kit in home.kits]
        await self._staff()
        behind = self._brokers() | self._endpoints() | self._apis()
        self._others()
        self._proxy_part = self.proxy.part(behind)
        for part in self.parts:
            part.start()
        await self.all_ready()

    async def all_ready(self) -> None:
        """Wait until all parts are at work."""
        doors = (self.proxy.page, self.proxy.endpoint, self.proxy.broker_a, self.proxy.broker_b)
        # Processes have no event of ours.
        while not (self.store.running() and all(part.ready() for part in self.parts) and all(map(accepts, doors))):  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)
        while not self._alerting_listens():  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)

    async def stop(self) -> None:
        """Stop everything that was started, but for the store."""
        await asyncio.gather(*(part.end(signal.SIGTERM) for part in self.parts))

    def kill_rush(self, worker: Part) -> bool:
        """Kill the second process of an alerting worker; False where it has none just now."""
        with suppress(psutil.Error):
            if worker.child is None:
                return False
            for each in psutil.Process(worker.child.pid).children():
                if any("spawn_main" in word for word in each.cmdline()):
                    each.kill()
                    return True
        return False

    def _alerting_listens(self) -> bool:
        with psycopg.connect(self.store.database_url) as conn:
            row = conn.execute(_AT_WORK).fetchone()
        return bool(row and row[0] >= 2 * len(self.of[Blow.ALERTING]))

    async def _staff(self) -> None:
        async with await connect(self.store.database_url, "cell") as conn:
            organisation_id = await people.find_organisation(conn, "Felkommunen")
            row = await (await conn.execute("select team_id from team")).fetchone()
            if organisation_id is None or row is None:
                raise AssertionError("the households have been admitted")
            for username, role in ((NURSE, Role.NURSE), (DOCTOR, Role.DOCTOR)):
                staff_id = await people.add_staff(
                    conn,
                    organisation_id=organisation_id,
                    username=username,
                    name="Mia Mätsköterska",
                    title="",
                    role=role,
                    password_hash=passwords.hash_password(PASSWORD),
                )
                await people.add_member(conn, team_id=row[0], staff_id=staff_id)

    def _brokers(self) -> dict[str, int]:
        """Make a broker for each half of the devices, and its workers; return where the brokers are."""
        ports = {half: embedded.free_port() for half in _HALVES}
        self.of[Blow.BROKER] = [victims.broker(self.folder, ports[half], f"mosquitto-{half}") for half in _HALVES]
        self.of[Blow.WORKER] = [
            victims.ingest(
                f"ingest-{half}{n}", self.store.database_url, self.folder, 0, f"mqtt://127.0.0.1:{ports[half]}"
            )
            for half in _HALVES
            for n in range(1, self.plan.of_each + 1)
        ]
        return {f"MOSQUITTO_{half.upper()}": port for half, port in ports.items()}

    def _endpoints(self) -> dict[str, int]:
        ports = [embedded.free_port() for _ in range(2)]
        self.of[Blow.ENDPOINT] = [
            victims.ingest(f"endpoint-{n}", self.store.database_url, self.folder, port, "")
            for n, port in enumerate(ports, 1)
        ]
        return {f"ENDPOINT_{n}": port for n, port in enumerate(ports, 1)}

    def _apis(self) -> dict[str, int]:
        ports = [embedded.free_port() for _ in range(2)]
        self.of[Blow.API] = [
            self._service("api", f"api-{n}", at_work="api_started", HTTP_PORT=str(port), SECURE_COOKIES="true")
            for n, port in enumerate(ports, 1)
        ]
        return {f"API_{n}": port for n, port in enumerate(ports, 1)}

    def _others(self) -> None:
        numbers = range(1, self.plan.of_each + 1)
        self.of[Blow.ALERTING] = [self._service("alerting", f"alerting-{n}") for n in numbers]
        self.of[Blow.BACKTEST] = [self._service("backtest", f"backtest-{n}") for n in numbers]

    def _service(self, command: str, name: str, at_work: str = "", **settings: str) -> Part:
        given = {"DATABASE_URL": self.store.database_url, "MQTT_URL": "", **settings}
        environment = {f"HEMVAKT_{each}": value for each, value in given.items()}
        return victims.service(command, name, environment, self.folder, at_work)
