"""Public recordings in physical units with what was annotated about them: the truth that the signal core is held to.

One reader a data set; the folders hold the files as they are published, compressed, and nothing of them is kept here.
Cite PhysioNet (Goldberger 2000, doi:10.1161/01.CIR.101.23.e215) and the data sets. A missing sample is NaN.
"""

import csv
import gzip
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.str_]

BEATS: Final = frozenset("NLRBAaJSVrFejnE/fQ?")
"""Annotation symbols that are beats; the others are rhythm, quality and waves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """What the annotators wrote: columns of equal length; `sample` at `fs_hz`."""

    sample: Ints
    symbol: Texts
    aux: Texts
    fs_hz: float

    @property
    def is_beat(self) -> npt.NDArray[np.bool_]:
        """Which rows are beats."""
        return np.isin(self.symbol, list(BEATS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ecg:
    """An ECG, (leads, samples) in mV, and its annotations."""

    name: str
    ecg_mv: Floats
    fs_hz: float
    annotations: Annotations


@dataclass(frozen=True, slots=True, kw_only=True)
class Breathing:
    """A BIDMC record at 125 Hz; breaths in samples by both annotators; the monitor's own values once a second."""

    name: str
    ppg: Floats
    ecg: Floats
    resp: Floats
    fs_hz: float
    breaths: tuple[Ints, Ints]
    numerics: dict[str, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """The 60 s before an alarm of the Challenge of 2015, by channel, and whether it was true."""

    name: str
    alarm: str
    is_true: bool
    channels: dict[str, Floats]
    fs_hz: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A single-lead ECG of the Challenge of 2017 in mV: N normal, A atrial fibrillation, O other, ~ too noisy."""

    name: str
    label: str
    ecg_mv: Floats
    fs_hz: float


def names(folder: Path, data_set: str, ending: str) -> list[str]:
    """Return the records of a data set: its files with this ending, without it."""
    return sorted(path.name.removesuffix(ending) for path in (folder / data_set).glob(f"*{ending}"))


def mitdb(folder: Path, name: str) -> Ecg:
    """Return a MIT-BIH record: 30 min, 2 leads, 360 Hz."""
    path = folder / "mitdb" / name
    head, *channels = path.with_suffix(".hea").read_text().splitlines()
    fields = [line.split() for line in channels[: int(head.split()[1])]]
    raw = np.frombuffer(lzma.decompress(path.with_suffix(".dat.xz").read_bytes()), np.uint8)
    raw = raw.reshape(-1, 3).astype(np.int32)
    adc = np.array((raw[:, 0] | (raw[:, 1] & 0x0F) << 8, raw[:, 2] | (raw[:, 1] & 0xF0) << 4), np.float64)
    adc -= 4096 * (adc > 2047)
    zero, gain = (np.array([float(each[at].split("/")[0]) for each in fields]) for at in (4, 2))
    with gzip.open(path.with_suffix(".atr.csv.gz"), "rt") as lines:
        rows = list(csv.reader(lines, quoting=csv.QUOTE_NONE))[1:]
    ecg_mv = (adc - zero[:, None]) / gain[:, None]
    return Ecg(name=name, ecg_mv=ecg_mv, fs_hz=360.0, annotations=_annotations(rows, 360.0))


def nstdb(folder: Path, snr_db: int) -> Ecg:
    """Return 2 min of MIT-BIH record 118 with electrode motion at an SNR of 24, 12, 6 or 0 dB; scaled arbitrarily."""
    path = folder / "nstdb_118" / f"118e{snr_db:02}"
    values = _table(gzip.decompress(path.with_suffix(".csv.gz").read_bytes()))
    peaks = np.loadtxt(path.with_name(f"{path.name}_ann.csv"), ndmin=1)
    rows = [[str(int(each)), "N", ""] for each in peaks]
    return Ecg(
        name=path.name, ecg_mv=next(iter(values.values()))[None], fs_hz=360.0, annotations=_annotations(rows, 360)
    )


def bidmc(folder: Path, name: str) -> Breathing:
    """Return a BIDMC record, `bidmc_NN`: 8 min of PPG, ECG and impedance."""
    path = folder / "bidmc" / name
    signals = _table(lzma.decompress(path.with_name(f"{name}_Signals.csv.xz").read_bytes()))
    breaths = list(_table(path.with_name(f"{name}_Breaths.csv").read_bytes()).values())
    first, second = (each[~np.isnan(each)].astype(np.int64) for each in breaths)
    return Breathing(
        name=name,
        ppg=signals["PLETH"],
        ecg=signals["II"],
        resp=signals["RESP"],
        fs_hz=125.0,
        breaths=(first, second),
        numerics=_table(path.with_name(f"{name}_Numerics.csv").read_bytes()),
    )


def cinc2015(folder: Path) -> Iterator[Alarm]:
    """Yield the alarms of the Challenge of 2015, their channels without the unit in the name."""
    for row in _rows(folder / "cinc2015" / "ALARMS.csv"):
        signals = _table(lzma.decompress((folder / "cinc2015" / f"{row['record']}.csv.xz").read_bytes()))
        channels = {key.split("[")[0]: values for key, values in signals.items()}
        is_true = row["true_alarm"] == "1"
        yield Alarm(name=row["record"], alarm=row["alarm"], is_true=is_true, channels=channels, fs_hz=250.0)


def cinc2017(folder: Path) -> Iterator[Strip]:
    """Yield the strips of the Challenge of 2017, 9 to 61 s at 300 Hz."""
    for row in _rows(folder / "cinc2017" / "REFERENCE.csv"):
        signals = _table(lzma.decompress((folder / "cinc2017" / f"{row['record']}.csv.xz").read_bytes()))
        (microvolts,) = signals.values()
        yield Strip(name=row["record"], label=row["label"], ecg_mv=microvolts / 1000, fs_hz=300.0)


def ltafdb(folder: Path, name: str) -> Annotations:
    """Return the beats and rhythms of about 24 h of the Long-Term AF Database, 128 Hz; it comes without the ECG."""
    with lzma.open(folder / "ltafdb_rr" / f"{name}.csv.xz", "rt") as lines:
        rows = [line.rstrip("\n").split(",") for line in lines][1:]
    made = _annotations(rows, 128.0)
    return Annotations(sample=np.cumsum(made.sample), symbol=made.symbol, aux=made.aux, fs_hz=128.0)


def _annotations(rows: list[list[str]], fs_hz: float) -> Annotations:
    sample, symbol, aux = zip(*(row[:3] for row in rows), strict=True)
    return Annotations(
        sample=np.array(sample, np.int64), symbol=np.array(symbol), aux=np.array(aux), fs_hz=float(fs_hz)
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def _table(raw: bytes) -> dict[str, Floats]:
    """Return a CSV of numbers by column; an empty cell is NaN."""
    head, *lines = raw.decode().splitlines()
    columns = [each.strip() for each in head.split(",")]
    cells = ",".join(line or "," * (len(columns) - 1) for line in lines).replace("NaN", "nan")
    for _ in range(2):  # two passes, as neighbours share a comma
        cells = cells.replace(",,", ",nan,")
    cells = f"nan{cells}" if cells.startswith(",") else cells
    values = np.fromstring(f"{cells}nan" if cells.endswith(",") else cells, sep=",")
    return dict(zip(columns, values.reshape(-1, len(columns)).T, strict=True))
