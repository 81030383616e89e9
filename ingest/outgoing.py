"""What goes to devices: answers and configurations of the platform, and what a device's own sessions hear of it.

Touches no socket itself; links do. The invariant: whatever is sent reaches sessions of one device only, the one whose
topic it is.
"""

from collections.abc import Callable, Mapping

from ingest.audience import Audience, same
from ingest.filters import is_topic_name, matches
from ingest.link import Link
from ingest.packets import Publish, Subscription
from ingest.properties import NONE, Properties
from ingest.registry import Registry
from ingest.session import Counters, Limits, Message, Session
from ingest.sessions import Sessions
from ward import wire
from ward.clock import Clock


class Outgoing:
    """The way out.

    Parameters
    ----------
    connected : mapping
        The link of each session whose device is connected.
    configuration : callable
        Topic to the payload the platform retains for it, or None. Must not block.
    """

    def __init__(
        self,
        registry: Registry,
        connected: Mapping[Session, Link],
        *,
        sessions: Sessions,
        configuration: Callable[[str], bytes | None],
        clock: Clock,
        counters: Counters,
        limits: Limits,
    ) -> None:
        self._registry = registry
        self._connected = connected
        self._sessions = sessions
        self._configuration = configuration
        self._clock = clock
        self._counters = counters
        self._limits = limits

    def publish(self, topic: str, payload: bytes, *, correlation: bytes | None, retain: bool) -> None:
        """Send to the sessions of the topic's device that subscribed to it; a full queue loses its oldest."""
        levels = topic.split("/", 3)
        if len(levels) != 4 or not is_topic_name(topic):
            self._counters.dropped_out += 1
            return
        said = NONE if correlation is None else Properties(correlation=correlation)
        for session in self._registry.of_device(levels[2]):
            wanted = session.wanted(topic)
            if wanted is not None:
                flag = retain and wanted.retain_as_published
                message = Message(topic=topic, payload=payload, qos=wanted.qos, retain=flag, properties=said)
                self.send(session, message)

    def hear(self, audience: Audience, packet: Publish, sender: Session) -> None:
        """Give the device's own sessions what it published, and keep what it retains."""
        now = self._clock.now()
        if packet.retain:
            before = audience.retained.get(packet.topic)
            if not audience.retain(packet, self._limits, now):
                self._counters.retained_refused += 1
            elif not same(before, after := audience.retained.get(packet.topic)):
                self._sessions.retain(sender.device_id, packet.topic, after)
        for session, message in audience.copies(packet, sender, now):
            self.send(session, message)

    def send_retained(self, audience: Audience, session: Session, subscription: Subscription) -> None:
        """Send what is retained under a new subscription: the configuration, and what the device has retained."""
        topic = wire.topic(session.device_id, wire.Leaf.CONFIG)
        payload = self._configuration(topic) if matches(subscription.filter, topic) else None
        if payload is not None:
            self.send(session, Message(topic=topic, payload=payload, qos=subscription.qos, retain=True))
        for each in audience.kept_for(subscription, self._clock.now()):
            if each.topic != topic:
                self.send(session, each)

    def send_configuration(self, session: Session) -> None:
        """Send a session out of the store its configuration anew: it may have changed while nobody had the session."""
        topic = wire.topic(session.device_id, wire.Leaf.CONFIG)
        wanted, payload = session.wanted(topic), self._configuration(topic)
        if wanted is not None and payload is not None:
            self.send(session, Message(topic=topic, payload=payload, qos=wanted.qos))

    def send(self, session: Session, message: Message) -> None:
        """Queue a message for a session, and send it if the device is there; at QoS 0 it does not wait for it."""
        link = self._connected.get(session)
        if link is None and not message.qos:
            self._counters.dropped_out += 1
            return
        self._counters.dropped_out += session.offer(message)
        if link is not None:
            link.push()
