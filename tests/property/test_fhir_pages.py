"""Pages of Observations, whatever was measured when: together they are everything, once, in order, and whole."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from api.fhir.observation_pages import PARTS, Told, page
from ward.record import Measured, Scored
from ward.store.fhir_observations import CUFF, Order, Place, Row, ScoreRow
from ward.vitals import BY_CODE, VITALS, Mode, Validity, VitalKind

BEGAN = datetime(2026, 11, 22, tzinfo=UTC)
SYSTOLIC, DIASTOLIC = VITALS[VitalKind.SYSTOLIC].code, VITALS[VitalKind.DIASTOLIC].code
_Source = TypeVar("_Source", Row, ScoreRow)

# (minute, device, kind): few minutes and devices, so that much falls together
KEYS = st.sets(
    st.tuples(st.integers(0, 6), st.integers(1, 2), st.sampled_from([1, 3, SYSTOLIC, DIASTOLIC, CUFF[2]])), max_size=30
)


def rows_of(keys: set[tuple[int, int, int]]) -> list[Row]:
    """Rows as the store gives them, marked as parts of a blood pressure where both pressures are there."""
    return [
        Row(
            reading=Measured(
                patient_id=1,
                stay_id=1,
                device_no=device,
                device_id=f"hv-{device}",
                kind=BY_CODE[kind].kind,
                value=50.0,
                measured_at=BEGAN + timedelta(minutes=minute),
                received_at=BEGAN,
                validity=Validity.VLD,
                quality=None,
            ),
            panel=kind in CUFF and {(minute, device, SYSTOLIC), (minute, device, DIASTOLIC)} <= keys,
            mode=Mode.REAL,
        )
        for minute, device, kind in keys
    ]


def scores_of(minutes: set[int]) -> list[ScoreRow]:
    """A score at each of these minutes."""
    made = {
        "patient_id": 1, "stay_id": 1, "total_min": 1, "total_max": 1, "risk": "low", "spo2_scale": 1, "detail": "{}",
    }  # fmt: skip
    return [
        ScoreRow(score=Scored(scored_at=BEGAN + timedelta(minutes=each), **made), mode=Mode.REAL)  # type: ignore[arg-type]
        for each in minutes
    ]


def in_order(rows: Sequence[_Source], order: Order) -> list[_Source]:
    """What a source holds, in the order of pages."""
    return sorted(rows, key=lambda each: each.place, reverse=order is Order.NEWEST)


def pages(rows: list[Row], scores: list[ScoreRow], order: Order, count: int) -> list[Told]:
    """Every page, each read from the store's first rows after the one before."""
    found: list[Told] = []
    place: Place | None = None
    beyond: Callable[[Place, Place], bool] = Place.__lt__ if order is Order.NEWEST else Place.__gt__
    while not found or place is not None:
        left = [each for each in in_order(rows, order) if place is None or beyond(each.place, place)]
        told = [each for each in in_order(scores, order) if place is None or beyond(each.place, place)]
        found.append(page(left[: count + PARTS], told[: count + PARTS], order, count))
        place = found[-1].last
        assert len(found) < 200
    return found


@given(keys=KEYS, minutes=st.sets(st.integers(0, 6)), order=st.sampled_from(Order), count=st.integers(1, 12))
def test_pages_together_are_everything_once(
    keys: set[tuple[int, int, int]], minutes: set[int], order: Order, count: int
) -> None:
    """However few a page holds, no Observation is lost, told twice, or torn into its pressures."""
    rows, scores = rows_of(keys), scores_of(minutes)
    whole = page(in_order(rows, order), in_order(scores, order), order, 1000)
    told = [made["id"] for each in pages(rows, scores, order, count) for made in each.resources]

    assert whole.last is None
    assert told == [made["id"] for made in whole.resources]
    assert len(set(told)) == len(told)


@given(keys=KEYS, count=st.integers(1, 12))
def test_h19_blood_pressure_has_all_its_parts_on_any_page(keys: set[tuple[int, int, int]], count: int) -> None:
    """A blood pressure that is told has every pressure of its cuff and instant."""
    for each in pages(rows_of(keys), [], Order.NEWEST, count):
        for made in each.resources:
            parts = made.get("component", [])
            assert isinstance(parts, list)
            if parts:
                device, _, at_us = str(made["id"]).split("-")
                minute = (int(at_us) - int(BEGAN.timestamp() * 1e6)) // 60_000_000
                assert len(parts) == len([key for key in keys if key[:2] == (minute, int(device)) and key[2] in CUFF])


@given(keys=KEYS, count=st.integers(1, 12))
def test_page_is_never_longer_than_asked_for(keys: set[tuple[int, int, int]], count: int) -> None:
    """A page holds at most what was asked for, and one that is followed by another holds something."""
    for each in pages(rows_of(keys), [], Order.OLDEST, count):
        assert len(each.resources) <= count
        assert each.last is None or each.resources
