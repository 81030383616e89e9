"""One device as the endpoint sees it: its sessions, what it has retained, and which of its topics nobody listens to.

Pure. A device's own publishes reach its own sessions and nobody else's. The invariant: a topic stands in `known` only
while no session of the device subscribes to it, so publishing to it costs nothing but the way to the store.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ingest.filters import matches
from ingest.packets import Publish, Subscription
from ingest.properties import Properties
from ingest.session import Limits, Message, Session
from ingest.tokens import Tokens

MAX_KNOWN_TOPICS = 16


@dataclass(slots=True, kw_only=True)
class Audience:
    """The sessions of one device by client id, and what they share. `tokens` bounds what the device may publish."""

    tokens: Tokens
    sessions: dict[str, Session] = field(default_factory=dict)
    known: dict[bytes, str] = field(default_factory=dict)
    retained: dict[str, Message] = field(default_factory=dict)

    def note(self, topic: str) -> None:
        """Remember a topic of the device's own unless somebody listens to it."""
        if len(self.known) < MAX_KNOWN_TOPICS and not self.heard(topic):
            self.known[topic.encode()] = topic

    def subscriptions_changed(self) -> None:
        """Forget who listens to what."""
        self.known.clear()

    def heard(self, topic: str) -> bool:
        """Tell whether any session of the device subscribes to a topic."""
        return any(session.wanted(topic) is not None for session in self.sessions.values())

    def copies(self, packet: Publish, sender: Session, now: datetime) -> list[tuple[Session, Message]]:
        """Return what a publish of the device's own is to its sessions: one copy for each that subscribes."""
        found = []
        for session in self.sessions.values():
            wanted = session.wanted(packet.topic)
            if wanted is not None and not (wanted.no_local and session is sender):
                retain = packet.retain and wanted.retain_as_published
                found.append((session, _message(packet, min(packet.qos, wanted.qos), now, retain=retain)))
        return found

    def retain(self, packet: Publish, limits: Limits, now: datetime) -> bool:
        """Keep (or, where it is empty, forget) the newest message of a topic; False where there is no room for it."""
        others = [each for topic, each in self.retained.items() if topic != packet.topic]
        if not packet.payload:
            self.retained.pop(packet.topic, None)
            return True
        size = len(packet.payload) + sum(len(each.payload) for each in others)
        if len(others) >= limits.max_retained or size > limits.max_retained_bytes:
            return False
        self.retained[packet.topic] = _message(packet, packet.qos, now, retain=True)
        return True

    def kept_for(self, subscription: Subscription, now: datetime) -> list[Message]:
        """Return what is retained under a subscription, as it is to be sent now."""
        found = [each.at(now) for topic, each in self.retained.items() if matches(subscription.filter, topic)]
        return [replace(each, qos=min(each.qos, subscription.qos)) for each in found if each is not None]


def same(before: Message | None, after: Message | None) -> bool:
    """Tell whether what is retained says the same as before, so that it need not be stored again."""
    if before is None or after is None:
        return before is after
    kept = (before.payload, before.qos, before.properties, before.expires_at)
    return kept == (after.payload, after.qos, after.properties, after.expires_at)


def _message(packet: Publish, qos: int, now: datetime, *, retain: bool) -> Message:
    """Make a message of a publish; what belongs to its own hop (alias, subscription ids) is left out."""
    said = packet.properties
    passed_on = Properties(
        payload_format=said.payload_format,
        message_expiry_s=said.message_expiry_s,
        content_type=said.content_type,
        response_topic=said.response_topic,
        correlation=said.correlation,
        user=said.user,
    )
    expires_at = None if said.message_expiry_s is None else now + timedelta(seconds=said.message_expiry_s)
    return Message(
        topic=packet.topic,
        payload=packet.payload,
        qos=qos,
        retain=retain,
        properties=passed_on,
        expires_at=expires_at,
    )
