"""Findings from limits: `limit.<kind>.low` and `limit.<kind>.high`, medium beyond the warning, high beyond the alert.

One rule a kind and side, so that worse and better move the priority of one alert. By night the plan's night limits are
looked at in place of the day's; hard bounds stay the day's. Not here: the trigger itself (`limits`). The invariant:
what is not known (no fresh value) gives neither a finding nor quiet.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

import numpy as np

from alerting import runs, ties
from alerting.features import Batch, Bools, Floats, Ints, Runs, Series, in_order_of_time, own, reading_at
from alerting.observed import RULE_VERSION
from alerting.rules import cuff, limits, night, second_signal
from alerting.rules.limits import Bounds, Level, Side
from alerting.tracks import Row, Track, Verdict, without
from ward import plans
from ward.alerts import BAND, HARD, Evidence, Input, Role
from ward.plans import Limits, Plan
from ward.vitals import POOR_BELOW, VITALS, VitalKind

LIMIT = "limit"
_ROUNDING = 1e-9


def look_back(plan: Plan) -> Mapping[VitalKind, float]:
    """Return how far back the readings of each limited kind decide."""
    return {kind: max(limits.look_back_s(kind, each) for each in given(plan, kind)) for kind in _kinds(plan)}


def given(plan: Plan, kind: VitalKind) -> list[Limits]:
    """Return the limits that a plan has of a kind, by day and by night."""
    return [each for each in (_day(plan, kind), by_night(plan, kind)) if each]


def judge(batch: Batch) -> dict[str, Track]:
    """Judge every limit of every stay."""
    kinds = sorted({kind for plan in batch.plans for kind in _kinds(plan)})
    return judge_some(batch, [(kind, side) for kind in kinds for side in plans.Side])


def judge_some(batch: Batch, sides: Iterable[tuple[VitalKind, plans.Side]]) -> dict[str, Track]:
    """Judge these sides of these kinds alone."""
    tracks, speaking = {}, dict[VitalKind, _Speaking]()
    for kind, side in sides:
        speaks = _toward(speaking.setdefault(kind, _Speaking(batch, kind)), Side[side.name])
        found = _side(speaks, Side[side.name], limits.judge)
        if found is not None:
            tracks[name_of(kind, side)] = found
    return tracks


def name_of(kind: VitalKind, side: plans.Side) -> str:
    """Return the name of the alert rule of one side of a kind."""
    return f"{LIMIT}.{kind}.{side}"


def judge_held(batch: Batch) -> dict[str, Track]:
    """Judge where a fall of SpO2 would be found but for the cuff."""
    found = _side(_toward(_Speaking(batch, VitalKind.SPO2), Side.LOW), Side.LOW, limits.held)
    return {} if found is None else {cuff.HELD: found}


def judge_doubted(batch: Batch) -> dict[str, Track]:
    """Judge where a warning of SpO2 would be found but for a second signal that does not agree."""
    found = _side(_toward(_Speaking(batch, VitalKind.SPO2), Side.LOW), Side.LOW, limits.doubted)
    return {} if found is None or not second_signal.waits_s(batch).any() else {second_signal.SECOND: found}


class _Speaking:
    """What the bands of a kind look at, made once for both sides and for day and night where they ask for the same."""

    def __init__(self, batch: Batch, kind: VitalKind) -> None:
        self.batch = batch
        self.kind = kind
        self._made: list[tuple[Bounds, Runs]] = []

    def under(self, bound: Bounds) -> Runs:
        """Return it for bounds; what matters of them is what they count and filter."""
        for known, made in self._made:
            if np.array_equal(known.n > 1, bound.n > 1) and np.array_equal(known.median_s, bound.median_s):
                return made
        self._made.append((bound, limits.speaking(self.batch, self.kind, bound)))
        return self._made[-1][1]


def _toward(speaks: _Speaking, side: Side) -> _Speaking:
    """Return what one side looks at, where several readings of one instant differ; else what both do."""
    batch, kind = speaks.batch, speaks.kind
    return speaks if batch.of(kind).ties is None else _Speaking(runs.toward(batch, kind, side.value), kind)


def _side(speaks: _Speaking, side: Side, judged_by: Callable[[Batch, VitalKind, Bounds, Runs], Track]) -> Track | None:
    batch, kind = speaks.batch, speaks.kind
    day = limits.bounds([_day(plan, kind) for plan in batch.plans], side)
    nightly = limits.bounds([by_night(plan, kind) for plan in batch.plans], side)
    nothing: Bools = np.logical_and.reduce(np.isnan(np.concatenate((day.limit, nightly.limit))), axis=0)
    if nothing.all():
        return None
    bound = limits.select(day, batch.plan_of)
    judged = judged_by(batch, kind, bound, speaks.under(bound))
    if any(_differ(plan, kind) for plan in batch.plans):
        bound = limits.select(nightly, batch.plan_of)
        other = judged_by(batch, kind, bound, speaks.under(bound))
        judged = night.switched(batch, judged, other)
    return without(judged, nothing[batch.plan_of])


def _kinds(plan: Plan) -> set[VitalKind]:
    return {*plan.limits, *(plan.night.limits if plan.night else ())}


def _day(plan: Plan, kind: VitalKind) -> Limits | None:
    return plan.limits.get(kind)


def by_night(plan: Plan, kind: VitalKind) -> Limits | None:
    """Return the limits that a plan has by night: its own, with the hard bounds of the day, or the day's."""
    day = plan.limits.get(kind)
    dark = None if plan.night is None else plan.night.limits.get(kind)
    if dark is None:
        return day
    return dark if day is None else replace(dark, floor=day.floor, ceiling=day.ceiling)


def _differ(plan: Plan, kind: VitalKind) -> bool:
    return plan.night is not None and kind in plan.night.limits


def evidence(batch: Batch, rule: str, row: Row) -> Evidence:
    """Return the worst reading, or median, of the violation until it counted, with the limit that it is beyond.

    Beside it the first, since which it has lasted, and the newest.
    """
    _, name, label = rule.split(".")
    kind, side = VitalKind(name), Side[label.upper()]
    in_force = _in_force(batch.stays[row.stay].plan, kind, row.from_s)
    bound = limits.bounds([in_force], side)
    series = _seen(batch, kind, side, row.stay)
    spoken = _spoken(batch, series, kind, side, row)
    place = _worst(series, spoken, side)
    level = _level(bound, float(series.value[place]), row)
    given = in_force or Limits()
    if given.median_s > 0 and level is not Level.HARD:
        # A single reading may lie anywhere: the bands have not looked at it.
        series = _filtered(batch, kind, side, row)
        spoken = _spoken(batch, series, kind, side, row)
        place = _worst(series, spoken, side)
    doubtful = float(series.quality[place]) < POOR_BELOW
    params: dict[str, str | float | int | None] = {
        "kind": kind.value,
        "value": float(series.value[place]),
        "limit": float(bound.limit[level, 0]),
        "unit": VITALS[kind].unit,
        "duration_s": 0.0 if level is Level.HARD else given.delay_s,
    }
    if level is Level.HARD:
        params[BAND] = HARD
    elif given.n > 1:
        params |= {"k": given.k, "n": given.n}
    over_s = 0.0 if level is Level.HARD else given.median_s
    if over_s > 0:
        params["median_s"] = over_s
    return Evidence(
        rule_version=RULE_VERSION,
        text_key=_text_key(kind, side, doubtful=doubtful),
        params=params,
        inputs=in_order_of_time(
            _over(reading_at(series, kind, place), over_s),
            _over(reading_at(series, kind, int(spoken[-1])), over_s),
            _over(reading_at(series, kind, int(spoken[0]), Role.SINCE), over_s),
        ),
    )


def _over(each: Input, over_s: float) -> Input:
    """Return a number as that of a window which ends with it."""
    return replace(each, measured_at=each.measured_at - timedelta(seconds=over_s), over_s=over_s)


def _text_key(kind: VitalKind, side: Side, *, doubtful: bool) -> str:
    """Return the key of the words: a letter is neither high nor low."""
    if kind is VitalKind.CONSCIOUSNESS and side is Side.HIGH:
        return f"{LIMIT}.{kind}"
    return f"{LIMIT}.{side.label}" + (".doubtful" if doubtful else "")


def renewed(batch: Batch, rule: str, row: Row, known: Evidence) -> Evidence | None:
    """Return the evidence of until now, where the worst reading is a step of the kind's display unit worse.

    Beyond a hard bound that was not passed before it is worse by however little.
    """
    _, name, label = rule.split(".")
    kind, side = VitalKind(name), Side[label.upper()]
    found = evidence(batch, rule, _milder(batch, kind, side, row))
    now, before = found.params["value"], known.params.get("value")
    if not isinstance(now, float) or not isinstance(before, int | float):
        return None
    passed = found.hard and not known.hard
    if not passed and (now - before) * side.value < 10.0 ** -VITALS[kind].decimals - _ROUNDING:
        return None
    # What was read now may begin later than what has lasted; how it began is known.
    judged = [each for each in found.inputs if each.role is Role.JUDGED]
    first = [replace(each, role=Role.SINCE) for each in known.inputs[:1]]
    return replace(found, inputs=in_order_of_time(*judged, *first))


def eased(batch: Batch, rule: str, row: Row) -> Evidence | None:
    """Return the worst reading since none was beyond the next limit any more; None where it is not beyond this one."""
    _, name, label = rule.split(".")
    side = Side[label.upper()]
    found = evidence(batch, rule, _milder(batch, VitalKind(name), side, row))
    value, limit = found.params["value"], found.params["limit"]
    beyond = isinstance(value, float) and isinstance(limit, float) and (value - limit) * side.value > 0
    return found if beyond else None


def _milder(batch: Batch, kind: VitalKind, side: Side, row: Row) -> Row:
    """Return a row of the warning from after the last reading beyond the alarm limit; the row itself where none is."""
    if row.verdict is not Verdict.MEDIUM:
        return row
    bound = limits.bounds([_in_force(batch.stays[row.stay].plan, kind, row.from_s)], side)
    _, mine = own(_filtered(batch, kind, side, row), row.stay)
    places = np.flatnonzero((mine.t_s >= row.began_s) & (mine.t_s <= row.from_s))
    worse = mine.value[places] * side.value > bound.limit[Level.ALERT, 0] * side.value
    after = int(np.flatnonzero(worse)[-1]) + 1 if worse.any() else len(places)
    return replace(row, began_s=float(mine.t_s[places[after]])) if after < len(places) else row


def _in_force(plan: Plan, kind: VitalKind, at_s: float) -> Limits | None:
    """Return the limits of a kind at an instant, by day or by night."""
    return by_night(plan, kind) if night.is_night(plan, at_s) else plan.limits.get(kind)


def _level(bound: Bounds, worst: float, row: Row) -> Level:
    if row.verdict is Verdict.MEDIUM:
        return Level.WARN
    hard = float(bound.limit[Level.HARD, 0]) * bound.side.value
    return Level.HARD if worst * bound.side.value > hard or np.isnan(bound.limit[Level.ALERT, 0]) else Level.ALERT


def _seen(batch: Batch, kind: VitalKind, side: Side, stay: int) -> Series:
    """Return what the limits of a stay look at on one side: good readings, poor ones beyond the hard bound alone."""
    hard = float(limits.bounds([batch.stays[stay].plan.limits.get(kind)], side).limit[Level.HARD, 0])

    def speaks(value: Floats, quality: Floats) -> Bools:
        return ties.good(value, quality) | ((value - hard) * side.value > 0)

    return runs.toward(batch, kind, side.value, speaks).of(kind)


def _filtered(batch: Batch, kind: VitalKind, side: Side, row: Row) -> Series:
    """Return what the two bands of a stay look at: its readings, or their medians where the plan asks for those."""
    series = _seen(batch, kind, side, row.stay)
    given = _in_force(batch.stays[row.stay].plan, kind, row.from_s)
    if given is None or given.median_s <= 0:
        return series
    toward = runs.toward(batch, kind, side.value)
    return replace(toward.of(kind), value=limits.medians(toward, kind, given.median_s))


def _worst(series: Series, places: Ints, side: Side) -> int:
    """Return the place of the worst of these, and of those equally bad of the newest."""
    signed = np.nan_to_num(series.value[places[::-1]] * side.value, nan=-np.inf)
    return int(places[::-1][signed.argmax()])


def _spoken(batch: Batch, series: Series, kind: VitalKind, side: Side, row: Row) -> Ints:
    """Return the places of the readings of the violation that speak, or of what was read of it; one at least."""
    first, mine = own(series, row.stay)
    within = (mine.t_s >= row.began_s) & (mine.t_s <= row.from_s)
    if not within.any():
        within[max(int(np.searchsorted(mine.t_s, row.from_s, side="right")) - 1, 0)] = True
    bound = limits.bounds([batch.stays[row.stay].plan.limits.get(kind)], side)
    signed = mine.value * side.value
    # A poor reading speaks only beyond the hard bound.
    spoken = within & (~runs.poor(mine) | (signed > bound.limit[Level.HARD, 0] * side.value))
    return first + np.flatnonzero(spoken if spoken.any() else within)
