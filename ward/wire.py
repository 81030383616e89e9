"""MQTT topics, version 1, and what is answered: encode and decode side by side.

The payloads that devices send are in `ward.formats`. Decoding gives a value or a `Reject`, never an exception for bad
data.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec

PREFIX = "hemvakt"
VERSION = 1
MAX_PAYLOAD_BYTES = 1 << 20
DEVICE_ID_RULE = "1 to 64 of A-Z, a-z, 0-9, '-', '_' and '.', starting with a letter or digit"
_DEVICE_FIRST = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_DEVICE_REST = _DEVICE_FIRST | frozenset("-_.")


class Leaf(StrEnum):
    """The last level of a topic."""

    VITALS = "vitals"
    WAVEFORM = "waveform"
    EVENT = "event"
    STATUS = "status"
    SENML = "senml"
    FHIR = "fhir"
    CONFIG = "config"
    REJECTS = "rejects"


FROM_DEVICE = frozenset({Leaf.VITALS, Leaf.WAVEFORM, Leaf.EVENT, Leaf.STATUS, Leaf.SENML, Leaf.FHIR})


class Reason(StrEnum):
    """Why something was refused; the word in `rejects`, in the quarantine and in the counters."""

    BAD_TOPIC = "bad_topic"
    FOREIGN_TOPIC = "foreign_topic"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    MALFORMED = "malformed"
    BAD_FIELD = "bad_field"
    UNKNOWN_KIND = "unknown_kind"
    WRONG_UNIT = "wrong_unit"
    IMPLAUSIBLE = "implausible"
    UNKNOWN_DEVICE = "unknown_device"
    NO_BINDING = "no_binding"
    WRONG_PATIENT = "wrong_patient"
    FUTURE = "future"
    TOO_OLD = "too_old"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Reject:
    """A message, or one reading of it (`index`), that cannot be used, and why."""

    reason: Reason
    detail: str
    item: bytes
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of ours, taken apart."""

    device_id: str
    leaf: Leaf


def is_device_id(text: str) -> bool:
    """Tell whether `text` may name a device (`DEVICE_ID_RULE`)."""
    return 1 <= len(text) <= 64 and text[0] in _DEVICE_FIRST and _DEVICE_REST.issuperset(text)


def topic(device_id: str, leaf: Leaf) -> str:
    """Return the topic of a device's `leaf`: `hemvakt/1/{device}/{leaf}`."""
    return f"{PREFIX}/{VERSION}/{device_id}/{leaf}"


def parse_topic(text: str) -> Topic | Reject:
    """Take a topic apart; anything that is not ours is a `Reject`."""
    parts = text.split("/")
    if len(parts) != 4 or parts[0] != PREFIX:
        return Reject(Reason.BAD_TOPIC, f"expected hemvakt/1/DEVICE/LEAF, got {text[:200]!r}", b"")
    if parts[1] != str(VERSION):
        return Reject(Reason.UNSUPPORTED, f"wire format version {parts[1][:20]!r}; this platform reads version 1", b"")
    if not is_device_id(parts[2]):
        return Reject(Reason.BAD_TOPIC, f"device id {parts[2][:80]!r}; expected {DEVICE_ID_RULE}", b"")
    try:
        return Topic(parts[2], Leaf(parts[3]))
    except ValueError:
        return Reject(Reason.BAD_TOPIC, f"unknown last level {parts[3][:40]!r}", b"")


class WireStatus(msgspec.Struct, omit_defaults=True):
    """A device's status, also its will message. Unknown fields are ignored."""

    online: bool
    battery_pct: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None
    firmware: Annotated[str, msgspec.Meta(max_length=64)] | None = None


def encode_reject(reject: Reject, payload: bytes) -> bytes:
    """Encode the answer to a device about something refused in `payload`."""
    answer: dict[str, object] = {
        "reason": str(reject.reason),
        "detail": reject.detail,
        "payload_sha256": hashlib.sha256(payload).hexdigest(),
    }
    if reject.index is not None:
        answer["index"] = reject.index
    return msgspec.json.encode(answer)


def encode_receipt(*, stored: int, rejected: int) -> bytes:
    """Encode the answer to a publish with a Response Topic, sent after the commit."""
    return msgspec.json.encode({"stored": stored, "rejected": rejected})
