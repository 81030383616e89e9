"""Every format of devices through the pipeline into a real PostgreSQL."""

from dataclasses import replace

import numpy as np
import pytest

from tests.fix_ward import Ward
from tests.writer_bench import Bench, rows, run
from ward.clock import SystemClock, to_us
from ward.formats import waveform
from ward.waveforms import WaveformBlock, WaveKind


def test_every_format_reaches_the_store(ward: Ward) -> None:
    """Readings of each format, and an event, are stored, and their receipts count them."""
    now = SystemClock().now()
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "59408-5"}]},
        "effectiveDateTime": now.isoformat(),
        "valueQuantity": {"value": 96, "system": "http://unitsofmeasure.org", "code": "%"},
    }
    sent = {
        "fhir": observation,
        "senml": [{"n": "temperature", "u": "Cel", "v": 37.2, "t": now.timestamp()}],
        "event": {"kind": "help_button", "occurred_at": now.isoformat()},
    }

    async def story(bench: Bench) -> None:
        for leaf, payload in sent.items():
            bench.put(f"hemvakt/1/hv-1/{leaf}", payload, response_topic="hemvakt/1/hv-1/receipts")
        await bench.settled()

    bench = run(ward.database_url, story)

    assert [answer for _, answer, _ in bench.door.published] == [{"stored": 1, "rejected": 0}] * 3
    assert rows(ward.database_url, "select kind, value from reading order by kind") == [(3, 96.0), (4, 37.2)]
    assert rows(ward.database_url, "select kind from device_event") == [("help_button",)]


def test_waveform_is_stored_once_under_who_wore_the_device(ward: Ward) -> None:
    """A block is stored, a repeat of it is none, other samples at the same time are a conflict."""
    first_us = to_us(SystemClock().now()) - 10_000_000
    wave = WaveformBlock(
        kind=WaveKind.ECG, lead="II", measured_us=first_us, fs_hz=250.0, unit="mV", scale=0.005, offset=0.0,
        samples=np.arange(2500, dtype="<i2").tobytes(),
    )  # fmt: skip
    other = replace(wave, samples=np.zeros(2500, dtype="<i2").tobytes())

    async def story(bench: Bench) -> None:
        for each in (wave, wave, other):
            bench.put("hemvakt/1/hv-1/waveform", waveform.encode(each), response_topic="hemvakt/1/hv-1/receipts")
            await bench.settled()

    bench = run(ward.database_url, story)

    answers = [answer for topic, answer, _ in bench.door.published if topic.endswith("receipts")]
    assert answers == [{"stored": 1, "rejected": 0}] * 2 + [{"stored": 0, "rejected": 1}]
    kept = rows(ward.database_url, "select stay_id, lead, samples from waveform_block")
    assert kept == [(ward.beds[0].stay_id, "II", 2500)]
    assert rows(ward.database_url, "select reason from quarantine") == [("conflict",)]


@pytest.mark.parametrize("occurred_at", [0, 4_102_444_800_000])
def test_h08_call_for_help_with_an_impossible_time_is_heard(ward: Ward, occurred_at: int) -> None:
    """A device whose clock has been lost still calls for help: the event is dated when it came."""

    async def story(bench: Bench) -> None:
        bench.put("hemvakt/1/hv-1/event", {"kind": "help_button", "occurred_at": occurred_at})
        await bench.settled()

    run(ward.database_url, story)

    assert rows(ward.database_url, "select occurred_at = received_at from device_event") == [(True,)]
