"""Wire format 1 for any input."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tests.reading import read_vitals
from ward.formats import vitals
from ward.vitals import VITALS, Acvpu, Reading, VitalKind


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    """Draw a reading that a device may send."""
    kind = draw(st.sampled_from(list(VitalKind)))
    vital = VITALS[kind]
    value = (
        float(draw(st.sampled_from(list(Acvpu))))
        if kind is VitalKind.CONSCIOUSNESS
        else draw(st.floats(vital.low, vital.high, allow_nan=False))
    )
    at = draw(st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
    quality = draw(st.none() | st.floats(0, 1))
    return Reading(
        kind=kind, value=value, measured_at=at, quality=quality, seq=draw(st.none() | st.integers(0, 2**63 - 1))
    )


@given(readings())
def test_reading_survives_the_wire(reading: Reading) -> None:
    """What is encoded is decoded to the same, to the microsecond."""
    assert read_vitals(vitals.encode_reading(reading)) == ([reading], [])


@given(st.lists(readings(), max_size=5))
def test_array_survives_the_wire(sent: list[Reading]) -> None:
    """So is an array."""
    for payload in vitals.encode_readings(sent):
        assert read_vitals(payload) == (sent, [])


@given(st.binary(max_size=200))
def test_h18_any_bytes_end_in_a_reject(payload: bytes) -> None:
    """Nothing that comes over the wire raises, and nothing is passed over: bytes are no reading by chance."""
    found, rejects = read_vitals(payload)

    assert found == []
    assert rejects or b"".join(payload.split()) == b"[]"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
near_readings = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from([str(kind) for kind in VitalKind]) | json_values,
        "value": st.floats(allow_nan=False, allow_infinity=False) | json_values,
        "measured_at": st.integers() | st.datetimes().map(lambda at: f"{at.isoformat()}Z") | json_values,
        "unit": st.sampled_from(["%", "Cel", "kPa", "lb"]) | json_values,
        "quality": json_values,
        "seq": json_values,
    },
)


@given(st.lists(near_readings | json_values, max_size=6))
def test_every_element_ends_in_exactly_one_place(elements: list[object]) -> None:
    """Each element of an array is either a reading or a reject with its index, whatever its neighbours are."""
    found, rejects = read_vitals(json.dumps(elements).encode())

    assert len(found) + len(rejects) == len(elements)
    assert len({reject.index for reject in rejects}) == len(rejects)
    assert all(reject.detail for reject in rejects)
