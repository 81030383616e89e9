"""Addresses of ways to people: what may be entered, and how much of it is shown. Pure; an address is never logged."""

import hashlib
import json
import re
from collections.abc import Collection
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit


class ChannelKind(StrEnum):
    """The ways beside the board."""

    PUSH = "push"
    EMAIL = "email"
    SMS = "sms"
    CHAT = "chat"
    WEBHOOK = "webhook"


# Every way that a notification goes.
WAYS = ("board", "console", *(kind.value for kind in ChannelKind))
# What a person may enter for themselves, and an operator for a team; a browser enters its push subscription itself.
PERSONAL = frozenset({ChannelKind.EMAIL, ChannelKind.SMS})
OF_TEAMS = frozenset({ChannelKind.EMAIL, ChannelKind.SMS, ChannelKind.CHAT, ChannelKind.WEBHOOK})

_TELEPHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_ROOM = re.compile(r"[A-Za-z0-9#@._-]{1,100}")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def fault(kind: ChannelKind, address: str) -> str | None:
    """Return what is wrong with an address, None when nothing is."""
    match kind:
        case ChannelKind.SMS:
            return None if _TELEPHONE.fullmatch(address) else "a telephone number is written +46701740605"
        case ChannelKind.EMAIL:
            return None if len(address) <= 254 and _MAIL.fullmatch(address) else "this is no mail address"
        case ChannelKind.CHAT:
            return None if _ROOM.fullmatch(address) else "a room is letters, digits and #@._-"
        case ChannelKind.WEBHOOK | ChannelKind.PUSH:
            return None if _is_web(address) else "this is no https:// address"


def _is_web(address: str) -> bool:
    """Tell whether an address is one that can be posted to over TLS, or on this machine itself."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return False
    plain = parts.scheme == "http" and host in _LOOPBACK
    return bool(host) and (parts.scheme == "https" or plain) and parts.username is None and len(address) <= 1000


Network = IPv4Network | IPv6Network
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


def networks(said: str) -> tuple[Network, ...]:
    """Return the networks that a list with commas names; a single address is one of its own. Raises `ValueError`."""
    return tuple(ip_network(each.strip()) for each in said.split(",") if each.strip())


def may_reach(address: str, inside: Collection[Network]) -> bool:
    """Tell whether a webhook may go to an IP address: one of the outside world, or of a network that is named.

    An IPv4 address counts as itself however IPv6 carries it.
    """
    where = _carried(ip_address(address))
    return (where.is_global and not where.is_multicast) or any(where in network for network in inside)


def _carried(where: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(where, IPv4Address):
        return where
    for carried in (where.ipv4_mapped, where.sixtofour, None if where.teredo is None else where.teredo[1]):
        if carried is not None:
            return carried
    return IPv4Address(int(where) & 0xFFFFFFFF) if where in _NAT64 else where


def is_push_service(endpoint: str, hosts: Collection[str]) -> bool:
    """Tell whether a browser's endpoint is at a push service that may be used: nobody else is written to."""
    if not _is_web(endpoint):
        return False
    host = urlsplit(endpoint).hostname or ""
    return any(host == each or (each.startswith(".") and host.endswith(each)) for each in hosts)


def hint(kind: str, address: str) -> str:
    """Return as much of an address as tells its owner which one it is."""
    match kind:
        case ChannelKind.SMS:
            return f"…{address[-3:]}"
        case ChannelKind.EMAIL:
            return f"{address[:1]}…@{address.rpartition('@')[2]}"
        case ChannelKind.CHAT:
            return address
        case ChannelKind.WEBHOOK:
            return urlsplit(address).hostname or ""
        case ChannelKind.PUSH:
            return _browser(address)
        case _:
            return ""


def _browser(subscription: str) -> str:
    """Return by what a browser knows its own subscription in a list, and nobody can write to it."""
    try:
        endpoint = json.loads(subscription)["endpoint"]
        return hashlib.sha256(endpoint.encode()).hexdigest()[:12]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
