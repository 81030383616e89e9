"""The values of search parameters: tokens, references, times with prefixes. Pure.

A value that cannot be read is `Refused` with the parameter's name; none is taken for another. A time without an offset
is UTC, as every time of this platform.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from api.fhir import outcome
from api.fhir.outcome import Refused

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_TIME = re.compile(
    r"(eq|ne|gt|lt|ge|le|sa|eb|ap)?"
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})\d*)?)?(Z|[+-]\d{2}:\d{2})?)?)?)?"
)
_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)  # nothing of ours lies outside


class Prefix(StrEnum):
    """How a time is compared, as far as it is understood (`ne` and `ap` are not)."""

    EQ = "eq"
    GT = "gt"
    LT = "lt"
    GE = "ge"
    LE = "le"
    SA = "sa"
    EB = "eb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A code or an identifier; `system` None: whichever, "": none."""

    system: str | None
    value: str

    def is_of(self, system: str, code: str) -> bool:
        """Tell whether a coding is meant; a token without a value means all of its system."""
        return self.system in {None, system} and self.value in {"", code}


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """From `start` until before `end`; None is without limit."""

    start: datetime | None = None
    end: datetime | None = None

    def and_also(self, other: "Times") -> "Times":
        """Return what lies in both."""
        starts = [each for each in (self.start, other.start) if each is not None]
        ends = [each for each in (self.end, other.end) if each is not None]
        return Times(start=max(starts, default=None), end=min(ends, default=None))


EVER = Times()


def token(name: str, text: str) -> Token:
    """Read `code`, `system|code`, `|code` or `system|`."""
    system, bar, value = text.rpartition("|")
    if not value and not system:
        raise Refused(outcome.bad_parameter(name, "The value is empty."))
    return Token(system=system if bar else None, value=value)


def tokens(name: str, text: str) -> tuple[Token, ...]:
    """Read tokens of which one is to fit, with commas between them."""
    return tuple(token(name, each) for each in text.split(","))


def identity(name: str, text: str) -> str:
    """Read a resource's id."""
    if _ID.fullmatch(text) is None:
        raise Refused(outcome.bad_parameter(name, "That is no id: up to 64 of A-Z, a-z, 0-9, '-' and '.'."))
    return text


def reference(name: str, text: str, kind: str, *others: str) -> str:
    """Read a reference to a resource: an id, `Type/id`, or an address that ends in it.

    Where there are several types it is `Type/id` that is returned, and a type must be given; else the id.
    """
    *before, last = text.split("/")
    kinds = (kind, *others)
    if (before and before[-1] not in kinds) or (others and not before):
        raise Refused(outcome.bad_parameter(name, f"That is no reference to a {' or '.join(kinds)}."))
    found = identity(name, last)
    return f"{before[-1]}/{found}" if others else found


def number(name: str, text: str, least: int, most: int) -> int:
    """Read a whole number; more than the most is the most."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 9 or int(text) < least:
        raise Refused(outcome.bad_parameter(name, f"That is no whole number from {least}."))
    return min(int(text), most)


def times(name: str, text: str) -> Times:
    """Read a time of any precision with its prefix: what it means of an instant."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise Refused(outcome.bad_parameter(name, "That is no date or time, as 2026-11-22 or ge2026-11-22T10:00:00Z."))
    prefix = found[1] or "eq"
    if prefix in {"ne", "ap"}:
        raise Refused(outcome.bad_parameter(name, f"The prefix {prefix} is not supported."))
    try:
        start, end = _span(found)
    except (ValueError, OverflowError) as error:
        raise Refused(outcome.bad_parameter(name, "That lies outside the calendar.")) from error
    match Prefix(prefix):
        case Prefix.EQ:
            return Times(start=start, end=end)
        case Prefix.GE:
            return Times(start=start)
        case Prefix.LE:
            return Times(end=end)
        case Prefix.GT | Prefix.SA:
            return Times(start=end)
        case Prefix.LT | Prefix.EB:
            return Times(end=start)


def _span(found: re.Match[str]) -> tuple[datetime, datetime]:
    """Return what a time covers, by how exactly it was given."""
    year, month, day, hour, minute, second, fraction, zone = found.groups()[1:]
    offset = UTC if zone in {None, "Z"} else datetime.strptime(zone, "%z").tzinfo
    start = datetime(
        int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0),
        int((fraction or "").ljust(6, "0") or 0), tzinfo=offset,
    ).astimezone(UTC)  # fmt: skip
    if fraction is not None:
        end = start + timedelta(microseconds=10 ** (6 - len(fraction)))
    elif hour is not None:
        end = start + (timedelta(seconds=1) if second is not None else timedelta(minutes=1))
    elif day is not None:
        end = start + timedelta(days=1)
    elif month is not None:
        end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    else:
        end = start.replace(year=start.year + 1)
    return min(max(start, _FIRST), _LAST), min(max(end, _FIRST), _LAST)
