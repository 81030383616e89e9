"""Steps of limits in force: what says the same is one."""

from datetime import UTC, datetime, timedelta

from api.live.messages import LimitState
from api.routes.plan_limits import LimitStep, joined

START = datetime(2026, 1, 14, 8, tzinfo=UTC)


def _step(hour: int, low: float) -> LimitStep:
    band = LimitState(alert_low=low, warn_low=None, warn_high=None, alert_high=None)
    begins = START + timedelta(hours=hour)
    return LimitStep({"from": begins, "to": begins + timedelta(hours=1), "limits": {"spo2": band}, "night": None})


def test_version_that_changes_no_limit_makes_no_step() -> None:
    """Neighbours with the same limits are one step; the same limits after others are another."""
    found = joined([_step(0, 88), _step(1, 88), _step(2, 85), _step(3, 88)])

    assert [(each["from"].hour, each["to"].hour) for each in found] == [(8, 10), (10, 11), (11, 12)]


def test_no_steps_are_none() -> None:
    """Nothing joined is nothing."""
    assert joined([]) == []
