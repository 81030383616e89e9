"""The rules in force, as explicit tuples: those that judge readings over time, and those that look at the present.

A `Rule` says verdicts on event time and knows no clock (`alerting.tracks`). A `Watch` looks at what has no history
here (a device's last report, a plan, a request) at an instant, and says what it observes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from alerting.features import Batch, Observed
from alerting.rules import doubt, limit_alerts, news2_alerts, requests, technical
from alerting.tracks import Row, Track
from ward.alerts import Evidence, Family
from ward.plans import Plan
from ward.vitals import VitalKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A family of alert rules that are judged together.

    name : every alert rule that it judges has this name, or begins with it and a dot
    family : a clinical rule is silent under `Goals.COMFORT`, and only it finds what is over already
    look_back : for a plan, how many seconds of readings of each kind before an instant decide what is said at it;
        the newest reading of each kind before those is always there too
    judge : the track of each alert rule, by its full name; for a stay whose plan has nothing that it could find, one
        QUIET row from -inf
    evidence : why a finding says what it says; asked with the rule's full name and its row, only where it is needed
    """

    name: str
    family: Family
    look_back: Callable[[Plan], Mapping[VitalKind, float]]
    judge: Callable[[Batch], Mapping[str, Track]]
    evidence: Callable[[Batch, str, Row], Evidence]

    def owns(self, rule: str) -> bool:
        """Tell whether an alert rule is one of these."""
        return rule == self.name or rule.startswith(f"{self.name}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A family of alert rules that look at the present state of things."""

    name: str
    observe: Callable[[Batch, float], Observed]


RULES: tuple[Rule, ...] = (
    Rule(
        name="nodata",
        family=Family.TECHNICAL,
        look_back=technical.silence_look_back,
        judge=technical.judge_silence,
        evidence=technical.silence_evidence,
    ),
)
WATCHES: tuple[Watch, ...] = (
    Watch(name="limit", observe=limit_alerts.observe),
    Watch(name="news2", observe=news2_alerts.observe),
    Watch(name="device", observe=technical.observe_devices),
    Watch(name="check", observe=doubt.observe_values),
    Watch(name="clock", observe=doubt.observe_clocks),
    Watch(name="watching", observe=technical.observe_watching),
    Watch(name="requests", observe=requests.observe),
)
