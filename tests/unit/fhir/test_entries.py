"""Batches taken apart: what each entry names, and why one is no Observation that can be taken."""

import json
from typing import Any

import pytest

from api.fhir import observation_ids
from api.fhir.observation_ids import ReadingId, ScoreId, WaveId
from ward.fhir.intake import MOST_ENTRIES, Sent, Subject, Unusable, entries
from ward.wire import Reason


def an_observation(**more: Any) -> dict[str, Any]:
    """An Observation that names its device."""
    return {"resourceType": "Observation", "status": "final", "device": {"reference": "Device/hv-1"}, **more}


def sent(*resources: object, **request: str) -> list[Sent]:
    """The entries of a batch of these resources."""
    each = {"method": "POST", "url": "Observation", **request}
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": r, "request": each} for r in resources]}
    found = entries(json.dumps(bundle).encode())
    assert not isinstance(found, Unusable), found
    return list(found)


def test_one_observation_is_an_entry() -> None:
    """An Observation by itself is one entry, and names its device."""
    body = json.dumps(an_observation()).encode()

    assert entries(body) == [Sent(payload=body, device="hv-1")]


@pytest.mark.parametrize(
    ("device", "named"),
    [
        ({"reference": "Device/hv-1"}, "hv-1"),
        ({"reference": "https://x.example/fhir/Device/hv-1"}, "hv-1"),
        ({"identifier": {"system": "https://hemvakt.example/fhir/device", "value": "hv_1"}}, "hv_1"),
        ({"identifier": {"system": "http://elsewhere.example", "value": "hv-1"}}, None),
        ({"reference": "DeviceMetric/hv-1"}, None),
        ({"display": "the grey one"}, None),
        ({"reference": "Device/a\0b"}, None),
        ({"reference": "Device/" + "x" * 65}, None),
    ],
)
def test_device_is_named_by_reference_or_identifier(device: dict[str, Any], named: str | None) -> None:
    """A reference to a Device of ours or the id under which it publishes names it; nothing else does."""
    (found,) = sent(an_observation(device=device))

    assert found.device == named
    assert (found.fault is None) is (named is not None)


@pytest.mark.parametrize(
    ("subject", "fits"),
    [
        ({"reference": "Patient/7"}, True),
        ({"reference": "Patient/8"}, False),
        ({"reference": "Group/7"}, False),
        ({"identifier": {"system": "https://hemvakt.example/fhir/patient", "value": "7"}}, True),
        ({"identifier": {"system": "urn:oid:1.2.752.129.2.1.3.1", "value": "19400101-9801"}}, True),
        ({"identifier": {"system": "urn:oid:1.2.752.129.2.1.3.1", "value": "19400101-9802"}}, False),
        ({"display": "Testa"}, False),
    ],
)
def test_h06_patient_who_is_named_must_be_the_wearer(subject: dict[str, Any], fits: bool) -> None:  # noqa: FBT001
    """A patient who is named is compared by number; one who cannot be told is not taken for the wearer."""
    (found,) = sent(an_observation(subject=subject))

    assert isinstance(found.subject, Subject)
    assert found.subject.fits(7, "194001019801") is fits


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        ({"resourceType": "Patient"}, Reason.UNSUPPORTED),
        ({}, Reason.UNSUPPORTED),
        ("text", Reason.MALFORMED),
        ({"resourceType": "Observation"}, Reason.UNKNOWN_DEVICE),
        (an_observation(device="hv-1"), Reason.MALFORMED),
    ],
)
def test_entry_that_is_no_observation_has_its_reason(resource: object, reason: Reason) -> None:
    """What cannot be taken is an entry of its own with the reason; the others stand."""
    bad, good = sent(resource, an_observation())

    assert bad.fault is not None
    assert bad.fault[0] is reason
    assert good.fault is None


@pytest.mark.parametrize(
    "request_", [{"method": "PUT"}, {"method": "GET"}, {"url": "Patient"}, {"url": "Observation/1"}]
)
def test_entry_that_asks_for_something_else_is_not_done(request_: dict[str, str]) -> None:
    """A batch creates Observations; an entry that would do anything else is told so."""
    (found,) = sent(an_observation(), **request_)

    assert found.fault is not None
    assert found.fault[0] is Reason.UNSUPPORTED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"resourceType": "Patient"}',
        b'{"resourceType": "Bundle", "type": "transaction", "entry": [{}]}',
        b'{"resourceType": "Bundle", "type": "batch"}',
        json.dumps({"resourceType": "Bundle", "type": "batch", "entry": [{}] * (MOST_ENTRIES + 1)}).encode(),
    ],
)
def test_h18_body_that_is_no_batch_is_refused_whole(body: bytes) -> None:
    """A body of which no entry can be told apart is refused, whatever its bytes are."""
    assert isinstance(entries(body), Unusable)


def test_ids_are_taken_apart_as_they_are_put_together() -> None:
    """The ids of readings, blood pressures, scores and waves say of what they are."""
    reading, panel = observation_ids.parse("4-3-1795311000250000"), observation_ids.parse("4-bp-1795311000250000")
    wave = observation_ids.parse("wave-4-1-II-1795311000250000")

    assert isinstance(reading, ReadingId)
    assert (reading.vital and reading.vital.kind, reading.device_no) == ("spo2", 4)
    assert isinstance(panel, ReadingId)
    assert panel.vital is None
    assert isinstance(observation_ids.parse("news2-7-1795311000250000"), ScoreId)
    assert isinstance(wave, WaveId)
    assert (wave.wave.kind, wave.lead) == ("ecg", "II")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "4-99-1",
        "0-3-1",
        "4-3",
        "4-3--1",
        "wave-4-9-II-1",
        "wave-4-1-XX-1",
        "news2-7-" + "9" * 18,
        "4-3-" + "9" * 18,
    ],
)
def test_id_that_nothing_can_have_is_none(text: str) -> None:
    """What no Observation of ours can be called, nor any instant of the calendar, is not looked for."""
    assert observation_ids.parse(text) is None
