"""Recordings to samples: monitor numerics as CSV (BIDMC). Reads files and does nothing else.

The invariant: every number of the file becomes one sample at its second, and a gap (`NaN`, empty) none.
Format: `Time [s], HR, PULSE, RESP, SpO2`, a row each second (Pimentel et al. 2017, doi:10.1109/TBME.2016.2613124).
"""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from simulator.device import Sample
from ward.errors import ConfigError
from ward.vitals import VitalKind

COLUMNS: Final = MappingProxyType(
    {
        "hr": VitalKind.HEART_RATE,
        "resp": VitalKind.RESP_RATE,
        "spo2": VitalKind.SPO2,
    }
)
_TIME: Final = "time [s]"
_EXPECTED: Final = "expected the header 'Time [s], HR, PULSE, RESP, SpO2'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One person's recording: samples in order of time, beginning at 0 s; `length_s` includes the last second."""

    name: str
    samples: tuple[Sample, ...]
    length_s: float


def read(path: Path) -> tuple[Recording, ...]:
    """Read a recording, or every `*_Numerics.csv` of a folder, by name.

    Raises
    ------
    ConfigError
        Nothing is there, or a file is no such recording; says which, where, and what was expected.
    """
    if path.is_file():
        return (_recording(path),)
    if not path.is_dir():
        raise ConfigError(f"{path} does not exist; give a numerics CSV file, or a folder of *_Numerics.csv files")
    files = sorted(path.glob("*_Numerics.csv"))
    if not files:
        raise ConfigError(f"{path} holds no *_Numerics.csv; give a folder of BIDMC numerics, or one CSV file")
    return tuple(_recording(file) for file in files)


def _recording(path: Path) -> Recording:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.reader(lines, skipinitialspace=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    names = [name.strip().lower() for name in rows[0]] if rows else []
    if _TIME not in names or not COLUMNS.keys() & set(names):
        raise ConfigError(f"{path} is no numerics recording: {_EXPECTED}, found {', '.join(names)[:120] or 'nothing'}")
    samples = [sample for number, row in enumerate(rows[1:], 2) for sample in _samples(path, number, names, row)]
    if not samples:
        raise ConfigError(f"{path} holds no value at all")
    first_s = min(sample.t_s for sample in samples)
    moved = sorted((_moved(sample, -first_s) for sample in samples), key=lambda sample: sample.t_s)
    return Recording(name=path.stem, samples=tuple(moved), length_s=moved[-1].t_s + 1.0)


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


def _moved(sample: Sample, by_s: float) -> Sample:
    return Sample(t_s=sample.t_s + by_s, kind=sample.kind, value=sample.value, quality=sample.quality)
