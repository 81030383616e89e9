"""Time. Shells hold a `Clock`; pure code takes `now`. All times are aware UTC."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and nothing else."""

    def now(self) -> datetime:
        """Return the present as an aware UTC time."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the machine's time, aware, UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place that asks the machine


class FakeClock:
    """A clock that a test moves by hand."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the time that was set last."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move the clock forward by `by` and return the new time."""
        self._now += by
        return self._now

    def set(self, at: datetime) -> None:
        """Set the clock to `at`."""
        self._now = at.astimezone(UTC)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_us(at: datetime) -> int:
    """Return whole microseconds since 1970 of an aware time."""
    since = at - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_us(at_us: int) -> datetime:
    """Return the aware UTC time of `at_us` microseconds since 1970."""
    return EPOCH + timedelta(microseconds=at_us)
