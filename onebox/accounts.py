"""Accounts from the machine's own command line, for when no operator can log in: who there is, and a way back in.

Whoever can run this has the store in their hands anyway. What it does is in the audit, in the name of the account.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from api.passwords import hash_password
from ward.clock import SystemClock
from ward.errors import ConfigError
from ward.store import accounts, factors, proofs, sessions
from ward.store.accounts import Known
from ward.store.pool import Connection, reach

_REASON = "on the machine's own command line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A password that is good for one log-in, which asks for another."""

    username: str
    password: str


async def lines(database_url: str) -> list[str]:
    """Return a line for each account that has a user name."""
    conn = await reach(database_url, "account")
    async with conn:
        known = await accounts.named(conn)
    return [f"{each.username}  {each.role or each.kind}{'  disabled' if each.disabled else ''}" for each in known]


async def reset(database_url: str, username: str) -> Given:
    """Give an account a password that is drawn, told here once, and changed at the first log-in; its sessions end."""
    password = secrets.token_urlsafe(12)

    async def give(conn: Connection, known: Known, now: datetime) -> None:
        await proofs.give_password(conn, known.account_id, hash_password(password), _REASON, now)

    await _act(database_url, username, give)
    return Given(username=username, password=password)


async def disable(database_url: str, username: str) -> None:
    """Shut an account: its sessions end, and their sockets close at once."""

    async def shut(conn: Connection, known: Known, now: datetime) -> None:
        proved = await proofs.read(conn, known.account_id)
        if proved is not None:
            await accounts.disable(conn, known.account_id, _REASON, proved.actor, now)

    await _act(database_url, username, shut)


async def remove_factor(database_url: str, username: str) -> bool:
    """Take an account's second factor away, where the telephone and the codes are lost; False where there was none."""
    removed = False

    async def remove(conn: Connection, known: Known, now: datetime) -> None:
        nonlocal removed
        proved = await proofs.read(conn, known.account_id)
        if proved is not None:
            removed = await factors.remove(conn, known.account_id, proved.actor, now, _REASON)

    await _act(database_url, username, remove)
    return removed


async def _act(database_url: str, username: str, act: Callable[[Connection, Known, datetime], Awaitable[None]]) -> None:
    conn = await reach(database_url, "account")
    async with conn:
        found = await sessions.find_account(conn, username)
        known = next((each for each in await accounts.named(conn) if each.username == username), None)
        if found is None or known is None:
            raise ConfigError(f"No open account has the user name {username!r}: hemvakt account list shows them.")
        await act(conn, known, SystemClock().now())
