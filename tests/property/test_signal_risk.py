"""The deterioration score over any courses: cut, shuffled, delayed and made better or worse."""

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.models import deterioration
from alerting.signal.risk import Scores, score
from alerting.signal.risk_courses import KINDS, Courses, ragged
from alerting.signal.risk_features import BACK_S, Signal
from ward.vitals import VITALS, VitalKind

MODEL = deterioration.weights()
NORMAL = {"heart_rate": 75, "resp_rate": 16, "spo2": 97, "temperature": 36.8, "systolic": 125, "diastolic": 75}
Floats = npt.NDArray[np.float64]


@st.composite
def patients(draw: st.DrawFn) -> Courses:
    """Return one to four courses of up to forty rows with gaps, equal times and missing values."""
    seed = draw(st.integers(0, 2**32 - 1))
    counts = draw(st.lists(st.integers(0, 40), min_size=1, max_size=4))
    return _courses(np.random.default_rng(seed), counts)


def _courses(rng: np.random.Generator, counts: list[int]) -> Courses:
    rows = sum(counts)
    steps = rng.choice([0.0, 0.5, 13.0, 60.0, 400.0, 2000.0], rows)
    offsets = np.concatenate(([0], np.cumsum(counts)))
    times = np.concatenate([np.cumsum(steps[a:b]) for a, b in itertools.pairwise(offsets)])
    vitals = {}
    for kind in KINDS:
        drawn = rng.uniform(VITALS[kind].low, VITALS[kind].high, rows)
        vitals[kind.value] = np.where(rng.random(rows) < 0.4, np.nan, drawn)
    return ragged(offsets, times, vitals, rng.uniform(18, 95, len(counts)))


def part(whole: Courses, patient: int, first: int, end: int) -> Courses:
    """Return rows `first` to `end` of one patient, as if nothing else had ever been seen."""
    start = int(whole.offsets[patient])
    rows = slice(start + first, start + end)
    vitals = {kind.value: whole.values[index, rows] for index, kind in enumerate(KINDS)}
    return ragged([0, end - first], whole.t_s[rows] / 60, vitals, whole.age_years[[patient]])


def assert_rows(found: Scores, expected: Scores, rows: slice) -> None:
    """Compare a score with rows of another, to the bit."""
    for name in ("score", "low", "high", "logit", "contributions", "unknown"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name)[..., rows], err_msg=name)


@settings(max_examples=25)
@given(whole=patients())
def test_nothing_later_and_nobody_else_changes_a_score(whole: Courses) -> None:
    """A row's score is that of the course that ends with it, alone: causal, and the same in any batch."""
    found = score(whole, MODEL)

    for patient, (start, end) in enumerate(zip(whole.offsets, whole.offsets[1:], strict=False)):
        for rows in {1, int(end - start) // 2, int(end - start)} - {0}:
            if rows <= end - start:
                assert_rows(score(part(whole, patient, 0, rows), MODEL), found, slice(start, start + rows))


@settings(max_examples=25)
@given(whole=patients(), data=st.data())
def test_stream_cut_anywhere_gives_the_whole(whole: Courses, data: st.DataObject) -> None:
    """A trailing buffer of `BACK_S` gives what the whole course gives, wherever it is cut."""
    patient = data.draw(st.integers(0, len(whole.age_years) - 1))
    start, end = (int(each) for each in whole.offsets[patient : patient + 2])
    if start == end:
        return
    row = data.draw(st.integers(start, end - 1))
    first = start + int(np.searchsorted(whole.t_s[start:end], whole.t_s[row] - BACK_S))

    found = score(part(whole, patient, first - start, row + 1 - start), MODEL)

    last = score(whole, MODEL)
    assert found.score[-1] == last.score[row]
    np.testing.assert_array_equal(found.contributions[:, -1], last.contributions[:, row])


@settings(max_examples=25)
@given(whole=patients())
def test_score_is_explained_and_lies_in_its_interval(whole: Courses) -> None:
    """The contributions sum to the logit, and 0 <= low <= score <= high <= 1."""
    found = score(whole, MODEL)

    np.testing.assert_allclose(found.logit, MODEL.intercept + found.contributions.sum(axis=0), atol=1e-12)
    assert ((found.low >= 0) & (found.low <= found.score) & (found.score <= found.high) & (found.high <= 1)).all()


@settings(max_examples=25)
@given(whole=patients(), less=st.floats(0, 40))
def test_lower_spo2_never_lowers_the_score(whole: Courses, less: float) -> None:
    """If the newest SpO2 had been lower, the score would have been as high or higher."""
    last = whole.values.shape[1] - 1
    lowered = _with(whole, VitalKind.SPO2, last, lambda value: max(value - less, 30.0))

    if lowered is not None:
        assert score(lowered, MODEL).logit[last] >= score(whole, MODEL).logit[last] - 1e-12


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("resp_rate", range(16, 50, 2)),
        ("heart_rate", range(80, 180, 5)),
        ("spo2", range(100, 70, -1)),
        ("consciousness", range(5)),
        ("oxygen_flow", range(16)),
        ("fio2", range(21, 101, 5)),
    ],
)
def test_worse_value_never_lowers_the_score(kind: str, values: range) -> None:
    """From normal on, a worse newest value after a normal day gives a score as high or higher, step by step."""
    times = np.arange(12) * 60.0
    day = {name: np.full(12, float(value)) for name, value in NORMAL.items()}
    scores = []
    for value in values:
        row = np.concatenate((np.full(11, float(values[0])), [float(value)]))
        scores.append(score(ragged([0, 12], times, {**day, kind: row}, [70]), MODEL).logit[-1])

    assert (np.diff(scores) >= -1e-12).all()
    assert scores[-1] > scores[0]


def _with(whole: Courses, kind: VitalKind, row: int, change: object) -> Courses | None:
    """Return the courses with one value changed, or None where there is none."""
    index = KINDS.index(kind)
    if row < 0 or np.isnan(whole.values[index, row]) or not callable(change):
        return None
    values = whole.values.copy()
    values[index, row] = change(values[index, row])
    return Courses(offsets=whole.offsets, t_s=whole.t_s, values=values, age_years=whole.age_years)


def test_missing_signal_counts_as_a_normal_one() -> None:
    """A signal that is not known contributes nothing, as the reference of its effects does."""
    nothing = score(ragged([0, 1], [0.0], {}, [np.nan]), MODEL)

    assert (nothing.contributions == 0).all()
    assert nothing.unknown[[signal is not Signal.AGE for signal in nothing.signals]].all()
