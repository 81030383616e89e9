"""New waveforms in the store: looked at by any worker, in any order, and what they tell on the board."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pytest

from alerting import waves
from alerting.due import evaluate_due
from alerting.features import moment
from alerting.service import Worker
from alerting.waves import Looked
from alerting.waves_work import WAIT_S
from tests.builders_hearts import Heart, heart, lead, pulse, steady
from tests.builders_waves import PPG_HZ, START_S, a_heart, blocks, ecg_of, ppg_of
from tests.fix_ward import Ward, admit
from ward.clock import FakeClock
from ward.store import evaluation, migrate, partitions, wave_due
from ward.store.pool import Connection, connect, pool
from ward.store.waveforms import BlockRow, insert_blocks
from ward.waveforms import WaveformBlock, WaveKind

pytestmark = pytest.mark.integration
T = TypeVar("T")
START = moment(START_S)
LENGTH_S = 120.0
ENOUGH = 100
Row = tuple[Any, ...]


@pytest.fixture
def bedded(database_url: str) -> Ward:
    """A ward of three beds, admitted two days before the start."""
    return asyncio.run(admit(database_url, 3, START))


def in_store(ward: Ward, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Do some work on a connection of its own, in autocommit, with the partitions of the day there."""

    async def whole() -> T:
        async with await connect(ward.database_url, "test", autocommit=True) as conn:
            await migrate.ensure_partitions(conn, [START.date() + timedelta(days=n) for n in range(-1, 2)])
            return await work(conn)

    return asyncio.run(whole())


async def send(conn: Connection, ward: Ward, sent: Sequence[WaveformBlock], bed: int = 0) -> None:
    """Store blocks of a bed, as ingest does."""
    where = ward.beds[bed]
    async with conn.transaction():
        await insert_blocks(
            conn,
            [
                BlockRow(stay_id=where.stay_id, device_no=where.device_no, received_at=START, block=block)
                for block in sent
            ],
        )
    await wave_due.enrol(conn)


async def look(conn: Connection, now: datetime) -> list[Looked]:
    """Look until nothing is left to be done."""
    done = []
    for _ in range(ENOUGH):
        async with conn.transaction():
            done.append(await waves.look(conn, now))
        if not done[-1].stays:
            return done
    raise AssertionError(f"still something to do after {ENOUGH} passes")


async def look_at_all(conn: Connection) -> None:
    """Look, and once more when what waits for more has waited long enough."""
    await look(conn, after(LENGTH_S))
    await look(conn, after(LENGTH_S + WAIT_S))


async def kept(conn: Connection) -> list[Row]:
    """All features, NaN as a word, in the order of their key."""
    cursor = await conn.execute(
        "select stay_id, feature, at, value::text, quality, reasons, lead, strip::text from wave_feature"
        " order by stay_id, feature, at"
    )
    return await cursor.fetchall()


def after(seconds: float) -> datetime:
    """So long after the start."""
    return START + timedelta(seconds=seconds)


def paused() -> Heart:
    """A heart that pauses for five seconds."""
    beats = steady(70, end_s=LENGTH_S)
    return heart(beats[(beats < 61) | (beats > 66)])


def both() -> list[WaveformBlock]:
    """Two minutes of its ECG and pulse wave."""
    return [*ecg_of(paused(), LENGTH_S), *ppg_of(paused(), LENGTH_S)]


def live(ward: Ward) -> list[Row]:
    """What is kept when every block is looked at as soon as it has come."""

    async def story(conn: Connection) -> list[Row]:
        sent = sorted(both(), key=lambda each: each.ends_us)
        for at in range(0, len(sent), 2):
            await send(conn, ward, sent[at : at + 2])
            await look(conn, after(LENGTH_S))
        await look(conn, after(LENGTH_S + WAIT_S))
        return await kept(conn)

    return in_store(ward, story)


def test_features_do_not_depend_on_when_blocks_came(bedded: Ward) -> None:
    """Blocks one by one, all at once, backwards, twice, and cut otherwise give the very same rows."""
    expected = live(bedded)
    sent = both()
    generator = np.random.default_rng(4)

    async def story(conn: Connection, parts: Sequence[Sequence[WaveformBlock]]) -> list[Row]:
        await conn.execute("truncate waveform_block, wave_feature, wave_request, wave_due")
        for part in parts:
            await send(conn, bedded, part)
            await look(conn, after(LENGTH_S))
        await look(conn, after(LENGTH_S + WAIT_S))
        return await kept(conn)

    shuffled = [sent[at] for at in generator.permutation(len(sent))]
    cut = blocks(lead(paused(), length_s=LENGTH_S), every_s=7.3)
    cut += blocks(pulse(paused(), fs_hz=PPG_HZ, length_s=LENGTH_S), kind=WaveKind.PPG, fs_hz=PPG_HZ, every_s=21.7)

    assert len(expected) > 50
    for parts in ([sent], [shuffled[:9], shuffled[9:], shuffled[4:12]], [sent[::-1][:5], sent[::-1][5:]], [cut]):
        assert in_store(bedded, partial(story, parts=parts)) == expected


def test_late_block_is_seen_in_its_own_time(bedded: Ward) -> None:
    """A missing block that comes after an hour changes what its time tells, and nothing is looked at besides."""

    async def story(conn: Connection) -> tuple[list[Row], list[Row], list[Row], int]:
        sent = both()
        await send(conn, bedded, sent)
        await look_at_all(conn)
        whole = await kept(conn)
        await conn.execute("truncate waveform_block, wave_feature, wave_request, wave_due")
        await send(conn, bedded, sent[:6] + sent[7:])
        await look_at_all(conn)
        without = await kept(conn)
        await send(conn, bedded, [sent[6]])
        looked = await look(conn, after(3600)) + await look(conn, after(3600 + WAIT_S))
        return whole, without, await kept(conn), sum(each.cells for each in looked)

    whole, without, late, cells = in_store(bedded, story)

    assert whole != without
    assert late == whole
    assert cells <= 12


def test_end_of_a_signal_is_looked_at_after_a_while(bedded: Ward) -> None:
    """What nothing follows on waits a minute, and is then looked at as it is: a device may have been taken off."""

    async def story(conn: Connection) -> tuple[list[Row], list[Row]]:
        await send(conn, bedded, ecg_of(a_heart(LENGTH_S), LENGTH_S))
        await look(conn, after(LENGTH_S))
        before = await kept(conn)
        await look(conn, after(LENGTH_S + WAIT_S))
        return before, await kept(conn)

    before, then = in_store(bedded, story)

    assert max(row[2] for row in before) == after(LENGTH_S - 20)
    assert max(row[2] for row in then) == after(LENGTH_S)


def test_workers_share_stays_and_do_nothing_twice(bedded: Ward) -> None:
    """Two workers that look at once take different stays, and a worker that dies has done nothing."""

    async def story(conn: Connection) -> tuple[Looked, Looked, Looked]:
        for bed in range(3):
            await send(conn, bedded, ecg_of(a_heart(40.0), 40.0), bed)
        # Where the store divides by time by itself, who writes first of a time keeps others waiting until its commit.
        await partitions.ensure(conn, partitions.FEATURE, [START.date()])
        await conn.execute(
            "insert into wave_feature (stay_id, feature, at, value, quality, reasons, lead)"
            " values (%s, 1, %s, 0, 1, 0, '')",
            (bedded.beds[0].stay_id, START),
        )
        await conn.execute("delete from wave_feature")
        async with await connect(bedded.database_url, "other") as other:
            first = await waves.look(other, after(60), most=2)
            async with conn.transaction():
                second = await waves.look(conn, after(60))
            await other.rollback()
        async with conn.transaction():
            third = await waves.look(conn, after(60))
        return first, second, third

    first, second, third = in_store(bedded, story)

    assert (first.stays, second.stays, third.stays) == (2, 1, 2)
    assert (first.cells, second.cells, third.cells) == (4, 2, 4)


def test_waveforms_that_cannot_be_decoded_stop_nobody(bedded: Ward) -> None:
    """A stay with a broken block is put aside; the others are looked at in the same pass."""

    async def story(conn: Connection) -> tuple[Looked, list[Row]]:
        for bed in range(3):
            await send(conn, bedded, ecg_of(a_heart(40.0), 40.0), bed)
        await conn.execute("update waveform_block set data = '\\x00' where stay_id = %s", (bedded.beds[1].stay_id,))
        async with conn.transaction():
            return await waves.look(conn, after(60)), await kept(conn)

    looked, rows = in_store(bedded, story)

    assert looked.aside == (bedded.beds[1].stay_id,)
    assert {row[0] for row in rows} == {bedded.beds[0].stay_id, bedded.beds[2].stay_id}


def test_pause_becomes_an_alert_with_its_strip(bedded: Ward) -> None:
    """A pause that the pulse wave shows too is an alert a moment later, and says which seconds to look at."""

    async def story(conn: Connection) -> list[Row]:
        await send(conn, bedded, both())
        await look(conn, after(LENGTH_S))
        async with conn.transaction():
            await evaluation.enrol(conn, after(LENGTH_S))
            await evaluate_due(conn, after(LENGTH_S))
        cursor = await conn.execute(
            "select rule, priority, evidence->'params'->>'strip_from', evidence->'params'->>'verdict' from alert"
            " where rule like 'rhythm.%%' order by rule"
        )
        return await cursor.fetchall()

    asystole, pause = in_store(bedded, story)

    assert (asystole[0], asystole[1], asystole[3]) == ("rhythm.asystole", 3, "confirmed")
    assert (pause[0], pause[1]) == ("rhythm.pause", 2)
    assert after(60) < datetime.fromisoformat(str(pause[2])) < after(62)


def test_accelerometer_asks_for_nothing(bedded: Ward) -> None:
    """Movement is kept to be looked at; no feature is read from it, so nobody is asked to."""

    async def story(conn: Connection) -> Looked:
        moved = blocks(np.zeros(500), fs_hz=50.0)
        await send(conn, bedded, [replace(each, kind=WaveKind.ACCEL, lead="x", unit="m/s2") for each in moved])
        async with conn.transaction():
            return await waves.look(conn, after(60))

    assert in_store(bedded, story) == Looked(stays=0, cells=0, rows=0)


def test_worker_looks_at_what_comes_and_wakes_the_evaluation(bedded: Ward) -> None:
    """The worker's own loop looks at new waveforms without being told, and has what they tell evaluated at once."""

    async def story(conn: Connection) -> tuple[bool, list[Row], int]:
        wake = asyncio.Event()
        clock = FakeClock(after(LENGTH_S))
        worker = Worker(clock=clock, wake=wake)
        async with pool(bedded.database_url, "looking", size=1) as store:
            looking = asyncio.create_task(worker.look(store))
            await send(conn, bedded, both())
            await asyncio.wait_for(wake.wait(), 30)
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        asked = await conn.execute("select stay_id, since from evaluation_request")
        return wake.is_set(), await asked.fetchall(), worker.done.cells

    woken, asked, cells = in_store(bedded, story)

    assert woken
    assert asked == [(bedded.beds[0].stay_id, after(LENGTH_S))]
    assert cells == 10


@pytest.mark.parametrize(("ago_s", "since_s"), [(60.0, 60.0), (3600.0, 0.0)])
def test_what_comes_late_is_judged_in_its_own_time(bedded: Ward, ago_s: float, since_s: float) -> None:
    """What waveforms tell of the present is judged as of now; what they tell of an hour ago, from then on."""

    async def story(conn: Connection) -> list[Row]:
        await send(conn, bedded, ecg_of(a_heart(40.0), 40.0))
        async with conn.transaction():
            await waves.look(conn, after(ago_s))
        return await (await conn.execute("select since from evaluation_request")).fetchall()

    assert in_store(bedded, story) == [(after(since_s),)]
