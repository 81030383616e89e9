"""Claims and times, many at once: the same as one by one."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ward.clock import to_us
from ward.formats import instants
from ward.formats.claims import Claim
from ward.formats.settle import settle
from ward.vitals import VITALS, VitalKind

moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))  # noqa: DTZ001 - the zone is written by hand
spellings = st.sampled_from(["seconds", "milliseconds", "microseconds"])


@given(st.lists(st.tuples(moments, spellings), min_size=8, max_size=20))
def test_h08_times_are_read_to_the_microsecond(drawn: list[tuple[datetime, str]]) -> None:
    """Every instant on the calendar is read as Python's own arithmetic has it, whatever its number of decimals."""
    texts = [f"{at.isoformat(timespec=precision)}Z" for at, precision in drawn]
    expected = [to_us(datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)) for text in texts]

    assert instants.read(texts).tolist() == expected


damaged = st.tuples(
    moments.map(lambda at: f"{at.isoformat(timespec='milliseconds')}Z"),
    st.integers(0, 23),
    st.sampled_from("0123456789-:.TZz +,é"),
).map(lambda drawn: drawn[0][: drawn[1]] + drawn[2] + drawn[0][drawn[1] + 1 :])


@given(st.lists(damaged, min_size=8, max_size=16))
def test_h08_no_text_is_a_time_by_being_read_with_others(texts: list[str]) -> None:
    """What is no time alone is none in company, and the other way round."""
    alone = [int(instants.read([text])[0]) for text in texts]

    assert instants.read(texts).tolist() == alone


claims = st.builds(
    Claim,
    kind=st.sampled_from([*(str(kind) for kind in VitalKind), "pulse"]),
    value=st.integers() | st.floats(allow_nan=False) | st.sampled_from(["A", "U", "96", ""]),
    measured_at=st.integers() | st.sampled_from(["2026-11-21T10:00:00Z", "2026-11-21T10:00:00+01:00", "now", "NaT"]),
    unit=st.none() | st.sampled_from(["%", "Cel", "[degF]", "kPa", "/min", "furlong"]),
    quality=st.none() | st.floats(0, 1),
)


@given(st.lists(claims, max_size=12))
def test_claims_settle_alike_alone_and_together(drawn: list[Claim]) -> None:
    """A claim comes to the same whoever its neighbours are."""
    together = settle(drawn)

    for row, claim in enumerate(drawn):
        alone = settle([claim])
        assert together.faults.get(row) == alone.faults.get(0)
        assert together.usable[row] == alone.usable[0]
        if alone.usable[0]:
            columns = ("kind", "value", "measured_us", "quality", "validity")
            assert all(getattr(together, name)[row] == getattr(alone, name)[0] for name in columns)


@given(st.lists(claims, max_size=12))
def test_h17_what_can_be_stored_is_finite_and_dated(drawn: list[Claim]) -> None:
    """A row that may be stored has a number, a time since 1970 and a kind; only the implausible have a fault too."""
    settled = settle(drawn)

    stored = np.flatnonzero(settled.usable)
    assert np.isfinite(settled.value[stored]).all()
    assert (settled.measured_us[stored] >= 0).all()
    assert np.isin(settled.kind[stored], [vital.code for vital in VITALS.values()]).all()
    faulty = {row for row in settled.faults if settled.usable[row]}
    assert faulty == {row for row in stored.tolist() if settled.validity[row]}
