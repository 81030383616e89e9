"""What every rule over readings must keep: causal, bounded, apart; and that runs are as good as readings."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting import evaluate, runs
from alerting.features import Batch
from alerting.rules import news2_alerts
from alerting.rules.catalogue import RULES, Rule
from alerting.rules.news2_alerts import lower_before
from alerting.tracks import Track, Verdict, in_force, next_s, row_of
from tests.builders_tracks import PLANS, START_S, Given, batch_of, decides, instants, readings, said, tracks_of
from ward.alerts import Evidence
from ward.plans import Plan
from ward.vitals import POOR_BELOW

plans = st.sampled_from(PLANS)
# Which reading, and how long after it, something is cut.
cuts = st.tuples(st.integers(0, 24), st.sampled_from((0, 1, 59, 60, 300, 599, 601, 2000)))


def placed(rows: list[Given], cut: tuple[int, int]) -> float:
    """Return the seconds after the start of a cut."""
    return (rows[cut[0] % len(rows)].t_s if rows else 0.0) + cut[1]


@given(readings(), plans, cuts)
@settings(max_examples=25, deadline=None)
def test_what_comes_later_changes_nothing_before_it(rows: list[Given], plan: Plan, at: tuple[int, int]) -> None:
    """Judging what was measured until an instant, and judging all of it, say the same until then."""
    cut = placed(rows, at)
    whole = tracks_of(batch_of(rows, [plan]))
    part = tracks_of(batch_of([each for each in rows if each.t_s <= cut], [plan]))
    for at_s in instants([whole, part], START_S + cut):
        if at_s <= START_S + cut:
            known = {name for name in whole if name in part or said(whole, name, at_s)[0] != "UNKNOWN"}
            assert [said(whole, each, at_s) for each in known] == [said(part, each, at_s) for each in known]


@given(readings(), plans, cuts)
@settings(max_examples=25, deadline=None)
def test_what_lies_before_the_look_back_changes_nothing(rows: list[Given], plan: Plan, at: tuple[int, int]) -> None:
    """Readings from before a rule's look-back make no difference from then on, but for the newest of each kind."""
    cut = placed(rows, at)
    for rule in RULES:
        whole = rule.judge(batch_of(rows, [plan]))
        part = rule.judge(batch_of(decides(rows, rule.look_back(plan), cut), [plan]))
        for at_s in instants([whole, part], START_S + cut):
            if at_s >= START_S + cut:
                assert {name: said(whole, name, at_s) for name in whole} == {
                    name: said(part, name, at_s) for name in whole
                }


@given(readings(stays=3, most=12), st.tuples(plans, plans, plans))
@settings(max_examples=8, deadline=None)
def test_stays_of_a_batch_do_not_matter_to_each_other(rows: list[Given], three: tuple[Plan, Plan, Plan]) -> None:
    """Each stay is judged in company as it is alone."""
    together = tracks_of(batch_of(rows, three))
    for stay, plan in enumerate(three):
        alone = tracks_of(batch_of([replace(each, stay=0) for each in rows if each.stay == stay], [plan]))
        for at_s in instants([together, alone]):
            for name in alone:
                assert said(together, name, at_s, stay) == said(alone, name, at_s)


@given(readings(stays=2), st.tuples(plans, plans), cuts)
@settings(max_examples=20, deadline=None)
def test_memory_stands_for_the_readings_before_it(
    rows: list[Given], two: tuple[Plan, Plan], at: tuple[int, int]
) -> None:
    """Who remembers, and reads only from there on, says from then on what who reads everything says."""
    cut = placed(rows, at)
    whole = batch_of(rows, two)
    first = evaluate.memory(batch_of([each for each in rows if each.t_s < cut / 2], two), _at(cut / 2))
    between = replace(batch_of([each for each in rows if each.t_s < cut], two), memory=first)
    remembered = evaluate.memory(between, _at(cut))
    late = [
        each
        for stay, plan in enumerate(two)
        for each in decides_remembering([row for row in rows if row.stay == stay], plan, cut)
    ]
    part = replace(batch_of(late, two), memory=remembered)
    one, other = tracks_of(whole), tracks_of(part)
    # What was found before the cut is still waiting for its hold until then: who remembers reads so far back.
    from_s = START_S + cut + max(news2_alerts.remembered_back(two[0]).values())
    for at_s in instants([one, other], from_s):
        if at_s >= from_s:
            for stay in (0, 1):
                assert said(one, "news2.rise", at_s, stay) == said(other, "news2.rise", at_s, stay)
                assert lower_before(whole, stay, at_s) == lower_before(part, stay, at_s)


@given(readings(), plans, cuts)
@settings(max_examples=25, deadline=None)
def test_evidence_does_not_depend_on_what_else_was_read(rows: list[Given], plan: Plan, at: tuple[int, int]) -> None:
    """A finding that falls due rests on the same numbers, whether all was read or no more than the look-back."""
    cut = placed(rows, at)
    for rule in RULES:
        whole = batch_of(rows, [plan])
        part = batch_of(decides(rows, rule.look_back(plan), cut), [plan])
        one, other = (found(rule, given, START_S + cut) for given in (whole, part))
        assert {each: one[each] for each in one.keys() & other.keys()} == other


def found(rule: Rule, given: Batch, from_s: float) -> dict[tuple[object, ...], Evidence]:
    """Return the evidence of every finding that begins and falls due from an instant on."""
    return {
        (name, row.from_s, row.verdict, row.began_s): rule.evidence(given, name, row)
        for name, track in rule.judge(given).items()
        for row in (row_of(track, place) for place in np.flatnonzero(track.verdict >= Verdict.LOW).tolist())
        if row.from_s >= from_s and row.began_s >= from_s
    }


def _at(cut: float) -> np.ndarray:
    return np.full(2, START_S + cut)


def decides_remembering(rows: list[Given], plan: Plan, at_s: float) -> list[Given]:
    """Do as `decides` for who has the memory of what came before an instant."""
    del plan
    kept = [each for each in rows if each.t_s >= at_s]
    for kind in {each.kind for each in rows}:
        before = sorted((each for each in rows if each.kind is kind and each.t_s < at_s), key=lambda each: each.t_s)
        good = [each for each in before if each.validity == 0 and each.quality >= POOR_BELOW]
        kept += good[-1:]
    return kept


@given(readings(most=40), plans)
@settings(max_examples=25, deadline=None)
def test_runs_are_as_good_as_readings(rows: list[Given], plan: Plan) -> None:
    """Readings that no rule can tell apart may stand as one: what is said stays the same at every instant."""
    looked_at = batch_of(rows, [plan])
    reduced = {name: track for rule in RULES for name, track in rule.judge(runs.reduced(looked_at)).items()}
    single = {name: track for rule in RULES for name, track in rule.judge(unreduced(looked_at)).items()}
    for at_s in instants([reduced, single]):
        assert {name: said(reduced, name, at_s) for name in reduced} == {
            name: said(single, name, at_s) for name in single
        }


def unreduced(looked_at: Batch) -> Batch:
    """Return the batch with every good reading as a run of its own."""
    return replace(
        looked_at,
        runs={
            kind: runs.each(looked_at, kind, ~runs.poor(series), series.value)
            for kind, series in looked_at.series.items()
        },
    )


def folded(said: list[tuple[str, str, Verdict, Verdict, float]]) -> list[tuple[str, int, float]]:
    """Return each time that something is found anew or otherwise: (rule, priority, when it was due)."""
    there: dict[str, Verdict] = {}
    out = []
    for name, word, verdict, most, due_s in said:
        was = there.get(name)
        if word == "quiet":
            there.pop(name, None)
        elif was != verdict and not (was is not None and verdict < was <= most):
            there[name] = verdict
            out.append((name, int(verdict), round(due_s, 3)))
    return sorted(out)


def rows_between(name: str, track: Track, after_s: float, upto_s: float) -> Iterator[tuple]:  # type: ignore[type-arg]
    """Yield what the rows of a track say, in order of time."""
    for row in range(len(track.from_s)):
        if after_s < track.from_s[row] <= upto_s and track.verdict[row] in FOUND:
            word = "quiet" if track.verdict[row] == Verdict.QUIET else "found"
            yield name, word, Verdict(int(track.verdict[row])), Verdict(int(track.most[row])), float(track.from_s[row])


FOUND = (Verdict.QUIET, Verdict.LOW, Verdict.MEDIUM, Verdict.HIGH)


@given(readings(most=15), plans)
@settings(max_examples=15, deadline=None)
def test_live_finds_what_a_back_test_finds(rows: list[Given], plan: Plan) -> None:
    """Looking at each reading as it comes, and when it was said to look again, finds what judging the whole finds."""
    whole = tracks_of(batch_of(rows, [plan]))
    end_s = START_S + max((each.t_s for each in rows), default=0.0) + 50_000
    clinical = [name for name in whole if name.split(".")[0] in {"limit", "news2", "combination"}]
    expected = folded([each for name in clinical for each in rows_between(name, whole[name], -np.inf, end_s)])
    said = []
    for at, until in pairwise([*sorted({each.t_s for each in rows}), end_s - START_S]):
        known = batch_of([each for each in rows if each.t_s <= at], [plan])
        now_s, tracks = START_S + at, tracks_of(known)
        while now_s < START_S + until:
            for name in clinical:
                row = int(in_force(tracks[name], now_s)[0]) if name in tracks else -1
                if row >= 0 and tracks[name].verdict[row] in FOUND:
                    said += list(rows_between(name, tracks[name], np.nextafter(tracks[name].from_s[row], 0), now_s))
            now_s = min(float(next_s(track, now_s)[0]) for track in tracks.values())

    assert folded(said) == expected
