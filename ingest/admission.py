"""Asking whether a device may come in: one task for each CONNECT, bounded in time.

Shell. Knows no sessions and writes no packets; `enter` does both. The invariant: a device that is revoked while its
credentials are being checked is not let in, whatever the check says.
"""

import asyncio
from collections.abc import Callable

from ingest.connection import State
from ingest.handshake import terms
from ingest.identity import Presented
from ingest.link import Link, Pause
from ingest.packets import Connect
from ingest.reasons import Reason
from ingest.session import Counters, Limits
from ingest.sessions import Admitted, Asking, Sessions
from ward import log
from ward.errors import HemvaktError

Enter = Callable[[Link, Connect, Admitted], Reason]
MOST_NAME_CHARACTERS = 64


class Admission:
    """The connections that wait for their credentials to be checked.

    Parameters
    ----------
    sessions : Sessions
        Says whether a device may come in, and what is kept of its session.
    enter : callable
        Lets the device in, or gives the reason why not.
    limits : Limits
        How long a check may take, and a session last.
    """

    def __init__(self, sessions: Sessions, enter: Enter, counters: Counters, limits: Limits) -> None:
        self._sessions = sessions
        self._enter = enter
        self._counters = counters
        self._limits = limits
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
            async with asyncio.timeout(self._limits.connect_timeout_s):
                admitted = await self._sessions.open(_asking(link, connect, client_id, self._limits))
            reason = self._decide(link, connect, admitted)
            if admitted is not None and reason is not Reason.SUCCESS:
                self._sessions.close(admitted)
        except (HemvaktError, OSError, TimeoutError):
            reason = Reason.SERVER_UNAVAILABLE
        finally:
            self._revoked.pop(link, None)
            self._tasks.pop(link, None)
            if link.core.state is State.ASKING:
                self._refuse(link, connect, client_id, reason)

    def _decide(self, link: Link, connect: Connect, admitted: Admitted | None) -> Reason:
        if link.core.state is not State.ASKING:
            return Reason.UNSPECIFIED_ERROR
        if admitted is None or admitted.device_id in self._revoked.get(link, ()):
            return Reason.NOT_AUTHORIZED
        return self._enter(link, connect, admitted)

    def _refuse(self, link: Link, connect: Connect, client_id: str, reason: Reason) -> None:
        self._counters.refused += 1
        self._log.info(
            "device_refused",
            username=(connect.username or "")[:MOST_NAME_CHARACTERS],
            client_id=client_id[:MOST_NAME_CHARACTERS],
            reason=reason.name,
        )
        link.finish(reason)


def _asking(link: Link, connect: Connect, client_id: str, limits: Limits) -> Asking:
    presented = Presented(
        client_id=client_id, username=connect.username, password=connect.password, certificate=link.certificate()
    )
    expiry_s = terms(connect, client_id, limits).session_expiry_s
    return Asking(presented=presented, clean=connect.clean_start, expiry_s=expiry_s)
