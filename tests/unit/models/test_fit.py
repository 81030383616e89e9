"""Fitting broken lines: what is planted is found, directions hold, nothing depends on chance."""

import numpy as np
import pytest
from scipy.special import expit

from alerting.models.fit import Rows, design, effects, fit
from alerting.models.shapes import SHAPES, Direction, Shape
from alerting.signal.risk_features import Signal, Statistic, allowed


def a_shape(direction: Direction = Direction.FREE) -> Shape:
    """Return a heart rate's line with four knots and its zero at 80."""
    return Shape(
        signal=Signal.HEART_RATE,
        statistic=Statistic.LAST,
        knots=(40, 80, 120, 160),
        reference=80,
        direction=direction,
    )


def rows_of(shape: Shape, heights: list[float], count: int = 20_000) -> tuple[Rows, np.ndarray]:
    """Return rows whose outcome follows a line, in two data sets with intercepts -1 and -3."""
    rng = np.random.default_rng(1)
    values = rng.uniform(30, 170, count)
    source = np.arange(count) % 2
    logit = np.interp(values, shape.knots, heights) + np.where(source == 0, -1.0, -3.0)
    made = Rows(
        design=design([shape], values[None]),
        event=rng.random(count) < expit(logit),
        source=source,
        weight=np.ones(count),
    )
    return made, values


def test_planted_line_is_found() -> None:
    """With enough rows and next to no penalty, heights and intercepts come out as they were planted."""
    rows, _ = rows_of(a_shape(), [1.5, 0, 1, 3])

    found = fit(rows, [a_shape()], 1e-9, 0.0)

    np.testing.assert_allclose(effects([a_shape()], found.rises, 6)[0].heights, [1.5, 0, 1, 3], atol=0.15)
    np.testing.assert_allclose(found.intercepts, [-1, -3], atol=0.1)


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        (Direction.RISING, [0, 0, 1, 3]),
        (Direction.FALLING, [1.5, 0, 0, 0]),
        (Direction.AWAY, [1.5, 0, 1, 3]),
        (Direction.LOW_IS_WORSE, [1.5, 0, 1, 3]),
    ],
)
def test_direction_is_kept(direction: Direction, expected: list[float]) -> None:
    """A line does not go the way that its direction forbids, whatever the data say."""
    rows, _ = rows_of(a_shape(), [1.5, 0, 1, 3])

    heights = effects([a_shape(direction)], fit(rows, [a_shape(direction)], 1e-9, 0.0).rises, 6)[0].heights

    forbidden = [index for index, height in enumerate(expected) if height == 0]
    assert [heights[index] for index in forbidden] == [0] * len(forbidden)


def test_effect_is_what_was_fitted() -> None:
    """The line that is kept gives the logits of the design matrix, also beyond its ends and where nothing is known."""
    rows, values = rows_of(a_shape(), [1.5, 0, 1, 3], 500)
    found = fit(rows, [a_shape()], 1e-3, 1e-3)

    line = effects([a_shape()], found.rises, 12)[0]

    np.testing.assert_allclose(line.at(values), rows.design @ found.rises, atol=1e-9)
    assert design([a_shape()], np.array([[np.nan]])).tolist() == [[0, 0, 0]]


def test_penalties_flatten() -> None:
    """A strong ridge leaves nothing but the intercepts."""
    rows, _ = rows_of(a_shape(), [1.5, 0, 1, 3], 500)

    assert np.abs(fit(rows, [a_shape()], 1e4, 0.0).rises).max() < 1e-3


def test_fitting_twice_gives_the_same() -> None:
    """Nothing is drawn by chance."""
    rows, _ = rows_of(a_shape(), [1.5, 0, 1, 3], 500)

    once, again = (fit(rows, [a_shape()], 1e-3, 1e-3) for _ in range(2))

    np.testing.assert_array_equal(once.rises, again.rises)


def test_shapes_can_be_fitted() -> None:
    """Each shape is a feature that exists, once, with rising knots; where a side counts, the reference is a knot."""
    assert len({shape.feature for shape in SHAPES}) == len(SHAPES)
    for shape in SHAPES:
        assert allowed(shape.feature)
        assert (np.diff(shape.knots) > 0).all()
        assert shape.knots[0] <= shape.reference <= shape.knots[-1]
        if shape.direction in {Direction.AWAY, Direction.LOW_IS_WORSE}:
            assert shape.reference in shape.knots
