"""A patient's stored waveforms, read as a stream of traces: `hemvakt export`. Reads only.

Goes from window to window of ten minutes in which there is something, so a week of ECG needs the memory of one. The
invariant: every stored sample of the span is in exactly one trace; one that was sent twice, once.
"""

from collections.abc import AsyncIterator
from datetime import datetime

from ward.people import StayId
from ward.store import waveform_reads, waveforms
from ward.store.pool import Connection
from ward.store.records import Span
from ward.store.waveform_reads import WINDOW, WaveSpan
from ward.traces import Trace, Traced
from ward.waveforms import WaveKind

# Rows are no longer than a window and a block, so the windows of their ends are all that they lie in.
_WINDOWS = """
    select distinct stay_id, date_bin(%(width)s, at, 'epoch') as begins from (
        select stay_id, unnest(array[measured_at, ends_at - interval '1 microsecond']) as at from waveform_block
        union all
        select stay_id, unnest(array[measured_at, measured_at + %(width)s, ends_at - interval '1 microsecond'])
        from waveform_stretch
    ) found join stay using (stay_id)
    where patient_id = %(patient)s and (at < %(end)s or %(end)s::timestamptz is null)
          and (at > %(start)s::timestamptz - 2 * %(width)s or %(start)s::timestamptz is null)
    order by stay_id, begins
"""


async def traces(conn: Connection, span: Span) -> AsyncIterator[Traced]:
    """Stream the traces of a span, stay after stay, each at most ten minutes long."""
    found = await conn.execute(_WINDOWS, {**span.parameters(), "width": WINDOW})
    names: dict[int, str] = {}
    for stay_id, begins in await found.fetchall():
        start, end = max(begins, span.start or begins), min(begins + WINDOW, span.end or begins + WINDOW)
        if start < end:
            for trace in await _read(conn, StayId(stay_id), start, end):
                number = trace.channel.device_no
                names = names if number in names else names | await waveform_reads.device_ids(conn, [number])
                yield Traced(patient_id=span.patient_id, stay_id=stay_id, device_id=names[number], trace=trace)


async def _read(conn: Connection, stay_id: StayId, start: datetime, end: datetime) -> list[Trace]:
    wanted = WaveSpan(stay_id=stay_id, kinds=tuple(WaveKind), start=start, end=end)
    return waveforms.traces(await waveform_reads.read_stored(conn, wanted), start, end)
