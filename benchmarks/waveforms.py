"""How many bytes a sample takes and how fast it is: codecs on public recordings, then a day of ECG in a store.

`python -m benchmarks.waveforms --data FOLDER [--most 12]`, the folder as `benchmarks.recordings` describes it. CPU
times are the best of some turns; bytes are those of the encoded samples, then those of the tables with everything.
"""

import argparse
import asyncio
import lzma
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks import recordings
from benchmarks.recordings import Recording
from benchmarks.rig import Others, rig
from tests.fix_ward import Bed, admit
from ward.clock import to_us
from ward.formats import waveform
from ward.store import migrate
from ward.store.pool import Connection, connect
from ward.store.waveform_compaction import compact
from ward.store.waveform_reads import WaveSpan
from ward.store.waveforms import BlockRow, insert_blocks, read
from ward.traces import Int16s, thin
from ward.wavecodec.codec import Codec, decode, encode
from ward.waveforms import WaveformBlock, WaveKind

DAY = datetime(2026, 11, 20, tzinfo=UTC)
LIVE_S, STRETCH_S = 10, 600
FS_HZ = 250
_PER_BATCH = 100


def cpu_s(work: Callable[[], object], turns: int = 3) -> float:
    """Return the least CPU seconds of some turns."""
    times = []
    for _ in range(turns):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def print_row(*cells: object) -> None:
    print(
        "| " + " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |", flush=True
    )


def pieces(source: Sequence[Recording], seconds: int) -> list[Int16s]:
    """Return recordings in pieces of so many seconds; a rest is left out, a shorter recording is one piece."""
    found = []
    for each in source:
        size = min(seconds * each.fs_hz, len(each.samples))
        found += [each.samples[at : at + size] for at in range(0, len(each.samples) - size + 1, size)]
    return found


def difference_zlib(samples: Int16s) -> bytes:
    """Encode as one would at first: differences, then zlib at its quickest."""
    return zlib.compress(np.diff(samples, prepend=np.int16(0)).tobytes(), 1)


def planes_xz(samples: Int16s) -> bytes:
    """Encode by the strongest compressor of the standard library, second differences with their bytes apart."""
    zero = np.zeros(1, dtype=np.int16)
    return lzma.compress(
        np.diff(np.diff(samples, prepend=zero), prepend=zero).view(np.uint8).reshape(-1, 2).T.tobytes()
    )


def entropy(residuals: Int16s) -> float:
    """Return the bytes a residual that a code without memory would need at least."""
    _, counts = np.unique(residuals, return_counts=True)
    share = counts / counts.sum()
    return float(-(share * np.log2(share)).sum()) / 8


def predicted(samples: Int16s, order: int = 16) -> Int16s:
    """Return what linear prediction from the past leaves, its weights fitted to the whole piece."""
    x = samples.astype(np.float64)
    known = np.stack([x[order - 1 - lag : len(x) - 1 - lag] for lag in range(order)] + [np.ones(len(x) - order)])
    weights = np.linalg.lstsq(known.T, x[order:], rcond=None)[0]
    return np.rint(x[order:] - weights @ known).astype(np.int16)


def codecs(name: str, source: Iterable[Recording], most: int) -> None:
    """Print a row for each way to encode one source."""
    taken = list(islice(source, most))
    live, long = pieces(taken, LIVE_S), pieces(taken, STRETCH_S)
    label = f"{name} ({len(taken)} channels, {taken[0].fs_hz} Hz)"
    ways: list[tuple[str, Sequence[Int16s], Callable[[Int16s], bytes], Callable[[Int16s, bytes], object] | None]] = [
        ("10 s: difference + zlib 1", live, difference_zlib, lambda _, data: zlib.decompress(data)),
        ("**10 s: DIFFERENCES** (as it arrives)", live, *_codec(Codec.DIFFERENCES)),
        ("10 min: second difference, planes, xz", long, planes_xz, lambda _, data: lzma.decompress(data)),
        ("**10 min: PYRAMID** (after compaction)", long, *_codec(Codec.PYRAMID)),
    ]
    for way, blocks, write, back in ways:
        some = blocks[:: max(len(blocks) // 200, 1)]
        encoded = [write(block) for block in some]
        count = sum(map(len, some))
        encode_s = cpu_s(lambda some=some, write=write: [write(block) for block in some])  # type: ignore[misc]
        pairs = list(zip(some, encoded, strict=True))
        decode_s = cpu_s(lambda pairs=pairs, back=back: [back(*pair) for pair in pairs])  # type: ignore[misc]
        size = sum(map(len, encoded))
        print_row(label, way, size / count, 2 * count / size, encode_s / count * 1e9, decode_s / count * 1e9)
    for way, of in (("first differences", np.diff), ("linear prediction, order 16", predicted)):
        bound = sum(entropy(of(block)) * len(block) for block in long) / sum(map(len, long))
        print_row(label, f"entropy of {way}, 10 min", bound, 2 / bound, "", "")


def _codec(codec: Codec) -> tuple[Callable[[Int16s], bytes], Callable[[Int16s, bytes], object]]:
    return lambda samples: encode(codec, samples), lambda samples, data: decode(codec, len(samples), data)


def blocks_of(day: Int16s) -> list[WaveformBlock]:
    """Return a day as a device sends it."""
    size = LIVE_S * FS_HZ
    return [
        WaveformBlock(
            kind=WaveKind.ECG,
            lead="I",
            measured_us=to_us(DAY) + number * LIVE_S * 1_000_000,
            fs_hz=float(FS_HZ),
            unit="mV",
            scale=0.005,
            offset=0.0,
            samples=day[number * size : (number + 1) * size].astype("<i2").tobytes(),
        )
        for number in range(len(day) // size)
    ]


async def insert(conn: Connection, bed: Bed, blocks: Sequence[WaveformBlock]) -> None:
    rows = [BlockRow(stay_id=bed.stay_id, device_no=bed.device_no, received_at=DAY, block=block) for block in blocks]
    for at in range(0, len(rows), _PER_BATCH):
        async with conn.transaction():
            await insert_blocks(conn, rows[at : at + _PER_BATCH])


async def sizes(conn: Connection) -> int:
    """Return the bytes of both tables with their indexes, and what lies beside the rows."""
    found = await conn.execute(
        "select sum(pg_total_relation_size(inhrelid))::bigint from pg_inherits"
        " where inhparent in ('waveform_block'::regclass, 'waveform_stretch'::regclass)"
    )
    row = await found.fetchone()
    return int(row[0]) if row else 0


async def reads(conn: Connection, bed: Bed, what: str) -> None:
    """Print how long it takes to read intervals back as arrays."""
    for name, seconds, turns in (("10 s", 10, 15), ("1 hour", 3600, 5), ("a day", 86_400, 2)):
        times, cpu = [], []
        for turn in range(turns):
            start = DAY + timedelta(seconds=(86_400 - seconds) * (turn + 1) / (turns + 1) + 3.3)
            span = WaveSpan(
                stay_id=bed.stay_id, kinds=[WaveKind.ECG], leads=["I"], start=start,
                end=start + timedelta(seconds=seconds),
            )  # fmt: skip
            began, used = time.perf_counter(), time.process_time()
            traces = await read(conn, span)
            times.append(time.perf_counter() - began)
            cpu.append(time.process_time() - used)
            count = sum(len(trace.samples) for trace in traces)
        drawn = cpu_s(lambda traces=traces: [thin(trace, 450) for trace in traces])  # type: ignore[misc]
        print_row(what, name, count, min(times) * 1e3, float(np.median(times)) * 1e3, min(cpu) * 1e3, drawn * 1e3)


async def store(database_url: str, day: Int16s) -> None:
    """Store a day of one lead, read it back, compact it, read it back again."""
    await migrate.migrate(database_url, DAY + timedelta(days=1))
    ward = await admit(database_url, 1, DAY)
    bed, blocks = ward.beds[0], blocks_of(day)
    async with await connect(database_url, "bench", autocommit=True) as conn:
        await migrate.ensure_partitions(conn, [DAY.date()])
        empty = await sizes(conn)
        payloads = [waveform.encode(block) for block in blocks]
        decode_s = cpu_s(lambda: [waveform.decode(payload) for payload in payloads[:500]]) / 500
        began, used = time.perf_counter(), time.process_time()
        await insert(conn, bed, blocks)
        insert_s, insert_cpu_s = time.perf_counter() - began, time.process_time() - used
        arrived = await sizes(conn) - empty
        began = time.perf_counter()
        await insert(conn, bed, blocks[:1000])
        repeat_s = (time.perf_counter() - began) / 1000
        print(
            "\n| as | interval | samples | best ms | median ms | CPU ms | thinned by 450: CPU ms |\n" + "|---" * 7 + "|"
        )
        await reads(conn, bed, "blocks")
        began, used = time.perf_counter(), time.process_time()
        done = await compact(conn, DAY + timedelta(days=1), 2 * len(blocks))
        compact_s, compact_cpu_s = time.perf_counter() - began, time.process_time() - used
        packed = await sizes(conn) - empty
        await reads(conn, bed, "stretches")
        began = time.perf_counter()
        await insert(conn, bed, blocks[:1000])
        late_s = (time.perf_counter() - began) / 1000
    raw_mb, *stored_mb = (size / 1e6 for size in (len(day) * 2, arrived, packed))
    print("\n| a day of one lead: 21.6 M samples at 250 Hz | |\n|---|---|")
    print_row("bytes a sample on disk, indexes and all: blocks as they arrived", arrived / len(day))
    print_row("the same after compaction", packed / len(day))
    print_row("megabytes a day: int16, blocks, stretches", f"{raw_mb:.1f}, {stored_mb[0]:.1f}, {stored_mb[1]:.1f}")
    print_row("a payload decoded, CPU us", decode_s * 1e6)
    print_row("a block of 10 s stored, CPU us of this process", insert_cpu_s / len(blocks) * 1e6)
    print_row("blocks of 10 s stored a second (batches of 100, committed)", f"{len(blocks) / insert_s:.0f}")
    print_row("repeats, us each: of a block, of one in a stretch", f"{repeat_s * 1e6:.0f}, {late_s * 1e6:.0f}")
    print_row("compaction of the day, s and CPU s of this process", f"{compact_s:.2f}, {compact_cpu_s:.2f}")
    print_row("blocks moved, stretches made", f"{done.blocks}, {done.stretches}")


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of public recordings")
    parser.add_argument("--most", type=int, default=12, help="channels of each source")
    wanted = parser.parse_args()
    print("| recordings | way | bytes a sample | ratio to int16 | encode CPU ns | decode CPU ns |\n" + "|---" * 6 + "|")
    codecs("MIT-BIH ECG", recordings.mitdb(wanted.data), wanted.most)
    codecs("CinC 2015 ECG", recordings.cinc2015_ecg(wanted.data), wanted.most)
    codecs("BIDMC ECG", recordings.bidmc(wanted.data, "II"), wanted.most)
    codecs("BIDMC PPG", recordings.bidmc(wanted.data, "PLETH"), wanted.most)
    day = recordings.day_at_250_hz(wanted.data)
    with rig() as place, place.database("waveforms") as database_url:
        others = Others()
        asyncio.run(store(database_url, day))
        print_row("others' cores meanwhile", others.cores())


if __name__ == "__main__":
    main()
