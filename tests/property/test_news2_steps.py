"""NEWS2 over time against the chart at each instant, and the rise against a slow search."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting import runs
from alerting.rules import news2, news2_steps
from alerting.rules.news2 import INPUTS, Part, Scores
from alerting.rules.news2_alerts import RISE_HOLD_S
from alerting.rules.news2_steps import MEASURED_S
from tests.builders_tracks import HR, PLANS, RR, START_S, Given, batch_of, readings, said, tracks_of
from ward.plans import Plan
from ward.vitals import POOR_BELOW, VITALS, VitalKind


def scored(rows: list[Given], plan: Plan, at_s: float) -> Scores:
    """Score what is known at an instant (seconds after the start), by the chart alone."""
    values, stale = {}, {}
    for kind in INPUTS:
        own = [row for row in rows if row.kind is kind and row.t_s <= at_s and row.quality >= POOR_BELOW]
        own = [row for row in own if row.validity == 0]
        last = max(own, key=lambda row: row.t_s, default=None)
        gone = last is None or at_s - last.t_s >= MEASURED_S
        values[kind] = np.array([np.nan if last is None or gone else last.value])
        stale[kind] = np.array([last is not None and at_s - last.t_s >= VITALS[kind].freshness.stale_s])
    return news2.score(values, stale, np.array([plan.spo2_scale]))


@given(readings(most=30), st.sampled_from(PLANS))
@settings(max_examples=25, deadline=None)
def test_totals_are_those_of_the_chart(rows: list[Given], plan: Plan) -> None:
    """At every instant at which the score changes, both ends are what the chart gives for what is known."""
    found = news2_steps.totals(runs.reduced(batch_of(rows, [plan])))
    for row, at_s in enumerate((found.from_s - START_S).tolist()):
        expected = scored(rows, plan, at_s + 1e-6)
        missing = expected.missing[:, 0]
        most = np.where(np.arange(len(Part)) == Part.OXYGEN, 2, 3)

        assert (found.low[row], found.high[row]) == (expected.total_min[0], expected.total_max[0])
        assert found.threes[row] == (expected.low[:, 0] == 3).sum()
        assert found.ceiling[row] == expected.total_min[0] + most[missing].sum()
        assert found.low[row] <= found.upper[row] <= found.high[row]


@given(readings(most=20), st.sampled_from(PLANS))
@settings(max_examples=20, deadline=None)
def test_rise_is_found_where_a_slow_search_finds_it(rows: list[Given], plan: Plan) -> None:
    """A rise is there when for a minute the lower end has been so much above the upper end of some time before."""
    looked_at = runs.reduced(batch_of(rows, [plan]))
    tracks = tracks_of(batch_of(rows, [plan]))
    score = news2_steps.totals(looked_at)
    ends = np.append(score.from_s[1:], np.inf)

    def risen(at_s: float) -> bool:
        now = int(np.searchsorted(score.from_s, at_s, side="right")) - 1
        if now < 0 or score.low[now] < plan.news2_rise:
            return False
        within = (ends > at_s - plan.news2_rise_s) & (score.from_s <= at_s)
        return bool(score.ceiling[now] - score.high[within].min() >= plan.news2_rise)

    turns = sorted({*score.from_s.tolist(), *(ends[:-1] + plan.news2_rise_s).tolist()})
    for at_s in [each + 0.5 for each in turns]:
        whole = [at_s, at_s - RISE_HOLD_S, *(turn for turn in turns if at_s - RISE_HOLD_S < turn <= at_s)]
        if said(tracks, "news2.rise", at_s)[0] == "MEDIUM":
            assert all(risen(each) for each in whole)
        elif not any(said(tracks, f"news2.{name}", at_s)[0] in {"MEDIUM", "HIGH"} for name in ("total", "single")):
            assert not all(risen(each) for each in whole)


def _rise(before: list[Given], after: list[Given]) -> str:
    plan = PLANS[1]
    return said(tracks_of(batch_of([*before, *after], [plan])), "news2.rise", START_S + 600 + RISE_HOLD_S + 50)[0]


def test_h14_first_measurement_is_no_rise() -> None:
    """An input that nobody had measured before has not risen, however many points it gives."""
    calm = [Given(stay=0, kind=HR, t_s=at_s, value=72) for at_s in (0, 600, 1200)]
    bad = [Given(stay=0, kind=RR, t_s=600, value=23), Given(stay=0, kind=VitalKind.OXYGEN_FLOW, t_s=600, value=2)]

    assert _rise(calm, bad) == "QUIET"
    normal = [Given(stay=0, kind=each.kind, t_s=0, value=15 if each.kind is RR else 0) for each in bad]
    assert _rise([*calm, *normal], bad) == "MEDIUM"
