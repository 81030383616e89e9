"""Breathing rate: from the chest's own movement, or from what breathing does to the pulse wave and the ECG.

The front of the respiration_* modules. A rate comes with the probability that it is right to 2/min. Not here: when a
rate or a pause is an alarm. The invariant: a row is one window, looked at by itself; what cannot be read is NaN with a
reason, and the best guess, which may be no more than what is usual, stands beside it under its own name.
"""

from alerting.signal.respiration_chest import chest
from alerting.signal.respiration_estimate import LEAST_S, MOST_S, READABLE, WINDOW_S, Estimate
from alerting.signal.respiration_fusion import fused
from alerting.signal.respiration_pauses import Breathing, Pauses, follow
from alerting.signal.respiration_windows import HOP_S, beats_in, cut

__all__ = [
    "HOP_S",
    "LEAST_S",
    "MOST_S",
    "READABLE",
    "WINDOW_S",
    "Breathing",
    "Estimate",
    "Pauses",
    "beats_in",
    "chest",
    "cut",
    "follow",
    "fused",
]
