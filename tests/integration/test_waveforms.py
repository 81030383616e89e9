"""Waveform blocks in the store: exactly once, read back as arrays, and no difference after compaction."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np
import psycopg
import pytest

from tests.fix_ward import Bed, Ward
from ward.clock import from_us, to_us
from ward.errors import CorruptBlock
from ward.store import migrate
from ward.store.pool import Connection, connect
from ward.store.waveform_compaction import Compacted, compact
from ward.store.waveform_reads import READ, Part, WaveSpan, available, read_stored
from ward.store.waveforms import BlockRow, BlocksInserted, insert_blocks, read
from ward.traces import Trace
from ward.waveforms import WaveformBlock, WaveKind

pytestmark = pytest.mark.integration
T = TypeVar("T")
DAY = datetime(2026, 11, 20, tzinfo=UTC)
RECEIVED = datetime(2026, 11, 21, 8, tzinfo=UTC)
LATER = datetime(2026, 11, 22, tzinfo=UTC)
FS_HZ = 250
BLOCK_S = 10
SIGNAL = np.random.default_rng(3).integers(-2000, 2000, 200 * FS_HZ * BLOCK_S).astype(np.int16)


def a_block(number: int, **changes: object) -> WaveformBlock:
    """Block `number` of a lead that is sent in pieces of ten seconds."""
    samples = SIGNAL[number * FS_HZ * BLOCK_S : (number + 1) * FS_HZ * BLOCK_S]
    block = WaveformBlock(
        kind=WaveKind.ECG,
        lead="I",
        measured_us=to_us(DAY) + number * BLOCK_S * 1_000_000,
        fs_hz=float(FS_HZ),
        unit="mV",
        scale=0.00488,
        offset=0.0,
        samples=samples.astype("<i2").tobytes(),
    )
    return replace(block, **changes)  # type: ignore[arg-type] # the test's own fields


def rows_of(bed: Bed, blocks: Sequence[WaveformBlock]) -> list[BlockRow]:
    """Blocks of a bed's device, received the day after."""
    return [
        BlockRow(stay_id=bed.stay_id, device_no=bed.device_no, received_at=RECEIVED, block=block) for block in blocks
    ]


def in_store(ward: Ward, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Do some work on a connection of its own, in autocommit, with the partitions of the day there."""

    async def whole() -> T:
        async with await connect(ward.database_url, "test", autocommit=True) as conn:
            await migrate.ensure_partitions(conn, [DAY.date() + timedelta(days=n) for n in range(-1, 2)])
            return await work(conn)

    return asyncio.run(whole())


async def add(conn: Connection, rows: Sequence[BlockRow]) -> BlocksInserted:
    """Insert in a transaction, as ingest does."""
    async with conn.transaction():
        return await insert_blocks(conn, rows)


def a_span(bed: Bed, from_s: float = 0, until_s: float = 86_400) -> WaveSpan:
    """Lead I of a bed, in seconds of the day."""
    start, end = (DAY + timedelta(seconds=at_s) for at_s in (from_s, until_s))
    return WaveSpan(stay_id=bed.stay_id, kinds=[WaveKind.ECG], leads=["I"], start=start, end=end)


def assert_traces(traces: Sequence[Trace], *expected: tuple[float, float]) -> None:
    """The traces are the signal from and until these seconds, sample by sample."""
    assert [(trace.t0_us - to_us(DAY)) / 1e6 for trace in traces] == [from_s for from_s, _ in expected]
    for trace, (from_s, until_s) in zip(traces, expected, strict=True):
        np.testing.assert_array_equal(trace.samples, SIGNAL[round(from_s * FS_HZ) : round(until_s * FS_HZ)])


def counted(database_url: str, table: str) -> int:
    """How many rows a table has."""
    with psycopg.connect(database_url) as conn:
        row = conn.execute(f"select count(*) from {table}".encode()).fetchone()  # noqa: S608 - the test's own name
    assert row is not None
    return int(row[0])


async def compact_all(conn: Connection) -> Compacted:
    """Compact everything there is."""
    return await compact(conn, LATER, 10_000)


def test_blocks_are_read_back_as_one_array(ward: Ward) -> None:
    """Blocks that follow on each other come back as one array, a gap as two, cut to the interval."""
    bed = ward.beds[0]

    async def story(conn: Connection) -> tuple[BlocksInserted, list[Trace], list[Trace]]:
        added = await add(conn, rows_of(bed, [a_block(number) for number in (5, 0, 1, 2, 6)]))
        return added, await read(conn, a_span(bed)), await read(conn, a_span(bed, 12.5, 51))

    added, whole, part = in_store(ward, story)

    assert added == BlocksInserted(stored=5, conflicts=())
    assert_traces(whole, (0, 30), (50, 70))
    assert_traces(part, (12.5, 30), (50, 51))
    assert (whole[0].channel.unit, whole[0].channel.scale) == ("mV", 0.00488)


def test_h06_other_stay_lead_and_kind_stay_out(ward: Ward) -> None:
    """What is read is one stay's, of the leads asked for."""
    bed, other = ward.beds[:2]

    async def story(conn: Connection) -> list[list[str]]:
        blocks = [a_block(0), a_block(0, lead="II"), a_block(0, kind=WaveKind.PPG, lead="pleth", unit="1")]
        await add(conn, [*rows_of(bed, blocks), *rows_of(other, [a_block(1)])])
        spans = (a_span(bed), replace(a_span(bed), leads=()), replace(a_span(bed), kinds=list(WaveKind), leads=()))
        return [[trace.channel.lead for trace in await read(conn, span)] for span in spans]

    assert in_store(ward, story) == [["I"], ["I", "II"], ["I", "II", "pleth"]]


@pytest.mark.parametrize("compacted", [False, True], ids=["blocks", "stretches"])
def test_repeat_is_stored_once(ward: Ward, *, compacted: bool) -> None:
    """A block that comes again, within a batch or later, before or after compaction, changes nothing."""
    bed = ward.beds[0]
    rows = rows_of(bed, [a_block(number) for number in (0, 1, 2, 1)])

    async def story(conn: Connection) -> tuple[BlocksInserted, BlocksInserted, list[Trace]]:
        first = await add(conn, rows)
        if compacted:
            await compact_all(conn)
        return first, await add(conn, [*rows, *rows_of(bed, [a_block(3)])]), await read(conn, a_span(bed))

    first, second, traces = in_store(ward, story)

    assert first == BlocksInserted(stored=3, conflicts=())
    assert second == BlocksInserted(stored=1, conflicts=())
    assert_traces(traces, (0, 40))
    assert counted(ward.database_url, "waveform_block") == (1 if compacted else 4)


@pytest.mark.parametrize("compacted", [False, True], ids=["blocks", "stretches"])
@pytest.mark.parametrize(
    "changes",
    [
        {"samples": b"\1\0" * FS_HZ * BLOCK_S},
        {"samples": SIGNAL[:100].astype("<i2").tobytes()},
        {"fs_hz": 500.0},
        {"scale": 0.005},
        {"offset": 1.0},
    ],
    ids=["samples", "fewer", "rate", "scale", "offset"],
)
def test_same_key_with_other_contents_is_a_conflict(ward: Ward, changes: dict[str, object], *, compacted: bool) -> None:
    """Another block under the same key is named, the first one stays, and its neighbours are stored."""
    bed = ward.beds[0]

    async def story(conn: Connection) -> tuple[BlocksInserted, list[Trace]]:
        await add(conn, rows_of(bed, [a_block(0)]))
        if compacted:
            await compact_all(conn)
        added = await add(conn, rows_of(bed, [a_block(1), a_block(0, **changes), a_block(2)]))
        return added, await read(conn, a_span(bed))

    added, traces = in_store(ward, story)

    assert added == BlocksInserted(stored=2, conflicts=(1,))
    assert_traces(traces, (0, 30))


def test_conflict_within_a_batch_is_found(ward: Ward) -> None:
    """Of two that differ under one key in one batch the first is stored, the second a conflict."""
    rows = rows_of(ward.beds[0], [a_block(0), a_block(0, scale=1.0)])

    assert in_store(ward, lambda conn: add(conn, rows)) == BlocksInserted(stored=1, conflicts=(1,))


def test_two_devices_may_measure_the_same_lead(ward: Ward) -> None:
    """The device is part of the key; their traces stay apart."""
    bed, other = ward.beds[:2]
    rows = [*rows_of(bed, [a_block(0)]), *rows_of(replace(bed, device_no=other.device_no), [a_block(0, scale=1.0)])]

    async def story(conn: Connection) -> tuple[BlocksInserted, list[Trace]]:
        return await add(conn, rows), await read(conn, a_span(bed))

    added, traces = in_store(ward, story)
    assert added.stored == 2
    assert_traces(traces, (0, 10), (0, 10))


def test_reader_sees_no_difference_after_compaction(ward: Ward) -> None:
    """Every trace, also of jittery, repeated and cut off blocks, is the same before and after, from fewer rows."""
    bed = ward.beds[0]
    blocks = [a_block(number) for number in (*range(70), *range(80, 90))]
    blocks += [a_block(100, measured_us=a_block(100).measured_us + 1700)]
    blocks += [a_block(101, fs_hz=249.9), a_block(3, lead="II"), a_block(102, scale=0.01)]
    cut = replace(blocks[4], measured_us=blocks[4].measured_us + 4_000_000, samples=blocks[4].samples[2000:4000])
    spans = [a_span(bed), a_span(bed, 595, 605), a_span(bed, 43.1, 47.2), a_span(bed, 699, 801)]
    spans.append(replace(spans[0], leads=("II",)))

    async def story(conn: Connection) -> tuple[list[list[Trace]], Compacted, list[list[Trace]], Compacted]:
        await add(conn, rows_of(bed, [*blocks, cut]))
        before = [await read(conn, span) for span in spans]
        first = await compact_all(conn)
        return before, first, [await read(conn, span) for span in spans], await compact_all(conn)

    before, first, after, second = in_store(ward, story)

    assert first == Compacted(blocks=len(blocks) + 1, stretches=5, done=True)
    assert second == Compacted(blocks=0, stretches=0, done=True)
    assert counted(ward.database_url, "waveform_block") == 0
    for were, are in zip(before, after, strict=True):
        assert [(each.channel, each.t0_us) for each in were] == [(each.channel, each.t0_us) for each in are]
        for old, new in zip(were, are, strict=True):
            np.testing.assert_array_equal(old.samples, new.samples)
    assert_traces(before[2], (43.1, 47.2))


def test_compaction_keeps_when_each_block_was_received(ward: Ward) -> None:
    """The time of arrival of every block is still known afterwards."""
    bed = ward.beds[0]
    late = replace(rows_of(bed, [a_block(1)])[0], received_at=RECEIVED + timedelta(hours=3))

    async def story(conn: Connection) -> tuple[Part, ...]:
        await add(conn, [*rows_of(bed, [a_block(0)]), late])
        await compact_all(conn)
        (row,) = await read_stored(conn, a_span(bed))
        return row.parts

    parts = in_store(ward, story)
    assert [from_us(part.received_us) for part in parts] == [RECEIVED, late.received_at]


def test_compaction_leaves_what_is_new(ward: Ward) -> None:
    """Only windows that are over before the given time are touched, and no more blocks than asked for."""
    bed = ward.beds[0]

    async def story(conn: Connection) -> tuple[Compacted, Compacted]:
        await add(conn, rows_of(bed, [a_block(number) for number in range(130)]))
        inside = await compact(conn, DAY + timedelta(minutes=9, seconds=59), 1000)
        return inside, await compact(conn, DAY + timedelta(minutes=21), 1000)

    inside, over = in_store(ward, story)

    assert inside == Compacted(blocks=0, stretches=0, done=True)
    assert over == Compacted(blocks=120, stretches=2, done=True)
    assert counted(ward.database_url, "waveform_block") == 10


def test_late_block_joins_a_compacted_window(ward: Ward) -> None:
    """A block that was missing in a stretch is stored when it comes, and compacted in turn."""
    bed = ward.beds[0]

    async def story(conn: Connection) -> tuple[BlocksInserted, list[Trace], Compacted, list[Trace]]:
        await add(conn, rows_of(bed, [a_block(number) for number in (0, 1, 3, 4)]))
        await compact_all(conn)
        added = await add(conn, rows_of(bed, [a_block(2), a_block(3), a_block(2)]))
        before = await read(conn, a_span(bed))
        return added, before, await compact_all(conn), await read(conn, a_span(bed))

    added, before, done, after = in_store(ward, story)

    assert added == BlocksInserted(stored=1, conflicts=())
    assert done == Compacted(blocks=1, stretches=1, done=True)
    assert_traces(before, (0, 50))
    assert_traces(after, (0, 50))


def test_block_sent_again_while_it_is_being_moved_is_stored_once(ward: Ward) -> None:
    """Whoever adds a block waits for those who move it, and then finds it in its stretch."""
    bed = ward.beds[0]
    rows = rows_of(bed, [a_block(number) for number in range(20)])

    async def story(conn: Connection) -> list[Trace]:
        await add(conn, rows)
        async with await connect(ward.database_url, "test", autocommit=True) as other, asyncio.TaskGroup() as group:
            group.create_task(compact_all(other))
            for _ in range(10):
                assert await add(conn, rows) == BlocksInserted(stored=0, conflicts=())
        return await read(conn, a_span(bed))

    assert_traces(in_store(ward, story), (0, 200))
    assert counted(ward.database_url, "waveform_block") == 0
    assert counted(ward.database_url, "waveform_stretch") == 1


def test_two_compactions_at_once_do_no_harm(ward: Ward) -> None:
    """Each block ends in one stretch, whoever was first."""
    bed = ward.beds[0]

    async def story(conn: Connection) -> list[Trace]:
        await add(conn, rows_of(bed, [a_block(number) for number in range(180)]))
        async with await connect(ward.database_url, "test", autocommit=True) as other, asyncio.TaskGroup() as group:
            group.create_task(compact_all(conn))
            group.create_task(compact_all(other))
        await compact_all(conn)
        return await read(conn, a_span(bed))

    assert_traces(in_store(ward, story), (0, 1800))
    assert (counted(ward.database_url, "waveform_block"), counted(ward.database_url, "waveform_stretch")) == (0, 3)


def test_compaction_that_is_cut_off_leaves_the_blocks(ward: Ward) -> None:
    """When the store fails between the going of the blocks and the coming of their stretch, nothing has happened."""
    bed = ward.beds[0]

    async def story(conn: Connection) -> list[Trace]:
        await add(conn, rows_of(bed, [a_block(number) for number in range(70)]))
        await conn.execute("alter table waveform_stretch add constraint full_disk check (samples < 0)")
        with pytest.raises(psycopg.errors.CheckViolation):
            await compact_all(conn)
        assert counted(ward.database_url, "waveform_block") == 70
        await conn.execute("alter table waveform_stretch drop constraint full_disk")
        assert (await compact_all(conn)).blocks == 70
        return await read(conn, a_span(bed))

    assert_traces(in_store(ward, story), (0, 700))


def test_corrupt_block_is_told_and_left(ward: Ward) -> None:
    """A block whose bytes have changed on disk is never drawn, and never compacted away; its neighbours are."""
    bed = ward.beds[0]

    async def story(conn: Connection) -> Compacted:
        await add(conn, rows_of(bed, [a_block(0), a_block(90)]))
        await conn.execute("update waveform_block set data = set_byte(data, 0, get_byte(data, 0) # 1)"
                           " where measured_at = %s", (DAY,))  # fmt: skip
        done = await compact_all(conn)
        with pytest.raises(CorruptBlock):
            await read(conn, a_span(bed))
        return done

    assert in_store(ward, story) == Compacted(blocks=1, stretches=1, done=True)
    assert counted(ward.database_url, "waveform_block") == 1


def test_disk_is_given_back_after_compaction(ward: Ward) -> None:
    """The partition of a day whose blocks are all in stretches takes no space."""
    bed = ward.beds[0]

    async def story(conn: Connection) -> list[object]:
        sizes = []
        await add(conn, rows_of(bed, [a_block(number) for number in range(100)]))
        for _ in range(2):
            found = await conn.execute(
                "select sum(pg_relation_size(inhrelid)) from pg_inherits where inhparent = 'waveform_block'::regclass"
            )
            sizes += [row[0] for row in await found.fetchall()]
            await compact_all(conn)
        return sizes

    before, after = in_store(ward, story)
    assert before != 0
    assert after == 0


def test_channels_that_there_are(ward: Ward) -> None:
    """It is told of which channel there is something, from when until when."""
    bed = ward.beds[0]

    async def story(conn: Connection) -> list[tuple[int, str, datetime, datetime]]:
        await add(conn, rows_of(bed, [a_block(0), a_block(7), a_block(1, lead="II")]))
        await compact_all(conn)
        await add(conn, rows_of(bed, [a_block(9)]))
        found = await available(conn, replace(a_span(bed), kinds=list(WaveKind), leads=()))
        return [(each.kind, each.lead, each.start, each.end) for each in found]

    assert in_store(ward, story) == [
        (1, "I", DAY, DAY + timedelta(seconds=100)),
        (1, "II", DAY + timedelta(seconds=10), DAY + timedelta(seconds=20)),
    ]


def test_interval_is_found_by_the_index(ward: Ward) -> None:
    """Reading ten seconds of a lead looks at the index of that time, not through the day."""
    bed = ward.beds[0]

    async def story(conn: Connection) -> str:
        await add(conn, rows_of(bed, [a_block(number) for number in range(190)]))
        await compact(conn, DAY + timedelta(minutes=20), 10_000)
        await conn.execute("analyze waveform_block, waveform_stretch")
        await conn.execute("set enable_seqscan = off")  # the tables of a test are small enough to read whole
        found = await conn.execute(b"explain " + READ, a_span(bed, 1250, 1260).parameters())
        return "\n".join(line for (line,) in await found.fetchall())

    plan = in_store(ward, story)
    conditions = [line for line in plan.splitlines() if "Index Cond" in line]

    assert "Seq Scan" not in plan
    assert len(conditions) >= 2
    assert all("stay_id =" in line and "measured_at >" in line and "measured_at <" in line for line in conditions)
