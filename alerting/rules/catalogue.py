"""The rules in force, as explicit tuples: those that judge readings over time, and those that look at the present.

A `Rule` says verdicts on event time and knows no clock (`alerting.tracks`). A `Watch` looks at what has no history
here (a device's last report, a plan, a request) at an instant, and says what it observes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from alerting.features import Batch, Bools, Floats, Observed
from alerting.rules import (
    baseline_rules,
    checkins,
    combinations,
    cuff,
    doubt,
    identity,
    limit_alerts,
    news2_alerts,
    news2_evidence,
    oxygen,
    requests,
    rhythm,
    second_signal,
    sensors,
    signals,
    slopes,
    technical,
    trends,
    wave_silence,
    weight,
)
from alerting.tracks import Row, Track
from ward.alerts import Evidence, Family
from ward.plans import Plan
from ward.vitals import VitalKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What spares a rule a long look-back: all that it needs to know of the time before an instant, as numbers.

    look_back : as that of the rule, for who has the memory, or does not need it
    needed : (batch) to (m,) bool, for whom what was before matters at all, by the readings since then
    of : (batch, (m,) instants) to (m, w) float64; `batch.memory[rule.name]` is what it gave for an earlier instant
    """

    look_back: Callable[[Plan], Mapping[VitalKind, float]]
    needed: Callable[[Batch], Bools]
    of: Callable[[Batch, Floats], Floats]


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
    renewed : the evidence of until the row's `from_s`, None where it is not worse than the known one by a step that a
        screen shows; for rules whose alerts get worse at the same priority
    eased : the evidence of a row that is milder than its alert, None where it is that of any other row
    memory : for a rule whose look-back is too long to be read at every evaluation
    """

    name: str
    family: Family
    look_back: Callable[[Plan], Mapping[VitalKind, float]]
    judge: Callable[[Batch], Mapping[str, Track]]
    evidence: Callable[[Batch, str, Row], Evidence]
    renewed: Callable[[Batch, str, Row, Evidence], Evidence | None] | None = None
    eased: Callable[[Batch, str, Row], Evidence | None] | None = None
    memory: Memory | None = None

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
        name="limit",
        family=Family.CLINICAL,
        look_back=limit_alerts.look_back,
        judge=limit_alerts.judge,
        evidence=limit_alerts.evidence,
        renewed=limit_alerts.renewed,
        eased=limit_alerts.eased,
    ),
    Rule(
        name="news2",
        family=Family.CLINICAL,
        look_back=news2_alerts.look_back,
        judge=news2_alerts.judge,
        evidence=news2_evidence.evidence,
        renewed=news2_evidence.renewed,
        memory=Memory(look_back=news2_alerts.remembered_back, needed=news2_alerts.may_have_risen, of=news2_alerts.lows),
    ),
    Rule(
        name="combination",
        family=Family.CLINICAL,
        look_back=combinations.look_back,
        judge=combinations.judge,
        evidence=combinations.evidence,
    ),
    Rule(
        name="nodata",
        family=Family.TECHNICAL,
        look_back=technical.silence_look_back,
        judge=technical.judge_silence,
        evidence=technical.silence_evidence,
    ),
    Rule(
        name="quality",
        family=Family.TECHNICAL,
        look_back=signals.quality_look_back,
        judge=signals.judge_quality,
        evidence=signals.quality_evidence,
    ),
    Rule(
        name="check",
        family=Family.TECHNICAL,
        look_back=signals.check_look_back,
        judge=signals.judge_check,
        evidence=signals.check_evidence,
    ),
    Rule(
        name=cuff.NAME,
        family=Family.TECHNICAL,
        look_back=cuff.look_back,
        judge=limit_alerts.judge_held,
        evidence=cuff.evidence,
    ),
    Rule(
        name=second_signal.NAME,
        family=Family.TECHNICAL,
        look_back=second_signal.look_back,
        judge=limit_alerts.judge_doubted,
        evidence=second_signal.evidence,
    ),
    Rule(
        name=rhythm.NAME,
        family=Family.CLINICAL,
        look_back=rhythm.look_back,
        judge=rhythm.judge,
        evidence=rhythm.evidence,
    ),
    Rule(
        name=sensors.NAME,
        family=Family.TECHNICAL,
        look_back=sensors.look_back,
        judge=sensors.judge,
        evidence=sensors.evidence,
    ),
    Rule(
        name=slopes.SLOPE,
        family=Family.CLINICAL,
        look_back=trends.no_readings,
        judge=slopes.judge,
        evidence=slopes.evidence,
    ),
    Rule(
        name=baseline_rules.DEVIATION,
        family=Family.CLINICAL,
        look_back=trends.no_readings,
        judge=baseline_rules.judge,
        evidence=baseline_rules.evidence,
    ),
    Rule(
        name=weight.GAIN,
        family=Family.CLINICAL,
        look_back=trends.no_readings,
        judge=weight.judge,
        evidence=weight.evidence,
    ),
    Rule(
        name=oxygen.SUPPORT,
        family=Family.CLINICAL,
        look_back=trends.no_readings,
        judge=oxygen.judge,
        evidence=oxygen.evidence,
    ),
    Rule(
        name=identity.IDENTITY,
        family=Family.TECHNICAL,
        look_back=trends.no_readings,
        judge=identity.judge,
        evidence=identity.evidence,
    ),
)
WATCHES: tuple[Watch, ...] = (
    Watch(name="device", observe=technical.observe_devices),
    Watch(name="clock", observe=doubt.observe_clocks),
    Watch(name="watching", observe=technical.observe_watching),
    Watch(name="requests", observe=requests.observe),
    Watch(name="check_in", observe=checkins.observe),
    Watch(name=wave_silence.NAME, observe=wave_silence.observe),
    Watch(name="identity.devices", observe=identity.observe),
)
