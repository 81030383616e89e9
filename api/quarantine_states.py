"""Refused entries as answers show them: with what was sent for clinical staff, without any value for operators."""

from datetime import datetime

import orjson
from typing_extensions import TypedDict

from ward.store.quarantine_reads import EntryRow
from ward.wire import Reason

MOST_PAYLOAD = 4096
# The details of these name a topic, a kind, a unit, a device or a time, and never a measured value.
_WITHOUT_VALUES = frozenset(
    {
        Reason.BAD_TOPIC,
        Reason.FOREIGN_TOPIC,
        Reason.UNSUPPORTED,
        Reason.TOO_LARGE,
        Reason.TOO_MANY,
        Reason.UNKNOWN_DEVICE,
        Reason.NO_BINDING,
        Reason.FUTURE,
        Reason.TOO_OLD,
        Reason.CONFLICT,
    }
)


class EntryState(TypedDict):
    """One refused message, or reading of it.

    `payload` is its text where that is JSON, cut off after 4,096 characters; null for other payloads and for
    operators, as `detail` is where it could repeat a value.
    """

    quarantine_id: int
    received_at: datetime
    device_id: str | None
    topic: str
    reason: str
    detail: str | None
    index: int | None
    payload: str | None
    payload_bytes: int
    payload_sha256: str
    resolution: str | None
    resolved_at: datetime | None
    resolved_by: int | None


class EntryPage(TypedDict):
    """A page of entries, the newest first; `next` is the cursor of the following one."""

    items: list[EntryState]
    next: str | None


class CountState(TypedDict):
    """How many entries there are of a reason, and how many of them are not settled."""

    reason: str
    entries: int
    unsettled: int


class CountPage(TypedDict):
    """Entries counted by reason, the most first, received since then."""

    since: datetime
    items: list[CountState]


def clinical_state(row: EntryRow) -> EntryState:
    """Return an entry with what was sent."""
    return _state(row, row.detail, _text(bytes(row.payload)))


def operator_state(row: EntryRow) -> EntryState:
    """Return an entry without any measured value."""
    return _state(row, row.detail if row.reason in _WITHOUT_VALUES else None, None)


def _state(row: EntryRow, detail: str | None, payload: str | None) -> EntryState:
    return EntryState(
        quarantine_id=row.quarantine_id,
        received_at=row.received_at,
        device_id=row.device_id,
        topic=row.topic,
        reason=row.reason,
        detail=detail,
        index=row.item_index,
        payload=payload,
        payload_bytes=row.payload_bytes,
        payload_sha256=bytes(row.payload_sha256).hex(),
        resolution=row.resolution,
        resolved_at=row.resolved_at,
        resolved_by=row.resolved_by,
    )


def _text(payload: bytes) -> str | None:
    try:
        orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    return payload.decode()[:MOST_PAYLOAD]
