"""Breaths along a whole record, and the pauses between them.

Not here: which pause is an apnoea to be told of. Clinicians mean a fall of the breath's amplitude by 90 % for 10 s
(Berry 2012, doi:10.5664/jcsm.2172); differs: impedance shows the heart too, so what is below `LEAST_BREATH` of the
usual swing is no breath. The invariant: what is said about the time t depends on [t - BACK_S, t + AHEAD_S] alone, on a
grid of blocks from sample 0 on, so that a stream gives what the record gives.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from alerting.signal import respiration_breaths as breaths
from alerting.signal.records import Bools, Floats, Ints, rate, rows
from alerting.signal.respiration_chest import LEAST_HZ, MANY_SHARE, MOST_HZ, spectrum
from alerting.signal.respiration_evidence import middle

PAUSE_S: Final = 10.0
LEAST_BREATH: Final = 0.2
"""Of the usual swing: a smaller one is no breath."""

# The grid, in blocks of about 1/8 s: windows of 32 s every 8 s, and of each the turns in [KEPT_FROM, KEPT_TO). A turn
# may lie a little elsewhere in the next window: up to `MARGIN` beyond, both windows' turns are taken, and once each.
WINDOW, STEP = 256, 64
KEPT_FROM, KEPT_TO = 160, 224
MARGIN: Final = 8
USUAL_WINDOWS: Final = 8
"""The usual swing is the median of this many windows' up to the present one: a minute and a half of breathing. After
half of that without a breath, what is left is taken for breathing; the pause has long been told by then."""

BACK_S, AHEAD_S = 130.0, 20.0
"""At the slowest rate of blocks; at 8 Hz 93 s and 14 s."""

_AT_ONCE: Final = 4096
"""Windows that are worked on at once, at least those of one record: hours of many people need not fit into memory."""

_ROUGH_PER_MIN: Final = 0.25  # the band follows the rate in such steps, so that the last bit of a sum moves no turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """Stretches without a breath.

    row : (k,) int64, the record; start_s, length_s : (k,) s from sample 0 on, at least `PAUSE_S` long
    over : (k,) whether a breath has ended it; if not, it lasts at least so long
    """

    row: Ints
    start_s: Floats
    length_s: Floats
    over: Bools


@dataclass(frozen=True, slots=True, kw_only=True)
class Breathing:
    """The breaths of a batch of records.

    row : (k,) int64, the record; at_s : (k,) s from sample 0 on, where the wave is highest, rising within a record
    pauses : between them; settled_s : until when the records have been looked at
    """

    row: Ints
    at_s: Floats
    pauses: Pauses
    settled_s: float


def step(fs_hz: float) -> int:
    """Return the grid's step in samples: a stream may drop whole ones at its front."""
    return STEP * breaths.block(fs_hz)


def follow(resp: npt.ArrayLike, fs_hz: float) -> Breathing:
    """Return the breaths and pauses of records of any length.

    Parameters
    ----------
    resp : (samples,) or (n, samples), impedance, belt or accelerometer's axis, any unit; NaN where missing
    fs_hz : Hz, 8 to 1000

    Returns
    -------
    Breathing
        Until about 5 s before the end at best; nothing in records shorter than 32 s. No pause across a gap.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    given, fs = rows(resp, name="resp"), rate(fs_hz, least=LEAST_HZ, most=MOST_HZ)
    slow, wave_hz = breaths.slowed(given, fs)
    if slow.shape[1] < WINDOW or not len(slow):
        return _nothing()
    windows = sliding_window_view(slow, WINDOW, axis=1)[:, ::STEP]
    count = windows.shape[1]
    part = max(1, _AT_ONCE // count)
    kept = [_kept(*_found(windows[at : at + part], wave_hz), count) for at in range(0, len(slow), part)]
    row = np.concatenate([each + part * place for place, (each, _, _) in enumerate(kept)])
    at, high = (np.concatenate([each[column] for each in kept]) for column in (1, 2))
    until = (count - 1) * STEP + KEPT_TO - MARGIN
    pauses = _pauses(row, at, np.isnan(slow)[:, :until], wave_hz)
    at_s = (at[high] + 0.5) / np.float64(wave_hz)
    return Breathing(row=row[high], at_s=at_s, pauses=pauses, settled_s=until / wave_hz)


def _nothing() -> Breathing:
    none, no_time = np.zeros(0, np.int64), np.zeros(0)
    pauses = Pauses(row=none, start_s=no_time, length_s=no_time, over=none.astype(np.bool_))
    return Breathing(row=none, at_s=no_time, pauses=pauses, settled_s=0.0)


def _found(windows: Floats, wave_hz: float) -> tuple[breaths.Turns, Bools]:
    """Return the turns of all windows, (n, w, WINDOW), as rows one after the other, and which are high, (k,)."""
    n, count, _ = windows.shape
    slow = windows.reshape(n * count, WINDOW)
    gone = np.isnan(slow)
    wave = breaths.without_steps(breaths.filled(slow))
    rough = np.round(middle(spectrum(wave, gone, wave_hz)[0]) / _ROUGH_PER_MIN) * _ROUGH_PER_MIN
    band = breaths.banded(wave, wave_hz, rough)
    turns = breaths.turns(band, share=MANY_SHARE)
    usual = _usual(breaths.median_swing(turns).reshape(n, count)).reshape(-1)
    turns = breaths.without_small(turns, LEAST_BREATH * usual)
    there = ~gone[turns.row, turns.at]
    return turns.only(there), _high(turns)[there]


def _high(turns: breaths.Turns) -> Bools:
    """Return which turns are high ones, (k,): higher than the next of their record, or than the one before."""
    high = np.zeros(len(turns.row), np.bool_)
    together = turns.row[1:] == turns.row[:-1]
    falls = turns.value[1:] < turns.value[:-1]
    high[1:] |= together & ~falls
    high[:-1] |= together & falls
    return high


def _usual(swing: Floats) -> Floats:
    """Return the median of each window's swing and those before it, (n, w); windows without a swing do not count."""
    known = np.where(swing > 0, swing, np.nan)
    before = np.full((len(swing), USUAL_WINDOWS - 1), np.nan)
    last = np.sort(sliding_window_view(np.concatenate((before, known), axis=1), USUAL_WINDOWS, axis=1), axis=-1)
    place = np.maximum((~np.isnan(last)).sum(axis=-1) - 1, 0) // 2
    usual: Floats = np.nan_to_num(np.take_along_axis(last, place[..., None], axis=-1)[..., 0])
    return usual


def _kept(turns: breaths.Turns, high: Bools, count: int) -> tuple[Ints, Ints, Bools]:
    """Return record, block and kind of the turns, each from the one window that decides about its time."""
    window = turns.row % count
    first, last = window == 0, window == count - 1
    kept = (first | (turns.at >= KEPT_FROM - MARGIN)) & (turns.at < np.where(last, KEPT_TO - MARGIN, KEPT_TO + MARGIN))
    row, at, high = (turns.row // count)[kept], (window * STEP + turns.at)[kept], high[kept]
    order = np.lexsort((at, row))
    row, at, high = row[order], at[order], high[order]
    again = np.zeros(len(row), np.bool_)
    again[1:] = (high[1:] == high[:-1]) & (row[1:] == row[:-1])  # where two windows meet
    return row[~again], at[~again], high[~again]


def _pauses(row: Ints, at: Ints, gone: Bools, wave_hz: float) -> Pauses:
    """Return where a turn is followed by none for `PAUSE_S`; gone : (n, blocks), missing, as far as it is settled."""
    missed = np.cumsum(gone, axis=1)
    last = np.ones(len(row), np.bool_)
    last[:-1] = row[1:] != row[:-1]
    until = np.where(last, gone.shape[1] - 1, np.roll(at, -1))
    length_s = (until - at) / wave_hz
    pause = (length_s >= PAUSE_S) & (missed[row, until] == missed[row, at])
    return Pauses(row=row[pause], start_s=(at[pause] + 0.5) / wave_hz, length_s=length_s[pause], over=~last[pause])
