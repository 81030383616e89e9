"""Bytes of an MQTT 3.1.1 publisher, written by hand so that a message costs the sender next to nothing. Pure.

Only what a device says that publishes at QoS 1 and hears of its rejects; reading is `frames`. The invariant: a publish
with `DUP` set is, but for that bit, the bytes that were sent before.
"""

from collections.abc import Iterator
from typing import Final

CONNACK: Final = 0x20
PUBLISH: Final = 0x30
PUBACK: Final = 0x40
DUP: Final = 0x08
PACKETS: Final = 65_535
"""Packet identifiers: 1 to this."""
_QOS1: Final = 0x02
_SUBSCRIBE: Final = 0x82


def connect(device_id: str, secret: str) -> bytes:
    """Return a CONNECT with a clean session, the device's credentials and no keep-alive."""
    return _packet(0x10, b"\0\4MQTT\4\xc2\0\0" + text(device_id) + text(device_id) + text(secret))


def subscribe(to: str) -> bytes:
    """Return a SUBSCRIBE at QoS 0, so that nothing need be acknowledged."""
    return _packet(_SUBSCRIBE, b"\0\1" + text(to) + b"\0")


def publish(to: str, payload: bytes, packet: int = 1) -> bytes:
    """Return a PUBLISH at QoS 1 with a packet identifier of 1 to `PACKETS`."""
    return _packet(PUBLISH | _QOS1, text(to) + packet.to_bytes(2, "big") + payload)


def again(sent: bytes) -> bytes:
    """Return a PUBLISH as it is sent once more."""
    return bytes((sent[0] | DUP,)) + sent[1:]


def frames(data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield the packets that are whole: first byte, body, and where the next one begins.

    Parameters
    ----------
    data
        What has come and not been yielded yet; what is left after the last frame waits for more.
    """
    at, size = 0, len(data)
    while at + 2 <= size:
        length, shift, begin = 0, 0, at + 1
        while begin < size:
            low = data[begin]
            length |= (low & 127) << shift
            begin, shift = begin + 1, shift + 7
            if low < 128:
                break
        else:
            return
        if begin + length > size:
            return
        yield data[at], data[begin : begin + length], begin + length
        at = begin + length


def _packet(first: int, body: bytes) -> bytes:
    return bytes((first,)) + remaining(len(body)) + body


def remaining(length: int) -> bytes:
    """Return a length as MQTT writes it: seven bits a byte, the lowest first."""
    out = bytearray()
    while True:
        length, low = length >> 7, length & 127
        out.append(low | (128 if length else 0))
        if not length:
            return bytes(out)


def text(value: str) -> bytes:
    """Return a text as MQTT writes it."""
    encoded = value.encode()
    return len(encoded).to_bytes(2, "big") + encoded
