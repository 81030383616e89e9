"""Judges a back-test part by part and puts its report together. Pure; the worker reads and keeps.

The invariant: nothing is kept of a part but the alerts that it would have raised.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np

from alerting import backtest, suggestions
from alerting.backtest import Gathered, Raised, raised
from alerting.backtest_read import Part, Question, contexts
from alerting.features import Batch, batch, seconds
from alerting.rules.catalogue import JUDGED, judge, judge_limits
from alerting.suggestions import Change
from ward.alerts import Family
from ward.backtests import Report, Suggestion
from ward.people import StayId
from ward.plans import Plan

_DAY = timedelta(days=1)


@dataclass(slots=True)
class Reporter:
    """Takes the parts in any order, and reports on all of them."""

    asked: Question
    candidate: Gathered = field(default_factory=Gathered)
    in_force: Gathered = field(default_factory=Gathered)
    changed: dict[Change, Gathered] = field(default_factory=dict)
    readings: int = 0

    def add(self, part: Part) -> None:
        """Judge the readings of some stays by both plans, and by the changes that are to be tried."""
        period = seconds(self.asked.period[0]), seconds(self.asked.period[1])
        ours = batch(contexts(self.asked, part.stays, None), part.series)
        theirs = batch(contexts(self.asked, part.stays, self.asked.in_force), part.series)
        self.candidate.parts.append(raised(ours, judge, damped_s, period))
        self.in_force.parts.append(raised(theirs, judge, damped_s, period))
        self.readings += part.readings
        if self.asked.suggest:
            self._try(part, period)
