"""Breathing rate from the chest's own movement: thoracic impedance, a belt, an accelerometer's axis.

Not here: pauses in breathing (`respiration_pauses`). The invariant: the sign of the signal does not matter, as every
breath is seen twice, from high to high and from low to low.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from alerting.signal import respiration_breaths as breaths
from alerting.signal import respiration_evidence as rates
from alerting.signal.quality_verdict import Reason
from alerting.signal.records import Bools, Floats, rate, rows
from alerting.signal.respiration_estimate import LEAST_S, Estimate, absence, window_s

LEAST_HZ, MOST_HZ = 8.0, 1000.0

SPECTRUM_WEIGHT: Final = 5.0

MANY_SHARE, FEW_SHARE = 0.2, 0.4
"""Breaths are counted twice: a swing counts from this share of the median swing on."""

# How the odds of the spectrum's belief near the count become those of the count. Fitted on BIDMC's impedance, as it is
# and with noise of 20 to -30 dB added, white and 1/f, each record left out in turn.
COUNT_ODDS: Final = 30.0
COUNT_POWER: Final = 3.2
_MOST_SURE: Final = 0.995


def chest(resp: npt.ArrayLike, fs_hz: float) -> Estimate:
    """Return the breathing rate of windows of thoracic impedance, of a belt or of an accelerometer's axis.

    Parameters
    ----------
    resp : (samples,) or (n, samples), any unit and either sign, uniform at `fs_hz`, 16 to 64 s; NaN where missing
    fs_hz : Hz, 8 to 1000

    Returns
    -------
    Estimate
        Of n windows; a window below 16 s is unreadable (SHORT).

    Raises
    ------
    ValueError
        If an argument is out of its range, or a window longer than 64 s.

    Notes
    -----
    Breaths are counted twice, with small swings and without, and the count nearer to the spectrum's rate is taken; how
    much the spectrum believes in the count makes the confidence. Checked: BIDMC, both annotators.
    """
    given, fs = rows(resp, name="resp"), rate(fs_hz, least=LEAST_HZ, most=MOST_HZ)
    if window_s(given, fs, name="resp") < LEAST_S or not len(given):
        return Estimate.nothing(len(given), Reason.SHORT)
    slow, wave_hz = breaths.slowed(given, fs)
    gone = np.isnan(slow)
    wave = breaths.without_steps(breaths.filled(slow))
    believed, there = spectrum(wave, gone, wave_hz)
    rough = rates.middle(believed)
    best = np.where(there > 0, _count(wave, gone, wave_hz, rough), rough)
    near = np.minimum(rates.confidence(believed, best), _MOST_SURE)
    odds = COUNT_ODDS * (near / (1 - near)) ** COUNT_POWER
    reasons = absence(given, there)
    reasons[np.abs(best - rough) > rates.WITHIN_PER_MIN] |= np.uint16(Reason.DISAGREEMENT)
    return Estimate.of(best, odds / (1 + odds), reasons)


def spectrum(wave: Floats, gone: Bools, wave_hz: float) -> tuple[Floats, Floats]:
    """Return what the spectrum of a wave lets believe, (n, rates), and how much of each window was there, (n,).

    wave : (n, samples), no NaN; gone : (n, samples), where it was missing
    """
    whole = np.where(gone, np.nan, wave)[:, : wave.shape[1] // 2 * 2]
    series, there = rates.standard(whole.reshape(len(wave), -1, 2).mean(axis=-1))
    (share,) = rates.explained(series, series_hz=wave_hz / 2)
    heard = rates.evidence(share, there, span_s=wave.shape[1] / wave_hz)
    return rates.belief(SPECTRUM_WEIGHT * heard), there


def _count(wave: Floats, gone: Bools, wave_hz: float, rough_per_min: Floats) -> Floats:
    """Return the count of breaths that is nearer to the rough rate, (n,) 1/min; without a breath the rough rate."""
    band = breaths.banded(wave, wave_hz, rough_per_min)
    best, least = rough_per_min, np.full(len(wave), np.inf)
    for share in (MANY_SHARE, FEW_SHARE):
        found = breaths.outside_gaps(breaths.turns(band, share=share), gone)
        counted = breaths.counted(found, gone, wave_hz).rate_per_min
        off = np.abs(counted - rough_per_min)
        best, least = np.where(off < least, counted, best), np.fmin(off, least)
    return np.clip(best, rates.RATES_PER_MIN[0], rates.RATES_PER_MIN[-1])
