"""What a device may publish: its stock, and the episodes of being over it."""

from datetime import UTC, datetime

from ingest.floods import CALM_S, Floods
from ingest.session import Limits
from ingest.tokens import Tokens

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FEW = Limits(device_messages_s=2, device_bytes_s=100, device_burst_s=10)


def test_what_three_hours_offline_have_gathered_passes_at_once() -> None:
    """A message every ten seconds for three hours, one by one, is within the stock as it is shipped."""
    tokens = Tokens(Limits(), 0.0)

    assert not any(tokens.take(1, 2000, 0.0) for _ in range(1080))


def test_the_stock_is_bounded_in_messages_and_in_bytes() -> None:
    """Either runs out by itself, and neither grows beyond a burst however long the device is silent."""
    by_count, by_size = Tokens(FEW, 0.0), Tokens(FEW, 0.0)

    assert [by_count.take(1, 0, 1000.0) for _ in range(21)] == [False] * 20 + [True]
    assert [by_size.take(0, 500, 1000.0) for _ in range(3)] == [False, False, True]


def test_a_device_over_its_allowance_is_readable_when_the_debt_is_paid() -> None:
    """What came is always counted, so a large chunk is waited for as long as it takes on average."""
    tokens = Tokens(FEW, 0.0)
    tokens.take(40, 0, 0.0)

    assert tokens.is_over(9.9)
    assert not tokens.is_over(10.0)
    assert not tokens.is_full(10.0)
    assert tokens.is_full(20.0)


def test_a_clock_that_goes_back_gives_nothing_twice() -> None:
    """The same seconds are not counted again."""
    tokens = Tokens(FEW, 0.0)
    tokens.take(40, 0, 0.0)
    tokens.is_over(5.0)
    tokens.is_over(1.0)

    assert tokens.is_over(9.9)


def test_an_episode_lasts_until_the_device_has_been_calm() -> None:
    """It begins once, holds every connection that was stopped, and ends a minute after the device was last over."""
    floods: Floods[str] = Floods()
    tokens = Tokens(FEW, 0.0)
    tokens.take(40, 0, 0.0)

    assert floods.stop_reading("kit-7", tokens, "a", NOW, 0.0)
    assert not floods.stop_reading("kit-7", tokens, "b", NOW, 0.0)
    assert floods.readable(9.0) == []
    assert sorted(floods.readable(11.0)) == ["a", "b"]
    assert floods.since() == {"kit-7": NOW}
    assert floods.readable(9.0 + CALM_S) == []
    assert floods.since() == {}


def test_a_connection_that_is_gone_is_not_read_again() -> None:
    """Only the connections that are still there come back."""
    floods: Floods[str] = Floods()
    tokens = Tokens(FEW, 0.0)
    tokens.take(40, 0, 0.0)
    floods.stop_reading("kit-7", tokens, "a", NOW, 0.0)
    floods.forget("kit-7", "a")
    floods.forget("kit-8", "a")

    assert floods.readable(100.0) == []
