"""Webhooks: alerts for other systems, signed after Standard Webhooks (id, timestamp and HMAC-SHA256 in headers).

A receiver answers 2xx when it has the message for good; 410 says never again. The id stays the same however often a
message is sent, so whoever keeps it takes each one once. Redirects are not followed.

Nobody makes the platform ask its own network: the name is looked up here, every address of it must be of the outside
world or of a network that `HEMVAKT_WEBHOOK_INSIDE` names, and the one that was looked at is the one that is asked.
"""

import json
import socket
from collections.abc import Collection
from urllib.parse import SplitResult, urlsplit

import urllib3

from alerting.letters import TIMEOUT_S, Fate, Letter, Refused, Send, Sent, signature
from ward.channels import Network, may_reach
from ward.clock import Clock, to_us

_GONE = 410
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
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return Refused(reason=type(error).__name__)
        return _fate(status)

    return send


def _addresses(parts: SplitResult) -> list[str]:
    """Return the IP addresses of a host, in the order in which they are to be tried."""
    known = socket.getaddrinfo(parts.hostname, _port(parts), type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in known))


def _post(parts: SplitResult, address: str, body: bytes, headers: dict[str, str]) -> int:
    """Post to this very address; the certificate must be the host's. Return the status."""
    timeout = urllib3.Timeout(total=TIMEOUT_S)
    host = parts.hostname or ""
    pool: urllib3.HTTPConnectionPool = (
        urllib3.HTTPSConnectionPool(
            address, _port(parts), timeout=timeout, server_hostname=host, assert_hostname=host, retries=False
        )
        if parts.scheme == "https"
        else urllib3.HTTPConnectionPool(address, _port(parts), timeout=timeout, retries=False)
    )
    path = parts.path or "/"
    target = f"{path}?{parts.query}" if parts.query else path
    with pool:
        return pool.urlopen("POST", target, body=body, headers={**headers, "Host": parts.netloc}, redirect=False).status


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


def _fate(status: int) -> Fate:
    if 200 <= status < 300:
        return Sent()
    return Refused(reason=f"HTTP {status}", retry=status not in _NOT_UNDERSTOOD, gone=status == _GONE)
