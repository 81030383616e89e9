"""Our own recordings: a stream that was stored, without names, as JSON lines. Encode and decode side by side.

The first line is the head, each other one a value or a block, at its seconds from the beginning. The invariant: nothing
here tells whose it is; ids, names and, unless it was wished, times of the day have no place in the form.
"""

import base64
import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec

from simulator.device import Sample
from simulator.recording import Recording
from simulator.waves.channels import Stretch
from ward.errors import ConfigError
from ward.vitals import VitalKind
from ward.waveforms import HIGHEST_FS_HZ, LOWEST_FS_HZ, WAVES, WaveKind

VERSION: Final = 1
ENDINGS: Final = (".jsonl", ".jsonl.gz")
_Seconds = Annotated[float, msgspec.Meta(ge=0)]


class Head(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The first line; `began` is a made-up instant of the same weekday and time, where that was wished."""

    hemvakt_recording: int
    length_s: _Seconds
    began: datetime | None = None


class _Value(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, tag_field="line", tag="value"):
    t_s: _Seconds
    kind: VitalKind
    value: float
    quality: float | None = None


class _Block(msgspec.Struct, forbid_unknown_fields=True, tag_field="line", tag="block"):
    t_s: _Seconds
    kind: WaveKind
    lead: str
    fs_hz: Annotated[float, msgspec.Meta(ge=LOWEST_FS_HZ, le=HIGHEST_FS_HZ)]
    unit: str
    scale: float
    offset: float
    samples: str


def lines(head: Head, things: Iterable[Sample | Stretch]) -> Iterator[bytes]:
    """Yield the lines of a recording, each with its end."""
    yield msgspec.json.encode(head) + b"\n"
    for each in things:
        line = _value(each) if isinstance(each, Sample) else _block(each)
        yield msgspec.json.encode(line) + b"\n"


def read(path: Path) -> Recording:
    """Read a recording that `hemvakt record` wrote.

    Raises
    ------
    ConfigError
        It cannot be read; names the line.
    """
    try:
        text = path.read_bytes()
        head, *rest = (gzip.decompress(text) if path.suffix == ".gz" else text).splitlines()
        told = msgspec.json.decode(head, type=Head)
    except (OSError, EOFError, zlib.error, ValueError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path} is no recording of Hemvakt's: {error}") from error
    if told.hemvakt_recording != VERSION:
        raise ConfigError(f"{path} is of version {told.hemvakt_recording}; {VERSION} is read here")
    samples, waves = [], []
    for number, line in enumerate(rest, 2):
        found = _decoded(path, number, line)
        if isinstance(found, Sample):
            samples.append(found)
        else:
            waves.append(found)
    return Recording(
        name=path.name.partition(".")[0],
        samples=tuple(sorted(samples, key=lambda each: each.t_s)),
        length_s=told.length_s,
        waves=tuple(sorted(waves, key=lambda each: each.t_s)),
    )


def _decoded(path: Path, number: int, line: bytes) -> Sample | Stretch:
    try:
        found = msgspec.json.decode(line, type=_Value | _Block)
        if isinstance(found, _Value):
            return Sample(t_s=found.t_s, kind=found.kind, value=found.value, quality=found.quality)
        samples = base64.b64decode(found.samples, validate=True)
    except (msgspec.DecodeError, ValueError) as error:
        raise ConfigError(f"{path}, line {number}: {error}") from error
    if found.lead not in WAVES[found.kind].leads or not samples or len(samples) % 2:
        raise ConfigError(f"{path}, line {number}: lead {found.lead[:20]!r}, {len(samples)} bytes; no block of samples")
    return Stretch(
        t_s=found.t_s, kind=found.kind, lead=found.lead, fs_hz=found.fs_hz, unit=found.unit, scale=found.scale,
        offset=found.offset, samples=samples,
    )  # fmt: skip


def moved(thing: Sample | Stretch, by_s: float) -> Sample | Stretch:
    """Return a value or a block at another time."""
    return replace(thing, t_s=thing.t_s + by_s)


def _value(sample: Sample) -> _Value:
    return _Value(t_s=round(sample.t_s, 6), kind=sample.kind, value=sample.value, quality=sample.quality)


def _block(stretch: Stretch) -> _Block:
    return _Block(
        t_s=round(stretch.t_s, 6), kind=stretch.kind, lead=stretch.lead, fs_hz=stretch.fs_hz, unit=stretch.unit,
        scale=stretch.scale, offset=stretch.offset, samples=base64.b64encode(stretch.samples).decode(),
    )  # fmt: skip
