"""How many people one core can follow: ECG at 250 Hz, PPG at 125 Hz and vital signs, every feature, CPU time.

What is new of everybody is looked at every ten seconds, and for comparison every thirty. ECG is followed
(`ecg_following`): what is settled is kept between looks. Each function of the pulse wave gets with each look, anew, as
much of the past as it declares (`BACK_S`, `AHEAD_S`), and breathing its window. Rhythm is looked at every thirty
seconds, as long as an episode lasts at least, with the scores of the last minutes known; vital signs once a minute.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from alerting.signal import (
    ecg,
    ecg_following,
    ecg_rate,
    ecg_runs,
    ppg,
    ppg_agreement,
    ppg_shape,
    pulses,
    quality,
    respiration,
    rhythm,
    rhythm_burden,
)
from alerting.signal.events import Beats
from alerting.signal.records import Floats
from alerting.signal.rhythm_burden import EPISODE_S, STEP_S
from alerting.signal.series import Moments
from benchmarks import annotated, trends
from benchmarks.signal_lines import Figures

T = TypeVar("T")

HOPS_S: Final = (10.0, 30.0)
_PEOPLE: Final = 400
_ECG_HZ, _PPG_HZ = 250.0, 125.0
_RHYTHM_S: Final = rhythm_burden.BACK_S + rhythm_burden.AHEAD_S
_VIEW_S: Final = 20.0
"""Of the pulse wave, for its rate and perfusion: longer than an interval, whole windows of both."""
_RUNS: Final = 4
_KNOWN_S: Final = 90.0
"""How long everybody has been followed before the clock starts: longer than anything is kept."""


def live(data: Path) -> Figures:
    """Return CPU time a person and second, part by part, and how many people that makes a core."""
    often, seldom = (_looks(data, hop_s) for hop_s in HOPS_S)
    figures = {f"live: {name}, us a person and second": cost_us for name, cost_us in often.items()}
    figures["live patients a core, a look every 10 s"] = 1e6 / sum(often.values())
    return figures | {"live patients a core, a look every 30 s": 1e6 / sum(seldom.values())}


def _looks(data: Path, hop_s: float) -> Figures:
    """Return what each part costs, in microseconds of CPU a person and second, the best of some looks."""
    pulses_s = pulses.BACK_S + pulses.AHEAD_S + hop_s
    ppg_s = max(pulses_s, quality.BACK_S + quality.AHEAD_S + hop_s, respiration.WINDOW_S)
    both_s = ppg_agreement.BACK_S + ppg_agreement.AHEAD_S + hop_s
    heart, wave = _signals(data, _KNOWN_S + _RUNS * hop_s, max(ppg_s, both_s))
    following = ecg_following.Following(_ECG_HZ, hop_s=hop_s)
    following.push(heart[:, : round(_KNOWN_S * _ECG_HZ)])
    found = pulses.detect(wave, _PPG_HZ)
    spent: dict[str, float] = {}

    def timed(name: str, work: Callable[[], T]) -> T:
        began = time.process_time()
        made = work()
        spent[name] = min(spent.get(name, np.inf), time.process_time() - began)
        return made

    for chunk in np.split(heart[:, round(_KNOWN_S * _ECG_HZ) :], _RUNS, axis=1):
        read = _settled(timed("ECG: R peaks, quality, kinds, intervals", partial(following.push, chunk)))
        timed("ECG: rate, pauses, runs", partial(_of_ecg, read))
        timed("pulses", lambda: pulses.detect(_last(wave, pulses_s), _PPG_HZ))
        judged = timed("PPG: quality", lambda: quality.ppg(_last(wave, ppg_s), _PPG_HZ, _until(found, ppg_s)))
        timed("PPG: rate, perfusion", partial(_of_ppg, wave, found, judged, hop_s))
        timed("PPG: agreement with ECG", partial(_together, found, read.beats, both_s))
        timed("respiration", partial(_breathing, wave, heart, found, read.beats, hop_s))
        heard, known = _heard(read.beats, hop_s)
        timed("rhythm", partial(rhythm.timeline, heard, int(_RHYTHM_S * _ECG_HZ), known=known))
    every_s = {"rhythm": max(hop_s, EPISODE_S)}
    costs_us = {name: 1e6 * cpu_s / _PEOPLE / every_s.get(name, hop_s) for name, cpu_s in spent.items()}
    return costs_us | {"vital signs": _vitals_us()}


def _signals(data: Path, ecg_s: float, ppg_s: float) -> tuple[Floats, Floats]:
    """Return ECG (people, samples) at 250 Hz and PPG at 125 Hz out of public records."""
    hearts = np.concatenate(
        [annotated.mitdb(data, name).ecg_mv[0] for name in annotated.names(data, "mitdb", ".dat.xz")]
    )
    waves = np.concatenate(
        [annotated.bidmc(data, name).ppg for name in annotated.names(data, "bidmc", "_Signals.csv.xz")]
    )
    at = np.arange(_PEOPLE * int(ecg_s * _ECG_HZ)) * (360 / _ECG_HZ)
    ecg_mv = np.interp(at % (len(hearts) - 1), np.arange(len(hearts)), hearts).reshape(_PEOPLE, -1)
    return ecg_mv, np.resize(waves, (_PEOPLE, int(ppg_s * _PPG_HZ)))


def _of_ecg(read: ecg.Ecg) -> None:
    ecg_rate.heart_rate(read.intervals, read.quality)
    ecg_runs.pauses(read.intervals)
    ecg_runs.slow(read.intervals)
    ecg_runs.fast(read.intervals)
    ecg_runs.ventricular(read.beats, read.kind, read.intervals)


def _settled(piece: ecg_following.Piece | None) -> ecg.Ecg:
    if piece is None:
        raise RuntimeError("nothing is settled by a whole hop after a minute and a half")
    return piece.read


def _last(signal: Floats, length_s: float) -> Floats:
    """Return as much of a pulse wave: which part of it does not matter."""
    return signal[:, : int(length_s * _PPG_HZ)]


def _of_ppg(wave: Floats, found: Beats, judged: quality.Quality, hop_s: float) -> None:
    """Read what is new, with one window before it."""
    view_s = _VIEW_S + hop_s - 10.0
    view, pulses_in = _last(wave, view_s), _until(found, view_s)
    samples = view.shape[1]
    ppg.rate(ppg.intervals(view, pulses_in, judged), judged, samples=samples)
    ppg_shape.perfusion(ppg_shape.shape(view, pulses_in), pulses_in, samples=samples, window_s=10.0)


def _together(found: Beats, beats: Beats, both_s: float) -> None:
    beats = _until(beats, both_s)
    half = Beats(row=beats.row, sample=beats.sample // 2, fs_hz=_PPG_HZ, records=beats.records)
    ppg_agreement.agreement(_until(found, both_s), half, samples=int(both_s * _PPG_HZ))


def _breathing(wave: Floats, heart: Floats, found: Beats, beats: Beats, hop_s: float) -> None:
    """Do one estimate for each ten seconds of the hop, from beats that are known already."""
    for _ in range(round(hop_s / respiration.HOP_S)):
        window_s = respiration.WINDOW_S
        pulses_in, beats_in = _until(found, window_s), _until(beats, window_s)
        respiration.fused(
            _last(wave, window_s),
            heart[:, : int(window_s * _ECG_HZ)],
            _PPG_HZ,
            ecg_fs_hz=_ECG_HZ,
            pulses=pulses_in,
            beats=beats_in,
        )


def _until(beats: Beats, until_s: float) -> Beats:
    kept = beats.sample < int(until_s * beats.fs_hz)
    shift = None if beats.shift is None else beats.shift[kept]
    return Beats(row=beats.row[kept], sample=beats.sample[kept], fs_hz=beats.fs_hz, records=beats.records, shift=shift)


def _heard(beats: Beats, hop_s: float) -> tuple[Beats, Floats]:
    """Return minutes of beats for everybody, those that there are again and again, and the scores that are known."""
    length = int(beats.sample.max(initial=0)) + 1
    times = int(np.ceil(_RHYTHM_S * _ECG_HZ / length))
    row = np.concatenate([beats.row] * times)
    sample = np.concatenate([beats.sample + part * length for part in range(times)])
    order = np.lexsort((sample, row))
    kept = order[sample[order] < _RHYTHM_S * _ECG_HZ]
    longer = Beats(row=row[kept], sample=sample[kept], fs_hz=beats.fs_hz, records=beats.records)
    new = round(max(hop_s, EPISODE_S) / STEP_S)
    return longer, rhythm.timeline(longer, int(_RHYTHM_S * _ECG_HZ)).score[:, :-new]


def _vitals_us() -> float:
    """Return the cost of one look at vital signs over time once a minute; filters go over what is new alone."""
    rng = np.random.default_rng(0)
    people = {kind: trends.lived(rng, _PEOPLE, 24, kind) for kind in trends.KINDS}
    share = 1 / (24 * 12)  # of the readings that the filters go through, one in 288 is new
    totals = []
    for _ in range(_RUNS):
        spent: dict[str, float] = {}
        trends.look(people, Moments.now(trends.EPOCH_S, _PEOPLE), spent)
        totals.append(sum(cpu_s * (share if name.endswith("every reading") else 1.0) for name, cpu_s in spent.items()))
    return 1e6 * min(totals) / _PEOPLE / 60
