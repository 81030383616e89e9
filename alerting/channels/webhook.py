"""Webhooks: alerts for other systems, signed after Standard Webhooks (id, timestamp and HMAC-SHA256 in headers).

A receiver answers 2xx when it has the message for good; 410 says never again. The id stays the same however often a
message is sent, so whoever keeps it takes each one once. Redirects are not followed.
"""

import json

import urllib3

from alerting.letters import TIMEOUT_S, Fate, Letter, Refused, Send, Sent, signature
from ward.clock import Clock, to_us

_GONE = 410
_NOT_UNDERSTOOD = frozenset({400, 401, 403, 404, 405, 413, 415, 422})


def sender(key: str, clock: Clock) -> Send:
    """Return the way; `key` signs."""
    connections = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=TIMEOUT_S), maxsize=4)

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
            answer = connections.request("POST", letter.to, body=body, headers=headers, redirect=False)
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            return Refused(reason=type(error).__name__)
        return _fate(answer.status)

    return send


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
