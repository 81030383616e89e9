"""Golden payloads: `tests/golden/formats/FORMAT/CASE`, a payload and what it comes to for the device `hv-0001`.

The JSON Schema of the native formats is held against the same payloads: it may be milder than the decoder only where a
schema cannot know better.
"""

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import msgspec
import pytest

from ward.formats.claims import Decoded
from ward.formats.schema import schema
from ward.formats.settle import readings_of
from ward.formats.table import DECODERS
from ward.wire import Leaf, Reason

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = sorted((ROOT / "tests" / "golden" / "formats").glob("*/*"))
TABLED = [folder for folder in FOLDERS if folder.parent.name in set(DECODERS)]
NATIVE = [folder for folder in FOLDERS if folder.parent.name in {Leaf.VITALS, Leaf.EVENT, Leaf.STATUS}]
DEVICE = "hv-0001"
# What a schema does not know: ranges, the calendar, and that a question is answered once.
BEYOND_A_SCHEMA = {
    "vitals/before_1970",
    "vitals/implausible_beside_good",
    "vitals/no_such_day",
    "event/before_1970",
    "event/check_in_twice",
    "event/two_times_that_differ",
}


def name_of(folder: Path) -> str:
    """Return the name of a case: its format and what it is about."""
    return f"{folder.parent.name}/{folder.name}"


def payload_of(folder: Path) -> bytes:
    """Return a case's payload."""
    (found,) = folder.glob("payload.*")
    return found.read_bytes()


def came_to(decoded: Decoded) -> dict[str, object]:
    """Return what a message came to, in words that can be kept."""
    readings, rejects = readings_of(decoded)
    told: dict[str, object] = {
        "readings": [_without_nothing(each) for each in readings],
        "events": [_without_nothing(each) for each in decoded.events],
        "status": decoded.status,
        "rejects": [_without_nothing({"reason": x.reason, "index": x.index, "detail": x.detail}) for x in rejects],
    }
    return {field: value for field, value in told.items() if value}


def _without_nothing(value: object) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(value)
    return {name: each for name, each in fields.items() if each not in (None, [], ())}


@pytest.mark.parametrize("folder", TABLED, ids=name_of)
def test_payload_comes_to_what_is_kept(folder: Path, golden: Callable[[Path, str], None]) -> None:
    """Each kept payload comes to the readings, events, status and rejects that are kept beside it."""
    decoded = DECODERS[Leaf(folder.parent.name)](payload_of(folder)).of(DEVICE)
    made = json.dumps(msgspec.to_builtins(came_to(decoded)), ensure_ascii=False, indent=2)

    golden(folder / "expected.json", made + "\n")


@pytest.mark.parametrize("leaf", DECODERS)
def test_every_format_has_its_golden_cases(leaf: Leaf) -> None:
    """No format goes without a dozen cases, of which some are refused."""
    cases = [folder for folder in TABLED if folder.parent.name == leaf]
    reasons = {reject["reason"] for each in cases for reject in _kept(each).get("rejects", [])}

    assert len(cases) >= 12
    assert {Reason.BAD_FIELD, Reason.MALFORMED} <= reasons


def _kept(folder: Path) -> dict[str, list[dict[str, str]]]:
    kept: dict[str, list[dict[str, str]]] = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return kept


def test_published_schema_is_current(golden: Callable[[Path, str], None]) -> None:
    """The schema under `docs/` is the one that the code makes, and is a schema."""
    made = schema()
    jsonschema.Draft202012Validator.check_schema(made)

    golden(ROOT / "docs" / "wire-format.schema.json", json.dumps(made, ensure_ascii=False, indent=2) + "\n")


@pytest.mark.parametrize("folder", NATIVE, ids=name_of)
def test_schema_agrees_with_the_decoder(folder: Path) -> None:
    """What the decoder takes the schema accepts, and what it refuses the schema refuses, as far as a schema can."""
    accepted = _accepts(Leaf(folder.parent.name), payload_of(folder))
    taken = not _kept(folder).get("rejects")

    assert accepted == (taken or name_of(folder) in BEYOND_A_SCHEMA)


def _accepts(leaf: Leaf, payload: bytes) -> bool:
    try:
        sent = json.loads(payload, parse_constant=_refuse)
    except ValueError:
        return False
    whole = schema() | {"$ref": f"#/$defs/{leaf}"}
    return jsonschema.Draft202012Validator(whole).is_valid(sent)


def _refuse(constant: str) -> float:
    raise ValueError(constant)
