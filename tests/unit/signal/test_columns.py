"""Statistics of groups against numpy, one group after another."""

import numpy as np
import pytest

from alerting.signal import columns

RNG = np.random.default_rng(2)
VALUE = np.where(RNG.random(500) < 0.1, np.nan, RNG.normal(size=500))
GROUP = RNG.integers(0, 40, 500)
GROUPS = 45
THERE = ~np.isnan(VALUE)
EACH = [VALUE[THERE & np.equal(GROUP, each)] for each in range(GROUPS)]


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.9, 1.0])
def test_quantiles_are_numpy_s(share: float) -> None:
    """Each group's quantile is numpy's of its own values; a group without values has none."""
    (found,) = columns.quantiles(VALUE, GROUP, GROUPS, (share,))

    np.testing.assert_allclose(found, [np.quantile(each, share) if len(each) else np.nan for each in EACH])


def test_medians_sums_and_means_are_numpy_s() -> None:
    """What a group holds is told from its own values, and what holds nothing is NaN, its sum nought."""
    np.testing.assert_allclose(
        columns.medians(VALUE, GROUP, GROUPS), [np.median(each) if len(each) else np.nan for each in EACH]
    )
    np.testing.assert_allclose(columns.sums(VALUE, GROUP, GROUPS), [each.sum() for each in EACH])
    np.testing.assert_allclose(
        columns.means(VALUE, GROUP, GROUPS), [each.mean() if len(each) else np.nan for each in EACH]
    )


def test_median_of_what_has_no_bound_is_not_nothing() -> None:
    """Where the middle is infinite so is the median; it does not become NaN."""
    value = np.array([1.0, np.inf, np.inf, 1.0, 2.0, np.inf])

    np.testing.assert_array_equal(columns.medians(value, np.array([0, 0, 0, 1, 1, 1]), 2), [np.inf, 2])
    np.testing.assert_array_equal(columns.medians(value[:2], np.zeros(2, np.int64), 1), [np.inf])
