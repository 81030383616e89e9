"""What is asked about before a plan is saved: what is far from the programme's, rules taken away, hard limits.

Pure. None of it is a fault (`ward.plan_checks`): it is saved when whoever writes it says that it is meant, and what
loosens a hard limit with a second name. The invariant: no rule that the programme has goes in silence.
"""

import math
from collections.abc import Iterator
from types import MappingProxyType

from ward.plan_checks import Fault
from ward.plans import Deviation, Goals, Limits, Plan, Side, Slope
from ward.vitals import VITALS, VitalKind

# How far from its template a field may lie before whoever sets it is asked whether it is meant: a limit in the kind's
# unit, a delay, an expected interval in times the template's, a NEWS2 threshold in points, a trend
# in times the template's.
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
FAR_DELAY_S, FAR_EXPECTED, FAR_NEWS2, FAR_TREND = 600.0, 10, 2, 2
_BOUNDS = ("floor", "alert_low", "warn_low", "warn_high", "alert_high", "ceiling")


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
        *_slow(plan, template),
        *_combined(plan, template),
        *_rhythmic(plan, template),
        *_unasked(plan, template),
    )


def _far(kind: VitalKind, limits: Limits, usual: Limits) -> Iterator[Fault]:
    """Yield limits that lie far from the template's, or that it has and the plan has not."""
    unit = VITALS[kind].unit
    for name in _BOUNDS:
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
    """Yield NEWS2 thresholds that lie far above the template's, and a rise that would never ring."""
    if template.news2_rise > 0 and plan.news2_rise == 0:
        yield _gone("news2_rise")
    for name in ("news2_medium", "news2_high", "news2_rise"):
        value, usual = getattr(plan, name), getattr(template, name)
        if value > usual + FAR_NEWS2:
            sv, en = f"{value} ligger långt över programmets {usual}", f"{value} is far above the programme's {usual}"
            yield Fault(path=name, sv=sv, en=en)


def _slow(plan: Plan, template: Plan) -> Iterator[Fault]:
    """Yield trends that the template has and the plan has not, or only far later or at a lower priority."""
    own = _trends(plan)
    for path, (usual, priority) in _trends(template).items():
        found = own.get(path)
        if found is None:
            yield _gone(path)
        elif found[0] > FAR_TREND * usual:
            yield Fault(
                path=path,
                sv=f"{found[0]:g} är mer än {FAR_TREND} gånger programmets {usual:g}",
                en=f"{found[0]:g} is more than {FAR_TREND} times the programme's {usual:g}",
            )
        elif found[1] < priority:
            yield _quieter(path)


def _trends(plan: Plan) -> dict[str, tuple[float, int]]:
    """Return how much each trend asks for, and its priority; of several of one name the one that rings first."""
    found = [(_slope_path(each), (abs(each.per_hour), int(each.priority))) for each in plan.slopes]
    found += [(_deviation_path(each), (each.sds, int(each.priority))) for each in plan.deviations]
    if plan.gain is not None:
        found.append(("gain", (plan.gain.kg, int(plan.gain.priority))))
    if plan.support is not None:
        found.append(("support", (plan.support.spo2_fall, int(plan.support.priority))))
    return dict(sorted(found, key=lambda each: -each[1][0]))


def _slope_path(slope: Slope) -> str:
    return f"slopes.{slope.kind}.{'rise' if slope.per_hour > 0 else 'fall'}"


def _deviation_path(each: Deviation) -> str:
    return f"deviations.{each.kind}.{'rise' if each.side is Side.HIGH else 'fall'}"


def _combined(plan: Plan, template: Plan) -> Iterator[Fault]:
    """Yield combinations that are taken away, or that need more or ring lower than the template's."""
    own = {each.name: each for each in plan.combinations}
    for usual in template.combinations:
        path, found = f"combinations.{usual.name}", own.get(usual.name)
        if found is None:
            yield _gone(path)
        elif found.at_least > usual.at_least or len(found.terms) < len(usual.terms):
            yield Fault(path=path, sv="kräver mer än programmets", en="asks for more than the programme's")
        elif found.priority < usual.priority:
            yield _quieter(path)


def _rhythmic(plan: Plan, template: Plan) -> Iterator[Fault]:
    """Yield what of the rhythm would not be told any more, or only far later."""
    if template.rhythm.af and not plan.rhythm.af:
        yield _gone("rhythm.af")
    for name in ("pause_s", "ventricular_run"):
        value, usual, path = getattr(plan.rhythm, name), getattr(template.rhythm, name), f"rhythm.{name}"
        if usual is not None and value is None:
            yield _gone(path)
        elif usual is not None and value > FAR_TREND * usual:
            yield Fault(
                path=path,
                sv=f"{value:g} är mer än {FAR_TREND} gånger programmets {usual:g}",
                en=f"{value:g} is more than {FAR_TREND} times the programme's {usual:g}",
            )


def _unasked(plan: Plan, template: Plan) -> Iterator[Fault]:
    """Yield that nobody is asked any more to measure what is measured now and then."""
    if template.remeasure is not None and plan.remeasure is None:
        yield Fault(path="remeasure", sv="ingen ombeds mäta", en="nobody is asked to measure")


def _gone(path: str) -> Fault:
    return Fault(path=path, sv="programmets regel tas bort", en="takes the programme's rule away")


def _quieter(path: str) -> Fault:
    return Fault(path=path, sv="larmar lägre än programmets", en="rings at a lower priority than the programme's")


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
