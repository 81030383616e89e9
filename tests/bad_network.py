"""A network that tests can break between a browser and a server: cut off, or with answers that never come back.

A relay on a port of its own; nothing here is a test. The invariant: what the server was sent whole it has, whatever the
browser is told of it.
"""

import contextlib
import socket
import threading
from enum import StrEnum
from typing import Self

_BYTES = 65536


class Weather(StrEnum):
    """What becomes of what is sent: carried both ways, sent but never answered, or nothing at all."""

    FAIR = "fair"
    DEAF = "deaf"
    CUT = "cut"


class BadNetwork:
    """A relay to a server of this machine. Changing the weather ends the connections that there are."""

    def __init__(self, port: int) -> None:
        self._server = port
        self._weather = Weather.FAIR
        self._open: set[socket.socket] = set()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"

    def __enter__(self) -> Self:
        """Open the door."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the door and every connection."""
        self._door.close()
        self.turn(Weather.CUT)

    def turn(self, weather: Weather) -> None:
        """Have another weather from now on."""
        self._weather = weather
        for each in list(self._open):
            _end(each)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._door.accept()
                if self._weather is Weather.CUT:
                    _end(near)
                    continue
                far = socket.create_connection(("127.0.0.1", self._server))
                self._open |= {near, far}
                for one, other, ways in ((near, far, {Weather.FAIR, Weather.DEAF}), (far, near, {Weather.FAIR})):
                    threading.Thread(target=self._carry, args=(one, other, ways), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket, ways: set[Weather]) -> None:
        with contextlib.suppress(OSError):
            while said := one.recv(_BYTES):
                if self._weather not in ways:
                    break
                other.sendall(said)
        for each in (one, other):
            _end(each)
            self._open.discard(each)


def _end(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()
