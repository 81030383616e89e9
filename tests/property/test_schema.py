"""The published JSON Schema and the decoders, for any JSON near a native payload: they agree as far as a schema can."""

import json

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from tests.property.test_formats import events, json_values, statuses
from ward.formats.schema import schema
from ward.formats.settle import readings_of
from ward.formats.table import DECODERS
from ward.vitals import VITALS
from ward.wire import Leaf, Reason

VALIDATORS = {
    leaf: jsonschema.Draft202012Validator(schema() | {"$ref": f"#/$defs/{leaf}"})
    for leaf in (Leaf.VITALS, Leaf.EVENT, Leaf.STATUS)
}
# What a schema cannot say: ranges, and times before 1970. The calendar and questions asked twice are not drawn.
BEYOND = {Reason.IMPLAUSIBLE, Reason.TOO_OLD}

SPELLINGS = """
2026-11-21 10:00:00+01:00|2026-11-21T10:00:00|2026-11-21T10:00Z|2026-11-21t10:00:00.5z|2026-11-21T10:00:00+0100
2026-11-21T10:00:60Z|2026-11-21T24:00:00Z|2026-11-21T10:00:00+24:00|2026-11-21T10:00:00,5Z|2026-11-21T10:00:00.Z
"""
times = st.datetimes().map(lambda at: f"{at.isoformat()}Z") | st.sampled_from(SPELLINGS.replace("\n", "|").split("|"))
readings = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(sorted(VITALS)) | json_values,
        "value": st.floats(0, 100) | st.sampled_from("ACVPUX") | json_values,
        "measured_at": st.integers(-1, 253_402_300_800_000) | times | json_values,
    },
    optional={
        "unit": st.sampled_from(["%", "Cel", "kPa", "1"]) | json_values,
        "quality": st.floats(-1, 2) | json_values,
        "seq": st.integers(-1, 1 << 63) | json_values,
        "x": json_values,
    },
)


def agree(leaf: Leaf, sent: object) -> None:
    """Hold what the schema says of a payload against what the decoder does with it."""
    _, rejects = readings_of(DECODERS[leaf](json.dumps(sent).encode()))
    told = [each for each in rejects if each.reason not in BEYOND]
    accepted = VALIDATORS[leaf].is_valid(sent)

    assert accepted == (not told), [each.detail for each in told]


@given(readings | st.lists(readings, max_size=3) | json_values)
def test_schema_of_readings_agrees(sent: object) -> None:
    """A reading or an array of them."""
    agree(Leaf.VITALS, sent)


@given(events.filter(lambda event: "measured_at" not in event) | json_values)
def test_schema_of_events_agrees(sent: object) -> None:
    """An event."""
    answers = sent.get("answers") if isinstance(sent, dict) else None
    asked = [each.get("question") for each in answers if isinstance(each, dict)] if isinstance(answers, list) else []
    if len(asked) == len({str(each) for each in asked}):
        agree(Leaf.EVENT, sent)


@given(statuses | json_values)
def test_schema_of_status_agrees(sent: object) -> None:
    """A status."""
    agree(Leaf.STATUS, sent)
