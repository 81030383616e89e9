"""Statistics of ragged columns: values that belong to groups (a record, a window of one), without a loop over them.

Not here: what the groups mean. The invariant: a group's statistic depends on its own values only, and a group without
values gives NaN (a count gives 0).
"""

import numpy as np

from alerting.signal.records import Floats, Ints


def medians(value: Floats, group: Ints, groups: int) -> Floats:
    """Return the median of each group: `quantiles` at a half."""
    (middle,) = quantiles(value, group, groups, (0.5,))
    return middle


def quantiles(value: Floats, group: Ints, groups: int, shares: tuple[float, ...]) -> list[Floats]:
    """Return quantiles of each group.

    Parameters
    ----------
    value : (k,) float64; NaN is no value and is left out
    group : (k,) int64 in [0, groups), in any order; shares : each 0-1

    Returns
    -------
    (groups,) float64 for each share; between two values the straight line, so the median of an even count is the mean
    of the middle two; NaN where there is no value
    """
    kept = ~np.isnan(value)
    value, group = value[kept], group[kept]
    made = [np.full(groups, np.nan) for _ in shares]
    if not len(value):
        return made
    ranked = value[np.lexsort((value, group))]
    count = np.bincount(group, minlength=groups)
    some = count > 0
    first, last = (np.cumsum(count) - count)[some], count[some] - 1
    for row, share in zip(made, shares, strict=True):
        low = np.floor(share * last).astype(np.int64)
        before, after = ranked[first + low], ranked[first + np.minimum(low + 1, last)]
        part = share * last - low
        with np.errstate(invalid="ignore"):  # infinite values, where nothing lies between them
            row[some] = np.where(part > 0, (1 - part) * before + part * after, before)
    return made


def sums(value: Floats, group: Ints, groups: int) -> Floats:
    """Return the sum of each group, (groups,) float64; 0 where there is none. NaN is no value."""
    return np.bincount(group, weights=np.nan_to_num(value), minlength=groups).astype(np.float64)


def means(value: Floats, group: Ints, groups: int) -> Floats:
    """Return the mean of each group, (groups,) float64; NaN where there is none. NaN is no value."""
    count = np.bincount(group[~np.isnan(value)], minlength=groups)
    return np.where(count > 0, sums(value, group, groups) / np.maximum(count, 1), np.nan)
