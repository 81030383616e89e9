"""Recordings of signals in the formats of the field: WFDB by `wfdb`, EDF and BDF by `edfio`. Reads files only.

Both readers come with the extra `recordings`. The invariant: values are physical, in the unit that the file names; a
sample that the format marks as missing is NaN.
"""

from pathlib import Path

import numpy as np

from simulator.recording import Column, Recording, of_columns
from ward.errors import ConfigError

_INSTALL = "install the readers with: pip install 'hemvakt[recordings]'"


def wfdb(path: Path) -> Recording:
    """Read a WFDB record by its header, `NAME.hea`; its signals may have rates of their own.

    Raises
    ------
    ConfigError
        It cannot be read, or the reader is not installed.
    """
    try:
        import wfdb as reader  # noqa: PLC0415 - not needed by who replays nothing
    except ImportError as error:
        raise ConfigError(f"{path} is a WFDB record: {_INSTALL}") from error
    try:
        record = reader.rdrecord(str(path.with_suffix("")), smooth_frames=False)
    except (OSError, ValueError, IndexError, TypeError, KeyError) as error:
        raise ConfigError(f"{path} cannot be read as a WFDB record: {error}") from error
    columns = [
        Column(
            name=name, values=np.asarray(values, np.float64), fs_hz=float(record.fs) * per_frame, unit=str(unit or "")
        )
        for name, values, per_frame, unit in zip(
            record.sig_name, record.e_p_signal, record.samps_per_frame, record.units, strict=True
        )
    ]
    return of_columns(path.stem, columns)


def edf(path: Path) -> Recording:
    """Read an EDF, EDF+ or BDF file; annotations are passed over.

    Raises
    ------
    ConfigError
        It cannot be read, or the reader is not installed.
    """
    try:
        import edfio  # noqa: PLC0415 - not needed by who replays nothing
    except ImportError as error:
        raise ConfigError(f"{path} is an EDF file: {_INSTALL}") from error
    try:
        opened = edfio.read_bdf(path) if path.suffix.lower() == ".bdf" else edfio.read_edf(path)
        columns = [
            Column(
                name=each.label,
                values=np.asarray(each.data, np.float64),
                fs_hz=float(each.sampling_frequency),
                unit=each.physical_dimension,
            )
            for each in opened.signals
        ]
    except (OSError, ValueError, IndexError, EOFError) as error:
        raise ConfigError(f"{path} cannot be read as EDF: {error}") from error
    return of_columns(path.stem, columns)
