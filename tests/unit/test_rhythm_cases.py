"""What rhythms are fitted with: the regression finds what was hidden, windows carry the rhythm they were given."""

import numpy as np
import pytest

from benchmarks.annotated import Annotations
from benchmarks.logistic import auroc, cells, crossed, fitted, logit, probability
from benchmarks.rhythm_cases import cut, rhythm_of

HIDDEN = np.array([-0.5, 2.0, -1.0])


def hidden_cases(count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Draw cases whose truth follows `HIDDEN`."""
    rng = np.random.default_rng(1)
    features = rng.normal(0, (1.0, 3.0), (count, 2))
    return features, rng.random(count) < probability(logit(features, HIDDEN))


def test_regression_finds_what_was_hidden() -> None:
    """Weights that made the cases are found again, within what chance allows."""
    features, truth = hidden_cases()

    found = fitted(features, truth, np.ones(len(truth)), penalty=0.1)

    np.testing.assert_allclose(found, HIDDEN, atol=0.1)


def test_regression_counts_by_weight() -> None:
    """A case that counts twice is the same as two cases."""
    features, truth = hidden_cases(400)
    weight = np.ones(400)
    weight[:100] = 2

    twice = fitted(np.concatenate((features, features[:100])), np.concatenate((truth, truth[:100])), np.ones(500), 0.0)

    np.testing.assert_allclose(fitted(features, truth, weight, 0.0), twice, rtol=1e-6)


def test_crossed_logit_does_not_know_its_own_group() -> None:
    """Truth that is turned over in one group cannot help that group's own logits."""
    features, truth = hidden_cases(2000)
    group = (np.arange(2000) % 4).astype(np.str_)
    turned = np.where(group == "0", ~truth, truth)

    odds = crossed(features, turned, np.ones(2000), group, 0.1)

    assert auroc(odds[group == "0"], turned[group == "0"]) < 0.2


def test_area_is_the_share_of_pairs_in_order() -> None:
    """The area equals the share of pairs in which the true one scores higher, ties half, each pair by its weights."""
    rng = np.random.default_rng(2)
    score, truth, weight = rng.integers(0, 8, 60).astype(float), rng.random(60) < 0.4, rng.random(60)
    pairs = [(a, b) for a in np.flatnonzero(truth) for b in np.flatnonzero(~truth)]
    won = sum(weight[a] * weight[b] * (np.sign(score[a] - score[b]) + 1) / 2 for a, b in pairs)

    assert auroc(score, truth, weight) == pytest.approx(won / sum(weight[a] * weight[b] for a, b in pairs))


def test_cells_hold_every_case_once() -> None:
    """Each case is in the one cell of its keys."""
    letters, numbers = np.array(list("abab")), np.array([1, 1, 1, 2])

    assert [each.tolist() for each in cells(letters, numbers)] == [[0, 2], [1], [3]]


def test_rhythm_holds_from_its_mark_on() -> None:
    """An interval has the rhythm in force at the beat that ends it; marks that are no rhythm change nothing."""
    notes = Annotations(
        sample=np.array([0, 100, 110, 200, 300, 310, 400, 500, 510, 600]),
        symbol=np.array(["N", "N", "+", "N", "~", "+", "V", "N", "+", "N"]),
        aux=np.array(["", "", "(AFIB", "", "", "(AFL", "", "", "(N", ""]),
        fs_hz=100.0,
    )

    rr_ms, label = rhythm_of(notes)

    assert rr_ms.tolist() == [1000, 1000, 2000, 1000, 1000]
    assert label.tolist() == [0, 1, -1, -1, 0]


def test_windows_are_of_one_rhythm() -> None:
    """Mixed windows and flutter are left out; nine tenths are enough."""
    label = np.repeat([0, 1, 0, 1, -1, 1], [10, 10, 5, 5, 10, 9])
    rr_ms = np.arange(len(label), dtype=float)

    rows, af = cut(rr_ms, label, 10)

    assert rows[:, 0].tolist() == [0, 10]
    assert af.tolist() == [False, True]
