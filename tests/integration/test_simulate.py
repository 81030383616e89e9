"""`hemvakt simulate` against the real parts: what it measures arrives, whole and once, whatever is killed."""

import asyncio
import gzip
import stat
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from onebox import record
from onebox.environment import PROJECT
from simulator import replay
from simulator.device import Sample
from simulator.replay_stream import Head, lines
from simulator.waves.channels import Stretch
from tests.fix_broker import Broker
from tests.fix_machine import Machine
from tests.fix_ward import Ward
from tests.integration.test_broker_door import Worker, count, until
from ward.clock import EPOCH, SystemClock, to_us
from ward.store.waveform_reads import WINDOW
from ward.vitals import VitalKind
from ward.waveforms import WaveKind

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
    deadline = time.monotonic() + 90
    while machine.ask(query)[0][0] < SECONDS // 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    machine.child("ingest").kill()

    output, _ = playing.communicate(timeout=90)

    assert playing.returncode == 0, output.decode()
    assert machine.ask(query) == [(3 * SECONDS, 3 * SECONDS)]


def test_what_is_recorded_is_played_again_on_another_device(machine: Machine, tmp_path: Path) -> None:
    """Values and curves of a stored stream come back as they were, on another device, and the file names nobody."""
    wave = np.round(1000 * np.sin(2 * np.pi * np.arange(20 * 125) / 125)).astype("<i2")
    curve = Stretch(
        t_s=0.0, kind=WaveKind.PPG, lead="green", fs_hz=125.0, unit="1", scale=0.001, offset=0.5, samples=wave.tobytes()
    )
    values = [Sample(t_s=float(each), kind=VitalKind.PEAK_FLOW, value=300.0 + each, quality=0.5) for each in range(20)]
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl.gz"
    one.write_bytes(b"".join(lines(Head(hemvakt_recording=1, length_s=20.0), [curve, *values])))
    first = _play_past(machine, one, "hv-0009")
    done = record.run(machine.database_url, "hv-0009", two, (first, None), record.Times.SHIFTED)
    again = _play_past(machine, two, "hv-0010")

    assert done == record.Written(values=20, blocks=1, length_s=20.0)
    assert stat.S_IMODE(two.stat().st_mode) == 0o600
    told = gzip.decompress(two.read_bytes())
    assert b"hv-" not in told
    assert b"2000-01-" in told.splitlines()[0]
    (found,) = replay.read(two)
    assert found.samples == tuple(values)
    assert found.waves == (curve,)
    query = "select value, quality, measured_at - '{}' from reading where kind = 17 and device_no = {} order by 3"
    assert machine.ask(query.format(again, 10)) == machine.ask(query.format(first, 9))
    assert [row[0] for row in machine.ask(query.format(again, 10))] == [each.value for each in values]
    curves = "select lead, samples, measured_at - '{}', md5(data) from waveform_block where device_no = {} order by 3"
    assert machine.ask(curves.format(again, 10)) == machine.ask(curves.format(first, 9)) != []


def _play_past(machine: Machine, path: Path, device_id: str) -> datetime:
    """Play a recording of twenty seconds as one that is just over; return when it began.

    They lie in one window: a curve that lies over the border of two is read as two.
    """
    began = SystemClock().now().replace(microsecond=0) - timedelta(seconds=21)
    border = EPOCH + (began + timedelta(seconds=20) - EPOCH) // WINDOW * WINDOW
    if began < border:
        began = border - timedelta(seconds=20)
    flags = ["--replay", str(path), "--device", device_id, "--began", str(to_us(began) // 1000)]
    playing = simulate(machine.mqtt_port, *flags)
    output, _ = playing.communicate(timeout=60)
    assert playing.returncode == 0, output.decode()
    return began


def test_unreadable_recording_is_said_in_a_sentence(tmp_path: Path) -> None:
    """A wrong file ends the command with what is wrong, not with a traceback."""
    path = tmp_path / "not.csv"
    path.write_text("a,b\n")
    playing = simulate(1, "--replay", str(path))

    output, _ = playing.communicate(timeout=60)

    assert playing.returncode == 2
    assert b"no numerics recording" in output
    assert b"Traceback" not in output
