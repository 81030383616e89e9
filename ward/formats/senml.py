"""SenML (RFC 8428), JSON: a pack of records to claims. Decoding only.

What its base fields say is resolved here; whether a value is plausible is not asked. Times before 2**28 are relative
to "now", which the message does not tell: a repeat would get another key, so they are refused. The invariant: every
record is one claim or one reject, and one that cannot be read never stops its neighbours, but for those that need
a base field of it.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec

from ward.clock import from_us
from ward.formats import codes
from ward.formats.claims import (
    MAX_READINGS,
    UNREADABLE,
    Claim,
    Decoded,
    Fault,
    fault_of,
    refused,
    said,
    too_large,
    too_many,
    unreadable,
)
from ward.formats.senml_units import DOUBTFUL, REGISTRY
from ward.vitals import VITALS, VitalKind
from ward.wire import Reason, Reject

# 10 is RFC 8428; 26 is 10 with the feature "secondary units" (RFC 9100).
VERSIONS: Final = (10, 26)
FIRST_ABSOLUTE_S: Final = 1 << 28
_LONGEST = 500  # characters of a name with its base; a long base is looked at with every record
_SHORT = 100  # characters of a name that is remembered; what a stranger makes up must not fill the memory
_YEAR_9999_S = 253_402_300_799
_OURS = {str(kind): codes.Code(kind=kind) for kind in VitalKind}
_SCORES = frozenset(kind for kind, vital in VITALS.items() if vital.unit == "{score}")
_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-:./_")


class Record(msgspec.Struct, gc=False):
    """One record as it stands in JSON. Labels that nobody knows are ignored, but for those that end with `_`."""

    bn: str | None = None
    bt: float | None = None
    bu: str | None = None
    bv: float | None = None
    bver: int | None = None
    n: str | None = None
    u: str | None = None
    v: float | None = None
    vs: str | None = None
    vb: bool | None = None
    vd: str | None = None
    s: float | None = None
    t: float | None = None


class _Unread(msgspec.Struct, gc=False):
    """A record that cannot be used, why, and what becomes of the base fields in it: a value, or None where unread."""

    fault: Fault
    bases: dict[str, str | float | None] = {}


class _Base(msgspec.Struct):
    """The base fields in force; `broken` are those that were sent and could not be read."""

    bn: str = ""
    bt: float = 0.0
    bu: str | None = None
    bv: float = 0.0
    broken: set[str] = set()

    def take(self, record: Record | _Unread) -> None:
        """Put the base fields of a record in force, for itself and those after it."""
        if isinstance(record, Record):
            if record.bn is None and record.bt is None and record.bu is None and record.bv is None:
                return
            found = {label: value for label in _BASES if (value := getattr(record, label)) is not None}
        else:
            found = record.bases
        for label, value in found.items():
            if value is None:
                self.broken.add(label)
            elif label in _BASES:
                setattr(self, label, value)
                self.broken.discard(label)


_BASES = {"bn": str, "bt": float, "bu": str, "bv": float}
_BASE_DECODERS: dict[str, msgspec.json.Decoder[str | float]] = {
    label: msgspec.json.Decoder(kind) for label, kind in (*_BASES.items(), ("bver", int))
}
_pack = msgspec.json.Decoder(list[Record])
_one = msgspec.json.Decoder(Record)
_raw_pack = msgspec.json.Decoder(list[msgspec.Raw])
_labels = msgspec.json.Decoder(dict[str, msgspec.Raw])


def split(payload: bytes) -> Sequence[bytes]:
    """Take a pack apart into its records, as they were sent."""
    return [bytes(each) for each in _raw_pack.decode(payload)]


def decode(payload: bytes) -> Decoded:
    """Decode a pack."""
    if (refusal := too_large(payload)) is not None:
        return refusal
    records: Sequence[Record | _Unread]
    try:
        # A label that must be understood ends with "_"; an escape could hide one.
        records = _pack.decode(payload) if b'_"' not in payload and b"\\" not in payload else []
    except UNREADABLE:
        records = []
    if not records:
        try:
            elements = _raw_pack.decode(payload)
        except UNREADABLE as error:
            return unreadable(payload, error)
        if len(elements) > MAX_READINGS:
            return too_many(payload, len(elements))
        records = [_record(each) for each in elements]
    if len(records) > MAX_READINGS:
        return too_many(payload, len(records))
    return _resolve(payload, records)


def _record(element: msgspec.Raw) -> Record | _Unread:
    """Read one record by itself, and look at all its labels."""
    try:
        labels = _labels.decode(element)
    except UNREADABLE as error:
        return _Unread((fault_of(error), said(error)))
    strange = [label for label in labels if label.endswith("_")]
    bases = {label: _base(label, value) for label, value in labels.items() if label in _BASE_DECODERS}
    if strange:
        # One of them is enough: a record may have very many, and each record after it is told of it.
        bases |= dict.fromkeys([label for label in strange if label.startswith("b")][:1])
        detail = f"label {strange[0][:40]!r} must be understood (RFC 8428, 4.4), and is not"
        return _Unread((Reason.BAD_FIELD, detail), bases)
    try:
        return _one.decode(element)
    except UNREADABLE as error:
        return _Unread((fault_of(error), said(error)), bases)


def _base(label: str, value: msgspec.Raw) -> str | float | None:
    try:
        found: str | float = _BASE_DECODERS[label].decode(value)
    except UNREADABLE:
        return None
    return found


def _resolve(payload: bytes, records: Sequence[Record | _Unread]) -> Decoded:
    """Bring the base fields to the records; rejects are filled in at the end, from the records as they were sent."""
    base = _Base()
    claims: list[Claim] = []
    at: list[int] = []
    faults: list[tuple[int, Fault]] = []
    for index, record in enumerate(records):
        version = record.bver if isinstance(record, Record) else record.bases.get("bver")
        if version is not None and version not in VERSIONS:
            return refused(payload, Reason.UNSUPPORTED, f"SenML version {version}; this platform reads 10 and 26")
        base.take(record)
        claim = _claim(record, base) if isinstance(record, Record) else record.fault
        if isinstance(claim, Claim):
            claims.append(claim)
            at.append(index)
        else:
            faults.append((index, claim))
    if not faults:
        return Decoded(payload, claims, split=split)
    elements = split(payload)
    rejects = [Reject(*fault, elements[index], index) for index, fault in faults]
    return Decoded(payload, claims, rejects, split=split, at=at)


def _claim(record: Record, base: _Base) -> Claim | Fault:
    if base.broken:
        return Reason.BAD_FIELD, f"base field {min(base.broken)[:40]!r} in force here cannot be read"
    if len(base.bn) + len(record.n or "") > _LONGEST:
        return Reason.BAD_FIELD, f"the name is longer than {_LONGEST} characters"
    name = base.bn + (record.n or "")
    code = (_remembered if len(name) <= _SHORT else _code)(name)
    measured_at = _time(base.bt + (record.t or 0.0))
    value = _value(record, base)
    if isinstance(code, tuple):
        return code
    if isinstance(measured_at, tuple):
        return measured_at
    if isinstance(value, tuple):
        return value
    return _united(code, base.bu if record.u is None else record.u, Claim(str(code.kind), value, measured_at))


def _code(name: str) -> codes.Code | Fault:
    """Return what a name's last segment stands for: a kind of ours, a LOINC code or an MDC code."""
    if not name or not _NAME.issuperset(name) or name[0] in "-:./_":
        return Reason.BAD_FIELD, f"name {name[:80]!r}; RFC 8428 (4.5.1) allows letters, digits and - : . / _"
    last = name.replace(":", "/").rpartition("/")[2]
    found = _OURS.get(last) or codes.named(last)
    return found or (
        Reason.UNKNOWN_KIND,
        f"name {name[-80:]!r}; its last segment is no kind, LOINC or MDC code of ours",
    )


_remembered = lru_cache(maxsize=16_384)(_code)


def _value(record: Record, base: _Base) -> float | str | Fault:
    if record.v is not None and record.vs is None and record.vb is None and record.vd is None:
        return base.bv + record.v
    given = [each for each in (record.v, record.vs, record.vb, record.vd) if each is not None]
    if len(given) != 1:
        detail = "more than one value" if given else "no value (a base value or a sum is none)"
        return Reason.BAD_FIELD, f"{detail}; expected v, or vs for consciousness"
    return record.vs if record.vs is not None else (Reason.BAD_FIELD, "vb and vd are no readings; expected v or vs")


def _time(at_s: float) -> int | str | Fault:
    """Return milliseconds since 1970, or text where microseconds matter."""
    if at_s < FIRST_ABSOLUTE_S:
        return (
            Reason.BAD_FIELD,
            f"time {at_s:g} is relative to now, which the message does not tell; send 2**28 or more",
        )
    if not at_s <= _YEAR_9999_S:
        return Reason.BAD_FIELD, f"time {at_s:g} lies outside the calendar"
    at_us = round(at_s * 1e6)
    return from_us(at_us).isoformat() if at_us % 1000 else at_us // 1000


def _united(code: codes.Code, unit: str | None, claim: Claim) -> Claim | Fault:
    """Bring a claim to a unit of ours; what nobody knows is left to `settle` to refuse."""
    if unit is None:
        unitless = code is _OURS[claim.kind] or code.kind in _SCORES
        return claim if unitless else (Reason.WRONG_UNIT, "a name that is a code needs a unit")
    if (doubt := DOUBTFUL.get((code.kind, unit))) is not None:
        return Reason.WRONG_UNIT, doubt
    scaled = REGISTRY.get(code.kind, {}).get(unit)
    claim.unit = codes.ucum(unit) if scaled is None else scaled.unit
    if scaled is not None and not isinstance(claim.value, str):
        claim.value = scaled.value(claim.value)
    if code.unit not in {None, claim.unit}:
        return Reason.WRONG_UNIT, f"unit {unit[:40]!r}; this code is in {code.unit}"
    return claim
