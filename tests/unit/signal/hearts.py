"""ECG that is known exactly, for the tests of what is found in it."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Offset from the R peak and width in seconds, height in mV.
_NORMAL = ((-0.18, 0.025, 0.12), (-0.025, 0.008, -0.1), (0.0, 0.011, 1.0), (0.025, 0.009, -0.2), (0.26, 0.05, 0.3))
_VENTRICULAR = ((0.0, 0.035, 1.4), (0.09, 0.03, -0.7), (0.3, 0.06, -0.4))


def an_ecg(
    at_s: npt.ArrayLike, length_s: float, fs_hz: float = 250.0, *, wide: str = "", noise_mv: float = 0.01
) -> Floats:
    """Return an ECG, (samples,) mV, with its R peaks at `at_s`; beats marked V in `wide` are ventricular."""
    t_s = np.arange(round(length_s * fs_hz)) / fs_hz
    made = noise_mv * np.random.default_rng(7).standard_normal(len(t_s))
    peaks = np.asarray(at_s, float)
    kinds = wide.ljust(len(peaks), "N")
    for peak_s, kind in zip(peaks, kinds, strict=False):
        for offset_s, width_s, height_mv in _VENTRICULAR if kind == "V" else _NORMAL:
            made += height_mv * np.exp(-(((t_s - peak_s - offset_s) / width_s) ** 2) / 2)
    return made


def evenly(per_min: float, length_s: float, from_s: float = 0.7) -> Floats:
    """Return R peaks at an even rate."""
    return np.arange(from_s, length_s - 0.4, 60 / per_min)
