"""A score in plain words: what is missing frightens nobody, and calms nobody either."""

import pytest

from api.score_words import score_words
from tests.builders_alerting import a_plan
from ward.measuring import Score


def ends(low: int, high: int, *, three: bool = False) -> Score:
    """Return a score by its two ends."""
    return Score(total_min=low, total_max=high, single_three=three)


@pytest.mark.parametrize(
    ("risk", "score", "said"),
    [
        ("low", ends(0, 0), "show no warning"),
        ("medium", ends(5, 5), "Several readings are unusual"),
        ("high", ends(9, 9), "very unusual"),
    ],
)
def test_whole_score_is_said_by_its_risk(risk: str, score: Score, said: str) -> None:
    """A score that lacks nothing is said as it is."""
    words = score_words(risk, score, a_plan(), 0)

    assert words is not None
    assert said in words[1]


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (ends(0, 20), "the picture is not whole"),
        (ends(2, 5), "the picture is not whole"),
        (ends(3, 6, three=True), "One of the readings is unusual"),
        (ends(5, 8), "Several readings are unusual"),
        (ends(8, 11), "very unusual"),
    ],
)
def test_h02_what_was_not_measured_is_neither_unusual_nor_quiet(score: Score, said: str) -> None:
    """Of a score that lacks something only what is certain is told: its upper end is nobody's."""
    words = score_words("high", score, a_plan(), 0)

    assert words is not None
    assert said in words[1]
    assert "112" in words[0]


@pytest.mark.parametrize(("risk", "score", "told"), [("low", ends(1, 1), False), ("medium", ends(5, 5), True)])
def test_h02_nothing_is_called_quiet_beside_an_open_alert(risk: str, score: Score, *, told: bool) -> None:
    """A quiet score is not told while an alert about the values is open; one that is not quiet is."""
    assert (score_words(risk, score, a_plan(), 1) is not None) is told
