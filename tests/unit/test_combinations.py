"""Combined conditions: AND, OR, k of n, their bounds and delays, and what is not known."""

import pytest

from alerting.evaluate import evaluate
from alerting.observed import Observation, Quiet
from tests.builders_alerting import NOW_S, Sample, a_batch, a_plan, an_alert
from ward.alerts import Alert, Finding, Priority
from ward.plans import Combination, Side, Term
from ward.vitals import VITALS, VitalKind

RULE = "combination.infection"
DELAY_S = 300.0
HOT = Term(kind=VitalKind.TEMPERATURE, side=Side.HIGH, bound=38.3)
FAST = Term(kind=VitalKind.HEART_RATE, side=Side.HIGH, bound=100)
LOW = Term(kind=VitalKind.SYSTOLIC, side=Side.LOW, bound=100)
TERMS = (HOT, FAST, LOW)


def said(*samples: Sample, at_least: int = 2, alerts: tuple[Alert, ...] = ()) -> Observation | None:
    """Return what the combination of all terms says of what was measured, None for nothing."""
    each = Combination(name="infection", terms=TERMS, at_least=at_least, delay_s=DELAY_S, priority=Priority.MEDIUM)
    found = evaluate(a_batch(*samples, plan=a_plan(combinations=(each,)), alerts=alerts), NOW_S)
    return next((each for each in found.observations if each.rule == RULE), None)


def since(ago_s: float, *, hot: float = 38.3, fast: float = 100.0, low: float = 100.0) -> list[Sample]:
    """Return values that have been so since then; the defaults are exactly at their bounds."""
    kinds = ((VitalKind.TEMPERATURE, hot), (VitalKind.HEART_RATE, fast), (VitalKind.SYSTOLIC, low))
    return [(kind, ago, value) for kind, value in kinds for ago in (ago_s, 0.0)]


@pytest.mark.parametrize(
    ("at_least", "holding", "told"),
    [
        (1, {"fast": 100.0}, True),
        (1, {}, False),
        (2, {"fast": 100.0}, False),
        (2, {"fast": 100.0, "hot": 38.3}, True),
        (3, {"fast": 100.0, "hot": 38.3}, False),
        (3, {"fast": 100.0, "hot": 38.3, "low": 100.0}, True),
    ],
    ids=["or", "none", "one of two", "two of three", "not all", "and"],
)
def test_so_many_terms_at_their_bounds_are_told(at_least: int, holding: dict[str, float], *, told: bool) -> None:
    """One is OR, all of them is AND, and in between so many are enough; a value at its bound counts."""
    calm = {"hot": 38.2, "fast": 99.0, "low": 101.0}
    found = said(*since(DELAY_S, **{**calm, **holding}), at_least=at_least)

    assert isinstance(found, Finding) is told


def test_terms_hold_together_for_the_whole_delay() -> None:
    """It is told when so many have held at once for the delay, to the second, and not while each took its turn."""
    calm: list[Sample] = [(VitalKind.HEART_RATE, DELAY_S - 1, 99.0), *since(DELAY_S - 2, low=120.0)]

    assert said(*since(DELAY_S - 1, low=120.0)) is None
    assert isinstance(said(*since(DELAY_S, low=120.0)), Finding)
    assert said(*since(DELAY_S, low=120.0), *calm) is None


def test_h14_term_that_nobody_knows_is_neither_there_nor_gone() -> None:
    """What was not measured raises nothing; what went stale lets nothing clear that it may have raised."""
    pulse: list[Sample] = [(VitalKind.HEART_RATE, ago, 120.0) for ago in (DELAY_S, 0.0)]
    calm: list[Sample] = [(VitalKind.HEART_RATE, ago, 70.0) for ago in (DELAY_S, 0.0)]
    cool: list[Sample] = [(VitalKind.TEMPERATURE, DELAY_S, 37.0), (VitalKind.SYSTOLIC, DELAY_S, 120.0)]
    stale_s = VITALS[VitalKind.TEMPERATURE].freshness.stale_s
    old: list[Sample] = [(VitalKind.TEMPERATURE, stale_s + 1, 39.0), (VitalKind.SYSTOLIC, DELAY_S, 120.0)]
    alerts = (an_alert(RULE, Priority.MEDIUM),)

    assert said(*pulse, alerts=alerts) is None
    assert said(*pulse, *old, alerts=alerts) is None
    assert isinstance(said(*pulse, *cool, alerts=alerts), Quiet)
    assert isinstance(said(*calm, *old, alerts=alerts), Quiet)


def test_what_it_says_names_the_terms_that_held_alone() -> None:
    """The evidence has the values that reached their bounds, each with its bound, and no other."""
    found = said(*since(DELAY_S, low=120.0))

    assert isinstance(found, Finding)
    assert {each.kind: each.value for each in found.evidence.inputs} == {
        VitalKind.TEMPERATURE: 38.3,
        VitalKind.HEART_RATE: 100.0,
    }
    assert found.evidence.params["terms"] == "temperature high 38.3, heart_rate high 100"
    assert (found.evidence.params["least"], found.evidence.params["all"]) == (2, 3)
