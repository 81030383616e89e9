"""What ten seconds of a pulse wave tell: its quality, and the pulse rate with the confidence in it.

Pure: stretches in, columns out, row by row. Not here: how pulses go with heart beats, which is asked only where a claim
is to be checked (`waves_claims`). The invariant: a rate that cannot be read is NaN with its reasons.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from alerting.signal import ppg, pulses, quality
from alerting.signal.records import Floats, Ints
from alerting.waves_cells import BACK_S, STRETCH_S
from alerting.waves_heart import of_cell
from ward.wave_features import CELL_S

LEAST_HZ, MOST_HZ = 20.0, 1000.0

NEEDED_S: Final = 30.0
"""Before the cell: quality looks back 22 s. A whole number of cells, so that windows lie where they do anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What n stretches of a pulse wave tell of their cells, (n,) each.

    quality : 0-1; reasons : bits of `Reason`; rate : pulses/min, NaN where unreadable; sure : 0-1
    """

    quality: Floats
    reasons: Ints
    rate: Floats
    rate_reasons: Ints
    sure: Floats


def read(samples: Floats, fs_hz: float) -> Pulse:
    """Return what stretches of a pulse wave tell of their cells.

    Parameters
    ----------
    samples : (n, stretch), any unit, NaN where missing; fs_hz : Hz, 20 to 1000
    """
    wave = samples[:, round((BACK_S - NEEDED_S) * fs_hz) : round(STRETCH_S * fs_hz)]
    found = pulses.detect(wave, fs_hz)
    judged = quality.ppg(wave, fs_hz, found)
    rate = ppg.rate(ppg.intervals(wave, found, judged), judged, samples=wave.shape[1], window_s=float(CELL_S))
    cell = round(NEEDED_S / CELL_S)
    index, reasons = of_cell(judged, NEEDED_S)
    return Pulse(
        quality=index,
        reasons=reasons,
        rate=rate.per_min[:, cell],
        rate_reasons=rate.reasons[:, cell].astype(np.int64),
        sure=rate.confidence[:, cell],
    )
