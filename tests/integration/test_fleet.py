"""A fleet with everything going wrong at once, against a real ingest: the store ends as if nothing had."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec
import psycopg
import pytest

from onebox.environment import PROJECT
from simulator.faults import Faults
from simulator.fleet import chaos, crew, line, report
from simulator.fleet.crew import Crew
from simulator.fleet.people import Crowd, Illness
from simulator.fleet.plan import Plan
from simulator.fleet.tally import Tally
from tests.fix_digest import fill
from tests.fix_ward import Ward, admit
from ward.clock import SystemClock
from ward.store import arrived
from ward.store.embedded import free_port
from ward.store.pool import connect
from ward.vitals import BY_CODE

pytestmark = pytest.mark.integration
BEDS = 12
_PATIENCE_S = 60


@asynccontextmanager
async def an_ingest(database_url: str) -> AsyncIterator[int]:
    """Run an ingest process; gives its port once it listens."""
    port = free_port()
    settings = {"HEMVAKT_DATABASE_URL": database_url, "HEMVAKT_MQTT_PORT": str(port)}
    child = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "hemvakt.py", "ingest"],
        cwd=PROJECT,
        env={**os.environ, **settings},  # noqa: TID251 - handed on, not read
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert child.stdout is not None
        async with asyncio.timeout(_PATIENCE_S):
            while b"endpoint_listening" not in (said := await asyncio.to_thread(child.stdout.readline)):
                assert said, "ingest has ended"
        yield port
    finally:
        child.kill()
        await asyncio.to_thread(child.communicate)


def a_plan(port: int, switches: Faults) -> Plan:
    """Twelve devices, each a message of five readings every 80 ms for two seconds."""
    return Plan(
        host="127.0.0.1", port=port, device="hv-{}", secret="secret-{device}", devices=BEDS, rate=750, seconds=2.0,
        seed=7, illness=Illness(share=0.5, every_s=2.0, lasts_s=1.0, begins_s=0.1), switches=switches,
    )  # fmt: skip


def stored(database_url: str) -> set[tuple[str, str, int, float]]:
    """Everything in the store: device, kind, ms since 1970, value."""
    with psycopg.connect(database_url) as conn:
        rows = conn.execute(
            "select device_id, kind, round(extract(epoch from measured_at) * 1000)::bigint, value"
            " from reading join device using (device_no)"
        ).fetchall()
    return {(device_id, BY_CODE[kind].kind.value, at_ms, value) for device_id, kind, at_ms, value in rows}


class Noted(Crowd):
    """A crowd that notes what reached the devices' memories."""

    def payload(self, device: int, number: int, t_s: float, at_ms: int, readings: int) -> bytes:
        """Note what is measured."""
        said = super().payload(device, number, t_s, at_ms, readings)
        for each in json.loads(said):
            MEASURED.add((f"hv-{device + 1}", each["kind"], each["measured_at"], float(each["value"])))
        return said


MEASURED: set[tuple[str, str, int, float]] = set()


def test_h08_whatever_goes_wrong_on_the_way_the_store_ends_the_same(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Late, repeated, unordered, cut off and flooded messages leave each reading in the store once, and no other.

    What was dropped, and what a clock that is far ahead has measured, is not there and has been counted.
    """
    monkeypatch.setattr(crew, "Crowd", Noted)
    monkeypatch.setattr(line, "_AGAIN_S", (0.05, 1.0))
    MEASURED.clear()
    switches = Faults(
        drop=0.1, cut=0.1, delay=0.3, delay_s=1.0, duplicate=0.3, reorder=0.3, flood=0.2,
        skew=timedelta(seconds=400), skewed=0.2,
    )  # fmt: skip

    async def scenario() -> tuple[Crew, arrived.Arrived]:
        ward, began = await admit(database_url, BEDS), SystemClock().now()
        async with an_ingest(database_url) as port:
            fleet = Crew(a_plan(port, switches))
            await fleet.join(asyncio.Event())
            await fleet.work(asyncio.Event())
            fleet.close()
        async with await connect(database_url, "test") as conn:
            return fleet, await arrived.of(conn, [bed.device_id for bed in ward.beds], began)

    fleet, found = asyncio.run(scenario())
    tally = fleet.tally
    wrong = {f"hv-{n + 1}" for n, ahead in enumerate(chaos.ahead_ms(switches, 7, BEDS)) if ahead}
    right = {each for each in MEASURED if each[0] not in wrong}

    assert stored(database_url) == right
    assert fleet.waiting == tally.shed == 0
    assert found.stored == len(right)
    assert set(found.quarantined) == {"future"}
    assert len(MEASURED) == tally.measured - tally.dropped
    assert tally.acknowledged == tally.sent
    assert min(tally.dropped, tally.copies, tally.delayed, tally.reordered, tally.lost_connections, tally.repeated) > 0
    assert tally.refused > 0
    assert wrong
    told = report.report(a_plan(1, switches), tally, connected=BEDS, waiting=0, seconds=2.0, cpu_s=0.1)
    seen = report.Arrived(stored=found.stored, quarantined=found.quarantined, alerts=found.alerts)
    assert msgspec.structs.replace(told, arrived=seen).missing == 0


ALERT = """
insert into alert (stay_id, rule, family, priority, worst, signal, condition, rev, team_id, began_at, opened_at,
    changed_at, evidence)
select stay_id, 'limit.spo2.low', 'clinical', 3, 3, 'ringing', 'present', 1, team_id, measured_at,
    received_at + interval '2 seconds', received_at + interval '2 seconds',
    jsonb_build_object('inputs', jsonb_build_array(jsonb_build_object('measured_at', measured_at)))
from reading join responsibility using (stay_id) where stay_id = 1 order by measured_at desc limit 1
"""


def test_report_tells_how_many_were_alerted_and_how_soon(ward: Ward) -> None:
    """An alert counts with its rule, from the arrival of its newest reading; readings from their measuring."""
    fill(ward)
    with psycopg.connect(ward.database_url) as conn:
        conn.execute("delete from outbox; delete from escalation_step; delete from alert_event; delete from alert")
        conn.execute(ALERT.encode())
    began = SystemClock().now() - timedelta(hours=1)

    async def ask() -> arrived.Arrived:
        async with await connect(ward.database_url, "test") as conn:
            return await arrived.of(conn, [bed.device_id for bed in ward.beds], began)

    found = asyncio.run(ask())
    seen = report.Arrived(
        stored=found.stored, quarantined={}, alerts=found.alerts, alerted=1, received_ms=found.received_ms,
        alerted_ms=found.alerted_ms,
    )  # fmt: skip
    plan, tally = a_plan(1, Faults()), Tally()
    told = dict(report.rows(report.report(plan, tally, connected=0, waiting=0, seconds=1.0, cpu_s=0.0)))
    lines = dict(report.rows(msgspec.structs.replace(
        report.report(plan, tally, connected=0, waiting=0, seconds=1.0, cpu_s=0.0), arrived=seen)))  # fmt: skip

    assert found.alerts == {"limit.spo2.low": 1}
    assert found.alerted_ms == (2000.0, 2000.0, 2000.0)
    assert found.received_ms is not None
    assert list(found.received_ms) == sorted(found.received_ms)
    assert "alerted, by rule" not in told
    assert lines["alerted, by rule"] == "1: limit.spo2.low 1"
    assert lines["from received to alerted p50, p95, p99, ms"] == "2,000, 2,000, 2,000"
