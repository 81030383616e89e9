"""The PUBLISH packets of a load, filled into templates so that a message costs the generator next to nothing.

Pure: the time is a parameter. The invariant: every reading of a connection has a time of its own, in microseconds,
so none of them is a repeat of another.
"""

import time
from dataclasses import dataclass

from simulator.fleet import packets
from ward.vitals import VITALS, VitalKind
from ward.wire import Leaf, topic

_LEVELS = {VitalKind.HEART_RATE: 70, VitalKind.SPO2: 95, VitalKind.RESP_RATE: 14}
KINDS = tuple(_LEVELS)
_FIRST_SEQ = 10_000_000


def _reading(kind: VitalKind) -> bytes:
    unit = VITALS[kind].unit.replace("%", "%%")
    return f'{{"kind":"{kind}","value":%d,"unit":"{unit}","measured_at":"%b%06dZ","quality":0.97,"seq":%d}}'.encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """A PUBLISH with holes: packet number, then for each reading value, second, microsecond and seq."""

    template: bytes
    levels: tuple[int, ...]


def _shape(device_id: str, first: int, readings: int) -> _Shape:
    kinds = [KINDS[(first + n) % len(KINDS)] for n in range(readings)]
    payload = b",".join(_reading(kind) for kind in kinds)
    if readings > 1:
        payload = b"[%b]" % payload
    head = packets.text(topic(device_id, Leaf.VITALS)) + b"%b"
    filled = (head + payload) % (b"id", *(hole for _ in kinds for hole in (10, b" " * 20, 0, _FIRST_SEQ)))
    levels = tuple(_LEVELS[kind] for kind in kinds)
    return _Shape(template=b"\x32" + packets.remaining(len(filled)) + head + payload, levels=levels)


class Publisher:
    """Makes the PUBLISH packets of one device, `readings` in each, and remembers what it made.

    `made` holds (kind code, measured_us) of every reading, in order.
    """

    def __init__(self, device_id: str, readings: int) -> None:
        self._shapes = [_shape(device_id, first, readings) for first in range(len(KINDS))]
        self._codes = [VITALS[kind].code for kind in KINDS]
        self._count = 0
        self._last_us = 0
        self._second = (0, b"")
        self.made: list[tuple[int, int]] = []

    def next(self, now_us: int) -> bytes:
        """Return the next packet, its readings measured at `now_us` or the free microseconds after it."""
        first = self._count % len(KINDS)
        shape = self._shapes[first]
        at_us = max(now_us, self._last_us + 1)
        holes: list[int | bytes] = [(self._count % 65_535 + 1).to_bytes(2, "big")]
        for n, level in enumerate(shape.levels):
            holes += (level + self._count % 4, self._second_text(at_us + n), (at_us + n) % 1_000_000)
            holes.append(_FIRST_SEQ + self._count)
            self.made.append((self._codes[(first + n) % len(KINDS)], at_us + n))
        self._last_us = at_us + len(shape.levels) - 1
        self._count += 1
        return shape.template % tuple(holes)

    def _second_text(self, at_us: int) -> bytes:
        second = at_us // 1_000_000
        if self._second[0] != second:
            self._second = (second, time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second)).encode())
        return self._second[1]
