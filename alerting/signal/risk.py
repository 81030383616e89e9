"""The deterioration score: how much a person's vital signs and their course over the last day look like getting worse.

It supports NEWS2 and never replaces it: no alarm waits for it, none is silenced by it. It ranks; as a probability it
means the patients it was fitted on (docs/model-card-deterioration.md), not people at home. Its invariants: the
contributions and the intercept sum to the logit, exactly; a row's score depends on that row and the day before it;
a value that is not known adds nothing and widens the interval.
Not here: the weights (`alerting.models.deterioration`), what is looked at (`risk_features`).
"""

from dataclasses import dataclass

import numpy as np

from alerting.signal.records import Bools, Floats
from alerting.signal.risk_courses import Courses
from alerting.signal.risk_features import Signal, features
from alerting.signal.risk_model import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The score at each row of some courses.

    signals : the signals that the model looks at
    score : (rows,) float64, 0-1; low, high : (rows,) what it could be if everything unknown were known, around it
    logit : (rows,) float64, the intercept plus the contributions, added in the order of `signals`
    contributions : (signals, rows) float64, logits; positive speaks for deterioration
    unknown : (signals, rows) bool, never measured in the last day, or too long ago
    """

    signals: tuple[Signal, ...]
    score: Floats
    low: Floats
    high: Floats
    logit: Floats
    contributions: Floats
    unknown: Bools


def score(courses: Courses, model: Model) -> Scores:
    """Score every row of every course by what was known at it.

    Parameters
    ----------
    courses : made by `risk_courses.course`, `courses` or `ragged`, which check the arguments
    model : usually `alerting.models.deterioration.weights()`

    Notes
    -----
    The interval takes each unknown signal from the 5th to the 95th percentile of what it added in the training data,
    all at their worst or best together; so it is wide, as it should be. Signals that are made of others (shock index)
    are unknown with them. A course without any value has the intercept's score and the widest interval.
    Checked: tests/unit/signal/test_risk.py, tests/property/test_signal_risk.py.
    """
    found, not_known = features(courses, [effect.feature for effect in model.effects], model.signals)
    contributions = np.zeros((len(model.signals), len(courses.t_s)))
    for effect, values in zip(model.effects, found, strict=True):
        contributions[model.signals.index(effect.signal)] += effect.at(values)
    logit, lower, upper = (np.full(len(courses.t_s), model.intercept) for _ in range(3))
    for reach, term, is_open in zip(model.reaches, contributions, not_known, strict=True):
        logit += term
        lower += np.where(is_open, np.minimum(term, reach.low), term)
        upper += np.where(is_open, np.maximum(term, reach.high), term)
    return Scores(
        signals=model.signals,
        score=_probability(logit),
        low=_probability(lower),
        high=_probability(upper),
        logit=logit,
        contributions=contributions,
        unknown=not_known,
    )


def _probability(logit: Floats) -> Floats:
    return 0.5 * (1.0 + np.tanh(0.5 * logit))
