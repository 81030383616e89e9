"""Waveforms of synthetic hearts as devices send them: blocks, pieces, and the features of cells."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from alerting.features import Batch, Signal, batch
from alerting.signal.records import Floats
from alerting.waves_cells import begins_us
from alerting.waves_read import Wanted, read
from tests.builders_alerting import NOW_S, a_batch
from tests.builders_hearts import FS_HZ, Heart, heart, lead, pulse, steady
from ward.people import StayId
from ward.plans import Plan
from ward.traces import Channel, Piece
from ward.wave_features import FeatureRow, Strip, WaveFeature
from ward.waveforms import WAVES, WaveformBlock, WaveKind

START_S: Final = round(NOW_S)
PPG_HZ: Final = 125.0
SCALE: Final = 0.005


def a_heart(length_s: float = 240.0, per_min: float = 70.0) -> Heart:
    """Make a steady heart."""
    return heart(steady(per_min, end_s=length_s))


def blocks(
    samples: Floats, *, kind: WaveKind = WaveKind.ECG, fs_hz: float = FS_HZ, every_s: float = 10.0, after_s: float = 0.0
) -> list[WaveformBlock]:
    """Cut a signal that begins `after_s` after `START_S` into blocks."""
    raw = np.round(samples / SCALE).astype("<i2")
    step = round(every_s * fs_hz)
    return [
        WaveformBlock(
            kind=kind,
            lead="II" if kind is WaveKind.ECG else "pleth",
            measured_us=round((START_S + after_s + begin / fs_hz) * 1_000_000),
            fs_hz=fs_hz,
            unit="mV" if kind is WaveKind.ECG else "1",
            scale=SCALE,
            offset=0.0,
            samples=raw[begin : begin + step].tobytes(),
        )
        for begin in range(0, len(raw), step)
    ]


def ecg_of(of: Heart, length_s: float = 240.0) -> list[WaveformBlock]:
    """Blocks of a heart's ECG."""
    return blocks(lead(of, length_s=length_s))


def ppg_of(of: Heart, length_s: float = 240.0) -> list[WaveformBlock]:
    """Blocks of a heart's pulse wave."""
    return blocks(pulse(of, fs_hz=PPG_HZ, length_s=length_s), kind=WaveKind.PPG, fs_hz=PPG_HZ)


def pieces_of(sent: Sequence[WaveformBlock], device_no: int = 1) -> tuple[Piece, ...]:
    """Decode blocks."""
    return tuple(
        Piece(
            channel=Channel(
                kind=WAVES[each.kind].code,
                lead=each.lead,
                device_no=device_no,
                fs_hz=each.fs_hz,
                unit=each.unit,
                scale=each.scale,
                offset=each.offset,
            ),
            t0_us=each.measured_us,
            samples=np.frombuffer(each.samples, "<i2").astype(np.int16),
        )
        for each in sent
    )


def cell_at(seconds: float) -> int:
    """Return the cell that begins so many seconds after the start."""
    return round(START_S + seconds) // 10


def told(sent: Sequence[WaveformBlock], at_s: float) -> dict[WaveFeature, FeatureRow]:
    """Return the features of the cell that begins `at_s` seconds after the start."""
    (rows,) = read([Wanted(stay_id=StayId(1), cell=cell_at(at_s), pieces=pieces_of(sent))])
    return {row.feature: row for row in rows}


def a_row(
    feature: WaveFeature, ago_s: float, value: float, *, quality: float = 0.95, reasons: int = 0,
    strip: Strip | None = None,
) -> FeatureRow:  # fmt: skip
    """Make a feature of the ten seconds that ended so long before now."""
    at_us = round((NOW_S - ago_s) * 1_000_000)
    return FeatureRow(
        feature=feature, at_us=at_us, value=value, quality=quality, reasons=reasons, lead="II", strip=strip
    )


def good_ecg(from_s: float, until_s: float = 0.0, quality: float = 0.95, reasons: int = 0) -> list[FeatureRow]:
    """Make ten seconds after ten seconds of an ECG of this quality, from so long before now until so long before."""
    times = np.arange(from_s, until_s - 1, -10)
    return [a_row(WaveFeature.ECG_QUALITY, float(ago), quality, reasons=reasons) for ago in times]


def collected(rows: Sequence[tuple[int, FeatureRow]], stays: int) -> dict[WaveFeature, Signal]:
    """Bring rows, (index of the stay, row), into columns."""
    made = {}
    for feature in {row.feature for _, row in rows}:
        mine = sorted(((stay, row) for stay, row in rows if row.feature is feature), key=lambda each: (
            each[0], each[1].at_us,
        ))  # fmt: skip
        made[feature] = Signal(
            t_s=np.array([row.at_us for _, row in mine]) / 1e6,
            value=np.array([row.value for _, row in mine]),
            quality=np.array([row.quality for _, row in mine]),
            reasons=np.array([row.reasons for _, row in mine], np.int64),
            offsets=np.searchsorted([stay for stay, _ in mine], np.arange(stays + 1)).astype(np.int64),
            strips={place: row.strip for place, (_, row) in enumerate(mine) if row.strip is not None},
        )
    return made


def waved(*rows: FeatureRow, plan: Plan | None = None, base: Batch | None = None) -> Batch:
    """Make a batch of one stay with these features."""
    made = base or a_batch(plan=plan)
    return replace(made, signals=collected([(0, row) for row in rows], 1))


def ward_of(*stays: Sequence[FeatureRow]) -> Batch:
    """Make a batch of several stays with features."""
    one = a_batch().stays[0]
    many = [replace(one, stay_id=StayId(number + 1)) for number in range(len(stays))]
    signals = collected([(index, row) for index, rows in enumerate(stays) for row in rows], len(stays))
    return batch(many, {}, signals=signals)


def begins_s(cell: int) -> float:
    """Return when a cell begins, seconds after the start."""
    return begins_us(cell) / 1e6 - START_S
