"""The forms of waves: how like the usual beat of its own channel each beat is, and whether a lead fibrillates.

Not here: where beats are. The invariant: adding a constant to a signal or multiplying it changes no likeness, height or
leakage.
"""

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import signal as scipy_signal

from alerting.signal.records import Bools, Floats, Ints

FORM_HZ: Final = 125.0
"""Forms are compared at about this rate: a QRS complex has its power below 40 Hz."""
SHIFT_S: Final = 0.024
"""A beat's peak may be this far from where its fellows have it."""
ALIKE: Final = 0.8
"""Beats that correlate this well are of one form."""
LEAST_BEATS: Final = 6
"""With fewer beats before the event no beat is usual: those of the event itself may be what the alarm claims."""
STEEP: Final = (0.05, 0.95)
"""The width of a form holds this part of its squared slopes."""

LEAKAGE_S: Final = 4.0
"""Fibrillation lasts at least this long before it is called so (Clifford 2015)."""
LEAKAGE_BACK_S: Final = 12.0
LEAKAGE_STEP_S: Final = 0.5
WAVES_HZ: Final = (1.0, 30.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Beats compared with the usual one: likeness (k,) -1 to 1, height (k,) usual = 1.

    size : peak to peak, of the usual beat; width_s : s, in which it has its slopes; both 0 where there is no usual one
    """

    likeness: Floats
    height: Floats
    size: float
    width_s: float


def decimated(signal: Floats, fs_hz: float) -> tuple[Floats, float]:
    """Return a record as means of a few samples each, and their rate, which is about `FORM_HZ`."""
    step = max(1, round(fs_hz / FORM_HZ))
    whole = len(signal) // step * step
    return signal[:whole].reshape(-1, step).mean(axis=-1), fs_hz / step


def likeness(points: Floats, at: Ints, fs_hz: float, before_s: float, after_s: float, earlier: Bools) -> Likeness:
    """Return how like the channel's usual beat each beat is.

    The usual beat is the mean of the largest group of beats of one form among those before the event. Template matching
    as in Orphanidou 2015, doi:10.1109/JBHI.2014.2338351; differs: the largest group instead of the mean of all, so
    frequent ectopic beats do not blur it, and a small shift is allowed.

    Parameters
    ----------
    points : (samples,) float64 at `fs_hz`, NaN where missing; a beat with a missing sample is like nothing
    at : (k,) int64, beats; earlier : (k,) bool, which of them come before the event
    """
    before, after = round(before_s * fs_hz), round(after_s * fs_hz)
    shift = max(1, round(SHIFT_S * fs_hz))
    forms = _forms(points, at, before, after, shift)
    centred = forms - forms.mean(axis=-1, keepdims=True)
    norm = np.sqrt((centred**2).sum(axis=-1))
    whole = norm[:, shift] > 0  # NaN is not
    unit = np.nan_to_num(centred / np.where(norm > 0, norm, np.inf)[..., None])
    pool = np.flatnonzero(whole & earlier)
    if len(pool) < LEAST_BEATS:
        return Likeness(likeness=np.zeros(len(at)), height=np.zeros(len(at)), size=0.0, width_s=0.0)
    usual, group = _usual(unit[pool], shift)
    height = np.nan_to_num(norm[:, shift])
    size = np.median(np.ptp(forms[pool][group, shift], axis=-1))
    return Likeness(
        likeness=(unit @ usual).max(axis=1),
        height=height / np.median(height[pool][group]),
        size=float(size),
        width_s=_width(usual) / fs_hz,
    )


def _forms(points: Floats, at: Ints, before: int, after: int, shift: int) -> Floats:
    """Return (k, 2 shift + 1, before + after): a stretch around each beat at every shift, NaN beyond the ends."""
    padded = np.pad(points, (before + shift, after + shift), constant_values=np.nan)
    offsets = np.arange(2 * shift + 1)[:, None] + np.arange(before + after)
    return padded[at[:, None, None] + offsets]


def _usual(unit: Floats, shift: int) -> tuple[Floats, Bools]:
    """Return the mean form, of length 1, of the largest group of forms that are alike, and who is in the group."""
    middle = unit[:, shift]
    alike = np.stack([unit[:, each] @ middle.T for each in range(unit.shape[1])]).max(axis=0) >= ALIKE
    group = alike[:, alike.sum(axis=0).argmax()]
    mean = middle[group].mean(axis=0)
    return mean / np.sqrt((mean**2).sum()), group


def _width(form: Floats) -> float:
    """Return in how many samples a form has its slopes."""
    steep = np.cumsum(np.diff(form) ** 2)
    first, last = np.searchsorted(steep, np.array(STEEP) * steep[-1])
    return float(last - first)


def least_leakage(points: Floats, fs_hz: float) -> float:
    """Return the least VF leakage of any `LEAKAGE_S` in the last `LEAKAGE_BACK_S` seconds of an ECG lead, 0 to 1.

    Low where the lead is nearly a sine wave, as in flutter and fibrillation: what is left when it is added to itself
    half a period earlier. Kuo & Dillman 1978; as given by Amann 2005, doi:10.1186/1475-925X-4-60. Missing samples count
    as standing still; 1 where nothing moves. Without the original's further threshold on amplitude.
    """
    last = points[-round((LEAKAGE_BACK_S + LEAKAGE_STEP_S) * fs_hz) :]
    width, step = round(LEAKAGE_S * fs_hz), max(1, round(LEAKAGE_STEP_S * fs_hz))
    if len(last) < width:
        return 1.0
    if not np.isfinite(last).any():
        return 1.0
    waves = scipy_signal.sosfiltfilt(_band(fs_hz), np.nan_to_num(last - np.nanmean(last)))
    return min(_leakage(waves[first : first + width]) for first in range(0, len(waves) - width + 1, step))


@functools.cache
def _band(fs_hz: float) -> Floats:
    sections: Floats = scipy_signal.butter(2, WAVES_HZ, "band", fs=fs_hz, output="sos")
    return sections


def _leakage(waves: Floats) -> float:
    waves = waves - waves.mean()
    travelled = np.abs(np.diff(waves)).sum()
    if travelled == 0:
        return 1.0
    half = int(np.clip(np.pi * np.abs(waves).sum() / travelled + 0.5, 1, len(waves) // 2))
    now, then = waves[half:], waves[:-half]
    return float(np.abs(now + then).sum() / (np.abs(now) + np.abs(then)).sum())
