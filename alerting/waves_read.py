"""The features of cells from the pieces of a stay's waveforms: which channels are read, and which lead speaks.

Pure. Stretches of one rate are read together, over all stays of a pass, since that is what makes it quick; no row
depends on another. Not here: the reading functions (`waves_heart`, `waves_pulse`), the store. The invariant: the same
pieces give the same rows, in whatever company they are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from alerting import waves_claims, waves_heart, waves_pulse
from alerting.waves_cells import Stretch, begins_us, stretch
from alerting.waves_heart import Candidate, Heart
from alerting.waves_pulse import Pulse
from ward.people import StayId
from ward.traces import Channel, Piece
from ward.wave_features import FeatureRow, WaveFeature
from ward.waveforms import WAVES, WaveKind

MOST_LEADS: Final = 2
"""Of a stay's ECG, so many are read: those with the most samples, of equal ones the first by name and device."""
AT_ONCE: Final = 32
"""Stretches read together: what a core's cache holds, and more is no quicker."""

_ECG, _PPG = WAVES[WaveKind.ECG].code, WAVES[WaveKind.PPG].code


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A cell of a stay, and the pieces that overlap its stretch."""

    stay_id: StayId
    cell: int
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What one lead of ECG tells of one cell."""

    lead: Stretch
    heart: Heart
    row: int

    @property
    def quality(self) -> float:
        return float(self.heart.quality[self.row])

    def candidates(self) -> list[Candidate]:
        return [each for each in self.heart.candidates if each.row == self.row]


def read(wanted: Sequence[Wanted]) -> list[list[FeatureRow]]:
    """Return the features of each cell, in the order asked for; none where nothing of it can be looked at."""
    leads = [_leads(each) for each in wanted]
    waves = [_wave(each) for each in wanted]
    hearts = _hearts([lead for each in leads for lead in each])
    beats = _pulses([wave for wave in waves if wave is not None])
    return [
        [
            *_of_heart([hearts[id(lead)] for lead in mine], wave),
            *([] if wave is None else _of_pulse(wave, *beats[id(wave)])),
        ]
        for mine, wave in zip(leads, waves, strict=True)
    ]


def _leads(wanted: Wanted) -> list[Stretch]:
    """Return the leads of one rate that are read, the fullest first."""
    chosen = _channels(wanted, _ECG, waves_heart.LEAST_HZ, waves_heart.MOST_HZ)
    same = [each for each in chosen if each.fs_hz == chosen[0].fs_hz]
    return same[:MOST_LEADS]


def _wave(wanted: Wanted) -> Stretch | None:
    return next(iter(_channels(wanted, _PPG, waves_pulse.LEAST_HZ, waves_pulse.MOST_HZ)), None)


def _channels(wanted: Wanted, kind: int, least_hz: float, most_hz: float) -> list[Stretch]:
    pieces: dict[Channel, list[Piece]] = {}
    for each in wanted.pieces:
        if each.channel.kind == kind and least_hz <= each.channel.fs_hz <= most_hz:
            pieces.setdefault(each.channel, []).append(each)
    laid = [stretch(wanted.cell, pieces[channel]) for channel in sorted(pieces)]
    held = [float(np.count_nonzero(~np.isnan(each.samples))) / each.fs_hz for each in laid]
    order = sorted(range(len(laid)), key=lambda at: -held[at])
    return [laid[at] for at in order if held[at] > 0]


def _hearts(leads: Sequence[Stretch]) -> Mapping[int, _Told]:
    found = {}
    for together in _alike(leads):
        heart = waves_heart.read(np.stack([each.samples for each in together]), together[0].fs_hz)
        found.update({id(each): _Told(lead=each, heart=heart, row=row) for row, each in enumerate(together)})
    return found


def _pulses(waves: Sequence[Stretch]) -> Mapping[int, tuple[Pulse, int]]:
    found = {}
    for together in _alike(waves):
        pulse = waves_pulse.read(np.stack([each.samples for each in together]), together[0].fs_hz)
        found.update({id(each): (pulse, row) for row, each in enumerate(together)})
    return found


def _alike(stretches: Sequence[Stretch]) -> list[list[Stretch]]:
    """Return the stretches of one rate each, as many together as are read at once."""
    by_rate: dict[float, list[Stretch]] = {}
    for each in stretches:
        by_rate.setdefault(each.fs_hz, []).append(each)
    return [same[at : at + AT_ONCE] for same in by_rate.values() for at in range(0, len(same), AT_ONCE)]


def _of_heart(told: Sequence[_Told], wave: Stretch | None) -> list[FeatureRow]:
    """Return what the best lead tells, its candidates checked by all of them."""
    if not told:
        return []
    best = max(told, key=lambda each: each.quality)
    heart, row, lead = best.heart, best.row, best.lead.lead
    at_us = begins_us(best.lead.cell + 1)

    def feature(which: WaveFeature, value: float, quality: float, reasons: int) -> FeatureRow:
        number = round(float(value), 3)
        return FeatureRow(
            feature=which, at_us=at_us, value=number, quality=round(float(quality), 3), reasons=reasons, lead=lead
        )

    leads = [each.lead for each in told]
    found = waves_claims.claims(best.candidates(), leads, wave, lead)
    if heart.blank[row]:
        found += waves_claims.standstill(leads, wave, lead)
    index, reasons = heart.quality[row], int(heart.reasons[row])
    return [
        feature(WaveFeature.ECG_RATE, heart.rate[row], heart.sure[row], int(heart.rate_reasons[row])),
        feature(WaveFeature.ECG_QUALITY, index, index, reasons),
        feature(WaveFeature.AF, heart.af[row], heart.read[row], reasons),
        *_one_each(found),
    ]


def _one_each(rows: Sequence[FeatureRow]) -> list[FeatureRow]:
    """Return one row a feature: two runs may lead to one claim, of which the first stands."""
    return list({row.feature: row for row in reversed(rows)}.values())


def _of_pulse(wave: Stretch, pulse: Pulse, row: int) -> list[FeatureRow]:
    at_us = begins_us(wave.cell + 1)
    index = float(pulse.quality[row])
    rate = (WaveFeature.PULSE_RATE, float(pulse.rate[row]), float(pulse.sure[row]), int(pulse.rate_reasons[row]))
    told = [rate, (WaveFeature.PPG_QUALITY, index, index, int(pulse.reasons[row]))]
    return [
        FeatureRow(
            feature=which,
            at_us=at_us,
            value=round(value, 3),
            quality=round(quality, 3),
            reasons=reasons,
            lead=wave.lead,
        )
        for which, value, quality, reasons in told
    ]
