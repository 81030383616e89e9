"""Our signal core in the forms that measuring scripts take: one function a form, arrays and numbers only.

Nothing is decided here. Times are sample indices of the given rate; they may lie between samples.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from alerting.signal import pulses, qrs as r_peaks

Floats = npt.NDArray[np.float64]


def qrs(ecg_mv: npt.ArrayLike, fs: float) -> Floats:
    """Return the R peaks of an ECG (samples,), in samples."""
    return r_peaks.detect(ecg_mv, fs).exact


def pulse(ppg: npt.ArrayLike, fs: float) -> Floats:
    """Return the pulses of a pulse wave (samples,), in samples."""
    return pulses.detect(ppg, fs).exact
