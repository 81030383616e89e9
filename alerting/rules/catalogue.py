"""The rules in force, one explicit tuple. A rule looks at a batch at an instant and says what it observes."""

from collections.abc import Callable
from dataclasses import dataclass

from alerting.features import Batch, Observed
from alerting.rules import doubt, limit_alerts, news2_alerts, requests, technical


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A family of alert rules that are judged together."""

    name: str
    observe: Callable[[Batch, float], Observed]


RULES: tuple[Rule, ...] = (
    Rule(name="limit", observe=limit_alerts.observe),
    Rule(name="news2", observe=news2_alerts.observe),
    Rule(name="nodata", observe=technical.observe_silence),
    Rule(name="device", observe=technical.observe_devices),
    Rule(name="check", observe=doubt.observe_values),
    Rule(name="clock", observe=doubt.observe_clocks),
    Rule(name="watching", observe=technical.observe_watching),
    Rule(name="requests", observe=requests.observe),
)
