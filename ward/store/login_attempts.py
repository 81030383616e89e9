"""Attempts to prove who one is, counted so that guessing is slow: by name and address, by name, by address.

An attempt is counted before the secret is looked at, in one statement: guesses in parallel count too. Nobody is ever
kept out for good: the longest wait is a minute, and what is refused for its waiting is not counted.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ward.store.pool import Connection

LONGEST_WAIT = timedelta(seconds=60)
FORGOTTEN_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What is counted together, and how many attempts of it are free."""

    subject: str
    free: int


def network(address: str) -> str:
    """Return what counts as one sender: an IPv4 address, or the /64 that a household or ward has of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
    return str(parsed)


def of_address(address: str) -> Limit:
    """Return the bound of one address: a hospital has one for hundreds of people."""
    return Limit(subject=f"address {network(address)}", free=100)


def of_log_in(name: str, address: str) -> list[Limit]:
    """Return the bounds of a log-in, the narrowest first.

    Five guesses at a name from one place are free, and thirty from all: who guesses elsewhere keeps nobody out soon.
    """
    place = network(address)
    return [
        Limit(subject=f"name {name} from {place}", free=5),
        of_address(address),
        Limit(subject=f"name {name}", free=30),
    ]


async def count(conn: Connection, limits: Sequence[Limit], now: datetime) -> bool:
    """Count an attempt against each limit; False when one of them must wait, and the rest is then not counted.

    Beyond what is free, each further attempt must wait twice as long as the one before, up to a minute.
    """
    await conn.execute("delete from login_failure where last_at < %s", (now - timedelta(days=1),))
    for limit in limits:
        cursor = await conn.execute(
            """
            insert into login_failure as f (subject, failures, last_at) values (%(subject)s, 1, %(now)s)
            on conflict (subject) do update
                set failures = case when f.last_at <= %(forgotten)s then 1 else f.failures + 1 end, last_at = %(now)s
                where f.last_at <= %(forgotten)s or f.failures < %(free)s
                   or f.last_at + least(%(longest)s, interval '1 s' * 2 ^ least(f.failures - %(free)s, 20)) <= %(now)s
            returning 1
            """,
            {
                "subject": limit.subject,
                "now": now,
                "forgotten": now - FORGOTTEN_AFTER,
                "free": limit.free,
                "longest": LONGEST_WAIT,
            },
        )
        if await cursor.fetchone() is None:
            return False
    return True


async def clear(conn: Connection, name: str, address: str) -> None:
    """Forget the attempts of a name after one that succeeded; of an address only that one is taken back."""
    pair, place, whole = of_log_in(name, address)
    await conn.execute("delete from login_failure where subject = any(%s)", ([pair.subject, whole.subject],))
    await take_back(conn, place)


async def take_back(conn: Connection, limit: Limit) -> None:
    """Take one attempt back: it was somebody who may."""
    await conn.execute(
        "update login_failure set failures = greatest(failures - 1, 0) where subject = %s", (limit.subject,)
    )
