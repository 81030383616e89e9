"""`hemvakt simulate` against the real parts: what it measures arrives, whole and once, whatever is killed."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from onebox.environment import PROJECT
from tests.fix_broker import Broker
from tests.fix_machine import Machine
from tests.fix_ward import Ward
from tests.integration.test_broker_door import Worker, count, until

SECONDS = 60


def a_recording(folder: Path) -> Path:
    """Write a minute of numerics: three values a second."""
    path = folder / "minute_Numerics.csv"
    rows = [f"{second},{70 + second % 5},70,{14 + second % 3},{95 + second % 3}" for second in range(SECONDS)]
    path.write_text("\n".join(["Time [s], HR, PULSE, RESP, SpO2", *rows]) + "\n")
    return path


def simulate(port: int, *flags: str) -> subprocess.Popen[bytes]:
    """Start the command as its user would."""
    return subprocess.Popen(
        [sys.executable, str(PROJECT / "hemvakt.py"), "simulate", "--mqtt-port", str(port), *flags],
        cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


@pytest.mark.broker
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_recording_arrives_through_a_broker(ward: Ward, broker: Broker, tmp_path: Path, protocol: str) -> None:
    """A replayed recording is stored whole and once, in both versions of MQTT."""

    async def story() -> None:
        async with Worker(broker, ward.database_url, "one") as worker:
            flags = ["--replay", str(a_recording(tmp_path)), "--device", "hv-1", "--speed", "20"]
            playing = simulate(broker.port, *flags, "--protocol", protocol)
            output, _ = await asyncio.to_thread(playing.communicate, timeout=60)
            assert playing.returncode == 0, output.decode()
            await until(lambda: worker.writer.counters.stored >= 3 * SECONDS)

    asyncio.run(story())

    assert count(ward.database_url) == 3 * SECONDS


def test_h21_recording_arrives_although_ingest_is_killed(machine: Machine, tmp_path: Path) -> None:
    """Ingest dies while a recording is played: the device holds what is not acknowledged, and all of it arrives."""
    flags = ["--replay", str(a_recording(tmp_path)), "--device", "hv-0007", "--speed", "10"]
    playing = simulate(machine.mqtt_port, *flags)
    query = "select count(*), count(distinct (kind, measured_at)) from reading where device_no = 7"
    deadline = time.monotonic() + 30
    while machine.ask(query)[0][0] < SECONDS // 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    machine.child("ingest").kill()

    output, _ = playing.communicate(timeout=90)

    assert playing.returncode == 0, output.decode()
    assert machine.ask(query) == [(3 * SECONDS, 3 * SECONDS)]


def test_unreadable_recording_is_said_in_a_sentence(tmp_path: Path) -> None:
    """A wrong file ends the command with what is wrong, not with a traceback."""
    path = tmp_path / "not.csv"
    path.write_text("a,b\n")
    playing = simulate(1, "--replay", str(path))

    output, _ = playing.communicate(timeout=60)

    assert playing.returncode == 2
    assert b"no numerics recording" in output
    assert b"Traceback" not in output
