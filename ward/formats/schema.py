"""The JSON Schema (2020-12) of the native payloads, made from the tables that the decoders read by.

What it refuses the decoder refuses, and what it accepts the decoder takes, but for what a schema cannot say: whether a
value is plausible, a date on the calendar, a time not before 1970, or a question answered twice. Unknown fields are
allowed: they are ignored.
"""

from types import MappingProxyType

from ward import events
from ward.events import EventKind
from ward.formats import event
from ward.formats.claims import MAX_READINGS
from ward.formats.instants import YEAR_9999_MS
from ward.vitals import ACVPU, VITALS, Vital, VitalKind
from ward.wire import PREFIX, VERSION, Leaf, Reason

Schema = dict[str, object]

_MOST_64 = (1 << 63) - 1
# RFC 3339 with an offset; a space for the T, and lower case, are what its section 5.6 lets a reader take.
_TIME = r"^\d{4}-\d\d-\d\d[Tt ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):?[0-5]\d)$"


def schema() -> Schema:
    """Return the schema of everything that a device sends or gets as JSON of our own; one definition each."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:hemvakt:wire-format:{VERSION}",
        "title": f"Hemvakt wire format {VERSION}: native JSON payloads",
        "description": f"One definition for the payload of each topic {PREFIX}/{VERSION}/DEVICE/LEAF.",
        "$defs": {
            "time": _time(),
            "seq": {"type": "integer", "minimum": 0, "maximum": _MOST_64},
            "reading": {"type": "object", "required": ["kind", "value", "measured_at"], "oneOf": _kinds()},
            str(Leaf.VITALS): {
                "anyOf": [_ref("reading"), {"type": "array", "maxItems": MAX_READINGS, "items": _ref("reading")}]
            },
            str(Leaf.EVENT): {"type": "object", "required": ["kind"], "oneOf": _events()},
            str(Leaf.STATUS): _status(),
            str(Leaf.REJECTS): _rejects(),
        },
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _time() -> Schema:
    return {
        "description": "RFC 3339 with an offset, or whole milliseconds since 1970",
        "anyOf": [
            {"type": "string", "pattern": _TIME},
            {"type": "integer", "minimum": 0, "maximum": YEAR_9999_MS},
        ],
    }


def _kinds() -> list[Schema]:
    return [_reading(vital) for vital in VITALS.values()]


def _reading(vital: Vital) -> Schema:
    lettered = vital.kind is VitalKind.CONSCIOUSNESS
    value: Schema = {"enum": list(ACVPU)} if lettered else {"type": "number"}
    return {
        "title": str(vital.kind),
        "properties": {
            "kind": {"const": str(vital.kind)},
            "value": value,
            "unit": {"enum": [*vital.units, None]},
            "measured_at": _ref("time"),
            "quality": _or_null({"type": "number", "minimum": 0, "maximum": 1}),
            "seq": _or_null(_ref("seq")),
        },
    }


def _events() -> list[Schema]:
    own: MappingProxyType[EventKind, Schema] = MappingProxyType(
        {
            EventKind.HELP_BUTTON: {},
            EventKind.FALL: {"confidence": _or_null({"type": "number", "minimum": 0, "maximum": 1})},
            EventKind.CHECK_IN: {"answers": _answers()},
        }
    )
    return [_event(kind, fields) for kind, fields in own.items()]


def _event(kind: EventKind, own: Schema) -> Schema:
    names = ("occurred_at", "measured_at")  # two names of one time
    time = {"anyOf": [{"required": [name], "properties": {name: _ref("time")}} for name in names]}
    return {
        "title": str(kind),
        "properties": {
            "kind": {"const": str(kind)},
            **{name: _or_null(_ref("time")) for name in names},
            "seq": _or_null(_ref("seq")),
            **own,
        },
        **({"required": ["answers"]} if "answers" in own else {}),
        **time,
    }


def _answers() -> Schema:
    text = {"type": "string", "maxLength": events.MAX_ANSWER, "pattern": event.NO_NUL}
    question = {"type": "string", "minLength": 1, "maxLength": events.MAX_QUESTION, "pattern": event.NO_NUL}
    answer = {"anyOf": [{"type": ["number", "boolean"]}, text]}
    return {
        "type": "array",
        "minItems": 1,
        "maxItems": events.MAX_ANSWERS,
        "items": {
            "type": "object",
            "required": ["question", "answer"],
            "properties": {"question": question, "answer": answer},
        },
    }


def _status() -> Schema:
    return {
        "type": "object",
        "required": ["online"],
        "properties": {
            "online": {"type": "boolean"},
            "battery_pct": _or_null({"type": "number", "minimum": 0, "maximum": 100}),
            "firmware": _or_null({"type": "string", "maxLength": 64}),
        },
    }


def _rejects() -> Schema:
    return {
        "type": "object",
        "required": ["reason", "detail", "payload_sha256"],
        "properties": {
            "reason": {"enum": [str(reason) for reason in Reason]},
            "detail": {"type": "string"},
            "payload_sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "index": {"type": "integer", "minimum": 0},
        },
    }
