"""Public recordings of ECG and PPG as int16, read from a folder of files as they are published. Nothing is kept here.

`mitdb/NNN.dat.xz` (WFDB format 212, two leads, 360 Hz), `bidmc/*_Signals.csv.xz` (columns PLETH, II, RESP; 125 Hz) and
`cinc2015/*.csv.xz` (a column for each channel, `lead[unit]`, 250 Hz), all compressed with xz. Cite PhysioNet.
"""

import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Int16s = NDArray[np.int16]
_MV = 0.00488  # a usual resolution of a worn ECG, millivolts
_PLETH = 1 / 1023  # the monitors of bidmc digitised the pulse wave with 10 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One channel of a recording, shape (n,)."""

    name: str
    fs_hz: int
    samples: Int16s


def mitdb(folder: Path) -> Iterator[Recording]:
    """Yield both leads of each MIT-BIH record, as they were digitised: 360 Hz, 5 microvolts, 11 bits."""
    for path in sorted((folder / "mitdb").glob("*.dat.xz")):
        raw = np.frombuffer(lzma.decompress(path.read_bytes()), dtype=np.uint8).reshape(-1, 3).astype(np.int32)
        first, second = raw[:, 0] | (raw[:, 1] & 0x0F) << 8, raw[:, 2] | (raw[:, 1] & 0xF0) << 4
        for lead, values in enumerate((first, second)):
            signed = np.where(values > 2047, values - 4096, values).astype(np.int16)
            yield Recording(name=f"{path.name[:3]}.{lead}", fs_hz=360, samples=signed)


def cinc2015_ecg(folder: Path) -> Iterator[Recording]:
    """Yield the ECG channels of the Challenge of 2015, 250 Hz, at the resolution of a worn ECG."""
    for path in sorted((folder / "cinc2015").glob("*.csv.xz")):
        for name, values in _columns(path).items():
            if name.endswith("[mV]"):
                yield Recording(name=f"{path.name[:5]}.{name}", fs_hz=250, samples=_digitised(values, _MV))


def bidmc(folder: Path, column: str) -> Iterator[Recording]:
    """Yield a column of the BIDMC records, 125 Hz: PLETH, II or RESP."""
    scale = _MV if column == "II" else _PLETH
    for path in sorted((folder / "bidmc").glob("*_Signals.csv.xz")):
        yield Recording(name=path.name[:8], fs_hz=125, samples=_digitised(_columns(path)[column], scale))


def day_at_250_hz(folder: Path) -> Int16s:
    """Return 24 hours of ECG at 250 Hz: the MIT-BIH leads one after the other, the first again where they end.

    They are resampled without a change of their band (the recorders cut off at 100 Hz), at the same 5 microvolts.
    """
    wanted = 24 * 3600 * 250
    leads = [_resampled(each.samples[: 1800 * 360]) for each in mitdb(folder)]
    whole = np.concatenate(leads)
    return np.tile(whole, -(-wanted // len(whole)))[:wanted]


def _resampled(samples: Int16s) -> Int16s:
    """Return 30 minutes at 360 Hz as 30 minutes at 250 Hz, by leaving out the upper part of the spectrum."""
    size = len(samples) * 250 // 360
    spectrum = np.fft.rfft(samples.astype(np.float64))[: size // 2 + 1]
    values = np.fft.irfft(spectrum, size) * (size / len(samples))
    return np.clip(np.rint(values), -32_768, 32_767).astype(np.int16)


def _columns(path: Path) -> dict[str, NDArray[np.float64]]:
    head, *lines = lzma.decompress(path.read_bytes()).decode().split()
    values = np.genfromtxt(lines, delimiter=",", dtype=np.float64).reshape(len(lines), -1)
    return dict(zip(head.split(","), values.T, strict=True))


def _digitised(values: NDArray[np.float64], scale: float) -> Int16s:
    return np.rint(values[~np.isnan(values)] / scale).astype(np.int16)
