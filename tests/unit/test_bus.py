"""What is announced, and how it is read."""

from datetime import UTC, datetime

from ward.people import StayId
from ward.store.bus import Channel, Hint, Latest

AT = datetime(2026, 11, 21, 10, 0, 0, 250_000, tzinfo=UTC)


def test_announced_readings_carry_what_is_newest() -> None:
    """A line is a stay alone, or with it the newest reading of a kind, with or without quality."""
    hint = Hint(
        Channel.READINGS, "7,3,1795255200250000,96.5,1795255200250000,0,97;8;9,1,1795255200250000,70,1795255200250000,6"
    )

    assert sorted(hint.ids()) == [7, 8, 9]
    assert hint.latest() == (
        [
            Latest(StayId(7), 3, 96.5, AT, AT, 0, 97),
            Latest(StayId(9), 1, 70.0, AT, AT, 6, None),
        ],
        [8],
    )


def test_other_announcements_are_ids() -> None:
    """On every other channel the payload is ids, and none at all where there is nothing to name."""
    assert Hint(Channel.ALERTS, "3,5").ids() == [3, 5]
    assert Hint(Channel.REGISTRY, "").ids() == []
