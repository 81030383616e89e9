"""Recordings as CSV: a monitor's numerics with a time a row, or signals with a column a channel. Reads files only.

Numerics as in BIDMC: `Time [s], HR, PULSE, RESP, SpO2`, a row each second (Pimentel et al. 2017,
doi:10.1109/TBME.2016.2613124). Signals: a header with names (`II`, `PLETH`, `RESP`, or `II[mV]`), a row a sample; their
rate must be told. The invariant: a gap (`NaN`, empty) is a gap.
"""

import csv
import gzip
import io
import lzma
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from simulator.device import Sample
from simulator.recording import Column, Recording, channel_of, of_columns
from ward.errors import ConfigError
from ward.vitals import VitalKind

COLUMNS: Final = MappingProxyType(
    {
        "hr": VitalKind.HEART_RATE,
        "resp": VitalKind.RESP_RATE,
        "spo2": VitalKind.SPO2,
    }
)
_OPEN: Final = MappingProxyType({".gz": gzip.decompress, ".xz": lzma.decompress})
_TIME: Final = "time [s]"
_EXPECTED: Final = "expected the header 'Time [s], HR, PULSE, RESP, SpO2'"


def read(path: Path, fs_hz: float | None) -> Recording:
    """Read a recording; `fs_hz` is that of signals without a time.

    Raises
    ------
    ConfigError
        The file is no such recording; says where, and what was expected.
    """
    try:
        text = _OPEN.get(path.suffix, bytes)(path.read_bytes()).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), skipinitialspace=True))
    except (OSError, EOFError, UnicodeDecodeError, lzma.LZMAError, csv.Error) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    names = [name.strip() for name in rows[0]] if rows else []
    if _TIME not in map(str.lower, names) and any(map(channel_of, names)):
        return _signals(path, names, rows[1:], fs_hz)
    return _numerics(path, [name.lower() for name in names], rows[1:])


def _signals(path: Path, names: list[str], rows: list[list[str]], fs_hz: float | None) -> Recording:
    if fs_hz is None:
        raise ConfigError(f"{path}: signals without a time do not say how many samples a second: add --fs, in Hz.")
    try:
        values = np.array([[float(cell or "nan") for cell in row] for row in rows if row])
        columns = [
            Column(name=name, values=each, fs_hz=fs_hz, unit=name.partition("[")[2].rstrip("]") or "mV")
            for name, each in zip(names, values.T, strict=True)
        ]
    except ValueError as error:
        raise ConfigError(f"{path} is no table of numbers: {error}") from error
    return of_columns(path.name.partition(".")[0], columns)


def _numerics(path: Path, names: list[str], rows: list[list[str]]) -> Recording:
    if _TIME not in names or not COLUMNS.keys() & set(names):
        raise ConfigError(f"{path} is no numerics recording: {_EXPECTED}, found {', '.join(names)[:120] or 'nothing'}")
    samples = [sample for number, row in enumerate(rows, 2) for sample in _samples(path, number, names, row)]
    if not samples:
        raise ConfigError(f"{path} holds no value at all")
    first_s = min(sample.t_s for sample in samples)
    moved = sorted((replace(each, t_s=each.t_s - first_s) for each in samples), key=lambda sample: sample.t_s)
    return Recording(name=path.name.partition(".")[0], samples=tuple(moved), length_s=moved[-1].t_s + 1.0)


def _samples(path: Path, number: int, names: list[str], row: list[str]) -> Iterator[Sample]:
    cells = dict(zip(names, row, strict=False))
    if not any(cell.strip() for cell in row):
        return
    at_s = _number(path, number, _TIME, cells.get(_TIME, ""))
    if at_s is None:
        raise ConfigError(f"{path}, line {number}: the time is missing")
    for name, kind in COLUMNS.items():
        value = _number(path, number, name, cells.get(name, ""))
        if value is not None:
            yield Sample(t_s=at_s, kind=kind, value=value, quality=None)


def _number(path: Path, number: int, name: str, cell: str) -> float | None:
    try:
        value = float(cell) if cell.strip() else math.nan
    except ValueError:
        raise ConfigError(f"{path}, line {number}: {name} is {cell[:40]!r}; expected a number or NaN") from None
    return value if math.isfinite(value) else None
