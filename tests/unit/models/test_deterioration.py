"""The file of weights: read strictly, written so that it can be read, and plausible as it stands."""

import numpy as np
import pytest

from alerting.models import deterioration
from alerting.models.shapes import SHAPES, Direction
from ward.errors import ConfigError

KEPT = deterioration.kept()


def test_file_is_written_as_it_is_read() -> None:
    """What is kept, written and read again is the same."""
    assert deterioration.parsed(deterioration.text(KEPT)) == KEPT


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("schema = 1", "schema = 2", "is of schema 2, this program reads 1"),
        ("schema = 1", "schema = ", "Invalid value"),
        ("schema = 1", "schema = 1\nextra = 1", "unknown field `extra`"),
        ('signal = "heart_rate"', 'signal = "heart"', "Invalid enum value 'heart'"),
        ('statistic = "last"', 'statistic = "first"', "Invalid enum value 'first'"),
        ("intercept = ", "slope = ", "`slope`"),
    ],
)
def test_file_with_a_fault_is_refused(old: str, new: str, fault: str) -> None:
    """Another schema, an unknown feature or field, or no TOML: a ConfigError that says which."""
    with pytest.raises(ConfigError, match=fault):
        deterioration.parsed(deterioration.text(KEPT).replace(old, new, 1))


def test_file_that_describes_no_model_is_refused() -> None:
    """Lines that cannot be are found when the model is made, not when somebody is scored."""
    broken = deterioration.parsed(deterioration.text(KEPT).replace("knots = [40.0, 50.0", "knots = [60.0, 50.0", 1))

    with pytest.raises(ConfigError, match="knots must rise"):
        deterioration.model(broken)


def test_effects_are_the_shapes_of_the_script() -> None:
    """The file was made by this version of the script: same features, same knots, zero at the references."""
    model = deterioration.weights()

    assert [effect.feature for effect in model.effects] == [shape.feature for shape in SHAPES]
    for effect, shape in zip(model.effects, SHAPES, strict=True):
        assert effect.knots == shape.knots
        assert effect.at(np.array([shape.reference]))[0] == pytest.approx(0, abs=2e-3)


def test_no_effect_goes_a_forbidden_way() -> None:
    """The kept heights have the directions that no data may contradict, rounding included."""
    for effect, shape in zip(deterioration.weights().effects, SHAPES, strict=True):
        rises = np.diff(effect.heights)
        below = np.asarray(shape.knots[1:]) <= shape.reference
        if shape.direction in {Direction.RISING, Direction.AWAY}:
            assert (rises[~below] >= 0).all()
        if shape.direction is Direction.RISING:
            assert (rises >= 0).all()
        if shape.direction is Direction.FALLING:
            assert (rises <= 0).all()
        if shape.direction in {Direction.AWAY, Direction.LOW_IS_WORSE}:
            assert (rises[below] <= 0).all()
