"""Pulse waves that are known exactly, for the tests."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def pulse_wave(onset_s: npt.ArrayLike, length_s: float, fs_hz: float, height: npt.ArrayLike = 1.0) -> Floats:
    """Return a wave with a pulse that begins at each onset: steep up in 0.12 s, slowly down, a dicrotic wave.

    onset_s : (k,) seconds; height : (k,) or one for all
    """
    t_s = np.arange(round(length_s * fs_hz)) / fs_hz
    wave = np.zeros(len(t_s))
    onsets = np.asarray(onset_s, float)
    for begin_s, size in zip(onsets, np.broadcast_to(np.asarray(height, float), onsets.shape), strict=True):
        after = t_s - begin_s
        rise = np.where(
            after < 0, 0, np.where(after < 0.12, 0.5 - 0.5 * np.cos(np.pi * np.clip(after, 0, 0.12) / 0.12), 1)
        )
        dicrotic = 0.12 * np.exp(-0.5 * ((after - 0.36) / 0.05) ** 2)
        wave += size * (rise * np.exp(-np.clip(after - 0.12, 0, None) / 0.28) + dicrotic * (after > 0))
    return wave


def at_rate(per_min: float, length_s: float, from_s: float = 0.5) -> Floats:
    """Return onsets at an even rate."""
    return np.arange(from_s, length_s - 0.6, 60 / per_min)
