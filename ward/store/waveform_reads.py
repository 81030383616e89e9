"""Stored waveforms of an interval, still encoded: blocks as they came, and stretches of several. No numpy here.

What a stretch is made of is kept with it, block by block, so that a reader cannot tell which of the two tables a block
lies in.
"""

import zlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise

from psycopg.rows import TupleRow

from ward.people import StayId
from ward.store.pool import Connection
from ward.waveforms import MOST_S, WAVES, WaveKind

WINDOW = timedelta(minutes=10)  # the blocks that begin within one, counted from 1970, may lie in one stretch
_LONGEST_BLOCK = timedelta(seconds=MOST_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One block as it came: when its first sample was measured, how many there are, when they were received."""

    measured_us: int
    samples: int
    received_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A row of either table. `kind` is the code; `data` holds the samples of all `parts`, one after the other."""

    kind: int
    lead: str
    device_no: int
    fs_hz: float
    unit: str
    scale: float
    offset: float
    samples: int
    codec: int
    data: bytes
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveSpan:
    """What of one stay is asked for, from `start` until before `end`; without leads every lead of the kinds."""

    stay_id: StayId
    kinds: Sequence[WaveKind]
    start: datetime
    end: datetime
    leads: Sequence[str] = ()

    def parameters(self) -> dict[str, object]:
        """Return the span as query parameters; the bounds of when a row begins are what the index is asked for."""
        leads = self.leads or sorted({lead for kind in self.kinds for lead in WAVES[kind].leads})
        return {
            "stay": self.stay_id,
            "kinds": [WAVES[kind].code for kind in self.kinds],
            "leads": list(leads),
            "start": self.start,
            "end": self.end,
            "block_from": self.start - _LONGEST_BLOCK,
            "stretch_from": self.start - _LONGEST_BLOCK - WINDOW,
        }


_WHERE = """
    where stay_id = %(stay)s and kind = any(%(kinds)s) and lead = any(%(leads)s)
          and measured_at > %({since})s and measured_at < %(end)s and ends_at > %(start)s
"""
_BLOCKS = _WHERE.format(since="block_from")
_STRETCHES = _WHERE.format(since="stretch_from")
MICROSECONDS = "(extract(epoch from {}) * 1000000)::bigint"
_COMMON = 'kind, lead, device_no, fs_hz, unit, scale, "offset", samples, codec, data'
READ = f"""
    select {_COMMON}, {MICROSECONDS.format("measured_at")}, null::bytea, {MICROSECONDS.format("received_at")}
    from waveform_block {_BLOCKS}
    union all
    select {_COMMON}, {MICROSECONDS.format("measured_at")}, parts, null
    from waveform_stretch {_STRETCHES}
""".encode()  # nosec B608  # noqa: S608 - put together from this module's own text
_COUNT = f"""
    select coalesce(sum(samples), 0)::bigint from (
        select samples from waveform_block {_BLOCKS} union all select samples from waveform_stretch {_STRETCHES}
    ) found
""".encode()  # nosec B608  # noqa: S608 - likewise
_AVAILABLE = f"""
    select kind, lead, min(measured_at), max(ends_at) from (
        select kind, lead, measured_at, ends_at from waveform_block {_BLOCKS}
        union all select kind, lead, measured_at, ends_at from waveform_stretch {_STRETCHES}
    ) found group by kind, lead order by kind, lead
""".encode()  # nosec B608  # noqa: S608 - likewise


async def read_stored(conn: Connection, span: WaveSpan) -> list[Stored]:
    """Return the rows that have samples in the span, in no order; the first and last reach beyond it."""
    cursor = await conn.execute(READ, span.parameters(), binary=True)
    return [stored(row) for row in await cursor.fetchall()]


async def count_samples(conn: Connection, span: WaveSpan) -> int:
    """Return how many samples `read_stored` would bring."""
    row = await (await conn.execute(_COUNT, span.parameters())).fetchone()
    return int(row[0]) if row else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Available:
    """A channel of which there is something, and from when until when."""

    kind: int
    lead: str
    start: datetime
    end: datetime


async def available(conn: Connection, span: WaveSpan) -> list[Available]:
    """Return the channels that have samples in the span; `start` and `end` may lie beyond it."""
    cursor = await conn.execute(_AVAILABLE, span.parameters())
    return [Available(kind=kind, lead=lead, start=start, end=end) for kind, lead, start, end in await cursor.fetchall()]


async def device_ids(conn: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Return the names of devices by number."""
    cursor = await conn.execute(
        "select device_no, device_id from device where device_no = any(%s::bigint[])", (list(numbers),)
    )
    return dict(await cursor.fetchall())


def stored(row: TupleRow) -> Stored:
    """Return a row of `READ` as a value."""
    *columns, measured_us, parts, received_us = row
    kind, lead, device_no, fs_hz, unit, scale, offset, samples, codec, data = columns
    if parts is None:
        found: tuple[Part, ...] = (Part(measured_us=measured_us, samples=samples, received_us=received_us),)
    else:
        found = parts_of(parts, measured_us)
    return Stored(
        kind=kind,
        lead=lead,
        device_no=device_no,
        fs_hz=fs_hz,
        unit=unit,
        scale=scale,
        offset=offset,
        samples=samples,
        codec=codec,
        data=data,
        parts=found,
    )


def pack_parts(parts: Sequence[Part]) -> bytes:
    """Encode the parts of a stretch: three columns, each as differences, which hardly differ."""
    columns = (
        [part.measured_us - parts[0].measured_us for part in parts],
        [part.samples for part in parts],
        [part.received_us - part.measured_us for part in parts],
    )
    steps = array("q")
    for column in columns:
        steps.extend([column[0], *(after - before for before, after in pairwise(column))])
    return zlib.compress(_little_endian(steps).tobytes(), 9)


def parts_of(packed: bytes, measured_us: int) -> tuple[Part, ...]:
    """Undo `pack_parts`; `measured_us` is where the stretch begins."""
    steps = array("q")
    steps.frombytes(zlib.decompress(packed))
    steps = _little_endian(steps)
    count = len(steps) // 3
    after_us, samples, delays_us = (accumulate(steps[at * count : (at + 1) * count]) for at in range(3))
    return tuple(
        Part(measured_us=measured_us + after, samples=size, received_us=measured_us + after + delay)
        for after, size, delay in zip(after_us, samples, delays_us, strict=True)
    )


def _little_endian(numbers: "array[int]") -> "array[int]":
    if array("H", [1]).tobytes() != b"\1\0":
        numbers.byteswap()
    return numbers
