"""Web Push with VAPID: to a browser that its person has allowed to be woken, encrypted to that browser alone.

`to` is the browser's subscription as JSON. 404 and 410 say that the browser has given it up: it is not used again.
"""

import json

import requests
from pywebpush import WebPushException, webpush

from alerting.letters import HANGS, TIMEOUT_S, UNREACHED, Fate, Letter, Refused, Send, Sent
from ward.alerts import Priority

_GONE = frozenset({404, 410})
# How long the push service keeps it for a browser that sleeps.
_KEPT_S = 3600


def sender(private_key: str, contact: str) -> Send:
    """Return the way; `private_key` is base64url (32 bytes), `contact` mailto: or https: of who runs this."""

    def send(letter: Letter) -> Fate:
        session = requests.Session()
        session.max_redirects = 0  # a subscription leads to its push service and nowhere else
        content = _content(letter)
        try:
            webpush(
                subscription_info=json.loads(letter.to),
                data=json.dumps(content),
                vapid_private_key=private_key,
                vapid_claims={"sub": contact},
                timeout=TIMEOUT_S,
                ttl=_KEPT_S,
                requests_session=session,
                headers={"Urgency": "high" if letter.priority is Priority.HIGH else "normal"},
            )
        except WebPushException as error:
            return _refused(error)
        except requests.Timeout:
            return Refused(reason=HANGS)
        except requests.ConnectionError:
            return Refused(reason=UNREACHED)
        except (requests.RequestException, ValueError, KeyError) as error:
            return Refused(reason=type(error).__name__)
        finally:
            session.close()
        return Sent()

    return send


def _content(letter: Letter) -> dict[str, object]:
    """Return what the page's worker reads. An alert that comes again has the same tag."""
    alone = len(letter.alert_ids) == 1
    return {
        "title": letter.title,
        "body": letter.team,
        "link": letter.link,
        "id": str(letter.letter_id),
        "tag": f"alert-{letter.alert_ids[0]}" if alone else str(letter.letter_id),
        "urgent": letter.priority is Priority.HIGH,
    }


def _refused(error: WebPushException) -> Refused:
    status = None if error.response is None else error.response.status_code
    if status is None:
        return Refused(reason="the subscription cannot be used", retry=False)
    return Refused(reason=f"HTTP {status}", retry=status >= 429, gone=status in _GONE)
