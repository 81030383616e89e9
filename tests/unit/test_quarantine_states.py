"""What of a refused entry is shown to whom."""

from datetime import UTC, datetime

import pytest

from api.quarantine_states import MOST_PAYLOAD, clinical_state, operator_state
from ward.store.quarantine_reads import EntryRow
from ward.wire import Reason


def an_entry(reason: Reason = Reason.IMPLAUSIBLE, payload: bytes = b'{"value":17}') -> EntryRow:
    """Return an entry whose detail and payload hold a value of 17."""
    return EntryRow(
        quarantine_id=1,
        received_at=datetime(2026, 11, 21, 10, tzinfo=UTC),
        device_id="kit-1",
        topic="hemvakt/1/kit-1/vitals",
        reason=reason,
        detail="spo2 17 % is outside",
        item_index=None,
        payload=payload,
        payload_sha256=bytes(32),
        payload_bytes=len(payload),
        resolution=None,
        resolved_at=None,
        resolved_by=None,
        stay_id=None,
    )


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b'{"value":17}', '{"value":17}'),
        ('"å"'.encode(), '"å"'),
        (b"\xff", None),
        (b"{", None),
        (b"", None),
        (b"[" * 2000, None),
        (b'"' + b"x" * 5000 + b'"', '"' + "x" * (MOST_PAYLOAD - 1)),
    ],
)
def test_payload_is_shown_where_it_is_json(payload: bytes, text: str | None) -> None:
    """Clinical staff see JSON as it was sent, cut off where it is long, and nothing of other bytes."""
    assert clinical_state(an_entry(payload=payload))["payload"] == text


@pytest.mark.parametrize("reason", list(Reason))
def test_operator_sees_no_payload_and_no_detail_that_could_hold_a_value(reason: Reason) -> None:
    """A detail that was made from what was sent is kept from operators; a new reason is kept from them until judged."""
    state = operator_state(an_entry(reason))
    told = {
        "bad_topic", "foreign_topic", "unsupported", "too_large", "too_many", "unknown_device", "no_binding", "future",
        "too_old", "conflict",
    }  # fmt: skip

    assert state["payload"] is None
    assert (state["detail"] is not None) == (reason.value in told)
