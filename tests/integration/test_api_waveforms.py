"""From a device's CBOR to the API: what was measured is what is drawn, for those who may see it."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.fix_api import House, serving
from tests.fix_ward import Bed
from tests.integration.test_api_http import assert_problem
from ward.clock import SystemClock, from_us, to_us
from ward.formats import waveform
from ward.store import migrate
from ward.store.pool import connect
from ward.store.waveform_compaction import compact
from ward.store.waveforms import BlockRow, insert_blocks
from ward.waveforms import WaveformBlock, WaveKind

pytestmark = pytest.mark.integration
FS_HZ = 250
BLOCK = 10 * FS_HZ
SIGNAL = np.random.default_rng(4).integers(-500, 500, 60 * BLOCK).astype(np.int16)


def begin() -> datetime:
    """When the signal begins: three hours ago, on a whole second."""
    return SystemClock().now().replace(microsecond=0) - timedelta(hours=3)


def a_payload(start: datetime, number: int) -> bytes:
    """Block `number` of the signal, as a device sends it."""
    block = WaveformBlock(
        kind=WaveKind.ECG,
        lead="II",
        measured_us=to_us(start) + number * 10_000_000,
        fs_hz=float(FS_HZ),
        unit="mV",
        scale=0.00488,
        offset=0.0,
        samples=SIGNAL[number * BLOCK : (number + 1) * BLOCK].astype("<i2").tobytes(),
    )
    return waveform.encode(block)


async def receive(house: House, bed: Bed, payloads: list[bytes]) -> None:
    """Decode and store payloads of a bed's device."""
    now = SystemClock().now()
    blocks = [block for payload in payloads for block in waveform.decode(payload).blocks]
    rows = [BlockRow(stay_id=bed.stay_id, device_no=bed.device_no, received_at=now, block=block) for block in blocks]
    async with await connect(house.database_url, "test") as conn:
        await migrate.ensure_partitions(conn, {from_us(block.measured_us).date() for block in blocks})
        assert (await insert_blocks(conn, rows)).stored == len(payloads)


def visit(house: House, work: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    """Let Anna look."""

    async def whole() -> None:
        async with serving(house.database_url) as served, served.logged_in("anna") as client:
            await work(client)

    asyncio.run(whole())


def interval(start: datetime, from_s: float, until_s: float, **more: object) -> dict[str, Any]:
    """The parameters of an interval, in seconds from the start."""
    bounds = {"from": start + timedelta(seconds=from_s), "to": start + timedelta(seconds=until_s)}
    return {**{name: at.isoformat() for name, at in bounds.items()}, **more}


def samples(text: str) -> NDArray[np.int16]:
    """What base64 in an answer stands for."""
    return np.frombuffer(base64.b64decode(text), dtype="<i2")


@pytest.mark.parametrize("compacted", [False, True], ids=["blocks", "stretches"])
def test_what_a_device_sends_is_what_is_drawn(house: House, *, compacted: bool) -> None:
    """The samples of an interval come back to the bit, with the scale to read them by."""
    bed, start = house.ward.beds[0], begin()
    url = f"/api/patients/{bed.patient_id}/waveforms"

    async def work(client: httpx.AsyncClient) -> None:
        await receive(house, bed, [a_payload(start, number) for number in range(60)])
        if compacted:
            async with await connect(house.database_url, "test", autocommit=True) as conn:
                await compact(conn, SystemClock().now(), 1000)
        answer = await client.get(url, params=interval(start, 25, 47.5, kind="ecg", lead="II"))

        (trace,) = answer.json()["traces"]
        np.testing.assert_array_equal(samples(trace.pop("samples")), SIGNAL[25 * FS_HZ : round(47.5 * FS_HZ)])
        assert trace == {
            "kind": "ecg", "lead": "II", "device_id": bed.device_id, "unit": "mV", "fs_hz": 250.0, "scale": 0.00488,
            "offset": 0.0, "t0": (to_us(start) + 25_000_000) / 1000,
        }  # fmt: skip

    visit(house, work)


def test_long_interval_is_thinned_with_its_peaks_and_gaps(house: House) -> None:
    """An interval longer than the screen is told as pairs of lowest and highest; a gap stays one."""
    bed, start = house.ward.beds[0], begin()
    url = f"/api/patients/{bed.patient_id}/waveforms"

    async def work(client: httpx.AsyncClient) -> None:
        await receive(house, bed, [a_payload(start, number) for number in range(60) if number != 30])
        answer = await client.get(url, params=interval(start, 0, 600, max_points=2000))
        first, second = answer.json()["traces"]

        step = first["step"]
        assert "samples" not in first
        assert step == 150
        assert second["t0"] == (to_us(start) + 310_000_000) / 1000
        for trace, signal in ((first, SIGNAL[: 30 * BLOCK]), (second, SIGNAL[31 * BLOCK :])):
            expected = [signal[at : at + step] for at in range(0, len(signal), step)]
            assert samples(trace["min"]).tolist() == [part.min() for part in expected]
            assert samples(trace["max"]).tolist() == [part.max() for part in expected]
        short = await client.get(url, params=interval(start, 0, 7, max_points=2000))
        assert len(samples(short.json()["traces"][0]["samples"])) == 1750

    visit(house, work)


def test_too_much_is_a_problem_that_says_what_to_do(house: House) -> None:
    """More than fits into an answer is refused, before it is read."""
    bed, start = house.ward.beds[0], begin()
    url = f"/api/patients/{bed.patient_id}/waveforms"

    async def work(client: httpx.AsyncClient) -> None:
        many = [a_payload(start + timedelta(seconds=600 * turn), number) for turn in range(8) for number in range(60)]
        await receive(house, bed, many)
        refused = assert_problem(await client.get(url, params=interval(start, 0, 7200)), 422)
        thinned = await client.get(url, params=interval(start, 0, 7200, max_points=1000))

        assert "1200000 samples" in refused["detail"]
        assert "max_points" in refused["detail"]
        assert len(thinned.json()["traces"]) == 1

    visit(house, work)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "eeg"},
        {"lead": "IV"},
        {"max_points": 5},
        {"max_points": 1_000_000},
        {"from": "2026-11-21T10:00:00"},
        {"from": "1970-01-01T00:00:00Z"},
        {"from": "2026-11-21T10:00:00Z", "to": "2026-11-21T10:00:00Z"},
        {"resolution": "1m"},
    ],
)
def test_question_that_cannot_be_answered(house: House, wrong: dict[str, Any]) -> None:
    """What is asked for wrongly is a problem."""
    bed = house.ward.beds[0]

    async def work(client: httpx.AsyncClient) -> None:
        assert_problem(await client.get(f"/api/patients/{bed.patient_id}/waveforms", params=wrong), 422)

    visit(house, work)


def test_stranger_s_waveforms_are_as_unknown_as_nobody_s(house: House) -> None:
    """Waveforms of another organisation's patient are answered like those of one who does not exist."""

    async def work(client: httpx.AsyncClient) -> None:
        await receive(house, house.stranger, [a_payload(begin(), 0)])
        for path in ("waveforms", "waveforms/available"):
            for patient_id in (house.stranger.patient_id, 999_999):
                assert_problem(await client.get(f"/api/patients/{patient_id}/{path}"), 404)

    visit(house, work)


def test_channels_that_there_are(house: House) -> None:
    """It is told which channels have something to draw."""
    bed, start = house.ward.beds[0], begin()

    async def work(client: httpx.AsyncClient) -> None:
        await receive(house, bed, [a_payload(start, number) for number in (0, 1)])
        url = f"/api/patients/{bed.patient_id}/waveforms/available"
        found = (await client.get(url, params=interval(start, 5, 600))).json()["channels"]
        nothing = (await client.get(url)).json()["channels"]

        assert [(each["kind"], each["lead"]) for each in found] == [("ecg", "II")]
        assert datetime.fromisoformat(found[0]["to"]) == (start + timedelta(seconds=20)).astimezone(UTC)
        assert nothing == []

    visit(house, work)


def test_ten_seconds_of_waveform_tell_what_was_found_in_them(house: House) -> None:
    """What was found is told piece by piece, what could not be read as null; nobody else's, and at most a day."""
    bed, start = house.ward.beds[0], begin()
    ends = [start + timedelta(seconds=seconds) for seconds in (10, 20)]

    async def work(client: httpx.AsyncClient) -> None:
        async with await connect(house.database_url, "test") as conn:
            await migrate.ensure_partitions(conn, {start.date()})
            for at, feature, value in ((ends[0], 1, 72.5), (ends[0], 2, 0.9), (ends[1], 1, float("nan"))):
                await conn.execute(
                    "insert into wave_feature (stay_id, feature, at, value, quality, reasons, lead)"
                    " values (%s, %s, %s, %s, 0.9, 0, 'II')",
                    (bed.stay_id, feature, at, value),
                )
        url = f"/api/patients/{bed.patient_id}/waveforms/cells"
        cells = (await client.get(url, params=interval(start, 0, 30))).json()["cells"]

        assert [(each["at"], each["ecg_rate"], each["ecg_quality"]) for each in cells] == [
            (to_us(ends[0]) // 1000, 72.5, 0.9),
            (to_us(ends[1]) // 1000, None, None),
        ]
        assert (await client.get(url, params=interval(start, 10, 30))).json()["cells"] == cells[1:]
        assert_problem(await client.get(url, params=interval(start, 0, 86_401)), 422)
        assert_problem(await client.get(f"/api/patients/{house.stranger.patient_id}/waveforms/cells"), 404)

    visit(house, work)
