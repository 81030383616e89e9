"""What is let go of hours of readings is missed by nobody: every rule says the same at every instant."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.evaluate import judge
from alerting.features import Batch, Rows, batch, gathered
from alerting.rules.limit_alerts import LIMIT
from alerting.thinning import THIN_AFTER_S, Thinner
from alerting.tracks import Verdict, row_of
from alerting.windows import columns
from tests.builders_tracks import PLANS, TEMP, Given, batch_of, instants, said, tracks_of
from tests.property.test_windows import rows_of
from ward.alerts import Priority
from ward.plans import Combination, Limits, Plan, Side, Term, template
from ward.vitals import IMPLAUSIBLE, USABLE, VITALS, Validity, VitalKind

SYSTOLIC = VitalKind.SYSTOLIC


@st.composite
def dense(draw: st.DrawFn) -> list[Given]:
    """Draw hours of a kind that is measured far more often than it grows old, mostly calm."""
    kind = draw(st.sampled_from([TEMP, TEMP, SYSTOLIC]))
    calm = {TEMP: (36.8, 37.0, 37.9, 38.2, 38.3), SYSTOLIC: (104, 112, 131)}[kind]
    odd = {TEMP: (38.6, 39.6, 41.2, 35.2), SYSTOLIC: (70, 89, 99, 101, 181)}[kind]
    chance = draw(st.randoms(use_true_random=False))
    apart_s = draw(st.sampled_from([60, 300, 900]))
    rare = draw(st.sampled_from([0.0, 0.02, 0.2]))
    t_s, found = 0.0, []
    for _ in range(draw(st.integers(5, 120))):
        t_s += 40_000 if chance.random() < 0.03 else 3 * 3600 if chance.random() < 0.05 else apart_s
        value = chance.choice(odd if chance.random() < rare else calm)
        quality = 0.1 if chance.random() < rare / 2 else 0.9
        validity = Validity.OFLW if chance.random() < rare / 4 else Validity.VLD
        found.append(Given(stay=0, kind=kind, t_s=t_s, value=value, quality=quality, validity=validity))
    return found


# The usual plan, one that counts the last readings one by one, one that asks more of calm values, one with a night.
DENSE = (
    template(),
    replace(template(), limits={**template().limits, TEMP: replace(template().limits[TEMP], k=2, n=3)}),
    replace(
        template(),
        combinations=(
            Combination(
                name="warm",
                terms=(Term(kind=TEMP, side=Side.HIGH, bound=38.1), Term(kind=SYSTOLIC, side=Side.LOW, bound=110)),
                at_least=1,
                delay_s=600,
                priority=Priority.MEDIUM,
            ),
        ),
    ),
    replace(
        PLANS[0], limits={**template().limits, TEMP: Limits(alert_high=38.4, warn_high=38.1, delay_s=600, clear_by=0.2)}
    ),
)


def batch_of_rows(rows: Rows, plan: Plan) -> Batch:
    """Make a batch of one stay's rows."""
    usable, odd = (gathered(columns(rows), each, 1) for each in (USABLE, IMPLAUSIBLE))
    return batch(batch_of([], [plan]).stays, usable, implausible=odd)


def thinned(rows: Rows, plan: Plan, turns: int) -> Rows:
    """Let go what may be, in so many turns, as the readings come."""
    thinner, kept = Thinner(), rows[:0]
    for part in np.array_split(rows, turns):
        kept = np.concatenate((kept, part))
        now_us = int(kept["measured_us"].max()) if len(kept) else 0
        kept = kept[~thinner.spared(kept, batch_of_rows(kept, plan), now_us)]
    return kept


@given(dense(), st.sampled_from(DENSE), st.integers(1, 5))
@settings(deadline=None)
def test_h19_what_is_let_go_changes_nothing_that_is_said(given_rows: list[Given], plan: Plan, turns: int) -> None:
    """Whatever is let go, every rule says the same at every instant, and limits show the same readings."""
    rows = rows_of(given_rows)
    whole, left = batch_of_rows(rows, plan), batch_of_rows(thinned(rows, plan, turns), plan)
    first, second = tracks_of(whole), tracks_of(left)

    assert first.keys() == second.keys()
    for at_s in instants([first, second]):
        assert {name: said(first, name, at_s) for name in first} == {name: said(second, name, at_s) for name in first}
    assert shown(whole) == shown(left)


def shown(looked_at: Batch) -> list[object]:
    """Return what limits show wherever they find something."""
    return [
        rule.evidence(looked_at, name, row_of(track, index))
        for rule, name, track in judge(looked_at)
        if rule.name == LIMIT
        for index in np.flatnonzero(track.verdict >= Verdict.LOW).tolist()
    ]


def test_calm_hours_are_let_go() -> None:
    """Of a calm day a reading in each quarter of the stale time is left, and all of the last half an hour."""
    rows = rows_of([Given(stay=0, kind=TEMP, t_s=60.0 * each, value=37.0) for each in range(1440)])
    left = thinned(rows, template(), 3)
    part_s = VITALS[TEMP].freshness.stale_s / 4

    assert len(left) <= THIN_AFTER_S / 60 + 86_400 / part_s + 3
    assert np.isin(rows["measured_us"][-int(THIN_AFTER_S / 60) :], left["measured_us"]).all()
    assert (np.diff(left["measured_us"]) <= 2 * part_s * 1e6).all()


def test_what_is_counted_one_by_one_is_not_let_go() -> None:
    """Where two of the last three readings must be beyond a limit, each of them counts."""
    rows = rows_of([Given(stay=0, kind=TEMP, t_s=60.0 * each, value=37.0) for each in range(1440)])

    assert len(thinned(rows, DENSE[1], 3)) == len(rows)
