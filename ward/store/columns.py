"""Columns to PostgreSQL's binary forms, by numpy: arrays as parameters and rows for COPY.

Pure encoding, no connection. Integers and times are int64 columns, times in microseconds since 1970.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from psycopg import adapters
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Dumper
from psycopg.pq import Format

from ward.clock import to_us

_POSTGRES_EPOCH_US = 946_684_800_000_000  # 2000-01-01 in microseconds since 1970


@dataclass(frozen=True, slots=True)
class Type:
    """A column type: PostgreSQL's oid, numpy's big-endian form, and what is added before writing."""

    oid: int
    dtype: str
    shift: int = 0


INT2 = Type(21, ">i2")
INT4 = Type(23, ">i4")
INT8 = Type(20, ">i8")
FLOAT8 = Type(701, ">f8")
TIMESTAMPTZ = Type(1184, ">i8", -_POSTGRES_EPOCH_US)
_HEADER_BYTES, _TRAILER_BYTES = 19, 2
_ARRAY_OID = {21: 1005, 23: 1007, 20: 1016, 701: 1022, 1184: 1185}

Column = npt.NDArray[np.int64] | npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Array:
    """A one-dimensional array parameter without NULLs, in binary form already."""

    oid: int
    data: bytes


def array(kind: Type, values: Column) -> Array:
    """Encode a column as an array parameter."""
    count = len(values)
    head = np.array([1, 0, kind.oid, count, 1], dtype=">i4").tobytes()
    body = np.empty(count, dtype=[("size", ">i4"), ("value", kind.dtype)])
    body["size"] = np.dtype(kind.dtype).itemsize
    body["value"] = values + kind.shift if kind.shift else values
    return Array(_ARRAY_OID[kind.oid], head + body.tobytes())


def instants(times: Sequence[datetime]) -> Array:
    """Encode aware times as an array parameter: many times as quickly as a list of them."""
    return array(TIMESTAMPTZ, np.array([to_us(each) for each in times], np.int64))


def copy_rows(kinds: Sequence[Type], columns: Sequence[Column]) -> bytes:
    """Encode columns of equal length as the whole text of a binary COPY."""
    fields: list[tuple[str, str]] = [("count", ">i2")]
    for position, kind in enumerate(kinds):
        fields += [(f"size{position}", ">i4"), (f"value{position}", kind.dtype)]
    rows = np.empty(len(columns[0]), dtype=np.dtype(fields))
    rows["count"] = len(kinds)
    for position, (kind, column) in enumerate(zip(kinds, columns, strict=True)):
        rows[f"size{position}"] = np.dtype(kind.dtype).itemsize
        rows[f"value{position}"] = column + kind.shift if kind.shift else column
    return b"PGCOPY\n\xff\r\n\0" + b"\0" * 8 + rows.tobytes() + b"\xff\xff"


class _ArrayDumper(Dumper):
    """Hands an `Array` to the server as it is, under the oid that it names."""

    format = Format.BINARY

    def dump(self, obj: Array) -> Buffer | None:
        return obj.data

    def get_key(self, obj: Array, format: Any) -> Any:  # noqa: A002, ARG002 - psycopg's own name
        return (self.cls, obj.oid)

    def upgrade(self, obj: Array, format: Any) -> "_ArrayDumper":  # noqa: A002, ARG002 - psycopg's own name
        dumper = _ArrayDumper(self.cls)
        dumper.oid = obj.oid
        return dumper


def register(known: AdaptersMap) -> None:
    """Let an `Array` be a parameter of a connection opened before this module was imported, as the api's may be."""
    known.register_dumper(Array, _ArrayDumper)


# Every connection that this process opens from now on takes one.
register(adapters)

_ARRAY_HEADER_BYTES = 20


def read_array(kind: Type, sent: bytes | None) -> Column:
    """Read what `array_send` gives of a one-dimensional array without NULLs; None is one without elements."""
    if sent is None:
        return np.empty(0, kind.dtype.replace(">", "="))
    each = np.dtype([("size", ">i4"), ("value", kind.dtype)])
    found: Column = np.frombuffer(sent, each, offset=_ARRAY_HEADER_BYTES)["value"].astype(kind.dtype.replace(">", "="))
    return found - kind.shift if kind.shift else found


def sent_arrays(names: Iterable[str]) -> str:
    """Return what to select so that `read_arrays` gets these columns: a row costs more to hand over than to read."""
    return ", ".join(f"array_send(array_agg({each})) as {each}" for each in names)


def read_arrays(kinds: Mapping[str, Type], sent: Sequence[bytes | None] | None) -> npt.NDArray[np.void]:
    """Read the one row that `sent_arrays` gives: a structured array with these names."""
    columns = [read_array(kind, each) for kind, each in zip(kinds.values(), sent or [None] * len(kinds), strict=True)]
    rows = np.empty(len(columns[0]), np.dtype([(name, each.dtype.replace(">", "=")) for name, each in kinds.items()]))
    for name, column in zip(kinds, columns, strict=True):
        rows[name] = column
    return rows
