"""What each ten seconds of a stay's waveforms told, a row per ten seconds. Reads only; brings no numpy.

How it is found and written is `ward.store.wave_features`. The invariant: what could not be read stays NaN, and a
feature that nobody looked for is None.
"""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from ward.people import StayId
from ward.store.pool import Connection
from ward.wave_features import CODES, WaveFeature

SHOWN = (
    WaveFeature.ECG_RATE,
    WaveFeature.ECG_QUALITY,
    WaveFeature.PULSE_RATE,
    WaveFeature.PPG_QUALITY,
    WaveFeature.PAUSE,
    WaveFeature.AF,
    WaveFeature.VENTRICULAR_RUN,
)
_COLUMNS = ", ".join(f"max(value) filter (where feature = {CODES[each]}) as {each.value}" for each in SHOWN)
_READ = f"""
    select (extract(epoch from at) * 1000)::bigint as at_ms, {_COLUMNS}
    from wave_feature
    where stay_id = %(stay)s and feature = any(%(features)s::smallint[]) and at > %(start)s and at <= %(end)s
    group by at order by at
""".encode()  # nosec B608  # noqa: S608 - put together from this module's own text


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The ten seconds that end at `at_ms` [ms since 1970]; units as `WaveFeature` says."""

    at_ms: int
    ecg_rate: float | None
    ecg_quality: float | None
    pulse_rate: float | None
    ppg_quality: float | None
    pause: float | None
    af: float | None
    ventricular_run: float | None


async def read(conn: Connection, stay_id: StayId, start: datetime, end: datetime) -> list[Cell]:
    """Return what is told of the ten seconds that end after `start` and not after `end`, in order."""
    features = [CODES[each] for each in SHOWN]
    cursor = conn.cursor(row_factory=class_row(Cell))
    await cursor.execute(_READ, {"stay": stay_id, "features": features, "start": start, "end": end})
    return await cursor.fetchall()
