"""Figures of a score against plain counting and closed forms."""

import numpy as np
import pytest
from scipy.special import expit

from alerting.models.judge import auroc, by_patient, calibration


def test_auroc_counts_pairs() -> None:
    """The area is the share of pairs in the right order, ties counted half."""
    rng = np.random.default_rng(0)
    score, happened = rng.integers(0, 6, 60).astype(float), rng.random(60) < 0.4
    pairs = [(a > b) + 0.5 * (a == b) for a in score[happened] for b in score[~happened]]

    assert auroc(score, happened) == pytest.approx(np.mean(pairs))
    assert np.isnan(auroc(score, np.ones(60, np.bool_)))


def test_calibration_finds_what_was_done_to_the_probabilities() -> None:
    """Probabilities made twice too extreme and moved have a slope of a half and the intercept that undoes the move."""
    rng = np.random.default_rng(0)
    logit = rng.normal(-1, 1, 50_000)
    happened = rng.random(50_000) < expit(logit)

    found = calibration(expit(2 * logit + 1), happened)

    assert found.slope == pytest.approx(0.5, abs=0.03)
    assert found.intercept == pytest.approx(-0.5, abs=0.05)


def test_bins_hold_everybody_once() -> None:
    """Ten bins of rising predictions, each with its own mean and share."""
    predicted = np.linspace(0.05, 0.95, 95)
    found = calibration(predicted, predicted > 0.5)

    assert sum(each.count for each in found.bins) == 95
    assert [each.happened for each in found.bins[:3]] == [0, 0, 0]
    assert found.brier == pytest.approx(((predicted - (predicted > 0.5)) ** 2).mean())


@pytest.mark.parametrize(("how", "expected"), [("last", [3, 0, 5]), ("mean", [2, 0, 5]), ("max", [4, 0, 5])])
def test_scores_are_summed_up_by_patient(how: str, expected: list[float]) -> None:
    """A patient without a row has 0, and the next one's rows are not its own."""
    score = np.array([1.0, 0.0, 4.0, 3.0, 5.0])

    assert by_patient(score, np.array([0, 4, 4, 5]), how).tolist() == expected


def test_unknown_summary_is_refused() -> None:
    """A wrong name is a ValueError."""
    with pytest.raises(ValueError, match="must be last, mean or max"):
        by_patient(np.zeros(1), np.array([0, 1]), "median")
