"""RFC 3339 times to microseconds since 1970, many at once.

The spelling that devices use (`2026-11-21T10:00:00.000Z`, any number of decimals up to six, `Z` or one offset for all)
is read by numpy; any other goes one by one. Both give the same, to the microsecond.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from ward.clock import from_us, to_us
from ward.wire import Reason

Instants = NDArray[np.int64]
BAD: Final = -(1 << 62)  # stands where a text is no time; far from overflowing when something is taken away

YEAR_9999_MS: Final = 253_402_300_799_999

_ZONED = Annotated[datetime, msgspec.Meta(tz=True)]
_SEPARATORS = ((4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"))
_DIGITS = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]
_DATE_TIME = 19  # characters of 2026-11-21T10:00:00
_MOST_DECIMALS = 6
_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_FEW = 8  # below, one by one is quicker


def read(texts: Sequence[str]) -> Instants:
    """Return microseconds since 1970, shape (n,); `BAD` where a text is no time with an offset."""
    found = np.full(len(texts), BAD, dtype=np.int64)
    if len(texts) < _FEW:
        return _one_by_one(texts, np.arange(len(texts)), found)
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        alike = texts if len(rows) == len(texts) else [texts[row] for row in rows.tolist()]
        _read_alike(alike, rows, found)
    return found


def fault_of(text: str, name: str = "measured_at") -> str:
    """Say what is wrong with a text that `read` could not read; `name` is its field's."""
    try:
        msgspec.convert(text, _ZONED, strict=True).astimezone(UTC)
    except msgspec.ValidationError as error:
        return f"{error} - at `$.{name}`"
    except OverflowError:
        pass
    return f"{name} lies outside the calendar"


def one(time: int | str | None) -> int:
    """Return microseconds since 1970 of milliseconds or of a text; `BAD` where it is no time."""
    return int(read([time])[0]) if isinstance(time, str) else of_ms(time)


def of_ms(time: int | str | None) -> int:
    """Return microseconds since 1970 of whole milliseconds; `BAD` before that, after the year 9999, or no number."""
    return time * 1000 if isinstance(time, int) and 0 <= time <= YEAR_9999_MS else BAD


def refusal(time: int | str, found_us: int, name: str = "measured_at") -> tuple[Reason, str]:
    """Say why a time cannot be used that was read as `found_us`: `BAD`, or before 1970; `name` is its field's."""
    if isinstance(time, int):
        said = str(time)[:40] if abs(time) < 10**40 else "a number"
        return Reason.BAD_FIELD, f"{name} {said}; expected milliseconds since 1970"
    if found_us == BAD:
        return Reason.BAD_FIELD, fault_of(time, name)
    return Reason.TOO_OLD, f"measured at {from_us(found_us).isoformat()}, before 1970"


def _read_alike(texts: Sequence[str], rows: NDArray[np.int64], found: Instants) -> None:
    """Read texts of one length into `found[rows]`."""
    length = len(texts[0])
    joined = "".join(texts)
    decimals = length - _DATE_TIME - 2
    plain = length == _DATE_TIME + 1 or 1 <= decimals <= _MOST_DECIMALS
    if not plain or not joined.isascii():
        _one_by_one(texts, rows, found)
        return
    grid = np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(len(texts), length)
    read_us, good = _grid_us(grid, max(decimals, 0))
    found[rows[good]] = read_us[good]
    if not good.all():
        left = np.flatnonzero(~good)
        _one_by_one([texts[each] for each in left.tolist()], rows[left], found)


def _grid_us(grid: NDArray[np.uint8], decimals: int) -> tuple[Instants, NDArray[np.bool_]]:
    """Read rows of `YYYY-MM-DDTHH:MM:SS[.f]Z`; the flags tell which rows are of that form and on the calendar."""
    digits = grid[:, [*_DIGITS, *range(_DATE_TIME + 1, _DATE_TIME + 1 + decimals)]].astype(np.int64) - ord("0")
    good = ((digits >= 0) & (digits <= 9)).all(axis=1) & (grid[:, -1] == ord("Z"))
    for at, separator in (*_SEPARATORS, *(((_DATE_TIME, "."),) if decimals else ())):
        good &= grid[:, at] == ord(separator)
    pairs = digits[:, 0:14:2] * 10 + digits[:, 1:14:2]
    year, month, day = pairs[:, 0] * 100 + pairs[:, 1], pairs[:, 2], pairs[:, 3]
    hour, minute, second = pairs[:, 4], pairs[:, 5], pairs[:, 6]
    good &= (year >= 1) & (month >= 1) & (month <= 12) & (hour < 24) & (minute < 60) & (second < 60)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    last = _DAYS[np.clip(month, 1, 12) - 1] + (leap & (month == 2))
    good &= (day >= 1) & (day <= last)
    seconds = ((_days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
    fraction = digits[:, 14:] @ (10 ** np.arange(decimals - 1, -1, -1, dtype=np.int64)) if decimals else 0
    return seconds * 1_000_000 + fraction * 10 ** (_MOST_DECIMALS - decimals), good


def _days(year: Instants, month: Instants, day: Instants) -> Instants:
    """Return days since 1970 of proleptic Gregorian dates: years begin in March, so the leap day ends them."""
    year = year - (month <= 2)
    since_march = (month + 9) % 12
    days: Instants = year * 365 + year // 4 - year // 100 + year // 400 + (since_march * 153 + 2) // 5 + day - 719_469
    return days


def _one_by_one(texts: Sequence[str], rows: NDArray[np.int64], found: Instants) -> Instants:
    for row, text in zip(rows.tolist(), texts, strict=True):
        try:
            found[row] = to_us(msgspec.convert(text, _ZONED, strict=True).astimezone(UTC))
        except (msgspec.ValidationError, OverflowError):
            found[row] = BAD
    return found
