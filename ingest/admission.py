"""Asking whether a device may come in: one task for each CONNECT, bounded in time.

Shell. Knows no sessions and writes no packets; `enter` does both. The invariant: a device that is revoked while its
credentials are being checked is not let in, whatever the check says.
"""

import asyncio
from collections.abc import Awaitable, Callable

from ingest.connection import State
from ingest.identity import Presented
from ingest.link import Link, Pause
from ingest.packets import Connect
from ingest.reasons import Reason
from ingest.session import Counters
from ward import log
from ward.errors import HemvaktError

Authenticate = Callable[[Presented], Awaitable[str | None]]
Enter = Callable[[Link, Connect, str, str], Reason]
MOST_NAME_CHARACTERS = 64


class Admission:
    """The connections that wait for their credentials to be checked.

    Parameters
    ----------
    authenticate : callable
        What a device shows to the device's id, or None.
    enter : callable
        `(link, connect, device id, client id)`: lets the device in, or gives the reason why not.
    timeout_s : float
        How long a check may take, in seconds.
    """

    def __init__(self, authenticate: Authenticate, enter: Enter, counters: Counters, timeout_s: float) -> None:
        self._authenticate = authenticate
        self._enter = enter
        self._counters = counters
        self._timeout_s = timeout_s
        self._tasks: dict[Link, asyncio.Task[None]] = {}
        self._revoked: dict[Link, set[str]] = {}
        self._log = log.get()

    def ask(self, link: Link, connect: Connect, client_id: str) -> None:
        """Begin to check; the link is not read until the answer is there."""
        link.pause(Pause.ASKING)
        self._revoked[link] = set()
        self._tasks[link] = asyncio.create_task(self._check(link, connect, client_id), name="mqtt-admission")

    def revoke(self, device_id: str) -> None:
        """Refuse whoever is being let in as that device."""
        for names in self._revoked.values():
            names.add(device_id)

    def forget(self, link: Link) -> None:
        """Stop checking for a connection that is gone."""
        self._revoked.pop(link, None)
        task = self._tasks.pop(link, None)
        if task is not None:
            task.cancel()

    async def _check(self, link: Link, connect: Connect, client_id: str) -> None:
        reason = Reason.UNSPECIFIED_ERROR
        try:
            async with asyncio.timeout(self._timeout_s):
                device_id = await self._authenticate(_presented(link, connect, client_id))
            reason = self._decide(link, connect, device_id, client_id)
        except (HemvaktError, OSError, TimeoutError):
            reason = Reason.SERVER_UNAVAILABLE
        finally:
            self._revoked.pop(link, None)
            self._tasks.pop(link, None)
            if link.core.state is State.ASKING:
                self._refuse(link, connect, client_id, reason)

    def _decide(self, link: Link, connect: Connect, device_id: str | None, client_id: str) -> Reason:
        if link.core.state is not State.ASKING:
            return Reason.SUCCESS
        if device_id is None or device_id in self._revoked.get(link, ()):
            return Reason.NOT_AUTHORIZED
        return self._enter(link, connect, device_id, client_id)

    def _refuse(self, link: Link, connect: Connect, client_id: str, reason: Reason) -> None:
        self._counters.refused += 1
        self._log.info(
            "device_refused",
            username=(connect.username or "")[:MOST_NAME_CHARACTERS],
            client_id=client_id[:MOST_NAME_CHARACTERS],
            reason=reason.name,
        )
        link.finish(reason)


def _presented(link: Link, connect: Connect, client_id: str) -> Presented:
    return Presented(
        client_id=client_id, username=connect.username, password=connect.password, certificate=link.certificate()
    )
