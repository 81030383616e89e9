"""What a notification says, and which of many become one message. Pure.

Nothing personal is in a letter: the priority, the team, how many patients, and a link to log in by. No name, no number,
no vital value, no rule: a telephone shows it on its lock screen, and a gateway keeps it.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from ward.alerts import AlertId, Priority
from ward.people import TeamId
from ward.store.outbox import Alike, Due

_PRIORITY = {
    "sv": {Priority.HIGH: "hög", Priority.MEDIUM: "medel", Priority.LOW: "låg"},
    "en": {Priority.HIGH: "high", Priority.MEDIUM: "medium", Priority.LOW: "low"},
}
_TITLE = {"sv": "Larm {priority} – logga in", "en": "Alert {priority} – log in"}
_MANY = {
    "sv": "{patients} patienter: larm {priority} – logga in",
    "en": "{patients} patients: alert {priority} – log in",
}

MOST_ATTEMPTS = 10
_FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message on one way. `letter_id` stays the same however often it is sent, so that a receiver can tell.

    A group that has grown meanwhile is another letter: who takes each once would never hear of what was added.
    """

    letter_id: UUID
    to: str
    title: str
    text: str
    link: str
    priority: Priority
    team_id: TeamId
    team: str
    alert_ids: tuple[AlertId, ...]
    patients: int
    queued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The way's provider has taken it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It did not come through. `retry`: it may another time; `gone`: the address will never work again."""

    reason: str
    retry: bool = True
    gone: bool = False


HANGS = "it does not answer"
UNREACHED = "it cannot be reached"

Fate = Sent | Refused
Send = Callable[[Letter], Fate]
"""A way out: blocks for at most `TIMEOUT_S` seconds, and never raises for what the other side does."""
TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Notifications that go out as one."""

    rows: tuple[Due, ...]

    @property
    def first(self) -> Due:
        """The row that stands for all."""
        return self.rows[0]

    @property
    def alike(self) -> Alike:
        """What it has in common with whatever could be one message with it."""
        return alike(self.first)

    @property
    def group_id(self) -> UUID | None:
        """What its rows have in common, None where there is one."""
        return self.first.notification_id if len(self.rows) > 1 else None

    @property
    def letter_id(self) -> UUID:
        """The id of just these rows: that of one alone is its own."""
        if len(self.rows) == 1:
            return self.first.notification_id
        return uuid5(self.first.notification_id, ",".join(sorted(str(row.notification_id) for row in self.rows)))


def alike(row: Due) -> Alike:
    """Return what the rows of one message have in common: one address, one team and one family."""
    return Alike(row.channel, row.channel_id, row.staff_id, row.team_id, row.family)


def messages(rows: Iterable[Due]) -> list[Message]:
    """Join what is for one address, one team and one family.

    What is of high priority goes alone, unless one act has caused it all: then it is joined with what that has caused.
    """
    found: dict[tuple[object, ...], list[Due]] = {}
    for row in rows:
        found.setdefault(_joined(row), []).append(row)
    # The oldest stands for all.
    return [
        Message(rows=tuple(sorted(each, key=lambda row: (row.queued_at, row.notification_id))))
        for each in found.values()
    ]


def _joined(row: Due) -> tuple[object, ...]:
    if row.priority != Priority.HIGH:
        return alike(row)
    return (row.notification_id,) if row.group_id is None else (row.group_id, *alike(row))


def letter(message: Message, public_url: str) -> Letter:
    """Put a message into words, in the language of whom it is for."""
    first = message.first
    language = "en" if first.language == "en" else "sv"
    priority = max(Priority(row.priority) for row in message.rows)
    patients = len({row.stay_id for row in message.rows})
    words = {"patients": patients, "priority": _PRIORITY[language][priority]}
    title = (_TITLE if patients == 1 else _MANY)[language].format(**words)
    path = f"/?alert={first.alert_id}" if patients == 1 else "/"
    link = public_url.rstrip("/") + path
    return Letter(
        letter_id=message.letter_id,
        to=first.address or "",
        title=title,
        text=f"{title}. {first.team_name}. {link}",
        link=link,
        priority=priority,
        team_id=first.team_id,
        team=first.team_name,
        alert_ids=tuple(dict.fromkeys(row.alert_id for row in message.rows)),
        patients=patients,
        queued_at=first.queued_at,
    )


def retry_at(attempts: int, now: datetime) -> datetime | None:
    """Return when to try again after so many attempts, waiting twice as long each time; None: not any more."""
    if attempts >= MOST_ATTEMPTS:
        return None
    doubled: int = 2 ** max(0, attempts - 1)
    return now + min(LONGEST_WAIT, _FIRST_WAIT * doubled)


def signature(key: bytes, letter_id: str, stamp: int, body: bytes) -> str:
    """Return what a receiver checks a webhook by: HMAC-SHA256 over id, time and body (Standard Webhooks, v1)."""
    signed = b"%b.%d.%b" % (letter_id.encode(), stamp, body)
    return "v1," + b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
