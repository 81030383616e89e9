"""All sessions of the endpoint: found by device and client, bounded, kept for their time."""

import pytest

from ingest.registry import Registry
from ingest.session import Limits, Session


def add(registry: Registry, device_id: str, client_id: str) -> tuple[Session | None, Session | None]:
    """Take in a new session; returns it, None where there is no room, and which one gave way."""
    session = Session(device_id, client_id, 9)
    is_in, evicted = registry.add(session, 0.0)
    return session if is_in else None, evicted


def test_sessions_belong_to_a_device() -> None:
    """The same client id of another device is another session."""
    registry = Registry(Limits())
    mine, _ = add(registry, "kit-1", "c")

    assert registry.find("kit-1", "c") is mine
    assert registry.find("kit-2", "c") is None


def test_sessions_end_when_their_time_is_up() -> None:
    """A released session is kept until its expiry."""
    registry = Registry(Limits())
    kept, _ = add(registry, "kit-1", "c")
    assert kept is not None
    registry.release(kept, 60, 100.0)

    assert len(registry) == 1
    assert registry.expire(159.0) == []
    assert registry.expire(160.0) == [kept]
    assert len(registry) == 0


def test_a_resumed_session_does_not_expire() -> None:
    """Coming back in time keeps a session."""
    registry = Registry(Limits())
    session, _ = add(registry, "kit-1", "c")
    assert session is not None
    registry.release(session, 60, 0.0)
    registry.resume(session)

    assert registry.expire(1000.0) == []
    assert registry.find("kit-1", "c") is session


@pytest.mark.parametrize("limits", [Limits(max_sessions=2), Limits(max_sessions_per_device=2)])
def test_where_sessions_are_bounded_an_offline_one_gives_way(limits: Limits) -> None:
    """A full registry forgets an offline session for a new one, and refuses where all are connected."""
    registry = Registry(limits)
    first, _ = add(registry, "kit-1", "a")
    second, _ = add(registry, "kit-1", "b")
    refused = add(registry, "kit-1", "c")
    assert first is not None
    assert second is not None
    registry.release(second, 60, 1.0)
    registry.release(first, 60, 2.0)
    made, evicted = add(registry, "kit-1", "c")

    assert refused == (None, None)
    assert made is not None
    assert evicted is second
    assert len(registry) == 2


def test_a_device_without_sessions_keeps_its_debt() -> None:
    """What a device may publish is remembered until its stock is whole again, and then nothing of it is."""
    registry = Registry(Limits(device_messages_s=1, device_burst_s=10))
    session, _ = add(registry, "kit-1", "c")
    assert session is not None
    registry.audience("kit-1", 0.0).tokens.take(15, 0, 0.0)
    registry.remove(session)
    registry.expire(1.0)

    assert registry.audience("kit-1", 1.0).tokens.is_over(1.0)
    registry.expire(100.0)
    assert not registry.audience("kit-1", 100.0).tokens.is_over(100.0)
