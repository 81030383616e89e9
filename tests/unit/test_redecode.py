"""What the quarantine keeps of a reading is read again as the reading that it was, or as none."""

import pytest

from ward.formats.settle import Settled
from ward.redecode import decode
from ward.vitals import VITALS, VitalKind
from ward.wire import Reason, Reject

TOPIC = "hemvakt/1/kit-1/vitals"
READING = b'{"kind":"temperature","value":100.4,"unit":"[degF]","measured_at":1795255200000,"quality":0.5}'


def test_reading_is_read_with_its_unit_and_quality() -> None:
    """A value in another unit is converted as when it came the first time."""
    found = decode(TOPIC, READING)

    assert isinstance(found, Settled)
    assert found.kind.tolist() == [VITALS[VitalKind.TEMPERATURE].code]
    assert found.value.tolist() == pytest.approx([38.0])
    assert found.measured_us.tolist() == [1795255200000000]
    assert found.quality.tolist() == [50]


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("elsewhere", READING, Reason.BAD_TOPIC),
        ("hemvakt/1/kit-1/status", READING, Reason.UNSUPPORTED),
        (TOPIC, b"\xff", Reason.MALFORMED),
        (TOPIC, b"[]", Reason.MALFORMED),
        (TOPIC, b"[" + READING + b"," + READING + b"]", Reason.MALFORMED),
        (TOPIC, READING.replace(b"100.4", b"400"), Reason.IMPLAUSIBLE),
        (TOPIC, READING.replace(b"temperature", b"mood"), Reason.UNKNOWN_KIND),
    ],
)
def test_what_is_no_single_reading_is_none(topic: str, payload: bytes, reason: Reason) -> None:
    """Nothing but one plausible reading can be given to somebody."""
    found = decode(topic, payload)

    assert isinstance(found, Reject)
    assert found.reason is reason
