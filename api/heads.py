"""The head of a request is bounded in size and time: whoever sends for ever, or nothing, keeps no memory and no place.

Bodies are bounded by `api.gate`, waiting between two requests by uvicorn's keep-alive; uvicorn bounds no head.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES = 64 * 1024
WITHIN_S = 20.0
_REFUSED = b"HTTP/1.1 %s\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's own protocol, which closes what does not come to the end of a head: 431 too long, 408 too late."""

    _in_head = True
    _head_bytes = 0
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes before a head has ended."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._late is None:
                self._await_head()
        super().data_received(data)
        if self._in_head and self._head_bytes > MOST_BYTES:
            self._refuse(b"431 Request Header Fields Too Large")

    def on_headers_complete(self) -> None:
        """Count and wait no longer: what follows is a body, or a socket."""
        self._head_came()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Expect another head; its time begins with its first byte."""
        super().on_message_complete()
        self._in_head, self._head_bytes = True, 0

    def _await_head(self) -> None:
        self._late = self.loop.call_later(WITHIN_S, self._refuse, b"408 Request Timeout")

    def _head_came(self) -> None:
        self._in_head = False
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _refuse(self, status: bytes) -> None:
        if not self.transport.is_closing():
            if self._head_bytes:  # who has said nothing is told nothing
                self.transport.write(_REFUSED % status)
            self.transport.close()
