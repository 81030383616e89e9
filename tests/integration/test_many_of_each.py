"""Two of each, in short: an ingest endpoint and an alerting worker are killed under load.

`benchmarks.cell` does it with everything, for as long as one likes.
"""

import asyncio
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import psycopg
import pytest

from benchmarks import cell_judge, fault_ledger, households, victims
from benchmarks.cell_judge import Alerts
from benchmarks.cell_patients import ILLNESSES, Patient
from benchmarks.fault_ledger import Ledger, Verdict
from benchmarks.fault_outbox import Counts, Habits, Outbox
from benchmarks.faulty_devices import Device, Door, Manner
from benchmarks.tcp_cutter import FAIR, Cutter
from benchmarks.victims import Part, Store
from ingest.packets import V5
from ward.clock import SystemClock, to_us
from ward.store import embedded

pytestmark = pytest.mark.integration

DEVICES = 12
HABITS = Habits(most_readings=4, arrays=0.3, history=0.0, echoes=0.0, bad_elements=0.0, jumps=0.0)


class Cell:
    """Two endpoints behind a balancer, two alerting workers, and patients of whom every other falls ill."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store, self.clock = folder, Store(folder=folder, options={"fsync": "off"}), SystemClock()
        self.ledger = Ledger(folder)
        self.patients: list[Patient] = []
        self.devices: list[Device] = []
        self.endpoints: list[Part] = []
        self.alerting: list[Part] = []

    def acknowledged(self, count: int) -> None:
        """What it was is in the ledger."""

    accepted = acknowledged

    @property
    def expected(self) -> set[tuple[int, str]]:
        """The alerts that there must be."""
        return {each.expected for each in self.patients if each.expected is not None}

    async def run(self) -> tuple[Verdict, Alerts]:
        """Let half of the patients fall ill, kill one of each in the midst, the rest of the ill fall ill, and judge."""
        balancer = await self._set_up()
        async with asyncio.TaskGroup() as group:
            kept = [group.create_task(each.run()) for each in self.devices]
            ill = [patient for patient in self.patients[::2] if not patient.illness.delay_s]
            await self._measure(ill[::2])
            await asyncio.gather(*(parts[0].end(signal.SIGKILL) for parts in (self.endpoints, self.alerting)))
            await self._measure(ill[1::2])
            await self._rung()
            for task in kept:
                task.cancel()
        await balancer.stop()
        await asyncio.gather(*(part.end(signal.SIGTERM) for part in (*self.endpoints, *self.alerting)))
        self.ledger.close()
        verdict, _ = fault_ledger.judge(self.store.database_url, self.ledger.measured_path, self.ledger.told_path)
        return verdict, cell_judge.alerts(self.store.database_url, self.expected)

    async def _set_up(self) -> Cutter:
        await self.store.start()
        url = self.store.database_url
        homes = await households.admit(url, DEVICES, self.clock)
        ports = [embedded.free_port() for _ in range(2)]
        self.endpoints = [victims.ingest(f"ingest-{n}", url, self.folder, port, "") for n, port in enumerate(ports)]
        self.alerting = [victims.alerting(url, self.folder, f"alerting-{n}") for n in range(2)]
        for part in (*self.endpoints, *self.alerting):
            part.start()
        balancer = Cutter(ports, FAIR, Random(1), lambda *_, **__: None)
        await balancer.start()
        for number, kit in enumerate(kit for home in homes for kit in home.kits):
            patient = Patient(kit=kit, illness=ILLNESSES[number % 3])
            rng, manner = Random(number), Manner(door=Door.ENDPOINT, version=V5, patience_s=5.0)
            outbox = Outbox(kit, HABITS, self.ledger, Counts(), rng, patient.course)
            self.patients.append(patient)
            self.devices.append(Device(outbox, balancer.port, manner, Counts(), rng, self))
        await self._started((*self.endpoints, *self.alerting))
        return balancer

    async def _started(self, parts: Sequence[Part]) -> None:
        """Wait until all are at work; tell what was said if one ends or all of it takes too long."""
        until = asyncio.get_running_loop().time() + 120
        while len(listening := self._listening()) != 4 or not all(part.ready() for part in self.endpoints):
            late = asyncio.get_running_loop().time() > until
            told = [part.said() for part in parts if late or not part.running()]
            assert not told, f"of alerting's four processes listen {listening}\n" + "\n".join(told)
            await asyncio.sleep(0.05)

    def _listening(self) -> list[str]:
        """Name the processes of alerting that are at work: two a worker."""
        with psycopg.connect(self.store.database_url) as conn:
            rows = conn.execute(
                "select application_name from pg_stat_activity"
                " where application_name in ('hemvakt-alerting-hints', 'hemvakt-rush-hints')"
            ).fetchall()
        return sorted(name for (name,) in rows)

    async def _measure(self, ill: list[Patient]) -> None:
        """Let everybody measure ten times, some falling ill midway; comes back while much of it is under way."""
        for turn in range(10):
            if turn == 5:
                for patient in ill:
                    patient.fall_ill(to_us(self.clock.now()))
            for device in self.devices:
                device.measure(to_us(self.clock.now()))
            await asyncio.sleep(0)

    async def _rung(self) -> None:
        """Wait until everything is acknowledged and every alert is there."""
        async with asyncio.timeout(120):
            while any(len(device.outbox) for device in self.devices) or self._missing():
                await asyncio.sleep(0.05)

    def _missing(self) -> list[str]:
        return cell_judge.alerts(self.store.database_url, self.expected).missing


@pytest.fixture(scope="module")
def cell() -> Iterator[Cell]:
    """A cell that stops its store at the end."""
    with TemporaryDirectory(prefix="hemvakt-many-") as made:
        folder = Path(made)
        folder.chmod(0o711)  # the server's own account passes through
        running = Cell(folder)
        yield running
        running.store.stop()


def test_h21_one_of_two_killed_costs_no_reading_and_no_alert(cell: Cell) -> None:
    """With one endpoint and one alerting worker killed, each reading is stored once and each alert rings once."""
    verdict, alerts = asyncio.run(cell.run())

    assert verdict.faults() == {}
    assert verdict.acknowledged == verdict.published > 20 * DEVICES
    assert len(cell.expected) == DEVICES // 2
    assert alerts.faults() == {}


def test_judge_sees_what_would_be_wrong(cell: Cell) -> None:
    """An acknowledged reading that is gone, a second alert, a second call and a false alarm are each told."""
    url, (stay_id, rule), (other, _) = cell.store.database_url, min(cell.expected), max(cell.expected)
    with psycopg.connect(url) as conn:
        conn.execute("delete from reading where ctid = (select min(ctid) from reading)")
        conn.execute(
            "update alert set rule = 'limit.temperature.high' where stay_id = %s and rule = %s", (stay_id, rule)
        )
        conn.execute("update alert set recurrences = 1 where stay_id = %s", (other,))
    verdict, _ = fault_ledger.judge(url, cell.ledger.measured_path, cell.ledger.told_path)
    alerts = cell_judge.alerts(url, cell.expected)

    assert verdict.missing == 1
    assert alerts.missing == [f"stay {stay_id}: {rule}"]
    assert alerts.of_nobody == [f"stay {stay_id}: limit.temperature.high"]
    assert len(alerts.rang_again) == 1
