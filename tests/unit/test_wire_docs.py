"""`docs/wire-format.md` against the code: every example is decoded, every table made anew."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import jsonschema
import msgspec
import pytest

from simulator import device, scenario
from tests.reading import read_vitals
from ward import attribution, wire
from ward.formats import status, vitals
from ward.formats.codes import LOINC_CODES, MDC_CODES
from ward.formats.schema import schema
from ward.formats.senml_units import REGISTRY
from ward.formats.settle import readings_of
from ward.formats.table import DECODERS
from ward.vitals import VITALS, VitalKind
from ward.wire import Leaf, Reason

PAGE = Path(__file__).resolve().parents[2] / "docs" / "wire-format.md"
EXAMPLES = re.findall(r"^```json ([^\n]+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
ARRAY = "vitals reject: wrong_unit 1"

# What the device should do about each reason; the words themselves are `ward.wire.Reason`.
MEANING = {
    Reason.BAD_TOPIC: "not `hemvakt/1/{device}/{leaf}`, or not a device id, or an unknown last level",
    Reason.FOREIGN_TOPIC: "published under another device's topics (answered under its own), or naming another device",
    Reason.UNSUPPORTED: "another version of the wire format or of SenML, or a topic that is not taken yet",
    Reason.TOO_LARGE: f"a message of more than {wire.MAX_PAYLOAD_BYTES >> 20} MiB; nothing of it is stored",
    Reason.TOO_MANY: f"a message of more than {vitals.MAX_READINGS:,} readings; nothing of it is stored",
    Reason.MALFORMED: "not JSON (`NaN` and `Infinity` are not JSON), or not UTF-8, or refused by the store",
    Reason.BAD_FIELD: "a field is missing, of the wrong type or out of bounds; a time without an offset",
    Reason.UNKNOWN_KIND: "a kind that is not in the table",
    Reason.WRONG_UNIT: "a unit that does not fit the kind",
    Reason.IMPLAUSIBLE: "outside the kind's range, after conversion",
    Reason.UNKNOWN_DEVICE: "the device is not registered, or revoked",
    Reason.NO_BINDING: "nobody wore the device when this was measured",
    Reason.FUTURE: f"more than {attribution.MAX_AHEAD.seconds // 60} minutes ahead of the platform's clock",
    Reason.TOO_OLD: f"more than {attribution.MAX_AGE.days} days old, or before 1970",
    Reason.WRONG_PATIENT: "it names another patient than the wearer of the device (only where FHIR comes over HTTP)",
    Reason.CONFLICT: "another value is stored already for this device, kind and time",
}


def _examples(prefix: str) -> list[tuple[str, bytes]]:
    return [(head, text.encode()) for head, text in EXAMPLES if head.startswith(prefix)]


def test_every_example_is_of_a_known_sort() -> None:
    """No JSON block of the page goes untested."""
    blocks = PAGE.read_text(encoding="utf-8").count("```json")
    sorts = {head.split()[0] for head, _ in EXAMPLES}

    assert blocks == len(EXAMPLES) > 10
    assert sorts == {*DECODERS, "config", "rejects", "receipt"} - {Leaf.WAVEFORM}  # test_waveform_docs.py


@pytest.mark.parametrize(("head", "payload"), [each for each in EXAMPLES if each[0] in set(DECODERS)])
def test_example_payloads_are_accepted(head: str, payload: str) -> None:
    """A payload that the page shows as good is taken whole, by the decoder and, if native, by the published schema."""
    decoded = DECODERS[Leaf(head)](payload.encode())
    readings, rejects = readings_of(decoded)

    assert rejects == []
    assert readings or decoded.events or decoded.status
    if head in schema()["$defs"]:  # type: ignore[operator] # a mapping by name
        jsonschema.validate(json.loads(payload), schema() | {"$ref": f"#/$defs/{head}"})


@pytest.mark.parametrize(("head", "payload"), [each for each in EXAMPLES if " reject: " in each[0]])
def test_example_of_a_reject_is_refused_for_its_reason(head: str, payload: str) -> None:
    """A payload that the page shows as refused is refused for the reason that stands there, its neighbours not."""
    leaf, _, named = head.partition(" reject: ")
    reason, *index = named.split()
    _, rejects = readings_of(DECODERS[Leaf(leaf)](payload.encode()))

    assert [str(reject.reason) for reject in rejects] == [reason]
    assert [str(reject.index) for reject in rejects if reject.index is not None] == index


def test_temperature_example_is_converted_as_the_page_says() -> None:
    """98.6 °F at 10:30 in Stockholm is 37.0 °C at 09:30 UTC."""
    payload = next(text for _, text in _examples("vitals") if b"degF" in text)
    (reading,), _ = read_vitals(payload)

    assert reading.value == pytest.approx(37.0, abs=1e-9)
    assert reading.measured_at.isoformat() == "2026-11-21T09:30:00+00:00"


@pytest.mark.parametrize(("head", "payload"), _examples("status"))
def test_example_status_is_written_as_it_was_read(head: str, payload: bytes) -> None:
    """A status that the page shows is decoded and written again as it was."""
    said = status.decode(payload).status

    assert said is not None
    assert json.loads(status.encode(said)) == json.loads(payload)


def test_example_check_in_answers_what_the_config_asks() -> None:
    """The answers of the page's check-in are to the questions of its config."""
    ((_, shown),) = _examples("config")
    answered = next(text for head, text in EXAMPLES if head == "event" and "answers" in text)
    asked = {each["id"] for each in json.loads(shown)["questions"]}

    assert {each["question"] for each in json.loads(answered)["answers"]} == asked


def test_example_config_is_taken_by_a_device() -> None:
    """A simulated device takes the config that the page shows, and leaves what it does not know."""
    ((_, shown),) = _examples("config")
    kit = scenario.kit(scenario.load_roster()[0], seed=1, clock_s=0.0, on_at_s=0.0)
    taken = device.configured(kit, shown)

    assert isinstance(taken, device.Kit)
    assert taken.plan.every_s[VitalKind.SPO2] == json.loads(shown)["every_s"]["spo2"]


def test_example_answer_is_what_the_device_gets() -> None:
    """The answer that the page shows is the one to the message before it, but for the digest."""
    ((_, sent),) = _examples(ARRAY)
    ((_, shown),) = _examples("rejects")
    _, (reject,) = read_vitals(sent)
    answer = msgspec.json.decode(wire.encode_reject(reject, sent))

    assert re.fullmatch("[0-9a-f]{64}", answer["payload_sha256"])
    assert {**answer, "payload_sha256": ""} == json.loads(shown)


def test_example_receipt_is_what_is_sent() -> None:
    """The receipt that the page shows has the fields of a real one."""
    ((head, shown),) = _examples("receipt")
    _, stored, rejected = head.split()

    assert json.loads(shown) == json.loads(wire.encode_receipt(stored=int(stored), rejected=int(rejected)))


def test_every_topic_is_described() -> None:
    """Each last level of a topic has a row in the page's table."""
    page = PAGE.read_text(encoding="utf-8")

    assert [leaf for leaf in Leaf if f"| `{wire.topic('{device}', leaf)}` |" not in page] == []


def test_unit_table_is_current(golden_table: Callable[[Path, str, list[str]], None]) -> None:
    """The table of kinds, units and ranges is the one of the code."""
    rows = ["| kind | units | range |", "|---|---|---|"]
    for vital in VITALS.values():
        units = " ".join(f"`{unit}`" for unit in vital.units)
        letters = vital.kind == "consciousness"
        span = "`A` `C` `V` `P` `U`" if letters else f"{vital.low:g} to {vital.high:g} {vital.unit}"
        rows.append(f"| `{vital.kind}` | {'none' if letters else units} | {span} |")

    golden_table(PAGE, "units", rows)


def test_reason_table_is_current(golden_table: Callable[[Path, str, list[str]], None]) -> None:
    """The table of reasons names each reason of the code and no other."""
    rows = ["| reason | what it says |", "|---|---|", *(f"| `{reason}` | {MEANING[reason]} |" for reason in Reason)]

    golden_table(PAGE, "reasons", rows)


def test_code_table_is_current(golden_table: Callable[[Path, str, list[str]], None]) -> None:
    """The table of other people's codes is the one of the code."""
    rows = ["| kind | LOINC | MDC |", "|---|---|---|"]
    for kind in VITALS:
        columns = [
            " ".join(
                f"`{code}`" + (f" ({each.unit})" if each.unit else "")
                for code, each in known.items()
                if each.kind == kind
            )
            for known in (LOINC_CODES, MDC_CODES)
        ]
        rows.append(f"| `{kind}` | {columns[0]} | {columns[1] or '–'} |")

    golden_table(PAGE, "codes", rows)


def test_senml_table_is_current(golden_table: Callable[[Path, str, list[str]], None]) -> None:
    """The table of SenML's units is the one of the code."""
    rows = ["| kind | units of the registry |", "|---|---|"]
    rows += [
        f"| `{kind}` | {' '.join(f'`{unit}`' for unit in REGISTRY[kind])} |" for kind in VITALS if kind in REGISTRY
    ]

    golden_table(PAGE, "senml", rows)
