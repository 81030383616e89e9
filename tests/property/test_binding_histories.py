"""Whatever happens to a device, in any order, a stored reading is its wearer's. On a real store, by a real writer."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fix_ward import Ward
from tests.writer_bench import Bench
from ward.association import Identifier, Refusal
from ward.clock import FakeClock, SystemClock
from ward.people import DeviceNo
from ward.store import assignments, bindings, people, quarantine_reads
from ward.store.pool import Connection, connect
from ward.store.quarantine_reads import WantedEntries

pytestmark = pytest.mark.integration
BORN = datetime(1940, 1, 1).date()  # noqa: DTZ001 - a date
# Few different times, so that what happens meets what has happened.
MINUTES = st.sampled_from([0, 1, 3, 5, 20, 60])
PLACES = st.integers(0, 1)
STEPS = st.one_of(
    st.tuples(st.just("wait"), MINUTES),
    st.tuples(st.just("bind"), PLACES, st.none() | MINUTES),
    st.tuples(st.just("end"), st.none() | MINUTES),
    st.tuples(st.just("measure"), st.sampled_from([-60, -20, -5, -3, -1, 0, 2, 4])),
    st.tuples(st.just("repeat"), st.integers(0, 5)),
    st.tuples(st.just("assign"), PLACES),
)
NUMBERS = count(1)


@dataclass
class History:
    """One device from when it was added, and everything that it has sent."""

    ward: Ward
    conn: Connection
    bench: Bench
    now: datetime
    device_id: str
    device_no: DeviceNo
    sent: list[dict[str, object]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    async def play(self, step: tuple[Any, ...]) -> None:
        """Let one thing happen."""
        match step:
            case ("wait", minutes):
                self.now += timedelta(minutes=minutes)
            case ("bind", place, back):
                await self.bind(place, None if back is None else self.now - timedelta(minutes=back))
            case ("end", back):
                await self.end(None if back is None else self.now - timedelta(minutes=back))
            case ("measure", minutes):
                at = self.now + timedelta(minutes=minutes, microseconds=len(self.sent))
                self.sent.append({"kind": "spo2", "value": 90 + len(self.sent) % 10, "measured_at": at.isoformat()})
                await self.deliver(self.sent[-1])
            case ("repeat", which) if self.sent:
                await self.deliver(self.sent[which % len(self.sent)])
            case ("assign", place):
                await self.assign(place)
        self.now += timedelta(milliseconds=1)

    async def bind(self, place: int, from_at: datetime | None) -> None:
        """Take both steps, whether they are refused or not."""
        stay_id, by = self.ward.beds[place].stay_id, self.ward.nurse_id
        number = await bindings.propose(self.conn, self.device_no, stay_id, from_at, by, self.now)
        proposal = await bindings.claim(self.conn, self.device_no, number, self.now)
        assert proposal is not None
        refusal = await bindings.confirm(self.conn, proposal, Identifier(birth_date=BORN), by, self.now)
        await self.conn.commit()
        self.refusals += [refusal] if refusal else []

    async def end(self, at: datetime | None) -> None:
        """End what was bound last, whether that is refused or not."""
        rows = await bindings.read(self.conn, self.device_no, self.now)
        for row in [each for each in rows if each.association == "assoc"][:1]:
            refusal = await bindings.end(self.conn, self.device_no, row, at, self.ward.nurse_id, "prövning", self.now)
            self.refusals += [refusal] if refusal else []
        await self.conn.commit()

    async def deliver(self, reading: dict[str, object]) -> None:
        """Have the writer take a reading now."""
        self.bench.put(f"hemvakt/1/{self.device_id}/vitals", json.loads(json.dumps(reading)), received_at=self.now)
        await self.bench.settled()

    async def assign(self, place: int) -> None:
        """Give the newest refused reading to somebody, whether that is refused or not."""
        wanted = WantedEntries(scope=None, device_id=self.device_id, settled=False, limit=1)
        for entry in await quarantine_reads.find(self.conn, wanted, self.now):
            stay_id, by = self.ward.beds[place].stay_id, self.ward.nurse_id
            refusal = await assignments.assign(self.conn, entry, stay_id, by, FakeClock(self.now))
            self.refusals += [refusal] if refusal else []
        await self.conn.commit()

    async def assert_everything_is_its_wearer_s(self) -> None:
        """Each stored reading is of who wore the device then, or of whom it was given to when nobody did."""
        found = await self.conn.execute(
            "select r.stay_id, r.measured_at, b.stay_id from reading r"
            " left join binding b on b.device_no = r.device_no and b.period @> r.measured_at"
            " where r.device_no = %s order by r.measured_at",
            (self.device_no,),
        )
        stored = await found.fetchall()
        found = await self.conn.execute(
            "select stay_id, (convert_from(payload, 'utf8')::json ->> 'measured_at')::timestamptz from quarantine"
            " where device_id = %s and resolution = 'assigned'",
            (self.device_id,),
        )
        given_away = set(await found.fetchall())
        await self.conn.commit()

        assert [at for _, at, _ in stored] == sorted({at for _, at, _ in stored}), "a reading is two patients'"
        wrong = [
            (stay, at)
            for stay, at, wearer in stored
            if stay != wearer and (wearer is not None or (stay, at) not in given_away)
        ]
        assert wrong == []


@pytest.fixture
def stage(ward: Ward) -> Iterator[tuple[asyncio.Runner, Ward, Connection, Bench]]:
    """A store with three patients, a connection to it, and a writer at work."""
    with asyncio.Runner() as runner:
        bench = Bench(ward.database_url)
        conn = runner.run(connect(ward.database_url, "test"))
        writing = runner.get_loop().create_task(bench.writer.run())
        yield runner, ward, conn, bench

        async def strike() -> None:
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
            await conn.close()

        runner.run(strike())


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(steps=[("measure", -5), ("assign", 0), ("bind", 1, 20)])
@example(steps=[("measure", -5), ("bind", 0, 20), ("assign", 1)])
@given(steps=st.lists(STEPS, min_size=5, max_size=20))
def test_h06_stored_reading_is_always_its_wearer_s(
    stage: tuple[asyncio.Runner, Ward, Connection, Bench], steps: list[tuple[Any, ...]]
) -> None:
    """Bindings begun, ended and entered afterwards, readings early, late and repeated, and given away by hand."""
    runner, ward, conn, bench = stage

    async def story() -> None:
        device_id = f"kit-{next(NUMBERS)}"
        device_no = await people.add_device(conn, device_id=device_id, secret_sha256=bytes(32))
        await conn.commit()
        start = SystemClock().now() - timedelta(hours=30)
        history = History(ward=ward, conn=conn, bench=bench, now=start, device_id=device_id, device_no=device_no)
        for step in steps:
            await history.play(step)
            await history.assert_everything_is_its_wearer_s()

    runner.run(story())
