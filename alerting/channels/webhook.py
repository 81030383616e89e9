"""Webhooks: alerts for other systems, signed after Standard Webhooks (id, timestamp and HMAC-SHA256 in headers).

A receiver answers 2xx when it has the message for good; 410 says never again. The id stays the same however often a
message is sent, so whoever keeps it takes each one once. Redirects are not followed; of an answer nothing is read but
its head, and that has to come in time as a whole, not byte by byte.

Nobody makes the platform ask its own network: the name is looked up here, every address of it must be of the outside
world or of a network that `HEMVAKT_WEBHOOK_INSIDE` names, and the one that was looked at is the one that is asked.
"""

import json
import socket
import ssl
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from threading import Event, Timer
from urllib.parse import SplitResult, urlsplit

from alerting.letters import HANGS, TIMEOUT_S, UNREACHED, Fate, Letter, Refused, Send, Sent, signature
from ward.channels import Network, may_reach
from ward.clock import Clock, to_us

_GONE = 410
CONNECT_S = 4.0
_NOT_UNDERSTOOD = frozenset({400, 401, 403, 404, 405, 413, 415, 422})


_INSIDE = Refused(reason="inside the network", retry=False)


def sender(key: str, clock: Clock, inside: Collection[Network] = ()) -> Send:
    """Return the way; `key` signs, `inside` are the networks that may be asked beside the outside world."""

    def send(letter: Letter) -> Fate:
        body = json.dumps(_body(letter)).encode()
        stamp = to_us(clock.now()) // 1_000_000
        headers = {
            "Content-Type": "application/json",
            "webhook-id": str(letter.letter_id),
            "webhook-timestamp": str(stamp),
            "webhook-signature": signature(key.encode(), str(letter.letter_id), stamp, body),
        }
        try:
            parts = urlsplit(letter.to)
            found = _addresses(parts)
            if not found or not all(may_reach(each, inside) for each in found):
                return _INSIDE
            status = _post(parts, found[0], body, headers)
        except (HTTPException, OSError, ValueError) as error:
            return _unanswered(error)
        return _fate(status)

    return send


def _addresses(parts: SplitResult) -> list[str]:
    """Return the IP addresses of a host, in the order in which they are to be tried."""
    known = socket.getaddrinfo(parts.hostname, _port(parts), type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in known))


def _post(parts: SplitResult, address: str, body: bytes, headers: dict[str, str]) -> int:
    """Post to this very address; the certificate must be the host's. Return the status."""
    host = parts.hostname or ""
    path = parts.path or "/"
    target = f"{path}?{parts.query}" if parts.query else path
    with socket.create_connection((address, _port(parts)), CONNECT_S) as line, _hung_up_in_time(line):
        secure = parts.scheme == "https"
        line.settimeout(TIMEOUT_S)
        asking = HTTPConnection(address)
        asking.sock = ssl.create_default_context().wrap_socket(line, server_hostname=host) if secure else line
        with asking.sock:
            asking.request("POST", target, body=body, headers={**headers, "Host": parts.netloc, "Connection": "close"})
            return asking.getresponse().status


@contextmanager
def _hung_up_in_time(line: socket.socket) -> Iterator[None]:
    """Hang up a connection after `TIMEOUT_S`, whatever still comes over it; raise `TimeoutError` then."""
    over = Event()
    twin = line.dup()  # the same connection, also when TLS has taken the other over

    def hang_up() -> None:
        over.set()
        with suppress(OSError):  # it has just ended
            twin.shutdown(socket.SHUT_RDWR)

    timer = Timer(TIMEOUT_S, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        twin.close()
        if over.is_set():
            raise TimeoutError("the answer did not come in time")


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _body(letter: Letter) -> dict[str, object]:
    return {
        "type": "alerts.ringing",
        "timestamp": letter.queued_at.isoformat(),
        "data": {
            "alerts": list(letter.alert_ids),
            "patients": letter.patients,
            "priority": letter.priority.name.lower(),
            "team": {"team_id": letter.team_id, "name": letter.team},
            "link": letter.link,
        },
    }


def _unanswered(error: Exception) -> Refused:
    """Say why there is no answer, in words for people where that is known."""
    if isinstance(error, TimeoutError):
        return Refused(reason=HANGS)
    if isinstance(error, ConnectionError | socket.gaierror):
        return Refused(reason=UNREACHED)
    return Refused(reason=type(error).__name__)


def _fate(status: int) -> Fate:
    if 200 <= status < 300:
        return Sent()
    return Refused(reason=f"HTTP {status}", retry=status not in _NOT_UNDERSTOOD, gone=status == _GONE)
