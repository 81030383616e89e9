"""Recordings of curves and values in the forms of the field, and in our own: what was written is what is played."""

import gzip
import lzma
from pathlib import Path

import edfio
import numpy as np
import pytest
import wfdb

from simulator import recording, replay, replay_stream
from simulator.device import Sample
from simulator.recording import Column, Recording
from simulator.waves.channels import Stretch
from ward.errors import ConfigError
from ward.vitals import VitalKind
from ward.waveforms import WaveKind

HEAD = '{"hemvakt_recording": 1, "length_s": 1}\n'
BLOCK = (
    '{"line":"block","t_s":0,"kind":"ecg","lead":"II","fs_hz":250,"unit":"mV","scale":1,"offset":0,"samples":"AAA="}'
)
TIME_S = np.arange(0.0, 30.0, 1 / 250)
HEART = np.round(np.sin(2 * np.pi * 1.2 * TIME_S) ** 15, 3)  # mV
PULSE = 0.5 + 0.3 * np.sin(2 * np.pi * 1.2 * TIME_S[::2])


def values(stretch: Stretch) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The physical values of a stretch."""
    return np.frombuffer(stretch.samples, "<i2") * stretch.scale + stretch.offset


def by_lead(found: Recording) -> dict[str, Stretch]:
    """The curves of a recording without gaps, by kind and lead."""
    return {f"{each.kind}.{each.lead}": each for each in found.waves}


def test_wfdb_record_is_played_at_each_signal_s_own_rate(tmp_path: Path) -> None:
    """Microvolts become millivolts, and a slow signal keeps its rate; an unknown channel is named."""
    signals = {"MLII": (1000 * HEART, "uV", 250), "PLETH": (PULSE, "NU", 125), "CO2": (HEART, "mmHg", 250)}
    wfdb.wrsamp(
        "one",
        fs=125,
        units=[unit for _, unit, _ in signals.values()],
        sig_name=list(signals),
        e_p_signal=[each for each, _, _ in signals.values()],
        samps_per_frame=[fs // 125 for _, _, fs in signals.values()],
        fmt=["16"] * 3,
        write_dir=str(tmp_path),
    )
    (found,) = replay.read(tmp_path / "one.hea")
    curves = by_lead(found)

    assert {name: each.fs_hz for name, each in curves.items()} == {"ecg.II": 250.0, "ppg.pleth": 125.0}
    assert values(curves["ecg.II"]) == pytest.approx(HEART, abs=0.002)
    assert values(curves["ppg.pleth"]) == pytest.approx(PULSE, abs=0.002)
    assert (found.left_out, found.length_s) == (("CO2",), 30.0)
    assert replay.read(tmp_path / "one") == (found,)


def test_edf_holds_curves_and_a_monitor_s_values(tmp_path: Path) -> None:
    """Signals of 1 Hz with a vital sign's name are values; the others are curves in their units."""
    spo2 = np.array([97.0, 96.0, 95.0] * 10)
    edfio.Edf(
        [
            edfio.EdfSignal(HEART, 250, label="ECG II", physical_dimension="mV", physical_range=(-2, 2)),
            edfio.EdfSignal(spo2, 1, label="SpO2", physical_dimension="%", physical_range=(0, 100)),
        ]
    ).write(tmp_path / "two.edf")
    (found,) = replay.read(tmp_path / "two.edf")

    assert values(by_lead(found)["ecg.II"]) == pytest.approx(HEART, abs=0.001)
    assert [round(each.value) for each in found.samples] == spo2.tolist()
    assert {each.kind for each in found.samples} == {VitalKind.SPO2}


def test_signals_in_csv_need_their_rate(tmp_path: Path) -> None:
    """A compressed CSV of signals is read with a rate and refused without; a missing sample is a break in the curve."""
    rows = [f"{heart},{pulse}" for heart, pulse in zip(HEART[:500], PULSE[:500], strict=True)]
    rows[200] = ",0.5"
    path = tmp_path / "three.csv.xz"
    path.write_bytes(lzma.compress("\n".join(["II[mV],PLETH", *rows]).encode()))

    (found,) = replay.read(path, 250.0)
    assert [(each.lead, len(each.samples) // 2) for each in found.waves] == [("II", 200), ("pleth", 500), ("II", 299)]
    assert found.waves[2].t_s == pytest.approx(201 / 250)
    with pytest.raises(ConfigError, match="add --fs"):
        replay.read(path)


def test_ten_seconds_follow_each_other_without_a_gap() -> None:
    """Whatever lies in ten seconds is given once, with its own time; beyond the end there is nothing."""
    holes = HEART.copy()
    holes[3000:3100] = np.nan
    found = recording.of_columns("x", [Column(name="II", values=holes, fs_hz=250.0, unit="mV")])
    parts = [recording.ten_seconds(found, at_s) for at_s in (0.0, 10.0, 20.0, 30.0)]

    assert [[round(each.t_s, 3) for each in part] for part in parts] == [[0.0], [10.0, 12.4], [20.0], []]
    joined = np.concatenate([values(each) for part in parts for each in part])
    assert joined == pytest.approx(holes[~np.isnan(holes)], abs=0.001)


def test_own_stream_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Lines hold seconds, kinds and numbers, and nothing else; what is read back is equal."""
    samples = [Sample(t_s=0.0, kind=VitalKind.SPO2, value=96.5, quality=0.9)]
    samples.append(Sample(t_s=3.25, kind=VitalKind.HEART_RATE, value=71.0, quality=None))
    block = Stretch(
        t_s=1.5,
        kind=WaveKind.PPG,
        lead="pleth",
        fs_hz=125.0,
        unit="1",
        scale=0.01,
        offset=0.5,
        samples=b"\x01\x00\x02\x80",
    )
    written = b"".join(replay_stream.lines(replay_stream.Head(hemvakt_recording=1, length_s=9.0), [*samples, block]))
    (tmp_path / "four.jsonl.gz").write_bytes(gzip.compress(written))
    (found,) = replay.read(tmp_path / "four.jsonl.gz")

    assert (found.samples, found.waves, found.length_s) == (tuple(samples), (block,), 9.0)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{}", "no recording of Hemvakt's"),
        ('{"hemvakt_recording": 2, "length_s": 1}', "of version 2; 1 is read here"),
        (HEAD + '{"line":"value","t_s":0,"kind":"pulse","value":1}', "line 2: .*pulse"),
        (HEAD + BLOCK.replace("II", "IX"), "line 2: lead 'IX'"),
        (HEAD + BLOCK.replace("AAA=", "AA=="), "line 2: lead 'II', 1 bytes"),
        (HEAD, "nothing that can be played"),
    ],
)
def test_wrong_stream_is_said_in_words(tmp_path: Path, text: str, fault: str) -> None:
    """A fault names the file, the line and what was expected."""
    (tmp_path / "five.jsonl").write_text(text)

    with pytest.raises(ConfigError, match=fault):
        replay.read(tmp_path / "five.jsonl")


@pytest.mark.parametrize("name", ["six.hea", "six.edf", "six.bdf", "six.csv", "six.jsonl.gz"])
def test_torn_file_is_said_in_words(tmp_path: Path, name: str) -> None:
    """A file that is not what its name says is refused in a sentence, whatever the reader does with it."""
    (tmp_path / name).write_bytes(b"one 2 three\n\xff\xfe")

    with pytest.raises(ConfigError, match="six"):
        replay.read(tmp_path / name)
