"""What makes a plan unusable, all of it at once and in words.

Pure. A plan with a fault is never put in force. How far each field may lie: `ward.plan_ranges`; what is odd without
being a fault: `ward.plan_oddities`. The invariant: a plan without faults watches, and no field of it turns a rule off
by a slip.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ward.plan_ranges import RANGES, Range, per_hour, plausible
from ward.plans import HIGHEST_NEWS2, Combination, Goals, Limits, Plan
from ward.vitals import VITALS, VitalKind

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
        yield from _in(f"{path}.{name}", value, plausible(kind))
    for (first, low), (second, high) in pairwise(given):
        if low > high or (low == high and {first, second} not in _MAY_MEET):
            yield Fault(
                path=f"{path}.{first}",
                sv=f"{first} {low:g} måste ligga under {second} {high:g}",
                en=f"{first} {low:g} must be below {second} {high:g}",
            )
    yield from _in(f"{path}.delay_s", limits.delay_s, RANGES["limits.*.delay_s"])
    yield from _in(f"{path}.median_s", limits.median_s, RANGES["limits.*.median_s"])
    yield from _in(f"{path}.n", limits.n, RANGES["limits.*.n"])
    yield from _within(f"{path}.k", limits.k, 1, limits.n)
    yield from _within(f"{path}.clear_by", limits.clear_by, 0, _room(limits, vital.high - vital.low), vital.unit)


def _room(limits: Limits, widest: float) -> float:
    """Return how far inside both limits a value can come."""
    if limits.warn_low is None or limits.warn_high is None or limits.warn_low >= limits.warn_high:
        return widest
    return (limits.warn_high - limits.warn_low) / 2


def _in(path: str, value: float, span: Range | None = None) -> Iterator[Fault]:
    """Say that a field lies outside its range; without one it is the path's own."""
    span = span or RANGES[path]
    yield from _within(path, value, span.low, span.high, span.unit)


def _within(path: str, value: float, low: float, high: float, unit: str = "") -> Iterator[Fault]:
    if not low <= value <= high:  # nor does NaN
        given = f"{value:g}" if abs(value) < _HUGE else str(value)[:20]
        span = f"{low:g}–{high:g} {unit}".strip()
        yield Fault(path=path, sv=f"{given} måste ligga inom {span}", en=f"{given} must be within {span}")


def _night(plan: Plan) -> Iterator[Fault]:
    night = plan.night
    if night is None:
        return
    yield from _in("night.begins", night.begins)
    yield from _in("night.ends", night.ends)
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
    yield from _in("news2_medium", plan.news2_medium)
    yield from _within("news2_high", plan.news2_high, min(plan.news2_medium, HIGHEST_NEWS2), HIGHEST_NEWS2)
    yield from _in("news2_rise", plan.news2_rise)
    yield from _in("news2_rise_s", plan.news2_rise_s)
    yield from _within("spo2_scale", plan.spo2_scale, 1, 2)
    order = plan.scale_2_order
    if order is not None and order.doctor_id is None and not order.doctor.strip():
        yield Fault(path="scale_2_order.doctor", sv="läkarens namn saknas", en="the doctor's name is missing")
    if order is not None and order.expires_at <= order.ordered_at:
        yield Fault(path="scale_2_order.expires_at", sv="går ut innan den gäller", en="runs out before it begins")


def _expected(plan: Plan) -> Iterator[Fault]:
    for kind, every_s in plan.expected.items():
        yield from _in(f"expected.{kind}", every_s, RANGES["expected.*"])


def _trends(plan: Plan) -> Iterator[Fault]:
    for index, slope in enumerate(plan.slopes):
        yield from _in(f"slopes.{index}.over_s", slope.over_s, RANGES["slopes.*.over_s"])
        yield from _in(f"slopes.{index}.per_hour", abs(slope.per_hour), per_hour(slope.kind))
    for index, each in enumerate(plan.deviations):
        yield from _in(f"deviations.{index}.sds", each.sds, RANGES["deviations.*.sds"])
        yield from _in(f"deviations.{index}.hold_s", each.hold_s, RANGES["deviations.*.hold_s"])
    if plan.gain is not None:
        yield from _in("gain.kg", plan.gain.kg)
        yield from _in("gain.within_s", plan.gain.within_s)
    if plan.support is not None:
        yield from _in("support.spo2_fall", plan.support.spo2_fall)
        yield from _in("support.flow_rise", plan.support.flow_rise)
        yield from _in("support.within_s", plan.support.within_s)
    yield from _remeasure(plan)
    if (second := plan.second_signal) is not None:
        yield from _in("second_signal.wait_s", second.wait_s)
        yield from _in("second_signal.quality_below", second.quality_below)
        yield from _in("second_signal.heart_rate_within", second.heart_rate_within)
        yield from _in("second_signal.resp_rate_within", second.resp_rate_within)


def _remeasure(plan: Plan) -> Iterator[Fault]:
    asked = plan.remeasure
    if asked is None:
        return
    often = {name: getattr(asked, f"{name}_s") for name in ("high", "medium", "single", "low", "routine")}
    for name, every_s in often.items():
        yield from _in(f"remeasure.{name}_s", every_s)
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
    yield from _in(f"{path}.delay_s", each.delay_s, RANGES["combinations.*.delay_s"])
    for index, term in enumerate(each.terms):
        yield from _in(f"{path}.terms.{index}.bound", term.bound, plausible(term.kind))
    if len({(term.kind, term.side) for term in each.terms}) < len(each.terms):
        yield Fault(path=path, sv="samma villkor två gånger", en="the same term twice")


def _rhythm(plan: Plan) -> Iterator[Fault]:
    if plan.rhythm.pause_s is not None:
        yield from _in("rhythm.pause_s", plan.rhythm.pause_s)
    if plan.rhythm.ventricular_run is not None:
        yield from _in("rhythm.ventricular_run", plan.rhythm.ventricular_run)


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
