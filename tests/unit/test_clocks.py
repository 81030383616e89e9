"""What messages tell of their devices' clocks."""

from datetime import UTC, datetime

import numpy as np

from ingest.clocks import WHILE, Clocks
from ward.store.device_clocks import ENOUGH

NOW = datetime(2026, 11, 21, 10, 0, 1, tzinfo=UTC)


def told(clocks: Clocks) -> dict[int, tuple[int, int]]:
    """Return what has changed: by device, how far ahead and after how many messages."""
    return {each.device_no: (each.ahead_us, each.messages) for each in clocks.take()}


def test_the_newest_of_a_while_tells_most() -> None:
    """Delay only ever makes a clock look slower, so the greatest lead of a while stands."""
    clocks = Clocks()
    clocks.note(np.array([1, 2, 1]), np.array([-400_000, 45_000_000, -20_000]), NOW)

    assert told(clocks) == {1: (-20_000, 2), 2: (45_000_000, 1)}


def test_what_has_not_changed_is_told_once() -> None:
    """An estimate is given out when it moves, not with every message for ever."""
    clocks = Clocks()
    for _ in range(ENOUGH):
        clocks.note(np.array([1]), np.array([0]), NOW)
    assert told(clocks) == {1: (0, ENOUGH)}
    clocks.note(np.array([1]), np.array([-1]), NOW)
    assert told(clocks) == {}
    clocks.note(np.array([1]), np.array([200_000]), NOW)

    assert told(clocks) == {1: (200_000, ENOUGH)}


def test_h08_a_clock_that_was_set_right_is_soon_believed() -> None:
    """The next while begins anew, whatever was heard before."""
    clocks = Clocks()
    clocks.note(np.array([1]), np.array([90_000_000]), NOW)
    clocks.take()
    clocks.note(np.array([1]), np.array([0]), NOW + WHILE)

    assert told(clocks) == {1: (0, 1)}


def test_what_could_not_be_kept_is_told_again() -> None:
    """An estimate that the store did not take is not forgotten."""
    clocks = Clocks()
    clocks.note(np.array([1]), np.array([5]), NOW)
    clocks.put_back(clocks.take())

    assert told(clocks) == {1: (5, 1)}
