"""Rhythm: is it atrial fibrillation? Asked of RR intervals, of hours of them, and of a short ECG.

The front door to `rhythm_score` (a window of RR intervals), `rhythm_burden` (irregularity over time, with episodes)
and `rhythm_strip` (9 to 61 s of ECG, with P waves). Not here: other arrhythmias; a suspicion is no diagnosis, which
takes an ECG that somebody has read. The invariant: what cannot be read is said to be unreadable, never to be af.
"""

from alerting.signal.rhythm_burden import Burden, Episodes, Rhythm, Timeline, burden, episodes, timeline
from alerting.signal.rhythm_score import AF, af_score
from alerting.signal.rhythm_strip import Strip, strip

__all__ = [
    "AF",
    "Burden",
    "Episodes",
    "Rhythm",
    "Strip",
    "Timeline",
    "af_score",
    "burden",
    "episodes",
    "strip",
    "timeline",
]
