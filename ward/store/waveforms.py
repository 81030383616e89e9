"""Waveform blocks into the store, exactly once by key, and out of it as arrays.

The key of a block is (stay, kind, lead, first sample's time, device). A repeat is harmless, also of a block that lies
in a stretch by now; the same key with other samples is a conflict and what is stored stays. Nobody is woken: no rule
looks at waveforms, and what is drawn is asked for.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from ward.clock import from_us, to_us
from ward.people import DeviceNo, StayId
from ward.store import wave_due
from ward.store.pool import Connection
from ward.store.waveform_reads import MICROSECONDS, WINDOW, Stored, WaveSpan, read_stored, stored
from ward.traces import Channel, Int16s, Piece, Trace, join
from ward.wavecodec.codec import Codec, decode, encode
from ward.waveforms import LOOKED_AT, WAVES, WaveformBlock

LOCK = 4200012  # shared by whoever adds blocks, alone by whoever moves them between the tables
_KEY = "stay_id, kind, lead, measured_at, device_no"
_BATCH = """
    with batch as (
        select * from unnest(%(stay)s::int8[], %(kind)s::int2[], %(lead)s::text[], %(measured)s::timestamptz[],
            %(device)s::int8[], %(ends)s::timestamptz[], %(fs)s::float8[], %(unit)s::text[], %(scale)s::float8[],
            %(offset)s::float8[], %(samples)s::int4[], %(received)s::timestamptz[], %(data)b::bytea[])
        with ordinality as b(stay_id, kind, lead, measured_at, device_no, ends_at, fs_hz, unit, scale, "offset",
            samples, received_at, data, n)
    )
"""
_INSERT = """
    insert into waveform_block (stay_id, kind, lead, measured_at, device_no, ends_at, fs_hz, unit, scale, "offset",
        samples, codec, received_at, data)
    select stay_id, kind, lead, measured_at, device_no, ends_at, fs_hz, unit, scale, "offset", samples, %(codec)s,
        received_at, data
    from batch
"""
# A subquery for each block, by index and in the partitions of the batch's own days: never a pass over the table.
_COVERING = """
    s.stay_id = batch.stay_id and s.kind = batch.kind and s.lead = batch.lead and s.device_no = batch.device_no
    and s.measured_at <= batch.measured_at and s.measured_at > batch.measured_at - %(window)s
    and s.measured_at <= %(latest)s and s.measured_at > %(earliest)s and s.ends_at > batch.measured_at
"""
_UNLESS_IN_A_STRETCH = f"where (select true from waveform_stretch s where {_COVERING} limit 1) is null "  # nosec B608  # noqa: S608
_ONCE = f"order by {_KEY}, n on conflict do nothing returning {_KEY}"
_INSERT_NEW = (_BATCH + _INSERT + _UNLESS_IN_A_STRETCH + _ONCE).encode()
_INSERT_ALL = (_BATCH + _INSERT + _ONCE).encode()
_KEPT = f"""
    with batch as (
        select * from unnest(%(stay)s::int8[], %(kind)s::int2[], %(lead)s::text[], %(measured)s::timestamptz[],
            %(device)s::int8[]) as b({_KEY})
    )
    select w.stay_id, w.kind, w.lead, w.device_no, w.fs_hz, w.unit, w.scale, w."offset", w.samples, w.codec, w.data,
           {MICROSECONDS.format("w.measured_at")}, null::bytea, {MICROSECONDS.format("w.received_at")}
    from batch join waveform_block w using ({_KEY})
    where w.measured_at <= %(latest)s and w.measured_at > %(earliest)s
    union all
    select distinct on (s.stay_id, s.kind, s.lead, s.measured_at, s.device_no)
           s.stay_id, s.kind, s.lead, s.device_no, s.fs_hz, s.unit, s.scale, s."offset", s.samples, s.codec, s.data,
           {MICROSECONDS.format("s.measured_at")}, s.parts, null
    from batch cross join lateral (select * from waveform_stretch s where {_COVERING} offset 0) s
""".encode()  # nosec B608  # noqa: S608 - put together from this module's own text


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRow:
    """A block that has been accepted: whose it is and when it came."""

    stay_id: StayId
    device_no: DeviceNo
    received_at: datetime
    block: WaveformBlock

    @property
    def key(self) -> "Key":
        """Return what makes it the same block."""
        block = self.block
        return self.stay_id, WAVES[block.kind].code, block.lead, block.measured_us, self.device_no


Key = tuple[int, int, str, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlocksInserted:
    """What became of a batch: how many are newly stored, and the positions of those that contradict what is stored."""

    stored: int
    conflicts: tuple[int, ...]


async def insert_blocks(conn: Connection, rows: Sequence[BlockRow]) -> BlocksInserted:
    """Store blocks, in the caller's transaction, which holds the registry by which their stays were found.

    Raises
    ------
    psycopg.errors.CheckViolation
        If a day has no partition yet (`migrate.ensure_partitions`).
    psycopg.errors.LockNotAvailable
        If blocks are being moved for longer than the session's `lock_timeout`.
    """
    if not rows:
        return BlocksInserted(stored=0, conflicts=())
    await wave_due.request(conn, _asked(rows))
    await conn.execute("select pg_advisory_xact_lock_shared(%s)", (LOCK,))
    left = _not_in(rows, range(len(rows)), await _insert(conn, _INSERT_NEW, rows))
    if not left:
        return BlocksInserted(stored=len(rows), conflicts=())
    kept = await _kept(conn, [rows[n] for n in left])
    gaps = [n for n in left if rows[n].key not in kept]  # within the time of a stretch, and no block of it
    if gaps:
        still = _not_in(rows, gaps, await _insert(conn, _INSERT_ALL, [rows[n] for n in gaps]))
        kept |= await _kept(conn, [rows[n] for n in still])
        left = [n for n in left if n not in gaps or n in still]
    conflicts = tuple(n for n in left if not _same(rows[n], kept[rows[n].key]))
    return BlocksInserted(stored=len(rows) - len(left), conflicts=conflicts)


async def read(conn: Connection, span: WaveSpan) -> list[Trace]:
    """Return what was measured in a span, as traces without a gap in them.

    Raises
    ------
    CorruptBlock
        If a row does not hold what was stored.
    """
    rows = await read_stored(conn, span)
    return await asyncio.to_thread(traces, rows, span.start, span.end)


def traces(rows: Iterable[Stored], start: datetime, end: datetime) -> list[Trace]:
    """Decode rows and join them to traces, cut to the interval."""
    start_us, end_us = to_us(start), to_us(end)
    return join((piece for row in rows for piece in pieces(row)), start_us, end_us)


def pieces(row: Stored) -> list[Piece]:
    """Decode a row to the blocks that it was made of."""
    samples = decode(row.codec, row.samples, row.data)
    channel = Channel(
        kind=row.kind,
        lead=row.lead,
        device_no=row.device_no,
        fs_hz=row.fs_hz,
        unit=row.unit,
        scale=row.scale,
        offset=row.offset,
    )
    found = []
    begins = 0
    for part in row.parts:
        found.append(Piece(channel=channel, t0_us=part.measured_us, samples=samples[begins : begins + part.samples]))
        begins += part.samples
    return found


def samples_of(block: WaveformBlock) -> Int16s:
    """Return a block's samples, shape (n,)."""
    return np.frombuffer(block.samples, dtype="<i2").astype(np.int16)


async def _insert(conn: Connection, statement: bytes, rows: Sequence[BlockRow]) -> set[Key]:
    """Insert what is not there; return the keys of what is there newly."""
    blocks = [row.block for row in rows]
    parameters = {
        **_keys(rows),
        "ends": [from_us(block.ends_us) for block in blocks],
        "fs": [block.fs_hz for block in blocks],
        "unit": [block.unit for block in blocks],
        "scale": [block.scale for block in blocks],
        "offset": [block.offset for block in blocks],
        "samples": [block.count for block in blocks],
        "received": [row.received_at for row in rows],
        "data": [encode(Codec.DIFFERENCES, samples_of(block)) for block in blocks],
        "codec": Codec.DIFFERENCES.value,
    }
    found = await (await conn.execute(statement, parameters)).fetchall()
    return {(stay, kind, lead, to_us(at), device) for stay, kind, lead, at, device in found}


def _asked(rows: Sequence[BlockRow]) -> dict[StayId, tuple[int, int]]:
    """Return from when until when each stay has blocks that are looked at; a repeat among them does no harm."""
    spans: dict[StayId, tuple[int, int]] = {}
    for row in rows:
        block = row.block
        if block.kind in LOOKED_AT:
            first, end = spans.get(row.stay_id, (block.measured_us, block.ends_us))
            spans[row.stay_id] = min(first, block.measured_us), max(end, block.ends_us)
    return spans


def _keys(rows: Sequence[BlockRow]) -> dict[str, object]:
    measured = [from_us(row.block.measured_us) for row in rows]
    return {
        "stay": [row.stay_id for row in rows],
        "kind": [WAVES[row.block.kind].code for row in rows],
        "lead": [row.block.lead for row in rows],
        "measured": measured,
        "device": [row.device_no for row in rows],
        "earliest": min(measured) - WINDOW,
        "latest": max(measured),
        "window": WINDOW,
    }


def _not_in(rows: Sequence[BlockRow], positions: Iterable[int], stored_keys: set[Key]) -> list[int]:
    """Return the positions whose rows were not stored: of two of one key the first was, if any."""
    unseen = set(stored_keys)
    left = []
    for n in positions:
        if rows[n].key in unseen:
            unseen.remove(rows[n].key)
        else:
            left.append(n)
    return left


async def _kept(conn: Connection, rows: Sequence[BlockRow]) -> dict[Key, Piece]:
    """Return the blocks that are stored under the keys of these rows, in whichever table."""
    wanted = {row.key for row in rows}
    cursor = await conn.execute(_KEPT, _keys(rows), binary=True)
    found = {}
    for stay_id, *columns in await cursor.fetchall():
        for piece in pieces(stored(tuple(columns))):
            channel = piece.channel
            key = (stay_id, channel.kind, channel.lead, piece.t0_us, channel.device_no)
            if key in wanted:
                found[key] = piece
    return found


def _same(row: BlockRow, kept: Piece) -> bool:
    block, channel = row.block, kept.channel
    told = (block.fs_hz, block.unit, block.scale, block.offset)
    alike = told == (channel.fs_hz, channel.unit, channel.scale, channel.offset)
    return alike and np.array_equal(samples_of(block), kept.samples)
