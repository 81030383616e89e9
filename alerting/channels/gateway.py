"""Telephones, mail and chats through Apprise, which speaks to a hundred gateways by one kind of address.

The operator sets the gateway's address with `{to}` in it; a person's telephone number or mail address is put there,
quoted, so that it can name a receiver and nothing else. What Apprise says itself goes to no log, for it would name
them: of it only why a gateway did not take a letter is kept.
"""

import logging
import re
from contextvars import ContextVar
from urllib.parse import quote

import apprise

from alerting.letters import TIMEOUT_S, UNREACHED, Fate, Letter, Refused, Send, Sent

REFUSED = "the gateway refused it"
_STATUS = re.compile(r"\berror=([1-5][0-9]{2})\b")
_NO_LINE = re.compile(r"connection error", re.IGNORECASE)
_why: ContextVar[list[str] | None] = ContextVar("why", default=None)


class _Why(logging.Handler):
    """Takes out of what Apprise says why a letter was not taken, and drops the rest."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the reason for the call that this belongs to."""
        if (reasons := _why.get()) is None:
            return
        said = record.getMessage()
        if status := _STATUS.search(said):
            reasons.append(f"HTTP {status[1]}")
        elif _NO_LINE.search(said):
            reasons.append(UNREACHED)


def sender(template: str) -> Send:
    """Return the way that an Apprise address with `{to}` describes."""
    _listen()

    def send(letter: Letter) -> Fate:
        way = _way(template.replace("{to}", quote(letter.to, safe="")))
        if way is None:
            return Refused(reason="the gateway cannot be used with this address", retry=False)
        reasons: list[str] = []
        kept = _why.set(reasons)
        try:
            told = way.notify(title=letter.title, body=letter.text)
        except (TypeError, OSError) as error:
            return Refused(reason=type(error).__name__)
        finally:
            _why.reset(kept)
        return Sent() if told else Refused(reason=reasons[0] if reasons else REFUSED)

    return send


def usable(template: str) -> bool:
    """Tell whether Apprise knows such an address."""
    _listen()
    return _way(template.replace("{to}", quote("+46701740605", safe=""))) is not None


def _way(address: str) -> apprise.Apprise | None:
    """Return what sends to an address, as patient as any way is, unless the address itself says how patient it is."""
    way = apprise.Apprise()
    if not way.add(address):
        return None
    for each in way:
        if each.socket_read_timeout == type(each).socket_read_timeout:
            each.socket_read_timeout = TIMEOUT_S
        each.socket_connect_timeout = min(each.socket_connect_timeout, TIMEOUT_S)
    return way


def _listen() -> None:
    """Have what Apprise says come here and go no further."""
    said = logging.getLogger("apprise")
    said.propagate = False
    said.setLevel(logging.WARNING)
    if not any(isinstance(each, _Why) for each in said.handlers):
        said.addHandler(_Why())
