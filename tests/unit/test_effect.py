"""What a change of medication did, against numpy and scipy, and what is said where too little is known."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import stats

from api import effect_words
from ward.effect import LENSES, SMALLEST, DrugClass, Effect, Points, Verdict, Wanted, Windows, effect, lens, windows
from ward.timeline import Change, Medication
from ward.vitals import VITALS, VitalKind

AT = datetime(2026, 11, 18, 11, tzinfo=UTC)
ADMITTED = AT - timedelta(days=30)
QUARTER = timedelta(minutes=15)
LATER = AT + timedelta(days=30)


def every(step: timedelta, start: datetime, values: list[float]) -> Points:
    """Values at a steady pace."""
    return [(start + index * step, value) for index, value in enumerate(values)]


def beta_blocker(now: datetime = LATER) -> Windows:
    """When is looked after a beta blocker."""
    return windows(LENSES[DrugClass.BETA_BLOCKER], AT, ADMITTED, now)


def pulse(before: list[float], after: list[float], when: Windows | None = None) -> Effect:
    """How a pulse moved, in values of quarters of an hour."""
    when = when or beta_blocker()
    return effect(
        VitalKind.HEART_RATE, Wanted.FALL, every(QUARTER, when.start, before), every(QUARTER, AT, after), when
    )


def test_numbers_are_those_of_numpy_and_scipy() -> None:
    """Median, quartiles and the share above equal numpy's and Mann and Whitney's U on random values with ties."""
    rng = np.random.default_rng(7)
    before, after = rng.normal(90, 6, 192).round(), rng.normal(78, 6, 200).round()
    found = pulse(before.tolist(), after.tolist())
    kept = after[8:]  # two hours of lag

    assert found.before is not None
    assert found.after is not None
    assert found.before.median == np.median(before)
    assert (found.after.low_quartile, found.after.high_quartile) == tuple(np.quantile(kept, [0.25, 0.75]))
    assert found.change == np.median(kept) - np.median(before)
    assert found.share == pytest.approx(stats.mannwhitneyu(kept, before).statistic / (len(kept) * len(before)))
    assert found.verdict is Verdict.AS_WANTED


@pytest.mark.parametrize("quarters", [4, 20, 60])
def test_time_to_effect_is_when_the_step_came(quarters: int) -> None:
    """A pulse that falls by 15 so many quarters after the change is said to have fallen then."""
    found = pulse([90.0] * 192, [90.0] * quarters + [75.0] * (192 - quarters))

    assert found.after_s == quarters * 900


def test_a_dip_that_passes_is_no_effect() -> None:
    """Three low values among two days of the same are neither a change nor a time to one."""
    found = pulse([90.0] * 192, [90.0] * 50 + [70.0] * 3 + [90.0] * 139)

    assert (found.verdict, found.after_s) == (Verdict.UNCHANGED, None)


def test_direction_counts() -> None:
    """The same rise is wrong where a fall was wanted, wanted where a rise was, and only said where nothing was."""
    when = beta_blocker()
    sides = every(QUARTER, when.start, [70.0] * 192), every(QUARTER, AT, [85.0] * 192)
    said = {wanted: effect(VitalKind.HEART_RATE, wanted, *sides, when).verdict for wanted in Wanted}

    assert said == {Wanted.FALL: Verdict.AGAINST, Wanted.RISE: Verdict.AS_WANTED, Wanted.WATCH: Verdict.ROSE}


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ([], [80.0] * 192, Verdict.TOO_LITTLE),
        ([90.0] * 2, [80.0] * 192, Verdict.TOO_LITTLE),
        ([90.0] * 192, [], Verdict.TOO_LITTLE),
        ([90.0] * 192, [80.0] * 30, Verdict.TOO_LITTLE),
        ([90.0] * 40, [80.0] * 192, Verdict.TOO_LITTLE),
    ],
)
def test_gaps_are_told_and_nothing_is_said_of_the_kind(
    before: list[float], after: list[float], verdict: Verdict
) -> None:
    """Where a side is empty, has a value or two, or covers too little of its time, there is no change and no share."""
    found = pulse(before, after)

    assert (found.verdict, found.change, found.share, found.after_s) == (verdict, None, None, None)


def test_early_is_not_little() -> None:
    """While the window still runs and little has come, it is too early; once it is over, it is too little."""
    soon = beta_blocker(AT + timedelta(hours=2, minutes=20))
    early = pulse([90.0] * 192, [80.0] * 9, soon)

    assert early.verdict is Verdict.TOO_EARLY
    assert pulse([90.0] * 192, [80.0] * 9).verdict is Verdict.TOO_LITTLE


def test_daily_weight_is_enough_with_three_on_each_side() -> None:
    """A kind that comes once a day is judged by its days: three before and three after are enough."""
    when = windows(LENSES[DrugClass.LOOP_DIURETIC], AT, ADMITTED, LATER)
    day = timedelta(days=1)
    before = every(day, when.start, [82.4, 82.6, 82.5, 82.6])
    found = effect(VitalKind.WEIGHT, Wanted.FALL, before, every(day, AT + day, [82.0, 81.2, 80.9, 80.8]), when)

    assert found.verdict is Verdict.AS_WANTED
    assert found.change == pytest.approx(81.05 - 82.55)


def test_windows_stay_within_the_stay_and_the_present() -> None:
    """A window neither begins before the stay nor ends after now, and says whether it is over."""
    when = windows(LENSES[DrugClass.BETA_BLOCKER], AT, AT - timedelta(hours=5), AT + timedelta(hours=10))

    assert (when.start, when.until, when.is_over) == (AT - timedelta(hours=5), AT + timedelta(hours=10), False)
    assert beta_blocker(AT).until == beta_blocker(AT).from_at


def test_every_class_looks_at_something_whose_smallest_change_is_known() -> None:
    """Each class has windows and kinds, and each kind a smallest change above its own last digit."""
    assert set(LENSES) == set(DrugClass)
    assert all(each.watched and each.before > timedelta() and each.after > timedelta() for each in LENSES.values())
    assert all(SMALLEST[kind] >= 0.5 * 10.0**-vital.decimals for kind, vital in VITALS.items())
    assert lens(DrugClass.OPIOID, (VitalKind.PAIN, VitalKind.STEPS)).watched == {
        VitalKind.PAIN: Wanted.FALL,
        VitalKind.STEPS: Wanted.WATCH,
    }


def test_line_says_what_moved_and_what_is_not_known() -> None:
    """One line in each language names dose, time on the wall, numbers in the language's manner, and what is missing."""
    pill = Medication(
        drug="Furosemid",
        drug_class=DrugClass.LOOP_DIURETIC,
        change=Change.INCREASED,
        from_dose="40 mg",
        to_dose="80 mg",
    )
    when = windows(LENSES[DrugClass.LOOP_DIURETIC], AT, ADMITTED, LATER)
    day = timedelta(days=1)
    weight = effect(
        VitalKind.WEIGHT,
        Wanted.FALL,
        every(day, when.start, [82.4, 82.4, 82.4, 82.4]),
        every(day, AT + day, [81.1] * 4),
        when,
    )
    spo2 = effect(VitalKind.SPO2, Wanted.WATCH, every(QUARTER, when.start, [95.0] * 3), (), when)
    sv, en = effect_words.line(pill, AT, [weight, spo2], 1)

    assert sv == (
        "Furosemid 40 mg → 80 mg 2026-11-18 12:00: vikt 82,4 → 81,1 kg (\N{MINUS SIGN}1,3), som avsett efter 24 h;"
        " syremättnad: för få värden (3 före, 0 efter); annan läkemedelsändring i samma tid."
    )
    assert en == (
        "Furosemid 40 mg → 80 mg 2026-11-18 12:00: weight 82.4 → 81.1 kg (\N{MINUS SIGN}1.3), as intended after 24 h;"
        " oxygen saturation: too few values (3 before, 0 after); another change of medication in the same time."
    )
