"""Thousands of WebSocket clients in one process: plain sockets and epoll, so that they cost little beside the server.

They understand just enough: where frames begin, that a ping wants a pong, and when certain bytes came. Not part of the
product.
"""

import base64
import os
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_HELLO = (
    b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n%b"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n\r\n"
)
_AT_ONCE = 25
_LARGEST = 1 << 16
_TEXT, _CLOSE, _PING = 1, 8, 9


@dataclass(slots=True)
class Peer:
    """One client: its socket, and what has come of a frame that is not whole yet."""

    line: socket.socket
    rest: bytes = b""

    def frames(self) -> list[tuple[int, bytes]]:
        """Read once; return the frames that are whole now, by opcode.

        Raises
        ------
        ConnectionError
            If the server has closed.
        """
        more = self.line.recv(_LARGEST)
        if not more:
            raise ConnectionError("the server has hung up")
        data, at, found = self.rest + more, 0, []
        while (frame := _frame(data, at)) is not None:
            begin, end = frame
            opcode = data[at] & 15
            if opcode == _PING:
                self.line.send(bytes((0x8A, 0x80 | (end - begin), 0, 0, 0, 0)) + data[begin:end])
            elif opcode == _CLOSE:
                raise ConnectionError("the server closes")
            else:
                found.append((opcode, data[begin:end]))
            at = end
        self.rest = data[at:]
        return found


def _frame(data: bytes, at: int) -> tuple[int, int] | None:
    """Return where the payload of the frame that begins here begins and ends, None when it is not all there."""
    if len(data) < at + 2:
        return None
    size, begin = data[at + 1] & 127, at + 2
    if size > 125:
        wide = 2 if size == 126 else 8
        if len(data) < begin + wide:
            return None
        size, begin = int.from_bytes(data[begin : begin + wide]), begin + wide
    return (begin, begin + size) if len(data) >= begin + size else None


@dataclass(frozen=True, slots=True)
class Crowd:
    """Everybody who is connected."""

    peers: dict[int, Peer]
    polled: select.epoll

    def forget(self, seconds: float) -> None:
        """Read and forget what comes for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            for number, _ in self.polled.poll(left):
                self.peers[number].frames()

    def hear(self, sign: bytes, patience_s: float) -> tuple[list[int], bytes]:
        """Wait until everybody has heard a text with these bytes.

        Returns
        -------
        (k,) nanoseconds since 1970 when it came to each who heard it, and the text.
        """
        came: dict[int, int] = {}
        found = b""
        until = time.monotonic() + patience_s
        while len(came) < len(self.peers) and time.monotonic() < until:
            for number, _ in self.polled.poll(0.5):
                for opcode, text in self.peers[number].frames():
                    if opcode == _TEXT and sign in text:
                        came.setdefault(number, time.time_ns())
                        found = text
        return sorted(came.values()), found


@contextmanager
def crowd(port: int, path: str, headers: Callable[[int], bytes], many: int) -> Iterator[Crowd]:
    """Connect so many clients, some at a time; `headers` gives those of each. All are closed at the end."""
    gathered = Crowd({}, select.epoll())
    try:
        for start in range(0, many, _AT_ONCE):
            gathered.forget(0.001 if start else 0)
            some = [_ask(port, path.encode(), headers(start + n)) for n in range(min(_AT_ONCE, many - start))]
            for each in some:
                peer = _accepted(each)
                gathered.peers[each.fileno()] = peer
                gathered.polled.register(each, select.EPOLLIN)
        yield gathered
    finally:
        for peer in gathered.peers.values():
            peer.line.close()
        gathered.polled.close()


def _ask(port: int, path: bytes, headers: bytes) -> socket.socket:
    each = socket.create_connection(("127.0.0.1", port), timeout=30)
    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    each.sendall(_HELLO % (path, headers, base64.b64encode(os.urandom(16))))
    return each


def _accepted(each: socket.socket) -> Peer:
    answer = b""
    while b"\r\n\r\n" not in answer:
        more = each.recv(1024)
        if not more:
            raise ConnectionError("the server has hung up")
        answer += more
    top, _, rest = answer.partition(b"\r\n\r\n")
    if b" 101 " not in top.split(b"\r\n", 1)[0]:
        raise ConnectionError(top[:200].decode(errors="replace"))
    each.setblocking(False)
    return Peer(each, rest)
