"""Recordings of signals from files: channels in physical units, uniform, at one rate. Reads, and does nothing else.

A WFDB record (`NAME.hea` with its `NAME.dat`, formats 16 and 212, either xz-compressed or not), or a CSV with a header
(`.csv`, `.csv.gz`, `.csv.xz`), whose rate must be told. An empty cell is a missing sample.
"""

import gzip
import lzma
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from ward.errors import ConfigError

Floats = npt.NDArray[np.float64]

_OPEN: Final[Mapping[str, Callable[[bytes], bytes]]] = {".gz": gzip.decompress, ".xz": lzma.decompress}
_GAIN: Final = 200.0  # WFDB's own, where a header gives none
_NAMES: Final = re.compile(r"^\s*([^\[(]+)")  # `II[mV]` and `Time [s]` are named by what stands before the unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Channels by name, (samples,) each, NaN where a sample is missing."""

    name: str
    fs_hz: float
    channels: Mapping[str, Floats]

    @property
    def length_s(self) -> float:
        """How long it is, in seconds."""
        return max((len(each) for each in self.channels.values()), default=0) / self.fs_hz


def read(path: Path, fs_hz: float | None) -> Recording:
    """Read a recording.

    Parameters
    ----------
    path : a `.hea` or `.dat` file of WFDB, its name without an ending, or a CSV
    fs_hz : Hz, of a CSV; a WFDB header tells its own

    Raises
    ------
    ConfigError
        If there is no such file, its form is not known, or a CSV comes without a rate.
    """
    head = path if path.suffix == ".hea" else path.with_suffix(".hea")
    try:
        if path.suffix in {".hea", ".dat", ""} or path.name.endswith(".dat.xz"):
            return _wfdb(head if path.suffix != ".xz" else path.with_suffix("").with_suffix(".hea"))
        return _csv(path, fs_hz)
    except OSError as error:
        raise ConfigError(f"{error.filename or path}: cannot be read ({error.strerror or error}).") from error
    except (ValueError, IndexError, EOFError, lzma.LZMAError) as error:
        raise ConfigError(f"{path}: is no recording of a form that is known ({error}).") from error


def _opened(path: Path) -> bytes:
    return _OPEN.get(path.suffix, bytes)(path.read_bytes())


def _csv(path: Path, fs_hz: float | None) -> Recording:
    if fs_hz is None or not fs_hz > 0:
        raise ConfigError(f"{path}: a CSV does not say how many samples a second it has: add --fs, in Hz.")
    head, *lines = _opened(path).decode("utf-8-sig").splitlines()
    columns = np.genfromtxt(lines, delimiter=",", ndmin=2).T
    names = [_plain(each) for each in head.split(",")]
    if len(names) != len(columns):
        raise ConfigError(f"{path}: the header names {len(names)} columns, and there are {len(columns)}.")
    return Recording(name=path.name.partition(".")[0], fs_hz=fs_hz, channels=dict(zip(names, columns, strict=True)))


def _plain(name: str) -> str:
    found = _NAMES.match(name)
    return (found[1] if found else name).strip()


def _wfdb(head: Path) -> Recording:
    first, *lines = [line for line in head.read_text(encoding="ascii").splitlines() if line and line[0] != "#"]
    count, fs_hz = int(first.split()[1]), float(first.split()[2].partition("/")[0])
    signals = [line.split() for line in lines[:count]]
    files = {fields[0] for fields in signals}
    forms = {fields[1].partition("x")[0] for fields in signals}
    if len(files) != 1 or len(forms) != 1 or not forms <= set(_FORMS):
        raise ConfigError(f"{head}: only records of one file in format 16 or 212 are read.")
    data = head.with_name(files.pop())
    raw = _opened(data if data.exists() else data.with_name(f"{data.name}.xz"))
    adc = _FORMS[forms.pop()](raw)
    adc = adc[: len(adc) // count * count].reshape(-1, count)
    channels = {}
    for place, fields in enumerate(signals):
        gain, zero = _scale(fields)
        name = " ".join(fields[8:]) or f"channel {place + 1}"
        channels[name] = (adc[:, place] - zero) / gain
    return Recording(name=head.stem, fs_hz=fs_hz, channels=channels)


def _scale(fields: list[str]) -> tuple[float, float]:
    """Return the gain in units a physical unit, and the number that stands for zero, of a signal's line."""
    told = re.match(r"([-\d.eE+]+)?(?:\((-?\d+)\))?", fields[2] if len(fields) > 2 else "")
    gain = float(told[1]) if told and told[1] else _GAIN
    baseline = told[2] if told else None
    return gain or _GAIN, float(baseline or (fields[4] if len(fields) > 4 else 0))


def _format_212(raw: bytes) -> Floats:
    """Two samples of 12 bits in three bytes."""
    trios = np.frombuffer(raw, np.uint8)[: len(raw) // 3 * 3].reshape(-1, 3).astype(np.int32)
    pairs = np.stack((trios[:, 0] | (trios[:, 1] & 0x0F) << 8, trios[:, 2] | (trios[:, 1] & 0xF0) << 4), axis=1)
    signed: Floats = (pairs - 4096 * (pairs > 2047)).ravel().astype(np.float64)
    return signed


def _format_16(raw: bytes) -> Floats:
    """Two bytes a sample, the lower first; the lowest number stands for a missing sample."""
    samples = np.frombuffer(raw[: len(raw) // 2 * 2], "<i2").astype(np.float64)
    samples[samples == np.iinfo(np.int16).min] = np.nan
    return samples


_FORMS: Final[Mapping[str, Callable[[bytes], Floats]]] = {"212": _format_212, "16": _format_16}
