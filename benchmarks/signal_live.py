"""How many people one core can follow: ECG at 250 Hz, PPG at 125 Hz and vital signs, every feature, CPU time.

What is new of everybody is looked at every ten seconds, and for comparison every thirty. ECG is followed
(`ecg_following`): what is settled is kept between looks. The functions of the pulse wave get with each look, anew, as
much of the past as they declare (`BACK_S`, `AHEAD_S`), and breathing its window. Rhythm is looked at every thirty
seconds, as long as an episode lasts at least, and vital signs once a minute.
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
)
from alerting.signal.events import Beats
from alerting.signal.records import Floats
from alerting.signal.rhythm_burden import EPISODE_S
from alerting.signal.series import Moments
from benchmarks import annotated, trends
from benchmarks.signal_lines import Figures

T = TypeVar("T")

HOPS_S: Final = (10.0, 30.0)
_PEOPLE: Final = 400
_ECG_HZ, _PPG_HZ = 250.0, 125.0
_RHYTHM_S: Final = 120.0
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
    ppg_s = max(pulses.BACK_S + pulses.AHEAD_S, quality.BACK_S + quality.AHEAD_S) + hop_s
    heart, wave = _signals(data, _KNOWN_S + _RUNS * hop_s, ppg_s)
    following = ecg_following.Following(_ECG_HZ, hop_s=hop_s)
    following.push(heart[:, : round(_KNOWN_S * _ECG_HZ)])
    spent: dict[str, float] = {}

    def timed(name: str, work: Callable[[], T]) -> T:
        began = time.process_time()
        made = work()
        spent[name] = min(spent.get(name, np.inf), time.process_time() - began)
        return made

    for chunk in np.split(heart[:, round(_KNOWN_S * _ECG_HZ) :], _RUNS, axis=1):
        piece = timed("ECG: R peaks, quality, kinds, intervals", partial(following.push, chunk))
        assert piece is not None
        timed("ECG: rate, pauses, runs", partial(_of_ecg, piece.read))
        beats = piece.read.beats
        found = timed("pulses", lambda: pulses.detect(wave, _PPG_HZ))
        judged = timed("PPG: quality", partial(quality.ppg, wave, _PPG_HZ, found))
        timed("PPG: rate, perfusion, agreement", partial(_of_ppg, wave, found, judged, beats))
        timed("respiration", partial(_breathing, wave, heart, found, beats, hop_s))
        timed("rhythm", partial(rhythm.timeline, _longer(beats), int(_RHYTHM_S * _ECG_HZ)))
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


def _of_ppg(wave: Floats, found: Beats, judged: quality.Quality, beats: Beats) -> None:
    samples = wave.shape[1]
    ppg.rate(ppg.intervals(wave, found, judged), judged, samples=samples)
    ppg_shape.perfusion(ppg_shape.shape(wave, found), found, samples=samples, window_s=10.0)
    half = Beats(row=beats.row, sample=beats.sample // 2, fs_hz=_PPG_HZ, records=beats.records)
    ppg_agreement.agreement(found, half, samples=samples)


def _breathing(wave: Floats, heart: Floats, found: Beats, beats: Beats, hop_s: float) -> None:
    """Do one estimate for each ten seconds of the hop, from beats that are known already."""
    for _ in range(round(hop_s / respiration.HOP_S)):
        window_s = respiration.WINDOW_S
        cut = slice(0, int(window_s * _PPG_HZ))
        pulses_in = _first(found, int(window_s * _PPG_HZ))
        beats_in = _first(beats, int(window_s * _ECG_HZ))
        respiration.fused(
            wave[:, cut],
            heart[:, : int(window_s * _ECG_HZ)],
            _PPG_HZ,
            ecg_fs_hz=_ECG_HZ,
            pulses=pulses_in,
            beats=beats_in,
        )


def _first(beats: Beats, until: int) -> Beats:
    kept = beats.sample < until
    shift = None if beats.shift is None else beats.shift[kept]
    return Beats(row=beats.row[kept], sample=beats.sample[kept], fs_hz=beats.fs_hz, records=beats.records, shift=shift)


def _longer(beats: Beats) -> Beats:
    """Return two minutes of beats for everybody: those that there are, again and again."""
    length = int(beats.sample.max(initial=0)) + 1
    times = int(np.ceil(_RHYTHM_S * _ECG_HZ / length))
    row = np.concatenate([beats.row] * times)
    sample = np.concatenate([beats.sample + part * length for part in range(times)])
    order = np.lexsort((sample, row))
    kept = order[sample[order] < _RHYTHM_S * _ECG_HZ]
    return Beats(row=row[kept], sample=sample[kept], fs_hz=beats.fs_hz, records=beats.records)


def _vitals_us() -> float:
    """Return the cost of one look at vital signs over time once a minute; filters go over what is new alone."""
    rng = np.random.default_rng(0)
    people = {kind: trends.lived(rng, _PEOPLE, 24, kind) for kind in trends.KINDS}
    spent: dict[str, float] = {}
    trends.look(people, Moments.now(trends.EPOCH_S, _PEOPLE), spent)
    share = 1 / (24 * 12)  # of the readings that the filters go through, one in 288 is new
    total = sum(cpu_s * (share if name.endswith("every reading") else 1.0) for name, cpu_s in spent.items())
    return 1e6 * total / _PEOPLE / 60
