"""Breathing rate from what breathing does to the pulse wave and the ECG, heard together.

Not here: finding beats (`pulses`, `qrs`), and what breathing does to each (`respiration_modulations`). The invariant:
a source without beats says nothing, it does not vote for what is usual.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal import pulses as pulse_wave
from alerting.signal import qrs
from alerting.signal import respiration_evidence as rates
from alerting.signal.events import Beats
from alerting.signal.quality_verdict import Reason
from alerting.signal.records import Bools, Floats, rate, rows
from alerting.signal.respiration_estimate import LEAST_S, LEAST_THERE, Estimate, absence, window_s
from alerting.signal.respiration_modulations import Window, of_ecg, of_pulses

PPG_LEAST_HZ, ECG_LEAST_HZ, MOST_HZ = 20.0, 100.0, 1000.0

# What the evidence of series weighs. The likelihood of the annotated rates asks for 9 or 12, and 20, on any 16 of 17
# BIDMC records; a good half of the latter is taken, so that other persons and devices are read with less trust.
BASELINE_WEIGHT: Final = 9.0  # of the pulse wave's mean, peak and trough, taken together
COMPLEX_WEIGHT: Final = 12.0  # of the QRS complex's sizes and the ECG's mean, taken together
# Pulse amplitude and beat intervals told next to nothing in these mostly old and gravely ill persons; in the young they
# tell much (Karlen 2013), so they are heard with a weight that cost nothing there.
AMPLITUDE_WEIGHT: Final = 0.5
INTERVAL_WEIGHT: Final = 1.0

MAYER_PER_MIN: Final = 8.0
"""Below this rate the pulse wave's baseline moves with blood pressure (Mayer waves, 0.1 Hz; Julien 2006,
doi:10.1016/j.cardiores.2005.11.008) at least as much as with breathing, so its evidence fades there."""

DOUBLED: Final = 0.2
"""How likely it is that an ECG moves twice a breath, and shows the second harmonic where the fundamental should be. It
happens (in 1 of 17 records), yet a fast breath must not be taken for half its rate."""

DOUBT: Final = 0.2
"""How likely it is that a source, however clear, moves with something else than breath. So two that are sure of
different rates leave both possible, and one cannot outvote the other by loudness."""

APART_SURE: Final = 0.5
"""Two sources disagree when each is this sure of a rate that the other one is not near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heard:
    """What a source says: evidence already weighed, (n, rates), how much of it was there, (n,), why it was not."""

    weighed: Floats
    there: Floats
    absent: npt.NDArray[np.uint16]


def fused(
    ppg: npt.ArrayLike | None,
    ecg: npt.ArrayLike | None,
    fs_hz: float,
    *,
    ecg_fs_hz: float | None = None,
    pulses: Beats | None = None,
    beats: Beats | None = None,
) -> Estimate:
    """Return the breathing rate of windows of pulse wave and ECG, from what breathing does to them.

    Parameters
    ----------
    ppg, ecg : (samples,) or (n, samples), any unit, 16 to 64 s of the same time; NaN where missing, None if not worn
    fs_hz : Hz, 100 to 1000, of both; of the pulse wave alone, from 20 Hz on, if there is no ECG or `ecg_fs_hz` is given
    ecg_fs_hz : Hz, 100 to 1000, of the ECG where it has a rate of its own
    pulses, beats : what `pulses.detect` and `qrs.detect` find in these windows; found here if not given. Beats that
        are known to be artefacts are better left out.

    Returns
    -------
    Estimate
        Of n windows; a window below 16 s, or with neither signal, is unreadable.

    Raises
    ------
    ValueError
        If an argument is out of its range, a window is longer than 64 s, the two signals are not as many windows of
        the same length, or the beats are of others.

    Notes
    -----
    Modulations: Charlton 2016, doi:10.1088/0967-3334/37/4/610. Fusing by agreement: Karlen 2013,
    doi:10.1109/TBME.2013.2246160, and Pimentel 2017, doi:10.1109/TBME.2016.2613124. Differs: the spectra of the
    modulations are likelihoods and are multiplied with a prior, so agreement makes the belief narrow and disagreement
    wide; the value is its median, the confidence its mass within 2/min. Checked: BIDMC, both annotators.
    """
    pulse = heart = None
    if ppg is not None:
        pulse = _given(ppg, rate(fs_hz, least=PPG_LEAST_HZ, most=MOST_HZ), pulses, pulse_wave.detect, "ppg")
    if ecg is not None:
        ecg_hz = rate(fs_hz if ecg_fs_hz is None else ecg_fs_hz, least=ECG_LEAST_HZ, most=MOST_HZ)
        heart = _given(ecg, ecg_hz, beats, qrs.detect, "ecg")
    window = _window(pulse, heart)
    if window.span_s < LEAST_S or not window.rows:
        return Estimate.nothing(window.rows, Reason.SHORT)
    by_pulse = _silent(window) if pulse is None else _of_pulse(pulse, window)
    by_heart = _silent(window) if heart is None else _of_heart(heart, window)
    believed = rates.belief(rates.doubted(by_pulse.weighed, DOUBT) + rates.doubted(by_heart.weighed, DOUBT))
    best = rates.middle(believed)
    neither = np.maximum(by_pulse.there, by_heart.there) < LEAST_THERE
    reasons = np.where(neither, by_pulse.absent | by_heart.absent, np.uint16(0))
    reasons[_disagree(by_pulse.weighed, by_heart.weighed)] |= np.uint16(Reason.DISAGREEMENT)
    return Estimate.of(best, rates.confidence(believed, best), reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """A signal, (n, samples), with its beats."""

    signal: Floats
    beats: Beats


Detect = Callable[[npt.ArrayLike, float], Beats]


def _given(signal: npt.ArrayLike, fs_hz: float, beats: Beats | None, detect: Detect, name: str) -> _Given:
    given = rows(signal, name=name)
    window_s(given, fs_hz, name=name)
    if beats is None:
        beats = detect(given, fs_hz)
    if beats.records != len(given) or not np.isclose(beats.fs_hz, fs_hz):
        raise ValueError(
            f"{name}: {len(given)} windows at {fs_hz:g} Hz came with beats of {beats.records} at {beats.fs_hz:g} Hz, "
            "both must be the same"
        )
    return _Given(signal=given, beats=beats)


def _window(pulse: _Given | None, heart: _Given | None) -> Window:
    sizes = {
        (len(each.signal), round(each.signal.shape[1] / each.beats.fs_hz, 1))
        for each in (pulse, heart)
        if each is not None
    }
    if not sizes:
        raise ValueError("ppg, ecg: are both None, one of them must be given")
    if len(sizes) > 1:
        raise ValueError(f"ppg, ecg: are (windows, seconds) {sorted(sizes)}, must be as many of the same length")
    ((windows, seconds),) = sizes
    return Window(rows=windows, span_s=seconds)


def _silent(window: Window) -> _Heard:
    n = window.rows
    nothing = np.zeros((n, len(rates.RATES_PER_MIN)))
    return _Heard(weighed=nothing, there=np.zeros(n), absent=np.full(n, Reason.MISSING, np.uint16))


def _of_pulse(pulse: _Given, window: Window) -> _Heard:
    series, there = rates.standard(of_pulses(pulse.signal, pulse.beats, window))
    (share,) = rates.explained(series)
    heard = rates.evidence(share, there, span_s=window.span_s)
    fading = 1 / (1 + (MAYER_PER_MIN / rates.RATES_PER_MIN) ** 4)
    baseline = BASELINE_WEIGHT * heard[:, :3].mean(axis=1) * fading
    weighed = baseline + AMPLITUDE_WEIGHT * heard[:, 3] + INTERVAL_WEIGHT / 2 * heard[:, 4]
    there = there[:, :3].max(axis=1)
    return _Heard(weighed=weighed, there=there, absent=absence(pulse.signal, there))


def _of_heart(heart: _Given, window: Window) -> _Heard:
    series, there = rates.standard(of_ecg(heart.signal, heart.beats, window))
    first, second = rates.explained(series, harmonics=2)
    shares = (first + np.minimum(first, second), first + second)
    shaped, doubled = (rates.evidence(each, there, span_s=window.span_s) for each in shares)
    complexes = [COMPLEX_WEIGHT * each[:, :5].mean(axis=1) for each in (shaped, doubled)]
    weighed = np.logaddexp(complexes[0], np.log(DOUBLED) + complexes[1]) + INTERVAL_WEIGHT / 2 * shaped[:, 5]
    there = there[:, :5].max(axis=1)
    return _Heard(weighed=weighed, there=there, absent=absence(heart.signal, there))


def _disagree(one: Floats, other: Floats) -> Bools:
    """Return where two sources, (n, rates) each, are both sure of rates that are not near one another."""
    beliefs = [rates.belief(each) for each in (one, other)]
    middles = [rates.middle(each) for each in beliefs]
    sure = [rates.confidence(believed, at) >= APART_SURE for believed, at in zip(beliefs, middles, strict=True)]
    return sure[0] & sure[1] & (np.abs(middles[0] - middles[1]) > rates.WITHIN_PER_MIN)
