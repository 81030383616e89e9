"""The lines of the table of `benchmarks.signals`: one function a line, the same for every contender.

Each takes the folder of recordings and a contender's function (the forms stand in `benchmarks.adapters`), and returns
figures. Nothing is tuned here and nothing left out but what the line's own text says.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks import annotated
from benchmarks.signal_scores import Floats, Hits, auroc, best_threshold, challenge_2015, match, noise

Function = Callable[..., Any]
Figures = dict[str, float]

_SETTLES_S: Final = 5.0
_SYNTHETIC: Final = ("100", "106", "109", "114", "118", "219")  # little noise of their own
_WINDOW_S, _STEP_S = 32, 16
_PULSE_S: Final = 30
_MONITOR_LAG_S: Final = 16
"""How far BIDMC's monitors lag behind their own signals: of the least error, whichever record is left out but two."""


@dataclass(slots=True)
class Cost:
    """CPU seconds spent in a contender, and seconds of signal that it was given."""

    cpu_s: float = 0.0
    signal_s: float = 0.0

    def call(self, function: Function, *arguments: Any, signal_s: float) -> Any:
        """Call a contender and count its time."""
        began = time.process_time()
        given = function(*arguments)
        self.cpu_s += time.process_time() - began
        self.signal_s += signal_s
        return given

    @property
    def times_life(self) -> float:
        """How many times faster than life."""
        return self.signal_s / max(self.cpu_s, 1e-9)


@cache
def _mitdb(data: Path) -> tuple[annotated.Ecg, ...]:
    return tuple(annotated.mitdb(data, name) for name in annotated.names(data, "mitdb", ".dat.xz"))


@cache
def _bidmc(data: Path) -> tuple[annotated.Breathing, ...]:
    return tuple(annotated.bidmc(data, name) for name in annotated.names(data, "bidmc", "_Signals.csv.xz"))


@cache
def _strips(data: Path) -> tuple[annotated.Strip, ...]:
    return tuple(annotated.cinc2017(data))


@cache
def _alarms(data: Path) -> tuple[annotated.Alarm, ...]:
    return tuple(annotated.cinc2015(data))


def qrs(data: Path, detect: Function) -> Figures:
    """R peaks of MIT-BIH, first lead, all beats; left out: the first 5 s and ventricular flutter."""
    totals = {150: Hits(), 50: Hits()}
    worst = 100.0
    cost = Cost()
    first = _mitdb(data)[0]
    detect(first.ecg_mv[0, : int(30 * first.fs_hz)], first.fs_hz)  # what is made once is not counted
    for record in _mitdb(data):
        signal = np.ascontiguousarray(record.ecg_mv[0])
        found = cost.call(detect, signal, record.fs_hz, signal_s=len(signal) / record.fs_hz)
        keep = _judged(record)
        expected = record.annotations.sample[record.annotations.is_beat].astype(float)
        for tolerance_ms in totals:
            hits = match(keep(expected), keep(np.asarray(found, float)), tolerance_ms / 1000 * record.fs_hz)
            totals[tolerance_ms] += hits
            worst = min(worst, hits.f1_pct) if tolerance_ms == 150 else worst
    return {
        "QRS F1 within 150 ms, %": totals[150].f1_pct,
        "QRS F1 within 50 ms, %": totals[50].f1_pct,
        "QRS F1 of the worst record, %": worst,
        "QRS speed, 30 min records, x life": cost.times_life,
    }


def _judged(record: annotated.Ecg) -> Callable[[Floats], Floats]:
    """Return what keeps the samples in which beats were annotated."""
    notes, fs_hz = record.annotations, record.fs_hz
    begins, ends = notes.sample[notes.symbol == "["], notes.sample[notes.symbol == "]"]
    left_out = [(0.0, _SETTLES_S * fs_hz)]
    left_out += [(a - 0.15 * fs_hz, b + 0.15 * fs_hz) for a, b in zip(begins, ends, strict=False)]

    def keep(samples: Floats) -> Floats:
        inside = np.zeros(len(samples), bool)
        for low, high in left_out:
            inside |= (samples >= low) & (samples <= high)
        return np.asarray(samples[~inside], float)

    return keep


def qrs_in_noise(data: Path, detect: Function) -> Figures:
    """R peaks under electrode motion (record 118) and under a mixture of noises on six records, minutes 1 to 6."""
    figures: Figures = {}
    for snr_db in (12, 6, 0):
        record = annotated.nstdb(data, snr_db)
        found = detect(record.ecg_mv[0].copy(), record.fs_hz)
        hits = match(record.annotations.sample, found, 0.15 * record.fs_hz)
        figures[f"QRS F1, record 118 at {snr_db} dB, %"] = hits.f1_pct
    hits = Hits()
    for record in _mitdb(data):
        if record.name in _SYNTHETIC:
            hits += _under_noise(record, detect, 6.0)
    return figures | {"QRS F1, synthetic noise at 6 dB, %": hits.f1_pct}


def _under_noise(record: annotated.Ecg, detect: Function, snr_db: float) -> Hits:
    fs_hz, notes = record.fs_hz, record.annotations
    low, high = int(60 * fs_hz), int(360 * fs_hz)
    signal = record.ecg_mv[0, low:high]
    beats = notes.sample[notes.is_beat & (notes.sample >= low) & (notes.sample < high)] - low
    half = int(0.05 * fs_hz)
    height = np.median([np.ptp(signal[max(0, each - half) : each + half]) for each in beats if each > 20])
    power = height**2 / 8 / 10 ** (snr_db / 10)
    return match(
        beats, detect(signal + noise(len(signal), fs_hz, int(record.name)) * np.sqrt(power), fs_hz), 0.15 * fs_hz
    )


def qrs_batch(data: Path, detect: Function) -> Figures:
    """1,000 windows of 10 s at 250 Hz in one call."""
    windows = _windows_at_250_hz(data, 1000)
    detect(windows[:10], 250.0)
    cost = Cost()
    cost.call(detect, windows, 250.0, signal_s=windows.shape[0] * 10.0)
    return {"QRS speed, 1000 x 10 s in one call, x life": cost.times_life}


def one_by_one(detect: Function) -> Function:
    """Return what a contender without batches does with one: a call a window."""
    return lambda windows, fs_hz: [detect(window, fs_hz) for window in windows]


def _windows_at_250_hz(data: Path, count: int) -> Floats:
    signal = np.concatenate([record.ecg_mv[0] for record in _mitdb(data)])
    at = np.arange(count * 2500) * (360 / 250)
    windows: Floats = np.interp(at, np.arange(len(signal)), signal).reshape(count, 2500)
    return windows


def respiration(data: Path, rate: Function) -> Figures:
    """Breaths a minute from PPG and ECG, BIDMC, windows of 32 s in which both annotators agree within 2."""
    errors, cost = _rate_errors(data, lambda record, cut: rate(record.ppg[cut], record.ecg[cut], None, record.fs_hz))
    return {
        "respiration from PPG and ECG, MAE /min": float(np.abs(errors).mean()),
        "respiration from PPG and ECG, x life": cost.times_life,
    }


def respiration_gated(data: Path, rate: Function) -> Figures:
    """Judge the same by confidence: the 70 % of windows with the highest."""
    kept: list[float] = []

    def value(record: annotated.Breathing, cut: slice) -> float:
        per_min, confidence = rate(record.ppg[cut], record.ecg[cut], None, record.fs_hz)
        kept.append(confidence)
        return float(per_min)

    errors, _ = _rate_errors(data, value)
    order = np.argsort(kept, kind="stable")[::-1][: round(0.7 * len(kept))]
    return {"the same at 70 % coverage, MAE /min": float(np.abs(errors[order]).mean())}


def respiration_chest(data: Path, rate: Function) -> Figures:
    """Breaths a minute from thoracic impedance, the same windows."""
    errors, _ = _rate_errors(data, lambda record, cut: rate(None, None, record.resp[cut], record.fs_hz))
    return {
        "respiration from impedance, MAE /min": float(np.abs(errors).mean()),
        "respiration from impedance, within 2/min, %": float(100 * (np.abs(errors) <= 2).mean()),
    }


def _rate_errors(data: Path, value: Callable[[annotated.Breathing, slice], float]) -> tuple[Floats, Cost]:
    errors = []
    cost = Cost()
    for record in _bidmc(data):
        for cut, truth in _breathing_windows(record):
            given = cost.call(value, record, cut, signal_s=_WINDOW_S)
            errors.append(given - truth if np.isfinite(given) else truth)  # no value: as wrong as 0/min
    return np.array(errors), cost


def _breathing_windows(record: annotated.Breathing) -> Iterator[tuple[slice, float]]:
    for begin_s in range(0, int(len(record.ppg) / record.fs_hz) - _WINDOW_S + 1, _STEP_S):
        low, high = int(begin_s * record.fs_hz), int((begin_s + _WINDOW_S) * record.fs_hz)
        inside = [each[(each >= low) & (each < high)] for each in record.breaths]
        if min(map(len, inside)) < 3:
            continue
        first, second = (60 * record.fs_hz / np.diff(each).mean() for each in inside)
        if abs(first - second) <= 2:
            yield slice(low, high), (first + second) / 2


def pulse(data: Path, detect: Function, reference: Function) -> Figures:
    """PPG beats of BIDMC beside the ECG's (one lag a record), and the median rate of 30 s beside the monitor's.

    The reference beats are our own R peaks: they are the same for every contender.
    """
    hits, cost = Hits(), Cost()
    errors, later, of_reference = (list[float]() for _ in range(3))
    for record in _bidmc(data):
        found = np.sort(
            np.asarray(cost.call(detect, record.ppg, record.fs_hz, signal_s=len(record.ppg) / record.fs_hz))
        )
        beats = np.asarray(reference(record.ecg, record.fs_hz), float)
        lagged = [match(beats + lag * record.fs_hz, found, 0.15 * record.fs_hz) for lag in np.arange(0, 0.8, 0.02)]
        hits += max(lagged, key=lambda each: each.found)
        errors += _pulse_errors(record, found)
        later += _pulse_errors(record, found, shown_after_s=_MONITOR_LAG_S)
        of_reference += _pulse_errors(record, beats)
    return {
        "PPG beats F1, %": hits.f1_pct,
        "pulse rate, MAE /min": float(np.abs(errors).mean()),
        f"the same beside what the monitor shows {_MONITOR_LAG_S} s later, MAE /min": float(np.abs(later).mean()),
        "pulse rate by the reference's own beats, MAE /min": float(np.abs(of_reference).mean()),
        "PPG speed, x life": cost.times_life,
    }


def _pulse_errors(record: annotated.Breathing, found: Floats, *, shown_after_s: int = 0) -> list[float]:
    errors: list[float] = []
    shown = record.numerics["PULSE" if "PULSE" in record.numerics else "HR"]
    for begin_s in range(0, 480 - _PULSE_S, _PULSE_S):
        inside = found[(found >= begin_s * record.fs_hz) & (found < (begin_s + _PULSE_S) * record.fs_hz)]
        monitor = shown[begin_s + shown_after_s : begin_s + shown_after_s + _PULSE_S]
        if len(inside) > 3 and np.isfinite(monitor).sum() > 20:
            errors.append(float(60 * record.fs_hz / np.median(np.diff(inside)) - np.nanmedian(monitor)))
    return errors


def af(data: Path, score: Function) -> Figures:
    """AF in windows of RR intervals of LTAFDB; left out: mixed windows (10 to 90 % AF) and more than 10 % flutter."""
    figures: Figures = {}
    for beats in (30, 128):
        windows, is_af = _af_windows(data, beats)
        figures[f"AF from RR, {beats} beats, AUROC"] = auroc([float(score(each)) for each in windows], is_af)
    return figures


@cache
def _af_windows(data: Path, beats: int) -> tuple[list[Floats], list[bool]]:
    windows, is_af = [], []
    for name in annotated.names(data, "ltafdb_rr", ".csv.xz"):
        rr_ms, rhythm = rr_with_rhythm(annotated.ltafdb(data, name))
        for begin in range(0, len(rr_ms) - beats + 1, beats):
            kinds = rhythm[begin : begin + beats]
            share = float((kinds == 1).mean())
            if (kinds == -1).mean() <= 0.1 and not 0.1 < share < 0.9:
                windows.append(rr_ms[begin : begin + beats])
                is_af.append(share >= 0.9)
    return windows, is_af


def rr_with_rhythm(notes: annotated.Annotations) -> tuple[Floats, Floats]:
    """Return RR intervals in ms and the rhythm in force at the end of each: 1 AF, -1 atrial flutter, 0 another."""
    said = np.where(np.char.startswith(notes.aux, "(AFIB"), 1, np.where(np.char.startswith(notes.aux, "(AFL"), -1, 0))
    changes = np.flatnonzero((notes.symbol == "+") & np.char.startswith(notes.aux, "("))
    last = np.searchsorted(changes, np.arange(len(notes.sample)), side="right") - 1
    rhythm = np.where(last >= 0, said[changes[last]] if len(changes) else 0, 0)[notes.is_beat]
    return np.diff(notes.sample[notes.is_beat]) / notes.fs_hz * 1000, rhythm[1:].astype(float)


def af_strips(data: Path, score: Function) -> Figures:
    """AF in the strips of the Challenge of 2017; what cannot be scored counts as least suspicious."""
    scores = np.array([float(score(each.ecg_mv, each.fs_hz)) for each in _strips(data)])
    scores = np.where(np.isfinite(scores), scores, -9.0)
    label = np.array([each.label for each in _strips(data)])
    readable = label != "~"
    threshold = best_threshold(scores[readable], label[readable] == "A")
    return {
        "AF in strips, AF vs normal and other, AUROC": auroc(scores[readable], label[readable] == "A"),
        "noisy strips called AF where none is refused, %": float(100 * (scores[~readable] >= threshold).mean()),
    }


def af_strips_gated(data: Path, score: Function) -> Figures:
    """Judge the same where a strip may be refused as unreadable."""
    given = [score(each.ecg_mv, each.fs_hz) for each in _strips(data)]
    refused = np.array([each is None for each in given])
    scores = np.array([-9.0 if each is None else float(each) for each in given])
    label = np.array([each.label for each in _strips(data)])
    judged = (label != "~") & ~refused
    threshold = best_threshold(scores[judged], label[judged] == "A")
    return {
        "noisy strips called AF, %": float(100 * ((scores >= threshold) & ~refused)[label == "~"].mean()),
        "normal strips refused, %": float(100 * refused[label == "N"].mean()),
        "AF strips refused, %": float(100 * refused[label == "A"].mean()),
    }


def alarms(data: Path, verify: Function) -> Figures:
    """Whether the alarms of the Challenge of 2015 are believed, by its own score."""
    cost = Cost()
    believed = np.array(
        [bool(cost.call(verify, dict(each.channels), each.fs_hz, each.alarm, signal_s=60)) for each in _alarms(data)]
    )
    is_true = np.array([each.is_true for each in _alarms(data)])
    return {
        "alarm verification, score": challenge_2015(believed, is_true),
        "alarm verification, true alarms kept, %": float(100 * believed[is_true].mean()),
        "alarm verification, ms an alarm": 1000 * cost.cpu_s / len(believed),
    }


LINES: Final[Mapping[str, Callable[[Path, Function], Figures]]] = {
    "qrs": qrs,
    "qrs_in_noise": qrs_in_noise,
    "qrs_batch": qrs_batch,
    "rr_ppg_ecg": respiration,
    "rr_gated": respiration_gated,
    "rr_chest": respiration_chest,
    "af": af,
    "af2017": af_strips,
    "af2017_gated": af_strips_gated,
    "alarm": alarms,
}
"""Each line by the form of function that it takes; `pulse` and `risk` need more than one and stand apart."""
