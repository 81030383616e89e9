"""Which recorded alerts a plan would have found, and which it would have raised again: by whom, by what, and when."""

import math
from dataclasses import replace

import numpy as np
import pytest

from alerting.backtest import EARLIEST_S, LATEST_S, SAME_S, Known, Raised, clinical, found_at, would_ring
from ward.alerts import Priority
from ward.people import StayId

AT_S = 1_000_000.0
RULES = ("limit.spo2.low", "news2.total", "nodata.spo2")
KNOWN = Known(alert_id=7, stay_id=StayId(1), rule="limit.spo2.low", opened_s=AT_S, until_s=AT_S)


def rang(*alerts: tuple[str, float, Priority], stay: int = 1) -> Raised:
    """Alerts of a plan as (rule, seconds after the recorded one, priority), each of ten seconds."""
    opened_s = np.array([AT_S + after_s for _, after_s, _ in alerts])
    return Raised(
        rules=RULES,
        stay=np.full(len(alerts), stay, np.int64),
        rule=np.array([RULES.index(rule) for rule, _, _ in alerts], np.int64),
        opened_s=opened_s,
        ended_s=opened_s + 10,
        priority=np.array([priority.value for _, _, priority in alerts], np.int64),
    )


def found(plan: Raised) -> float:
    """Seconds after the recorded deterioration at which the plan rang for it; NaN: not at all."""
    return found_at(plan, KNOWN, clinical(plan, frozenset({"nodata.spo2"}))) - AT_S


@pytest.mark.parametrize(
    ("after_s", "at_s"),
    [
        (-EARLIEST_S - 1, math.nan),
        (-EARLIEST_S, -EARLIEST_S),
        (0.0, 0.0),
        (LATEST_S, LATEST_S),
        (LATEST_S + 1, math.nan),
    ],
)
def test_deterioration_is_found_from_twelve_hours_before_to_an_hour_after(after_s: float, at_s: float) -> None:
    """What rang the day before, or when it was long over, has not found it."""
    assert found(rang(("news2.total", after_s, Priority.MEDIUM))) == pytest.approx(at_s, nan_ok=True)


def test_deterioration_is_found_by_the_first_that_rings_for_the_patient() -> None:
    """Of several the earliest counts; what is low, technical, or of somebody else finds nobody."""
    low, technical = ("news2.total", -300.0, Priority.LOW), ("nodata.spo2", -200.0, Priority.HIGH)
    true = ("news2.total", -50.0, Priority.MEDIUM), ("limit.spo2.low", -100.0, Priority.HIGH)
    assert found(rang(low, technical, *true)) == -100
    assert math.isnan(found(rang(low, technical)))
    assert math.isnan(found(rang(("limit.spo2.low", 0.0, Priority.HIGH), stay=2)))


@pytest.mark.parametrize(
    ("plan", "again"),
    [
        (rang(("limit.spo2.low", SAME_S, Priority.MEDIUM)), True),
        (rang(("limit.spo2.low", -SAME_S - 10, Priority.MEDIUM)), True),
        (rang(("limit.spo2.low", SAME_S + 1, Priority.MEDIUM)), False),
        (rang(("limit.spo2.low", -SAME_S - 11, Priority.MEDIUM)), False),
        (rang(("news2.total", 0.0, Priority.MEDIUM)), False),
        (rang(("limit.spo2.low", 0.0, Priority.MEDIUM), stay=2), False),
    ],
    ids=["soon after", "just before", "later", "earlier", "another rule", "somebody else"],
)
def test_false_alarm_rings_again_by_its_own_rule_at_its_own_time(plan: Raised, *, again: bool) -> None:
    """A false alarm that another rule, another patient or another hour raises is no longer that one."""
    assert would_ring(plan, KNOWN) is again


def test_alert_that_came_late_is_raised_again_at_any_time_at_which_it_was_there() -> None:
    """Whoever closed it was told hours after: what rings while it was there is the same, also long after it began."""
    late = replace(KNOWN, until_s=AT_S + 3600)

    assert would_ring(rang(("limit.spo2.low", 3600 + SAME_S, Priority.HIGH)), late)
    assert not would_ring(rang(("limit.spo2.low", 3601 + SAME_S, Priority.HIGH)), late)
    assert not would_ring(rang(("limit.spo2.low", -SAME_S - 11, Priority.HIGH)), late)


def test_alert_that_was_closed_as_false_has_found_nobody() -> None:
    """What rang two hours before and was no sign of anything makes no plan find the deterioration two hours earlier."""
    before, at = -7200.0, 0.0
    plan = rang(("limit.spo2.low", before, Priority.HIGH), ("limit.spo2.low", at, Priority.HIGH))
    false = replace(KNOWN, alert_id=6, opened_s=AT_S + before, until_s=AT_S + before)

    assert found_at(plan, KNOWN, clinical(plan, frozenset(), ((KNOWN,), ()))) == AT_S + before
    assert found_at(plan, KNOWN, clinical(plan, frozenset(), ((KNOWN,), (false,)))) == AT_S + at
    both = replace(KNOWN, opened_s=AT_S + before)
    assert found_at(plan, KNOWN, clinical(plan, frozenset(), ((both,), (false,)))) == AT_S + before
