"""What is said at once is what the pass says: no more, with the same evidence, and no less of the limits looked at."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting import at_once
from alerting.at_once import Heard
from alerting.evaluate import evaluate
from alerting.features import Rows, StayContext, moment
from alerting.rules.limit_alerts import name_of
from tests.builders_tracks import PLANS, START_S, VALUES, Given, batch_of, readings
from ward.alerts import Alert, Finding
from ward.people import StayId
from ward.plans import Goals, Plan, Side
from ward.store.evaluation import ROW
from ward.vitals import USABLE, VITALS, VitalKind

STAY = StayId(0)
plans = st.sampled_from([*PLANS, replace(PLANS[1], goals=Goals.COMFORT)])
others = st.sets(st.tuples(st.sampled_from([*VALUES, VitalKind.SYSTOLIC]), st.sampled_from(Side)), max_size=2)


def rows_of(given_: Sequence[Given], plan: Plan, heard: set[Heard], now_s: float) -> Rows:
    """Return what the store is asked for: the look-back of each kind, and the newest usable reading before it."""
    found = []
    for kind, back_s in at_once.look_back(plan, heard).items():
        mine = sorted((each for each in given_ if each.kind is kind), key=lambda each: each.t_s)
        since_s = now_s - START_S - back_s
        before = [each for each in mine if each.t_s < since_s and each.validity in USABLE]
        found += [*before[-1:], *(each for each in mine if each.t_s >= since_s)]
    lines = [
        (0, VITALS[each.kind].code, at_us, at_us, each.value, int(each.validity), round(each.quality * 100))
        for each in found
        for at_us in [round((START_S + each.t_s) * 1e6)]
    ]
    return np.array(sorted(lines), ROW)


def in_care(plan: Plan, alerts: dict[str, Alert]) -> StayContext:
    """Make the stay of the readings."""
    return StayContext(stay_id=STAY, plan=plan, watched_from_s=START_S - 100.0, alerts=alerts)


def found_by_the_pass(given_: Sequence[Given], plan: Plan, heard: set[Heard], now_s: float) -> list[Finding]:
    """Return what a pass over all readings says of these limits."""
    names = {name_of(kind, side) for kind, side in heard}
    observations = evaluate(batch_of(given_, [plan]), now_s).observations
    return [each for each in observations if isinstance(each, Finding) and each.rule in names]


def by_rule(findings: Sequence[Finding]) -> list[Finding]:
    """Put findings in order."""
    return sorted(findings, key=lambda each: each.rule)


@given(readings(most=20), plans, others, st.sampled_from((0, 0, 0, 59, 60, 120, 599, 601)))
@settings(max_examples=60, deadline=None)
def test_at_once_and_the_pass_find_the_same(rows: list[Given], plan: Plan, more: set[Heard], later_s: int) -> None:
    """Of the limits that were reached, what is found by a few readings is what all readings and all rules find."""
    heard = more | {(rows[-1].kind if rows else VitalKind.SPO2, side) for side in Side}
    now_s = START_S + max((each.t_s for each in rows), default=0.0) + later_s

    said = at_once.findings([in_care(plan, {})], rows_of(rows, plan, heard, now_s), {STAY: heard}, now_s)

    assert by_rule(said) == by_rule(found_by_the_pass(rows, plan, heard, now_s))


def test_reading_beyond_the_hard_bound_is_found_with_its_evidence() -> None:
    """One reading of a pulse of 171 is enough, whatever the delay and the count; the evidence names it."""
    rows = [Given(stay=0, kind=VitalKind.HEART_RATE, t_s=float(at), value=value) for at, value in ((0, 72), (60, 171))]
    heard = {(VitalKind.HEART_RATE, Side.HIGH)}

    (said,) = at_once.findings(
        [in_care(PLANS[0], {})], rows_of(rows, PLANS[0], heard, START_S + 60), {STAY: heard}, START_S + 60
    )

    assert (said.rule, said.priority.name, said.began_at) == ("limit.heart_rate.high", "HIGH", moment(START_S + 60))
    assert [each.value for each in said.evidence.inputs] == [171]
