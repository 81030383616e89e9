"""The sockets on which the endpoint listens, with TLS where certificates are given, renewed while it runs.

Shell. Knows no MQTT. The invariant: new certificates take the place of the old ones without a moment in which nobody
listens and without a connection lost; files that are no use (half written, say) leave the old ones in force.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from datetime import datetime
from typing import Final

from ward import log, tls
from ward.chores import Kind

BACKLOG: Final = 4096


# A peer that has vanished without a word is noticed within two minutes, also where its MQTT keep-alive is long or
# none: silence is probed after `_IDLE_S`, and what is sent must be acknowledged (by TCP) within `_UNSENT_S`.
_IDLE_S, _PROBE_S, _PROBES, _UNSENT_S = 60, 15, 4, 60


def notice_half_open(connection: socket.socket | None) -> None:
    """Have the system end a connection whose peer has vanished; as far as it can (Linux: wholly)."""
    if connection is None:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    wanted = {"TCP_KEEPIDLE": _IDLE_S, "TCP_KEEPINTVL": _PROBE_S, "TCP_KEEPCNT": _PROBES}
    wanted["TCP_USER_TIMEOUT"] = _UNSENT_S * 1000
    for name, value in wanted.items():
        option = getattr(socket, name, None)
        if option is not None:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)


class Listener:
    """Listens and hands every connection to a protocol of its own.

    Parameters
    ----------
    make : callable
        Gives the protocol of a new connection.
    certificates : tls.Files, optional
        TLS, and what of it; None speaks plainly.
    handshake_s : float
        How long a TLS handshake may take, in seconds.
    """

    def __init__(
        self, make: Callable[[], asyncio.Protocol], certificates: tls.Files | None, handshake_s: float
    ) -> None:
        self._make = make
        self._certificates = certificates
        self._handshake_s = handshake_s
        self._stamp: object = None
        self._servers: list[asyncio.Server] = []
        self._sockets: list[socket.socket] = []
        self._log = log.get()
        self.renewals = 0
        # When the certificates in use end, which are those of the files unless these are no use.
        self.ends: dict[Kind, datetime] = {}

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port, which the system chose for 0. OSError where it cannot."""
        context = None
        if self._certificates is not None:
            self._stamp = self._certificates.stamp()
            context = self._certificates.context()
            self.ends = self._certificates.ends()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            self._make, host, port, ssl=context, ssl_handshake_timeout=self._patience(context), backlog=BACKLOG
        )
        self._servers = [server]
        self._sockets = [socket.fromfd(each.fileno(), each.family, each.type) for each in server.sockets]
        return int(server.sockets[0].getsockname()[1])

    @property
    def serving(self) -> bool:
        """True while connections are taken."""
        return bool(self._servers) and all(server.is_serving() for server in self._servers)

    async def renew(self) -> None:
        """Read the certificates anew if their files have changed; connections that are open keep theirs."""
        if self._certificates is None or not self.serving or (stamp := self._certificates.stamp()) == self._stamp:
            return
        self._stamp = stamp
        try:
            context = self._certificates.context()
        except (OSError, ValueError) as error:
            self._log.error("certificates_unusable", error=str(error)[:200])
            return
        before, self._servers = self._servers, [await self._serve(each, context) for each in self._sockets]
        for server in before:
            server.close()
        self.renewals += 1
        self.ends = self._certificates.ends()
        self._log.info("certificates_renewed")

    def close(self) -> None:
        """Take no more connections; those that are open stay."""
        for server in self._servers:
            server.close()
        for each in self._sockets:
            each.close()

    async def _serve(self, listening: socket.socket, context: ssl.SSLContext) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            self._make,
            sock=listening.dup(),
            ssl=context,
            ssl_handshake_timeout=self._patience(context),
            backlog=BACKLOG,
        )

    def _patience(self, context: ssl.SSLContext | None) -> float | None:
        return None if context is None else self._handshake_s
