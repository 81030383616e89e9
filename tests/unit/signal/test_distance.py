"""Distance from the own normal: against scipy, with vitals missing, and what its shares add up to."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import mahalanobis

from alerting.signal import distance as distances
from alerting.signal.baseline import population
from alerting.signal.distance import correlation, distance, grid, standardised
from alerting.signal.norms import NORMS
from alerting.signal.series import Course, Moments
from tests.builders_vitals import NOON_S, uneven
from ward.vitals import VitalKind

KINDS = (VitalKind.HEART_RATE, VitalKind.RESP_RATE, VitalKind.SPO2)
TRUE = np.array([[1, 0.6, -0.3], [0.6, 1, -0.4], [-0.3, -0.4, 1.0]])


def drawn(seed: int, count: int, hours: int = 1) -> np.ndarray:
    """Return standard scores of so many people and hours, correlated as `TRUE`: (count, hours, 3)."""
    return np.random.default_rng(seed).multivariate_normal(np.zeros(3), TRUE, (count, hours))


def test_distance_is_scipy_s() -> None:
    """With all vitals there it is the square of scipy's Mahalanobis distance."""
    scores = drawn(32, 50)[:, 0]
    expected = [mahalanobis(each, np.zeros(3), np.linalg.inv(TRUE)) ** 2 for each in scores]

    np.testing.assert_allclose(distance(scores, TRUE).squared, expected, rtol=1e-10)


def test_missing_vital_is_left_out() -> None:
    """What is missing neither counts as normal nor as strange: the rest is judged by its own correlations."""
    scores = np.array([[2.0, np.nan, 1], [np.nan, np.inf, 3], [np.nan] * 3])
    found = distance(scores, TRUE)
    pair = TRUE[np.ix_([0, 2], [0, 2])]

    np.testing.assert_allclose(found.squared, [mahalanobis([2, 1], [0, 0], np.linalg.inv(pair)) ** 2, 9, np.nan])
    assert found.known.tolist() == [2, 1, 0]
    assert found.share[:, 1].tolist() == [0, 0, 0]
    assert np.isnan(found.surprise[2])


def test_surprise_is_the_tail_and_means_the_same_for_one_vital_and_for_three() -> None:
    """Of people as they always are, 1 % are beyond a surprise of 2, however many vitals are known."""
    scores = drawn(33, 20_000)[:, 0]
    for known in (1, 2, 3):
        given = np.where(np.arange(3) < known, scores, np.nan)
        found = distance(given, TRUE)
        np.testing.assert_allclose(found.surprise, -np.log10(stats.chi2.sf(found.squared, known)), rtol=1e-9)
        assert (found.surprise > 2).mean() == pytest.approx(0.01, abs=0.0025)


def test_surprise_of_the_impossible_is_finite() -> None:
    """Scores of a million give the greatest surprise, not an infinity."""
    assert distance(np.array([[1e6, 0, 0]]), TRUE).surprise.tolist() == [distances.MOST_SURPRISE]


def test_shares_are_not_negative_and_add_up() -> None:
    """Each vital's share is 0 or more, together they are the distance, and the one that stands out has the most."""
    found = distance(np.vstack([drawn(34, 500)[:, 0], [[0.2, 5, 0.1]]]), TRUE)

    assert (found.share >= 0).all()
    np.testing.assert_allclose(found.share.sum(axis=1), found.squared, rtol=1e-10)
    assert found.share[-1].argmax() == 1


def test_uncorrelated_shares_are_squared_scores() -> None:
    """Without correlations there is nothing to divide up."""
    np.testing.assert_allclose(distance(np.array([[1.0, -2, 3]]), np.eye(3)).share, [[1, 4, 9]])


def test_rising_together_is_less_strange_than_apart() -> None:
    """Where heart and breathing rate go together, both up is nearer than one up and one down."""
    found = distance(np.array([[2.0, 2, 0], [2.0, -2, 0]]), TRUE)

    assert found.squared[0] < 0.5 * found.squared[1]


def test_own_correlations_are_learnt_and_single_hours_do_not_make_them() -> None:
    """Many hours bring it near the truth; a few wild ones that agree by chance do not."""
    scores = drawn(35, 40, 400)
    learnt = correlation(scores).mean(axis=0)
    wild = drawn(35, 1, 400)
    wild[:, :4, :2] = [40, -40]

    np.testing.assert_allclose(learnt, TRUE, atol=0.12)
    np.testing.assert_allclose(correlation(wild)[0], correlation(drawn(35, 1, 400))[0], atol=0.12)


def test_nothing_known_gives_the_common_correlation() -> None:
    """Before the first hour it is what was assumed; by default, no correlation."""
    nothing = np.full((2, 24, 3), np.nan)

    np.testing.assert_allclose(correlation(nothing, TRUE)[1], TRUE, atol=1e-12)
    np.testing.assert_allclose(correlation(nothing), [np.eye(3)] * 2, atol=1e-12)
    np.testing.assert_allclose(correlation(np.zeros((1, 24, 3)), TRUE)[0], TRUE, atol=1e-12)


def test_correlation_stays_definite_however_one_sided_the_hours_are() -> None:
    """Vitals that move as one, and pairs never seen together, still give a usable matrix with a diagonal of 1."""
    scores = np.repeat(drawn(36, 3, 300)[..., :1], 3, axis=-1)
    scores[1, ::2, 0] = np.nan
    scores[1, 1::2, 1] = np.nan
    made = correlation(scores)

    assert (np.linalg.eigvalsh(made) > 0.05).all()
    np.testing.assert_allclose(np.einsum("kii->ki", made), 1)


def test_grid_holds_hourly_medians_where_they_belong() -> None:
    """Each column is one hour by the clock, the last the running one; an hour without a reading is NaN."""
    course = Course.of(NOON_S + np.array([-7300, -7100, -3700, -20, 600, 1200]), [1, 3, 5, 7, 9, 10])
    at = Moments(row=np.zeros(2, np.int64), at_s=NOON_S + np.array([900.0, -100]))

    np.testing.assert_array_equal(grid(course, at, 3600.0, 4), [[1, 4, 7, 9], [np.nan, 1, 4, np.nan]])


def test_standard_scores_are_by_the_half_of_the_day() -> None:
    """Hours of the local night are scored against the night."""
    heart, other = NORMS[KINDS[0]], NORMS[KINDS[1]]
    t_s = NOON_S - 3600.0 * np.arange(24)[::-1]
    series = [Course.of(t_s, np.full(24, heart.night)), Course.of([], [])]
    found = standardised(series, [population(1, heart), population(1, other)], Moments.now(NOON_S, 1), 0.0, buckets=24)

    assert found.shape == (1, 24, 2)
    assert (found[0, :, 0] == 0).sum() == 8
    assert np.isnan(found[0, :, 1]).all()


def test_wrong_shapes_are_refused() -> None:
    """Scores and correlations must fit each other."""
    with pytest.raises(ValueError, match="scores: "):
        distance(np.zeros((2, 3)), np.eye(2))
    with pytest.raises(ValueError, match="scores: has 2 dimensions"):
        correlation(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="common: has the shape"):
        correlation(np.zeros((1, 2, 3)), np.eye(2))
    with pytest.raises(ValueError, match="buckets: is 0"):
        grid(uneven(1), Moments.now(NOON_S, 4), 60.0, 0)
