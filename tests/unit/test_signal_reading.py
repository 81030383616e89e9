"""A recording as a page and as a picture: what was seen is on it, and what was not is said."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from hemvakt import app
from onebox.recordings import Recording
from onebox.signal_picture import draw, save
from onebox.signal_reading import page
from tests.builders_hearts import an_ecg, evenly
from tests.unit.signal.waves import pulse_wave
from ward.errors import ConfigError

PEAKS = evenly(72, 70)


def a_recording() -> Recording:
    """Return 70 s of ECG with a ventricular beat and a noisy stretch, PPG, chest, and a channel of no known name."""
    ecg = an_ecg(PEAKS, 70, kinds="N" * 10 + "V")
    ecg[12_000:14_000] += np.random.default_rng(1).standard_normal(2000)
    t_s = np.arange(70 * 250) / 250
    channels = {
        "II": ecg,
        "PLETH": pulse_wave(PEAKS + 0.2, 70, 250),
        "RESP": np.sin(2 * np.pi * 0.25 * t_s),
        "SpO2": np.full(70 * 250, 97.0),
    }
    return Recording(name="made", fs_hz=250.0, channels=channels)


def test_page_says_what_was_seen() -> None:
    """Rate, rhythm, pulses and breaths are told, each beat is marked with its kind, and nothing is left out unsaid."""
    made = page(a_recording(), 0, 30)
    ecg, ppg, chest = made.lanes

    assert [each.name for each in made.lanes] == ["II", "PLETH", "RESP"]
    assert any(each.startswith("II: heart rate 72/min") for each in made.said)
    assert {"PLETH: pulses 72/min", "RESP: breaths 15/min", "not shown: SpO2"} <= set(made.said)
    assert [ecg.marks.called[place] for place in (9, 10, 11)] == ["N", "V", "N"]
    assert np.abs(ecg.marks.at_s[:40] - PEAKS[:40]).max() < 0.02
    assert len(ppg.marks.at_s) == pytest.approx(len(PEAKS), abs=1)
    assert len(chest.marks.at_s) > 5


def test_noise_is_shown_as_unreadable() -> None:
    """In the noisy stretch the quality is low and says why, and beats found there are marked as unreadable."""
    band = page(a_recording(), 40, 20).lanes[0].band

    assert band is not None
    poor = band.index[25:27] < band.readable
    assert poor.all()
    assert all(band.reasons[25:27])
    assert (band.index[:20] > band.readable).all()


def test_part_beyond_the_end_is_refused() -> None:
    """A picture of nothing is not made."""
    with pytest.raises(ConfigError, match=r"lasts 70\.0 s"):
        page(a_recording(), 70, 10)


def test_recording_without_known_channels_is_refused() -> None:
    """Names that say nothing are listed, with those that would."""
    with pytest.raises(ConfigError, match=r"no channel is known by its name \(x, y\)"):
        page(Recording(name="made", fs_hz=250.0, channels={"x": np.zeros(9), "y": np.zeros(9)}), 0, 5)


@pytest.mark.parametrize("begin_s", [0.0, 41.0, 65.0])
def test_picture_has_a_row_for_each_ten_seconds(tmp_path: Path, begin_s: float) -> None:
    """Each row has a lane for each channel, the intervals stand below, and a file of the form that was asked for."""
    made = page(a_recording(), begin_s, 30)
    rows = int(np.ceil(made.length_s / 10))

    assert len(draw(made).axes) == rows * len(made.lanes) + 1
    save(made, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_command_writes_a_picture(tmp_path: Path) -> None:
    """`hemvakt signals plot` reads a CSV, writes the picture, and says where."""
    channels = a_recording().channels
    table = np.column_stack([channels["II"], channels["PLETH"]])[:5000]
    np.savetxt(tmp_path / "one.csv", table, delimiter=",", header="II,PLETH", comments="", fmt="%.4f")
    out = tmp_path / "one.svg"
    done = CliRunner().invoke(app, ["signals", "plot", str(tmp_path / "one.csv"), "--fs", "250", "--out", str(out)])

    assert (done.exit_code, str(out) in done.output) == (0, True)
    assert "<svg" in out.read_text(encoding="utf-8")
