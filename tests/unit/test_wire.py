"""Wire format 1: what is read, what is refused and why."""

import json
from datetime import UTC, datetime

import pytest

from tests.reading import read_vitals
from ward import wire
from ward.formats import status
from ward.vitals import VITALS, Reading, VitalKind
from ward.wire import Leaf, Reason, Reject, Topic

AT = "2026-11-21T10:00:00.000Z"


def a_wired(**changes: object) -> dict[str, object]:
    """Return a good reading as it stands in JSON, with changes; None takes a field away."""
    wired = {"kind": "spo2", "value": 96, "unit": "%", "measured_at": AT} | changes
    return {name: value for name, value in wired.items() if value is not None}


def decode_one(**changes: object) -> Reading | Reject:
    """Decode one reading."""
    readings, rejects = read_vitals(json.dumps(a_wired(**changes)).encode())
    assert len(readings) + len(rejects) == 1
    return readings[0] if readings else rejects[0]


def test_reading_keeps_everything_that_was_said() -> None:
    """A reading is decoded with its time, quality and number."""
    reading = decode_one(quality=0.97, seq=8123)

    assert reading == Reading(
        kind=VitalKind.SPO2, value=96.0, measured_at=datetime(2026, 11, 21, 10, tzinfo=UTC), quality=0.97, seq=8123
    )


@pytest.mark.parametrize(
    "measured_at", [AT, "2026-11-21T11:00:00+01:00", "2026-11-21T10:00:00+00:00", 1_795_255_200_000]
)
def test_h08_same_instant_in_any_spelling(measured_at: str | int) -> None:
    """An offset and milliseconds since 1970 name the same instant."""
    reading = decode_one(measured_at=measured_at)

    assert isinstance(reading, Reading)
    assert reading.measured_at == datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "value", "unit", "canonical"),
    [
        ("temperature", 98.6, "[degF]", 37.0),
        ("temperature", 37.0, "Cel", 37.0),
        ("glucose", 99.088, "mg/dL", 5.5),
        ("systolic", 16.0, "kPa", 120.00985213530458),
        ("weight", 154.32358352941432, "[lb_av]", 70.0),
        ("weight", 70_000, "g", 70.0),
        ("heart_rate", 72, "{beat}/min", 72.0),
        ("spo2", 96, None, 96.0),
    ],
)
def test_h07_given_units_are_converted(kind: str, value: float, unit: str | None, canonical: float) -> None:
    """A declared unit is converted to the kind's own; none declared means the kind's own."""
    reading = decode_one(kind=kind, value=value, unit=unit)

    assert isinstance(reading, Reading)
    assert reading.value == pytest.approx(canonical, rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "pulse"}, Reason.UNKNOWN_KIND),
        ({"unit": "mm[Hg]"}, Reason.WRONG_UNIT),
        ({"value": 101}, Reason.IMPLAUSIBLE),
        ({"value": 29.9}, Reason.IMPLAUSIBLE),
        ({"value": True}, Reason.BAD_FIELD),
        ({"value": "96"}, Reason.BAD_FIELD),
        ({"value": [96]}, Reason.BAD_FIELD),
        ({"value": None}, Reason.BAD_FIELD),
        ({"measured_at": None}, Reason.BAD_FIELD),
        ({"measured_at": "2026-11-21T10:00:00"}, Reason.BAD_FIELD),
        ({"measured_at": "yesterday"}, Reason.BAD_FIELD),
        ({"measured_at": -1}, Reason.BAD_FIELD),
        ({"measured_at": 10**17}, Reason.BAD_FIELD),
        ({"measured_at": "1890-01-01T00:00:00Z"}, Reason.TOO_OLD),
        ({"measured_at": "0001-01-01T00:00:00+14:00"}, Reason.BAD_FIELD),
        ({"quality": 1.5}, Reason.BAD_FIELD),
        ({"quality": True}, Reason.BAD_FIELD),
        ({"seq": -1}, Reason.BAD_FIELD),
        ({"kind": "temperature", "value": 98.6, "unit": "Cel"}, Reason.IMPLAUSIBLE),
        ({"kind": "consciousness", "value": "X", "unit": None}, Reason.BAD_FIELD),
        ({"kind": "consciousness", "value": 0, "unit": None}, Reason.BAD_FIELD),
    ],
)
def test_h18_what_is_wrong_is_named(changes: dict[str, object], reason: Reason) -> None:
    """Each fault of a reading has its reason; nothing is guessed and nothing becomes zero."""
    refused = decode_one(**changes)

    assert isinstance(refused, Reject)
    assert refused.reason is reason
    assert refused.detail


@pytest.mark.parametrize(
    "payload",
    [
        b"[" * 200_000,
        b"[" * 200_000 + b"]" * 200_000,
        b'{"kind":"spo2","value":96,"measured_at":1795255200000,"x":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"kind":"spo2","value":' + b"9" * 400 + b',"measured_at":1795255200000}',
        b'[{"kind":"spo2","value":' + b"9" * 400 + b',"measured_at":1795255200000}]',
        b'[{"kind":"spo2","value":96,"measured_at":' + b"9" * 40 + b"}]",
        b'{"kind":"spo2","value":96,"unit":"\\ud800","measured_at":1795255200000}',
        b'\xef\xbb\xbf{"kind":"spo2","value":96,"measured_at":1795255200000}',
    ],
)
def test_h01_no_payload_raises(payload: bytes) -> None:
    """Nesting without end and numbers without end are refused like anything else: they must not stop the process."""
    readings, rejects = read_vitals(payload)

    assert not readings
    assert len(rejects) == 1
    assert len(rejects[0].detail) < 200
    assert status.decode(payload).status is None


def test_refused_element_is_kept_as_it_was_sent() -> None:
    """What the quarantine keeps of an array's element are its own bytes, fields that nobody knows included."""
    bad = b'{ "kind":"spo2","value":1e3,"measured_at":1795255200000,"site":"left" }'
    good = json.dumps(a_wired()).encode()

    readings, rejects = read_vitals(b"[" + good + b"," + bad + b"]")

    assert len(readings) == 1
    assert [(each.index, each.item) for each in rejects] == [(1, bad)]


def test_zero_is_a_value() -> None:
    """A heart rate of zero is read as zero, not as missing."""
    reading = decode_one(kind="heart_rate", value=0, unit=None)

    assert isinstance(reading, Reading)
    assert reading.value == 0.0


@pytest.mark.parametrize(("letter", "number"), [("A", 0), ("C", 1), ("V", 2), ("P", 3), ("U", 4)])
def test_consciousness_is_a_letter(letter: str, number: int) -> None:
    """The level of consciousness is read from its letter."""
    reading = decode_one(kind="consciousness", value=letter, unit=None)

    assert isinstance(reading, Reading)
    assert reading.value == number


def test_unknown_fields_do_no_harm() -> None:
    """A field that this version does not know is left out."""
    assert isinstance(decode_one(colour="red"), Reading)


def test_array_may_hold_a_thousand_readings_and_no_more() -> None:
    """A thousand are read; one more refuses the message, whole."""
    thousand = json.dumps([a_wired()] * 1000).encode()
    more = json.dumps([a_wired()] * 1001).encode()

    assert len(read_vitals(thousand)[0]) == 1000
    assert [reject.reason for reject in read_vitals(more)[1]] == [Reason.TOO_MANY]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hemvakt/1/hv-1/vitals", Topic("hv-1", Leaf.VITALS)),
        ("hemvakt/1/HV_1.a/status", Topic("HV_1.a", Leaf.STATUS)),
        ("hemvakt/2/hv-1/vitals", Reason.UNSUPPORTED),
        ("hemvakt/1/hv-1/other", Reason.BAD_TOPIC),
        ("hemvakt/1/hv 1/vitals", Reason.BAD_TOPIC),
        ("hemvakt/1//vitals", Reason.BAD_TOPIC),
        ("hemvakt/1/hv-1/vitals/more", Reason.BAD_TOPIC),
        ("", Reason.BAD_TOPIC),
    ],
)
def test_topics_are_taken_apart(text: str, found: Topic | Reason) -> None:
    """A topic of ours names a device and a leaf; any other is refused with its reason."""
    parsed = wire.parse_topic(text)

    assert (parsed.reason if isinstance(parsed, Reject) else parsed) == found


def test_status_is_read_and_written() -> None:
    """A status keeps what was said, and says nothing of what was not."""
    said = status.decode(b'{"online": true, "battery_pct": 83, "later": 1}').status

    assert said is not None
    assert status.encode(said) == b'{"online":true,"battery_pct":83.0}'


@pytest.mark.parametrize("payload", [b'{"online": 1}', b"{}", b"", b'{"online": true, "battery_pct": 101}'])
def test_bad_status_is_refused(payload: bytes) -> None:
    """A status of the wrong form is a reject."""
    assert len(status.decode(payload).rejects) == 1


def test_reject_names_the_message_it_is_about() -> None:
    """The answer to a device carries reason, detail and the payload's SHA-256."""
    answer = json.loads(wire.encode_reject(Reject(Reason.FUTURE, "why", b"item", 3), b"abc"))

    assert answer == {
        "reason": "future",
        "detail": "why",
        "index": 3,
        "payload_sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    }


# Code, UCUM unit, LOINC and MDC of every kind: public sources, docs/clinical-sources.md. The code is stored.
PINNED = {
    "heart_rate": (1, "/min", "8867-4", 147842),
    "resp_rate": (2, "/min", "9279-1", 151562),
    "spo2": (3, "%", "59408-5", 150456),
    "temperature": (4, "Cel", "8310-5", 150364),
    "skin_temperature": (5, "Cel", "39106-0", 150388),
    "systolic": (6, "mm[Hg]", "8480-6", 150021),
    "diastolic": (7, "mm[Hg]", "8462-4", 150022),
    "mean_pressure": (8, "mm[Hg]", "8478-0", 150023),
    "weight": (9, "kg", "29463-7", 188736),
    "glucose": (10, "mmol/L", "15074-8", 160368),
    "consciousness": (11, "{score}", "80288-4", None),
    "oxygen_flow": (12, "L/min", "3151-8", None),
    "fio2": (13, "%", "3150-6", None),
    "pain": (14, "{score}", "72514-3", None),
    "perfusion_index": (15, "%", "73798-1", 150448),
    "steps": (16, "{steps}", "55423-8", None),
    "peak_flow": (17, "L/min", "19935-6", None),
}


def test_codes_units_and_numbers_are_pinned() -> None:
    """Kind, stored number, unit and codes belong together for good."""
    table = {str(kind): (vital.code, vital.unit, vital.loinc, vital.mdc) for kind, vital in VITALS.items()}

    assert table == PINNED
