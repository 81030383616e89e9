"""`hemvakt record`: what was stored of a patient or a device, as a recording that `hemvakt simulate --replay` plays.

Without a name, an id or a date: times are seconds from the beginning. Not an export of a record (`hemvakt export`). It
is held in memory until it is written: a day of two channels is some 70 MB.
"""

import asyncio
import gzip
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from simulator import replay_stream
from simulator.device import Sample
from simulator.replay_stream import Head
from simulator.waves.channels import Stretch
from ward import log
from ward.clock import from_us, to_us
from ward.errors import ConfigError, NotFound
from ward.record import Measured
from ward.store import record_waves, records, snapshot
from ward.store.pool import Connection
from ward.store.records import Span
from ward.traces import Traced
from ward.vitals import USABLE
from ward.waveforms import BY_CODE

_WEEK: Final = timedelta(days=7)
_MONDAY: Final = datetime(2000, 1, 3, tzinfo=UTC)
_LONGEST_ID: Final = 9


class Times(StrEnum):
    """What a recording tells of when it was: nothing, or the weekday and the time of the day, in a week of 2000."""

    NONE = "none"
    SHIFTED = "shifted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a recording holds."""

    values: int
    blocks: int
    length_s: float


def run(
    database_url: str, who: str, out: Path, limits: tuple[datetime | None, datetime | None], times: Times
) -> Written:
    """Write what is stored of `who`, a patient's id or a device's, to `out`, which nobody else may read.

    Raises
    ------
    ConfigError
        `out` is there already, cannot be written, or is called something that is not read again.
    NotFound
        There is no such patient or device, or nothing of it.
    """
    if not out.name.endswith(replay_stream.ENDINGS):
        raise ConfigError(f"{out}: a recording is called {' or '.join(replay_stream.ENDINGS)}.")
    if out.exists():
        raise ConfigError(f"{out} is there already: choose another name.")
    found = asyncio.run(_stored(database_url, who, limits))
    if not found:
        raise NotFound("There is nothing stored of that, in that time.")
    return _write(out, found, times)


async def _stored(
    database_url: str, who: str, limits: tuple[datetime | None, datetime | None]
) -> list[Sample | Stretch]:
    found: list[Sample | Stretch] = []
    async with snapshot.held(database_url, "record") as (conn, _):
        patients, device = await _whom(conn, who)
        for patient_id in patients:
            span = Span(patient_id=patient_id, start=limits[0], end=limits[1])
            found += [_value(each) async for each in records.readings(conn, span) if _wanted(each, device)]
            found += [
                _block(each) async for each in record_waves.traces(conn, span) if device in (None, each.device_id)
            ]
    log.get().info("patient_recorded", patients=patients, start=str(limits[0]), end=str(limits[1]))
    return found


async def _whom(conn: Connection, who: str) -> tuple[list[int], str | None]:
    """Return whose streams are meant, and of which device alone."""
    if who.isdecimal() and len(who) <= _LONGEST_ID:
        if await records.person(conn, int(who)) is None:
            raise NotFound("There is no such patient.")
        return [int(who)], None
    patients = await records.patients_of_device(conn, who)
    if not patients:
        raise NotFound(f"Nobody wears or wore a device {who[:64]}.")
    return patients, who


def _wanted(reading: Measured, device: str | None) -> bool:
    return reading.validity in USABLE and device in (None, reading.device_id)


def _value(reading: Measured) -> Sample:
    at_s = to_us(reading.measured_at) / 1e6
    return Sample(t_s=at_s, kind=reading.kind, value=reading.value, quality=reading.quality)


def _block(traced: Traced) -> Stretch:
    channel, trace = traced.trace.channel, traced.trace
    return Stretch(
        t_s=trace.t0_us / 1e6,
        kind=BY_CODE[channel.kind].kind,
        lead=channel.lead,
        fs_hz=channel.fs_hz,
        unit=channel.unit,
        scale=channel.scale,
        offset=channel.offset,
        samples=trace.samples.astype("<i2").tobytes(),
    )


def _write(out: Path, found: Iterable[Sample | Stretch], times: Times) -> Written:
    things = sorted(found, key=lambda each: each.t_s)
    first_s = things[0].t_s
    ends_s = max(each.t_s + _lasts_s(each) for each in things)
    began = from_us(round(first_s * 1e6))
    shifted = began - _WEEK * ((began - _MONDAY) // _WEEK)
    head = Head(
        hemvakt_recording=replay_stream.VERSION,
        length_s=round(ends_s - first_s, 3),
        began=shifted if times is Times.SHIFTED else None,
    )
    lines = replay_stream.lines(head, (replay_stream.moved(each, -first_s) for each in things))
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(gzip.compress(b"".join(lines), 6) if out.suffix == ".gz" else b"".join(lines))
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror or error}.") from error
    blocks = sum(isinstance(each, Stretch) for each in things)
    return Written(values=len(things) - blocks, blocks=blocks, length_s=head.length_s)


def _lasts_s(thing: Sample | Stretch) -> float:
    return len(thing.samples) / 2 / thing.fs_hz if isinstance(thing, Stretch) else 1.0
