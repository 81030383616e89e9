"""Blocks into stretches: after some time the blocks of ten minutes are stored together, in fewer bytes.

A reader sees no difference: the blocks' times, lengths and times of arrival are kept. A stretch is decoded again before
the blocks go, and they go in the transaction that brings it, so whatever is killed when, each block is in one table and
whole. Blocks that come late make a stretch of their own, beside the one that is there.
"""

import contextlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from psycopg import errors, sql

from ward import log
from ward.clock import EPOCH, from_us
from ward.errors import Conflict, CorruptBlock
from ward.store.pool import Connection
from ward.store.waveform_reads import MICROSECONDS, WINDOW, Part, Stored, pack_parts, stored
from ward.store.waveforms import LOCK, pieces
from ward.wavecodec.codec import Codec, decode, encode

_AT_ONCE = 16  # windows in a transaction; whoever adds blocks waits while their rows change places, not while encoding

_NEXT = """
    select stay_id, kind, lead, measured_at from waveform_block
    where (stay_id, kind, lead, measured_at) >= (%(stay)s, %(kind)s, %(lead)s, %(at)s) and measured_at < %(before)s
    order by stay_id, kind, lead, measured_at limit 1
"""
_READ = f"""
    select kind, lead, device_no, fs_hz, unit, scale, "offset", samples, codec, data,
           {MICROSECONDS.format("measured_at")}, null::bytea, {MICROSECONDS.format("received_at")}
    from waveform_block
    where stay_id = %(stay)s and kind = %(kind)s and lead = %(lead)s
          and measured_at >= %(start)s and measured_at < %(end)s
    order by measured_at, device_no
""".encode()  # nosec B608  # noqa: S608 - put together from this module's own text
_INSERT = """
    insert into waveform_stretch (stay_id, kind, lead, measured_at, device_no, ends_at, fs_hz, unit, scale, "offset",
        samples, codec, parts, data)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %b, %b)
"""
_DELETE = """
    delete from waveform_block
    where stay_id = %s and kind = %s and lead = %s and device_no = %s and measured_at = any(%s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """What one call has done: blocks that lie in stretches now, and stretches made. Nothing is left when `done`."""

    blocks: int
    stretches: int
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """Ten minutes of one lead of one stay."""

    stay_id: int
    kind: int
    lead: str
    start: datetime

    def following(self) -> dict[str, object]:
        """Return where the search for the next window goes on."""
        return {"stay": self.stay_id, "kind": self.kind, "lead": self.lead, "at": self.start + WINDOW}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """What will be stored in the place of its parts."""

    window: _Window
    like: Stored
    parts: tuple[Part, ...]
    samples: int
    data: bytes


async def compact(conn: Connection, before: datetime, limit: int) -> Compacted:
    """Move blocks of windows that ended before `before` into stretches, until so many blocks are moved, or all are.

    Parameters
    ----------
    conn
        In autocommit; some windows at a time are a transaction each. One process at a time; a second one is harmless.

    Raises
    ------
    psycopg.errors.LockNotAvailable
        If blocks are being added without a pause for longer than the session's `lock_timeout`; come again.
    """
    until = before - (before - EPOCH) % WINDOW
    at: dict[str, object] = {"stay": 0, "kind": 0, "lead": "", "at": EPOCH}
    moved: list[_Stretch] = []
    done = False
    while not done and sum(len(each.parts) for each in moved) < limit:
        found: list[_Stretch] = []
        while not done and len(found) < _AT_ONCE:
            window = await _next(conn, at, until)
            done = window is None
            if window is not None:
                found += await _encoded(conn, window)
                at = window.following()
        moved += await _move(conn, found)
    if done:
        await _empty(conn)
    return Compacted(blocks=sum(len(each.parts) for each in moved), stretches=len(moved), done=done)


async def _next(conn: Connection, at: dict[str, object], until: datetime) -> _Window | None:
    row = await (await conn.execute(_NEXT, {**at, "before": until})).fetchone()
    if row is None:
        return None
    stay_id, kind, lead, measured_at = row
    return _Window(stay_id=stay_id, kind=kind, lead=lead, start=measured_at - (measured_at - EPOCH) % WINDOW)


async def _encoded(conn: Connection, window: _Window) -> list[_Stretch]:
    """Return the stretches of a window, one for each channel; a channel with a corrupt block is left as it is."""
    parameters = {
        "stay": window.stay_id,
        "kind": window.kind,
        "lead": window.lead,
        "start": window.start,
        "end": window.start + WINDOW,
    }
    channels: dict[tuple[object, ...], list[Stored]] = defaultdict(list)
    for row in await (await conn.execute(_READ, parameters, binary=True)).fetchall():
        block = stored(row)
        channels[block.device_no, block.fs_hz, block.unit, block.scale, block.offset].append(block)
    found = []
    for blocks in channels.values():
        try:
            found.append(_stretch(window, blocks))
        except CorruptBlock as error:
            log.get().error("waveform_corrupt", stay_id=window.stay_id, at=window.start.isoformat(), error=str(error))
    return found


def _stretch(window: _Window, blocks: Sequence[Stored]) -> _Stretch:
    samples = np.concatenate([piece.samples for block in blocks for piece in pieces(block)])
    data = encode(Codec.PYRAMID, samples)
    if not np.array_equal(decode(Codec.PYRAMID, len(samples), data), samples):
        raise CorruptBlock("what was encoded does not decode to itself; the blocks stay")
    parts = tuple(part for block in blocks for part in block.parts)
    return _Stretch(window=window, like=blocks[0], parts=parts, samples=len(samples), data=data)


async def _move(conn: Connection, found: Sequence[_Stretch]) -> Sequence[_Stretch]:
    """Put stretches in the place of their blocks; return them, or nothing where another process was at it."""
    try:
        async with conn.transaction():
            await conn.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
            for each in found:
                await _replace(conn, each)
    except Conflict:
        return ()
    return found


async def _replace(conn: Connection, each: _Stretch) -> None:
    window, like = each.window, each.like
    key = (window.stay_id, window.kind, window.lead)
    starts = [from_us(part.measured_us) for part in each.parts]
    gone = await conn.execute(_DELETE, (*key, like.device_no, starts))
    if gone.rowcount != len(starts):
        raise Conflict(f"{len(starts) - gone.rowcount} blocks of a stretch are no longer there")
    ends_us = max(part.measured_us + round(part.samples * 1e6 / like.fs_hz) for part in each.parts)
    await conn.execute(
        _INSERT,
        (
            *key,
            starts[0],
            like.device_no,
            from_us(ends_us),
            like.fs_hz,
            like.unit,
            like.scale,
            like.offset,
            each.samples,
            Codec.PYRAMID.value,
            pack_parts(each.parts),
            each.data,
        ),
    )


async def _empty(conn: Connection) -> None:
    """Give the disk back of each partition or chunk whose blocks have all moved."""
    found = await conn.execute(
        "select nspname, relname from pg_inherits join pg_class c on c.oid = inhrelid"
        " join pg_namespace n on n.oid = relnamespace"
        " where inhparent = 'waveform_block'::regclass and relkind = 'r' and pg_relation_size(c.oid) > 0"
    )
    for schema, name in await found.fetchall():
        part = sql.Identifier(schema, name)
        if await _holds_nothing(conn, part):
            with contextlib.suppress(errors.LockNotAvailable):  # in use: the next call finds it again
                await _truncate(conn, part)


async def _holds_nothing(conn: Connection, part: sql.Identifier) -> bool:
    row = await (await conn.execute(sql.SQL("select not exists (select from {})").format(part))).fetchone()
    return row == (True,)


async def _truncate(conn: Connection, part: sql.Identifier) -> None:
    """Truncate a partition, unless something has come into it."""
    async with conn.transaction():
        await conn.execute("set local lock_timeout = '200ms'")
        await conn.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
        await conn.execute(sql.SQL("lock table {} in access exclusive mode").format(part))
        if await _holds_nothing(conn, part):
            await conn.execute(sql.SQL("truncate {}").format(part))
