"""Telephones, mail and chats through Apprise, which speaks to a hundred gateways by one kind of address.

The operator sets the gateway's address with `{to}` in it; a person's telephone number or mail address is put there,
quoted, so that it can name a receiver and nothing else. What Apprise says itself goes to no log: it would name them.
"""

import logging
from urllib.parse import quote

import apprise

from alerting.letters import Fate, Letter, Refused, Send, Sent


def sender(template: str) -> Send:
    """Return the way that an Apprise address with `{to}` describes."""
    logging.getLogger("apprise").setLevel(logging.CRITICAL)

    def send(letter: Letter) -> Fate:
        way = apprise.Apprise()
        if not way.add(template.replace("{to}", quote(letter.to, safe=""))):
            return Refused(reason="the gateway cannot be used with this address", retry=False)
        try:
            told = way.notify(title=letter.title, body=letter.text)
        except (TypeError, OSError) as error:
            return Refused(reason=type(error).__name__)
        return Sent() if told else Refused(reason="the gateway refused it")

    return send


def usable(template: str) -> bool:
    """Tell whether Apprise knows such an address."""
    return bool(apprise.Apprise().add(template.replace("{to}", quote("+46701740605", safe=""))))
