"""CSV of a record: every kind of cell, and nothing that a spreadsheet would carry out."""

import csv
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from onebox import record_csv
from ward.record import Happened, Measured, Refused
from ward.vitals import VITALS, Acvpu, Validity, VitalKind

AT = datetime(2026, 11, 22, 1, 30, 0, 5, tzinfo=UTC)
READING = Measured(
    patient_id=1,
    stay_id=2,
    device_no=3,
    device_id="hv-3",
    kind=VitalKind.TEMPERATURE,
    value=36.7,
    measured_at=AT,
    received_at=AT,
    validity=Validity.QST,
    quality=None,
)
EVENT = Happened(
    stay_id=2,
    alert_id=4,
    rev=1,
    at=AT,
    kind="noted",
    staff_id=None,
    staff=None,
    note=None,
    priority=None,
    until=None,
    to_team=None,
    to_staff=None,
    outcome=None,
    cause=None,
    action=None,
    evidence=None,
)
REFUSED = Refused(
    quarantine_id=1,
    received_at=AT,
    device_id="hv-3",
    topic="hemvakt/1/hv-3/vitals",
    reason="malformed",
    item_index=None,
    payload_bytes=2,
    payload_sha256="ab",
    detail=None,
    payload=b"{}",
)


def cells(record: record_csv.Record) -> dict[str, str]:
    """Read a line back by its header."""
    lines = [record_csv.header(type(record)), record_csv.row(record)]
    assert all(line.endswith("\r\n") for line in lines)
    return next(csv.DictReader(lines))


def test_reading_is_a_line_with_unit_and_code() -> None:
    """A reading has its value as stored, the unit and LOINC code of its kind, and times to the microsecond in UTC."""
    assert cells(READING) == {
        "patient_id": "1", "stay_id": "2", "device_no": "3", "device_id": "hv-3", "kind": "temperature",
        "value": "36.7", "measured_at": "2026-11-22T01:30:00.000005Z", "received_at": "2026-11-22T01:30:00.000005Z",
        "validity": "qst", "quality": "", "unit": "Cel", "loinc": VITALS[VitalKind.TEMPERATURE].loinc,
    }  # fmt: skip


@pytest.mark.parametrize("level", list(Acvpu))
def test_consciousness_is_its_letter(level: Acvpu) -> None:
    """The level of consciousness is the letter, as on screens and in payloads."""
    assert cells(replace(READING, kind=VitalKind.CONSCIOUSNESS, value=float(level)))["value"] == level.name


def test_negative_number_stays_a_number() -> None:
    """Only texts are quoted: a number is never touched."""
    assert cells(replace(READING, value=-1.5))["value"] == "-1.5"


@pytest.mark.parametrize("note", ["=1+1", "+46", "-x", "@SUM(A1)", "\tx", "\rx"])
def test_formula_is_quoted(note: str) -> None:
    """A text that a spreadsheet would carry out gets an apostrophe before it."""
    assert cells(replace(EVENT, note=note))["note"] == f"'{note}"


@pytest.mark.parametrize("note", ['said "hej", twice', "två\nrader", "å;ä,ö", "x=1"])
def test_text_comes_back_as_it_was(note: str) -> None:
    """Quotes, commas, line ends and letters of any language survive."""
    lines = "".join([record_csv.header(Happened), record_csv.row(replace(EVENT, note=note))])

    assert next(csv.DictReader(lines.splitlines(keepends=True)))["note"] == note


def test_bytes_are_base64_and_nothing_is_empty() -> None:
    """A payload is base64, and what is not there is an empty cell."""
    told = cells(REFUSED)

    assert (told["payload"], told["detail"], told["item_index"]) == ("e30=", "", "")
