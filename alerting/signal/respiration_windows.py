"""The windows of a long record in which breathing is looked at: 32 s, a new one every 10 s.

Not here: what is found in them. The invariant: windows begin at whole multiples of `HOP_S` from sample 0, so a stream
that drops whole hops at its front has the same windows; each depends on its own 32 s and on nothing after them.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from alerting.signal.events import Beats
from alerting.signal.records import Floats, rows
from alerting.signal.respiration_estimate import WINDOW_S

HOP_S: Final = 10.0


def cut(signal: npt.ArrayLike, fs_hz: float, *, name: str = "signal") -> Floats:
    """Return the windows of records, (n, w, samples), a view where it can be one; w is 0 for a record below 32 s.

    signal : (samples,) or (n, samples), uniform at `fs_hz`; window k begins at k * `HOP_S`
    """
    given = rows(signal, name=name)
    length, hop = round(WINDOW_S * fs_hz), round(HOP_S * fs_hz)
    if given.shape[1] < length:
        return np.zeros((len(given), 0, length))
    return sliding_window_view(given, length, axis=1)[:, ::hop]


def beats_in(beats: Beats, samples: int) -> Beats:
    """Return the beats of each window of records of `samples`, as records of their own: record * w + window."""
    length, hop = round(WINDOW_S * beats.fs_hz), round(HOP_S * beats.fs_hz)
    count = max(0, (samples - length) // hop + 1)
    last = np.minimum(beats.sample // hop, count - 1)
    first = np.maximum((beats.sample - length) // hop + 1, 0)
    shares = np.maximum(last - first + 1, 0)
    beat = np.repeat(np.arange(len(shares)), shares)
    window = np.arange(len(beat)) - np.repeat(np.cumsum(shares) - shares, shares) + first[beat]
    row, sample = beats.row[beat] * count + window, beats.sample[beat] - window * hop
    order = np.lexsort((sample, row))
    shift = None if beats.shift is None else beats.shift[beat][order]
    return Beats(row=row[order], sample=sample[order], fs_hz=beats.fs_hz, records=beats.records * count, shift=shift)
