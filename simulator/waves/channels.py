"""The channels a device may have: what is sampled, how often, in which steps. Pure.

Knows no clock: instants are seconds of simulated time. The invariant: the samples of [a, b) and of [b, c) are together
those of [a, c), number n of a channel at n / fs_hz.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from simulator.noise import Floats
from simulator.physiology import Body
from simulator.waves import ecg, movement, pulse
from ward.waveforms import WaveKind

Draw = Callable[[Body, int, int, float], Floats]
BLOCK_S: Final = 10.0
_LARGEST: Final = 32_767


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A sensor's channel: what it samples `fs_hz` times a second, in steps of `scale` from `offset`, in `unit`."""

    kind: WaveKind
    lead: str
    fs_hz: float
    unit: str
    scale: float
    draw: Draw
    offset: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Samples of one channel, the first at `t_s`, which is s of simulated time; little-endian int16."""

    t_s: float
    kind: WaveKind
    lead: str
    fs_hz: float
    unit: str
    scale: float
    offset: float
    samples: bytes


def _ecg(lead: str) -> Channel:
    def drawn(body: Body, first: int, count: int, fs_hz: float) -> Floats:
        return ecg.millivolts(body, lead, first, count, fs_hz)

    return Channel(kind=WaveKind.ECG, lead=lead, fs_hz=250.0, unit="mV", scale=0.00488, draw=drawn)


def _light(lead: str) -> Channel:
    def drawn(body: Body, first: int, count: int, fs_hz: float) -> Floats:
        return pulse.light(body, lead, first, count, fs_hz)

    scale, offset = (1 / 4096, 0.0) if lead == "pleth" else (1 / 65_536, 1.0)
    return Channel(kind=WaveKind.PPG, lead=lead, fs_hz=125.0, unit="1", scale=scale, offset=offset, draw=drawn)


def _accel(axis: str) -> Channel:
    def drawn(body: Body, first: int, count: int, fs_hz: float) -> Floats:
        return movement.acceleration(body, axis, first, count, fs_hz)

    return Channel(kind=WaveKind.ACCEL, lead=axis, fs_hz=25.0, unit="m/s2", scale=0.005, draw=drawn)


_CHEST: Final = Channel(kind=WaveKind.RESP, lead="impedance", fs_hz=25.0, unit="Ohm", scale=0.002, draw=pulse.impedance)
CHANNELS: Final[Mapping[str, Channel]] = MappingProxyType(
    {
        f"{each.kind}.{each.lead}": each
        for each in (
            *(_ecg(lead) for lead in ecg.LEADS),
            *(_light(lead) for lead in pulse.LEADS),
            _CHEST,
            *(_accel(axis) for axis in (*"xyz", "magnitude")),
        )
    }
)
"""By the names that scenario files and devices use: `ecg.II`, `ppg.pleth`, `resp.impedance`, `accel.z` …"""


def sampled(body: Body, channel: Channel, first: int, count: int) -> Stretch:
    """Return samples `first` to `first + count` of a channel on a body."""
    values = np.rint((channel.draw(body, first, count, channel.fs_hz) - channel.offset) / channel.scale)
    samples = np.clip(values, -_LARGEST, _LARGEST).astype("<i2").tobytes()
    return Stretch(
        t_s=first / channel.fs_hz,
        kind=channel.kind,
        lead=channel.lead,
        fs_hz=channel.fs_hz,
        unit=channel.unit,
        scale=channel.scale,
        offset=channel.offset,
        samples=samples,
    )
