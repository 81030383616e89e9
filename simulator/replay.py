"""Recordings from files, by their endings: CSV, WFDB, EDF, and our own streams. Reads files and does nothing else.

The invariant: a path gives recordings in the order of their names, or says in words why it gives none.
"""

from pathlib import Path
from typing import Final

from simulator import replay_csv, replay_signals, replay_stream
from simulator.recording import Recording
from ward.errors import ConfigError

_EDF: Final = (".edf", ".bdf")
_CSV: Final = (".csv", ".csv.gz", ".csv.xz")
FORMS: Final = "CSV (.csv, .gz, .xz), WFDB (.hea), EDF (.edf, .bdf) or what `hemvakt record` writes (.jsonl, .gz)"


def read(path: Path, fs_hz: float | None = None) -> tuple[Recording, ...]:
    """Read a recording, or all of a folder: those of its numerics CSV files if it has any, else all that are known.

    Parameters
    ----------
    path : a file, a WFDB record by the name of its header, or a folder
    fs_hz : Hz, of signals in CSV, which do not say

    Raises
    ------
    ConfigError
        Nothing is there, or a file is no such recording; says which, where, and what was expected.
    """
    if path.is_file():
        return (_recording(path, fs_hz),)
    if path.with_suffix(".hea").is_file():
        return (_recording(path.with_suffix(".hea"), fs_hz),)
    if not path.is_dir():
        raise ConfigError(f"{path} does not exist; give a file, or a folder of files: {FORMS}")
    found = sorted(path.glob("*_Numerics.csv")) or sorted(each for each in path.iterdir() if _ending(each))
    if not found:
        raise ConfigError(f"{path} holds no recordings; known are {FORMS}")
    return tuple(_recording(each, fs_hz) for each in found)


def _ending(path: Path) -> str:
    """Return how a file is read by its name: `hea`, `edf`, `jsonl`, `csv`, or empty."""
    name = path.name.lower()
    kinds = {"hea": (".hea",), "edf": _EDF, "jsonl": replay_stream.ENDINGS, "csv": _CSV}
    return next((kind for kind, endings in kinds.items() if name.endswith(endings)), "")


def _recording(path: Path, fs_hz: float | None) -> Recording:
    match _ending(path):
        case "hea":
            found = replay_signals.wfdb(path)
        case "edf":
            found = replay_signals.edf(path)
        case "jsonl":
            found = replay_stream.read(path)
        case _:
            found = replay_csv.read(path, fs_hz)
    if not found.samples and not found.waves:
        names = ", ".join(found.left_out) or "none"
        raise ConfigError(f"{path} holds nothing that can be played; its channels are {names}")
    return found
