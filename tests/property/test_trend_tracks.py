"""Rules with a long memory: causal, bounded by their look-back, and apart, whatever was measured when."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from alerting.features import Batch, Floats
from alerting.quarters import NORMAL_LOOK_BACK_S, QUARTER_S, Normals, Quarters, binned, hourly, normals, taken_s
from alerting.rules import baseline_rules, identity, oxygen, slopes, trends, weight
from alerting.signal.norms import NORMS
from alerting.signal.records import Bools
from alerting.signal.series import Moments
from alerting.tracks import Track, Verdict, row_of
from tests.builders_alerting import a_device, a_plan
from tests.builders_trends import DAY_S, HOUR_S, START_S, a_series, a_stay, a_trend_batch
from ward.alerts import Evidence
from ward.plans import Deviation, Gain, Plan, Side, Slope, Support
from ward.vitals import VitalKind

PULSE, BREATHS, SPO2 = VitalKind.HEART_RATE, VitalKind.RESP_RATE, VitalKind.SPO2
PLAN = a_plan(
    slopes=(
        Slope(kind=PULSE, per_hour=1.0, over_s=6 * HOUR_S),
        Slope(kind=SPO2, per_hour=-0.2, over_s=24 * HOUR_S),
    ),
    deviations=(
        Deviation(kind=PULSE, side=Side.HIGH, sds=1.5, hold_s=2 * HOUR_S),
        Deviation(kind=BREATHS, side=Side.LOW, sds=1.0, hold_s=HOUR_S),
    ),
    gain=Gain(kg=1.0, within_s=2 * DAY_S),
    support=Support(spo2_fall=1.0, flow_rise=0.5, within_s=6 * HOUR_S),
)
OTHER = a_plan(slopes=PLAN.slopes[:1], deviations=(), gain=Gain(kg=3.0, within_s=DAY_S))
RULES = {"slope": slopes, "deviation": baseline_rules, "weight": weight, "support": oxygen, "identity": identity}
DAYS = 5
SPREAD = {PULSE: (75, 9), BREATHS: (16, 3), SPO2: (95, 2), VitalKind.WEIGHT: (80, 4), VitalKind.OXYGEN_FLOW: (2, 1)}
EVERY_S = {PULSE: 420.0, BREATHS: 420.0, SPO2: 420.0, VitalKind.WEIGHT: 11 * HOUR_S, VitalKind.OXYGEN_FLOW: 4 * HOUR_S}


def a_life(seed: int, kind: VitalKind) -> tuple[Floats, Floats]:
    """Return what was measured of one kind: restless levels and slopes, with gaps."""
    rng = np.random.default_rng([seed, *kind.encode()])
    times = np.arange(0, DAYS * DAY_S, EVERY_S[kind]) + rng.uniform(0, 60)
    centre, spread = SPREAD[kind]
    level = np.cumsum(rng.normal(0, 1, len(times)) * (rng.random(len(times)) < 0.05)) * spread
    value = centre + level + 0.3 * spread * rng.normal(0, 1, len(times))
    kept = np.ones(len(times), np.bool_)
    for _ in range(rng.integers(0, 4)):
        gap_s = rng.uniform(0, DAYS * DAY_S)
        kept &= ~((times > gap_s) & (times < gap_s + rng.exponential(3 * HOUR_S)))
    return times[kept], np.round(np.clip(value[kept], 1, 200), 1).astype(np.float64)


def a_ward(*seeds: int) -> Batch:
    """Make a batch of stays under two plans, each with a device put on at some time."""
    stays = [
        a_stay(
            OTHER if seed % 3 == 2 else PLAN,
            number,
            devices=(replace(a_device(), worn_from_s=START_S + (60 + seed % 50) * HOUR_S),),
        )
        for number, seed in enumerate(seeds)
    ]
    return a_trend_batch(stays, {kind: a_series(*(a_life(seed, kind) for seed in seeds)) for kind in SPREAD})


def kept(batch: Batch, which: Callable[[Quarters], Bools], at: Callable[[Normals], Bools]) -> Batch:
    """Return a batch with some of its quarters and normals."""
    return replace(
        batch,
        quarters={kind: each.chosen(which(each)) for kind, each in batch.quarters.items()},
        normals={kind: _normals(each, at(each)) for kind, each in batch.normals.items()},
    )


def _normals(of: Normals, mask: Bools) -> Normals:
    before = np.concatenate(([0], np.cumsum(mask)))
    columns = {name: getattr(of, name)[mask] for name in ("at_s", "centre", "spread", "personal")}
    return replace(of, **columns, offsets=before[of.offsets])


def said(track: Track, times: Floats, stay: int = 0) -> list[tuple[float, float]]:
    """Return verdict and beginning at times, in one stay."""
    own = slice(int(track.offsets[stay]), int(track.offsets[stay + 1]))
    row = np.searchsorted(track.from_s[own], times, side="right") - 1
    verdict = np.where(row >= 0, np.concatenate((track.verdict[own], [0]))[row], 0)
    began_s = np.where(row >= 0, np.concatenate((track.began_s[own], [np.nan]))[row], np.nan)
    return list(zip(verdict.tolist(), np.nan_to_num(began_s, nan=-1.0).tolist(), strict=True))


def instants(first_s: float, last_s: float) -> Floats:
    """Return every quarter of an hour in between, and some time inside each."""
    edges = np.arange(first_s, last_s, QUARTER_S)
    return np.sort(np.concatenate((edges, edges + 100.0)))


def all_tracks(batch: Batch) -> Mapping[str, Track]:
    """Judge a batch by every rule with a long memory."""
    return {name: track for rule in RULES.values() for name, track in rule.judge(batch).items()}


SEEDS = st.integers(0, 10_000)
CUT = st.integers(24 * 4, DAYS * 96 - 8)


@settings(max_examples=15)
@given(SEEDS, CUT)
def test_h20_what_comes_later_changes_nothing_before(seed: int, quarter: int) -> None:
    """Judging what was measured until an instant and judging all of it agree until that instant."""
    batch, until_s = a_ward(seed), START_S + quarter * QUARTER_S
    then = kept(batch, lambda each: each.end_s <= until_s, lambda each: each.at_s <= until_s)
    whole, times = all_tracks(batch), instants(START_S, until_s + 1)

    for name, track in all_tracks(then).items():
        assert said(track, times) == said(whole[name], times), name


@settings(max_examples=15)
@given(SEEDS, CUT)
def test_look_back_is_enough(seed: int, quarter: int) -> None:
    """What lies further back than the look-back changes nothing of what is said from an instant on."""
    batch, from_s = a_ward(seed), START_S + quarter * QUARTER_S
    back_s = trends.look_back(batch.plans[0])
    near = replace(
        batch,
        quarters={
            kind: each.chosen(each.start_s >= from_s - back_s.get(kind, 0.0)) for kind, each in batch.quarters.items()
        },
    )
    whole, times = all_tracks(batch), instants(from_s, START_S + (DAYS + 3) * DAY_S)

    for name, track in all_tracks(near).items():
        assert said(track, times) == said(whole[name], times), name


def found(batch: Batch, from_s: float) -> dict[tuple[str, float, int], Evidence]:
    """Return the evidence of every finding that falls due after an instant, by rule, time and verdict."""
    return {
        (name, row.from_s, int(row.verdict)): rule.evidence(batch, name, row)
        for rule in RULES.values()
        for name, track in rule.judge(batch).items()
        for row in (row_of(track, place) for place in np.flatnonzero(track.verdict >= Verdict.LOW).tolist())
        if row.from_s > from_s
    }


@settings(max_examples=15)
@given(SEEDS, CUT)
def test_evidence_is_the_same_however_time_is_cut(seed: int, quarter: int) -> None:
    """What a finding rests on, with values, times and roles, does not depend on how much else was read."""
    batch, from_s = a_ward(seed), START_S + quarter * QUARTER_S
    back_s = trends.look_back(batch.plans[0])
    until_s = from_s + 12 * HOUR_S
    since = {kind: each.chosen(each.start_s >= from_s - back_s.get(kind, 0.0)) for kind, each in batch.quarters.items()}
    near = kept(replace(batch, quarters=since), lambda each: each.end_s <= until_s, lambda each: each.at_s <= until_s)

    whole, part = found(batch, from_s), found(near, from_s)
    assert {each: part[each] for each in part if each[1] <= until_s} == {
        each: whole[each] for each in whole if each[1] <= until_s
    }


@settings(max_examples=10)
@given(st.lists(SEEDS, min_size=2, max_size=4))
def test_stays_are_judged_apart(seeds: list[int]) -> None:
    """What is said of a stay does not depend on who is judged with it."""
    together = all_tracks(a_ward(*seeds))
    times = instants(START_S, START_S + (DAYS + 3) * DAY_S)

    for stay, seed in enumerate(seeds):
        for name, track in all_tracks(a_ward(seed)).items():
            assert said(track, times) == said(together[name], times, stay), name


@settings(max_examples=10)
@given(SEEDS, st.integers(1, 9))
def test_normals_need_no_more_than_they_look_back(seed: int, half_days: int) -> None:
    """A normal is the same out of all hours and out of those that it is said to need."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.choice(np.arange(0, 25 * DAY_S, 600.0), 2000, replace=False))
    hours = hourly(binned(a_series((times, rng.normal(75, 9, len(times))))))
    at_s = float(taken_s(START_S + (16 + half_days / 2) * DAY_S))
    at = Moments(row=np.zeros(1, np.int64), at_s=np.array([at_s]))
    near = hours.chosen((hours.start_s >= at_s - NORMAL_LOOK_BACK_S) & (hours.end_s <= at_s - 12 * HOUR_S))
    one, other = (normals(each, at, NORMS[PULSE]) for each in (hours, near))

    assert one.personal.all()
    assert (one.centre.tolist(), one.spread.tolist()) == (other.centre.tolist(), other.spread.tolist())


def test_these_lives_are_worth_judging() -> None:
    """The made-up lives of these tests make every rule find something, and be quiet, somewhere."""
    tracks = all_tracks(a_ward(*range(12)))
    found = {name: set(track.verdict.tolist()) for name, track in tracks.items()}

    assert all(1 in verdicts and max(verdicts) >= 3 for name, verdicts in found.items() if name != identity.WEARER)


@pytest.mark.parametrize("plan", [PLAN, OTHER, a_plan()])
def test_nothing_measured_is_nothing_said(plan: Plan) -> None:
    """A batch without a reading gives no finding and nothing quiet but what no plan asks for."""
    batch = a_trend_batch([a_stay(plan)], {})

    assert all(np.isneginf(track.from_s).all() for track in all_tracks(batch).values())
