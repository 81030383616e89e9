"""A patient's record as CSV: RFC 4180, UTF-8, one header line, times in UTC, a point in decimals.

A text that a spreadsheet would take for a formula gets an apostrophe before it: such texts come from devices and notes.
"""

import base64
import csv
import io
from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum

from ward.fhir.codes import instant
from ward.record import Answering, Episode, Happened, Measured, Raised, Refused, Reported, Scored, Told, Worn, Written
from ward.vitals import VITALS, Acvpu, VitalKind

Record = Measured | Scored | Raised | Happened | Told | Worn | Refused | Reported | Episode | Answering | Written
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_READING = ("unit", "loinc")


def header(kind: type[Record]) -> str:
    """Return the header line of a table."""
    return _line([*kind.__dataclass_fields__, *(_READING if kind is Measured else ())])


def row(record: Record) -> str:
    """Return one line of a table."""
    cells = [_cell(getattr(record, name)) for name in record.__dataclass_fields__]
    if isinstance(record, Measured):
        vital = VITALS[record.kind]
        if record.kind is VitalKind.CONSCIOUSNESS:
            cells[list(record.__dataclass_fields__).index("value")] = Acvpu(round(record.value)).name
        cells += [vital.unit, vital.loinc]
    return _line(cells)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _line(cells: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(cells)
    return written.getvalue()
