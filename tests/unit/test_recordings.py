"""Recordings from files: what is read, in which units, and what is refused in words."""

import gzip
import lzma
from pathlib import Path

import numpy as np
import pytest

from onebox.recordings import read
from ward.errors import ConfigError


def a_record(folder: Path, form: str, raw: bytes, *, packed: bool = False) -> Path:
    """Write a WFDB record of two channels."""
    name = "r1.dat.xz" if packed else "r1.dat"
    (folder / name).write_bytes(lzma.compress(raw) if packed else raw)
    line = f"r1.dat {form} 200(10)/mV 12 10 0 0 0"
    head = folder / "r1.hea"
    head.write_text(f"r1 2 250 3\n{line} MLII\nr1.dat {form} 100 12 0 0 0 0 V5\n# a remark\n")
    return head


@pytest.mark.parametrize("packed", [True, False])
def test_format_16_is_read_in_millivolts(tmp_path: Path, *, packed: bool) -> None:
    """Two bytes a sample, zero and gain as the header says; the lowest number is a missing sample."""
    raw = np.array([210, 100, 10, -100, -32768, 0], "<i2").tobytes()
    found = read(a_record(tmp_path, "16", raw, packed=packed), None)

    assert (found.name, found.fs_hz, list(found.channels)) == ("r1", 250.0, ["MLII", "V5"])
    np.testing.assert_allclose(found.channels["MLII"], [1, 0, np.nan])
    np.testing.assert_allclose(found.channels["V5"], [1, -1, 0])


def test_format_212_is_read(tmp_path: Path) -> None:
    """Two samples of twelve bits lie in three bytes, negative ones too."""
    first, second = 210, -100 & 0xFFF
    raw = bytes((first & 0xFF, (first >> 8) | ((second >> 8) << 4), second & 0xFF))
    found = read(a_record(tmp_path, "212", raw), None)

    np.testing.assert_allclose([found.channels["MLII"][0], found.channels["V5"][0]], [1, -1])


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "csv.xz"])
def test_csv_is_read_by_its_header(tmp_path: Path, ending: str) -> None:
    """Columns are named without their units, and an empty cell is a missing sample."""
    text = b"II[mV],PLETH\n0.5,1\n,2\n0.25,3\n"
    packed = {"csv": text, "csv.gz": gzip.compress(text), "csv.xz": lzma.compress(text)}
    path = tmp_path / f"one.{ending}"
    path.write_bytes(packed[ending])
    found = read(path, 125)

    assert (found.name, found.length_s) == ("one", 3 / 125)
    np.testing.assert_allclose(found.channels["II"], [0.5, np.nan, 0.25])


@pytest.mark.parametrize(
    ("name", "content", "fs_hz", "fault"),
    [
        ("a.csv", b"ecg\n1\n", None, "add --fs"),
        ("a.csv", b"ecg,ppg\n1\n", 100.0, "the header names 2 columns, and there are 1"),
        ("a.csv.xz", b"no xz", 100.0, "no recording of a form"),
        ("a.hea", b"a 1 250\n", None, "one file in format"),
        ("a.hea", b"a 1 250\na.dat 80 200\n", None, "only records of one file in format 16 or 212"),
        ("a.hea", b"not a header", None, "no recording of a form"),
    ],
)
def test_what_is_no_recording_is_refused_in_words(
    tmp_path: Path, name: str, content: bytes, fs_hz: float | None, fault: str
) -> None:
    """Whatever cannot be read is named with what is wrong."""
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(ConfigError, match=fault):
        read(path, fs_hz)


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A record that is not there is said to be not there."""
    with pytest.raises(ConfigError, match=r"nowhere\.hea: cannot be read"):
        read(tmp_path / "nowhere", None)
