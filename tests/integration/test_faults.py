"""No loss, shown in short: everything is killed under devices that publish, and the store is held against their ledger.

`benchmarks/faults.py` does the same for as long as one likes. Here the faults come after counted acknowledgements.
"""

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from benchmarks import chaos, faults
from benchmarks.chaos import Fault
from benchmarks.fault_outbox import Habits
from benchmarks.fault_plan import Plan
from benchmarks.faults import Result
from benchmarks.faulty_devices import Door
from benchmarks.tcp_cutter import Weather
from benchmarks.victims import Store

pytestmark = pytest.mark.integration

SEED = 20261122
APART = 200  # readings from one fault to the next
KILLS = 3
OFTEN = dict.fromkeys((Fault.KILL_INGEST, Fault.KILL_STORE, Fault.KILL_SESSION, Fault.KILL_BROKER), KILLS)
OFTEN |= {Fault.EXCHANGE: 3, Fault.CUT_STORE: 2, Fault.CUT_BROKER: 2}
HABITS = Habits(most_readings=150)  # so that what piles up in an outage is stored by COPY, the rest is not
WEATHER = Weather(up_bytes=60_000, down_bytes=150, stall_s=0.3, latency_s=0.005)
DOORS = [Door.ENDPOINT, pytest.param(Door.BROKER, marks=pytest.mark.broker)]


def planned(door: Door) -> dict[Fault, int]:
    """Return what is done to the parts behind a door, and how often: killed three times, the rest at least once."""
    return {fault: OFTEN.get(fault, 1) for fault in faults.faults_of(door, alerting=False)}


def a_plan(door: Door) -> Plan:
    """Return a run of six devices."""
    return Plan(
        door=door,
        devices=6,
        seed=SEED,
        weather=WEATHER,
        patience_s=2.0,
        steps=chaos.counted(SEED, planned(door), APART),
        slack=900,
        habits=HABITS,
    )


@pytest.fixture(scope="module", params=DOORS)
def result(request: pytest.FixtureRequest) -> Iterator[Result]:
    """What a short run through one of the doors gave."""
    door: Door = request.param
    if door is Door.BROKER and shutil.which("mosquitto", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin") is None:
        pytest.skip("mosquitto is not installed (Debian: apt install mosquitto)")
    with TemporaryDirectory(prefix="hemvakt-faults-") as made:
        folder = Path(made)
        folder.chmod(0o711)  # the server's own account passes through
        yield asyncio.run(faults.carry_out(a_plan(door), folder, Store(folder=folder, options={"fsync": "off"})))


def test_h01_no_acknowledged_reading_is_missing(result: Result) -> None:
    """Whatever was killed between the commit and the acknowledgement, what was acknowledged is in the store."""
    assert result.verdict.missing == 0, result.worst
    assert result.outcome.unacknowledged == 0
    assert result.verdict.published >= APART * sum(planned(result.plan.door).values())
    if result.plan.door is Door.ENDPOINT:
        assert result.verdict.acknowledged == result.verdict.published
    else:  # a 3.1.1 device cannot ask the broker for a receipt
        assert result.verdict.acknowledged == result.verdict.published - result.outcome.counts.broker_only


def test_h06_exchanged_kits_give_nobody_another_s_readings(result: Result) -> None:
    """Readings from before, between and after an exchange of kits are whose they were when they were measured."""
    assert result.outcome.exchanges == OFTEN[Fault.EXCHANGE]
    assert (result.verdict.wrong_patient, result.verdict.wrong_value, result.verdict.unknown) == (0, 0, 0), result.worst
    assert set(result.quarantined) <= {"no_binding", "wrong_unit"}
    assert "no_binding" in result.quarantined


def test_h19_repeats_and_reorderings_are_stored_once(result: Result) -> None:
    """Messages sent again, repeated on purpose and in another order give one row each and are no conflict."""
    assert result.outcome.counts.resent > 0
    assert result.outcome.counts.echoes > 0
    assert (result.verdict.doubled, result.verdict.conflicts) == (0, 0), result.worst
    assert result.verdict.stale_latest == 0


def test_h21_every_part_comes_back_from_every_death(result: Result) -> None:
    """Each part was killed as planned, and acknowledgements came again each time."""
    assert result.outcome.faults == planned(result.plan.door)
    assert set(result.outcome.recovery_s) >= {Fault.KILL_INGEST, Fault.KILL_STORE}
    assert result.outcome.wrong_receipts == 0


def test_h22_ingest_outlives_every_outage_of_the_store(result: Result) -> None:
    """No ingest process ends because its store died, without anybody to start it again."""
    assert result.outcome.deaths == []
