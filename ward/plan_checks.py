"""What makes a plan unusable, all of it at once and in words; what is odd; and what loosens a hard limit.

Pure. A plan with a fault is never put in force. The bounds below are the project's proposal (docs/clinical-sources.md).
The invariant: a plan without faults watches, and no field of it turns a rule off by a slip.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

from ward.plans import HIGHEST_NEWS2, Combination, Goals, Limits, Plan
from ward.vitals import VITALS, VitalKind

# Seconds: no violation goes on longer unheard, no signal may be promised more seldom.
LONGEST_DELAY_S, LONGEST_EXPECTED_S = 3600.0, 7 * 86_400.0
LONGEST_MEDIAN_S, LONGEST_RISE_S = 600.0, 86_400.0
SHORTEST_REMEASURE_S, LONGEST_REMEASURE_S = 60.0, 7 * 86_400.0
# A doubtful fall of SpO2 waits no longer to be measured again, whatever a plan says.
LONGEST_WAIT_S = 60.0
MOST_COUNTED = 20
# How far from its template a field may lie before whoever sets it is asked whether it is meant: a limit in the kind's
# unit, a delay, an expected interval in times the template's, a NEWS2 threshold in points.
FAR: MappingProxyType[VitalKind, float] = MappingProxyType(
    {
        VitalKind.SPO2: 6,
        VitalKind.HEART_RATE: 25,
        VitalKind.RESP_RATE: 6,
        VitalKind.TEMPERATURE: 1.0,
        VitalKind.SYSTOLIC: 30,
        VitalKind.DIASTOLIC: 20,
    }
)
FAR_DELAY_S, FAR_EXPECTED, FAR_NEWS2 = 600.0, 10, 2
MINUTES = 24 * 60
_ORDER = ("floor", "alert_low", "warn_low", "warn_high", "alert_high", "ceiling")
_MAY_MEET = ({"floor", "alert_low"}, {"floor", "warn_low"}, {"alert_high", "ceiling"}, {"warn_high", "ceiling"})
_TEXT = 500
_HUGE = 1e15


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with which field, in both languages."""

    path: str
    sv: str
    en: str


def faults(plan: Plan) -> tuple[Fault, ...]:
    """List what makes a plan unusable, empty when nothing does."""
    return (
        *(fault for kind, each in plan.limits.items() for fault in limit_faults(f"limits.{kind}", kind, each)),
        *_night(plan),
        *_scores(plan),
        *_expected(plan),
        *_trends(plan),
        *(fault for each in plan.combinations for fault in _combination(each)),
        *_rhythm(plan),
        *_cards(plan),
        *_watches(plan),
    )


def limit_faults(path: str, kind: VitalKind, limits: Limits) -> Iterator[Fault]:
    """List what is wrong with one kind's limits."""
    vital = VITALS[kind]
    given = [(name, value) for name in _ORDER if (value := getattr(limits, name)) is not None]
    for name, value in given:
        yield from _within(f"{path}.{name}", value, vital.low, vital.high, vital.unit)
    for (first, low), (second, high) in pairwise(given):
        if low > high or (low == high and {first, second} not in _MAY_MEET):
            yield Fault(
                path=f"{path}.{first}",
                sv=f"{first} {low:g} måste ligga under {second} {high:g}",
                en=f"{first} {low:g} must be below {second} {high:g}",
            )
    yield from _within(f"{path}.delay_s", limits.delay_s, 0, LONGEST_DELAY_S, "s")
    yield from _within(f"{path}.median_s", limits.median_s, 0, LONGEST_MEDIAN_S, "s")
    yield from _within(f"{path}.n", limits.n, 1, MOST_COUNTED)
    yield from _within(f"{path}.k", limits.k, 1, limits.n)
    yield from _within(f"{path}.clear_by", limits.clear_by, 0, _room(limits, vital.high - vital.low), vital.unit)


def _room(limits: Limits, widest: float) -> float:
    """Return how far inside both limits a value can come."""
    if limits.warn_low is None or limits.warn_high is None or limits.warn_low >= limits.warn_high:
        return widest
    return (limits.warn_high - limits.warn_low) / 2


def _within(path: str, value: float, low: float, high: float, unit: str = "") -> Iterator[Fault]:
    if not low <= value <= high:  # nor does NaN
        given = f"{value:g}" if abs(value) < _HUGE else str(value)[:20]
        span = f"{low:g}–{high:g} {unit}".strip()
        yield Fault(path=path, sv=f"{given} måste ligga inom {span}", en=f"{given} must be within {span}")


def _night(plan: Plan) -> Iterator[Fault]:
    night = plan.night
    if night is None:
        return
    yield from _within("night.begins", night.begins, 0, MINUTES - 1)
    yield from _within("night.ends", night.ends, 0, MINUTES - 1)
    if night.begins == night.ends:
        yield Fault(
            path="night.ends", sv="natten måste vara kortare än dygnet", en="the night must end before it begins"
        )
    for kind, limits in night.limits.items():
        path = f"night.limits.{kind}"
        day = plan.limits.get(kind)
        if day is None:
            yield Fault(path=path, sv="har inga gränser på dagen", en="has no limits in the daytime")
        elif (day.floor, day.ceiling) != (limits.floor, limits.ceiling):
            yield Fault(path=path, sv="hårda gränser gäller hela dygnet", en="hard limits are the same day and night")
        yield from limit_faults(path, kind, limits)


def _scores(plan: Plan) -> Iterator[Fault]:
    yield from _within("news2_medium", plan.news2_medium, 1, HIGHEST_NEWS2)
    yield from _within("news2_high", plan.news2_high, min(plan.news2_medium, HIGHEST_NEWS2), HIGHEST_NEWS2)
    yield from _within("news2_rise", plan.news2_rise, 0, HIGHEST_NEWS2)
    yield from _within("news2_rise_s", plan.news2_rise_s, 60, LONGEST_RISE_S, "s")
    yield from _within("spo2_scale", plan.spo2_scale, 1, 2)
    order = plan.scale_2_order
    if order is not None and not order.doctor.strip():
        yield Fault(path="scale_2_order.doctor", sv="läkarens namn saknas", en="the doctor's name is missing")
    if order is not None and order.expires_at <= order.ordered_at:
        yield Fault(path="scale_2_order.expires_at", sv="går ut innan den gäller", en="runs out before it begins")


def _expected(plan: Plan) -> Iterator[Fault]:
    for kind, every_s in plan.expected.items():
        yield from _within(f"expected.{kind}", every_s, 1, LONGEST_EXPECTED_S, "s")


def _trends(plan: Plan) -> Iterator[Fault]:
    for index, slope in enumerate(plan.slopes):
        vital = VITALS[slope.kind]
        yield from _within(f"slopes.{index}.over_s", slope.over_s, 900, 7 * 86_400, "s")
        yield from _within(f"slopes.{index}.per_hour", abs(slope.per_hour), 0.001, vital.high - vital.low, vital.unit)
    for index, each in enumerate(plan.deviations):
        yield from _within(f"deviations.{index}.sds", each.sds, 1, 20)
        yield from _within(f"deviations.{index}.hold_s", each.hold_s, 0, 86_400, "s")
    if plan.gain is not None:
        yield from _within("gain.kg", plan.gain.kg, 0.2, 20, "kg")
        yield from _within("gain.within_s", plan.gain.within_s, 3600, 30 * 86_400, "s")
    if plan.support is not None:
        yield from _within("support.spo2_fall", plan.support.spo2_fall, 0.5, 30, "%")
        yield from _within("support.flow_rise", plan.support.flow_rise, 0.1, 30, "L/min")
        yield from _within("support.within_s", plan.support.within_s, 600, 7 * 86_400, "s")
    yield from _remeasure(plan)
    if (second := plan.second_signal) is not None:
        yield from _within("second_signal.wait_s", second.wait_s, 1, LONGEST_WAIT_S, "s")
        yield from _within("second_signal.quality_below", second.quality_below, 0, 1)
        yield from _within("second_signal.heart_rate_within", second.heart_rate_within, 0, 30, "/min")
        yield from _within("second_signal.resp_rate_within", second.resp_rate_within, 0, 15, "/min")


def _remeasure(plan: Plan) -> Iterator[Fault]:
    asked = plan.remeasure
    if asked is None:
        return
    often = {name: getattr(asked, f"{name}_s") for name in ("high", "medium", "single", "low", "routine")}
    for name, every_s in often.items():
        yield from _within(f"remeasure.{name}_s", every_s, SHORTEST_REMEASURE_S, LONGEST_REMEASURE_S, "s")
    order = [often["high"], often["medium"], often["low"], often["routine"]]
    if order != sorted(order) or not often["high"] <= often["single"] <= often["low"]:
        yield Fault(
            path="remeasure", sv="högre poäng ska ge tätare mätning", en="a higher score is measured no less often"
        )


def _combination(each: Combination) -> Iterator[Fault]:
    path = f"combinations.{each.name}"
    if not each.name.replace("_", "").isalnum() or not each.name.isascii() or len(each.name) > 40:
        yield Fault(path=path, sv="namnet är bokstäver, siffror och _", en="its name is letters, digits and _")
    yield from _within(f"{path}.at_least", each.at_least, 1, len(each.terms))
    yield from _within(f"{path}.delay_s", each.delay_s, 0, LONGEST_DELAY_S, "s")
    for index, term in enumerate(each.terms):
        vital = VITALS[term.kind]
        yield from _within(f"{path}.terms.{index}.bound", term.bound, vital.low, vital.high, vital.unit)
    if len({(term.kind, term.side) for term in each.terms}) < len(each.terms):
        yield Fault(path=path, sv="samma villkor två gånger", en="the same term twice")


def _rhythm(plan: Plan) -> Iterator[Fault]:
    if plan.rhythm.pause_s is not None:
        yield from _within("rhythm.pause_s", plan.rhythm.pause_s, 2, 10, "s")
    if plan.rhythm.ventricular_run is not None:
        yield from _within("rhythm.ventricular_run", plan.rhythm.ventricular_run, 3, 30)


def _cards(plan: Plan) -> Iterator[Fault]:
    for name, card in plan.cards.items():
        if not (card.sv.strip() and card.en.strip()) or max(len(card.sv), len(card.en)) > _TEXT:
            yield Fault(
                path=f"cards.{name}",
                sv=f"text på båda språken, högst {_TEXT} tecken",
                en=f"text in both languages, {_TEXT} characters at most",
            )


def active_rules(plan: Plan) -> tuple[str, ...]:
    """Name the limits and signals that a plan watches by, as its rules are called; none under comfort care."""
    if plan.goals is Goals.COMFORT:
        return ()
    lows = ("floor", "alert_low", "warn_low")
    highs = ("ceiling", "alert_high", "warn_high")
    return tuple(
        f"limit.{kind}.{side}"
        for kind, limits in plan.limits.items()
        for side, names in (("low", lows), ("high", highs))
        if any(getattr(limits, name) is not None for name in names)
    )


def _watches(plan: Plan) -> Iterator[Fault]:
    if plan.goals is Goals.COMFORT:
        return
    if not active_rules(plan):
        yield Fault(path="limits", sv="ingen gräns alls", en="no limit at all: nothing would ring")
    if not plan.expected:
        yield Fault(path="expected", sv="ingen väntad signal alls", en="no expected signal at all")


def oddities(plan: Plan, template: Plan) -> tuple[Fault, ...]:
    """List what differs so much from the template that whoever writes it is asked whether it is meant."""
    return (
        *(
            odd
            for kind, limits in plan.limits.items()
            for odd in _far(kind, limits, template.limits.get(kind, Limits()))
        ),
        *_silent(plan, template),
        *_late(plan, template),
    )


def _far(kind: VitalKind, limits: Limits, usual: Limits) -> Iterator[Fault]:
    """Yield limits that lie far from the template's, or that it has and the plan has not."""
    unit = VITALS[kind].unit
    for name in _ORDER:
        value, other, path = getattr(limits, name), getattr(usual, name), f"limits.{kind}.{name}"
        if other is not None and value is None:
            yield Fault(path=path, sv=f"programmets {other:g} {unit} tas bort", en=f"takes {other:g} {unit} away")
        elif other is not None and abs(value - other) > FAR.get(kind, math.inf):
            yield Fault(
                path=path,
                sv=f"{value:g} ligger långt från programmets {other:g} {unit}",
                en=f"{value:g} is far from the programme's {other:g} {unit}",
            )
    if limits.delay_s > max(FAR_DELAY_S, usual.delay_s):
        path = f"limits.{kind}.delay_s"
        yield Fault(
            path=path, sv=f"larmar först efter {limits.delay_s:g} s", en=f"rings after {limits.delay_s:g} s only"
        )


def _silent(plan: Plan, template: Plan) -> Iterator[Fault]:
    """Yield signals whose silence would be noticed far later than by the template, or not at all."""
    for kind, usual_s in template.expected.items():
        every_s = plan.expected.get(kind)
        if every_s is None:
            yield Fault(path=f"expected.{kind}", sv="tystnad märks inte", en="silence is not noticed")
        elif every_s > FAR_EXPECTED * usual_s:
            sv, en = f"väntas bara var {every_s:g} s", f"is expected every {every_s:g} s only"
            yield Fault(path=f"expected.{kind}", sv=sv, en=en)


def _late(plan: Plan, template: Plan) -> Iterator[Fault]:
    """Yield NEWS2 thresholds that lie far above the template's."""
    for name in ("news2_medium", "news2_high"):
        value, usual = getattr(plan, name), getattr(template, name)
        if value > usual + FAR_NEWS2:
            sv, en = f"{value} ligger långt över programmets {usual}", f"{value} is far above the programme's {usual}"
            yield Fault(path=name, sv=sv, en=en)


def loosened(plan: Plan, before: Plan) -> tuple[str, ...]:
    """Name what needs a second person's signature: hard limits wider than before, and comfort care that was not."""
    found = []
    for kind, limits in before.limits.items():
        now = plan.limits.get(kind, Limits())
        if limits.floor is not None and (now.floor is None or now.floor < limits.floor):
            found.append(f"limits.{kind}.floor")
        if limits.ceiling is not None and (now.ceiling is None or now.ceiling > limits.ceiling):
            found.append(f"limits.{kind}.ceiling")
    if plan.goals is Goals.COMFORT and before.goals is not Goals.COMFORT:
        found.append("goals")
    return tuple(found)
