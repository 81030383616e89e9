"""Where a webhook may go: the outside world, and what is named; and how much of an address is shown."""

import json

import pytest

from ward import channels

OUTSIDE = ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::5db8:d70e"]
INSIDE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.1.1"),
    *("::1", "fe80::1", "fe80::1%eth0", "fd00::1", "ff0e::1", "::ffff:10.0.0.1", "2002:0a00:0001::", "64:ff9b::a00:1"),
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",  # Teredo, of 10.0.0.1
]


@pytest.mark.parametrize("address", OUTSIDE)
def test_webhook_may_go_to_the_outside_world(address: str) -> None:
    """An address that anybody on the internet has may be asked."""
    assert channels.may_reach(address, ())


@pytest.mark.parametrize("address", INSIDE)
def test_webhook_may_not_go_inside_however_the_address_is_written(address: str) -> None:
    """Private, this machine's, of this link, shared, of many, or one of these inside IPv6: not without its name."""
    assert not channels.may_reach(address, channels.networks("10.9.0.0/16"))


def test_network_that_is_named_is_open() -> None:
    """What is named is open, in IPv6's clothes too, and nothing beside it."""
    named = channels.networks("10.1.0.0/16, 192.168.7.7,fd00::/8")

    assert [channels.may_reach(each, named) for each in ("10.1.2.3", "::ffff:10.1.2.3", "192.168.7.7", "fd00::1")] == [
        True
    ] * 4
    assert not channels.may_reach("10.2.0.1", named)
    with pytest.raises(ValueError, match="host bits"):
        channels.networks("10.1.2.3/16")


def test_browser_knows_its_own_subscription_and_nobody_else_can_use_it() -> None:
    """A push subscription is shown as a digest of its endpoint, as the page reckons it; what is none as nothing."""
    endpoint = "https://fcm.googleapis.com/fcm/send/one"

    assert channels.hint("push", json.dumps({"endpoint": endpoint, "keys": {}})) == "004c71a3ade6"
    assert [channels.hint("push", each) for each in ("", "{", "[]", "{}", '{"endpoint": 7}')] == [""] * 5
