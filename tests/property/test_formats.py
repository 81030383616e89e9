"""Every decoder, for any bytes and for any JSON near its format: it never raises, and loses nothing."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ward.formats import event, fhir, senml, status
from ward.formats.claims import Decoded
from ward.formats.codes import LOINC, LOINC_CODES, MDC, MDC_CODES, SNOMED, UCUM
from ward.formats.settle import readings_of
from ward.formats.table import DECODERS
from ward.vitals import VITALS, VitalKind
from ward.wire import Leaf

DEEP = b"[" * 100_000
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
units = st.sampled_from(sorted({unit for vital in VITALS.values() for unit in vital.units} | {"K", "Pa", "/", "/100"}))
values = st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 300) | json_values
times = st.integers(0, 1 << 32) | st.floats(allow_nan=False, allow_infinity=False) | json_values


def elements_of(decoded: Decoded) -> int:
    """Count what a payload came to, and see that it is told in a way that can be stored and answered."""
    readings, rejects = readings_of(decoded)
    assert all(each.detail and len(each.detail) < 400 for each in rejects)
    assert all(isinstance(each.item, bytes) for each in rejects)
    said_once = len(decoded.events) + (decoded.status is not None)
    return len(readings) + len(rejects) + said_once


@pytest.mark.parametrize("leaf", DECODERS)
@given(payload=st.binary(max_size=300) | st.sampled_from([DEEP, b'{"a":' + DEEP, DEEP + b"]" * 100_000, b"[]", b"{}"]))
def test_h18_any_bytes_end_in_rejects(leaf: Leaf, payload: bytes) -> None:
    """Nothing that comes over the wire raises, and no bytes are a reading by chance."""
    decoded = DECODERS[leaf](payload)

    assert not decoded.claims
    assert not decoded.events
    assert decoded.status is None
    assert len(decoded.rejects) == 1 or b"".join(payload.split()) == b"[]"


records = st.fixed_dictionaries(
    {},
    optional={
        "bn": st.sampled_from(["urn:dev:mac:1/", "x:"]) | json_values,
        "bt": times,
        "bu": units | json_values,
        "bv": values,
        "bver": st.just(10) | st.sampled_from([26, "10", 10.5, None]),
        "n": st.sampled_from([*VitalKind, "8867-4", "149530", "41653-7"]) | json_values,
        "u": units | json_values,
        "v": values,
        "vs": st.sampled_from("ACVPU") | json_values,
        "vb": json_values,
        "s": values,
        "t": st.just(1_795_255_200) | times,
        "ut": json_values,
        "x_": json_values,
        "b_": json_values,
        "x": json_values,
    },
)


@given(st.lists(records | json_values, max_size=6))
def test_every_record_ends_in_exactly_one_place(pack: list[object]) -> None:
    """Each record of a pack is a reading or a reject with its index, whatever its neighbours are."""
    decoded = senml.decode(json.dumps(pack).encode())

    assert elements_of(decoded) == len(pack)
    assert (
        sorted([*(decoded.at or ()), *(each.index or 0 for each in decoded.rejects)]) == list(range(len(pack)))
        or not decoded.rejects
    )


@given(st.lists(records, min_size=1, max_size=4))
def test_pack_reads_alike_whole_and_record_by_record(pack: list[dict[str, object]]) -> None:
    """A record comes to the same by the quick way and by the careful one, that an escape elsewhere asks for."""
    quick = senml.decode(json.dumps(pack).encode())
    careful = senml.decode(json.dumps([*pack, {"x": "\\"}]).encode())

    assert careful.claims == quick.claims
    assert len(careful.rejects) == len(quick.rejects) + 1 or quick.rejects[0].index is None


codings = st.fixed_dictionaries(
    {},
    optional={
        "system": st.sampled_from([LOINC, MDC, SNOMED]) | json_values,
        "code": st.sampled_from([*LOINC_CODES, *MDC_CODES, "85354-9", "150020", "248234008"]) | json_values,
    },
)
concepts = st.fixed_dictionaries({}, optional={"coding": st.lists(codings, max_size=2) | json_values}) | json_values
quantities = st.fixed_dictionaries(
    {},
    optional={
        "value": values,
        "unit": units | json_values,
        "code": units | json_values,
        "system": st.just(UCUM) | json_values,
        "comparator": st.just("<") | json_values,
    },
)
FIELDS: dict[str, st.SearchStrategy[object]] = {
    "code": concepts,
    "valueQuantity": quantities | json_values,
    "valueCodeableConcept": concepts,
    "valueInteger": json_values,
    "valueString": json_values,
    "dataAbsentReason": concepts,
}
components = st.fixed_dictionaries({}, optional=FIELDS)
observations = st.fixed_dictionaries(
    {"resourceType": st.just("Observation") | json_values},
    optional={
        **FIELDS,
        "status": st.sampled_from(["final", "cancelled"]) | json_values,
        "effectiveDateTime": st.just("2026-11-21T10:00:00Z") | json_values,
        "effectivePeriod": json_values,
        "component": st.lists(components, max_size=3) | json_values,
        "device": st.just({"reference": "Device/hv-2"}) | json_values,
        "subject": json_values,
    },
)


@given(observations)
def test_every_value_of_an_observation_ends_in_exactly_one_place(observation: dict[str, object]) -> None:
    """An observation comes to one place for each of its values, or to one reject for all of them."""
    found = elements_of(fhir.decode(json.dumps(observation).encode()))

    listed = observation.get("component")
    assert 1 <= found <= 1 + (len(listed) if isinstance(listed, list) else 0)


@given(st.lists(st.fixed_dictionaries({}, optional={"resource": observations | json_values}) | json_values, max_size=4))
def test_every_entry_of_a_bundle_ends_somewhere(entries: list[object]) -> None:
    """Each entry of a Bundle is heard of, by its index, and says the same as it does alone."""
    bundle = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()
    decoded = fhir.decode(bundle)

    assert {*(decoded.at or ()), *(each.index for each in decoded.rejects)} == set(range(len(entries)))
    for name in ("hv-1", "hv-2"):
        assert elements_of(decoded.of(name)) == elements_of(decoded)


events = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["help_button", "fall", "check_in"]) | json_values,
        "occurred_at": st.integers() | st.just("2026-11-21T10:00:00Z") | json_values,
        "measured_at": st.just("2026-11-21T10:00:00Z") | json_values,
        "seq": json_values,
        "confidence": st.floats(0, 1) | json_values,
        "answers": st.lists(st.fixed_dictionaries({"question": st.text(max_size=3), "answer": json_values}), max_size=3)
        | json_values,
    },
)
statuses = st.fixed_dictionaries(
    {}, optional={"online": st.booleans() | json_values, "battery_pct": json_values, "firmware": json_values}
)


@pytest.mark.parametrize(("decode", "near"), [(event.decode, events), (status.decode, statuses)])
@given(data=st.data())
def test_single_messages_end_in_exactly_one_place(
    decode: Callable[[bytes], Decoded], near: st.SearchStrategy[object], data: st.DataObject
) -> None:
    """An event or a status is taken, or refused, whole; a faulty call for help is heard and refused."""
    decoded = decode(json.dumps(data.draw(near)).encode())

    heard = bool(decoded.rejects) and all(each.kind in event.CALLS for each in decoded.events)
    assert elements_of(decoded) == 1 + (len(decoded.events) if heard else 0)


@given(events)
def test_event_that_is_taken_survives_the_wire(wired: dict[str, object]) -> None:
    """What is decoded and encoded again is decoded to the same."""
    for taken in event.decode(json.dumps(wired).encode()).events:
        assert list(event.decode(event.encode(taken)).events) == [taken]
