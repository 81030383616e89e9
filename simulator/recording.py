"""A recording as it is played: values and curves of one person, from 0 s on. Pure values, and what becomes of channels.

Knows no file format (`replay` and its readers). The invariant: every number of a file is in a sample or a stretch, at
its time; a gap is a gap, and what a name does not say is left out by name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from simulator.device import Sample
from simulator.noise import Floats
from simulator.waves.channels import BLOCK_S, Stretch
from ward.vitals import VITALS, VitalKind
from ward.waveforms import HIGHEST_FS_HZ, LOWEST_FS_HZ, WAVES, WaveKind

_STEPS: Final = 60_000  # of an int16, for what a channel spans

_LEADS: Final = {lead.lower(): lead for lead in WAVES[WaveKind.ECG].leads} | {
    "mlii": "II", "mliii": "III", "v": "V", "ecg": "patch", "ekg": "patch",
}  # fmt: skip
_OTHERS: Final = {
    "pleth": (WaveKind.PPG, "pleth"), "ppg": (WaveKind.PPG, "pleth"), "red": (WaveKind.PPG, "red"),
    "infrared": (WaveKind.PPG, "infrared"), "green": (WaveKind.PPG, "green"),
    "resp": (WaveKind.RESP, "impedance"), "impedance": (WaveKind.RESP, "impedance"),
    "thorax": (WaveKind.RESP, "thorax"), "abdomen": (WaveKind.RESP, "abdomen"),
}  # fmt: skip
_NUMERICS: Final = {
    "hr": VitalKind.HEART_RATE, "heart_rate": VitalKind.HEART_RATE, "rr": VitalKind.RESP_RATE,
    "resp": VitalKind.RESP_RATE, "resp_rate": VitalKind.RESP_RATE, "spo2": VitalKind.SPO2, "sao2": VitalKind.SPO2,
    "%spo2": VitalKind.SPO2, "temp": VitalKind.TEMPERATURE, "nbpsys": VitalKind.SYSTOLIC, "abpsys": VitalKind.SYSTOLIC,
    "nbpdias": VitalKind.DIASTOLIC, "abpdias": VitalKind.DIASTOLIC,
}  # fmt: skip
NUMERICS_HZ: Final = 2.0
"""A channel slower than this holds values of a monitor, not a curve."""
_MILLIVOLTS: Final = {"mv": 1.0, "uv": 0.001, "µv": 0.001, "v": 1000.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One person's recording: samples and stretches in order of time, from 0 s on; `left_out` names other channels."""

    name: str
    samples: tuple[Sample, ...]
    length_s: float
    waves: tuple[Stretch, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A channel of a file: its name there, values (n,) with NaN where there is none, how many a second, their unit."""

    name: str
    values: Floats
    fs_hz: float
    unit: str


def of_columns(name: str, columns: Sequence[Column]) -> Recording:
    """Return the recording of a file's channels, each beginning at 0 s."""
    samples, waves, left_out = [], [], []
    for each in columns:
        kind = _NUMERICS.get(_plain(each.name)) if each.fs_hz < NUMERICS_HZ else None
        if kind is not None:
            samples += list(_values(kind, each))
        elif (found := channel_of(each.name)) and NUMERICS_HZ <= each.fs_hz <= HIGHEST_FS_HZ:
            waves += list(_stretches(*found, each))
        else:
            left_out.append(each.name)
    return Recording(
        name=name,
        samples=tuple(sorted(samples, key=lambda each: each.t_s)),
        length_s=max((len(each.values) / each.fs_hz for each in columns), default=0.0),
        waves=tuple(sorted(waves, key=lambda each: each.t_s)),
        left_out=tuple(left_out),
    )


def channel_of(name: str) -> tuple[WaveKind, str] | None:
    """Return what kind and lead a channel of this name is, None where it does not say."""
    words = _plain(name).replace("-", " ").replace("_", " ").split()
    for word in (_plain(name), *reversed(words)):  # "ECG II" is lead II
        if word in _LEADS:
            return WaveKind.ECG, _LEADS[word]
        if word in _OTHERS:
            return _OTHERS[word]
    return None


def _plain(name: str) -> str:
    return name.partition("[")[0].strip().lower()


def _values(kind: VitalKind, column: Column) -> Iterator[Sample]:
    vital = VITALS[kind]
    for number in np.flatnonzero(np.isfinite(column.values)):
        value = float(column.values[number])
        if vital.low <= value <= vital.high:
            yield Sample(t_s=float(number / column.fs_hz), kind=kind, value=value, quality=None)


def _stretches(kind: WaveKind, lead: str, column: Column) -> Iterator[Stretch]:
    """Yield the parts of a channel between its gaps, as steps of an int16 that span it."""
    unit = next(iter(WAVES[kind].units))
    factor = _MILLIVOLTS.get(column.unit.lower(), 1.0) if kind is WaveKind.ECG else 1.0
    values = factor * column.values
    there = np.isfinite(values)
    if not there.any():
        return
    low, high = float(np.min(values[there])), float(np.max(values[there]))
    scale, offset = max((high - low) / _STEPS, 1e-9), (high + low) / 2
    edges = np.flatnonzero(np.diff(np.concatenate(([0], there.astype(np.int8), [0]))))
    for begin, end in edges.reshape(-1, 2).tolist():
        steps = np.rint((values[begin:end] - offset) / scale).astype("<i2")
        yield Stretch(
            t_s=begin / column.fs_hz, kind=kind, lead=lead, fs_hz=max(column.fs_hz, LOWEST_FS_HZ), unit=unit,
            scale=scale, offset=offset, samples=steps.tobytes(),
        )  # fmt: skip


def ten_seconds(recording: Recording, from_s: float) -> list[Stretch]:
    """Return what of the curves lies in the ten seconds from an instant on; several parts where there are gaps."""
    found = []
    for each in recording.waves:
        steps: npt.NDArray[np.int16] = np.frombuffer(each.samples, "<i2")
        first, end = (round((at_s - each.t_s) * each.fs_hz) for at_s in (from_s, from_s + BLOCK_S))
        first, end = max(first, 0), min(end, len(steps))
        if first < end:
            found.append(replace(each, t_s=each.t_s + first / each.fs_hz, samples=steps[first:end].tobytes()))
    return found
