"""How fast an account may ask."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import pace
from api.pace import AT_ONCE, Pace
from ward.access.principals import AccountId

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANNA, OSKAR = AccountId(1), AccountId(2)


@given(steps_ms=st.lists(st.integers(0, 3000), max_size=200), rate=st.integers(1, 5))
def test_no_span_holds_more_than_the_bucket_and_what_flowed_in(steps_ms: list[int], rate: int) -> None:
    """However requests come, as many are let through as the rate gives in that time and the bucket held, no more."""
    kept, now, through = Pace(rate), NOON, 0
    for step in steps_ms:
        now += timedelta(milliseconds=step)
        through += kept.take(ANNA, now).wait_s == 0

    assert through <= rate * (AT_ONCE + (now - NOON).total_seconds()) + 1e-6
    assert through == len(steps_ms) or through >= rate * AT_ONCE


def test_who_waits_as_long_as_told_goes_on_and_others_are_not_held_up() -> None:
    """An empty bucket says how long; after that one request goes on. Each episode begins once."""
    kept = Pace(2)
    for _ in range(2 * AT_ONCE):
        assert kept.take(ANNA, NOON).wait_s == 0
    first, second = kept.take(ANNA, NOON), kept.take(ANNA, NOON)

    assert (first.wait_s, first.begins, second.begins) == (1, True, False)
    assert kept.take(OSKAR, NOON).wait_s == 0
    assert kept.take(ANNA, NOON - timedelta(hours=1)).wait_s == 1
    assert kept.take(ANNA, NOON + timedelta(seconds=1)).wait_s == 0
    assert Pace(0).take(ANNA, NOON).wait_s == 0


def test_no_more_buckets_are_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many accounts those used last are kept; one that was forgotten begins anew."""
    monkeypatch.setattr(pace, "MOST", 3)
    kept = Pace(1)
    for account in (1, 2, 3, 1, 4):
        kept.take(AccountId(account), NOON)

    assert list(kept._buckets) == [3, 1, 4]
