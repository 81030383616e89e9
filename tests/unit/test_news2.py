"""NEWS2 against the chart: every band edge, every half step, both scales, everything that can be unknown."""

from collections.abc import Mapping

import numpy as np
import pytest

from alerting.rules import news2
from alerting.rules.news2 import INPUTS, Part, Risk
from ward.vitals import VitalKind

WELL = {
    VitalKind.RESP_RATE: 16.0,
    VitalKind.SPO2: 97.0,
    VitalKind.OXYGEN_FLOW: 0.0,
    VitalKind.FIO2: np.nan,
    VitalKind.SYSTOLIC: 125.0,
    VitalKind.HEART_RATE: 70.0,
    VitalKind.CONSCIOUSNESS: 0.0,
    VitalKind.TEMPERATURE: 37.0,
}
# Written out from RCP, NEWS2, 2017, Chart 1, apart from the table under test: (value, points).
CHART: dict[Part, list[tuple[float, int]]] = {
    Part.RESP_RATE: [(0, 3), (8, 3), (9, 1), (11, 1), (12, 0), (20, 0), (21, 2), (24, 2), (25, 3), (60, 3)],
    Part.SPO2: [(55, 3), (91, 3), (92, 2), (93, 2), (94, 1), (95, 1), (96, 0), (100, 0)],
    Part.SYSTOLIC: [(60, 3), (90, 3), (91, 2), (100, 2), (101, 1), (110, 1), (111, 0), (219, 0), (220, 3), (280, 3)],
    Part.HEART_RATE: [
        (0, 3), (40, 3), (41, 1), (50, 1), (51, 0), (90, 0), (91, 1), (110, 1), (111, 2), (130, 2), (131, 3), (200, 3),
    ],
    Part.CONSCIOUSNESS: [(0, 0), (1, 3), (2, 3), (3, 3), (4, 3)],
    Part.TEMPERATURE: [
        (34.0, 3), (35.0, 3), (35.1, 1), (36.0, 1), (36.1, 0), (38.0, 0), (38.1, 1), (39.0, 1), (39.1, 2), (41.0, 2),
    ],
}  # fmt: skip
KIND = {part: VitalKind(part.label) for part in CHART}
EDGES = [(part, value, points) for part, rows in CHART.items() for value, points in rows]
# A value half way between two steps of the chart belongs to the upper one.
HALVES = [
    (Part.RESP_RATE, 8.49, 3), (Part.RESP_RATE, 8.5, 1), (Part.RESP_RATE, 11.5, 0), (Part.RESP_RATE, 20.5, 2),
    (Part.RESP_RATE, 24.5, 3), (Part.SPO2, 91.5, 2), (Part.SPO2, 93.49, 2), (Part.SPO2, 93.5, 1),
    (Part.SPO2, 95.5, 0), (Part.SYSTOLIC, 90.5, 2), (Part.SYSTOLIC, 100.5, 1), (Part.SYSTOLIC, 110.5, 0),
    (Part.SYSTOLIC, 219.49, 0), (Part.SYSTOLIC, 219.5, 3), (Part.HEART_RATE, 40.5, 1), (Part.HEART_RATE, 50.5, 0),
    (Part.HEART_RATE, 90.5, 1), (Part.HEART_RATE, 110.5, 2), (Part.HEART_RATE, 130.5, 3),
    (Part.TEMPERATURE, 35.05, 1), (Part.TEMPERATURE, 36.05, 0), (Part.TEMPERATURE, 38.05, 1),
    (Part.TEMPERATURE, 38.04, 0), (Part.TEMPERATURE, 39.05, 2),
]  # fmt: skip


def scored(values: Mapping[VitalKind, float], scale: int = 1, stale: tuple[VitalKind, ...] = ()) -> news2.Scores:
    """Score one stay."""
    return news2.score(
        {kind: np.array([values[kind]]) for kind in INPUTS},
        {kind: np.array([kind in stale]) for kind in INPUTS},
        np.array([scale]),
    )


def interval(scores: news2.Scores) -> tuple[int, int]:
    """Return the total of the only stay."""
    return int(scores.total_min[0]), int(scores.total_max[0])


@pytest.mark.parametrize(("part", "value", "points"), EDGES)
def test_band_edges_are_those_of_the_chart(part: Part, value: float, points: int) -> None:
    """A value at either end of a band gets the points of that band, and nothing else changes."""
    scores = scored({**WELL, KIND[part]: value})

    assert (scores.low[part, 0], scores.high[part, 0]) == (points, points)
    assert interval(scores) == (points, points)


@pytest.mark.parametrize(("part", "value", "points"), HALVES)
def test_values_are_rounded_half_away_from_zero_first(part: Part, value: float, points: int) -> None:
    """A value between two steps of the chart is rounded to one of them before it is placed."""
    assert interval(scored({**WELL, KIND[part]: value})) == (points, points)


@pytest.mark.parametrize(
    ("spo2", "air", "oxygen"),
    [
        (83, 3, 3), (83.5, 2, 2), (84, 2, 2), (85, 2, 2), (86, 1, 1), (87, 1, 1), (87.5, 0, 0), (88, 0, 0),
        (92, 0, 0), (92.5, 0, 1), (93, 0, 1), (94, 0, 1), (94.5, 0, 2), (95, 0, 2), (96, 0, 2), (96.5, 0, 3),
        (97, 0, 3), (100, 0, 3),
    ],
)  # fmt: skip
def test_h15_scale_2_depends_on_oxygen(spo2: float, air: int, oxygen: int) -> None:
    """On scale 2 a high saturation costs points with oxygen only; without knowing, it is open above 92."""
    values = {**WELL, VitalKind.SPO2: spo2}
    on_air = scored(values, scale=2)
    with_oxygen = scored({**values, VitalKind.OXYGEN_FLOW: 2.0}, scale=2)
    unknown = scored({**values, VitalKind.OXYGEN_FLOW: np.nan}, scale=2)

    assert interval(on_air) == (air, air)
    assert interval(with_oxygen) == (oxygen + 2, oxygen + 2)
    assert interval(unknown) == (min(air, oxygen), max(air, oxygen) + 2)


@pytest.mark.parametrize(
    ("flow", "fio2", "expected"),
    [
        (0.0, np.nan, (0, 0)), (0.5, np.nan, (2, 2)), (np.nan, 21.0, (0, 0)), (np.nan, 24.0, (2, 2)),
        (0.0, 28.0, (2, 2)), (2.0, 21.0, (2, 2)), (np.nan, np.nan, (0, 2)),
    ],
)  # fmt: skip
def test_unknown_oxygen_is_not_air(flow: float, fio2: float, expected: tuple[int, int]) -> None:
    """Oxygen counts by flow or by inspired share; where neither is known it may be either."""
    assert interval(scored({**WELL, VitalKind.OXYGEN_FLOW: flow, VitalKind.FIO2: fio2})) == expected


WIDTH = {
    Part.RESP_RATE: 3, Part.SPO2: 3, Part.OXYGEN: 2, Part.SYSTOLIC: 3, Part.HEART_RATE: 3, Part.CONSCIOUSNESS: 3,
    Part.TEMPERATURE: 3,
}  # fmt: skip
SOURCE = {**KIND, Part.OXYGEN: VitalKind.OXYGEN_FLOW}


@pytest.mark.parametrize("part", list(Part))
def test_h14_missing_input_gives_its_whole_range(part: Part) -> None:
    """An input nobody measured is never zero points: it opens the interval, is named, and would settle it."""
    scores = scored({**WELL, SOURCE[part]: np.nan})

    assert interval(scores) == (0, WIDTH[part])
    assert scores.missing[:, 0].tolist() == [each is part for each in Part]
    assert not scores.stale.any()
    assert scores.settles[0] == part
    assert scores.risk[0] == (Risk.LOW_MEDIUM if WIDTH[part] == 3 else Risk.LOW)


@pytest.mark.parametrize("part", list(Part))
def test_h02_stale_input_counts_as_unknown(part: Part) -> None:
    """An input that is too old opens the interval just so, and is named as stale, not as missing."""
    scores = scored(WELL, stale=(SOURCE[part],))

    assert interval(scores) == (0, WIDTH[part])
    assert scores.stale[:, 0].tolist() == [each is part for each in Part]
    assert not scores.missing.any()


def test_h14_nothing_known_is_not_low_risk() -> None:
    """With no input at all the interval is the whole score and the risk is that of its upper end."""
    scores = scored(dict.fromkeys(INPUTS, np.nan))

    assert interval(scores) == (0, 20)
    assert scores.risk[0] == Risk.HIGH
    assert not scores.single[0]


def test_everything_worst_is_twenty() -> None:
    """The worst of every parameter is the greatest total there is."""
    worst = {
        VitalKind.RESP_RATE: 30.0, VitalKind.SPO2: 80.0, VitalKind.OXYGEN_FLOW: 5.0, VitalKind.FIO2: np.nan,
        VitalKind.SYSTOLIC: 80.0, VitalKind.HEART_RATE: 140.0, VitalKind.CONSCIOUSNESS: 4.0,
        VitalKind.TEMPERATURE: 34.0,
    }  # fmt: skip

    assert interval(scored(worst)) == (20, 20)


@pytest.mark.parametrize(
    ("changes", "total", "risk"),
    [
        ({}, 0, Risk.LOW),
        ({VitalKind.HEART_RATE: 95.0, VitalKind.TEMPERATURE: 38.5, VitalKind.OXYGEN_FLOW: 2.0}, 4, Risk.LOW),
        ({VitalKind.RESP_RATE: 25.0}, 3, Risk.LOW_MEDIUM),
        ({VitalKind.RESP_RATE: 25.0, VitalKind.HEART_RATE: 95.0}, 4, Risk.LOW_MEDIUM),
        ({VitalKind.RESP_RATE: 25.0, VitalKind.HEART_RATE: 115.0}, 5, Risk.MEDIUM),
        ({VitalKind.RESP_RATE: 25.0, VitalKind.HEART_RATE: 135.0}, 6, Risk.MEDIUM),
        ({VitalKind.RESP_RATE: 25.0, VitalKind.HEART_RATE: 135.0, VitalKind.TEMPERATURE: 38.5}, 7, Risk.HIGH),
    ],
)
def test_risk_follows_the_thresholds(changes: dict[VitalKind, float], total: int, risk: Risk) -> None:
    """Risk is low to four, low-medium with a single three, medium from five, high from seven."""
    scores = scored({**WELL, **changes})

    assert interval(scores) == (total, total)
    assert scores.risk[0] == risk


def test_single_three_is_only_what_is_certain() -> None:
    """A three that is merely possible is no single three."""
    certain = scored({**WELL, VitalKind.RESP_RATE: 7.0})
    possible = scored({**WELL, VitalKind.RESP_RATE: np.nan})

    assert bool(certain.single[0])
    assert not possible.single[0]


def test_oxygen_settles_most_on_scale_2() -> None:
    """On scale 2 with a high saturation, knowing the oxygen settles five points, more than any other input."""
    values = {**WELL, VitalKind.SPO2: 98.0, VitalKind.OXYGEN_FLOW: np.nan, VitalKind.TEMPERATURE: np.nan}

    assert scored(values, scale=2).settles[0] == Part.OXYGEN
    assert scored(values, scale=1).settles[0] == Part.TEMPERATURE


def test_stays_are_scored_apart() -> None:
    """Many stays scored together get what each would get alone."""
    values = {kind: np.array([WELL[kind], np.nan, WELL[kind]]) for kind in INPUTS}
    values[VitalKind.HEART_RATE] = np.array([70.0, 120.0, 140.0])
    scores = news2.score(values, {kind: np.zeros(3, np.bool_) for kind in INPUTS}, np.array([1, 2, 1]))

    assert scores.total_min.tolist() == [0, 2, 3]
    assert scores.total_max.tolist() == [0, 19, 3]
