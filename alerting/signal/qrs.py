"""R peaks in an ECG, each at the peak itself.

Peaks of the QRS energy (`qrs_energy`) are candidates (`qrs_candidates`); which of them are beats is decided from what
is known of each (`qrs_decision`). `detect` reads whole records; `Following` reads a stream of chunks, and keeps of the
past some seconds of the signal, and of what is farther back the candidates alone.
Not here: what kind of beat it is (`ecg`), and whether the signal can be trusted (`quality`): in noise alone there are
candidates too. The invariant: a beat at t is settled by the samples of [t - BACK_S, t + AHEAD_S], on the grid of blocks
from sample 0, and by no unit, offset or polarity. Nothing is found within a gap.
"""

from typing import Final

import numpy.typing as npt

from alerting.signal import qrs_candidates, qrs_decision
from alerting.signal.events import Beats
from alerting.signal.qrs_candidates import Candidates, candidates
from alerting.signal.qrs_energy import block, energy
from alerting.signal.records import Floats, bridged, rate, rows
from alerting.signal.stream import Reach, Stream, beats_between

LEAST_HZ, MOST_HZ = 100.0, 1000.0

BACK_S: Final = qrs_candidates.BACK_S + qrs_decision.BACK_S
AHEAD_S: Final = qrs_candidates.AHEAD_S + qrs_decision.AHEAD_S

_AT_ONCE: Final = 1 << 18
"""Samples that are worked on at once, so that they stay in the processor's cache."""


def grid(fs_hz: float) -> int:
    """Return after how many samples the blocks are where they were at sample 0: a stream is cut there."""
    return block(fs_hz)


def detect(ecg: npt.ArrayLike, fs_hz: float) -> Beats:
    """Return the R peaks of a batch of ECG, one lead a record.

    Parameters
    ----------
    ecg : (samples,) or (n, samples), any unit, uniform at `fs_hz`; NaN and infinities are missing samples
    fs_hz : Hz, 100 to 1000

    Returns
    -------
    Beats
        The sample of the largest deflection of each QRS complex, upwards or downwards; none in a flat record.

    Raises
    ------
    ValueError
        If an argument is out of its range.

    Notes
    -----
    Energy of the QRS complex after Pan & Tompkins 1985 (doi:10.1109/TBME.1985.325532). Differs: changes of the slope
    at one delay instead of a band-pass, without phase; a local usual height instead of running estimates of signal and
    noise, so nothing is learnt and nothing can be learnt wrongly; one decision on several measures instead of
    thresholds and a search back. Checked: tests/unit/signal/test_qrs.py, tests/property/test_signal_qrs.py, floors on
    MIT-BIH and under noise in tests/unit/signal/test_qrs_floors.py.
    """
    fs = rate(fs_hz, least=LEAST_HZ, most=MOST_HZ)
    return qrs_decision.beats(_candidates(rows(ecg, name="ecg"), fs), fs)


def _candidates(signal: Floats, fs_hz: float) -> Candidates:
    """Return the candidates of (n, samples), a few records at a time."""
    n, samples = signal.shape
    part = max(1, _AT_ONCE // max(1, samples))
    parts = [candidates(energy(bridged(signal[at : at + part], fs_hz), fs_hz)) for at in range(0, max(1, n), part)]
    return parts[0] if len(parts) == 1 else Candidates.joined(parts)


class Following:
    """R peaks of a stream of chunks: those of the whole record, however it is cut, each as soon as it is settled.

    Parameters
    ----------
    fs_hz : Hz, 100 to 1000; hop_s : s, how much at least is settled at a time: more is cheaper, less is sooner

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """

    def __init__(self, fs_hz: float, *, hop_s: float) -> None:
        fs = rate(fs_hz, least=LEAST_HZ, most=MOST_HZ)
        near, far = (
            Reach.of(back_s=each.BACK_S, ahead_s=each.AHEAD_S, hop_s=hop_s, grid=block(fs), fs_hz=fs)
            for each in (qrs_candidates, qrs_decision)
        )
        self._fs_hz = fs
        self._far = far
        self._found = Stream(lambda signal: _candidates(signal, fs), _between, reach=near)
        self._kept: Candidates | None = None
        self.settled = 0
        """All beats before this sample have been given."""

    def push(self, chunk: npt.ArrayLike) -> Beats | None:
        """Return the beats that the next samples, (samples,) or (n, samples), have settled; None if nothing is.

        Raises
        ------
        ValueError
            If it is no signal, or holds another number of records than the chunks before it.
        """
        found = self._found.push(chunk)
        return None if found is None else self._settle(found, self._found.settled - self._far.ahead)

    def finish(self) -> Beats | None:
        """Return what was not settled yet, now that the record ends here; None if no sample ever came."""
        found = self._found.finish()
        return None if found is None else self._settle(found, self._found.settled)

    def _settle(self, found: Candidates, until: int) -> Beats:
        kept = found if self._kept is None else found.follow(self._kept)
        given = beats_between(qrs_decision.beats(kept, self._fs_hz), 0, self.settled, until)
        self.settled = max(self.settled, until)
        self._kept = kept.where(kept.point * kept.by >= self.settled - self._far.back)
        return given


def _between(found: Candidates, start: int, first: int, end: int) -> Candidates:
    """Return the candidates whose point begins in the samples [first, end); looked for from `start` on."""
    begin = found.point * found.by + start
    return found.where((first <= begin) & (begin < end), later=start // found.by)
