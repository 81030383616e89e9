"""Limits against a slow obvious walk over the readings, whatever their order of arrival and however often they come."""

from datetime import datetime, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.features import Readings, batch, gathered, moment
from alerting.rules import limits, night
from alerting.rules.limits import Side
from tests.builders_tracks import (
    HR,
    PLANS,
    RR,
    SPO2,
    START_S,
    Given,
    batch_of,
    columns_of,
    instants,
    readings,
    said,
    tracks_of,
)
from ward.plans import Limits, Plan
from ward.vitals import USABLE, VITALS, Validity, VitalKind

STEPPED = (HR, SPO2, RR, VitalKind.TEMPERATURE)


def level_since(
    rows: list[Given], at_s: float, limit: float | None, given_limits: Limits, side: Side, among: list[Given]
) -> float | None:
    """Return since when a level has been violated at an instant, by walking over the readings that decide."""
    if limit is None:
        return None
    kind = rows[0].kind if rows else HR
    stale_s = VITALS[kind].freshness.stale_s
    began: float | None = None
    last: float | None = None
    hard = among is rows
    window: list[tuple[float, bool]] = []
    for row in among:
        beyond = (row.value - limit) * side.value > 0
        inside = (row.value - limit) * side.value <= -given_limits.clear_by + 1e-9
        if not hard and given_limits.n > 1:
            window = [*window, (row.t_s, beyond)][-given_limits.n :]
            enough = sum(each for t_s, each in window if row.t_s - t_s <= stale_s) >= given_limits.k
            beyond, inside = enough, inside and not enough
        if not beyond and not inside:
            continue
        if began is not None and last is not None and row.t_s > last + stale_s:
            began = None
        began = None if inside else (row.t_s if began is None else began)
        last = row.t_s
    return began if last is not None and at_s < last + stale_s else None


def walked(rows: list[Given], plan: Plan, kind: VitalKind, side: Side, at_s: float) -> str:
    """Say in a word what the limits of a side say at an instant."""
    day = plan.limits[kind]
    own = plan.night.limits.get(kind, day) if plan.night and night.is_night(plan, START_S + at_s) else day
    low = side is Side.LOW
    rows = [row for row in rows if row.t_s <= at_s]
    good = [row for row in rows if row.quality >= 0.3]
    warn = level_since(rows, at_s, own.warn_low if low else own.warn_high, own, side, good)
    alert = level_since(rows, at_s, own.alert_low if low else own.alert_high, own, side, good)
    hard = level_since(rows, at_s, day.floor if low else day.ceiling, own, side, rows)
    if hard is not None or (alert is not None and at_s >= alert + own.delay_s):
        return "HIGH"
    if warn is not None and at_s >= warn + own.delay_s:
        return "MEDIUM"
    if warn is not None or alert is not None:
        return "PENDING"
    return "QUIET" if good and at_s < good[-1].t_s + VITALS[kind].freshness.stale_s else "UNKNOWN"


@given(readings(), st.sampled_from(PLANS), st.sampled_from(STEPPED), st.sampled_from(Side))
@settings(max_examples=50, deadline=None)
def test_limits_say_what_the_obvious_walk_says(rows: list[Given], plan: Plan, kind: VitalKind, side: Side) -> None:
    """At every instant at which anything changes, and just after, the vectorised rule says what a loop says."""
    if plan.limits[kind].median_s:
        return
    own = [row for row in rows if row.kind is kind and row.validity is Validity.VLD]
    tracks = tracks_of(batch_of(own, [plan]))
    name = f"limit.{kind}.{side.label}"
    for at_s in instants([tracks], START_S + 4000):
        if name in tracks:
            assert said(tracks, name, at_s)[0] == walked(own, plan, kind, side, at_s - START_S)


@given(readings(), st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_h19_order_and_repeats_change_nothing(rows: list[Given], chance: Random) -> None:
    """Readings that come twice and in any order are judged as those that come once and in order."""
    mixed = rows * 2
    chance.shuffle(mixed)
    one, other = tracks_of(batch_of(rows, [PLANS[0]])), tracks_of(batch_of(mixed, [PLANS[0]]))

    for name in one:
        assert np.array_equal(one[name].from_s, other[name].from_s)
        assert np.array_equal(one[name].verdict, other[name].verdict)
        assert np.array_equal(one[name].began_s, other[name].began_s, equal_nan=True)


def spoken(rows: list[Given], name: str, at_s: float, **changes: float | None) -> str:
    """Say what the limits of one kind, with nothing but what is given, say at a second."""
    kind = VitalKind(name.split(".")[1])
    plan = Plan(limits={kind: Limits(**changes)}, expected={})  # type: ignore[arg-type]
    return said(tracks_of(batch_of(rows, [plan])), name, START_S + at_s)[0]


def test_h19_repeats_are_not_counted_twice() -> None:
    """Three of five needs three different readings: one that came five times is one."""
    one = Given(stay=0, kind=HR, t_s=0, value=150)
    three = [Given(stay=0, kind=HR, t_s=t_s, value=150) for t_s in (0, 10, 20)]

    assert spoken([one] * 5, "limit.heart_rate.high", 25, warn_high=110, k=3, n=5) == "QUIET"
    assert spoken(three, "limit.heart_rate.high", 19, warn_high=110, k=3, n=5) == "QUIET"
    assert spoken(three, "limit.heart_rate.high", 20, warn_high=110, k=3, n=5) == "MEDIUM"


def test_h17_hard_bound_knows_no_delay_count_filter_or_quality() -> None:
    """Beyond the hard bound one poor reading is enough, whatever else the plan asks for."""
    rows = [Given(stay=0, kind=SPO2, t_s=t_s, value=97) for t_s in (0, 60)]
    rows.append(Given(stay=0, kind=SPO2, t_s=120, value=70, quality=0.05))
    hidden = {"delay_s": 600, "k": 3, "n": 5, "median_s": 600.0}

    assert spoken(rows, "limit.spo2.low", 120, alert_low=88, floor=80, **hidden) == "HIGH"
    assert spoken(rows, "limit.spo2.low", 120, alert_low=88, **hidden) == "QUIET"


def test_h10_median_takes_out_a_single_excursion() -> None:
    """A filtered limit does not look at one stray value, and looks at values that stay."""
    stray = [Given(stay=0, kind=RR, t_s=60.0 * n, value=15 if n != 5 else 34) for n in range(10)]
    stays = [Given(stay=0, kind=RR, t_s=60.0 * n, value=15 if n < 5 else 34) for n in range(10)]
    name = "limit.resp_rate.high"

    assert {spoken(stray, name, t_s, alert_high=25, median_s=180) for t_s in range(300, 600, 30)} == {"QUIET"}
    assert spoken(stays, name, 540, alert_high=25, median_s=180) == "HIGH"


def test_h16_poor_reading_does_not_speak_for_the_patient() -> None:
    """A value of poor quality between the limit and the hard bound is not judged; when only such come, nobody knows."""
    good = Given(stay=0, kind=SPO2, t_s=0, value=97)
    poor = [Given(stay=0, kind=SPO2, t_s=t_s, value=84, quality=0.1) for t_s in (60, 300, 650)]

    assert spoken([good, *poor], "limit.spo2.low", 400, alert_low=88) == "QUIET"
    assert spoken([good, *poor], "limit.spo2.low", 660, alert_low=88) == "UNKNOWN"


def test_value_is_stale_from_its_stale_time_on() -> None:
    """A violation goes on when the next value comes by the stale time, and begins anew when it comes later."""
    in_time = [Given(stay=0, kind=SPO2, t_s=t_s, value=90) for t_s in (0, 600)]
    too_late = [Given(stay=0, kind=SPO2, t_s=t_s, value=90) for t_s in (0, 601)]

    assert spoken(in_time, "limit.spo2.low", 600, warn_low=91, delay_s=300) == "MEDIUM"
    assert spoken(too_late, "limit.spo2.low", 600.5, warn_low=91, delay_s=300) == "UNKNOWN"
    assert spoken(too_late, "limit.spo2.low", 601, warn_low=91, delay_s=300) == "PENDING"


def test_binary_rounding_does_not_hold_an_alert() -> None:
    """39.5 less 0.2 is reached by a value of 39.3."""
    rows = [Given(stay=0, kind=VitalKind.TEMPERATURE, t_s=t_s, value=v) for t_s, v in ((0, 39.6), (60, 39.3))]

    assert spoken(rows, "limit.temperature.high", 60, alert_high=39.5, clear_by=0.2) == "QUIET"


@given(readings(most=12), readings(most=12))
@settings(max_examples=15, deadline=None)
def test_invalid_readings_are_never_used(rows: list[Given], invalid: list[Given]) -> None:
    """Readings marked invalid make no difference, wherever they lie."""
    marked = [
        Given(stay=0, kind=each.kind, t_s=each.t_s + 0.5, value=each.value, validity=Validity.INV) for each in invalid
    ]
    one, other = tracks_of(batch_of(rows, [PLANS[0]])), tracks_of(batch_of([*rows, *marked], [PLANS[0]]))

    assert {name: track.verdict.tolist() for name, track in one.items()} == {
        name: track.verdict.tolist() for name, track in other.items()
    }


def test_h08_reading_counts_at_the_earlier_of_measured_and_received() -> None:
    """A clock that is ahead does not make a reading later than its arrival."""
    ahead = columns_of([Given(stay=0, kind=SPO2, t_s=500, value=90)])
    columns = {name: getattr(ahead, name) for name in Readings.__dataclass_fields__} | {
        "received_s": np.array([START_S + 20])
    }
    series = gathered(Readings(**columns), USABLE, 1)[SPO2]

    assert (series.t_s - START_S).tolist() == [20.0]
    assert batch([], {}).plans == ()


def test_h08_night_is_local_time_on_both_nights_on_which_clocks_change() -> None:
    """The night from ten to six by the wall clock is seven hours long in March, nine in October, and eight else."""
    plan = PLANS[0]
    hours = {}
    for month, day in ((3, 28), (10, 24), (11, 21)):
        noon_s = moment(0).replace(year=2026, month=month, day=day, hour=12).timestamp()
        hours[month] = sum(night.is_night(plan, noon_s + 60 * minute) for minute in range(24 * 60)) / 60

    assert hours == {3: 7, 10: 9, 11: 8}


@pytest.mark.parametrize("on", [(2026, 3, 28), (2026, 10, 24), (2026, 11, 21)])
def test_h08_night_begins_and_ends_on_the_second(on: tuple[int, int, int]) -> None:
    """Ten in the evening is night and six in the morning is not, on the nights of the change as well."""
    plan, zone, tick = PLANS[0], night.STOCKHOLM, 1e-3
    begins_s = datetime(*on, 22, tzinfo=zone).timestamp()
    ends_s = (datetime(*on, 6, tzinfo=zone) + timedelta(days=1)).timestamp()

    edges = (begins_s - tick, begins_s, ends_s - tick, ends_s)
    assert [night.is_night(plan, at_s) for at_s in edges] == [False, True, True, False]


def test_night_profile_is_in_force_by_night_alone() -> None:
    """A saturation that would warn by day does not by night, and does again in the morning without a new value."""
    # The night of `rich` is from 22 to 6; the start is 21:40.
    rows = [Given(stay=0, kind=SPO2, t_s=60.0 * n, value=90) for n in range(600)]
    tracks = tracks_of(batch_of(rows, [PLANS[0]]))
    at = {
        word: said(tracks, "limit.spo2.low", START_S + 60.0 * minute)[0]
        for word, minute in (("evening", 19), ("night", 20), ("late", 499), ("morning", 500))
    }

    assert at == {"evening": "MEDIUM", "night": "QUIET", "late": "QUIET", "morning": "MEDIUM"}


def test_look_back_is_longer_than_the_delay() -> None:
    """Whatever a limit waits for lies within its look-back."""
    assert limits.look_back_s(SPO2, Limits(alert_low=88, delay_s=900)) >= 900
