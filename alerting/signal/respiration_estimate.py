"""What is said about the breathing of a window: a rate, how sure it is, or why there is none.

Not here: how it is found. The invariant: `rate_per_min` is NaN exactly where the confidence is below `READABLE` or too
little of the window was there, and then `reasons` says why.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from alerting.signal.quality_verdict import Reason
from alerting.signal.records import Floats
from alerting.signal.respiration_evidence import RATES_PER_MIN, belief, confidence, middle

WINDOW_S: Final = 32.0
LEAST_S, MOST_S = 16.0, 64.0
"""A shorter window holds too few breaths to be read; in a longer one the rate changes."""

READABLE: Final = 0.7
"""The confidence from which on a rate is given."""

LEAST_THERE: Final = 0.5
"""How much of a window must have been there."""

Reasons = npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The breathing rate of each window.

    rate_per_min : (n,) 1/min, 4 to 42; NaN where it cannot be read
    confidence : (n,) 0 to 1, the probability that `best_per_min` is within 2/min of the truth
    best_per_min : (n,) 1/min, never NaN: the value of the least expected error, which without any evidence is the usual
    reasons : (n,) uint16 of `Reason` bits, not 0 where the rate is NaN; a rate that is given may carry some too
    """

    rate_per_min: Floats
    confidence: Floats
    best_per_min: Floats
    reasons: Reasons

    @classmethod
    def of(cls, best_per_min: Floats, sure: Floats, reasons: Reasons) -> Self:
        """Return the estimate of what was found; `reasons` says MISSING, FLAT, SHORT or LEAD_OFF where it holds."""
        doubtful = sure < READABLE
        noise = np.where(doubtful & (reasons == 0), np.uint16(Reason.NOISE), np.uint16(0))
        unread = doubtful | (reasons & np.uint16(_NOT_THERE) > 0)
        return cls(
            rate_per_min=np.where(unread, np.nan, best_per_min),
            confidence=sure,
            best_per_min=best_per_min,
            reasons=(reasons | noise).astype(np.uint16),
        )

    @classmethod
    def nothing(cls, windows: int, reason: Reason) -> Self:
        """Return what is said of windows that cannot be looked at: what is usual, and how usual it is."""
        usual = belief(np.zeros((windows, len(RATES_PER_MIN))))
        best = middle(usual)
        return cls.of(best, confidence(usual, best), np.full(windows, reason, np.uint16))


_NOT_THERE: Final = Reason.MISSING | Reason.FLAT | Reason.SHORT | Reason.LEAD_OFF


def absence(signal: Floats, there: Floats) -> Reasons:
    """Return why less than `LEAST_THERE` of a window could be used, (n,) of bits: MISSING, FLAT or LEAD_OFF.

    signal : (n, samples); there : (n,) 0 to 1, how much of what was drawn from it could be used
    """
    reasons = np.zeros(len(signal), np.uint16)
    few = np.flatnonzero(there < LEAST_THERE)
    given = signal[few]
    gone = np.isnan(given)
    missing = gone.mean(axis=-1) > 1 - LEAST_THERE
    first = np.take_along_axis(given, (~gone).argmax(axis=-1)[:, None], axis=-1)
    still = (gone | (given == first)).all(axis=-1)
    reasons[few] = np.where(missing, Reason.MISSING, np.where(still, Reason.FLAT, Reason.LEAD_OFF))
    return reasons


def window_s(signal: Floats, fs_hz: float, *, name: str) -> float:
    """Return how long the windows are.

    Raises
    ------
    ValueError
        If they are longer than `MOST_S`.
    """
    seconds = float(signal.shape[1] / fs_hz)
    if seconds > MOST_S:
        raise ValueError(f"{name}: is {seconds:g} s long, must be at most {MOST_S:g} s: cut it into windows")
    return seconds
