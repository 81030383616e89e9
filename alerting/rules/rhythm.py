"""Rhythm: suspected atrial fibrillation, pauses, ventricular runs, and what is a matter of seconds.

From the features of waveforms, on event time. A pause or a run long enough to be checked, and every claim (asystole,
extreme rates, ventricular tachycardia and fibrillation), speaks only where a channel of good quality has been heard and
none contradicts it. Not here: finding and checking (`alerting.waves`), a signal that cannot be read
(`sensors`). The invariant: what is unreadable is neither found nor over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from alerting.features import Batch, Bools, Floats, moment
from alerting.observed import RULE_VERSION
from alerting.rules.cells import Cells, cells, mostly, newest, oldest_s, recent, said
from alerting.signal.quality import READABLE
from alerting.signal.verify_rules import ASYSTOLE_S
from alerting.tracks import Row, Track, Verdict, without
from ward.alerts import Evidence, Input
from ward.clock import from_us
from ward.plans import Plan
from ward.vitals import VitalKind
from ward.wave_features import CELL_S, SPEAKS, Strip, WaveFeature

NAME: Final = "rhythm"
AF, PAUSE, RUN = f"{NAME}.af", f"{NAME}.pause", f"{NAME}.ventricular_run"
ASYSTOLE, BRADY, TACHY = f"{NAME}.asystole", f"{NAME}.brady", f"{NAME}.tachy"
FIBRILLATION = f"{NAME}.ventricular_fibrillation"

# The project's proposals, to be confirmed by who is clinically responsible (docs/clinical-sources.md).
AF_SCORE: Final = 0.7
"""A minute from this score on looks like fibrillation: of the minutes of it in MIT-BIH 98.8 % reach it, of others 0.5 %
(`benchmarks.wave_claims`), on records that the score was fitted on among others."""
AF_WINDOW_S: Final = 300.0
"""Five minutes: what devices that count episodes call one that matters (ESC 2020, doi:10.1093/eurheartj/ehaa612)."""
AF_SHARE: Final = (0.8, 0.4)
AF_READ: Final = 0.6
AF_HOLD_S: Final = 600.0
HOLD_S: Final = 120.0
"""What lasted a moment is there for so long, and over when nothing like it has come in a signal that can be read."""
SUSTAINED_S: Final = 60.0
FAST_CELLS, SLOW_CELLS = 3, 2
"""Extreme tachycardia in three of six times ten seconds, extreme bradycardia in two: not a burst while moving."""

LOOK_BACK_S: Final = AF_WINDOW_S + AF_HOLD_S + 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sign:
    """What a rule over events goes by: the events that speak, (n,), their cells, and how many within a time."""

    rows: Cells
    speaks: Bools
    verdict: Verdict
    window_s: float = HOLD_S
    least: int = 1


def look_back(plan: Plan) -> Mapping[VitalKind, float]:  # noqa: ARG001 - every rule is asked alike
    """Return that no readings are needed; of waveforms the last `LOOK_BACK_S` are always there."""
    return {}


def judge(batch: Batch) -> dict[str, Track]:
    """Judge the rhythm of every stay that has an ECG."""
    at = cells(batch, WaveFeature.ECG_QUALITY)
    plans = [batch.plans[each].rhythm for each in batch.plan_of.tolist()]
    no_af = np.array([not each.af for each in plans])
    pause_s = np.array([np.inf if each.pause_s is None else each.pause_s for each in plans])
    run = np.array([np.inf if each.ventricular_run is None else each.ventricular_run for each in plans])
    asystole_s = np.full(len(plans), ASYSTOLE_S)
    runs = [
        _sign(batch, WaveFeature.VENTRICULAR_RUN, Verdict.MEDIUM, run),
        _sign(batch, WaveFeature.VENTRICULAR_TACHYCARDIA, Verdict.HIGH),
    ]
    fast = _sign(batch, WaveFeature.TACHYCARDIA, Verdict.HIGH, window_s=SUSTAINED_S, least=FAST_CELLS)
    slow = _sign(batch, WaveFeature.BRADYCARDIA, Verdict.HIGH, window_s=SUSTAINED_S, least=SLOW_CELLS)
    return {
        AF: without(_fibrillating(batch), no_af),
        PAUSE: without(_events(at, [_sign(batch, WaveFeature.PAUSE, Verdict.MEDIUM, pause_s)]), np.isinf(pause_s)),
        RUN: _events(at, runs),
        ASYSTOLE: _events(at, [_sign(batch, WaveFeature.ASYSTOLE, Verdict.HIGH, asystole_s)]),
        BRADY: _events(at, [slow]),
        TACHY: _events(at, [fast]),
        FIBRILLATION: _events(at, [_sign(batch, WaveFeature.VENTRICULAR_FIBRILLATION, Verdict.HIGH)]),
    }


def _fibrillating(batch: Batch) -> Track:
    at = cells(batch, WaveFeature.AF)
    score = at.signal.value
    known = ~np.isnan(score)
    yes = np.nan_to_num(score) >= AF_SCORE
    least = round(AF_READ * AF_WINDOW_S / CELL_S)
    on, enough = mostly(
        at, yes, known, window_s=AF_WINDOW_S, least=least, share=AF_SHARE, hold_s=AF_HOLD_S
    )  # fmt: skip
    window = recent(at, at, AF_WINDOW_S)
    verdict = np.where(on, Verdict.MEDIUM, np.where(enough, Verdict.QUIET, Verdict.UNKNOWN))
    return said(at, verdict, oldest_s(window, yes, at.t_s - CELL_S), newest(window, yes))


def _sign(
    batch: Batch,
    feature: WaveFeature,
    verdict: Verdict,
    least_value: Floats | None = None,
    *,
    window_s: float = HOLD_S,
    least: int = 1,
) -> _Sign:
    rows = cells(batch, feature)
    bound = 0.0 if least_value is None else least_value[rows.stay]
    speaks = rows.signal.value >= bound
    for place, strip in rows.signal.strips.items():
        speaks[place] &= strip.verdict is None or strip.verdict in SPEAKS
    return _Sign(rows=rows, speaks=speaks, verdict=verdict, window_s=window_s, least=least)


def _events(at: Cells, signs: list[_Sign]) -> Track:
    """Say what the last events of each cell come to: the worst of the signs, else quiet where the ECG can be read."""
    readable = at.signal.value >= READABLE
    verdict = np.where(readable, Verdict.QUIET, Verdict.UNKNOWN).astype(np.int8)
    began_s, place = np.full(len(verdict), np.nan), np.full(len(verdict), -1, np.int64)
    for number, sign in enumerate(signs):
        if not sign.speaks.any():
            continue
        before = recent(at, sign.rows, sign.window_s)
        on = before.sum(sign.speaks) >= sign.least
        verdict[on] = sign.verdict
        began_s[on] = np.fmin(began_s, oldest_s(before, sign.speaks, _begins_s(sign.rows)))[on]
        # Which series a place is in is told by what is left over; see `_found`.
        place[on] = newest(before, sign.speaks)[on] * len(signs) + number
    return said(at, verdict, began_s, place)


def _begins_s(rows: Cells) -> Floats:
    begins_s = rows.t_s - CELL_S
    for place, strip in rows.signal.strips.items():
        begins_s[place] = strip.from_us / 1e6
    return begins_s


SERIES: Final[Mapping[str, tuple[WaveFeature, ...]]] = {
    AF: (WaveFeature.AF,),
    PAUSE: (WaveFeature.PAUSE,),
    RUN: (WaveFeature.VENTRICULAR_RUN, WaveFeature.VENTRICULAR_TACHYCARDIA),
    ASYSTOLE: (WaveFeature.ASYSTOLE,),
    BRADY: (WaveFeature.BRADYCARDIA,),
    TACHY: (WaveFeature.TACHYCARDIA,),
    FIBRILLATION: (WaveFeature.VENTRICULAR_FIBRILLATION,),
}
"""What each rule's evidence is read from, in the order in which `judge` looks."""
UNITS: Final[Mapping[WaveFeature, str]] = {
    WaveFeature.AF: "{score}",
    WaveFeature.PAUSE: "s",
    WaveFeature.VENTRICULAR_RUN: "{beats}",
    WaveFeature.ASYSTOLE: "s",
}


def evidence(batch: Batch, rule: str, row: Row) -> Evidence:
    """Return what speaks for a finding, and from when until when its strip is worth looking at."""
    several = SERIES[rule]
    feature = several[row.place % len(several)]
    signal, place = batch.signal(feature), row.place // len(several)
    value, ends = float(signal.value[place]), moment(float(signal.t_s[place]))
    strip = signal.strips.get(place)
    unit = UNITS.get(feature, "/min")
    params: dict[str, str | float | int | None] = {"value": value, "unit": unit}
    if strip is None:
        params |= {"strip_from": moment(row.began_s).isoformat(), "strip_to": ends.isoformat()}
    else:
        params |= _of_strip(strip)
    if rule == AF:
        params["duration_s"] = AF_WINDOW_S
    if rule == PAUSE:
        params["limit"] = batch.stays[row.stay].plan.rhythm.pause_s
    read = Input(
        kind=str(feature),
        value=value,
        unit=unit,
        measured_at=moment(float(signal.t_s[place]) - CELL_S),
        quality=float(signal.quality[place]),
        over_s=CELL_S,
    )
    return Evidence(rule_version=RULE_VERSION, text_key=rule, params=params, inputs=(read,))


def _of_strip(strip: Strip) -> dict[str, str | float | int | None]:
    return {
        "beats": strip.beats,
        "per_min": None if strip.per_min is None else round(strip.per_min),
        "lead": strip.lead,
        "strip_from": from_us(strip.from_us).isoformat(),
        "strip_to": from_us(strip.to_us).isoformat(),
        "verdict": None if strip.verdict is None else str(strip.verdict),
    }
