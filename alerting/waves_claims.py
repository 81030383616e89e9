"""Candidates of the ECG, checked across all channels before they may speak: what each has come to.

Pure. A claim is read from the minute before the moment at which its alarm would have sounded, all leads and the pulse
wave together. Where the ECG of a cell cannot be read at all, it is asked whether the heart stands still or fibrillates,
for then there are no beats to be read. Not here: who is told (`alerting.rules.rhythm`). The invariant: a candidate is
kept with its verdict, whatever that is, so that it can be looked at; what was only asked is kept where it is confirmed.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from alerting.signal import verify
from alerting.signal.records import Floats
from alerting.signal.verify import AlarmKind, Event
from alerting.waves_cells import BACK_S, Stretch, begins_us, resampled
from alerting.waves_heart import Candidate
from ward.wave_features import CELL_S, FeatureRow, Strip, Verdict, WaveFeature

SOUNDS_S: Final = 1.0
"""An alarm sounds so long after what it claims: the pulse of the last beat has reached the finger by then."""
PLETH: Final = "PLETH"

ASKED: Final[Mapping[AlarmKind, frozenset[verify.Sort]]] = {
    AlarmKind.VENTRICULAR_FIBRILLATION: verify.LEADS,
    AlarmKind.ASYSTOLE: verify.FLOWS,
}
"""In this order, since a heart that fibrillates has no usual beats either; and by which channels it must be shown: that
an ECG which cannot be read shows no usual beats says nothing of the heart."""

CLAIMS: Final[Mapping[AlarmKind, WaveFeature]] = {
    AlarmKind.ASYSTOLE: WaveFeature.ASYSTOLE,
    AlarmKind.BRADYCARDIA: WaveFeature.BRADYCARDIA,
    AlarmKind.TACHYCARDIA: WaveFeature.TACHYCARDIA,
    AlarmKind.VENTRICULAR_TACHYCARDIA: WaveFeature.VENTRICULAR_TACHYCARDIA,
    AlarmKind.VENTRICULAR_FIBRILLATION: WaveFeature.VENTRICULAR_FIBRILLATION,
}
VERDICTS: Final[Mapping[verify.Reason, Verdict]] = {
    verify.Reason.CONFIRMED: Verdict.CONFIRMED,
    verify.Reason.UNCONTRADICTED: Verdict.UNCONTRADICTED,
    verify.Reason.UNREADABLE: Verdict.UNREADABLE,
    verify.Reason.CONTRADICTED: Verdict.CONTRADICTED,
}

FEW_BEATS: Final = frozenset({Event.PAUSE, Event.SLOW_RUN})


def claims(found: Sequence[Candidate], leads: Sequence[Stretch], pulse: Stretch | None, lead: str) -> list[FeatureRow]:
    """Return the features of one cell's candidates, those that are claims with their verdict.

    Parameters
    ----------
    found : of one lead; leads : all of the cell's ECG at one rate, that one too; pulse : its pulse wave, if any
    lead : the name of the one that found them
    """
    return [row for each in found for row in _rows(each, leads, pulse, lead)]


def standstill(leads: Sequence[Stretch], pulse: Stretch | None, lead: str) -> list[FeatureRow]:
    """Return fibrillation or asystole of a cell without readable beats, where a channel of good quality shows it.

    Parameters
    ----------
    As of `claims`.
    """
    cell, fs = leads[0].cell, leads[0].fs_hz
    end = round((BACK_S + CELL_S) * fs)
    signals = _before(end, leads, pulse)
    for kind, sorts in ASKED.items():
        checked = verify.verify(signals, fs, kind)
        showing = [each for each in checked.witnesses if each.sort in sorts and _shows(each)]
        if checked.reason is verify.Reason.CONFIRMED and showing:
            shown = max(showing, key=lambda each: each.quality)
            strip = Strip(lead=lead, from_us=begins_us(cell), to_us=begins_us(cell + 1), verdict=Verdict.CONFIRMED)
            return [_row(CLAIMS[kind], cell, shown.value, shown.quality, strip)]
    return []


def _shows(witness: verify.Witness) -> bool:
    return witness.trusted and witness.says is verify.Says.SHOWS


def _rows(found: Candidate, leads: Sequence[Stretch], pulse: Stretch | None, lead: str) -> list[FeatureRow]:
    fs = leads[0].fs_hz
    lasted_s = (found.end - found.begin) / fs
    kind = verify.kind_of(found.event, beats=found.beats, lasted_s=lasted_s, per_min=found.per_min)
    checked = None if kind is None else verify.verify(_before(found.end + round(SOUNDS_S * fs), leads, pulse), fs, kind)
    verdict = None if checked is None else _verdict(found, checked.reason)
    strip = Strip(
        lead=lead,
        from_us=_moment_us(leads[0], found.begin),
        to_us=_moment_us(leads[0], found.end),
        beats=found.beats,
        per_min=None if np.isnan(found.per_min) else round(found.per_min, 1),
        verdict=verdict,
    )
    value = {Event.PAUSE: lasted_s, Event.VENTRICULAR_RUN: float(found.beats)}.get(found.event, found.per_min)
    told = {Event.PAUSE: WaveFeature.PAUSE, Event.VENTRICULAR_RUN: WaveFeature.VENTRICULAR_RUN}.get(found.event)
    rows = [] if told is None else [_row(told, leads[0].cell, value, found.quality, strip)]
    if kind is not None:
        number = lasted_s if kind is AlarmKind.ASYSTOLE else found.per_min
        rows.append(_row(CLAIMS[kind], leads[0].cell, number, found.quality, strip))
    return rows


def _verdict(found: Candidate, reason: verify.Reason) -> Verdict:
    """Return what has come of a claim; one of few beats is heard in its own lead, read with what came after it.

    Nothing beats in a pause, so the seconds before an alarm of one are the worse to be read the truer it is. A run of
    beats has no such excuse: where it cannot be read it may be noise.
    """
    if reason is verify.Reason.UNREADABLE and found.event in FEW_BEATS and found.quality >= verify.TRUSTED:
        return Verdict.UNCONTRADICTED
    return VERDICTS[reason]


def _row(feature: WaveFeature, cell: int, value: float, quality: float, strip: Strip) -> FeatureRow:
    return FeatureRow(
        feature=feature,
        at_us=begins_us(cell + 1),
        value=round(value, 2),
        quality=round(quality, 3),
        lead=strip.lead,
        strip=strip,
    )


def _before(sounds: int, leads: Sequence[Stretch], pulse: Stretch | None) -> dict[str, Floats]:
    """Return the minute before an alarm of every channel, at the rate of the ECG."""
    fs = leads[0].fs_hz
    count = len(leads[0].samples)
    end = min(count, sounds)
    begin = max(0, end - round(verify.BACK_S * fs))
    signals = {each.lead: each.samples[begin:end] for each in leads}
    if pulse is not None:
        signals[PLETH] = resampled(pulse.samples, pulse.fs_hz, fs, count)[begin:end]
    return signals


def _moment_us(of: Stretch, sample: int) -> int:
    return begins_us(of.cell) + round((sample / of.fs_hz - BACK_S) * 1_000_000)
