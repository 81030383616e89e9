"""Vitals over time: what one look at everybody costs, and how soon and how falsely CUSUM speaks.

`python -m benchmarks.trends [--patients 10000] [--hours 24] [--runs 3]`: five kinds, a reading every 5 min, 2 % of them
missing. One look is what the live view asks for: median filter and Hampel marks over the last 3 h, slopes over 6 h and
24 h, EWMA, baseline, deviation, CUSUM over 24 h, distance of all kinds together. Beside it, from the same run:
`scipy.stats.theilslopes` in a loop over the same points, and the floor, numpy's own sort of those medians' columns.
CPU time of the best of the runs, one thread.
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from alerting.signal import baseline, change, distance, smooth, trend
from alerting.signal.norms import NORMS
from alerting.signal.records import Floats
from alerting.signal.series import Course, Moments
from alerting.signal.spans import after, between, thinned, trailing
from ward.vitals import VitalKind

KINDS = (VitalKind.HEART_RATE, VitalKind.RESP_RATE, VitalKind.SPO2, VitalKind.TEMPERATURE, VitalKind.SYSTOLIC)
EPOCH_S = 1_795_255_200.0
EVERY_S = 300.0
SHORT_S, LONG_S, FILTER_S, RECENT_S = 6 * 3600.0, 24 * 3600.0, 1800.0, 3 * 3600.0
PLAN = change.Plan()
SHIFTS = (0.0, 0.5, 1.0, 2.0)
LONGEST = 4000


@dataclass(slots=True)
class Clock:
    """CPU seconds by what they were spent on."""

    spent_s: dict[str, float] = field(default_factory=dict)

    def of[T](self, name: str, work: Callable[[], T]) -> T:
        """Do the work and add its time."""
        begun = time.process_time()
        made = work()
        self.spent_s[name] = self.spent_s.get(name, 0.0) + time.process_time() - begun
        return made
