"""Statistics of ragged columns: values that belong to groups (a record, a window of one), without a loop over them.

Not here: what the groups mean. The invariant: a group's statistic depends on its own values only, and a group without
values gives NaN (a count gives 0).
"""

import numpy as np

from alerting.signal.records import Floats, Ints


def medians(value: Floats, group: Ints, groups: int) -> Floats:
    """Return the median of each group.

    Parameters
    ----------
    value : (k,) float64; NaN is no value and is left out
    group : (k,) int64 in [0, groups), in any order

    Returns
    -------
    (groups,) float64; the mean of the middle two where the count is even, NaN where there is none
    """
    kept = ~np.isnan(value)
    value, group = value[kept], group[kept]
    if not len(value):
        return np.full(groups, np.nan)
    order = np.lexsort((value, group))
    ranked = value[order]
    count = np.bincount(group, minlength=groups)
    first = np.cumsum(count) - count
    low = np.minimum(first + np.maximum(count - 1, 0) // 2, len(ranked) - 1)
    high = np.minimum(first + count // 2, len(ranked) - 1)
    return np.where(count > 0, 0.5 * (ranked[low] + ranked[high]), np.nan)


def sums(value: Floats, group: Ints, groups: int) -> Floats:
    """Return the sum of each group, (groups,) float64; 0 where there is none. NaN is no value."""
    return np.bincount(group, weights=np.nan_to_num(value), minlength=groups).astype(np.float64)


def means(value: Floats, group: Ints, groups: int) -> Floats:
    """Return the mean of each group, (groups,) float64; NaN where there is none. NaN is no value."""
    count = np.bincount(group[~np.isnan(value)], minlength=groups)
    return np.where(count > 0, sums(value, group, groups) / np.maximum(count, 1), np.nan)
