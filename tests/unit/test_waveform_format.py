"""The waveform payload: golden cases as folders, and what is refused, for which reason."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ward.clock import from_us
from ward.formats import waveform
from ward.formats.claims import Decoded
from ward.waveforms import WAVES, WaveformBlock, WaveKind
from ward.wire import Reason

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "formats" / "waveform"
CASES = sorted(path.name for path in GOLDEN.iterdir())
SAMPLES = bytes.fromhex("0000ffff01800080ff7f")  # 0, -1, -32767, -32768, 32767
FIELDS: dict[str, object] = {
    "kind": "ecg",
    "lead": "I",
    "measured_at": 1_795_255_200_000,
    "fs_hz": 250,
    "unit": "mV",
    "scale": 0.00488,
    "offset": 0,
    "samples": SAMPLES,
}


def a_payload(**changes: object) -> bytes:
    """A good payload, but for these fields; `...` leaves a field out."""
    return cbor2.dumps({name: value for name, value in {**FIELDS, **changes}.items() if value is not ...})


def the_block(payload: bytes) -> WaveformBlock:
    """The one block of a payload that is good."""
    decoded = waveform.decode(payload)
    assert not decoded.rejects
    (block,) = decoded.blocks
    return block


def the_fault(payload: bytes) -> tuple[Reason, str]:
    """Why a payload is refused; nothing else comes of it."""
    decoded = waveform.decode(payload)
    assert not decoded.blocks
    assert not decoded.claims
    (reject,) = decoded.rejects
    assert reject.item == payload
    return reject.reason, reject.detail


def told(decoded: Decoded) -> dict[str, Any]:
    """What came of a payload, as the golden files tell it."""
    return {
        "blocks": [
            {
                "kind": block.kind,
                "lead": block.lead,
                "measured_at": from_us(block.measured_us).isoformat(),
                "fs_hz": block.fs_hz,
                "unit": block.unit,
                "scale": block.scale,
                "offset": block.offset,
                "samples": block.samples.hex(),
            }
            for block in decoded.blocks
        ],
        "rejects": [{"reason": reject.reason, "detail": reject.detail} for reject in decoded.rejects],
    }


@pytest.mark.parametrize("case", CASES)
def test_golden_payload(case: str, golden: Callable[[Path, str], None]) -> None:
    """A kept payload still comes to what it came to."""
    decoded = waveform.decode((GOLDEN / case / "payload.cbor").read_bytes())

    golden(GOLDEN / case / "expected.json", json.dumps(told(decoded), indent=2, ensure_ascii=False) + "\n")


def test_there_are_golden_cases() -> None:
    """The folder of golden cases is where it is looked for."""
    assert len(CASES) >= 6


@pytest.mark.parametrize("samples", [SAMPLES, cbor2.CBORTag(77, SAMPLES)])
def test_samples_are_bytes_or_a_typed_array(samples: object) -> None:
    """Samples come as a byte string or as an RFC 8746 array of little-endian int16, to the same."""
    assert the_block(a_payload(samples=samples)).samples == SAMPLES


@pytest.mark.parametrize(
    "measured_at",
    [
        1_795_255_200_000,
        "2026-11-21T10:00:00Z",
        "2026-11-21T11:00:00+01:00",
        cbor2.CBORTag(0, "2026-11-21T10:00:00.000Z"),
        cbor2.CBORTag(1, 1_795_255_200),
    ],
)
def test_time_in_each_spelling(measured_at: object) -> None:
    """Milliseconds, RFC 3339 text, and CBOR's own times all say the same moment."""
    assert the_block(a_payload(measured_at=measured_at)).measured_us == 1_795_255_200_000_000


def test_optional_fields_have_defaults() -> None:
    """Without a unit the kind's first one holds, without an offset 0; unknown fields are ignored."""
    block = the_block(a_payload(unit=..., offset=..., firmware={"of": ["anything", None, 1.5]}))

    assert (block.unit, block.offset) == ("mV", 0.0)


def test_h07_unit_is_converted_by_the_scale() -> None:
    """Microvolts become millivolts in scale and offset; the samples stay as they were sent."""
    block = the_block(a_payload(unit="uV", scale=4.88, offset=-100))

    assert block.unit == "mV"
    assert [block.scale, block.offset] == pytest.approx([0.00488, -0.1])
    assert block.samples == SAMPLES


def test_block_knows_when_it_ends() -> None:
    """Five samples at 250 Hz last 20 ms."""
    block = the_block(a_payload())

    assert (block.count, block.duration_us) == (5, 20_000)
    assert block.ends_us == block.measured_us + 20_000


@pytest.mark.parametrize(
    ("changes", "reason", "says"),
    [
        ({"kind": "eeg"}, Reason.UNKNOWN_KIND, "ecg, ppg, resp, accel"),
        ({"kind": ...}, Reason.BAD_FIELD, "kind is a text"),
        ({"lead": "IV"}, Reason.BAD_FIELD, "lead 'IV' of ecg"),
        ({"lead": ...}, Reason.BAD_FIELD, "lead is a text"),
        ({"unit": "mmHg"}, Reason.WRONG_UNIT, "unit 'mmHg' of ecg"),
        ({"unit": 5}, Reason.BAD_FIELD, "unit is a text"),
        ({"fs_hz": 0}, Reason.BAD_FIELD, "1 to 2000"),
        ({"fs_hz": 2001}, Reason.BAD_FIELD, "1 to 2000"),
        ({"fs_hz": True}, Reason.BAD_FIELD, "finite number"),
        ({"fs_hz": float("nan")}, Reason.BAD_FIELD, "finite number"),
        ({"scale": float("nan")}, Reason.BAD_FIELD, "scale is a finite number"),
        ({"scale": float("inf")}, Reason.BAD_FIELD, "scale is a finite number"),
        ({"scale": 0}, Reason.BAD_FIELD, "scale 0"),
        ({"scale": ...}, Reason.BAD_FIELD, "scale is a finite number"),
        ({"offset": float("-inf")}, Reason.BAD_FIELD, "offset is a finite number"),
        ({"offset": 1e13}, Reason.BAD_FIELD, "1e+12"),
        ({"samples": SAMPLES[:-1]}, Reason.BAD_FIELD, "9 bytes"),
        ({"samples": b""}, Reason.BAD_FIELD, "at least one"),
        ({"samples": [1, 2, 3]}, Reason.BAD_FIELD, "byte string"),
        ({"samples": cbor2.CBORTag(73, SAMPLES)}, Reason.BAD_FIELD, "tagged 73"),
        ({"samples": cbor2.CBORTag(77, [1])}, Reason.BAD_FIELD, "byte string"),
        ({"samples": b"\0\0" * 100_001, "fs_hz": 2000}, Reason.TOO_LARGE, "100001 samples"),
        ({"samples": b"\0\0" * 15_001}, Reason.TOO_LARGE, "at most 60 s"),
        ({"samples": b"\0\0" * 200_000}, Reason.TOO_LARGE, "bytes"),
        ({"measured_at": 1_795_255_200_000.5}, Reason.BAD_FIELD, "measured_at"),
        ({"measured_at": -1}, Reason.BAD_FIELD, "measured_at"),
        ({"measured_at": True}, Reason.BAD_FIELD, "measured_at"),
        ({"measured_at": "2026-11-21T10:00:00"}, Reason.BAD_FIELD, "timezone"),
        ({"measured_at": "1969-12-31T23:59:59Z"}, Reason.TOO_OLD, "1970"),
        ({"measured_at": "9999-12-31T23:59:59Z"}, Reason.BAD_FIELD, "calendar"),
        ({"measured_at": ...}, Reason.BAD_FIELD, "measured_at"),
    ],
)
def test_field_is_refused(changes: dict[str, object], reason: Reason, says: str) -> None:
    """A field that cannot be used is named in the answer."""
    given_reason, detail = the_fault(a_payload(**changes))

    assert given_reason is reason
    assert says in detail


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", Reason.MALFORMED),
        (b'{"kind": "ecg"}', Reason.MALFORMED),
        (a_payload()[:-1], Reason.MALFORMED),
        (a_payload() + a_payload(), Reason.MALFORMED),
        (cbor2.dumps([FIELDS]), Reason.BAD_FIELD),
        (cbor2.dumps(7), Reason.BAD_FIELD),
        (b"\x81" * 100_000 + b"\x01", Reason.MALFORMED),
        (b"\xc1" * 100_000 + b"\x01", Reason.MALFORMED),
        (b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", Reason.MALFORMED),
        (b"\x9b\x00\x00\x00\xff\xff\xff\xff\xff", Reason.MALFORMED),
        (b"\xbf\x61a\x01\xff", Reason.MALFORMED),
        (b"\xa2\x61a\x01\x61a\x02", Reason.MALFORMED),
        (b"\xa1\x82\x01\x02\x01", Reason.MALFORMED),
        (b"\x63\xed\xa0\x80", Reason.MALFORMED),
    ],
    ids=[
        "empty", "json", "cut", "two blocks", "array", "number", "deep", "deep tags", "huge bytes", "huge array",
        "indefinite", "same key twice", "array as key", "half a surrogate pair",
    ],
)  # fmt: skip
def test_message_is_refused(payload: bytes, reason: Reason) -> None:
    """What is no block is refused whole; claims of length or depth are not believed."""
    assert the_fault(payload)[0] is reason


@pytest.mark.parametrize(
    "head", [b"\xd8\x1e\x82", b"\xc4\x82", b"\xc5\x82"], ids=["fraction", "decimal", "binary fraction"]
)
def test_costly_tag_is_not_converted(head: bytes) -> None:
    """Numbers of a hundred thousand bytes stay bytes: converting one of them would take more than a second."""
    number = b"\xc2\x5a" + (90_000).to_bytes(4) + b"\xa7" * 90_000
    began = time.process_time()
    reason, _ = the_fault(head + number + number)

    assert reason is Reason.BAD_FIELD
    assert time.process_time() - began < 0.2


BLOCKS = st.sampled_from(list(WaveKind)).flatmap(
    lambda kind: st.builds(
        WaveformBlock,
        kind=st.just(kind),
        lead=st.sampled_from(WAVES[kind].leads),
        measured_us=st.integers(0, 253_402_300_000_000_000),
        fs_hz=st.floats(100, 2000),
        unit=st.sampled_from([unit for unit, (stored, _) in WAVES[kind].units.items() if unit == stored]),
        scale=st.floats(1e-6, 1e6),
        offset=st.floats(-1e6, 1e6),
        samples=st.binary(min_size=1, max_size=50).map(lambda half: half * 2),
    )
)


@given(block=BLOCKS)
def test_block_comes_back(block: WaveformBlock) -> None:
    """What is encoded is decoded to the same block."""
    assert the_block(waveform.encode(block)) == block


@given(noise=st.binary(max_size=200))
def test_noise_never_raises(noise: bytes) -> None:
    """Whatever the bytes, something comes of them: a block or one reject."""
    decoded = waveform.decode(noise)

    assert len(decoded.blocks) + len(decoded.rejects) == 1


@given(at=st.integers(0, len(a_payload()) - 1), to=st.integers(0, 255))
def test_damaged_block_never_raises(at: int, to: int) -> None:
    """A good block with one byte changed is another block, or refused."""
    damaged = bytearray(a_payload())
    damaged[at] = to
    decoded = waveform.decode(bytes(damaged))

    assert len(decoded.blocks) + len(decoded.rejects) == 1
