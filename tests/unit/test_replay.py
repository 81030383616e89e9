"""Recordings: read whole, gaps as gaps, and a wrong file said in words."""

from pathlib import Path

import pytest

from onebox.environment import PROJECT
from simulator import replay
from ward.errors import ConfigError
from ward.vitals import VitalKind

RECORDINGS = PROJECT.parent / "shared" / "data" / "bidmc"


def a_file(folder: Path, *rows: str, name: str = "one_Numerics.csv") -> Path:
    """Write a recording with the usual header."""
    path = folder / name
    path.write_text("\n".join(["Time [s], HR, PULSE, RESP, SpO2", *rows]) + "\n")
    return path


def test_every_number_becomes_a_sample_at_its_second(tmp_path: Path) -> None:
    """Pulse, breathing and saturation are read; what is missing is missing."""
    (recording,) = replay.read(a_file(tmp_path, "-0,77,75,17,97", "1,NaN,75,,96"))

    found = [(each.t_s, each.kind, each.value) for each in recording.samples]
    assert found == [
        (0.0, VitalKind.HEART_RATE, 77.0),
        (0.0, VitalKind.RESP_RATE, 17.0),
        (0.0, VitalKind.SPO2, 97.0),
        (1.0, VitalKind.SPO2, 96.0),
    ]
    assert recording.length_s == 2.0


def test_folder_is_read_by_name(tmp_path: Path) -> None:
    """Each recording of a folder is one device's, in the order of their names."""
    a_file(tmp_path, "0,77,75,17,97", name="b_Numerics.csv")
    a_file(tmp_path, "0,78,75,17,97", name="a_Numerics.csv")

    assert [each.name for each in replay.read(tmp_path)] == ["a_Numerics", "b_Numerics"]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [(("0,high,75,17,97",), "line 2: hr is 'high'"), ((",77,75,17,97",), "the time is missing"), ((), "no value")],
)
def test_wrong_file_is_said_in_words(tmp_path: Path, rows: tuple[str, ...], fault: str) -> None:
    """A fault names the file, the line and what was expected."""
    with pytest.raises(ConfigError, match=fault):
        replay.read(a_file(tmp_path, *rows))


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    """Another table, an empty folder and a path that is not there are named."""
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    (tmp_path / "empty").mkdir()

    for path, fault in ((other, "no numerics recording"), (tmp_path / "empty", "holds no"), (tmp_path / "x", "exist")):
        with pytest.raises(ConfigError, match=fault):
            replay.read(path)


@pytest.mark.parametrize("path", sorted(RECORDINGS.glob("*_Numerics.csv")) or [None])
def test_real_recordings_are_read_whole(path: Path | None) -> None:
    """Where real recordings lie beside the project, each gives about eight minutes of every second."""
    if path is None:
        assert not RECORDINGS.exists()
        return
    (recording,) = replay.read(path)

    assert 470 <= recording.length_s <= 490
    assert len(recording.samples) > 1000
