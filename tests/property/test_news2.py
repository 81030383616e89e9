"""What must hold of NEWS2 for every patient, known or not."""

from collections.abc import Mapping

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from alerting.rules import news2
from alerting.rules.news2 import INPUTS
from ward.vitals import VITALS, VitalKind

# Oxygen is known by its flow alone here: two sources that contradict each other are not a completion.
KNOWN = tuple(kind for kind in INPUTS if kind is not VitalKind.FIO2)


def _value(kind: VitalKind) -> st.SearchStrategy[float]:
    if kind is VitalKind.CONSCIOUSNESS:
        return st.integers(0, 4).map(float)
    return st.floats(VITALS[kind].low, VITALS[kind].high)


patients = st.fixed_dictionaries({kind: _value(kind) for kind in KNOWN})
hidden = st.sets(st.sampled_from(KNOWN))
scales = st.integers(1, 2)


def total(values: Mapping[VitalKind, float], scale: int) -> tuple[int, int]:
    """Return the interval of one patient; a kind left out is unknown."""
    scores = news2.score(
        {kind: np.array([values.get(kind, np.nan)]) for kind in INPUTS},
        {kind: np.array([False]) for kind in INPUTS},
        np.array([scale]),
    )
    return int(scores.total_min[0]), int(scores.total_max[0])


@given(patients, hidden, scales)
def test_interval_contains_every_completion(patient: dict[VitalKind, float], gone: set[VitalKind], scale: int) -> None:
    """Whatever the unknown inputs really are, the true total lies in the interval."""
    whole, _ = total(patient, scale)
    low, high = total({kind: value for kind, value in patient.items() if kind not in gone}, scale)

    assert 0 <= low <= whole <= high <= 20


@given(patients, hidden, scales)
def test_interval_narrows_with_every_input(patient: dict[VitalKind, float], gone: set[VitalKind], scale: int) -> None:
    """Adding an input never widens the interval, nor moves it out of the one before."""
    seen = {kind: value for kind, value in patient.items() if kind not in gone}
    before = total(seen, scale)
    for kind in sorted(gone):
        seen[kind] = patient[kind]
        after = total(seen, scale)
        assert before[0] <= after[0] <= after[1] <= before[1]
        before = after

    assert before[0] == before[1]


@given(patients, hidden)
def test_risk_is_that_of_the_upper_end(patient: dict[VitalKind, float], gone: set[VitalKind]) -> None:
    """A missing input never lowers the risk that is shown."""
    seen = {kind: value for kind, value in patient.items() if kind not in gone}
    fresh = {kind: np.array([False]) for kind in INPUTS}
    one = np.array([1])
    whole = news2.score({kind: np.array([patient.get(kind, np.nan)]) for kind in INPUTS}, fresh, one)
    part = news2.score({kind: np.array([seen.get(kind, np.nan)]) for kind in INPUTS}, fresh, one)

    assert part.risk[0] >= whole.risk[0]
